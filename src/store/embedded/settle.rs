//! How claimed items end, and how ended ones begin again.

use redb::ReadableTable;

use crate::model::delivery::Lane;
use crate::model::time::Timestamp;
use crate::store::embedded::batch::Batch;
use crate::store::embedded::head::Head;
use crate::store::embedded::index::{Change, Held};
use crate::store::embedded::place::Spot;
use crate::store::error::StoreError;
use crate::store::item::{FAILURES_KEPT, Failure, Queue};

/// The inner result is the answer; the outer error means that the file failed.
pub(in crate::store::embedded) type Answer<T> = Result<Result<T, StoreError>, redb::Error>;

/// Gives a claimed item back until `due`, or lets it give way to a newer one of its mark. Without a failure this attempt
/// counts as none.
pub(in crate::store::embedded) fn give_back(
    batch: &mut Batch<'_>,
    spot: &Spot,
    token: &str,
    (due, failure): (Timestamp, Option<Failure>),
    now: Timestamp,
) -> Answer<()> {
    let Some(held) = ours(batch, spot, token) else {
        return Ok(Err(StoreError::ClaimLost));
    };
    let number = spot.place.number();
    if let Some(mark) = &held.mark {
        let row = (spot.corp, mark.as_str());
        let newest = batch.tables.marks.get(row)?.map(|row| row.value());
        if newest.is_some_and(|newest| newest != number) {
            done(batch, spot, held, now)?;
            return Ok(Ok(()));
        }
        batch.tables.marks.insert(row, number)?;
    }
    let attempts = match failure {
        Some(_) => held.attempt,
        None => held.attempt.saturating_sub(1),
    };
    let failures = json(&take_failures(batch, spot, failure)?);
    let row = (due.millis(), attempts, held.lane.code(), failures.as_str());
    batch.tables.retrying.insert(spot.key(), row)?;
    batch.change(Change::Released(spot.clone()));
    batch.change(Change::Delayed(spot.clone(), held.lane, due));
    Ok(Ok(()))
}

/// Makes an item due now, unless it is in work. Tells whether there is such an item.
pub(in crate::store::embedded) fn replay(batch: &mut Batch<'_>, spot: &Spot) -> Answer<bool> {
    if batch.held(spot).is_some() || batch.tables.waiting.get(spot.arrival())?.is_some() {
        return Ok(Ok(true));
    }
    if due_now(batch, spot)? {
        return Ok(Ok(true));
    }
    let Some(lane) = batch
        .tables
        .items
        .get(spot.arrival())?
        .map(|text| lane(text.value()))
    else {
        return Ok(Ok(false));
    };
    batch.tables.dead.remove(spot.key())?;
    let done = batch.tables.done.remove(spot.key())?;
    let discarded = batch.tables.discarded.remove(spot.key())?;
    let settled = done.map(|row| row.value().0);
    let settled = settled.or_else(|| Some(discarded?.value().0));
    if let Some(settled) = settled {
        let (corp, queue, number, path) = spot.key();
        batch
            .tables
            .done_at
            .remove((corp, queue, settled, number, path))?;
    }
    batch.tables.waiting.insert(spot.arrival(), lane.code())?;
    batch.change(Change::Arrived(spot.clone(), lane));
    Ok(Ok(true))
}

/// Makes up to `limit` items due that wait for another attempt; tells how many. The attempt that this brings is one for
/// nothing.
pub(in crate::store::embedded) fn hasten(
    batch: &mut Batch<'_>,
    (corp, queue): (u16, Queue),
    limit: usize,
    now: Timestamp,
) -> Result<usize, redb::Error> {
    let mut hastened = 0;
    for (due, place, lane) in batch.delayed(corp, queue, now, limit) {
        let spot = Spot { corp, queue, place };
        let row = batch.tables.retrying.remove(spot.key())?;
        // Another request of this transaction may have made it due.
        let Some(row) = row.map(|row| {
            let (_, claims, lane, failures) = row.value();
            (claims, lane.to_owned(), failures.to_owned())
        }) else {
            continue;
        };
        let row = (
            now.millis(),
            row.0.saturating_sub(1),
            row.1.as_str(),
            row.2.as_str(),
        );
        batch.tables.retrying.insert(spot.key(), row)?;
        batch.change(Change::Hastened(spot, lane, due, now));
        hastened += 1;
    }
    Ok(hastened)
}

