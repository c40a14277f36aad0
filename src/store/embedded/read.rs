//! The questions that change nothing. Each reads the tables as they are at one moment.

use std::sync::{Arc, Mutex, PoisonError};

use redb::ReadableTable;
use tokio::task::spawn_blocking;

use crate::model::delivery::ItemId;
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::Range;
use crate::store::embedded::EmbeddedStore;
use crate::store::embedded::index::Index;
use crate::store::embedded::place::{ItemKey, Place, Spot, queue_number};
use crate::store::embedded::places;
use crate::store::embedded::settle::{claims_of, read_failures};
use crate::store::embedded::tables::View;
use crate::store::error::StoreError;
use crate::store::item::{Entry, Progress, Queue, State};
use crate::store::record::{Key, Record, Table};

/// Which items are asked for.
#[derive(Debug)]
struct Page {
    corp: u16,
    queue: Queue,
    state: Option<State>,
    before: Option<Spot>,
    limit: usize,
}

impl EmbeddedStore {
    /// See [`Store::read`](crate::store::Store::read).
    pub(in crate::store) async fn read(
        &self,
        corp: &CorpId,
        keys: &[Key],
    ) -> Result<Vec<Record>, StoreError> {
        let (corp, keys) = (self.corp(corp)?, keys.to_vec());
        self.look(move |view, _| {
            keys.into_iter()
                .map(|key| record(view, corp, key))
                .collect()
        })
        .await
    }

    /// Reads records, and a page of each table of the range.
    pub(in crate::store) async fn read_range(
        &self,
        corp: &CorpId,
        keys: &[Key],
        range: Range<'_>,
    ) -> Result<(Vec<Record>, Vec<Vec<Record>>), StoreError> {
        let (corp, keys, tables) = (self.corp(corp)?, keys.to_vec(), range.tables.to_vec());
        let (from, before) = (behind(range.after), range.before.to_owned());
        let limit = range.limit;
        self.look(move |view, _| {
            let keys = keys.into_iter().map(|key| record(view, corp, key));
            let tables = tables.into_iter();
            let page = |table| list(view, corp, table, &from, Some(&before), limit);
            Ok((
                keys.collect::<Result<_, _>>()?,
                tables.map(page).collect::<Result<_, _>>()?,
            ))
        })
        .await
    }

    /// See [`Store::list`](crate::store::Store::list).
    pub(in crate::store) async fn list(
        &self,
        corp: &CorpId,
        table: Table,
        after: Option<&str>,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let corp = self.corp(corp)?;
        let from = after.map_or_else(String::new, behind);
        let before = before.map(str::to_owned);
        self.look(move |view, _| list(view, corp, table, &from, before.as_deref(), limit))
            .await
    }

    /// The last records of a table between two keys, in the order of their keys.
    pub(in crate::store) async fn last(
        &self,
        corp: &CorpId,
        table: Table,
        after: &str,
        before: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let corp = self.corp(corp)?;
        let (from, before) = (behind(after), before.to_owned());
        self.look(move |view, _| last(view, corp, table, (&from, &before), limit))
            .await
    }

    /// See [`Store::deliveries`](crate::store::Store::deliveries).
    pub(in crate::store) async fn entries(
        &self,
        corp: &CorpId,
        queue: Queue,
        state: Option<State>,
        before: Option<&ItemId>,
        limit: usize,
    ) -> Result<Vec<Entry<String>>, StoreError> {
        let number = self.corp(corp)?;
        let before = before.map(|before| Spot {
            corp: number,
            queue,
            // A name that this store never gave counts as newer than all it gave.
            place: Place::parse(before.place()).unwrap_or(Place::log(u64::MAX)),
        });
        let page = Page {
            corp: number,
            queue,
            state,
            before,
            limit,
        };
        let corp = corp.clone();
        let look = move |view: &View, index: &Mutex<Index>| {
            let entries = page_of(view, &page)?.into_iter().map(|place| {
                let spot = Spot {
                    corp: page.corp,
                    queue: page.queue,
                    place,
                };
                entry(view, index, &corp, &spot).transpose()
            });
            entries.flatten().collect()
        };
        self.look(look).await
    }

    /// See [`Store::delivery`](crate::store::Store::delivery).
    pub(in crate::store) async fn entry(
        &self,
        queue: Queue,
        id: &ItemId,
    ) -> Result<Option<Entry<String>>, StoreError> {
        let Some(spot) = self.spot(queue, id) else {
            return Ok(None);
        };
        let corp = id.corp().clone();
        self.look(move |view, index| entry(view, index, &corp, &spot))
            .await
    }

    /// Looks at the tables and the index, on a thread that may wait for the disk.
    pub(in crate::store::embedded) async fn look<R: Send + 'static>(
        &self,
        look: impl FnOnce(&View, &Mutex<Index>) -> Result<R, redb::Error> + Send + 'static,
    ) -> Result<R, StoreError> {
        let (file, index) = (Arc::clone(&self.file), Arc::clone(&self.index));
        let look = move || {
            let found = file.view().and_then(|view| look(&view, &index));
            found.map_err(|problem| file.failed(&problem))
        };
        let found = spawn_blocking(look).await;
        found.map_err(|_| StoreError::Unavailable("the service is stopping".into()))?
    }
}

/// The smallest key that is greater than another one: that key and a zero.
fn behind(key: &str) -> String {
    format!("{key}\0")
}

