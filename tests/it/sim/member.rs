//! Members, departments and the external profile.

use serde_json::{Value, json};
use wecom_bridge::sim::console::ProfileMode;
use wecom_bridge::sim::faults::Fault;
use wecom_bridge::sim::ledger::Sent;
use wecom_bridge::sim::person::{Member, MemberStatus, Range};

use crate::sim::stage::{As, Stage, user};

fn web(name: &str, url: &str) -> Value {
    json!({"type": 1, "name": name, "web": {"title": "与我协作", "url": url}})
}

async fn write(stage: &Stage, attrs: &[Value]) -> i64 {
    let body = json!({"userid": "zhangsan", "external_profile": {"external_attr": attrs}});
    stage
        .post(As::ContactSync, "user/update", &body)
        .await
        .errcode()
}

async fn attrs(stage: &Stage) -> Value {
    let member = stage
        .get(As::App, "user/get", &[("userid", "ZhangSan")])
        .await
        .ok();
    member["external_profile"]["external_attr"].clone()
}

#[tokio::test]
async fn a_member_is_told_as_self_built_apps_get_it() {
    let stage = Stage::start().await;
    let member = stage
        .get(As::App, "user/get", &[("userid", "ZHANGSAN")])
        .await
        .ok();
    assert_eq!(member["userid"], "ZhangSan");
    assert_eq!(member["gender"], "0");
    assert_eq!(member["status"], 1);
    for cut in [
        "mobile", "email", "avatar", "biz_mail", "qr_code", "address",
    ] {
        assert_eq!(member.get(cut), None, "{cut}");
    }
    stage
        .sim
        .corp()
        .member_mut(&user("lisi"))
        .unwrap()
        .app_range = Range::Outside;
    for (userid, code) in [("", 41009), ("nobody", 60111), ("lisi", 60111)] {
        let answer = stage.get(As::App, "user/get", &[("userid", userid)]).await;
        assert_eq!(answer.errcode(), code, "{userid}");
    }
}

#[tokio::test]
async fn attributes_merge_or_replace() {
    let stage = Stage::start().await;
    stage.sim.corp().console.attributes.insert("官网".into());
    let (own, site) = (
        web("与我协作", "https://a.example/home"),
        web("官网", "https://a.example/"),
    );
    assert_eq!(write(&stage, std::slice::from_ref(&site)).await, 0);
    assert_eq!(write(&stage, std::slice::from_ref(&own)).await, 0);
    assert_eq!(attrs(&stage).await, json!([site, own]));

    stage.sim.corp().console.profile_mode = ProfileMode::Replace;
    assert_eq!(write(&stage, std::slice::from_ref(&own)).await, 0);
    assert_eq!(attrs(&stage).await, json!([own]));
    let writes = stage
        .sim
        .sent()
        .into_iter()
        .filter(|sent| matches!(sent, Sent::Profile(_)));
    assert_eq!(writes.count(), 3);
}

#[tokio::test]
async fn an_unknown_attribute_is_ignored_without_an_error() {
    let stage = Stage::start().await;
    let own = web("与我协作", "https://a.example/home");
    stage
        .sim
        .faults()
        .next("user/update", Fault::IgnoreAttribute);
    assert_eq!(write(&stage, std::slice::from_ref(&own)).await, 0);
    assert_eq!(attrs(&stage).await, json!([]));

    stage.sim.corp().console.attributes.clear();
    assert_eq!(write(&stage, std::slice::from_ref(&own)).await, 0);
    assert_eq!(attrs(&stage).await, json!([]));

    stage
        .sim
        .corp()
        .console
        .attributes
        .insert("与我协作".into());
    assert_eq!(write(&stage, std::slice::from_ref(&own)).await, 0);
    assert_eq!(attrs(&stage).await, json!([own]));
}

#[tokio::test]
async fn updates_are_checked_and_touch_only_what_they_name() {
    let stage = Stage::start().await;
    let table = [
        (json!({}), 41009),
        (json!({"userid": "nobody"}), 60111),
        (json!({"userid": "lisi", "name": ""}), 60112),
        (
            json!({"userid": "lisi", "position": "岗".repeat(129)}),
            301_012,
        ),
        (
            json!({"userid": "lisi", "external_position": "岗".repeat(13)}),
            40058,
        ),
        (json!({"userid": "lisi", "enable": "0"}), 40058),
        (json!({"userid": "lisi", "department": [0]}), 40066),
        (json!({"userid": "lisi", "new_userid": "li"}), 301_036),
        (json!({"userid": "lisi", "external_profile": {}}), 40063),
        (
            json!({"userid": "lisi", "external_profile": {"external_attr": {}}}),
            40035,
        ),
        (
            json!({"userid": "lisi", "external_profile": {"external_corp_name": "甲", "external_attr": []}}),
            41036,
        ),
        (
            json!({"userid": "lisi", "external_profile": {"external_corp_name": "", "external_attr": []}}),
            0,
        ),
        (json!({"userid": "LISI", "enable": 0}), 0),
    ];
    for (body, code) in table {
        let answer = stage.post(As::ContactSync, "user/update", &body).await;
        assert_eq!(answer.errcode(), code, "{body}");
    }
    let member = stage.sim.corp().member(&user("lisi")).unwrap().clone();
    assert_eq!(
        (member.name.as_str(), member.status),
        ("李四", MemberStatus::Disabled)
    );
    assert_eq!(member.userid.as_str(), "lisi");
}

#[tokio::test]
async fn departments_list_their_direct_members() {
    let stage = Stage::start().await;
    stage.sim.corp().add_department(2, "销售", 1);
    let mut wang = Member::new(user("wangwu"), "王五");
    wang.department = vec![2, 1];
    stage.sim.corp().add_member(wang);

    let list = stage.get(As::App, "department/simplelist", &[]).await.ok();
    let expected =
        json!([{"id": 1, "parentid": 0, "order": 1}, {"id": 2, "parentid": 1, "order": 2}]);
    assert_eq!(list["department_id"], expected);
    let list = stage
        .get(As::App, "user/simplelist", &[("department_id", "2")])
        .await
        .ok();
    let expected = json!([{"userid": "wangwu", "name": "王五", "department": [2, 1]}]);
    assert_eq!(list["userlist"], expected);
    let list = stage
        .get(As::App, "user/list", &[("department_id", "1")])
        .await
        .ok();
    assert_eq!(list["userlist"].as_array().unwrap().len(), 3);
    for (id, code) in [("", 60123), ("x", 60123), ("9", 60003)] {
        let answer = stage
            .get(As::App, "user/simplelist", &[("department_id", id)])
            .await;
        assert_eq!(answer.errcode(), code, "{id}");
    }

    let (mut cursor, mut rows) = (String::new(), Vec::new());
    loop {
        let body = json!({"limit": 1, "cursor": cursor});
        let answer = stage
            .post(As::ContactSync, "user/list_id", &body)
            .await
            .ok();
        rows.extend(answer["dept_user"].as_array().unwrap().clone());
        cursor = answer["next_cursor"].as_str().unwrap().to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    let expected = [
        json!({"userid": "lisi", "department": 1}),
        json!({"userid": "wangwu", "department": 2}),
        json!({"userid": "wangwu", "department": 1}),
        json!({"userid": "ZhangSan", "department": 1}),
    ];
    assert_eq!(rows, expected);
    for (body, code) in [
        (json!({"limit": 0}), 40058),
        (json!({"cursor": "x"}), 60268),
    ] {
        let answer = stage.post(As::ContactSync, "user/list_id", &body).await;
        assert_eq!(answer.errcode(), code, "{body}");
    }
}
