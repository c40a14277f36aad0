//! Errors as answers: problem details (RFC 9457) for the API, safe words outside, the cause in the log.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError, web};
use serde::Serialize;

use crate::store::error::StoreError;
use crate::wecom::error::ApiError;

/// A refusal or failure with a status, words that anybody may read, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) struct Problem {
    status: StatusCode,
    title: &'static str,
    detail: String,
    faults: Vec<FaultBody>,
}

/// One thing that is wrong in what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::http) struct FaultBody {
    /// Where, such as `stages[0].title`.
    pub(in crate::http) place: String,
    /// A word for programs.
    pub(in crate::http) wrong: &'static str,
    /// What to do, for people.
    pub(in crate::http) detail: String,
}

impl Problem {
    pub(in crate::http) fn new(
        status: StatusCode,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            status,
            title,
            detail: detail.into(),
            faults: Vec::new(),
        }
    }

    /// The same, with everything that is wrong, place by place.
    pub(in crate::http) fn with(mut self, faults: Vec<FaultBody>) -> Self {
        self.faults = faults;
        self
    }

    pub(in crate::http) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "The request is not understood.",
            detail,
        )
    }

    pub(in crate::http) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Who are you?", detail)
    }

    pub(in crate::http) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "This is not for you.", detail)
    }

    pub(in crate::http) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is no such thing.", detail)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.title, self.detail)
    }
}

/// The largest JSON body; pages send little.
const JSON_MAX_BYTES: usize = 64 * 1024;

/// Queries and bodies that cannot be read are answered like everything else.
pub(in crate::http) fn extraction(config: &mut web::ServiceConfig) {
    let json = web::JsonConfig::default().limit(JSON_MAX_BYTES);
    config
        .app_data(web::QueryConfig::default().error_handler(|problem, _| unreadable(&problem)))
        .app_data(json.error_handler(|problem, _| unreadable(&problem)));
}

fn unreadable<E: ResponseError + 'static>(problem: &E) -> actix_web::Error {
    let (status, title) = (problem.status_code(), "The request is not understood.");
    Problem::new(status, title, problem.to_string()).into()
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[FaultBody]>::is_empty")]
    faults: &'a [FaultBody],
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let body = Body {
            r#type: "about:blank",
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            faults: &self.faults,
        };
        let mut response = HttpResponse::build(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header(("WWW-Authenticate", "Bearer"));
        }
        response
            .insert_header(("Content-Type", "application/problem+json"))
            .insert_header(("Cache-Control", "no-store"))
            .body(serde_json::to_vec(&body).unwrap_or_default())
    }
}

impl From<StoreError> for Problem {
    fn from(problem: StoreError) -> Self {
        tracing::error!(%problem, "The store could not answer a request.");
        let detail = "The store does not answer now; try again in a moment.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Not available.", detail)
    }
}

impl From<getrandom::Error> for Problem {
    fn from(problem: getrandom::Error) -> Self {
        tracing::error!(%problem, "The system gives no random numbers.");
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "Not available.", "No random numbers.")
    }
}

impl From<ApiError> for Problem {
    fn from(problem: ApiError) -> Self {
        tracing::warn!(%problem, "WeCom could not be asked for a page.");
        let detail = "WeCom does not answer as expected now; the service's log says more.";
        Self::new(StatusCode::BAD_GATEWAY, "WeCom does not answer.", detail)
    }
}
