//! What goes into the queues and comes out of them, and how far it is; plain data.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::delivery::{ItemId, Lane};
use crate::model::time::Timestamp;

/// What became of an accepted delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// It is stored under this id.
    New(ItemId),
    /// The same content came before; nothing was stored.
    Duplicate,
}

/// The two queues of a corp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// Deliveries to decide about.
    Inbox,
    /// Calls owed to WeCom.
    Outbox,
}

/// Which lanes a claim looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lanes {
    /// Urgent items first, then the others.
    All,
    /// Urgent items only: for the places that are kept for them.
    Urgent,
}

/// How long a claim lasts, by the lane of its item: what is urgent cannot wait long for a claimer that has vanished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leases {
    /// Of an urgent item.
    pub urgent: Duration,
    /// Of any other.
    pub normal: Duration,
}

impl Leases {
    /// The lease of an item in this lane.
    pub const fn of(self, lane: Lane) -> Duration {
        match lane {
            Lane::Urgent => self.urgent,
            Lane::Normal => self.normal,
        }
    }
}

/// Proof of a claim: who holds which item. Only the store makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The item.
    pub id: ItemId,
    /// Whose queue.
    pub queue: Queue,
    /// 1 at the first claim.
    pub attempt: u32,
    /// Tells this claim from every other claim of the item.
    pub(in crate::store) token: String,
}

/// A claimed item.
#[derive(Debug, Clone)]
pub struct Claim<T> {
    /// To settle it with.
    pub ticket: Ticket,
    /// The item.
    pub item: T,
}

/// How a claimed item ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settle<'a> {
    /// It is done.
    Done,
    /// It is dead, for this reason, until somebody replays it.
    Dead(&'a str),
}

/// Why a claimed item is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Because<'a> {
    /// The attempt has failed; the words are for people.
    Failed(&'a str),
    /// Its time has not come, which is neither a failure nor an attempt.
    TooEarly,
}

/// How far an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not settled, and no attempt has failed.
    Waiting,
    /// Settled.
    Done,
    /// An attempt has failed, or its time had not come; another will follow.
    Retrying,
    /// Given up; waits for a replay.
    Dead,
    /// Given up, and an administrator has decided that nothing more is to come of it.
    Discarded,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Done,
        Self::Retrying,
        Self::Dead,
        Self::Discarded,
    ];
}

/// The longest text of a failure that is kept, in characters.
const ERROR_MAX: usize = 1000;

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When.
    pub at: Timestamp,
    /// Why; for people.
    pub error: String,
}

impl Failure {
    /// A failure whose text is kept as far as people read it.
    pub(in crate::store) fn new(at: Timestamp, error: &str) -> Self {
        Self {
            at,
            error: error.chars().take(ERROR_MAX).collect(),
        }
    }
}

/// How far an item is, and how it got there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was settled (done, dead or discarded).
    pub settled_at: Option<Timestamp>,
    /// The failed attempts, oldest first; at most the last [`FAILURES_KEPT`]. Of a discarded item the last entry tells
    /// who discarded it and why.
    pub failures: Vec<Failure>,
}

/// How many failed attempts of an item are remembered.
pub const FAILURES_KEPT: usize = 10;

/// A stored item with its progress. `T` is a [`Delivery`](crate::model::delivery::Delivery) or an
/// [`OutgoingHead`](crate::model::outgoing::OutgoingHead).
#[derive(Debug, Clone)]
pub struct Entry<T> {
    /// Its name.
    pub id: ItemId,
    /// What it is.
    pub item: T,
    /// How far it is.
    pub progress: Progress,
}

/// How many items of a queue are in which state. Large numbers may be cut off at 100,000.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Not settled: waiting for their turn, or in work.
    pub waiting: u64,
    /// Waiting for another attempt.
    pub retrying: u64,
    /// Dead.
    pub dead: u64,
    /// Discarded, and not trimmed yet.
    pub discarded: u64,
    /// Done, and not trimmed yet.
    pub done: u64,
    /// For each of the last [`HOURS_COUNTED`] hours how many were done or discarded, and how many died. The last hour is
    /// the one that is running.
    pub hours: Vec<(u64, u64)>,
    /// For each of the same hours how many deliveries came, wherever they stand now; empty for calls, which are owed. Of a
    /// long queue in Redis only the next thousand are in it; in a file, nothing that was trimmed.
    pub received: Vec<u64>,
}

/// How much of a queue is not settled, as far as that is told at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Depth {
    /// Urgent items that wait for their turn or are in work.
    pub urgent: LaneDepth,
    /// The others.
    pub normal: LaneDepth,
    /// Waiting for another attempt.
    pub retrying: u64,
    /// Dead. Large numbers may be cut off at 100,000.
    pub dead: u64,
}

/// How much of a lane is not settled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LaneDepth {
    /// How many. An urgent item whose subject is in work may count as a normal one.
    pub waiting: u64,
    /// When the oldest came of those that are next or in work; what waits for its subject stands behind those.
    pub oldest: Option<Timestamp>,
}

/// How many hours are counted.
pub const HOURS_COUNTED: usize = 24;

/// What a store tells about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// For people: which store, which version.
    pub name: String,
    /// `None` when what is stored survives a restart of the store; else what to change.
    pub warning: Option<String>,
}
