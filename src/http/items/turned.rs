//! Whoever cannot be let in, or cannot be answered: a readable page with a status.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use crate::decide::rejection::Rejection;
use crate::http::error::Problem;
use crate::http::items::frame::respond;
use crate::http::items::texts::{self, Texts};
use crate::store::error::StoreError;

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http::items) enum Why {
    /// 404: the address names no corp.
    BadLink,
    /// 403: a customer, or a member who has left.
    NotAMember,
    /// 403: the session has ended, or the form is of another one.
    Ended,
    /// 403: another site sends this.
    Foreign,
    /// 404: there is no such thing for this reader.
    Missing,
    /// 400: what was sent cannot be read.
    Malformed,
    /// 413: more than any item holds.
    TooLarge,
    /// A command was not carried out.
    Rejected(Rejection),
    /// 503: the store does not answer.
    Unavailable,
}

/// Somebody who is turned away.
#[derive(Debug)]
pub(in crate::http::items) struct Turned {
    why: Why,
    t: &'static Texts,
}

#[derive(Template)]
#[template(path = "items/notice.html")]
struct Notice {
    t: &'static Texts,
    title: &'static str,
    text: String,
}

impl Why {
    /// With texts for this reader.
    pub(in crate::http::items) const fn to(self, t: &'static Texts) -> Turned {
        Turned { why: self, t }
    }
}

impl fmt::Display for Turned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.why)
    }
}

impl From<StoreError> for Turned {
    fn from(problem: StoreError) -> Self {
        tracing::error!(%problem, "The store could not answer a page of items.");
        Why::Unavailable.to(texts::first())
    }
}

impl From<Problem> for Turned {
    fn from(_: Problem) -> Self {
        Why::Unavailable.to(texts::first())
    }
}

/// The status that fits.
pub(in crate::http::items) const fn status_of(rejection: &Rejection) -> StatusCode {
    match rejection {
        Rejection::NotFound | Rejection::NotAuthorised(_) => StatusCode::NOT_FOUND,
        Rejection::NotAllowed(_) => StatusCode::FORBIDDEN,
        Rejection::Closed
        | Rejection::AlreadySubmitted(_)
        | Rejection::AlreadyAnswered
        | Rejection::Changed
        | Rejection::NameReused => StatusCode::CONFLICT,
        Rejection::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl ResponseError for Turned {
    fn status_code(&self) -> StatusCode {
        match &self.why {
            Why::NotAMember | Why::Ended | Why::Foreign => StatusCode::FORBIDDEN,
            Why::BadLink | Why::Missing => StatusCode::NOT_FOUND,
            Why::Malformed => StatusCode::BAD_REQUEST,
            Why::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Why::Rejected(rejection) => status_of(rejection),
            Why::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let t = self.t;
        let (title, text) = match &self.why {
            Why::BadLink => (t.bad_link_title, t.bad_link.to_owned()),
            Why::NotAMember => (t.not_a_member_title, t.not_a_member.to_owned()),
            Why::Ended => (t.ended_title, t.ended.to_owned()),
            Why::Foreign => (t.foreign_title, t.foreign.to_owned()),
            Why::Missing => (t.missing_title, t.missing.to_owned()),
            Why::Malformed => (t.malformed_title, t.malformed.to_owned()),
            Why::TooLarge => (t.malformed_title, t.too_large.to_owned()),
            Why::Rejected(rejection) => (t.rejected_title, t.rejection(rejection)),
            Why::Unavailable => (t.unavailable_title, t.unavailable.to_owned()),
        };
        respond(self.status_code(), &Notice { t, title, text })
    }
}
