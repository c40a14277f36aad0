//! Reading customers.

use serde_json::{Value, json};
use wecom_bridge::sim::person::{Contact, Counts, Follow, Member, Range, Stage as Relation, Tag};

use crate::sim::stage::{As, Stage, contact, user};

async fn get(stage: &Stage, id: &str) -> i64 {
    let query = [("external_userid", id)];
    stage
        .get(As::App, "externalcontact/get", &query)
        .await
        .errcode()
}

#[tokio::test]
async fn a_customer_is_told_with_its_relation() {
    let stage = Stage::start().await;
    {
        let mut corp = stage.sim.corp();
        corp.contact_mut(&contact("wmAnna")).unwrap().unionid = Some("union".into());
        let follow = corp
            .follow_mut(&user("zhangsan"), &contact("wmAnna"))
            .unwrap();
        follow.remark = "安娜 (展会)".into();
        follow.state = Some("qr7".into());
        follow.tags.push(Tag {
            tag_id: "t1".into(),
            group_name: "级别".into(),
            tag_name: "重要".into(),
        });
    }
    let query = [("external_userid", "wmAnna")];
    let answer = stage.get(As::App, "externalcontact/get", &query).await.ok();
    let expected = json!({
        "errcode": 0,
        "errmsg": "ok",
        "external_contact": {
            "external_userid": "wmAnna",
            "name": "安娜",
            "avatar": "https://wx.qlogo.cn/mmhead/wmAnna/0",
            "type": 1,
            "gender": 0,
            "unionid": "union",
        },
        "follow_user": [{
            "userid": "ZhangSan",
            "remark": "安娜 (展会)",
            "description": "",
            "createtime": 1_700_000_000,
            "tags": [{"group_name": "级别", "tag_name": "重要", "tag_id": "t1", "type": 1}],
            "add_way": 1,
            "oper_userid": "wmAnna",
            "remark_mobiles": [],
            "state": "qr7",
        }],
    });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn who_is_no_customer_is_refused_with_the_reason() {
    let stage = Stage::start().await;
    assert_eq!(get(&stage, "").await, 41035);
    assert_eq!(get(&stage, "wmNobody").await, 40096);
    assert_eq!(get(&stage, "wmBen").await, 84061);

    let stages = [
        (Relation::Both, 0),
        (Relation::Chatting, 0),
        (Relation::LeftByContact, 0),
        (Relation::Half, 84061),
    ];
    for (relation, code) in stages {
        let mut follow = Follow::new(stage.clock.now());
        follow.stage = relation;
        stage
            .sim
            .corp()
            .follow(&user("lisi"), &contact("wmBen"), follow);
        assert_eq!(get(&stage, "wmBen").await, code, "{relation:?}");
    }

    stage
        .sim
        .corp()
        .member_mut(&user("zhangsan"))
        .unwrap()
        .app_range = Range::Outside;
    assert_eq!(get(&stage, "wmAnna").await, 40096);
    let member = stage.sim.corp().member(&user("zhangsan")).unwrap().clone();
    stage.sim.corp().add_member(Member {
        app_range: Range::Inside,
        follow_range: Range::Outside,
        ..member
    });
    assert_eq!(get(&stage, "wmAnna").await, 84061);
    stage
        .sim
        .corp()
        .contact_mut(&contact("wmAnna"))
        .unwrap()
        .counts = Counts::Stranger;
    assert_eq!(get(&stage, "wmAnna").await, 84061);
}

#[tokio::test]
async fn followers_are_paged() {
    let stage = Stage::start().await;
    {
        let mut corp = stage.sim.corp();
        corp.console.follow_page = 3;
        for number in 0..7 {
            let userid = user(&format!("member{number}"));
            corp.add_member(Member::new(userid.clone(), "成员"));
            corp.follow(&userid, &contact("wmBen"), Follow::new(stage.clock.now()));
        }
    }
    let (mut cursor, mut pages) = (String::new(), Vec::new());
    loop {
        let query = [("external_userid", "wmBen"), ("cursor", cursor.as_str())];
        let answer = stage.get(As::App, "externalcontact/get", &query).await.ok();
        pages.push(answer["follow_user"].as_array().unwrap().len());
        match answer["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(pages, [3, 3, 1]);
    let query = [("external_userid", "wmBen"), ("cursor", "bad")];
    assert_eq!(
        stage
            .get(As::App, "externalcontact/get", &query)
            .await
            .errcode(),
        60268
    );
}

#[tokio::test]
async fn lists_of_members_and_their_customers() {
    let stage = Stage::start().await;
    let list = stage
        .get(As::App, "externalcontact/get_follow_user_list", &[])
        .await
        .ok();
    assert_eq!(list["follow_user"], json!(["lisi", "ZhangSan"]));
    let list = stage
        .get(As::App, "externalcontact/list", &[("userid", "zhangsan")])
        .await
        .ok();
    assert_eq!(list["external_userid"], json!(["wmAnna"]));

    stage
        .sim
        .corp()
        .member_mut(&user("lisi"))
        .unwrap()
        .follow_range = Range::Outside;
    stage
        .sim
        .corp()
        .add_member(Member::new(user("wangwu"), "王五"));
    for (userid, code) in [
        ("", 41009),
        ("nobody", 40003),
        ("lisi", 60011),
        ("wangwu", 84061),
    ] {
        let answer = stage
            .get(As::App, "externalcontact/list", &[("userid", userid)])
            .await;
        assert_eq!(answer.errcode(), code, "{userid}");
    }
}

#[tokio::test]
async fn the_batch_goes_through_all_pairs() {
    let stage = Stage::start().await;
    {
        let mut corp = stage.sim.corp();
        for number in 0..5 {
            let id = contact(&format!("wm{number}"));
            corp.add_contact(Contact::new(id.clone(), "客户"));
            corp.follow(&user("lisi"), &id, Follow::new(stage.clock.now()));
        }
    }
    let batch = |body: Value| {
        let stage = &stage;
        async move {
            stage
                .post(As::App, "externalcontact/batch/get_by_user", &body)
                .await
        }
    };
    let (mut cursor, mut rows) = (String::new(), Vec::new());
    loop {
        let body = json!({"userid_list": ["lisi", "ZhangSan"], "limit": 2, "cursor": cursor});
        let answer = batch(body).await.ok();
        for row in answer["external_contact_list"].as_array().unwrap() {
            assert_eq!(row["follow_info"]["tag_id"], json!([]));
            rows.push(format!(
                "{}/{}",
                row["follow_info"]["userid"].as_str().unwrap(),
                row["external_contact"]["external_userid"].as_str().unwrap()
            ));
        }
        cursor = answer["next_cursor"].as_str().unwrap().to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    let expected = [
        "lisi/wm0",
        "lisi/wm1",
        "lisi/wm2",
        "lisi/wm3",
        "lisi/wm4",
        "ZhangSan/wmAnna",
    ];
    assert_eq!(rows, expected);

    let many = vec!["lisi"; 101];
    let table = [
        (json!({}), 40035),
        (json!({"userid_list": "lisi"}), 40035),
        (json!({"userid_list": many}), 40035),
        (json!({"userid_list": ["nobody"]}), 40003),
        (json!({"userid_list": ["lisi"], "cursor": "x"}), 60268),
        (json!({"userid_list": ["lisi"], "limit": "2"}), 40058),
        (json!({"userid_list": ["lisi"], "limit": 1000}), 0),
    ];
    for (body, code) in table {
        assert_eq!(batch(body.clone()).await.errcode(), code, "{body}");
    }
}
