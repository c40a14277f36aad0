//! How claimed items end, and how ended ones begin again.

use redb::ReadableTable;

use crate::model::delivery::Lane;
use crate::model::time::Timestamp;
use crate::store::embedded::batch::Batch;
use crate::store::embedded::head::Head;
use crate::store::embedded::index::{Change, Held};
use crate::store::embedded::place::{Place, Spot};
use crate::store::error::StoreError;
use crate::store::record::{Record, Write};
use crate::store::{FAILURES_KEPT, Failure, Queue};

/// The longest text of a failure that is kept, in characters.
const ERROR_MAX: usize = 1000;

/// How a claimed item ends, with its own text.
#[derive(Debug)]
pub(in crate::store::embedded) enum End {
    /// It is done.
    Done,
    /// It is dead, for this reason.
    Dead(String),
}

/// A settlement with all that follows from it.
#[derive(Debug)]
pub(in crate::store::embedded) struct Settlement {
    /// Which item.
    pub(in crate::store::embedded) spot: Spot,
    /// The claim.
    pub(in crate::store::embedded) token: String,
    /// How it ends.
    pub(in crate::store::embedded) end: End,
    /// The records that were read to decide.
    pub(in crate::store::embedded) basis: Vec<Record>,
    /// What follows.
    pub(in crate::store::embedded) writes: Vec<Write>,
    /// The time.
    pub(in crate::store::embedded) now: Timestamp,
}

/// The inner result is the answer; the outer error means that the file failed.
type Answer<T> = Result<Result<T, StoreError>, redb::Error>;

/// Settles a claimed item and writes what follows.
pub(in crate::store::embedded) fn commit(
    batch: &mut Batch<'_>,
    settlement: &Settlement,
) -> Answer<()> {
    let Settlement {
        spot,
        end,
        basis,
        writes,
        now,
        ..
    } = settlement;
    let Some(held) = ours(batch, spot, &settlement.token) else {
        return Ok(Err(StoreError::ClaimLost));
    };
    for record in basis {
        if batch.version(spot.corp, &record.key)? != record.version {
            return Ok(Err(StoreError::Stale));
        }
    }
    let mut version = None;
    for write in writes {
        carry_out(batch, spot.corp, write, &mut version)?;
    }
    match end {
        End::Done => done(batch, spot, held, *now)?,
        End::Dead(reason) => dead(batch, spot, held, reason, *now)?,
    }
    Ok(Ok(()))
}

/// Gives a claimed item back until `due`, or lets it give way to a newer one of its mark.
pub(in crate::store::embedded) fn retry(
    batch: &mut Batch<'_>,
    spot: &Spot,
    token: &str,
    due: Timestamp,
    failure: Failure,
) -> Answer<()> {
    let Some(held) = ours(batch, spot, token) else {
        return Ok(Err(StoreError::ClaimLost));
    };
    let number = spot.place.number();
    if let Some(mark) = &held.mark {
        let row = (spot.corp, mark.as_str());
        let newest = batch.tables.marks.get(row)?.map(|row| row.value());
        if newest.is_some_and(|newest| newest != number) {
            done(batch, spot, held, failure.at)?;
            return Ok(Ok(()));
        }
        batch.tables.marks.insert(row, number)?;
    }
    let failures = json(&take_failures(batch, spot, failure)?);
    let row = (
        due.millis(),
        held.attempt,
        held.lane.code(),
        failures.as_str(),
    );
    batch.tables.retrying.insert(spot.key(), row)?;
    batch.change(Change::Released(spot.clone()));
    batch.change(Change::Delayed(spot.clone(), held.lane, due));
    Ok(Ok(()))
}

/// Makes an item due now, unless it is in work. Tells whether there is such an item.
pub(in crate::store::embedded) fn replay(batch: &mut Batch<'_>, spot: &Spot) -> Answer<bool> {
    if batch.held(spot).is_some() || batch.tables.waiting.get(spot.key())?.is_some() {
        return Ok(Ok(true));
    }
    if due_now(batch, spot)? {
        return Ok(Ok(true));
    }
    let Some(lane) = batch
        .tables
        .items
        .get(spot.key())?
        .map(|text| lane(text.value()))
    else {
        return Ok(Ok(false));
    };
    batch.tables.dead.remove(spot.key())?;
    let settled = batch
        .tables
        .done
        .remove(spot.key())?
        .map(|row| row.value().0);
    if let Some(settled) = settled {
        let (corp, queue, number, path) = spot.key();
        batch
            .tables
            .done_at
            .remove((corp, queue, settled, number, path))?;
    }
    batch.tables.waiting.insert(spot.key(), lane.code())?;
    batch.change(Change::Arrived(spot.clone(), lane));
    Ok(Ok(true))
}

/// Forgets up to `limit` items of a queue that were done before `before`; tells how many.
pub(in crate::store::embedded) fn trim(
    batch: &mut Batch<'_>,
    corp: u16,
    queue: u8,
    before: Timestamp,
    limit: usize,
) -> Result<usize, redb::Error> {
    let none: &[u8] = &[];
    let range = (corp, queue, i64::MIN, 0, none)..(corp, queue, before.millis(), 0, none);
    let mut forgotten = 0;
    let old = batch.tables.done_at.extract_from_if(range, |_, ()| true)?;
    for row in old.take(limit) {
        let (key, _) = row?;
        let (corp, queue, _, number, path) = key.value();
        batch.tables.done.remove((corp, queue, number, path))?;
        batch.tables.items.remove((corp, queue, number, path))?;
        forgotten += 1;
    }
    Ok(forgotten)
}

