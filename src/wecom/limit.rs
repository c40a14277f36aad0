//! How often each API may be called (path/90312), and what is known here of what is left.
//!
//! A call takes a permit out of a bucket of this process and, where processes share, out of the bucket of all. The own
//! one tells when to wait without asking anybody, and stands alone while the others cannot be reached.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::rate::{self, Bucket, Taken};
use crate::model::time::Timestamp;
use crate::wecom::portion::{Permit, Portion};

/// How fast an API may be called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// How many calls at once, how many in an hour.
    pub(crate) budget: rate::Rate,
    /// How many shared permits may be taken ahead.
    pub(crate) portion: u32,
    /// How long WeCom blocks the API once its limit is exceeded.
    pub(crate) window: Duration,
}

/// 10,000 a minute and 150,000 an hour for one corp and one API; one bucket stays below both: a minute sees at most
/// 5,000 + 2,250 calls, an hour at most 5,000 + 135,000.
pub(in crate::wecom) const BASE: Rate = Rate {
    budget: rate::Rate {
        burst: 5_000,
        per_hour: 135_000,
    },
    portion: 20,
    window: Duration::from_secs(60),
};

/// What syncs may take of an API: half, so that what happens now finds the other half.
pub(in crate::wecom) const SYNC: Rate = Rate {
    budget: rate::Rate {
        burst: 2_500,
        per_hour: 67_500,
    },
    portion: 20,
    window: Duration::from_secs(60),
};

/// The same for groups of twenty calls, which are made together or not at all.
pub(in crate::wecom) const SYNC_GROUPS: Rate = Rate {
    budget: rate::Rate {
        burst: 125,
        per_hour: 3_375,
    },
    portion: 1,
    window: Duration::from_secs(60),
};

/// 100 an hour for an app, both kinds of ticket together.
pub(in crate::wecom) const TICKETS: Rate = Rate {
    budget: rate::Rate {
        burst: 10,
        per_hour: 90,
    },
    portion: 1,
    window: HOUR,
};

/// Messages of an app to one member: 30 a minute and 1000 an hour. WeCom drops what exceeds this without an error.
pub(in crate::wecom) const TO_ONE_MEMBER: Rate = Rate {
    budget: rate::Rate {
        burst: 15,
        per_hour: 900,
    },
    portion: 1,
    window: Duration::from_secs(60),
};

/// Tokens fetched because WeCom refused the one that was held, for all calls and processes together (own choice). A
/// token that is refused again and again must not use up `gettoken`.
pub(crate) const FORCED_TOKENS: Rate = Rate {
    budget: rate::Rate {
        burst: 10,
        per_hour: 60,
    },
    portion: 1,
    window: Duration::from_secs(60),
};

/// The longer of the two windows of most limits.
const HOUR: Duration = Duration::from_secs(3600);

/// Above this number full buckets are thrown away.
const BUCKETS_MAX: usize = 4096;

/// The buckets of one corp in this process.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<HashMap<String, Own>>);

#[derive(Debug, Default)]
struct Own {
    bucket: Bucket,
    portion: Portion,
    refused: Option<Refused>,
}

/// WeCom said 45009: when first, until when nothing is called, and how many pauses in a row that makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Refused {
    first: Timestamp,
    until: Timestamp,
    pauses: u32,
}

/// After so many pauses in a row, what is used up is the hour's limit.
const MINUTES: u32 = 2;

impl Limits {
    /// Takes one call out of the bucket `name`. What it answers says whether all processes' bucket has to be asked too.
    ///
    /// # Errors
    /// How long to wait when the bucket is empty or the API is paused.
    pub(crate) fn take(&self, name: &str, rate: Rate, now: Timestamp) -> Result<Permit, Duration> {
        let mut buckets = self.lock();
        if buckets.len() >= BUCKETS_MAX {
            buckets.retain(|_, own| !own.bucket.is_full(now));
        }
        let own = buckets.entry(name.to_owned()).or_default();
        let taken = own.bucket.take(rate.budget, 1, now);
        if taken.granted == 0 {
            return Err(taken.wait);
        }
        Ok(own.portion.permit(rate.portion, now))
    }

    /// Takes in what came out of all processes' bucket.
    ///
    /// # Errors
    /// How long to wait when that was nothing.
    pub(crate) fn receive(&self, name: &str, taken: Taken, now: Timestamp) -> Result<(), Duration> {
        let mut buckets = self.lock();
        let own = buckets.entry(name.to_owned()).or_default();
        if taken.granted == 0 {
            own.bucket.pause(taken.wait, now);
            return Err(taken.wait);
        }
        own.portion.fill(taken.granted, now);
        Ok(())
    }

