//! A bucket of permits: how fast something may be done, and how long to wait when nothing is left.

use std::time::Duration;

use crate::model::time::Timestamp;

/// How fast something may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many permits a full bucket holds.
    pub burst: u32,
    /// How many an hour are given back, evenly; not zero.
    pub per_hour: u32,
}

/// What came out of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// How many permits; never more than asked for.
    pub granted: u32,
    /// When none was granted: when it is worth asking again.
    pub wait: Duration,
}

/// Processes that share buckets may have clocks that differ by this much.
pub const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

/// A bucket. A new one is full.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bucket {
    /// When it will be full again, in microseconds since 1970.
    full_at: i64,
    /// Nothing is given out from the first to the second.
    paused: Option<(Timestamp, Timestamp)>,
}

impl Rate {
    /// How long until one permit comes back, in microseconds.
    pub const fn one_micros(self) -> i64 {
        // A rate of zero would be a division by zero.
        3_600_000_000 / (if self.per_hour == 0 { 1 } else { self.per_hour }) as i64
    }

    /// How long until an empty bucket is full, in microseconds.
    pub const fn whole_micros(self) -> i64 {
        self.one_micros() * self.burst as i64
    }
}

impl Bucket {
    /// Takes up to `want` permits.
    pub fn take(&mut self, rate: Rate, want: u32, now: Timestamp) -> Taken {
        if let Some((since, until)) = self.paused {
            // A clock that was set back must not make a pause longer.
            if now.plus(CLOCKS_DIFFER) >= since && now < until {
                let wait = until.since(now);
                return Taken { granted: 0, wait };
            }
            self.paused = None;
        }
        let now = now.millis().saturating_mul(1000);
        let (one, whole) = (rate.one_micros(), rate.whole_micros());
        let empty = now.saturating_add(whole);
        // What a wrong clock wrote is put right also when nothing is granted.
        let full_at = self.full_at.clamp(now, empty);
        let free = u32::try_from((empty - full_at) / one).unwrap_or(u32::MAX);
        let granted = want.min(free);
        self.full_at = full_at.saturating_add(one * i64::from(granted));
        let wait = match granted {
            0 => Duration::from_micros((full_at.saturating_add(one) - empty).unsigned_abs()),
            _ => Duration::ZERO,
        };
        Taken { granted, wait }
    }

    /// Gives nothing out for this long. A pause that ends later stays.
    pub fn pause(&mut self, length: Duration, now: Timestamp) {
        let until = now.plus(length);
        let later = |(since, end): &(Timestamp, Timestamp)| *since <= now && *end > until;
        if !self.paused.as_ref().is_some_and(later) {
            self.paused = Some((now, until));
        }
    }

    /// Whether it is as good as a new one.
    pub fn is_full(&self, now: Timestamp) -> bool {
        let paused = self.paused.is_some_and(|(_, until)| now < until);
        !paused && self.full_at <= now.millis().saturating_mul(1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    /// One every four seconds, 15 at once.
    const RATE: Rate = Rate {
        burst: 15,
        per_hour: 900,
    };

    fn at(secs: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(secs))
    }

    #[test]
    fn a_bucket_gives_its_burst_and_fills_again() {
        let mut bucket = Bucket::default();
        for (secs, want, granted, wait) in [
            (0, 10, 10, 0),
            (0, 10, 5, 0),
            (0, 1, 0, 4),
            (3, 1, 0, 1),
            (4, 5, 1, 0),
            (12, 5, 2, 0),
            (3600, 100, 15, 0),
        ] {
            let wait = Duration::from_secs(wait);
            let taken = bucket.take(RATE, want, at(secs));
            assert_eq!(taken, Taken { granted, wait }, "{secs}");
        }
    }

    #[test]
    fn a_pause_ends_and_a_later_end_stays() {
        let mut bucket = Bucket::default();
        bucket.pause(Duration::from_secs(60), at(0));
        bucket.pause(Duration::from_secs(10), at(5));
        assert_eq!(bucket.take(RATE, 1, at(20)).wait, Duration::from_secs(40));
        assert!(!bucket.is_full(at(20)));
        assert_eq!(bucket.take(RATE, 1, at(60)).granted, 1);
    }

    #[test]
    fn a_clock_set_back_stops_nothing() {
        let mut bucket = Bucket::default();
        bucket.take(RATE, 15, NOW);
        bucket.pause(Duration::from_secs(3600), NOW);
        let day_before = NOW.minus(Duration::from_secs(86_400));
        assert_eq!(
            bucket.take(RATE, 1, day_before).wait,
            Duration::from_secs(4)
        );
        let then = day_before.plus(Duration::from_secs(4));
        assert_eq!(bucket.take(RATE, 1, then).granted, 1);
    }
}
