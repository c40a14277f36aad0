//! The embedded store: one file on this machine, for one process.
//!
//! What is accepted, settled or put back is synced to disk before it is answered; requests that arrive together share
//! a sync. Claims are kept in memory only: a process that ends loses its leases, and everything that was not settled
//! is claimable when the next one opens the file. From then on claims of it are counted in the file as well, so that
//! an item which ends the process each time runs out of attempts. No async worker thread ever waits for the disk.

mod place;

mod head;
mod tables;

mod index;
mod places;

mod file;
mod load;

mod batch;
mod seen;
mod writer;

mod accept;
mod claim;
mod commit;
mod counts;
mod erase;
mod transfer;

mod backup;
mod read;
mod settle;

mod memory;
mod session;

#[cfg(test)]
mod disk;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::model::delivery::{ContentKey, ItemId, Lane};
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::StoreSettings;
use crate::store::embedded::batch::Batch;
use crate::store::embedded::claim::{Taken, Want};
use crate::store::embedded::commit::{End, Settlement};
use crate::store::embedded::file::File;
use crate::store::embedded::index::Index;
use crate::store::embedded::memory::Memory;
use crate::store::embedded::place::{Place, Spot, queue_number};
use crate::store::embedded::writer::Writer;
use crate::store::error::StoreError;
use crate::store::item::{
    Accepted, Because, Claim, Failure, Health, Lanes, Leases, Queue, Settle, Ticket,
};
use crate::store::record::Record;
use crate::store::write::Write;

/// How long an accept or a question after the health may take. WeCom waits 5 s in all.
const TIMEOUT: Duration = Duration::from_secs(3);

/// A store in a file.
#[derive(Debug)]
pub(in crate::store) struct EmbeddedStore {
    corps: HashMap<CorpId, u16>,
    writer: Writer,
    file: Arc<File>,
    index: Arc<Mutex<Index>>,
    pub(in crate::store) memory: Memory,
}

impl EmbeddedStore {
    /// Opens the file; makes it when it does not exist.
    pub(in crate::store) async fn open(
        at: &Path,
        settings: &StoreSettings,
    ) -> Result<Self, StoreError> {
        let (path, settings) = (at.to_owned(), settings.clone());
        let open = move || {
            let file = File::open(&path)?;
            backup::remove_left_over(&path);
            Self::over(file, &settings)
        };
        let opened = spawn_blocking(open).await;
        opened.map_err(|_| StoreError::Unavailable("the service is stopping".into()))?
    }

    fn over(file: File, settings: &StoreSettings) -> Result<Self, StoreError> {
        let (file, index) = (Arc::new(file), Arc::default());
        let corps = load::number_corps(&file, &settings.corps);
        let corps = corps.map_err(|problem| file.failed(&problem))?;
        let numbers = corps.values().copied().collect();
        let writer = Writer::start(
            Arc::clone(&file),
            Arc::clone(&index),
            numbers,
            settings.dedupe_for,
        )?;
        Ok(Self {
            corps,
            writer,
            file,
            index,
            memory: Memory::default(),
        })
    }

    /// See [`Store::accept`](crate::store::Store::accept).
    pub(in crate::store) async fn accept(
        &self,
        corp: &CorpId,
        key: ContentKey,
        lane: Lane,
        text: String,
    ) -> Result<Accepted, StoreError> {
        let number = self.corp(corp)?;
        let write = self
            .writer
            .write(move |batch| accept::accept(batch, number, key, lane, &text).map(Ok));
        let place = tokio::time::timeout(TIMEOUT, write).await;
        Ok(match place.map_err(|_| self.too_slow())?? {
            Some(place) => Accepted::New(place.id(corp)),
            None => Accepted::Duplicate,
        })
    }

    /// See [`Store::claim_deliveries`](crate::store::Store::claim_deliveries).
    pub(in crate::store) async fn claim(
        &self,
        corp: &CorpId,
        queue: Queue,
        lanes: Lanes,
        max: usize,
        leases: Leases,
        now: Timestamp,
    ) -> Result<Vec<Claim<String>>, StoreError> {
        let number = self.corp(corp)?;
        let want = Want {
            corp: number,
            queue,
            lanes,
            max,
            leases,
            now,
        };
        let taken = self
            .writer
            .look(move |desk| claim::claim(desk, want))
            .await?;
        self.count(number, queue, &taken).await;
        let claim = |taken: Taken| Claim {
            ticket: Ticket {
                id: taken.place.id(corp),
                queue,
                attempt: taken.attempt,
                token: taken.token.to_string(),
            },
            item: taken.text,
        };
        Ok(taken.into_iter().map(claim).collect())
    }

    /// See [`Store::carry_out`](crate::store::Store::carry_out).
    pub(in crate::store) async fn carry_out(
        &self,
        corp: &CorpId,
        basis: &[Record],
        writes: &[Write],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let corp = self.corp(corp)?;
        let (basis, writes) = (basis.to_vec(), writes.to_vec());
        let write = move |batch: &mut Batch<'_>| commit::command(batch, corp, &basis, &writes, now);
        self.writer.write(write).await
    }

    /// See [`Store::commit`](crate::store::Store::commit).
    pub(in crate::store) async fn commit(
        &self,
        ticket: &Ticket,
        settle: Settle<'_>,
        basis: &[Record],
        writes: &[Write],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let settlement = Settlement {
            spot: self.claimed(ticket)?,
            token: ticket.token.clone(),
            end: match settle {
                Settle::Done => End::Done,
                Settle::Dead(reason) => End::Dead(reason.to_owned()),
            },
            basis: basis.to_vec(),
            writes: writes.to_vec(),
            now,
        };
        let write = move |batch: &mut Batch<'_>| commit::commit(batch, &settlement);
        self.writer.write(write).await
    }

