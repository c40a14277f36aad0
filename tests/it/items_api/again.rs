//! The same request twice, and what has changed meanwhile.

use reqwest::Method;
use serde_json::{Value, json};

use crate::items_api::api::Api;
use crate::items_api::{CUSTOMER, SECOND, form, project, text};
use crate::world::{On, stories};

stories!(
    what_has_changed_meanwhile_is_not_overwritten,
    every_change_of_what_was_seen_is_of_that_alone,
    the_same_request_is_answered_alike,
);

async fn what_has_changed_meanwhile_is_not_overwritten(on: On) {
    let api = Api::start(on).await;
    let made = api.post("projects", project()).await;
    let one = format!("projects/{}", text(&made, "id"));
    let put = async |title: &str, seen: &str| {
        let mut body = project();
        body["title"] = title.into();
        let header = Some(("If-Match", seen));
        let (status, answer) = api.ask_with(Method::PUT, &one, body, header).await;
        (status.as_u16(), answer)
    };
    let seen = format!("\"{}\"", text(&made, "changed_at"));
    let (status, changed) = put("二期", &seen).await;
    assert_eq!((status, text(&changed, "title")), (200, "二期"));
    assert_eq!(put("三期", &seen).await.0, 412);
    assert_eq!(put("三期", "yesterday").await.0, 400);
    let kept = api.get(&one).await;
    assert_eq!(text(&kept, "title"), "二期");
    let seen = format!("\"{}\"", text(&kept, "changed_at"));
    assert_eq!(put("三期", &seen).await.0, 200);
}

async fn every_change_of_what_was_seen_is_of_that_alone(on: On) {
    let api = Api::start(on).await;
    let by_ref = "projects/by-ref/CRM-7";
    let made = api.put(by_ref, project()).await;
    let form = api.post("forms", form()).await;
    let filled =
        json!({"title": "报修", "owner": "ZhangSan", "form": form["id"], "values": {"what": "门"}});
    let record = api.post("records", filled).await;
    let task = format!("projects/{}/tasks/host", text(&made, "id"));
    let advance = format!("records/{}/advance", text(&record, "id"));
    for (method, path, one, body) in [
        (Method::PUT, by_ref, &made, project()),
        (Method::PATCH, &task, &made, json!({"state": "doing"})),
        (Method::PATCH, &task, &made, json!({"state": "done"})),
        (Method::POST, &advance, &record, json!({"step": "处理中"})),
    ] {
        api.world.clock.advance(SECOND);
        let kind = format!("{}s", text(one, "item").split(':').next().unwrap());
        let address = format!("{kind}/{}", text(one, "id"));
        let seen = format!("\"{}\"", text(&api.get(&address).await, "changed_at"));
        let old = "\"2020-01-01T00:00:00Z\"";
        for (seen, expected) in [(old, 412), (&*seen, 200), ("yesterday", 400)] {
            let header = Some(("If-Match", seen));
            let (status, _) = api
                .ask_with(method.clone(), path, body.clone(), header)
                .await;
            assert_eq!(status, expected, "{method} {path} {seen}");
        }
    }
    let header = Some(("If-Match", "\"2020-01-01T00:00:00Z\""));
    let nothing = "projects/by-ref/CRM-8";
    let (status, _) = api.ask_with(Method::PUT, nothing, project(), header).await;
    assert_eq!(status, 412, "there is none");
    assert_eq!(
        api.get("projects").await["items"].as_array().unwrap().len(),
        1
    );
}

async fn the_same_request_is_answered_alike(on: On) {
    let api = Api::start(on).await;
    let post = async |key: &str, path: &str, body: Value| {
        let (status, answer) = api.ask(Method::POST, path, body, Some(key)).await;
        (status.as_u16(), answer)
    };
    let first = post("k", "projects", project()).await;
    assert_eq!(first.0, 201);
    api.world.clock.advance(SECOND);
    assert_eq!(post("k", "projects", project()).await, first);
    let mut other = project();
    other["title"] = "另一个".into();
    let (status, problem) = post("k", "projects", other).await;
    assert_eq!(
        (status, text(&problem, "title")),
        (422, "The key was used before.")
    );
    let (status, _) = post("k", "projects?corp=ww0123456789abcdef", project()).await;
    assert_eq!(status, 422, "another address is another request");
    let (_, second) = post("k2", "projects", project()).await;
    assert_ne!(second["id"], first.1["id"]);
    let unnamed = api.post("projects", project()).await;
    let again = api.post("projects", project()).await;
    assert_ne!(
        unnamed["id"], again["id"],
        "without a key, every request counts"
    );
    assert_eq!(
        api.get("projects").await["items"].as_array().unwrap().len(),
        4
    );

    let put = async |key: &str, body: Value| {
        let path = "projects/by-ref/CRM%2F7%E5%8F%B7";
        let (status, answer) = api.ask(Method::PUT, path, body, Some(key)).await;
        (status.as_u16(), answer)
    };
    let made = put("p1", project()).await;
    assert_eq!((made.0, text(&made.1, "external_ref")), (201, "CRM/7号"));
    api.world.clock.advance(SECOND);
    assert_eq!(put("p1", project()).await, made);
    let changed = put("p2", project()).await;
    assert_eq!((changed.0, &changed.1["id"]), (200, &made.1["id"]));
    assert_eq!(api.get("projects/by-ref/CRM%2F7%E5%8F%B7").await, changed.1);
    api.refused(
        Method::GET,
        "forms/by-ref/CRM%2F7%E5%8F%B7",
        Value::Null,
        404,
    )
    .await;

    api.post(
        &format!("contacts/{CUSTOMER}/grants"),
        json!({"items": [made.1["item"]]}),
    )
    .await;
    let comments = format!(
        "projects/{}/comments?contact={CUSTOMER}",
        text(&made.1, "id")
    );
    let said = post("c1", &comments, json!({"text": "你好"})).await;
    assert_eq!(said.0, 201);
    api.world.clock.advance(SECOND);
    assert_eq!(post("c1", &comments, json!({"text": "你好"})).await, said);
    assert_eq!(
        api.get(&comments).await["items"].as_array().unwrap().len(),
        1
    );

    for wrong in ["", " ", "ü", &"k".repeat(256)] {
        let (status, _) = post(wrong, "projects", project()).await;
        assert_eq!(status, 400, "{wrong:?}");
    }
}
