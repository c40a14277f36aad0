//! One transaction, and the requests in it.
//!
//! Requests look first and write afterwards: a request that is refused leaves no trace, so the others in the
//! transaction are not disturbed. They see what earlier requests of the same transaction wrote; the index they see is
//! that of before, so what this transaction has released is noted here.

use std::collections::HashSet;

use redb::ReadableTable;

use crate::model::delivery::Lane;
use crate::model::time::Timestamp;
use crate::store::embedded::head::Head;
use crate::store::embedded::index::{Change, Held, Index};
use crate::store::embedded::place::{Place, Spot};
use crate::store::embedded::seen::Seen;
use crate::store::embedded::tables::Tables;
use crate::store::item::Queue;
use crate::store::record::Key;

/// The counter that holds the last log number.
pub(in crate::store::embedded) const PLACE: (u16, &str) = (NO_CORP, "place");
/// The counter that holds a corp's last version.
const VERSION: &str = "version";

/// The number under which stands what belongs to no corp.
pub(in crate::store::embedded) const NO_CORP: u16 = u16::MAX;

/// How much a probe writes; it stays in the file.
const PROBE_BYTES: usize = 64 * 1024;

/// What stands in the file and is quicker to know by heart. Numbers that a failed transaction took are not given again.
#[derive(Debug, Default)]
pub(in crate::store::embedded) struct Numbers {
    /// The last log number given.
    pub(in crate::store::embedded) last: u64,
    /// What came before.
    pub(in crate::store::embedded) seen: Seen,
}

/// A transaction on its way.
pub(in crate::store::embedded) struct Batch<'a> {
    /// To read and write.
    pub(in crate::store::embedded) tables: Tables<'a>,
    /// To take numbers from.
    pub(in crate::store::embedded) numbers: &'a mut Numbers,
    index: &'a Index,
    changes: Vec<Change>,
    released: HashSet<Spot>,
    numbered: bool,
}

impl<'a> Batch<'a> {
    /// A batch in which nothing has happened yet.
    pub(in crate::store::embedded) fn new(
        tables: Tables<'a>,
        numbers: &'a mut Numbers,
        index: &'a Index,
    ) -> Self {
        Self {
            tables,
            numbers,
            index,
            changes: Vec::new(),
            released: HashSet::new(),
            numbered: false,
        }
    }

    /// The claim of an item, if it is claimed and no request of this batch has ended that.
    pub(in crate::store::embedded) fn held(&self, spot: &Spot) -> Option<&'a Held> {
        let held = self.index.held(spot)?;
        (!self.released.contains(spot)).then_some(held)
    }

    /// Items that are due after `now`, those first that are due first.
    pub(in crate::store::embedded) fn delayed(
        &self,
        corp: u16,
        queue: Queue,
        now: Timestamp,
        limit: usize,
    ) -> Vec<(Timestamp, Place, Lane)> {
        self.index.delayed(corp, queue, now, limit)
    }

    /// Notes what this request means for the index.
    pub(in crate::store::embedded) fn change(&mut self, change: Change) {
        if let Change::Released(spot) = &change {
            self.released.insert(spot.clone());
        }
        self.changes.push(change);
    }

    /// Puts a new delivery at the end of the log.
    pub(in crate::store::embedded) fn append(
        &mut self,
        corp: u16,
        lane: Lane,
        text: &str,
    ) -> Result<Place, redb::Error> {
        let place = Place::next(Head::of(text).millis, self.numbers.last);
        self.number_given(place.number());
        let spot = Spot {
            corp,
            queue: Queue::Inbox,
            place: place.clone(),
        };
        self.insert(spot, lane, text)?;
        Ok(place)
    }

    /// Notes that a number of the log is given.
    pub(in crate::store::embedded) fn number_given(&mut self, number: u64) {
        self.numbers.last = number.max(self.numbers.last);
        self.numbered = true;
    }

    /// Puts a new item in its queue.
    pub(in crate::store::embedded) fn insert(
        &mut self,
        spot: Spot,
        lane: Lane,
        text: &str,
    ) -> Result<(), redb::Error> {
        self.tables.items.insert(spot.arrival(), text)?;
        self.tables.waiting.insert(spot.arrival(), lane.code())?;
        self.change(Change::Arrived(spot, lane));
        Ok(())
    }

    /// The version of a record; 0 when there is none.
    pub(in crate::store::embedded) fn version(
        &self,
        corp: u16,
        key: &Key,
    ) -> Result<u64, redb::Error> {
        let row = (corp, key.table.name(), key.key.as_str());
        let row = self.tables.records.get(row)?;
        Ok(row.map_or(0, |row| row.value().0))
    }

    /// A version that was never given before.
    pub(in crate::store::embedded) fn next_version(
        &mut self,
        corp: u16,
    ) -> Result<u64, redb::Error> {
        let last = self.tables.counters.get((corp, VERSION))?;
        let next = last.map_or(0, |last| last.value()) + 1;
        self.tables.counters.insert((corp, VERSION), next)?;
        Ok(next)
    }

    /// Writes as much as a busy transaction does, to see whether there is room for it.
    pub(in crate::store::embedded) fn probe(&mut self) -> Result<(), redb::Error> {
        let ballast = "0".repeat(PROBE_BYTES);
        let row = (NO_CORP, "probe", "");
        self.tables.records.insert(row, (0, ballast.as_str()))?;
        Ok(())
    }

    /// Writes the last number down; gives what the index must follow once the transaction is on disk.
    pub(in crate::store::embedded) fn finish(mut self) -> Result<Vec<Change>, redb::Error> {
        if self.numbered {
            self.tables.counters.insert(PLACE, self.numbers.last)?;
        }
        Ok(self.changes)
    }
}
