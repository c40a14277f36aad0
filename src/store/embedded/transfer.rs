//! What goes into another store, and what comes from one.

use redb::ReadableTable;

use crate::model::delivery::Lane;
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::embedded::EmbeddedStore;
use crate::store::embedded::batch::Batch;
use crate::store::embedded::head::Head;
use crate::store::embedded::index::Change;
use crate::store::embedded::place::{Place, Spot};
use crate::store::embedded::seen;
use crate::store::embedded::settle::{Answer, json, lane_of, waiting_row};
use crate::store::error::StoreError;
use crate::store::item::{Queue, State};
use crate::store::transfer::{Parcel, Standing};

impl EmbeddedStore {
    /// The hours of whose contents some came.
    pub(in crate::store) async fn windows(&self, corp: &CorpId) -> Result<Vec<u32>, StoreError> {
        let corp = self.corp(corp)?;
        self.look(move |view, _| {
            let rows = view.windows.range((corp, 0)..=(corp, u32::MAX))?;
            let window = |row: Result<(redb::AccessGuard<'_, (u16, u32)>, _), _>| {
                row.map(|(key, _)| key.value().1)
            };
            Ok(rows
                .map(window)
                .collect::<Result<_, redb::StorageError>>()?)
        })
        .await
    }

    /// The hashes of the contents of an hour that came.
    pub(in crate::store) async fn fingerprints(
        &self,
        corp: &CorpId,
        window: u32,
    ) -> Result<Vec<[u8; 16]>, StoreError> {
        let corp = self.corp(corp)?;
        self.look(move |view, _| {
            let mut hashes = Vec::new();
            let (first, last) = ([0; 16], [u8::MAX; 16]);
            let rows = view
                .seen
                .range((corp, window, &first)..=(corp, window, &last))?;
            for row in rows {
                hashes.push(*row?.0.value().2);
            }
            for row in view.fresh.iter()? {
                let (_, hash) = row?;
                let (its_corp, its_window, hash) = hash.value();
                if (its_corp, its_window) == (corp, window) {
                    hashes.push(*hash);
                }
            }
            hashes.sort_unstable();
            hashes.dedup();
            Ok(hashes)
        })
        .await
    }

    /// See [`Store::import`](crate::store::Store::import).
    pub(in crate::store) async fn import(
        &self,
        corp: &CorpId,
        parcels: Vec<Parcel>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let corp = self.corp(corp)?;
        let write = move |batch: &mut Batch<'_>| import(batch, corp, &parcels, now);
        self.writer.write(write).await
    }
}

fn import(batch: &mut Batch<'_>, corp: u16, parcels: &[Parcel], now: Timestamp) -> Answer<()> {
    let version = batch.next_version(corp)?;
    for parcel in parcels {
        match parcel {
            Parcel::Record(key, json) => {
                let row = (corp, key.table.name(), key.key.as_str());
                batch.tables.records.insert(row, (version, json.as_str()))?;
            }
            Parcel::Item(queue, id, text, standing) => {
                let Some(place) = Place::parse(id.place()) else {
                    let problem = format!("{id} is no place that this store could have given");
                    return Ok(Err(StoreError::Corrupt(problem)));
                };
                let queue = *queue;
                item(batch, Spot { corp, queue, place }, text, standing)?;
            }
            Parcel::Seen(key) => {
                seen::note(batch, (corp, key.window, key.hash), now)?;
            }
        }
    }
    Ok(Ok(()))
}

fn item(
    batch: &mut Batch<'_>,
    spot: Spot,
    text: &str,
    standing: &Standing,
) -> Result<(), redb::Error> {
    if batch.tables.items.get(spot.arrival())?.is_some() {
        return Ok(());
    }
    let head = Head::of(text);
    let (lane, mark) = (lane_of(head.lane), head.mark());
    let failures = json(&standing.failures);
    let (at, attempts) = (standing.at, standing.attempts);
    batch.tables.items.insert(spot.arrival(), text)?;
    batch.number_given(spot.place.number());
    if standing.state == State::Dead {
        let row = (at.millis(), attempts, failures.as_str());
        batch.tables.dead.insert(spot.key(), row)?;
        return Ok(());
    }
    if let (Queue::Inbox, Some(mark)) = (spot.queue, mark) {
        let row = (spot.corp, mark.as_str());
        batch.tables.marks.insert(row, spot.place.number())?;
    }
    if standing.state == State::Retrying {
        let row = (at.millis(), attempts, lane.code(), failures.as_str());
        batch.tables.retrying.insert(spot.key(), row)?;
        batch.change(Change::Delayed(spot, lane, at));
    } else {
        let row = waiting(lane, attempts);
        batch.tables.waiting.insert(spot.arrival(), row.as_str())?;
        batch.change(Change::Arrived(spot, lane));
    }
    Ok(())
}

fn waiting(lane: Lane, attempts: u32) -> String {
    match attempts {
        0 => lane.code().to_owned(),
        claims => waiting_row(lane, claims),
    }
}
