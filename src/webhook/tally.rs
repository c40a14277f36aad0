//! What came of the messages to one system, counted for whoever shows figures.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::webhook::error::WebhookError;

/// What came of an attempt to tell a system something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It took the message.
    Taken,
    /// It answered, and did not take it.
    Refused,
    /// There was no answer.
    Network,
    /// Nothing was sent: its address is not allowed, or it wants to be left alone.
    NotSent,
}

/// How often each happened since the start.
#[derive(Debug, Default)]
pub struct Tally([AtomicU64; Told::ALL.len()]);

impl Told {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Taken, Self::Refused, Self::Network, Self::NotSent];

    /// Its name, as a metric would have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::Network => "network",
            Self::NotSent => "not_sent",
        }
    }

    pub(in crate::webhook) const fn of(result: &Result<(), WebhookError>) -> Self {
        match result {
            Ok(()) => Self::Taken,
            Err(WebhookError::Refused { .. } | WebhookError::Gone) => Self::Refused,
            Err(WebhookError::Network(_)) => Self::Network,
            Err(
                WebhookError::NotConfigured
                | WebhookError::Private
                | WebhookError::LeftAlone { .. }
                | WebhookError::Unusable(_),
            ) => Self::NotSent,
        }
    }
}

impl Tally {
    /// How often this came of an attempt.
    pub fn of(&self, told: Told) -> u64 {
        self.0[told as usize].load(Ordering::Relaxed)
    }

    pub(in crate::webhook) fn count(&self, told: Told) {
        self.0[told as usize].fetch_add(1, Ordering::Relaxed);
    }
}
