//! Whoever cannot be let in, or cannot be answered: a readable page with a status.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use crate::http::admin::texts::{self, Texts};
use crate::http::page::respond;
use crate::store::error::StoreError;

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http::admin) enum Why {
    /// Nobody is logged in: to the login.
    LogIn,
    /// 403: the form is of an earlier session, or of none.
    Ended,
    /// 403: another site sends this.
    Foreign,
    /// 403: not an administrator.
    Stranger,
    /// 404: there is no such thing, or it is none of this administrator's business.
    Missing,
    /// 400: what was sent cannot be read.
    Malformed,
    /// 429: too many passwords were tried.
    TooMany,
    /// 503: the store does not answer.
    Unavailable,
}

/// Somebody who is turned away.
#[derive(Debug)]
pub(in crate::http::admin) struct Turned {
    why: Why,
    t: &'static Texts,
}

#[derive(Template)]
#[template(path = "admin/notice.html")]
struct Notice {
    t: &'static Texts,
    title: &'static str,
    text: &'static str,
}

impl Why {
    /// With texts for this reader.
    pub(in crate::http::admin) const fn to(self, t: &'static Texts) -> Turned {
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
        tracing::error!(%problem, "The store could not answer an admin page.");
        Why::Unavailable.to(texts::first())
    }
}

impl ResponseError for Turned {
    fn status_code(&self) -> StatusCode {
        match self.why {
            Why::LogIn => StatusCode::SEE_OTHER,
            Why::Ended | Why::Foreign | Why::Stranger => StatusCode::FORBIDDEN,
            Why::Missing => StatusCode::NOT_FOUND,
            Why::Malformed => StatusCode::BAD_REQUEST,
            Why::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Why::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let t = self.t;
        let (title, text) = match self.why {
            Why::LogIn => {
                return HttpResponse::SeeOther()
                    .insert_header((LOCATION, "/admin/login"))
                    .insert_header(("Cache-Control", "no-store"))
                    .finish();
            }
            Why::Ended => (t.ended_title, t.ended),
            Why::Foreign => (t.foreign_title, t.foreign),
            Why::Stranger => (t.stranger_title, t.stranger),
            Why::Missing => (t.missing_title, t.missing),
            Why::Malformed => (t.malformed_title, t.malformed),
            Why::TooMany => (t.too_many_title, t.too_many),
            Why::Unavailable => (t.unavailable_title, t.unavailable),
        };
        respond(self.status_code(), &Notice { t, title, text })
    }
}
