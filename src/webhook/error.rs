//! Why a message to one of the company's systems was not taken. The words hold no address: a part of it may be secret.

use std::time::Duration;

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The settings name no such system any more.
    #[error("no [[corp.webhook]] of this name is configured")]
    NotConfigured,
    /// Its address is a private one, and the settings do not allow that.
    #[error(
        "its address is private or not https; `allow_private = true` in its [[corp.webhook]] allows that"
    )]
    Private,
    /// No answer, or none in time. The message may have arrived.
    #[error("{0}")]
    Network(String),
    /// It answered, and did not take the message.
    #[error("answered with HTTP status {status}")]
    Refused {
        /// The status.
        status: u16,
        /// How long it asks to be left alone.
        after: Option<Duration>,
    },
    /// It has asked to be left alone (`Retry-After`), and this message was not sent.
    #[error("it has asked to be left alone for a while")]
    LeftAlone {
        /// For how long yet.
        after: Duration,
    },
    /// It answered that it wants no more messages (410).
    #[error("answered that it is gone (410)")]
    Gone,
    /// No client for HTTPS can be made on this machine.
    #[error("{0}")]
    Unusable(String),
}

/// The waits between the attempts: some twenty-five hours in all, as Standard Webhooks advise.
const WAITS: [Duration; 11] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(60 * 60),
    Duration::from_secs(2 * 60 * 60),
    Duration::from_secs(3 * 60 * 60),
    Duration::from_secs(5 * 60 * 60),
    Duration::from_secs(6 * 60 * 60),
    Duration::from_secs(7 * 60 * 60),
];

impl WebhookError {
    /// How long to wait after attempt number `attempt` (from 1) failed so; `None` when there is no use in another.
    pub fn wait(&self, attempt: u32) -> Option<Duration> {
        let place = usize::try_from(attempt.saturating_sub(1)).ok()?;
        let wait = *WAITS.get(place)?;
        match self {
            Self::NotConfigured | Self::Gone => None,
            Self::Refused { .. }
            | Self::LeftAlone { .. }
            | Self::Private
            | Self::Network(_)
            | Self::Unusable(_) => Some(wait),
        }
    }

    /// How long the system asks to be left alone, whatever the attempt.
    pub const fn asked(&self) -> Option<Duration> {
        match self {
            Self::Refused { after, .. } => *after,
            Self::LeftAlone { after } => Some(*after),
            Self::NotConfigured
            | Self::Private
            | Self::Network(_)
            | Self::Gone
            | Self::Unusable(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_end_after_a_day() {
        let away = WebhookError::Network("no answer in time".into());
        let waits: Vec<Duration> = (1..).map_while(|attempt| away.wait(attempt)).collect();
        assert!(waits.is_sorted() && waits.len() == WAITS.len());
        let hours = waits.iter().sum::<Duration>().as_secs() / 3600;
        assert!((24..=26).contains(&hours), "{hours}");
        assert_eq!(away.wait(0), away.wait(1));
    }

    #[test]
    fn nobody_is_told_again_who_wants_nothing() {
        assert_eq!(WebhookError::Gone.wait(1), None);
        assert_eq!(WebhookError::NotConfigured.wait(1), None);
    }
}
