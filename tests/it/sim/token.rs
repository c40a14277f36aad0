//! `gettoken`, the tickets, and which token opens what.

use std::time::Duration;

use serde_json::json;
use wecom_bridge::sim::console::{ContactEdit, CustomerApi, ExpiredToken, TrustedIps};

use crate::sim::stage::{As, Stage};

#[tokio::test]
async fn secrets_are_checked_in_order() {
    let stage = Stage::start().await;
    let table: [(&[(&str, &str)], i64); 6] = [
        (&[], 41002),
        (&[("corpid", "ww1000")], 41004),
        (&[("corpid", "ww1001"), ("corpsecret", "app")], 40013),
        (&[("corpid", "ww1000"), ("corpsecret", "App")], 40001),
        (&[("corpid", "ww1000"), ("corpsecret", "app")], 0),
        (&[("corpid", "ww1000"), ("corpsecret", "sync")], 0),
    ];
    for (query, code) in table {
        let answer = stage.plain_get("gettoken", query).await;
        assert_eq!(answer.errcode(), code, "{query:?}");
    }
    let calls: Vec<_> = stage.sim.calls().iter().map(|call| call.errcode).collect();
    assert_eq!(calls, table.map(|(_, code)| Some(code)));
}

#[tokio::test]
async fn a_token_stays_the_same_and_expires_by_the_clock() {
    let stage = Stage::start().await;
    let token = stage.token(As::App).await;
    assert_ne!(stage.token(As::ContactSync).await, token);
    stage.clock.advance(Duration::from_secs(7199));
    assert_eq!(stage.token(As::App).await, token);
    let query = [("access_token", token.as_str())];
    assert_eq!(stage.plain_get("getcallbackip", &query).await.errcode(), 0);

    stage.clock.advance(Duration::from_secs(1));
    assert_eq!(
        stage.plain_get("getcallbackip", &query).await.errcode(),
        42001
    );
    stage.sim.corp().console.expired_token = ExpiredToken::Invalid;
    assert_eq!(
        stage.plain_get("getcallbackip", &query).await.errcode(),
        40014
    );
    assert_ne!(stage.token(As::App).await, token);
}

#[tokio::test]
async fn every_call_wants_the_right_token_and_method() {
    use reqwest::Method;
    let stage = Stage::start().await;
    let (app, sync) = (
        stage.token(As::App).await,
        stage.token(As::ContactSync).await,
    );
    // The call, its method, what the other kind of token answers, and whether that is the app's.
    let table = [
        ("getcallbackip", Method::GET, None),
        ("get_jsapi_ticket", Method::GET, Some((&sync, 48002))),
        ("ticket/get", Method::GET, Some((&sync, 48002))),
        ("auth/getuserinfo", Method::GET, Some((&sync, 48002))),
        (
            "externalcontact/get_follow_user_list",
            Method::GET,
            Some((&sync, 48002)),
        ),
        ("externalcontact/list", Method::GET, Some((&sync, 48002))),
        ("externalcontact/get", Method::GET, Some((&sync, 48002))),
        (
            "externalcontact/batch/get_by_user",
            Method::POST,
            Some((&sync, 48002)),
        ),
        (
            "externalcontact/send_welcome_msg",
            Method::POST,
            Some((&sync, 48002)),
        ),
        ("user/get", Method::GET, Some((&sync, 48009))),
        ("user/simplelist", Method::GET, Some((&sync, 48009))),
        ("user/list", Method::GET, Some((&sync, 48009))),
        ("user/list_id", Method::POST, Some((&app, 48002))),
        ("user/update", Method::POST, Some((&app, 48002))),
        ("department/simplelist", Method::GET, None),
        ("message/send", Method::POST, Some((&sync, 48002))),
        (
            "message/update_template_card",
            Method::POST,
            Some((&sync, 48002)),
        ),
    ];
    let invalid = "no-token".to_owned();
    for (api, method, foreign) in table {
        let other = if method == Method::GET {
            Method::POST
        } else {
            Method::GET
        };
        let mut tries = vec![
            (method.clone(), None, 41001),
            (method.clone(), Some(&invalid), 40014),
            (other, Some(&app), 40058),
        ];
        tries.extend(foreign.map(|(token, code)| (method, Some(token), code)));
        for (method, token, code) in tries {
            let url = stage.sim.base().join(&format!("cgi-bin/{api}")).unwrap();
            let request = stage.http.request(method.clone(), url).body("{}");
            let query: Vec<_> = token
                .map(|token| ("access_token", token))
                .into_iter()
                .collect();
            let answer = request.query(&query).send().await.unwrap();
            let answer: serde_json::Value = answer.json().await.unwrap();
            assert_eq!(answer["errcode"], json!(code), "{method} {api}");
        }
    }
}

