//! Whoever is not answered: a status, and words that the page shows.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::decide::rejection::Rejection;
use crate::http::language::Language;
use crate::http::sidebar::texts::Texts;
use crate::http::told::Told;
use crate::store::error::StoreError;
use crate::wecom::error::ApiError;

/// Why there is no answer.
#[derive(Debug)]
pub(in crate::http::sidebar) enum Turned {
    /// 401: the session has ended, or the page is of another one.
    Ended,
    /// 403: another site sends this.
    Foreign,
    /// 403: a customer, or a member who has left.
    NotAMember,
    /// 403: the member does not have this customer.
    NotYours,
    /// 403: the member is not in this group.
    NotYourGroup,
    /// 404: the service has not read this customer yet, or it is none.
    NotKnownYet,
    /// 404: there is no such thing.
    Missing,
    /// 400: what was sent cannot be read.
    Malformed,
    /// A command is not carried out.
    Rejected(Rejection),
    /// 502: WeCom does not answer.
    Wecom,
    /// 503: the store does not answer.
    Unavailable,
}

/// Problem details (RFC 9457) with what is wrong at which place.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    status: u16,
    title: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Fault<'a>>,
}

#[derive(Serialize)]
struct Fault<'a> {
    place: &'a str,
    text: String,
}

impl fmt::Display for Turned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl From<StoreError> for Turned {
    fn from(problem: StoreError) -> Self {
        tracing::error!(%problem, "The store could not answer the toolbar.");
        Self::Unavailable
    }
}

impl From<ApiError> for Turned {
    fn from(problem: ApiError) -> Self {
        tracing::warn!(%problem, "WeCom could not be asked for the toolbar.");
        Self::Wecom
    }
}

impl ResponseError for Turned {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Ended => StatusCode::UNAUTHORIZED,
            Self::Foreign | Self::NotAMember | Self::NotYours | Self::NotYourGroup => {
                StatusCode::FORBIDDEN
            }
            Self::NotKnownYet | Self::Missing => StatusCode::NOT_FOUND,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Rejected(rejection) => match rejection {
                Rejection::NotFound => StatusCode::NOT_FOUND,
                Rejection::NotAllowed(_) | Rejection::NotAuthorised(_) => StatusCode::FORBIDDEN,
                Rejection::Closed
                | Rejection::AlreadySubmitted(_)
                | Rejection::AlreadyAnswered
                | Rejection::IdTaken
                | Rejection::Changed
                | Rejection::NameReused => StatusCode::CONFLICT,
                Rejection::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            },
            Self::Wecom => StatusCode::BAD_GATEWAY,
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
        let mut faults = Vec::new();
        let detail = match self {
            Self::Ended => t.ended,
            Self::Foreign => t.foreign,
            Self::NotAMember => t.not_a_member,
            Self::NotYours => t.not_yours,
            Self::NotYourGroup => t.not_your_group,
            Self::NotKnownYet => t.not_known_yet,
            Self::Missing => t.missing,
            Self::Malformed => t.malformed,
            Self::Wecom => t.wecom_silent,
            Self::Unavailable => t.unavailable,
            Self::Rejected(rejection) => match rejection {
                Rejection::NotFound => t.missing,
                Rejection::NotAllowed(_) => t.not_allowed,
                Rejection::NotAuthorised(_) => t.not_authorised,
                Rejection::Closed => t.closed,
                Rejection::AlreadySubmitted(_) | Rejection::AlreadyAnswered => t.answered_before,
                Rejection::NameReused | Rejection::Changed | Rejection::IdTaken => t.name_reused,
                Rejection::Invalid(wrong) => {
                    faults.extend(wrong.iter().map(|fault| Fault {
                        place: &fault.place,
                        text: t.wrong(fault.wrong),
                    }));
                    t.invalid
                }
            },
        };
        let status = self.status_code();
        let body = Body {
            r#type: "about:blank",
            status: status.as_u16(),
            title: t.rejected,
            detail,
            faults,
        };
        HttpResponse::build(status)
            .insert_header(("Content-Type", "application/problem+json"))
            .insert_header(("Cache-Control", "no-store"))
            .body(serde_json::to_vec(&body).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::told::of_a_failing_store;

    #[actix_web::test]
    async fn a_store_that_does_not_answer_is_told_of_in_the_readers_language() {
        for (language, expected) in [
            ("en", "Not available now; try again in a moment."),
            ("zh", "暂时不可用，请稍后再试。"),
        ] {
            let problem = of_a_failing_store::<Turned>(language).await;
            let problem: serde_json::Value = serde_json::from_str(&problem).unwrap();
            assert_eq!(problem["status"], 503);
            assert_eq!(problem["detail"], expected);
        }
    }
}
