//! The OpenAPI document against the service: every operation is there, guarded, and answers what it says.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wecom_bridge::model::chat::ChatPerson;
use wecom_bridge::model::ids::ChatId;

use crate::items_api::api::Api;
use crate::items_api::{CUSTOMER, form, project, text};
use crate::world::{API_TOKEN, CORP, On, user};

/// Method, path and operation.
pub(crate) fn operations(document: &Value) -> Vec<(Method, String, &Value)> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            found.push((method, path.clone(), operation));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_operation_answers_without_a_token() {
    let api = Api::start(On::Embedded).await;
    let operations = operations(&api.document);
    assert!(operations.len() > 70, "{}", operations.len());
    for (method, path, _) in operations {
        let url = format!("api/v1{}", path.replace(['{', '}'], ""));
        let url = api.world.base.join(&url).unwrap();
        let request = |method| api.world.http.request(method, url.clone());
        let what = format!("{method} {path}");
        crate::pages::refused(request(method), 401, &what).await;
        crate::pages::refused(request(Method::TRACE), 401, &what).await;
        let known = request(Method::TRACE).bearer_auth(API_TOKEN);
        let answer = known.send().await.unwrap();
        assert_eq!(answer.status(), 405, "{what}");
        assert!(answer.headers().contains_key("allow"), "{what}");
    }
}

/// Calls everything once, so that every answer was held against the document.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_answers_what_the_document_says() {
    let api = Api::start(On::Embedded).await;
    of_wecom(&api).await;
    let record_of = api.post("forms", form()).await;
    let drafts = [
        ("projects", project()),
        ("forms", form()),
        (
            "records",
            json!({"title": "一", "owner": "ZhangSan", "form": record_of["id"], "contact": CUSTOMER}),
        ),
        (
            "approvals",
            json!({"title": "一", "owner": "ZhangSan", "contact": CUSTOMER}),
        ),
    ];
    for (kind, draft) in drafts {
        of_items(&api, kind, draft).await;
    }
    let project = api.post("projects", project()).await;
    let id = text(&project, "id");
    api.patch(
        &format!("projects/{id}/tasks/pay"),
        json!({"state": "doing"}),
    )
    .await;
    let plan = json!({"items": [format!("plan:{id}")]});
    api.post(&format!("contacts/{CUSTOMER}/grants"), plan).await;
    let comments = format!("plans/{id}/comments?contact={CUSTOMER}");
    api.post(&comments, json!({"text": "你好"})).await;
    api.get(&comments).await;
    let records = api.get("records").await;
    let record = text(&records["items"][0], "id").to_owned();
    api.post(
        &format!("records/{record}/advance"),
        json!({"step": "已完成"}),
    )
    .await;
    api.get(&format!("contacts/{CUSTOMER}/grants")).await;
    api.delete(&format!("contacts/{CUSTOMER}/grants/plan:{id}"))
        .await;
    api.post("members/ZhangSan/hand-over", json!({"to": "LiSi"}))
        .await;

    api.get(&format!("contacts/{CUSTOMER}/traces")).await;
    let asked = api.delete(&format!("contacts/{CUSTOMER}")).await;
    api.get(&format!("forgettings/{}", text(&asked, "id")))
        .await;

    // It answers no JSON; what is in it has a test of its own.
    api.called.borrow_mut().insert("backUp".into());

    let all = operations(&api.document).into_iter();
    let all: BTreeSet<&str> = all
        .map(|(_, _, operation)| text(operation, "operationId"))
        .collect();
    let called = api.called.borrow();
    let called: BTreeSet<&str> = called.iter().map(String::as_str).collect();
    let missed: Vec<&&str> = all.difference(&called).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

/// What every kind has.
async fn of_items(api: &Api, kind: &str, draft: Value) {
    let made = api.post(kind, draft.clone()).await;
    let one = format!("{kind}/{}", text(&made, "id"));
    let by_ref = format!("{kind}/by-ref/CRM-1");
    api.put(&by_ref, draft.clone()).await;
    api.get(&by_ref).await;
    api.put(&one, draft).await;
    api.get(&one).await;
    api.get(kind).await;
    let given = json!({"items": [made["item"]]});
    api.post(&format!("contacts/{CUSTOMER}/grants"), given)
        .await;
    let comments = format!("{one}/comments?contact={CUSTOMER}");
    api.post(&comments, json!({"text": "你好"})).await;
    api.get(&comments).await;
    api.put(&format!("{one}/followers/LiSi"), Value::Null).await;
    api.delete(&format!("{one}/followers/LiSi")).await;
    api.post(&format!("{one}/close"), Value::Null).await;
    api.post(&format!("{one}/reopen"), Value::Null).await;
    api.post(&format!("{one}/hand-over"), json!({"to": "LiSi"}))
        .await;
}

/// What comes from WeCom.
async fn of_wecom(api: &Api) {
    let sim = &api.world.sim;
    let chat = ChatId::parse("wr1").unwrap();
    sim.names_tag_group("etG", "级别").await.unwrap();
    sim.names_tag("etG", "etA", "重要").await.unwrap();
    sim.create_group(&user("ZhangSan"), &chat, "上线群")
        .await
        .unwrap();
    let member = ChatPerson::Member(user("LiSi"));
    sim.joins_group(&chat, member).await.unwrap();
    api.world.pass(Duration::from_secs(60)).await;
    for (list, id) in [
        ("contacts", "external_userid"),
        ("members", "userid"),
        ("chats", "chat_id"),
        ("events", "id"),
    ] {
        let page = api.get(list).await;
        let one = text(&page["items"][0], id);
        api.get(&format!("{list}/{one}")).await;
    }
    api.get("contacts?members=none").await;
    for list in ["tags", "links?state=confirmed", "outgoing"] {
        let page = api.get(list).await;
        assert_ne!(page["items"], json!([]), "{list}");
    }
    api.get("faults").await;
    api.post("faults/retry", Value::Null).await;
    for queue in ["events", "outgoing"] {
        let page = api.get(queue).await;
        let id = text(&page["items"][0], "id");
        api.post(&format!("{queue}/{id}/replay"), Value::Null).await;
    }
    api.post("outgoing/replay?kind=webhook/erp", Value::Null)
        .await;
    api.post("events/replay?kind=refresh_contact", Value::Null)
        .await;
    api.post("outgoing/replay?kind=card", Value::Null).await;
    api.post("sync", json!({"scope": "all", "dry_run": true}))
        .await;
    api.world.settle().await;
    let syncs = api.get("syncs").await;
    let id = text(&syncs["items"][0], "id");
    assert_eq!(api.get(&format!("syncs/{id}")).await["state"], "done");
    let switch = format!("corps/{CORP}/auto-sync");
    api.get(&switch).await;
    api.put(&switch, json!({"on": true})).await;
    api.world.settle().await;
}
