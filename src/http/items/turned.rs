//! Whoever cannot be let in, or cannot be answered: a readable page with a status.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use crate::decide::rejection::Rejection;
use crate::http::error::Problem;
use crate::http::items::texts::Texts;
use crate::http::language::Language;
use crate::http::page::respond;
use crate::http::told::Told;
use crate::store::error::StoreError;

/// Why somebody is turned away.
#[derive(Debug)]
pub(in crate::http::items) enum Turned {
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

#[derive(Template)]
#[template(path = "items/notice.html")]
struct Notice {
    t: &'static Texts,
    title: &'static str,
    text: String,
}

impl fmt::Display for Turned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl From<StoreError> for Turned {
    fn from(problem: StoreError) -> Self {
        tracing::error!(%problem, "The store could not answer a page of items.");
        Self::Unavailable
    }
}

impl From<Problem> for Turned {
    fn from(_: Problem) -> Self {
        Self::Unavailable
    }
}

/// The status that fits.
pub(in crate::http::items) const fn status_of(rejection: &Rejection) -> StatusCode {
    match rejection {
        Rejection::NotFound => StatusCode::NOT_FOUND,
        Rejection::NotAllowed(_) | Rejection::NotAuthorised(_) => StatusCode::FORBIDDEN,
        Rejection::Closed
        | Rejection::AlreadySubmitted(_)
        | Rejection::AlreadyAnswered
        | Rejection::IdTaken
        | Rejection::Changed
        | Rejection::NameReused => StatusCode::CONFLICT,
        Rejection::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl ResponseError for Turned {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotAMember | Self::Ended | Self::Foreign => StatusCode::FORBIDDEN,
            Self::BadLink | Self::Missing => StatusCode::NOT_FOUND,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Rejected(rejection) => status_of(rejection),
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
            Self::BadLink => (t.bad_link_title, t.bad_link.to_owned()),
            Self::NotAMember => (t.not_a_member_title, t.not_a_member.to_owned()),
            Self::Ended => (t.ended_title, t.ended.to_owned()),
            Self::Foreign => (t.foreign_title, t.foreign.to_owned()),
            Self::Missing => (t.missing_title, t.missing.to_owned()),
            Self::Malformed => (t.malformed_title, t.malformed.to_owned()),
            Self::TooLarge => (t.malformed_title, t.too_large.to_owned()),
            Self::Rejected(rejection) => (t.rejected_title, t.rejection(rejection)),
            Self::Unavailable => (t.unavailable_title, t.unavailable.to_owned()),
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
        for (language, expected) in [("en", "nothing was saved"), ("zh", "您的操作未保存")] {
            let page = of_a_failing_store::<Turned>(language).await;
            assert!(page.contains(expected), "{page}");
        }
    }
}
