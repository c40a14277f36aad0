//! For every failure: again, later, or never, and why. Pure.

use std::time::Duration;

use crate::act::error::ActError;
use crate::decide::input::Refusal;
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::webhook::error::WebhookError;
use crate::wecom::error::{ApiError, Retry};
use crate::weixin::error::WeixinError;

/// The first wait; it doubles with every attempt.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);

/// After so many attempts (about 8 hours) an item is given up until somebody replays it.
pub const ATTEMPTS_MAX: u32 = 26;

/// A fault of the configuration needs an administrator: asking again soon would only hammer WeCom.
const CONFIGURATION_WAIT: Duration = Duration::from_secs(10 * 60);

/// "No such customer" right after an event may mean "not yet": so many attempts are worth it (path/92114).
const CUSTOMER_ATTEMPTS: u32 = 3;

/// So many attempts are made against an error code that is not in the reference.
const UNKNOWN_ATTEMPTS: u32 = 4;

/// So long before its deadline a call is tried for the last time.
const LAST_TRY: Duration = Duration::from_secs(1);

/// What to do about an item that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Try again after this long.
    After(Duration),
    /// Give it up; it stays visible and can be replayed.
    Bury,
    /// Nothing is to be done about it: that is its result.
    Settle,
    /// It is in other hands.
    Leave,
}

/// Whether an item was only looked at: it waits for its time, and nothing was tried.
pub(in crate::worker) const fn is_no_attempt(error: &ActError) -> bool {
    matches!(
        error,
        ActError::Refused(Refusal::Later(_)) | ActError::Webhook(WebhookError::LeftAlone { .. })
    )
}

/// Judges the failure of attempt number `attempt` (from 1). `salt` spreads the waits of items that failed together.
pub fn verdict(error: &ActError, attempt: u32, salt: u64) -> Verdict {
    match error {
        ActError::Refused(Refusal::NotACustomer) if attempt < CUSTOMER_ATTEMPTS => {
            Verdict::After(wait(attempt + 1, salt))
        }
        // Commands are answered at once; no item of a queue ends so.
        ActError::Refused(Refusal::NotACustomer | Refusal::Rejected(_)) => Verdict::Settle,
        ActError::Refused(Refusal::TooEarly(wait)) => bounded(attempt, *wait),
        // No failure, however often it is looked at meanwhile.
        ActError::Refused(Refusal::Later(wait))
        | ActError::Webhook(WebhookError::LeftAlone { after: wait }) => Verdict::After(*wait),
        ActError::Store(StoreError::ClaimLost) => Verdict::Leave,
        ActError::Store(StoreError::Stale | StoreError::Unavailable(_) | StoreError::Full(_)) => {
            bounded(attempt, wait(attempt, salt))
        }
        ActError::Store(
            StoreError::Corrupt(_) | StoreError::InUse(_) | StoreError::Unusable(_),
        ) => Verdict::Bury,
        // A code that nobody documents may pass, or may not.
        ActError::Api(ApiError::Refused { .. }) | ActError::Weixin(WeixinError::Refused { .. })
            if attempt >= UNKNOWN_ATTEMPTS =>
        {
            Verdict::Bury
        }
        ActError::Webhook(error) => match error.wait(attempt) {
            Some(wait) => {
                let spread = spread(wait, attempt, salt);
                Verdict::After(spread.max(error.asked().unwrap_or_default()))
            }
            None => Verdict::Bury,
        },
        ActError::Api(error) => judged(error.retry(), attempt, salt),
        ActError::Weixin(error) => judged(error.retry(), attempt, salt),
    }
}

/// When an attempt that is due then can still be made: a last one a little before the deadline, rather than none.
pub(in crate::worker) fn in_time(
    due: Timestamp,
    deadline: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    match deadline {
        Some(deadline) if due >= deadline => {
            let last = deadline.minus(LAST_TRY);
            (now.plus(LAST_TRY / 2) < last).then_some(last)
        }
        _ => Some(due),
    }
}

fn judged(retry: Retry, attempt: u32, salt: u64) -> Verdict {
    match retry {
        Retry::Again { after } => {
            bounded(attempt, after.unwrap_or_default().max(wait(attempt, salt)))
        }
        Retry::Never => Verdict::Bury,
        Retry::Configuration => bounded(attempt, CONFIGURATION_WAIT.max(wait(attempt, salt))),
    }
}

fn bounded(attempt: u32, wait: Duration) -> Verdict {
    if attempt < ATTEMPTS_MAX {
        Verdict::After(wait)
    } else {
        Verdict::Bury
    }
}

/// Doubling waits.
fn wait(attempt: u32, salt: u64) -> Duration {
    let doubled = FIRST_WAIT
        .saturating_mul(1 << attempt.saturating_sub(1).min(16))
        .min(LONGEST_WAIT);
    spread(doubled, attempt, salt)
}

