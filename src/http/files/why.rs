//! Why a file is not taken in, as a status and as words.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use crate::act::error::ActError;
use crate::decide::input::Refusal;
use crate::decide::rejection::Rejection;
use crate::files::error::FilesError;
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::http::files::words::{Words, size};
use crate::http::page::notice;
use crate::store::error::StoreError;

/// Why a file is not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Why {
    /// 503: there is no place for files.
    Off,
    /// 403: another site sends this, or the form is of an earlier session.
    Foreign,
    /// 404: there is no such item for whoever asks.
    Missing,
    /// 409: the item is closed.
    Closed,
    /// 413: more bytes than these.
    TooLarge(u64),
    /// 415.
    WrongType,
    /// 422: a picture of too many pixels.
    TooManyPixels,
    /// 422: no bytes.
    Empty,
    /// 408: it did not come to its end.
    BrokenOff,
    /// 429: not before this time is over.
    TooFast(Duration),
    /// 413: too many files at once.
    TooMany,
    /// 400: no form with files.
    Malformed,
    /// 503: the store or the place for files does not answer.
    Unavailable,
}

impl Why {
    /// About a file; the largest may have so many bytes.
    pub(in crate::http::files) fn of_file(problem: &FilesError, max_bytes: u64) -> Self {
        match problem {
            FilesError::TooLarge => Self::TooLarge(max_bytes),
            FilesError::WrongType => Self::WrongType,
            FilesError::TooManyPixels => Self::TooManyPixels,
            FilesError::Empty => Self::Empty,
            FilesError::BrokenOff => Self::BrokenOff,
            FilesError::Unavailable(_) => {
                tracing::error!(%problem, "An attachment could not be kept.");
                Self::Unavailable
            }
        }
    }

    /// About a command.
    pub(in crate::http::files) fn of_command(problem: &ActError) -> Self {
        match problem {
            ActError::Refused(Refusal::Rejected(Rejection::Closed)) => Self::Closed,
            ActError::Refused(_) => Self::Missing,
            ActError::Store(_) | ActError::Api(_) | ActError::Weixin(_) | ActError::Webhook(_) => {
                tracing::error!(%problem, "An attachment could not be recorded.");
                Self::Unavailable
            }
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Off | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Foreign => StatusCode::FORBIDDEN,
            Self::Missing => StatusCode::NOT_FOUND,
            Self::Closed => StatusCode::CONFLICT,
            Self::TooLarge(_) | Self::TooMany => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyPixels | Self::Empty => StatusCode::UNPROCESSABLE_ENTITY,
            Self::BrokenOff => StatusCode::REQUEST_TIMEOUT,
            Self::TooFast(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Malformed => StatusCode::BAD_REQUEST,
        }
    }

    /// What to tell whoever uploads.
    pub(in crate::http) fn text(self, words: &Words) -> String {
        let text = match self {
            Self::TooLarge(max_bytes) => return format!("{} {}", words.large, size(max_bytes)),
            Self::Off => words.off,
            Self::Foreign => words.foreign,
            Self::Missing => words.missing,
            Self::Closed => words.closed,
            Self::WrongType => words.wrong_type,
            Self::TooManyPixels => words.pixels,
            Self::Empty => words.empty,
            Self::BrokenOff => words.broken_off,
            Self::TooFast(_) => words.fast,
            Self::TooMany => words.many,
            Self::Malformed => words.malformed,
            Self::Unavailable => words.unavailable,
        };
        text.to_owned()
    }

    /// The answer: problem details for a script, a page for a person.
    pub(in crate::http::files) fn answer(
        self,
        request: &HttpRequest,
        doors: &Doors,
    ) -> HttpResponse {
        let words = Words::for_reader(request);
        let text = self.text(words);
        let mut response = if wants_json(request) {
            let title = "The file was not taken in.";
            Problem::new(self.status(), title, text).error_response()
        } else {
            notice(doors, self.status(), words.title, &text)
        };
        if let Self::TooFast(wait) = self {
            let seconds = wait.as_secs().max(1).into();
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        response
    }
}

impl From<StoreError> for Why {
    fn from(problem: StoreError) -> Self {
        tracing::error!(%problem, "The store could not answer an upload.");
        Self::Unavailable
    }
}

/// Whether a script asks.
pub(in crate::http::files) fn wants_json(request: &HttpRequest) -> bool {
    let accept = request.headers().get("Accept");
    let accept = accept.and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/json"))
}
