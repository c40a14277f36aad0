//! Looking without touching.

use redb::ReadableTable;

use crate::model::delivery::ItemId;
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::embedded::place::{ItemKey, Place, Spot, queue_number};
use crate::store::embedded::settle::read_failures;
use crate::store::embedded::tables::View;
use crate::store::record::{Key, Record, Table};
use crate::store::{Entry, Progress, Queue, State};

/// The records at these keys.
pub(in crate::store::embedded) fn read(
    view: &View,
    corp: u16,
    keys: Vec<Key>,
) -> Result<Vec<Record>, redb::Error> {
    let record = |key: Key| {
        let row = view
            .records
            .get((corp, key.table.name(), key.key.as_str()))?;
        let (version, json) = row.map_or((0, None), |row| {
            let (version, json) = row.value();
            (version, Some(json.to_owned()))
        });
        Ok(Record { key, version, json })
    };
    keys.into_iter().map(record).collect()
}

/// The records of a table after a key.
pub(in crate::store::embedded) fn list(
    view: &View,
    corp: u16,
    table: Table,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Record>, redb::Error> {
    let name = table.name();
    // The smallest key that is greater than another one is that key and a zero.
    let from = after.map_or_else(String::new, |after| format!("{after}\0"));
    let rows = view.records.range((corp, name, from.as_str())..)?;
    let mut records = Vec::new();
    for row in rows.take(limit) {
        let (key, value) = row?;
        let (row_corp, row_table, key) = key.value();
        if (row_corp, row_table) != (corp, name) {
            break;
        }
        let (version, json) = value.value();
        let key = Key {
            table,
            key: key.to_owned(),
        };
        records.push(Record {
            key,
            version,
            json: Some(json.to_owned()),
        });
    }
    Ok(records)
}

/// Which items are asked for.
#[derive(Debug)]
pub(in crate::store::embedded) struct Page {
    /// Whose.
    pub(in crate::store::embedded) corp: u16,
    /// The corp's id, to name them.
    pub(in crate::store::embedded) corp_id: CorpId,
    /// In which queue.
    pub(in crate::store::embedded) queue: Queue,
    /// Only those.
    pub(in crate::store::embedded) state: Option<State>,
    /// Only older ones.
    pub(in crate::store::embedded) before: Option<ItemId>,
    /// At most so many.
    pub(in crate::store::embedded) limit: usize,
}

/// The items of a page, newest first.
pub(in crate::store::embedded) fn entries(
    view: &View,
    page: &Page,
) -> Result<Vec<Entry<String>>, redb::Error> {
    let mut entries = Vec::new();
    for place in places(view, page)? {
        let spot = Spot {
            corp: page.corp,
            queue: page.queue,
            place,
        };
        entries.extend(entry(view, &page.corp_id, &spot)?);
    }
    Ok(entries)
}

/// One item.
pub(in crate::store::embedded) fn entry(
    view: &View,
    corp: &CorpId,
    spot: &Spot,
) -> Result<Option<Entry<String>>, redb::Error> {
    let Some(text) = view.items.get(spot.key())? else {
        return Ok(None);
    };
    Ok(Some(Entry {
        id: spot.place.id(corp),
        item: text.value().to_owned(),
        progress: progress(view, spot)?,
    }))
}

/// The table in which an item stands is its state. Claims are not in the file.
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
    if let Some(row) = view.dead.get(spot.key())? {
        let (at, attempts, failures) = row.value();
        return Ok(Progress {
            state: State::Dead,
            attempts,
            settled_at: settled(at),
            failures: read_failures(failures),
        });
    }
    let row = view.retrying.get(spot.key())?;
    let (state, attempts, failures) = row.map_or((State::Waiting, 0, Vec::new()), |row| {
        let (_, attempts, _, failures) = row.value();
        (State::Retrying, attempts, read_failures(failures))
    });
    Ok(Progress {
        state,
        attempts,
        settled_at: None,
        failures,
    })
}

fn places(view: &View, page: &Page) -> Result<Vec<Place>, redb::Error> {
    match page.state {
        None => newest(&view.items, page),
        Some(State::Waiting) => newest(&view.waiting, page),
        Some(State::Retrying) => newest(&view.retrying, page),
        Some(State::Dead) => newest(&view.dead, page),
        Some(State::Done) => newest(&view.done, page),
    }
}

fn newest<V: redb::Value + 'static>(
    table: &impl ReadableTable<ItemKey<'static>, V>,
    page: &Page,
) -> Result<Vec<Place>, redb::Error> {
    let queue = queue_number(page.queue);
    let none: &[u8] = &[];
    let first = (page.corp, queue, 0, none);
    let before = page.before.as_ref().map(|before| Spot {
        corp: page.corp,
        queue: page.queue,
        // A name that this store never gave is newer than all it gave.
        place: Place::parse(before.place()).unwrap_or(Place::log(u64::MAX)),
    });
    let end = before
        .as_ref()
        .map_or((page.corp, queue + 1, 0, none), Spot::key);
    let rows = table.range(first..end)?.rev().take(page.limit);
    let place = |row: Result<(redb::AccessGuard<'_, ItemKey<'static>>, _), redb::StorageError>| {
        let (key, _) = row?;
        let (_, _, number, path) = key.value();
        Ok(Place::new(number, path))
    };
    rows.map(place).collect()
}
