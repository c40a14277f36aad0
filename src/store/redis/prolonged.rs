//! How long the sets of seen contents live.
//!
//! A set lives on for the configured time after something was added to it. It is told so by `EXPIRE`; with every call
//! that would be one command more for each corp in it, so a set is told at most every ten minutes, and to live that much
//! longer.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How much longer than asked a set lives after it was told, and how long it need not be told again.
pub(in crate::store::redis) const GRAIN: Duration = Duration::from_secs(600);

/// The set of a corp's contents of an hour: which of the line's corps, and the hour.
pub(in crate::store::redis) type Set = (usize, u32);

/// Which sets were told lately, and when.
#[derive(Debug, Default)]
pub(in crate::store::redis) struct Prolonged(HashMap<Set, Instant>);

impl Prolonged {
    /// Whether a set has to be told when something is added to it.
    pub(in crate::store::redis) fn is_due(&self, set: Set, now: Instant) -> bool {
        let told = self.0.get(&set);
        told.is_none_or(|told| now.saturating_duration_since(*told) >= GRAIN)
    }

    /// Notes that these were told, not before `now`.
    pub(in crate::store::redis) fn note(&mut self, sets: impl Iterator<Item = Set>, now: Instant) {
        self.0
            .retain(|_, told| now.saturating_duration_since(*told) < GRAIN);
        self.0.extend(sets.map(|set| (set, now)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_told_again_after_a_while() {
        let mut prolonged = Prolonged::default();
        let now = Instant::now();
        let (one, other) = ((1, 7), (2, 7));
        assert!(prolonged.is_due(one, now), "it was never told");
        prolonged.note([one].into_iter(), now);
        assert!(prolonged.is_due(other, now));
        assert!(!prolonged.is_due(one, now + GRAIN - Duration::from_millis(1)));
        assert!(prolonged.is_due(one, now + GRAIN));
        prolonged.note([other].into_iter(), now + GRAIN);
        assert_eq!(prolonged.0.len(), 1, "what is due is not kept in mind");
    }
}
