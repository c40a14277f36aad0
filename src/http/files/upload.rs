//! Uploads: by customers for forms that they fill in, by the company for what it works on.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::http::doors::Doors;
use crate::http::files::asker::Asker;
use crate::http::files::receive::{Received, receive};
use crate::http::files::why::{Why, wants_json};
use crate::http::files::words::Words;
use crate::http::page::notice;
use crate::model::attachment::Attachment;
use crate::model::item::{Actor, ItemRef};

/// What for.
#[derive(Deserialize)]
pub(in crate::http::files) struct For {
    #[serde(rename = "tenantKey")]
    tenant_key: Option<String>,
    item: String,
    /// The page to go back to, a path of ours, for whoever has no script.
    back: Option<String>,
}

/// What a script is told.
#[derive(Serialize)]
struct Told<'a> {
    id: &'a str,
    name: &'a str,
    bytes: u64,
    thumbnail: bool,
}

/// A customer uploads.
pub(in crate::http::files) async fn by_customer(
    request: HttpRequest,
    doors: web::Data<Doors>,
    wanted: Option<web::Query<For>>,
    payload: web::Payload,
) -> HttpResponse {
    let asker = Asker::of(&request, &doors).filter(|asker| {
        let key = wanted
            .as_ref()
            .and_then(|wanted| wanted.tenant_key.as_deref());
        let tenant = doors.tenant(key);
        let is_here = tenant.is_some_and(|tenant| tenant.corp == asker.corp);
        is_here && matches!(asker.who, Actor::Contact(_))
    });
    upload(&request, &doors, asker, wanted, payload).await
}

/// A member uploads.
pub(in crate::http::files) async fn by_member(
    request: HttpRequest,
    doors: web::Data<Doors>,
    wanted: Option<web::Query<For>>,
    payload: web::Payload,
) -> HttpResponse {
    let asker = Asker::of(&request, &doors);
    let asker = asker.filter(|asker| matches!(asker.who, Actor::Member(_)));
    upload(&request, &doors, asker, wanted, payload).await
}

/// An administrator uploads.
pub(in crate::http::files) async fn by_admin(
    request: HttpRequest,
    doors: web::Data<Doors>,
    wanted: Option<web::Query<For>>,
    payload: web::Payload,
) -> HttpResponse {
    let asker = Asker::admin(&request, &doors).await;
    upload(&request, &doors, asker, wanted, payload).await
}

async fn upload(
    request: &HttpRequest,
    doors: &Doors,
    asker: Option<Asker>,
    wanted: Option<web::Query<For>>,
    payload: web::Payload,
) -> HttpResponse {
    let received = match (&asker, &wanted) {
        (None, _) => Err(Why::Foreign),
        (Some(_), None) => Err(Why::Malformed),
        (Some(asker), Some(wanted)) => match wanted.item.parse::<ItemRef>() {
            Ok(item) => receive(request, payload, doors, asker, &item).await,
            Err(_) => Err(Why::Missing),
        },
    };
    let back = wanted.as_ref().and_then(|wanted| wanted.back.as_deref());
    match received {
        Ok(received) if wants_json(request) => told(request, doors, &received),
        Ok(received) => gone_back(request, doors, &received, back),
        Err(why) => why.answer(request, doors),
    }
}

/// A script sends one file at a time.
fn told(request: &HttpRequest, doors: &Doors, received: &Received) -> HttpResponse {
    let [(_, file)] = &received.files[..] else {
        return Why::Malformed.answer(request, doors);
    };
    let Attachment {
        id,
        name,
        bytes,
        thumbnail,
        ..
    } = file;
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(Told {
            id,
            name,
            bytes: *bytes,
            thumbnail: *thumbnail,
        })
}

/// Back to the page, with a word `file` for each file: its field's name, a colon, its id.
fn gone_back(
    request: &HttpRequest,
    doors: &Doors,
    received: &Received,
    back: Option<&str>,
) -> HttpResponse {
    let Some(back) = back.filter(|back| is_own_path(back)) else {
        let words = Words::for_reader(request);
        return notice(doors, StatusCode::OK, words.title, words.done);
    };
    let mut words = form_urlencoded::Serializer::new(String::new());
    for (field, file) in &received.files {
        let field = field.strip_prefix("file:").unwrap_or(field);
        words.append_pair("file", &format!("{field}:{}", file.id));
    }
    let mark = if back.contains('?') { '&' } else { '?' };
    let back = match received.files.is_empty() {
        true => back.to_owned(),
        false => format!("{back}{mark}{}", words.finish()),
    };
    HttpResponse::SeeOther()
        .insert_header((LOCATION, back))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// Browsers read `//`, `/\` and what comes after control characters as another host's address.
fn is_own_path(path: &str) -> bool {
    let mut bytes = path.bytes();
    let begins = bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'));
    begins && path.len() <= 2000 && path.bytes().all(|c| c.is_ascii_graphic() && c != b'#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_gone_back_to() {
        for own in ["/home/form/1?tenantKey=a", "/items", "/"] {
            assert!(is_own_path(own), "{own}");
        }
        for foreign in [
            "",
            "home",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: b",
            "/a#b",
        ] {
            assert!(!is_own_path(foreign), "{foreign:?}");
        }
    }
}
