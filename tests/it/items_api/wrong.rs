//! What is wrong is said.

use reqwest::Method;
use serde_json::{Value, json};

use crate::items_api::api::Api;
use crate::items_api::{project, text};
use crate::world::{On, stories};

stories!(what_is_wrong_is_said,);

async fn what_is_wrong_is_said(on: On) {
    let api = Api::start(on).await;
    let with = |field: &str, value: Value| {
        let mut body = project();
        body[field] = value;
        body
    };
    let task = |task: Value| with("stages", json!([{"title": "一", "tasks": [task]}]));
    let field = |field: Value| json!({"title": "一", "owner": "ZhangSan", "steps": ["一"], "fields": [field]});
    // What cannot be read, with a word that the answer has.
    for (path, body, word) in [
        (
            "projects",
            json!({"owner": "ZhangSan"}),
            "missing field `title`",
        ),
        (
            "projects",
            with("titel", "x".into()),
            "unknown field `titel`",
        ),
        (
            "projects",
            with("state", "closed".into()),
            "unknown field `state`",
        ),
        (
            "projects",
            with("circle", "all".into()),
            "`corp` or `followers`",
        ),
        (
            "projects",
            task(json!({"key": "a", "title": "a", "staet": "done"})),
            "unknown field `staet`",
        ),
        (
            "projects",
            task(json!({"key": "a", "title": "a", "due": "morgen"})),
            "line",
        ),
        (
            "forms",
            field(json!({"key": "a", "label": "a", "type": "txt"})),
            "fields[0]: unknown variant `txt`",
        ),
        (
            "forms",
            field(json!({"key": "a", "label": "a", "type": "text", "options": ["x"]})),
            "has no `options`",
        ),
        ("records", json!({"title": "一"}), "missing field `form`"),
        (
            "approvals",
            json!({"title": "一"}),
            "missing field `contact`",
        ),
        (
            "contacts/wmCustomer1/grants",
            json!({"items": ["task:1"]}),
            "not an id",
        ),
        (
            "members/ZhangSan/hand-over",
            json!({}),
            "missing field `to`",
        ),
    ] {
        let problem = api.refused(Method::POST, path, body, 400).await;
        let detail = text(&problem, "detail");
        assert!(detail.contains(word), "{path}: {detail}");
    }
    // What is read and wrong, by place.
    for (path, body, faults) in [
        (
            "projects",
            with("title", " ".into()),
            vec![("title", "missing")],
        ),
        (
            "projects",
            with("owner", "Nobody".into()),
            vec![("owner", "not_a_member")],
        ),
        (
            "projects",
            with("picture", "http://x".into()),
            vec![("picture", "not_an_address")],
        ),
        (
            "projects",
            task(json!({"key": "ä", "title": "a".repeat(101)})),
            vec![
                ("stages[0].tasks[0].title", "too_long"),
                ("stages[0].tasks[0].key", "bad_characters"),
            ],
        ),
        (
            "forms",
            field(json!({"key": "a", "label": "a", "type": "text", "max": 0})),
            vec![("fields[0].max", "below")],
        ),
        (
            "approvals",
            json!({"title": "一", "owner": "ZhangSan", "contact": "wmNobody"}),
            vec![("contact", "not_a_contact")],
        ),
        (
            "records",
            json!({"title": "一", "owner": "ZhangSan", "form": "nothere"}),
            vec![("form", "unknown")],
        ),
        (
            "contacts/wmCustomer1/grants",
            json!({"items": []}),
            vec![("items", "missing")],
        ),
        (
            "contacts/wmNobody/grants",
            json!({"items": ["form:a"]}),
            vec![("contact", "not_a_contact")],
        ),
        (
            "members/ZhangSan/hand-over",
            json!({"to": "Nobody"}),
            vec![("to", "not_a_member")],
        ),
    ] {
        let problem = api.refused(Method::POST, path, body, 422).await;
        let seen = problem["faults"].as_array().unwrap().iter();
        let seen: Vec<_> = seen
            .map(|fault| (text(fault, "place"), text(fault, "wrong")))
            .collect();
        assert_eq!(seen, faults, "{path}");
    }
    for (method, path) in [
        (Method::GET, "projects/nothere"),
        (Method::GET, "projects/NOT-AN-ID"),
        (Method::GET, "projects/by-ref/nothing"),
        (Method::GET, "contacts/wmNobody/grants"),
        (Method::GET, "plans/nothere/comments?contact=wmCustomer1"),
        (Method::POST, "records/nothere/close"),
        (Method::PUT, "forms/nothere/followers/ZhangSan"),
        (Method::DELETE, "contacts/wmCustomer1/grants/nothing"),
    ] {
        api.refused(method, path, Value::Null, 404).await;
    }
    for path in [
        "projects?contact=wmCustomer1",
        "forms?form=a",
        "records?owner=ZhangSan&member=LiSi",
        "records?state=dead",
        "records?after=nowhere",
        "records?after=ww0123456789abcdef:form:1",
        "records?limit=0",
        "records?order=up",
        "records?corp=wwOther",
        "records/r1/comments",
    ] {
        api.refused(Method::GET, path, Value::Null, 400).await;
    }
    let large = json!({"title": "x".repeat(1024 * 1024)});
    api.refused(Method::POST, "projects", large, 413).await;
    let almost = json!({"title": "x".repeat(1024 * 1000)});
    api.refused(Method::POST, "projects", almost, 422).await;
    let plain = api
        .world
        .post("api/v1/projects")
        .bearer_auth(crate::world::API_TOKEN);
    crate::pages::refused(plain.body("title=x"), 415, "a form is no JSON").await;
    assert_eq!(
        api.get("projects").await["items"],
        json!([]),
        "nothing was made"
    );
}
