//! How long the store takes to answer, counted for whoever shows figures.

use std::time::{Duration, Instant};

use crate::model::histogram::{Histogram, Spread};

/// A round trip to Redis takes a millisecond; nobody waits longer than some seconds.
const BOUNDS: [Duration; 12] = [
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_millis(2),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(3),
];

/// What is asked of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A delivery is kept.
    Accept,
    /// Items are taken into work.
    Claim,
    /// An item is settled, with what follows.
    Commit,
    /// A command is carried out.
    Command,
    /// Records are read.
    Read,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Accept,
        Self::Claim,
        Self::Commit,
        Self::Command,
        Self::Read,
    ];

    /// Its name, as a metric would have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Claim => "claim",
            Self::Commit => "commit",
            Self::Command => "command",
            Self::Read => "read",
        }
    }
}

/// How long each took since the start, whatever the answer.
#[derive(Debug)]
pub(in crate::store) struct Took([Histogram<{ BOUNDS.len() }>; Operation::ALL.len()]);

impl Default for Took {
    fn default() -> Self {
        Self(Operation::ALL.map(|_| Histogram::new(&BOUNDS)))
    }
}

impl Took {
    /// Counts how long this takes.
    pub(in crate::store) async fn time<T>(
        &self,
        operation: Operation,
        work: impl Future<Output = T>,
    ) -> T {
        let begun = Instant::now();
        let answer = work.await;
        self.0[operation as usize].add(begun.elapsed());
        answer
    }

    /// What was counted.
    pub(in crate::store) fn of(&self, operation: Operation) -> Spread {
        self.0[operation as usize].spread()
    }
}