/// Ends a dead item for good. Tells whether it was dead.
pub(in crate::store::embedded) fn discard(
    batch: &mut Batch<'_>,
    spot: &Spot,
    last: &Failure,
) -> Answer<bool> {
    let Some((attempts, mut failures)) = batch.tables.dead.remove(spot.key())?.map(|row| {
        let (_, attempts, failures) = row.value();
        (attempts, read_failures(failures))
    }) else {
        return Ok(Ok(false));
    };
    keep(&mut failures, last.clone());
    let (at, failures) = (last.at.millis(), json(&failures));
    let row = (at, attempts, failures.as_str());
    batch.tables.discarded.insert(spot.key(), row)?;
    let (corp, queue, number, path) = spot.key();
    let row = (corp, queue, at, number, path);
    batch.tables.done_at.insert(row, ())?;
    Ok(Ok(true))
}

/// Forgets up to `limit` items of a queue that were done or discarded before `before`; tells how many.
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
        batch.tables.discarded.remove((corp, queue, number, path))?;
        batch.tables.items.remove((queue, number, corp, path))?;
        forgotten += 1;
    }
    Ok(forgotten)
}

/// The claim that a token proves.
pub(in crate::store::embedded) fn ours<'a>(
    batch: &Batch<'a>,
    spot: &Spot,
    token: &str,
) -> Option<&'a Held> {
    let held = batch.held(spot)?;
    (held.token.to_string() == token).then_some(held)
}

/// If the item waits for its next attempt, makes it as if it had just come.
pub(in crate::store::embedded) fn due_now(
    batch: &mut Batch<'_>,
    spot: &Spot,
) -> Result<bool, redb::Error> {
    let row = batch.tables.retrying.remove(spot.key())?;
    let Some((due, lane)) = row.map(|row| {
        let (due, _, lane, _) = row.value();
        (Timestamp::from_millis(due), lane_of(lane))
    }) else {
        return Ok(false);
    };
    batch.tables.waiting.insert(spot.arrival(), lane.code())?;
    batch.change(Change::DueNow(spot.clone(), lane, due));
    Ok(true)
}

/// Ends a claimed item well.
pub(in crate::store::embedded) fn done(
    batch: &mut Batch<'_>,
    spot: &Spot,
    held: &Held,
    now: Timestamp,
) -> Result<(), redb::Error> {
    batch.tables.waiting.remove(spot.arrival())?;
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

/// Gives a claimed item up.
pub(in crate::store::embedded) fn dead(
    batch: &mut Batch<'_>,
    spot: &Spot,
    held: &Held,
    reason: &str,
    now: Timestamp,
) -> Result<(), redb::Error> {
    let failure = Failure::new(now, reason);
    let failures = json(&take_failures(batch, spot, Some(failure))?);
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

/// Takes an item out of its open state; gives its failures, with this one if there is one.
fn take_failures(
    batch: &mut Batch<'_>,
    spot: &Spot,
    failure: Option<Failure>,
) -> Result<Vec<Failure>, redb::Error> {
    batch.tables.waiting.remove(spot.arrival())?;
    let row = batch.tables.retrying.remove(spot.key())?;
    let mut failures = row.map_or_else(Vec::new, |row| read_failures(row.value().3));
    if let Some(failure) = failure {
        keep(&mut failures, failure);
    }
    Ok(failures)
}

/// Adds an entry to an item's history.
fn keep(failures: &mut Vec<Failure>, failure: Failure) {
    failures.push(failure);
    let surplus = failures.len().saturating_sub(FAILURES_KEPT);
    failures.drain(..surplus);
}

/// Reads failures from their row; what cannot be read is history that is lost, no more.
pub(in crate::store::embedded) fn read_failures(json: &str) -> Vec<Failure> {
    serde_json::from_str(json).unwrap_or_default()
}

/// The lane that a row names.
pub(in crate::store::embedded) fn lane_of(row: &str) -> Lane {
    let code = row.split(' ').next();
    code.and_then(Lane::from_code).unwrap_or(Lane::Normal)
}

/// How many claims a row of `waiting` knows of.
pub(in crate::store::embedded) fn claims_of(row: &str) -> u32 {
    let claims = row.split(' ').nth(1);
    claims.and_then(|claims| claims.parse().ok()).unwrap_or(0)
}

/// A row of `waiting` for an item that was claimed this often.
pub(in crate::store::embedded) fn waiting_row(lane: Lane, claims: u32) -> String {
    format!("{} {claims}", lane.code())
}

fn lane(text: &str) -> Lane {
    lane_of(Head::of(text).lane)
}

/// Failures as their row has them.
pub(in crate::store::embedded) fn json(failures: &[Failure]) -> String {
    serde_json::to_string(failures).expect("failures are plain structs")
}
