//! Cookies, and the word of a personal link: what the service has not made opens nothing.

use actix_web::http::header::{COOKIE, HeaderValue};
use actix_web::test::TestRequest;
use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use super::ground::{self, COLLEAGUE, CORP, CUSTOMER, Ground, MEMBER, NAME};

/// The pages that need a session, and whose; where it is another one, they lead to a login or refuse.
const PAGES: [&str; 6] = [
    "/items",
    "/home?tenantKey=team1",
    "/home/form/f1?tenantKey=team1",
    "/sidebar",
    "/admin",
    "/admin/corps/ww0123456789abcdef/settings",
];

/// The first byte tells what the rest is: the text of a cookie, the whole header, what one of ours says, where one of
/// ours is bent, or the word of a personal link.
pub fn run(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else {
        return;
    };
    ground::with(|ground| match first % 5 {
        0 => {
            let text = String::from_utf8_lossy(rest);
            for name in ["wb_session", "wb_admin"] {
                is_refused(ground, &format!("{name}={text}"), first / 5);
            }
        }
        1 => is_refused(ground, &String::from_utf8_lossy(rest), first / 5),
        2 => says(ground, &String::from_utf8_lossy(rest)),
        3 => bent(ground, rest),
        _ => word(ground, rest),
    });
}

fn is_refused(ground: &mut Ground, cookies: &str, page: u8) {
    let parts = cookies.split(';');
    let values = parts.filter_map(|part| Some(part.split_once('=')?.1.trim()));
    if values
        .map(|value| value.trim_matches('"'))
        .any(ground::is_ours)
    {
        return;
    }
    let page = PAGES[usize::from(page) % PAGES.len()];
    let answer = visit(ground, page, cookies);
    assert_ne!(answer, Some(200), "{page} is open to a stranger");
}

/// Signed by us, whatever it says: it is good for what it says and until then.
fn says(ground: &mut Ground, text: &str) {
    let cookie = ground::sealed(text);
    let opened = visit(ground, "/items", &format!("wb_session={cookie}")) == Some(200);
    if opened {
        let said: Value = serde_json::from_str(text).expect("only JSON is a session");
        assert_eq!(said["name"], "wb_session");
        assert!(said["until"].as_i64() > Some(ground.now().secs()));
        assert_eq!(said["value"]["corp"], CORP);
        assert!(said["value"]["who"]["member"].is_string());
    }
    let admin = visit(ground, "/admin", &format!("wb_admin={cookie}")) == Some(200);
    if admin {
        let said: Value = serde_json::from_str(text).expect("only JSON is a session");
        assert_eq!(said["name"], "wb_admin");
        assert!(said["until"].as_i64() > Some(ground.now().secs()));
    }
}

/// One byte of a good cookie becomes another.
fn bent(ground: &mut Ground, rest: &[u8]) {
    let &[high, low, byte] = rest else {
        return;
    };
    let good = ground.session("member", MEMBER);
    let opened = visit(ground, "/items", &format!("wb_session={good}"));
    assert_eq!(opened, Some(200), "a good one opens nothing");
    let at = usize::from(u16::from_be_bytes([high, low])) % good.len();
    let mut cookie = good.clone().into_bytes();
    cookie[at] = byte;
    let Ok(cookie) = String::from_utf8(cookie) else {
        return;
    };
    let opened = visit(ground, "/items", &format!("wb_session={cookie}")) == Some(200);
    assert_eq!(opened, cookie == good, "byte {at} is {byte}");
}

/// A member who has no customers is asked to choose, unless the word names somebody.
fn word(ground: &mut Ground, rest: &[u8]) {
    let word: String = byte_serialize(rest).collect();
    let page = format!("/home?tenantKey=team1&t={word}");
    if page.len() > 4096 {
        return;
    }
    let cookie = format!("wb_session={}", ground.session("member", COLLEAGUE));
    assert_eq!(visit(ground, &page, &cookie), Some(200), "a word is taken");
}

/// The status. `None`: it cannot even be sent.
fn visit(ground: &mut Ground, page: &str, cookies: &str) -> Option<u16> {
    let cookies = HeaderValue::from_str(cookies).ok()?;
    let request = TestRequest::get().uri(page);
    let answer = ground.ask(request.insert_header((COOKIE, cookies)));
    let body = String::from_utf8_lossy(&answer.body);
    let stranger = !body.contains(NAME) && !body.contains(CUSTOMER);
    assert!(answer.status == 200 || stranger, "a name is told");
    Some(answer.status)
}
