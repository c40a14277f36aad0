//! Durations counted by size, for figures.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many of the durations that were added are at most as long as each bound. Adding takes one atomic addition, two
/// for a duration of a millisecond or more.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    bounds: &'static [Duration; N],
    counts: [AtomicU64; N],
    beyond: AtomicU64,
    /// All together, in milliseconds.
    millis: AtomicU64,
}

/// What a [`Histogram`] has counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// Bounds in seconds, the last one infinite, each with how many are longer than the bound before it and not longer
    /// than this one.
    pub buckets: Vec<(f64, u64)>,
    /// How many there are.
    pub count: u64,
    /// All together, in seconds.
    pub sum: f64,
}

impl<const N: usize> Histogram<N> {
    /// With these bounds, shortest first.
    pub const fn new(bounds: &'static [Duration; N]) -> Self {
        Self {
            bounds,
            counts: [const { AtomicU64::new(0) }; N],
            beyond: AtomicU64::new(0),
            millis: AtomicU64::new(0),
        }
    }

    /// Adds one.
    pub fn add(&self, duration: Duration) {
        let place = self.bounds.iter().position(|bound| duration <= *bound);
        let count = place.map_or(&self.beyond, |place| &self.counts[place]);
        count.fetch_add(1, Ordering::Relaxed);
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        if millis > 0 {
            self.millis.fetch_add(millis, Ordering::Relaxed);
        }
    }

    /// What was counted. While durations are added, one may be in the sum already and not in a bucket yet.
    pub fn spread(&self) -> Spread {
        let bounds = self.bounds.iter().map(Duration::as_secs_f64);
        let counts = self.counts.iter().chain([&self.beyond]);
        let buckets: Vec<(f64, u64)> = bounds
            .chain([f64::INFINITY])
            .zip(counts.map(|count| count.load(Ordering::Relaxed)))
            .collect();
        Spread {
            count: buckets.iter().map(|(_, count)| count).sum(),
            buckets,
            sum: Duration::from_millis(self.millis.load(Ordering::Relaxed)).as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_counts_what_is_as_long_as_itself() {
        const BOUNDS: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(500)];
        let histogram = Histogram::new(&BOUNDS);
        for micros in [0, 1_000, 1_001, 500_000, 500_001, 9_000_000] {
            histogram.add(Duration::from_micros(micros));
        }
        let expected = Spread {
            buckets: vec![(0.001, 2), (0.5, 2), (f64::INFINITY, 2)],
            count: 6,
            sum: 10.002,
        };
        assert_eq!(histogram.spread(), expected);
    }
}
