//! Whoever is not answered: a status, and words that the page shows.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::decide::rejection::Rejection;
use crate::http::sidebar::texts::{self, Texts};
use crate::store::error::StoreError;
use crate::wecom::error::ApiError;

/// Why there is no answer.
#[derive(Debug)]
pub(in crate::http::sidebar) enum Why {
    /// 401: the session has ended, or the page is of another one.
    Ended,
    /// 403: another site sends this.
    Foreign,
    /// 403: a customer.
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

/// Somebody who is turned away.
#[derive(Debug)]
pub(in crate::http::sidebar) struct Turned {
    why: Why,
    t: &'static Texts,
}

impl Why {
    /// With texts for this reader.
    pub(in crate::http::sidebar) const fn to(self, t: &'static Texts) -> Turned {
        Turned { why: self, t }
    }
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
        f.write_str(self.t.rejected)
    }
}

impl From<StoreError> for Turned {
    fn from(problem: StoreError) -> Self {
        tracing::error!(%problem, "The store could not answer the toolbar.");
        Why::Unavailable.to(texts::first())
    }
}

impl From<ApiError> for Turned {
    fn from(problem: ApiError) -> Self {
        tracing::warn!(%problem, "WeCom could not be asked for the toolbar.");
        Why::Wecom.to(texts::first())
    }
}

impl ResponseError for Turned {
    fn status_code(&self) -> StatusCode {
        match &self.why {
            Why::Ended => StatusCode::UNAUTHORIZED,
            Why::Foreign | Why::NotAMember | Why::NotYours | Why::NotYourGroup => {
                StatusCode::FORBIDDEN
            }
            Why::NotKnownYet | Why::Missing => StatusCode::NOT_FOUND,
            Why::Malformed => StatusCode::BAD_REQUEST,
            Why::Rejected(rejection) => match rejection {
                Rejection::NotFound => StatusCode::NOT_FOUND,
                Rejection::NotAllowed(_) | Rejection::NotAuthorised(_) => StatusCode::FORBIDDEN,
                Rejection::Closed
                | Rejection::AlreadySubmitted(_)
                | Rejection::AlreadyAnswered
                | Rejection::Changed
                | Rejection::NameReused => StatusCode::CONFLICT,
                Rejection::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            },
            Why::Wecom => StatusCode::BAD_GATEWAY,
            Why::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let (t, mut faults) = (self.t, Vec::new());
        let detail = match &self.why {
            Why::Ended => t.ended,
            Why::Foreign => t.foreign,
            Why::NotAMember => t.not_a_member,
            Why::NotYours => t.not_yours,
            Why::NotYourGroup => t.not_your_group,
            Why::NotKnownYet => t.not_known_yet,
            Why::Missing => t.missing,
            Why::Malformed => t.malformed,
            Why::Wecom => t.wecom_silent,
            Why::Unavailable => t.unavailable,
            Why::Rejected(rejection) => match rejection {
                Rejection::NotFound => t.missing,
                Rejection::NotAllowed(_) => t.not_allowed,
                Rejection::NotAuthorised(_) => t.not_authorised,
                Rejection::Closed => t.closed,
                Rejection::AlreadySubmitted(_) | Rejection::AlreadyAnswered => t.answered_before,
                Rejection::NameReused | Rejection::Changed => t.name_reused,
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
