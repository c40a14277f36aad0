//! Tokens that go less far than everything.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::items_api::api::Api;
use crate::items_api::corps::OTHER_CORP;
use crate::items_api::document::operations;
use crate::items_api::{project, text};
use crate::world::{CORP, On, Setup, World, stories};

stories!(a_token_of_one_corp_knows_no_other,);

const READS: &str = "a-token-that-reads";
const ITEMS: &str = "a-token-for-items";
const OF_OTHER: &str = "a-token-of-another-corp";

const TOKENS: &str = r#"
[[api.token]]
token = "a-token-that-reads"
may = "read"
[[api.token]]
token = "a-token-for-items"
may = "items"
[[api.token]]
token = "a-token-of-another-corp"
corps = ["wwOther"]
"#;

async fn with_tokens(on: On) -> Api {
    let more = format!("{OTHER_CORP}{TOKENS}").leak();
    let setup = Setup {
        more,
        ..Setup::default()
    };
    Api::of(World::with(on, setup).await).await
}

async fn asked(api: &Api, method: &Method, path: &str, token: &str) -> (StatusCode, Value) {
    asked_with(api, method, path, token, Value::Null).await
}

async fn asked_with(
    api: &Api,
    method: &Method,
    path: &str,
    token: &str,
    body: Value,
) -> (StatusCode, Value) {
    let url = api.world.base.join(&format!("api/v1/{path}")).unwrap();
    let mut request = api.world.http.request(method.clone(), url);
    if !body.is_null() {
        request = request.json(&body);
    }
    let answer = request.bearer_auth(token).send().await.unwrap();
    let status = answer.status();
    (status, answer.json().await.unwrap_or_default())
}

/// Whether an address is about items, by what it looks like.
fn is_about_items(path: &str) -> bool {
    let kinds = ["/projects", "/forms", "/records", "/approvals", "/plans"];
    kinds.iter().any(|kind| path.starts_with(kind))
        || path.contains("/grants")
        || path == "/members/{userid}/hand-over"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_asks_how_far_a_token_goes() {
    let api = with_tokens(On::Embedded).await;
    let mut refused = 0;
    for (method, path, _) in operations(&api.document) {
        let (reads, items) = (method == Method::GET, is_about_items(&path));
        let at = path[1..].replace(['{', '}'], "");
        for (token, may) in [(READS, reads), (ITEMS, items)] {
            let (status, problem) = asked(&api, &method, &at, token).await;
            let is_refused = status == StatusCode::FORBIDDEN;
            assert_eq!(is_refused, !may, "{method} {path} by {token}: {problem}");
            refused += usize::from(is_refused);
        }
    }
    assert!(refused > 40, "{refused}");
}

async fn a_token_of_one_corp_knows_no_other(on: On) {
    let api = with_tokens(on).await;
    let made = api.post(&format!("projects?corp={CORP}"), project()).await;
    let one = format!("projects/{}", text(&made, "id"));
    let by_ref = "projects/by-ref/CRM-7";
    api.put(&format!("{by_ref}?corp={CORP}"), project()).await;
    let sync = json!({"scope": "all", "corp": CORP});
    api.post("sync", sync).await;
    api.world.settle().await;
    let events = api.get(&format!("events?corp={CORP}")).await;
    let event = text(&events["items"][0], "id");
    let auto_sync = format!("corps/{CORP}/auto-sync");
    for (method, path, expected) in [
        (Method::GET, one.clone(), 404),
        (Method::GET, format!("{one}?corp={CORP}"), 400),
        (Method::GET, by_ref.to_owned(), 404),
        (Method::GET, format!("{by_ref}?corp={CORP}"), 400),
        (Method::POST, format!("{one}/close"), 404),
        (Method::POST, format!("{one}/close?corp={CORP}"), 400),
        (Method::GET, "members/ZhangSan".to_owned(), 404),
        (Method::GET, "contacts/wmCustomer1".to_owned(), 404),
        (Method::GET, format!("events/{event}"), 404),
        (Method::POST, format!("events/{event}/replay"), 404),
        (Method::GET, auto_sync.clone(), 404),
        (Method::GET, "corps/wwOther/auto-sync".to_owned(), 200),
        (Method::POST, "backup".to_owned(), 403),
    ] {
        let (status, answer) = asked(&api, &method, &path, OF_OTHER).await;
        assert_eq!(status, expected, "{method} {path}: {answer}");
    }
    let off = json!({"on": false});
    let (status, answer) = asked_with(&api, &Method::PUT, &auto_sync, OF_OTHER, off).await;
    assert_eq!(status, 404, "{answer}");
    let replay = "events/replay?state=done";
    let (status, answer) = asked(&api, &Method::POST, replay, OF_OTHER).await;
    assert_eq!((status.as_u16(), &answer["replayed"]), (202, &json!(0)));
    for list in [
        "projects", "members", "contacts", "events", "outgoing", "links", "syncs",
    ] {
        let all = api.get(list).await;
        assert_ne!(all["items"], json!([]), "{list}");
        let (status, page) = asked(&api, &Method::GET, list, OF_OTHER).await;
        assert_eq!(status, 200, "{list}");
        assert_eq!(page["items"], json!([]), "{list}");
    }
    assert_eq!(api.get(&auto_sync).await["on"], true);
    let kept = api.get(&one).await;
    assert_eq!(kept["state"], "open");
}
