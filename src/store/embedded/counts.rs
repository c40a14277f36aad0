//! Counting items. The tables are read up to a limit, so that a long past does not make a short question long.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::embedded::EmbeddedStore;
use crate::store::embedded::index::Index;
use crate::store::embedded::place::{ItemKey, Place, queue_number};
use crate::store::embedded::places::{places, waiting};
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
        let corp = self.corp(corp)?;
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
            let dead = count(places(&view.dead, all(corp, queue))?)?;
            let mut index = index.lock().unwrap_or_else(PoisonError::into_inner);
            let depth = index.queue(corp, queue).depth();
            Ok(Depth { dead, ..depth })
        };
        self.look(look).await
    }
}

fn counts(view: &View, corp: u16, queue: Queue, from: Timestamp) -> Result<Counts, redb::Error> {
    let (all, number) = (all(corp, queue), queue_number(queue));
    let mut counts = Counts {
        waiting: count(waiting(
            view,
            corp,
            (number, 0, 0, &[])..(number + 1, 0, 0, &[]),
        )?)?,
        retrying: count(places(&view.retrying, all.clone())?)?,
        dead: count(places(&view.dead, all.clone())?)?,
        discarded: count(places(&view.discarded, all.clone())?)?,
        done: count(places(&view.done, all.clone())?)?,
        hours: vec![(0, 0); HOURS_COUNTED],
        received: Vec::new(),
    };
    let hour = |millis: i64| usize::try_from((millis - from.millis()).div_euclid(HOUR_MS)).ok();
    let first = (corp, number, from.millis(), 0, &[][..]);
    let settled = first..(corp, number + 1, i64::MIN, 0, &[][..]);
    for row in view.done_at.range(settled)?.take(COUNTED_MAX) {
        let (_, _, millis, ..) = row?.0.value();
        if let Some(hour) = hour(millis).and_then(|hour| counts.hours.get_mut(hour)) {
            hour.0 += 1;
        }
    }
    for row in view.dead.range(all.clone())?.take(COUNTED_MAX) {
        let (millis, ..) = row?.1.value();
        if let Some(hour) = hour(millis).and_then(|hour| counts.hours.get_mut(hour)) {
            hour.1 += 1;
        }
    }
    if queue == Queue::Inbox {
        counts.received = vec![0; HOURS_COUNTED];
        let mut came = |place: Place| {
            let millis = i64::try_from(place.millis()).unwrap_or(i64::MAX);
            if let Some(hour) = hour(millis).and_then(|hour| counts.received.get_mut(hour)) {
                *hour += 1;
            }
        };
        // An item is in one of these, wherever it stands; their keys tell when it came.
        let first = Place::next(from.millis(), 0).number();
        let since = (corp, number, first, &[][..])..all.end;
        let arrived = (number, first, 0, &[][..])..(number + 1, 0, 0, &[][..]);
        each(waiting(view, corp, arrived)?, &mut came)?;
        each(places(&view.retrying, since.clone())?, &mut came)?;
        each(places(&view.dead, since.clone())?, &mut came)?;
        each(places(&view.done, since.clone())?, &mut came)?;
        each(places(&view.discarded, since)?, &mut came)?;
    }
    Ok(counts)
}

fn each(
    places: impl Iterator<Item = Result<Place, redb::Error>>,
    came: &mut impl FnMut(Place),
) -> Result<(), redb::Error> {
    for place in places.take(COUNTED_MAX) {
        came(place?);
    }
    Ok(())
}

fn count(places: impl Iterator<Item = Result<Place, redb::Error>>) -> Result<u64, redb::Error> {
    let mut count = 0;
    each(places, &mut |_| count += 1)?;
    Ok(count)
}

fn all(corp: u16, queue: Queue) -> Range<ItemKey<'static>> {
    let queue = queue_number(queue);
    (corp, queue, 0, &[])..(corp, queue + 1, 0, &[])
}
