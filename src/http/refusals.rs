//! Refused callbacks: a bland answer outside, the exact cause in the log, and a log that a flood cannot fill.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use crate::callback::error::CallbackError;
use crate::model::delivery::Delivery;
use crate::model::ids::ReceiverName;
use crate::model::time::Timestamp;

/// So many refusals a second are logged one by one; the rest is counted.
const LOGGED_A_SECOND: u64 = 10;

/// Why a callback is refused, as far as the sender may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Refused {
    /// 400: not a callback.
    Malformed,
    /// 403: signature, ciphertext or receive id are wrong.
    Forbidden,
    /// 404: no such receiver.
    NotFound,
    /// 408: the body did not arrive.
    TooSlow,
    /// 413: more than a callback ever has.
    TooLarge,
    /// 503: it cannot be stored now, or too many long ones are under way; send it again.
    NotStored,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotStored => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// Why a callback is refused, as figures tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Cause {
    /// Query or envelope are not what WeCom sends, or the body broke off.
    Malformed,
    /// The signature is wrong.
    Signature,
    /// The ciphertext cannot be read.
    Decrypt,
    /// It is for another receive id.
    ReceiveId,
    /// There is no such receiver.
    UnknownReceiver,
    /// The body did not arrive in time.
    TooSlow,
    /// The body is too large.
    TooLarge,
    /// Too many long bodies are under way.
    Crowded,
    /// It cannot be stored now.
    NotStored,
}

impl Cause {
    /// All of them.
    pub(in crate::http) const ALL: [Self; 9] = [
        Self::Malformed,
        Self::Signature,
        Self::Decrypt,
        Self::ReceiveId,
        Self::UnknownReceiver,
        Self::TooSlow,
        Self::TooLarge,
        Self::Crowded,
        Self::NotStored,
    ];

    /// Its name, as a metric has it.
    pub(in crate::http) const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Signature => "signature",
            Self::Decrypt => "decrypt",
            Self::ReceiveId => "receive_id",
            Self::UnknownReceiver => "unknown_receiver",
            Self::TooSlow => "too_slow",
            Self::TooLarge => "too_large",
            Self::Crowded => "crowded",
            Self::NotStored => "not_stored",
        }
    }

    const fn of(problem: CallbackError) -> Self {
        match problem {
            CallbackError::Malformed(_) | CallbackError::Envelope(_) => Self::Malformed,
            CallbackError::Signature => Self::Signature,
            CallbackError::Base64 | CallbackError::Decrypt | CallbackError::Buffer => Self::Decrypt,
            CallbackError::ReceiveId => Self::ReceiveId,
        }
    }

    /// What the sender may know of it.
    const fn refused(self) -> Refused {
        match self {
            Self::Malformed => Refused::Malformed,
            Self::Signature | Self::Decrypt | Self::ReceiveId => Refused::Forbidden,
            Self::UnknownReceiver => Refused::NotFound,
            Self::TooSlow => Refused::TooSlow,
            Self::TooLarge => Refused::TooLarge,
            Self::Crowded | Self::NotStored => Refused::NotStored,
        }
    }
}

/// Counts and logs refusals.
#[derive(Debug, Default)]
pub struct Refusals {
    counts: [AtomicU64; Cause::ALL.len()],
    second: AtomicI64,
    in_second: AtomicU64,
    unlogged: AtomicU64,
}

impl Refusals {
    /// A callback that is malformed or not WeCom's.
    pub(in crate::http) fn callback(
        &self,
        receiver: &ReceiverName,
        problem: CallbackError,
        now: Timestamp,
    ) -> Refused {
        if let Some(unlogged) = self.log_now(now) {
            let code = problem.code();
            tracing::warn!(%receiver, code, %problem, unlogged, "A callback was refused.");
        }
        self.counted(Cause::of(problem))
    }

    /// A callback that is refused before anything of it was read, for a cause that is only counted.
    pub(in crate::http) fn counted(&self, cause: Cause) -> Refused {
        self.counts[cause as usize].fetch_add(1, Ordering::Relaxed);
        cause.refused()
    }

    /// How many were refused for this cause.
    pub(in crate::http) fn of(&self, cause: Cause) -> u64 {
        self.counts[cause as usize].load(Ordering::Relaxed)
    }

    /// An event that cannot be stored.
    pub(in crate::http) fn store(
        &self,
        delivery: &Delivery,
        problem: &str,
        now: Timestamp,
    ) -> Refused {
        if let Some(unlogged) = self.log_now(now) {
            let Delivery { receiver, kind, .. } = delivery;
            tracing::error!(%receiver, %kind, problem, unlogged, "An event could not be stored; WeCom will send it again.");
        }
        self.counted(Cause::NotStored)
    }

    /// Whether this one is logged; then how many were not since the last one that was.
    fn log_now(&self, now: Timestamp) -> Option<u64> {
        if self.second.swap(now.secs(), Ordering::Relaxed) != now.secs() {
            self.in_second.store(0, Ordering::Relaxed);
        }
        if self.in_second.fetch_add(1, Ordering::Relaxed) < LOGGED_A_SECOND {
            return Some(self.unlogged.swap(0, Ordering::Relaxed));
        }
        self.unlogged.fetch_add(1, Ordering::Relaxed);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_rather_than_logged() {
        let refusals = Refusals::default();
        let logged = (0..100)
            .filter(|_| refusals.log_now(Timestamp::from_secs(1)).is_some())
            .count();
        assert_eq!(logged, 10);
        assert_eq!(refusals.log_now(Timestamp::from_secs(2)), Some(90));
    }

    #[test]
    fn a_refusal_is_counted_by_its_cause_and_told_by_a_class() {
        let name = ReceiverName::parse("app").unwrap();
        for (problem, cause) in [
            (CallbackError::Malformed("x"), Cause::Malformed),
            (CallbackError::Envelope("x"), Cause::Malformed),
            (CallbackError::Signature, Cause::Signature),
            (CallbackError::Base64, Cause::Decrypt),
            (CallbackError::Decrypt, Cause::Decrypt),
            (CallbackError::Buffer, Cause::Decrypt),
            (CallbackError::ReceiveId, Cause::ReceiveId),
        ] {
            let refusals = Refusals::default();
            let refused = refusals.callback(&name, problem, Timestamp::from_secs(1));
            assert_eq!(problem.is_malformed(), refused == Refused::Malformed);
            for other in Cause::ALL {
                assert_eq!(refusals.of(other), u64::from(other == cause), "{problem}");
            }
        }
    }
}
