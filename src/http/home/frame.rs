//! What every page has round its content, and how a browser may keep it.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, VARY};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::home::visit::{Reader, Visit};
use crate::http::language::fill;
use crate::http::page::{content_security_policy, is_known};

/// Round the content.
pub(in crate::http::home) struct Frame {
    pub(in crate::http::home) company: String,
    /// To the list of everything.
    pub(in crate::http::home) home: String,
    /// This page, where its forms are sent.
    pub(in crate::http::home) here: String,
    /// This page in the other language.
    pub(in crate::http::home) translated: String,
    /// Says whose pages a member looks at; nothing can be sent from those.
    pub(in crate::http::home) preview: Option<String>,
    /// Back to the choice of customers.
    pub(in crate::http::home) leave: String,
    /// What every form carries. Letters, digits, `-` and `_` only.
    pub(in crate::http::home) token: String,
    /// Under which drafts are kept in this browser.
    pub(in crate::http::home) person: String,
    /// What the form before has done.
    pub(in crate::http::home) said: Option<&'static str>,
    /// Which draft is no longer needed.
    pub(in crate::http::home) done: &'static str,
    /// For people who do not follow the service account yet.
    pub(in crate::http::home) follow: Option<FollowUs>,
}

/// The service account (服务号) to follow.
pub(in crate::http::home) struct FollowUs {
    /// The address of its QR code.
    pub(in crate::http::home) qr_code: String,
}

impl Frame {
    /// Round a page of this visit.
    pub(in crate::http::home) fn of(visit: &Visit) -> Self {
        let (place, t) = (&visit.place, visit.place.t);
        let (said, done) = match place.asked("said") {
            "commented" => (Some(t.said_commented), "comment"),
            "answered" => (Some(t.said_answered), "answer"),
            _ => (None, ""),
        };
        let list = place.asked("list");
        let words = [("list", list), ("lang", t.other_code)];
        Self {
            company: place.tenant.for_customers().to_owned(),
            home: visit.to("/home", &[]),
            here: visit.to(&place.path, &[]),
            translated: visit.to(&place.path, &words),
            preview: match &visit.reader {
                Reader::Customer => None,
                Reader::Preview { name, .. } => Some(fill(t.preview, name)),
            },
            leave: place.to("/home", &[]),
            token: visit.token.clone(),
            person: visit.person(),
            said,
            done,
            follow: visit.qr_code.clone().map(|qr_code| FollowUs { qr_code }),
        }
    }
}

/// Answers with a page that a browser may keep, and asks about each time whether it still is the same.
pub(in crate::http::home) fn kept(
    visit: &Visit,
    request: &HttpRequest,
    html: askama::Result<String>,
) -> HttpResponse {
    let Ok(html) = html else {
        return failed();
    };
    let tag = format!("\"{}\"", &blake3::hash(html.as_bytes()).to_hex()[..32]);
    let same = is_known(request, &tag);
    let status = match same {
        true => StatusCode::NOT_MODIFIED,
        false => StatusCode::OK,
    };
    let mut response = answer(visit, status, if same { String::new() } else { html });
    let headers = response.headers_mut();
    if let Ok(tag) = tag.parse() {
        headers.insert(ETAG, tag);
    }
    headers.insert(
        CACHE_CONTROL,
        actix_web::http::header::HeaderValue::from_static("private, no-cache"),
    );
    response
}

/// Answers a form with a page.
pub(in crate::http::home) fn shown(
    visit: &Visit,
    status: StatusCode,
    html: askama::Result<String>,
) -> HttpResponse {
    match html {
        Ok(html) => answer(visit, status, html),
        Err(_) => failed(),
    }
}

fn answer(visit: &Visit, status: StatusCode, html: String) -> HttpResponse {
    let policy = content_security_policy(&visit.place.doors);
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((VARY, "Cookie, Accept-Language"))
        .insert_header(("Content-Security-Policy", policy))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Referrer-Policy", "same-origin"));
    if let Some(language) = visit.language_cookie() {
        response.cookie(language);
    }
    response.body(html)
}

fn failed() -> HttpResponse {
    tracing::error!("A customer's page could not be rendered.");
    HttpResponse::InternalServerError().finish()
}