fn record(view: &View, corp: u16, key: Key) -> Result<Record, redb::Error> {
    let row = (corp, key.table.name(), key.key.as_str());
    let row = view.records.get(row)?;
    let (version, json) = row.map_or((0, None), |row| {
        let (version, json) = row.value();
        (version, Some(json.to_owned()))
    });
    Ok(Record { key, version, json })
}

fn list(
    view: &View,
    corp: u16,
    table: Table,
    from: &str,
    before: Option<&str>,
    limit: usize,
) -> Result<Vec<Record>, redb::Error> {
    let name = table.name();
    let mut records = Vec::new();
    for row in view.records.range((corp, name, from)..)?.take(limit) {
        let (key, value) = row?;
        let (row_corp, row_table, key) = key.value();
        if (row_corp, row_table) != (corp, name) || before.is_some_and(|before| key >= before) {
            break;
        }
        records.push(found(table, key, value.value()));
    }
    Ok(records)
}

fn last(
    view: &View,
    corp: u16,
    table: Table,
    (from, before): (&str, &str),
    limit: usize,
) -> Result<Vec<Record>, redb::Error> {
    let (name, mut records) = (table.name(), Vec::new());
    if from >= before {
        return Ok(records);
    }
    let rows = view.records.range((corp, name, from)..(corp, name, before));
    for row in rows?.rev().take(limit) {
        let (key, value) = row?;
        let (_, _, key) = key.value();
        records.push(found(table, key, value.value()));
    }
    records.reverse();
    Ok(records)
}

fn found(table: Table, key: &str, (version, json): (u64, &str)) -> Record {
    Record {
        key: Key {
            table,
            key: key.to_owned(),
        },
        version,
        json: Some(json.to_owned()),
    }
}

fn entry(
    view: &View,
    index: &Mutex<Index>,
    corp: &CorpId,
    spot: &Spot,
) -> Result<Option<Entry<String>>, redb::Error> {
    let Some(text) = view.items.get(spot.arrival())? else {
        return Ok(None);
    };
    let mut progress = progress(view, spot)?;
    if progress.settled_at.is_none() {
        // Claims of open items are not in the file.
        let index = index.lock().unwrap_or_else(PoisonError::into_inner);
        progress.attempts = index.attempts(spot).unwrap_or(progress.attempts);
    }
    Ok(Some(Entry {
        id: spot.place.id(corp),
        item: text.value().to_owned(),
        progress,
    }))
}

/// The table in which an item stands is its state.
fn progress(view: &View, spot: &Spot) -> Result<Progress, redb::Error> {
    let settled = |millis| Some(Timestamp::from_millis(millis));
    if let Some(row) = view.done.get(spot.key())? {
        let (at, attempts) = row.value();
        return Ok(Progress {
            state: State::Done,
            attempts,
            settled_at: settled(at),
            failures: Vec::new(),
        });
    }
    for (table, state) in [
        (&view.dead, State::Dead),
        (&view.discarded, State::Discarded),
    ] {
        if let Some(row) = table.get(spot.key())? {
            let (at, attempts, failures) = row.value();
            return Ok(Progress {
                state,
                attempts,
                settled_at: settled(at),
                failures: read_failures(failures),
            });
        }
    }
    let row = view.retrying.get(spot.key())?;
    let (state, attempts, failures) = match row {
        Some(row) => {
            let (_, attempts, _, failures) = row.value();
            (State::Retrying, attempts, read_failures(failures))
        }
        None => {
            let row = view.waiting.get(spot.arrival())?;
            let claims = row.map_or(0, |row| claims_of(row.value()));
            (State::Waiting, claims, Vec::new())
        }
    };
    Ok(Progress {
        state,
        attempts,
        settled_at: None,
        failures,
    })
}

/// The newest places of a page. Those that wait are among the waiting ones of all corps, which are looked through.
fn page_of(view: &View, page: &Page) -> Result<Vec<Place>, redb::Error> {
    match page.state {
        Some(State::Waiting) => waiting(view, page),
        Some(State::Retrying) => newest(&view.retrying, page),
        Some(State::Dead) => newest(&view.dead, page),
        Some(State::Done) => newest(&view.done, page),
        Some(State::Discarded) => newest(&view.discarded, page),
        None => {
            let mut places = waiting(view, page)?;
            places.extend(newest(&view.retrying, page)?);
            places.extend(newest(&view.dead, page)?);
            places.extend(newest(&view.done, page)?);
            places.extend(newest(&view.discarded, page)?);
            places.sort_unstable_by(|one, other| other.cmp(one));
            places.truncate(page.limit);
            Ok(places)
        }
    }
}

fn waiting(view: &View, page: &Page) -> Result<Vec<Place>, redb::Error> {
    let queue = queue_number(page.queue);
    let end = page.before.as_ref();
    let end = end.map_or((queue + 1, 0, 0, &[][..]), Spot::arrival);
    let places = places::waiting(view, page.corp, (queue, 0, 0, &[])..end)?;
    places.rev().take(page.limit).collect()
}

fn newest<V: redb::Value + 'static>(
    table: &impl ReadableTable<ItemKey<'static>, V>,
    page: &Page,
) -> Result<Vec<Place>, redb::Error> {
    let queue = queue_number(page.queue);
    let end = page.before.as_ref();
    let end = end.map_or((page.corp, queue + 1, 0, &[][..]), Spot::key);
    let places = places::places(table, (page.corp, queue, 0, &[])..end)?;
    places.rev().take(page.limit).collect()
}