    /// See [`Store::retry`](crate::store::Store::retry) and [`Store::postpone`](crate::store::Store::postpone).
    pub(in crate::store) async fn give_back(
        &self,
        ticket: &Ticket,
        due: Timestamp,
        because: Because<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (spot, token) = (self.claimed(ticket)?, ticket.token.clone());
        let failure = match because {
            Because::Failed(error) => Some(Failure::new(now, error)),
            Because::TooEarly => None,
        };
        let write = move |batch: &mut Batch<'_>| {
            settle::give_back(batch, &spot, &token, (due, failure), now)
        };
        self.writer.write(write).await
    }

    /// See [`Store::replay`](crate::store::Store::replay).
    pub(in crate::store) async fn replay(
        &self,
        queue: Queue,
        id: &ItemId,
    ) -> Result<bool, StoreError> {
        let Some(spot) = self.spot(queue, id) else {
            return Ok(false);
        };
        let write = move |batch: &mut Batch<'_>| settle::replay(batch, &spot);
        self.writer.write(write).await
    }

    /// See [`Store::hasten`](crate::store::Store::hasten).
    pub(in crate::store) async fn hasten(
        &self,
        corp: &CorpId,
        queue: Queue,
        limit: usize,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let corp = self.corp(corp)?;
        let write =
            move |batch: &mut Batch<'_>| settle::hasten(batch, (corp, queue), limit, now).map(Ok);
        self.writer.write(write).await
    }

    /// See [`Store::discard`](crate::store::Store::discard).
    pub(in crate::store) async fn discard(
        &self,
        queue: Queue,
        id: &ItemId,
        last: &Failure,
    ) -> Result<bool, StoreError> {
        let Some(spot) = self.spot(queue, id) else {
            return Ok(false);
        };
        let last = last.clone();
        let write = move |batch: &mut Batch<'_>| settle::discard(batch, &spot, &last);
        self.writer.write(write).await
    }

    /// See [`Store::trim`](crate::store::Store::trim).
    pub(in crate::store) async fn trim(
        &self,
        corp: &CorpId,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let corp = self.corp(corp)?;
        let write = move |batch: &mut Batch<'_>| {
            let mut forgotten = 0;
            for queue in [Queue::Inbox, Queue::Outbox] {
                forgotten += settle::trim(batch, corp, queue_number(queue), before, limit)?;
            }
            Ok(Ok(forgotten))
        };
        self.writer.write(write).await
    }

    /// See [`Store::health`](crate::store::Store::health).
    pub(in crate::store) async fn health(&self) -> Result<Health, StoreError> {
        let ask = async {
            if self.writer.look(|desk| Ok(desk.is_failing())).await? {
                // A store that could not write is well again when it can.
                let probe = self.writer.write(|batch| batch.probe().map(Ok)).await;
                if let Err(problem) = probe {
                    let is_full = self.writer.look(|desk| Ok(desk.is_full())).await?;
                    return Err(if is_full { self.no_room() } else { problem });
                }
            }
            self.look(|_, _| Ok(())).await
        };
        let answer = tokio::time::timeout(TIMEOUT, ask).await;
        answer.map_err(|_| self.too_slow())??;
        Ok(Health {
            name: format!("embedded (redb 4.6) {}", self.file.name()),
            warning: None,
        })
    }

    /// Counts the claims that have to be counted. When that cannot be written the work goes on all the same: it has its
    /// own ways to fail.
    async fn count(&self, corp: u16, queue: Queue, taken: &[Taken]) {
        let spot = |taken: &Taken| Spot {
            corp,
            queue,
            place: taken.place.clone(),
        };
        let left_over = taken.iter().filter(|taken| taken.left_over);
        let counted: Vec<(Spot, u32)> = left_over
            .map(|taken| (spot(taken), taken.attempt))
            .collect();
        if counted.is_empty() {
            return;
        }
        let write = move |batch: &mut Batch<'_>| {
            for (spot, attempt) in &counted {
                claim::count(batch, spot, *attempt)?;
            }
            Ok(Ok(()))
        };
        if let Err(problem) = self.writer.write(write).await {
            tracing::warn!(%problem, "Attempts could not be counted.");
        }
    }

    fn corp(&self, corp: &CorpId) -> Result<u16, StoreError> {
        let number = self.corps.get(corp).copied();
        number.ok_or_else(|| {
            StoreError::Unavailable(format!("the store was opened without the corp {corp}"))
        })
    }

    /// Where an item stands; `None` when this store cannot have it.
    pub(in crate::store::embedded) fn spot(&self, queue: Queue, id: &ItemId) -> Option<Spot> {
        Some(Spot {
            corp: self.corps.get(id.corp()).copied()?,
            queue,
            place: Place::parse(id.place())?,
        })
    }

    fn claimed(&self, ticket: &Ticket) -> Result<Spot, StoreError> {
        self.spot(ticket.queue, &ticket.id)
            .ok_or(StoreError::ClaimLost)
    }

    fn no_room(&self) -> StoreError {
        StoreError::Full(self.file.name().to_owned())
    }

    fn too_slow(&self) -> StoreError {
        let (file, limit) = (self.file.name(), TIMEOUT.as_secs());
        StoreError::Unavailable(format!("{file}: the disk did not answer within {limit} s"))
    }
}