    /// WeCom says that the limit is exceeded: no call until its window has passed. Tells how long that is.
    pub(crate) fn pause(&self, name: &str, window: Duration, now: Timestamp) -> Duration {
        let mut buckets = self.lock();
        let own = buckets.entry(name.to_owned()).or_default();
        let refused = refused(own.refused, window, now);
        let length = refused.until.since(now);
        own.refused = Some(refused);
        own.portion.forfeit();
        own.bucket.pause(length, now);
        length
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Own>> {
        // Numbers are whole at every moment; a panic elsewhere cannot leave one half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until when an API is blocked. WeCom does not say which of its limits was exceeded: the minute's, unless it goes on
/// refusing right after such pauses. A block is as long as its window and begins with the first refusal.
fn refused(before: Option<Refused>, window: Duration, now: Timestamp) -> Refused {
    let anew = Refused {
        first: now,
        until: now.plus(window),
        pauses: 1,
    };
    let Some(before) = before.filter(|before| before.first <= now) else {
        return anew;
    };
    if now < before.until {
        return before;
    }
    if now.since(before.until) >= window {
        return anew;
    }
    let hour = before.first.plus(HOUR);
    let until = match before.pauses >= MINUTES && now < hour {
        true => hour,
        false => now.plus(window),
    };
    Refused {
        first: before.first,
        until,
        pauses: before.pauses.saturating_add(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    /// How many calls get through at `now`.
    fn drain(limits: &Limits, name: &str, rate: Rate, now: Timestamp) -> usize {
        std::iter::repeat_with(|| limits.take(name, rate, now))
            .take_while(Result::is_ok)
            .count()
    }

    #[test]
    fn a_bucket_gives_its_burst_and_fills_again() {
        let limits = Limits::default();
        assert_eq!(drain(&limits, "a", TO_ONE_MEMBER, NOW), 15);
        let wait = limits.take("a", TO_ONE_MEMBER, NOW).unwrap_err();
        assert_eq!(wait, Duration::from_secs(4));
        assert_eq!(drain(&limits, "a", TO_ONE_MEMBER, NOW.plus(wait)), 1);
        let hour_later = NOW.plus(Duration::from_secs(3600));
        assert_eq!(drain(&limits, "a", TO_ONE_MEMBER, hour_later), 15);
    }

    #[test]
    fn no_window_sees_more_than_wecom_allows() {
        for (rate, minute, hour) in [
            (BASE, 10_000, 150_000),
            (TICKETS, 100, 100),
            (TO_ONE_MEMBER, 30, 1000),
        ] {
            let limits = Limits::default();
            let (mut first_minute, mut first_hour) = (0, 0);
            for second in 0..3600 {
                let at = NOW.plus(Duration::from_secs(second));
                let taken = drain(&limits, "a", rate, at);
                first_hour += taken;
                if second < 60 {
                    first_minute += taken;
                }
            }
            assert!(
                first_minute <= minute && first_hour <= hour,
                "{first_minute} {first_hour}"
            );
            assert!(first_hour * 10 >= hour * 9, "{first_hour}");
        }
    }

    #[test]
    fn buckets_are_apart() {
        let limits = Limits::default();
        drain(&limits, "a", TICKETS, NOW);
        assert!(limits.take("b", TICKETS, NOW).is_ok());
    }

    #[test]
    fn a_pause_ends_with_its_window() {
        let limits = Limits::default();
        limits.take("a", BASE, NOW).unwrap();
        limits.pause("a", BASE.window, NOW);
        let at = |secs| NOW.plus(Duration::from_secs(secs));
        assert_eq!(limits.take("a", BASE, at(20)), Err(Duration::from_secs(40)));
        assert!(limits.take("a", BASE, at(60)).is_ok());
    }

    #[test]
    fn refusals_after_pauses_are_the_hours() {
        let minute = BASE.window;
        for (refusals, until) in [
            (&[0][..], 60),
            (&[0, 1, 59], 60),
            (&[0, 60], 120),
            (&[0, 60, 119], 120),
            (&[0, 60, 120], 3600),
            (&[0, 119, 238], 3600),
            (&[0, 120], 180),
            (&[0, 60, 180], 240),
            (&[0, 60, 120, 3600], 3660),
            (&[86_400, 0], 60),
        ] {
            let mut before = None;
            for secs in refusals {
                let now = NOW.plus(Duration::from_secs(*secs));
                before = Some(refused(before, minute, now));
            }
            let expected = NOW.plus(Duration::from_secs(until));
            assert_eq!(before.unwrap().until, expected, "{refusals:?}");
        }
    }

    #[test]
    fn what_all_have_left_counts_as_well() {
        let limits = Limits::default();
        let wait = Duration::from_secs(30);
        assert_eq!(limits.take("a", BASE, NOW), Ok(Permit::Ask(1)));
        let nothing = Taken { granted: 0, wait };
        assert_eq!(limits.receive("a", nothing, NOW), Err(wait));
        let later = NOW.plus(Duration::from_secs(10));
        assert_eq!(
            limits.take("a", BASE, later),
            Err(wait - (later.since(NOW)))
        );
        let later = NOW.plus(wait);
        assert_eq!(limits.take("a", BASE, later), Ok(Permit::Ask(1)));
        let granted = Taken {
            granted: 2,
            wait: Duration::ZERO,
        };
        assert_eq!(limits.receive("a", granted, later), Ok(()));
        assert_eq!(limits.take("a", BASE, later), Ok(Permit::Ready));
        limits.receive("a", granted, later).unwrap();
        limits.pause("a", BASE.window, later);
        let after = later.plus(BASE.window);
        assert_eq!(limits.take("a", BASE, after), Ok(Permit::Ask(1)));
    }

    #[test]
    fn a_clock_set_back_stops_nothing() {
        let limits = Limits::default();
        drain(&limits, "a", TICKETS, NOW);
        limits.pause("a", TICKETS.window, NOW);
        let day_before = NOW.minus(Duration::from_secs(86_400));
        let wait = limits.take("a", TICKETS, day_before).unwrap_err();
        assert_eq!(wait, Duration::from_secs(40));
    }

    #[test]
    fn full_buckets_are_thrown_away() {
        let limits = Limits::default();
        for n in 0..BUCKETS_MAX {
            limits.take(&n.to_string(), TO_ONE_MEMBER, NOW).unwrap();
        }
        let later = NOW.plus(Duration::from_secs(60));
        limits.take("x", TO_ONE_MEMBER, later).unwrap();
        assert_eq!(limits.0.lock().unwrap().len(), 1);
    }
}
