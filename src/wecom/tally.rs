//! What a client counts, for whoever shows figures.

use std::sync::atomic::{AtomicU64, Ordering};

/// Something that happened to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// It was not made: our own budget, or the one of all processes, is used up.
    OverBudget,
    /// WeCom said that a limit is used up (45009).
    LimitedByWecom,
    /// WeCom said that too many calls are under way (45033).
    TooManyAtOnce,
    /// WeCom said that something is set up wrongly.
    Misconfigured,
    /// It was not made: what is set up wrongly is known.
    HeldBack,
    /// A token or ticket was fetched.
    Fetched,
    /// A token or ticket that another process had fetched was taken over.
    TakenOver,
}

/// How often each happened since the start.
#[derive(Debug, Default)]
pub struct Tally([AtomicU64; Happening::ALL.len()]);

impl Happening {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OverBudget,
        Self::LimitedByWecom,
        Self::TooManyAtOnce,
        Self::Misconfigured,
        Self::HeldBack,
        Self::Fetched,
        Self::TakenOver,
    ];

    /// Its name, as a metric would have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OverBudget => "over_budget",
            Self::LimitedByWecom => "limited_by_wecom",
            Self::TooManyAtOnce => "too_many_at_once",
            Self::Misconfigured => "misconfigured",
            Self::HeldBack => "held_back",
            Self::Fetched => "fetched",
            Self::TakenOver => "taken_over",
        }
    }
}

impl Tally {
    /// How often it happened.
    pub fn of(&self, happening: Happening) -> u64 {
        self.0[happening as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn count(&self, happening: Happening) {
        self.0[happening as usize].fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_number_of_its_own() {
        let tally = Tally::default();
        for (n, happening) in Happening::ALL.into_iter().enumerate() {
            (0..n).for_each(|_| tally.count(happening));
        }
        for (n, happening) in Happening::ALL.into_iter().enumerate() {
            assert_eq!(tally.of(happening), n as u64, "{}", happening.name());
        }
    }
}