#[tokio::test]
async fn an_app_that_is_not_listed_has_no_customer_api() {
    let stage = Stage::start().await;
    stage.sim.corp().console.customer_api = CustomerApi::NotListed;
    let answer = stage
        .get(As::App, "externalcontact/get_follow_user_list", &[])
        .await;
    assert_eq!(answer.errcode(), 48002);
}

#[tokio::test]
async fn calls_from_an_untrusted_address_are_refused_but_for_tokens() {
    let stage = Stage::start().await;
    let update = json!({"userid": "nobody"});
    let asked = async || {
        let app = stage.get(As::App, "getcallbackip", &[]).await;
        let sync = stage.post(As::ContactSync, "user/update", &update).await;
        (app.errcode(), sync.errcode())
    };
    assert_eq!(asked().await, (0, 60111));
    stage.sim.corp().console.app_ips = TrustedIps::NotListed;
    assert_eq!(asked().await, (60020, 60111));
    stage.sim.corp().console.contact_sync_ips = TrustedIps::NotListed;
    assert_eq!(asked().await, (60020, 60020));
}

#[tokio::test]
async fn contacts_that_are_read_only_are_not_written() {
    let stage = Stage::start().await;
    stage.sim.corp().console.contact_edit = ContactEdit::ReadOnly;
    let update = json!({"userid": "nobody"});
    let written = stage.post(As::ContactSync, "user/update", &update).await;
    assert_eq!(written.errcode(), 48002);
    let read = stage
        .post(As::ContactSync, "user/list_id", &json!({}))
        .await;
    assert_eq!(read.errcode(), 0);
}

#[tokio::test]
async fn bodies_are_small_json_objects_in_raw_utf8() {
    let stage = Stage::start().await;
    let table = [
        ("{".to_owned(), 40058),
        ("[]".to_owned(), 40058),
        (r#"{"userid": "\u5f20"}"#.to_owned(), 40033),
        (format!(r#"{{"userid": "{}"}}"#, "x".repeat(2 << 20)), 40206),
        (r#"{"userid": "ZhangSan"}"#.to_owned(), 0),
    ];
    for (body, code) in table {
        let start: String = body.chars().take(40).collect();
        let answer = stage.post_raw(As::ContactSync, "user/update", body).await;
        assert_eq!(answer.errcode(), code, "{start}");
    }
}

#[tokio::test]
async fn the_two_tickets_differ_and_keep() {
    let stage = Stage::start().await;
    let agent = [("type", "agent_config")];
    let corp_ticket = stage.get(As::App, "get_jsapi_ticket", &[]).await.ok();
    let agent_ticket = stage.get(As::App, "ticket/get", &agent).await.ok();
    assert_eq!(corp_ticket["expires_in"], 7200);
    assert_ne!(corp_ticket["ticket"], agent_ticket["ticket"]);
    stage.clock.advance(Duration::from_secs(7199));
    let again = stage.get(As::App, "ticket/get", &agent).await.ok();
    assert_eq!(
        (&again["ticket"], &again["expires_in"]),
        (&agent_ticket["ticket"], &json!(1))
    );

    for (api, query) in [
        ("get_jsapi_ticket", ("type", "jsapi")),
        ("ticket/get", ("type", "")),
    ] {
        assert_eq!(
            stage.get(As::App, api, &[query]).await.errcode(),
            91040,
            "{api}"
        );
    }
}
