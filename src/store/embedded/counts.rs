//! Counting items. The tables are read up to a limit, so that a long past does not make a short question long.

use std::sync::{Mutex, PoisonError};

use redb::ReadableTable;

use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::embedded::EmbeddedStore;
use crate::store::embedded::index::Index;
use crate::store::embedded::place::{ItemKey, Place, queue_number};
use crate::store::embedded::tables::View;
use crate::store::error::StoreError;
use crate::store::item::{Counts, Depth, HOURS_COUNTED, Queue};

/// How many rows of a table are counted.
const COUNTED_MAX: usize = 100_000;

const HOUR_MS: i64 = 3600 * 1000;

impl EmbeddedStore {
    /// See [`Store::counts`](crate::store::Store::counts).
    pub(in crate::store) async fn counts(
        &self,
        corp: &CorpId,
        queue: Queue,
        from: Timestamp,
    ) -> Result<Counts, StoreError> {
        let (corp, queue) = (self.corp(corp)?, queue_number(queue));
        self.look(move |view, _| counts(view, corp, queue, from))
            .await
    }

    /// See [`Store::depth`](crate::store::Store::depth).
    pub(in crate::store) async fn depth(
        &self,
        corp: &CorpId,
        queue: Queue,
    ) -> Result<Depth, StoreError> {
        let corp = self.corp(corp)?;
        let look = move |view: &View, index: &Mutex<Index>| {
            let dead = count(&view.dead, corp, queue_number(queue))?;
            let mut index = index.lock().unwrap_or_else(PoisonError::into_inner);
            let depth = index.queue(corp, queue).depth();
            Ok(Depth { dead, ..depth })
        };
        self.look(look).await
    }
}

fn counts(view: &View, corp: u16, queue: u8, from: Timestamp) -> Result<Counts, redb::Error> {
    let none: &[u8] = &[];
    let mut counts = Counts {
        waiting: count(&view.waiting, corp, queue)?,
        retrying: count(&view.retrying, corp, queue)?,
        dead: count(&view.dead, corp, queue)?,
        discarded: count(&view.discarded, corp, queue)?,
        done: count(&view.done, corp, queue)?,
        hours: vec![(0, 0); HOURS_COUNTED],
        received: Vec::new(),
    };
    let hour = |millis: i64| usize::try_from((millis - from.millis()).div_euclid(HOUR_MS)).ok();
    let settled = (corp, queue, from.millis(), 0, none)..(corp, queue + 1, i64::MIN, 0, none);
    for row in view.done_at.range(settled)?.take(COUNTED_MAX) {
        let (_, _, millis, ..) = row?.0.value();
        if let Some(hour) = hour(millis).and_then(|hour| counts.hours.get_mut(hour)) {
            hour.0 += 1;
        }
    }
    for row in view.dead.range(all(corp, queue))?.take(COUNTED_MAX) {
        let (millis, ..) = row?.1.value();
        if let Some(hour) = hour(millis).and_then(|hour| counts.hours.get_mut(hour)) {
            hour.1 += 1;
        }
    }
    if queue == queue_number(Queue::Inbox) {
        counts.received = vec![0; HOURS_COUNTED];
        let mut came = |millis: u64| {
            let millis = i64::try_from(millis).unwrap_or(i64::MAX);
            if let Some(hour) = hour(millis).and_then(|hour| counts.received.get_mut(hour)) {
                *hour += 1;
            }
        };
        // An item is in one of these, wherever it stands; their keys tell when it came.
        since(&view.waiting, corp, queue, from, &mut came)?;
        since(&view.retrying, corp, queue, from, &mut came)?;
        since(&view.dead, corp, queue, from, &mut came)?;
        since(&view.done, corp, queue, from, &mut came)?;
        since(&view.discarded, corp, queue, from, &mut came)?;
    }
    Ok(counts)
}

/// Tells of the items of a table when they came, if that is not before `from`.
fn since<V: redb::Value + 'static>(
    table: &impl ReadableTable<ItemKey<'static>, V>,
    corp: u16,
    queue: u8,
    from: Timestamp,
    came: &mut impl FnMut(u64),
) -> Result<(), redb::Error> {
    let first = Place::next(from.millis(), 0).number();
    let range = (corp, queue, first, &[][..])..(corp, queue + 1, 0, &[][..]);
    for row in table.range(range)?.take(COUNTED_MAX) {
        let (_, _, number, _) = row?.0.value();
        came(Place::log(number).millis());
    }
    Ok(())
}

fn count<V: redb::Value + 'static>(
    table: &impl ReadableTable<ItemKey<'static>, V>,
    corp: u16,
    queue: u8,
) -> Result<u64, redb::Error> {
    let rows = table.range(all(corp, queue))?.take(COUNTED_MAX);
    Ok(rows.count() as u64)
}

fn all(corp: u16, queue: u8) -> std::ops::Range<ItemKey<'static>> {
    (corp, queue, 0, &[])..(corp, queue + 1, 0, &[])
}
