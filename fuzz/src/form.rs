//! What browsers post: forms of customers and members, and forms with files.

use actix_web::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, ORIGIN};
use actix_web::test::TestRequest;
use serde_json::Value;

use super::ground::{self, Answer, CORP, CUSTOMER, Ground, MEMBER, OWN};

/// What no page of ours says by itself. Whoever types it must find it as text.
pub const MARK: &str = "<q7z";

/// Between the parts of a form with files.
pub const BOUNDARY: &str = "q7z";

/// The pages of a customer that take a form.
const HOME: [&str; 3] = ["form/f1", "project/p1", "approval/a1"];

/// Those of a member.
const ITEMS: [&str; 14] = [
    "new/project",
    "new/form",
    "new/record?form=f1&contact=wmCustomer1",
    "new/approval?contact=wmCustomer1",
    "project/p1/edit",
    "form/f1/edit",
    "approval/a1/edit",
    "project/p1/task",
    "project/p1/comment",
    "project/p1/follower",
    "project/p1/give",
    "project/p1/state",
    "project/p1/revoke",
    "hand-over",
];

/// The first byte tells the page; the rest is the form, behind what the page itself puts into it.
pub fn run(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else {
        return;
    };
    let page = usize::from(*first);
    ground::with(|ground| {
        let answer = match page {
            ..3 => by_customer(ground, HOME[page], rest),
            3 => with_files(ground, "home", "form:f1", rest),
            4 => with_files(ground, "items", "form:f1", rest),
            5 => with_files(ground, "items", "project:p1", rest),
            page => by_member(ground, ITEMS[(page - 6) % ITEMS.len()], rest),
        };
        is_harmless(&answer);
    });
}

fn by_customer(ground: &mut Ground, page: &str, rest: &[u8]) -> Answer {
    let cookie = ground.session("contact", CUSTOMER);
    let token = ground::tag("home form", &cookie);
    // Each is another one.
    let number = ground.now().millis();
    let own = format!("token={token}&number=n{number}&");
    let uri = format!("/home/{page}?tenantKey=team1");
    ground.ask(form(&uri, &cookie, &own, rest))
}

fn by_member(ground: &mut Ground, page: &str, rest: &[u8]) -> Answer {
    let cookie = ground.session("member", MEMBER);
    let token = ground::tag("items form", &format!("{CORP}\nzhangsan"));
    let number = ground.now().millis();
    let own = format!("token={token}&request={number}&");
    ground.ask(form(&format!("/items/{page}"), &cookie, &own, rest))
}

fn form(uri: &str, cookie: &str, own: &str, rest: &[u8]) -> TestRequest {
    let mut body = own.as_bytes().to_vec();
    body.extend(rest);
    posted(uri, cookie, "application/x-www-form-urlencoded").set_payload(body)
}

fn with_files(ground: &mut Ground, who: &str, item: &str, rest: &[u8]) -> Answer {
    let cookie = match who {
        "home" => ground.session("contact", CUSTOMER),
        _ => ground.session("member", MEMBER),
    };
    let token = ground::tag("file form", &cookie);
    let mut body = part("upload_token", &token).into_bytes();
    body.extend(rest);
    let uri = format!("/{who}/files?item={item}&tenantKey=team1");
    let media_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let mut request = posted(&uri, &cookie, &media_type);
    // A script wants to know what became of the file, a browser the page again.
    if rest.len().is_multiple_of(2) {
        request = request.insert_header((ACCEPT, "application/json"));
    }
    ground.ask(request.set_payload(body))
}

/// A part with a text in it.
pub fn part(name: &str, text: &str) -> String {
    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
}

fn posted(uri: &str, cookie: &str, media_type: &str) -> TestRequest {
    TestRequest::post()
        .uri(uri)
        .insert_header((COOKIE, format!("wb_session={cookie}")))
        .insert_header((ORIGIN, OWN))
        .insert_header((CONTENT_TYPE, media_type))
}

/// What was typed is text on every page, and no page runs what is not ours.
pub fn is_harmless(answer: &Answer) {
    if answer.is_html() {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert!(!answer.text().contains(MARK), "{}", answer.text());
    }
    if let Ok(told) = serde_json::from_slice::<Value>(&answer.body)
        && let Some(name) = told["name"].as_str()
    {
        let bad = |c: char| c.is_control() || matches!(c, '/' | '\\' | '"' | '<' | '>');
        assert!(!name.contains(bad), "{name}");
        assert!(
            name.chars().count() <= 120 && !name.starts_with('.'),
            "{name}"
        );
    }
}
