//! A token bucket per API: take one, or learn how long to wait (path/90312).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::model::time::Timestamp;

/// How fast an API may be called.
#[derive(Debug, Clone, Copy)]
pub(in crate::wecom) struct Rate {
    /// How many calls may come at once.
    burst: u32,
    /// How many calls an hour are given back.
    per_hour: u32,
    /// How long WeCom blocks the API once its limit is exceeded.
    pub(in crate::wecom) window: Duration,
}

/// 10,000 a minute and 150,000 an hour for one corp and one API; one bucket stays below both: a minute sees at most
/// 5,000 + 2,250 calls, an hour at most 5,000 + 135,000.
pub(in crate::wecom) const BASE: Rate = Rate {
    burst: 5_000,
    per_hour: 135_000,
    window: Duration::from_secs(60),
};

/// What syncs may take of an API: half, so that what happens now finds the other half.
pub(in crate::wecom) const SYNC: Rate = Rate {
    burst: 2_500,
    per_hour: 67_500,
    window: Duration::from_secs(60),
};

/// The same for groups of twenty calls, which are made together or not at all.
pub(in crate::wecom) const SYNC_GROUPS: Rate = Rate {
    burst: 125,
    per_hour: 3_375,
    window: Duration::from_secs(60),
};

/// 100 an hour for an app, both kinds of ticket together.
pub(in crate::wecom) const TICKETS: Rate = Rate {
    burst: 10,
    per_hour: 90,
    window: Duration::from_secs(3600),
};

/// Messages of an app to one member: 30 a minute and 1000 an hour. WeCom drops what exceeds this without an error.
pub(in crate::wecom) const TO_ONE_MEMBER: Rate = Rate {
    burst: 15,
    per_hour: 900,
    window: Duration::from_secs(60),
};

/// Above this number full buckets are thrown away.
const BUCKETS_MAX: usize = 4096;

/// The buckets of one corp.
#[derive(Debug, Default)]
pub(in crate::wecom) struct Limits(Mutex<HashMap<String, Bucket>>);

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// When the bucket will be full again, in microseconds since 1970.
    full_at: i64,
    /// WeCom said 45009: when, and for how long.
    paused: Option<(Timestamp, Duration)>,
}

impl Limits {
    /// Takes one call out of the bucket `name`.
    ///
    /// # Errors
    /// How long to wait when the bucket is empty or the API is paused.
    pub(in crate::wecom) fn take(
        &self,
        name: &str,
        rate: Rate,
        now: Timestamp,
    ) -> Result<(), Duration> {
        // A bucket is a plain number; a panic elsewhere cannot leave it half written.
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX {
            let empty_since = now.millis().saturating_mul(1000);
            buckets.retain(|_, bucket| bucket.full_at > empty_since || bucket.paused.is_some());
        }
        let bucket = buckets.entry(name.to_owned()).or_insert(Bucket {
            full_at: 0,
            paused: None,
        });
        bucket.take(rate, now)
    }

    /// WeCom says that the limit is exceeded: no call until its window has passed.
    pub(in crate::wecom) fn pause(&self, name: &str, window: Duration, now: Timestamp) {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get_mut(name) {
            bucket.paused = Some((now, window));
        }
    }
}

impl Bucket {
    fn take(&mut self, rate: Rate, now: Timestamp) -> Result<(), Duration> {
        if let Some((since, window)) = self.paused {
            let waited = now.since(since);
            // A clock that was set back must not make the pause longer than its window.
            if now >= since && waited < window {
                return Err(window - waited);
            }
            self.paused = None;
        }
        let now = now.millis().saturating_mul(1000);
        let one = 3_600_000_000 / i64::from(rate.per_hour);
        let whole = one * i64::from(rate.burst);
        let full_at = self.full_at.clamp(now, now.saturating_add(whole));
        let wait = full_at
            .saturating_add(one)
            .saturating_sub(now.saturating_add(whole));
        if wait > 0 {
            return Err(Duration::from_micros(wait.unsigned_abs()));
        }
        self.full_at = full_at.saturating_add(one);
        Ok(())
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
        assert_eq!(limits.take("b", TICKETS, NOW), Ok(()));
    }

    #[test]
    fn a_pause_ends_with_its_window() {
        let limits = Limits::default();
        limits.take("a", BASE, NOW).unwrap();
        limits.pause("a", BASE.window, NOW);
        let at = |secs| NOW.plus(Duration::from_secs(secs));
        assert_eq!(limits.take("a", BASE, at(20)), Err(Duration::from_secs(40)));
        assert_eq!(limits.take("a", BASE, at(60)), Ok(()));
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
