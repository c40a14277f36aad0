//! A settlement with all that follows from it: records, refreshes, calls.

use redb::ReadableTable;

use crate::model::delivery::{ItemId, Lane};
use crate::model::time::Timestamp;
use crate::store::embedded::batch::Batch;
use crate::store::embedded::place::{Place, Spot};
use crate::store::embedded::settle::{Answer, dead, done, due_now, ours};
use crate::store::error::StoreError;
use crate::store::item::Queue;
use crate::store::record::Record;
use crate::store::write::Write;

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
    if !stands(batch, spot.corp, basis)? {
        return Ok(Err(StoreError::Stale));
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

/// Carries out a command. What it sends is named after a place of its own, which no delivery has: the number of the
/// commit follows the time.
pub(in crate::store::embedded) fn command(
    batch: &mut Batch<'_>,
    corp: u16,
    basis: &[Record],
    writes: &[Write],
    now: Timestamp,
) -> Answer<()> {
    if !stands(batch, corp, basis)? {
        return Ok(Err(StoreError::Stale));
    }
    let number = batch.next_version(corp)?;
    let place = Place::of_command(now.millis(), number);
    let mut version = Some(number);
    for write in writes {
        match write {
            Write::Send { id, text, lane } => {
                let named = ItemId::new(id.corp().clone(), &format!("{place}{}", id.place()));
                let (id, text, lane) = (named, text.clone(), *lane);
                carry_out(batch, corp, &Write::Send { id, text, lane }, &mut version)?;
            }
            Write::Put(..) | Write::Drop(_) | Write::Refresh { .. } => {
                carry_out(batch, corp, write, &mut version)?;
            }
        }
    }
    Ok(Ok(()))
}

/// Whether these records are still what was read.
fn stands(batch: &Batch<'_>, corp: u16, basis: &[Record]) -> Result<bool, redb::Error> {
    for record in basis {
        if batch.version(corp, &record.key)? != record.version {
            return Ok(false);
        }
    }
    Ok(true)
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
            if batch.tables.items.get(spot.arrival())?.is_none() {
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
            && (batch.tables.waiting.get(spot.arrival())?.is_some() || due_now(batch, &spot)?);
        if waits {
            return Ok(());
        }
    }
    let place = batch.append(corp, lane, text)?;
    batch.tables.marks.insert((corp, mark), place.number())?;
    Ok(())
}
