//! What the company's own systems send to the API of items.

use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use actix_web::test::TestRequest;
use serde_json::Value;

use super::form::is_harmless;
use super::ground::{self, API_TOKEN, Answer, Ground, MEMBER};

/// The addresses that take a body.
const ADDRESSES: [(&str, &str); 17] = [
    ("POST", "projects"),
    ("POST", "forms"),
    ("POST", "records"),
    ("POST", "approvals"),
    ("PUT", "projects/p1"),
    ("PUT", "forms/f1"),
    ("PUT", "approvals/a1"),
    ("PUT", "projects/by-ref/r1"),
    ("PUT", "forms/by-ref/r1"),
    ("PUT", "records/by-ref/r1"),
    ("PATCH", "projects/p1/tasks/t1"),
    ("POST", "projects/p1/hand-over"),
    ("POST", "projects/p1/comments?contact=wmCustomer1"),
    ("POST", "contacts/wmCustomer1/grants"),
    ("POST", "members/ZhangSan/hand-over"),
    ("POST", "sync"),
    ("POST", "records/r1/advance"),
];

/// The first byte tells the address; the rest is the body. What was made is there, as the API has told it, and a page
/// shows it.
pub fn run(input: &[u8]) {
    let Some((first, body)) = input.split_first() else {
        return;
    };
    let (method, address) = ADDRESSES[usize::from(*first) % ADDRESSES.len()];
    ground::with(|ground| {
        let answer = asked(ground, method, address, body);
        let told: Value = match answer.body.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&answer.body).expect("the API answers JSON"),
        };
        let is_item = answer.status == 201 && address != "sync";
        if is_item && let (Some(kind), Some(id)) = (told["kind"].as_str(), told["id"].as_str()) {
            let again = asked(ground, "GET", &format!("{kind}s/{id}"), b"");
            let again: Value = serde_json::from_slice(&again.body).expect("it is JSON");
            assert_eq!(again, told);
            is_shown(ground, kind, id);
        }
    });
}

fn asked(ground: &mut Ground, method: &str, address: &str, body: &[u8]) -> Answer {
    let method = method.parse().expect("it is a method");
    let request = TestRequest::default()
        .method(method)
        .uri(&format!("/api/v1/{address}"))
        .insert_header((AUTHORIZATION, format!("Bearer {API_TOKEN}")))
        .insert_header((CONTENT_TYPE, "application/json"));
    ground.ask(request.set_payload(body.to_vec()))
}

fn is_shown(ground: &mut Ground, kind: &str, id: &str) {
    let cookie = format!("wb_session={}", ground.session("member", MEMBER));
    for page in [
        format!("/items/{kind}/{id}"),
        format!("/items/{kind}/{id}/edit"),
    ] {
        let request = TestRequest::get().uri(&page);
        let answer = ground.ask(request.insert_header((COOKIE, cookie.clone())));
        assert!(
            matches!(answer.status, 200 | 403 | 404),
            "{}",
            answer.status
        );
        is_harmless(&answer);
    }
}
