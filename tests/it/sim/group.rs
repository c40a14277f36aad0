//! Customer groups and customer tags.

use std::time::Duration;

use serde_json::{Value, json};
use wecom_bridge::model::chat::ChatPerson;
use wecom_bridge::model::ids::ChatId;
use wecom_bridge::sim::crowd::Crowd;
use wecom_bridge::sim::person::Range;

use crate::sim::stage::{As, Stage, contact, user};

async fn group(stage: &Stage, body: Value) -> crate::sim::stage::Answer {
    let api = "externalcontact/groupchat/get";
    stage.post(As::App, api, &body).await
}

#[tokio::test]
async fn a_group_shows_a_change_two_seconds_later() {
    let stage = Stage::start().await;
    let id = ChatId::parse("wr1").unwrap();
    let zhang = user("ZhangSan");
    let asked = || json!({"chat_id": "wr1", "need_name": 1});
    stage.sim.create_group(&zhang, &id, "客户群").await.unwrap();
    assert_eq!(group(&stage, asked()).await.errcode(), 90501);
    stage.clock.advance(Duration::from_secs(2));
    let first = group(&stage, asked()).await.ok();
    let anna = ChatPerson::Outside(contact("wmAnna"));
    stage.sim.joins_group(&id, anna).await.unwrap();
    assert_eq!(group(&stage, asked()).await.ok(), first);
    stage.clock.advance(Duration::from_secs(2));
    let second = group(&stage, asked()).await.ok();
    let expected = json!({
        "chat_id": "wr1", "name": "客户群", "owner": "ZhangSan", "create_time": 1_700_000_000, "notice": "",
        "member_list": [
            {"userid": "ZhangSan", "type": 1, "join_time": 1_700_000_000, "join_scene": 1, "group_nickname": "",
             "name": "张三"},
            {"userid": "wmAnna", "type": 2, "join_time": 1_700_000_002, "join_scene": 1, "group_nickname": "",
             "name": "安娜"},
        ],
        "admin_list": [],
        "member_version": second["group_chat"]["member_version"],
    });
    assert_eq!(second["group_chat"], expected);
    let version = |answer: &Value| answer["group_chat"]["member_version"].clone();
    assert_ne!(version(&first), version(&second));

    stage.sim.corp().member_mut(&zhang).unwrap().follow_range = Range::Outside;
    assert_eq!(group(&stage, asked()).await.errcode(), 60011);
    stage.sim.corp().member_mut(&zhang).unwrap().follow_range = Range::Inside;
    stage.sim.dismiss_group(&id).await.unwrap();
    stage.clock.advance(Duration::from_secs(2));
    for (body, code) in [
        (asked(), 90501),
        (json!({"chat_id": "wr2"}), 90501),
        (json!({}), 40058),
        (json!({"chat_id": "wr1", "need_name": 2}), 40058),
    ] {
        assert_eq!(group(&stage, body.clone()).await.errcode(), code, "{body}");
    }
    assert!(stage.sim.dismiss_group(&id).await.is_err());
}

#[tokio::test]
async fn groups_are_listed_by_page_and_owner() {
    let stage = Stage::start().await;
    for (id, owner) in [("wr1", "ZhangSan"), ("wr2", "lisi"), ("wr3", "lisi")] {
        let id = ChatId::parse(id).unwrap();
        let created = stage.sim.create_group(&user(owner), &id, "群").await;
        created.unwrap();
    }
    stage.clock.advance(Duration::from_secs(2));
    let list = async |body: Value| {
        let api = "externalcontact/groupchat/list";
        stage.post(As::App, api, &body).await
    };
    let mut cursor = String::new();
    let mut pages = Vec::new();
    loop {
        let page = list(json!({"limit": 2, "cursor": cursor})).await.ok();
        pages.push(page["group_chat_list"].as_array().unwrap().len());
        cursor = page["next_cursor"].as_str().unwrap().to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(pages, [2, 1]);
    let owner = json!({"userid_list": ["LISI"]});
    let theirs = list(json!({"limit": 9, "owner_filter": owner})).await.ok();
    assert_eq!(
        theirs["group_chat_list"][0],
        json!({"chat_id": "wr2", "status": 0})
    );
    let too_many = json!({"userid_list": vec!["lisi"; 101]});
    for (body, code) in [
        (json!({}), 40058),
        (json!({"limit": 1001}), 40058),
        (json!({"limit": 1, "cursor": "bad"}), 60268),
        (
            json!({"limit": 1, "owner_filter": {"userid_list": ["nobody"]}}),
            40003,
        ),
        (json!({"limit": 1, "owner_filter": too_many}), 40035),
    ] {
        assert_eq!(list(body.clone()).await.errcode(), code, "{body}");
    }
}

#[tokio::test]
async fn too_many_owners_have_to_be_named() {
    let stage = Stage::start().await;
    let crowd = Crowd {
        members: 1_000,
        customers: 0,
    };
    crowd.join(&mut stage.sim.corp());
    let list = async |body: Value| {
        let api = "externalcontact/groupchat/list";
        stage.post(As::App, api, &body).await.errcode()
    };
    assert_eq!(list(json!({"limit": 9})).await, 81017);
    let owner = json!({"userid_list": ["lisi"]});
    assert_eq!(list(json!({"limit": 9, "owner_filter": owner})).await, 0);
}

#[tokio::test]
async fn tags_are_told_by_group_and_by_id() {
    let stage = Stage::start().await;
    let sim = &stage.sim;
    sim.names_tag_group("etG1", "级别").await.unwrap();
    sim.names_tag("etG1", "etA", "重要").await.unwrap();
    sim.names_tag("etG1", "etB", "一般").await.unwrap();
    sim.names_tag_group("etG2", "来源").await.unwrap();
    assert!(sim.names_tag("etG9", "etX", "无").await.is_err());
    let told = async |body: Value| {
        let api = "externalcontact/get_corp_tag_list";
        let answer = stage.post(As::App, api, &body).await.ok();
        let groups = answer["tag_group"].as_array().unwrap().clone();
        let ids = |list: &Value| {
            let list = list.as_array().unwrap().iter();
            list.map(|tag| tag["id"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
                .join("+")
        };
        groups
            .iter()
            .map(|group| {
                format!(
                    "{} {}",
                    group["group_id"].as_str().unwrap(),
                    ids(&group["tag"])
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(told(json!({})).await, ["etG1 etA+etB", "etG2 "]);
    assert_eq!(told(json!({"tag_id": ["etB"]})).await, ["etG1 etB"]);
    assert_eq!(
        told(json!({"group_id": ["etG2"], "tag_id": ["etB"]})).await,
        ["etG2 "]
    );
    assert_eq!(
        told(json!({"group_id": ["etG1"], "tag_id": ["etB"]})).await,
        ["etG1 etA+etB"]
    );
    sim.deletes_tag("etA").await.unwrap();
    sim.deletes_tag_group("etG2").await.unwrap();
    assert_eq!(told(json!({})).await, ["etG1 etB"]);
}