fn ours<'a>(batch: &Batch<'a>, spot: &Spot, token: &str) -> Option<&'a Held> {
    let held = batch.held(spot)?;
    (held.token.to_string() == token).then_some(held)
}

fn carry_out(
    batch: &mut Batch<'_>,
    corp: u16,
    write: &Write,
    version: &mut Option<u64>,
) -> Result<(), redb::Error> {
    match write {
        Write::Put(key, json) => {
            let version = match *version {
                Some(version) => version,
                None => *version.insert(batch.next_version(corp)?),
            };
            let row = (corp, key.table.name(), key.key.as_str());
            batch.tables.records.insert(row, (version, json.as_str()))?;
        }
        Write::Drop(key) => {
            let row = (corp, key.table.name(), key.key.as_str());
            batch.tables.records.remove(row)?;
        }
        Write::Refresh { mark, text, lane } => refresh(batch, corp, mark, text, *lane)?,
        Write::Send { id, text, lane } => {
            let place = Place::parse(id.place());
            let spot = Spot {
                corp,
                queue: Queue::Outbox,
                place: place.expect("named after a claimed item, whose place was read"),
            };
            if batch.tables.items.get(spot.key())?.is_none() {
                batch.insert(spot, *lane, text)?;
            }
        }
    }
    Ok(())
}

/// Puts a refresh into the inbox, unless one of the same mark is there and not in work.
fn refresh(
    batch: &mut Batch<'_>,
    corp: u16,
    mark: &str,
    text: &str,
    lane: Lane,
) -> Result<(), redb::Error> {
    let newest = batch.tables.marks.get((corp, mark))?.map(|row| row.value());
    if let Some(number) = newest {
        let spot = Spot {
            corp,
            queue: Queue::Inbox,
            place: Place::log(number),
        };
        let waits = batch.held(&spot).is_none()
            && (batch.tables.waiting.get(spot.key())?.is_some() || due_now(batch, &spot)?);
        if waits {
            return Ok(());
        }
    }
    let place = batch.append(corp, lane, text)?;
    batch.tables.marks.insert((corp, mark), place.number())?;
    Ok(())
}

/// If the item waits for its next attempt, makes it as if it had just come.
fn due_now(batch: &mut Batch<'_>, spot: &Spot) -> Result<bool, redb::Error> {
    let row = batch.tables.retrying.remove(spot.key())?;
    let Some((due, lane)) = row.map(|row| {
        let (due, _, lane, _) = row.value();
        (Timestamp::from_millis(due), lane_of(lane))
    }) else {
        return Ok(false);
    };
    batch.tables.waiting.insert(spot.key(), lane.code())?;
    batch.change(Change::DueNow(spot.clone(), lane, due));
    Ok(true)
}

fn done(
    batch: &mut Batch<'_>,
    spot: &Spot,
    held: &Held,
    now: Timestamp,
) -> Result<(), redb::Error> {
    batch.tables.waiting.remove(spot.key())?;
    batch.tables.retrying.remove(spot.key())?;
    let row = (now.millis(), held.attempt);
    batch.tables.done.insert(spot.key(), row)?;
    let (corp, queue, number, path) = spot.key();
    let row = (corp, queue, now.millis(), number, path);
    batch.tables.done_at.insert(row, ())?;
    unmark(batch, spot, held)?;
    batch.change(Change::Released(spot.clone()));
    Ok(())
}

fn dead(
    batch: &mut Batch<'_>,
    spot: &Spot,
    held: &Held,
    reason: &str,
    now: Timestamp,
) -> Result<(), redb::Error> {
    let failure = Failure {
        at: now,
        error: reason.to_owned(),
    };
    let failures = json(&take_failures(batch, spot, failure)?);
    let row = (now.millis(), held.attempt, failures.as_str());
    batch.tables.dead.insert(spot.key(), row)?;
    unmark(batch, spot, held)?;
    batch.change(Change::Released(spot.clone()));
    Ok(())
}

/// A settled refresh no longer stands for its mark.
fn unmark(batch: &mut Batch<'_>, spot: &Spot, held: &Held) -> Result<(), redb::Error> {
    if let Some(mark) = &held.mark {
        let row = (spot.corp, mark.as_str());
        let newest = batch.tables.marks.get(row)?.map(|row| row.value());
        if newest == Some(spot.place.number()) {
            batch.tables.marks.remove(row)?;
        }
    }
    Ok(())
}

/// Takes an item out of its open state; gives its failures with one more.
fn take_failures(
    batch: &mut Batch<'_>,
    spot: &Spot,
    failure: Failure,
) -> Result<Vec<Failure>, redb::Error> {
    batch.tables.waiting.remove(spot.key())?;
    let row = batch.tables.retrying.remove(spot.key())?;
    let mut failures = row.map_or_else(Vec::new, |row| read_failures(row.value().3));
    let error = failure.error.chars().take(ERROR_MAX).collect();
    failures.push(Failure { error, ..failure });
    let surplus = failures.len().saturating_sub(FAILURES_KEPT);
    failures.drain(..surplus);
    Ok(failures)
}

/// Reads failures from their row; what cannot be read is history that is lost, no more.
pub(in crate::store::embedded) fn read_failures(json: &str) -> Vec<Failure> {
    serde_json::from_str(json).unwrap_or_default()
}

/// The lane that a row names.
pub(in crate::store::embedded) fn lane_of(code: &str) -> Lane {
    Lane::from_code(code).unwrap_or(Lane::Normal)
}

fn lane(text: &str) -> Lane {
    lane_of(Head::of(text).lane)
}

fn json(failures: &[Failure]) -> String {
    serde_json::to_string(failures).expect("failures are plain structs")
}