/// A wait, moved by up to a quarter either way.
fn spread(wait: Duration, attempt: u32, salt: u64) -> Duration {
    // A multiplicative hash spreads neighbouring salts over the whole range.
    let spread = salt
        .wrapping_add(u64::from(attempt))
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        >> 48;
    let quarter = wait.as_millis() as u64 / 4;
    let jitter = quarter * 2 * spread / u64::from(u16::MAX);
    Duration::from_millis(wait.as_millis() as u64 - quarter + jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> ActError {
        ApiError::Network {
            api: "externalcontact/get",
            what: "connection reset".into(),
        }
        .into()
    }

    fn seconds(verdict: Verdict) -> f64 {
        match verdict {
            Verdict::After(wait) => wait.as_secs_f64(),
            verdict @ (Verdict::Bury | Verdict::Settle | Verdict::Leave) => {
                panic!("{verdict:?} is no wait")
            }
        }
    }

    #[test]
    fn waits_double_within_a_quarter_and_end() {
        for (attempt, base) in [(1, 1.0), (2, 2.0), (5, 16.0), (12, 1800.0), (25, 1800.0)] {
            for salt in 0..200 {
                let wait = seconds(verdict(&network(), attempt, salt));
                assert!(
                    (base * 0.749..=base * 1.251).contains(&wait),
                    "attempt {attempt}: {wait} s"
                );
            }
        }
        assert_eq!(verdict(&network(), ATTEMPTS_MAX, 1), Verdict::Bury);
    }

    #[test]
    fn a_call_is_tried_once_more_just_before_its_deadline() {
        let now = Timestamp::from_secs(1_790_000_000);
        let after = |millis| now.plus(Duration::from_millis(millis));
        for (due, deadline, expected) in [
            (4_000, None, Some(4_000)),
            (4_000, Some(4_001), Some(4_000)),
            (4_000, Some(4_000), Some(3_000)),
            (4_000, Some(1_501), Some(501)),
            (4_000, Some(1_500), None),
            (4_000, Some(0), None),
        ] {
            let tried = in_time(after(due), deadline.map(after), now);
            assert_eq!(tried, expected.map(after), "{due}, {deadline:?}");
        }
    }

    #[test]
    fn items_that_fail_together_come_back_apart() {
        let mut waits: Vec<_> = (0..64)
            .map(|salt| seconds(verdict(&network(), 8, salt)) as u64)
            .collect();
        waits.sort_unstable();
        waits.dedup();
        assert!(waits.len() > 20, "{} different waits", waits.len());
        // 128 s, and up to a quarter either way.
        assert!(waits[0] < 102 && waits[waits.len() - 1] > 154, "{waits:?}");
    }

    #[test]
    fn no_system_is_told_again_before_the_time_that_it_asks_for() {
        for (asked, least) in [(None, 3.75), (Some(4), 4.0), (Some(60), 60.0)] {
            let after = asked.map(Duration::from_secs);
            let busy = ActError::Webhook(WebhookError::Refused { status: 503, after });
            for salt in 0..200 {
                let wait = seconds(verdict(&busy, 1, salt));
                assert!(wait >= least, "{asked:?}: {wait} s");
            }
        }
    }

    #[test]
    fn each_failure_has_its_verdict() {
        let refused = |errcode| {
            ActError::Api(ApiError::Refused {
                api: "x",
                errcode,
                errmsg: String::new(),
            })
        };
        let limited = ActError::Api(ApiError::RateLimited {
            api: "x",
            after: Duration::from_secs(60),
        });
        let misconfigured = ActError::Api(ApiError::Misconfigured {
            errcode: Some(60020),
            what: String::new(),
        });
        assert!(seconds(verdict(&limited, 1, 7)) >= 60.0);
        assert!(seconds(verdict(&misconfigured, 1, 7)) >= 600.0);
        assert_eq!(verdict(&limited, ATTEMPTS_MAX, 7), Verdict::Bury);
        assert!(matches!(
            verdict(&refused(123_456), 1, 7),
            Verdict::After(_)
        ));
        assert_eq!(verdict(&refused(123_456), 4, 7), Verdict::Bury);
        assert_eq!(verdict(&refused(40058), 1, 7), Verdict::Bury);
        for (attempt, base) in [(1, 2.0), (2, 4.0)] {
            let wait = seconds(verdict(&Refusal::NotACustomer.into(), attempt, 7));
            assert!((base * 0.749..=base * 1.251).contains(&wait), "{wait} s");
        }
        assert_eq!(
            verdict(&Refusal::NotACustomer.into(), 3, 7),
            Verdict::Settle
        );
        let early = ActError::Refused(Refusal::TooEarly(Duration::from_secs(3)));
        assert_eq!(
            verdict(&early, 1, 7),
            Verdict::After(Duration::from_secs(3))
        );
        assert_eq!(verdict(&early, ATTEMPTS_MAX, 7), Verdict::Bury);
        let later = ActError::Refused(Refusal::Later(Duration::from_secs(300)));
        assert_eq!(
            verdict(&later, ATTEMPTS_MAX + 1, 7),
            Verdict::After(Duration::from_secs(300))
        );
        let left_alone = ActError::Webhook(WebhookError::LeftAlone {
            after: Duration::from_secs(300),
        });
        assert_eq!(
            verdict(&left_alone, ATTEMPTS_MAX + 1, 7),
            Verdict::After(Duration::from_secs(300))
        );
        assert_eq!(verdict(&StoreError::ClaimLost.into(), 1, 7), Verdict::Leave);
        assert!(matches!(
            verdict(&StoreError::Stale.into(), 1, 7),
            Verdict::After(_)
        ));
        assert_eq!(
            verdict(&StoreError::Corrupt(String::new()).into(), 1, 7),
            Verdict::Bury
        );
    }
}
