//! Everybody who is served, and the names of tags.

use serde_json::{Value, json};
use wecom_bridge::sim::person::{Counts, Follow, Range, Tag};

use crate::sim::stage::{As, Stage, contact, user};

const LIST: &str = "externalcontact/contact_list";
const TAGS: &str = "externalcontact/get_corp_tag_list";

#[tokio::test]
async fn customers_and_others_are_listed_page_by_page() {
    let stage = Stage::start().await;
    {
        let (li, now) = (user("lisi"), stage.clock.now());
        let mut corp = stage.sim.corp();
        corp.follow(&li, &contact("wmAnna"), Follow::new(now));
        corp.follow(&li, &contact("wmBen"), Follow::new(now));
        corp.contact_mut(&contact("wmBen")).unwrap().counts = Counts::Stranger;
    }
    let mut rows: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let body = json!({"limit": 1, "cursor": cursor});
        let page = stage.post(As::App, LIST, &body).await.ok();
        rows.extend(page["info_list"].as_array().unwrap().iter().cloned());
        cursor = page["next_cursor"].as_str().unwrap().to_owned();
        if cursor.is_empty() {
            break;
        }
        assert!(rows.len() < 9, "{rows:?}");
    }
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                &row["is_customer"],
                &row["external_userid"],
                &row["follow_userid"],
            )
        })
        .collect();
    let (yes, no, anna, nothing) = (json!(true), json!(false), json!("wmAnna"), Value::Null);
    let (li, zhang) = (json!("lisi"), json!("ZhangSan"));
    let expected = [
        (&yes, &anna, &li),
        (&yes, &anna, &zhang),
        (&no, &nothing, &li),
    ];
    assert_eq!(told, expected);

    // A member without customer contact has contacts, and they are no customers.
    stage
        .sim
        .corp()
        .member_mut(&user("ZhangSan"))
        .unwrap()
        .follow_range = Range::Outside;
    let page = stage.post(As::App, LIST, &json!({})).await.ok();
    assert_eq!(page["info_list"][1]["is_customer"], false);
    stage
        .sim
        .corp()
        .member_mut(&user("ZhangSan"))
        .unwrap()
        .app_range = Range::Outside;
    let page = stage.post(As::App, LIST, &json!({})).await.ok();
    assert_eq!(
        page["info_list"].as_array().unwrap().len(),
        2,
        "it cannot be seen"
    );
}

#[tokio::test]
async fn it_refuses() {
    let stage = Stage::start().await;
    for (who, api, body, code) in [
        (As::App, LIST, json!({"limit": 1001}), 40058),
        (As::App, LIST, json!({"limit": "many"}), 40058),
        (As::App, LIST, json!({"cursor": "B:1:wm"}), 60268),
        (As::ContactSync, LIST, json!({}), 48002),
        (As::App, TAGS, json!({"tag_id": "t1"}), 40035),
        (As::ContactSync, TAGS, json!({}), 48002),
    ] {
        let answer = stage.post(who, api, &body).await;
        assert_eq!(answer.errcode(), code, "{api} {body}");
    }
}

#[tokio::test]
async fn tags_have_groups_and_names() {
    let stage = Stage::start().await;
    let tag = |id: &str, group: &str| Tag {
        tag_id: id.into(),
        group_name: group.into(),
        tag_name: format!("{id} 的名字"),
    };
    {
        let mut corp = stage.sim.corp();
        let follow = corp.follow_mut(&user("zhangsan"), &contact("wmAnna"));
        follow.unwrap().tags = vec![tag("t1", "级别"), tag("t2", "来源"), tag("t3", "级别")];
    }
    let all = stage.post(As::App, TAGS, &json!({})).await.ok();
    let groups = all["tag_group"].as_array().unwrap();
    let sizes: Vec<_> = groups
        .iter()
        .map(|g| g["tag"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes.iter().sum::<usize>(), 3);
    assert_eq!(sizes.len(), 2);
    let one = stage
        .post(As::App, TAGS, &json!({"tag_id": ["t2"]}))
        .await
        .ok();
    let found = &one["tag_group"][0]["tag"];
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(
        (&found[0]["id"], &found[0]["name"]),
        (&json!("t2"), &json!("t2 的名字"))
    );
    assert_eq!(one["tag_group"][0]["group_name"], "来源");
}
