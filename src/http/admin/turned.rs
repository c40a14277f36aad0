//! Whoever cannot be let in, or cannot be answered: a readable page with a status.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use crate::http::admin::texts::Texts;
use crate::http::language::Language;
use crate::http::page::respond;
use crate::http::told::Told;
use crate::store::error::StoreError;

/// Why somebody is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Turned {
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

#[derive(Template)]
#[template(path = "admin/notice.html")]
struct Notice {
    t: &'static Texts,
    title: &'static str,
    text: &'static str,
}

impl fmt::Display for Turned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl From<StoreError> for Turned {
    fn from(problem: StoreError) -> Self {
        tracing::error!(%problem, "The store could not answer an admin page.");
        Self::Unavailable
    }
}

impl ResponseError for Turned {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::LogIn => StatusCode::SEE_OTHER,
            Self::Ended | Self::Foreign | Self::Stranger => StatusCode::FORBIDDEN,
            Self::Missing => StatusCode::NOT_FOUND,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        self.told(Language::Zh)
    }
}

impl Told for Turned {
    fn told(&self, language: Language) -> HttpResponse {
        let t = Texts::of(language);
        let (title, text) = match self {
            Self::LogIn => {
                return HttpResponse::SeeOther()
                    .insert_header((LOCATION, "/admin/login"))
                    .insert_header(("Cache-Control", "no-store"))
                    .finish();
            }
            Self::Ended => (t.ended_title, t.ended),
            Self::Foreign => (t.foreign_title, t.foreign),
            Self::Stranger => (t.stranger_title, t.stranger),
            Self::Missing => (t.missing_title, t.missing),
            Self::Malformed => (t.malformed_title, t.malformed),
            Self::TooMany => (t.too_many_title, t.too_many),
            Self::Unavailable => (t.unavailable_title, t.unavailable),
        };
        respond(self.status_code(), &Notice { t, title, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::told::of_a_failing_store;

    #[actix_web::test]
    async fn a_store_that_does_not_answer_is_told_of_in_the_readers_language() {
        for language in [Language::En, Language::Zh] {
            let page = of_a_failing_store::<Turned>(language.code()).await;
            let expected = Texts::of(language).unavailable;
            assert!(page.contains(expected), "{page}");
        }
    }
}
