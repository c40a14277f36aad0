//! The one thread that writes, and the line in front of it.
//!
//! ```text
//! requests ──► line (bounded) ──► everything that waits: one transaction, one sync ──► each gets its own answer
//! ```
//!
//! Nothing is held back to make a transaction grow: while one is being synced, the next requests gather. Claims only
//! look; they are answered before the transaction begins and wait for no sync of their own. The thread alone changes
//! the index, after the transaction is on disk.
//!
//! When the file fails, the requests of that transaction fail and no others. The file is then opened again and the
//! index read from it, since a transaction whose sync failed may be there or not; claims are kept.

use std::fmt;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::store::embedded::batch::{Batch, Numbers};
use crate::store::embedded::file::File;
use crate::store::embedded::index::{Change, Index};
use crate::store::embedded::load;
use crate::store::embedded::seen;
use crate::store::embedded::tables::Tables;
use crate::store::error::StoreError;

/// How many requests may wait. More is refused at once instead of waiting beyond its sender's patience.
const WAITING_MAX: usize = 4096;

/// How many requests share a transaction.
const BATCH_MAX: usize = 256;

/// The line and its thread. Dropping it lets the thread finish what waits, and closes the file.
pub(in crate::store::embedded) struct Writer {
    entrance: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread works with.
pub(in crate::store::embedded) struct Desk {
    /// To read from.
    pub(in crate::store::embedded) file: Arc<File>,
    /// Changed here and looked at by readers; never locked across a sync.
    pub(in crate::store::embedded) index: Arc<Mutex<Index>>,
    /// The last token given to a claim.
    pub(in crate::store::embedded) tokens: u64,
    numbers: Numbers,
    corps: Vec<u16>,
    dedupe_for: Duration,
    /// The file must be opened again before it can be used.
    broken: bool,
    /// The last transaction failed.
    failing: bool,
    /// It failed because the disk has no room left.
    full: bool,
}

enum Request {
    Look(Box<dyn FnOnce(&mut Desk) + Send>),
    Write(Box<dyn Job>),
}

/// A request in a transaction.
trait Job: Send {
    /// Whether somebody still waits for the answer.
    fn is_wanted(&self) -> bool;
    /// Does its part and remembers the answer. An error means that the file failed.
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), redb::Error>;
    /// Gives the answer, now that the transaction is on disk, or the problem.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct Asked<F, R> {
    ask: Option<F>,
    found: Option<Result<R, StoreError>>,
    answer: oneshot::Sender<Result<R, StoreError>>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    /// Reads the index from the file and starts the thread.
    pub(in crate::store::embedded) fn start(
        file: Arc<File>,
        index: Arc<Mutex<Index>>,
        corps: Vec<u16>,
        dedupe_for: Duration,
    ) -> Result<Self, StoreError> {
        let mut desk = Desk {
            file,
            index,
            tokens: first_token(),
            numbers: Numbers::default(),
            corps,
            dedupe_for,
            broken: false,
            failing: false,
            full: false,
        };
        desk.load().map_err(|problem| desk.file.failed(&problem))?;
        let (entrance, mut exit) = mpsc::channel(WAITING_MAX);
        let work = move || {
            let mut waiting = Vec::with_capacity(BATCH_MAX);
            while exit.blocking_recv_many(&mut waiting, BATCH_MAX) > 0 {
                desk.carry(waiting.drain(..));
            }
            desk.file.close();
        };
        let thread = thread::Builder::new().name("store".into()).spawn(work);
        let thread = thread.map_err(|problem| {
            StoreError::Unusable(format!("no thread for the store: {problem}"))
        })?;
        Ok(Self {
            entrance: Some(entrance),
            thread: Some(thread),
        })
    }

    /// Has something looked up between two transactions.
    pub(in crate::store::embedded) async fn look<R: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Desk) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let (answer, found) = oneshot::channel();
        self.send(Request::Look(Box::new(move |desk| {
            // Who has left needs no answer, and must not get claims.
            if !answer.is_closed() {
                let _ = answer.send(ask(desk));
            }
        })))?;
        found.await.map_err(|_| closing())?
    }

    /// Has something written. The inner result of `ask` is the answer, given when the transaction is on disk.
    pub(in crate::store::embedded) async fn write<R: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Batch<'_>) -> Result<Result<R, StoreError>, redb::Error> + Send + 'static,
    ) -> Result<R, StoreError> {
        let (answer, found) = oneshot::channel();
        self.send(Request::Write(Box::new(Asked {
            ask: Some(ask),
            found: None,
            answer,
        })))?;
        found.await.map_err(|_| closing())?
    }

    fn send(&self, request: Request) -> Result<(), StoreError> {
        let entrance = self.entrance.as_ref().ok_or_else(closing)?;
        entrance.try_send(request).map_err(|problem| match problem {
            mpsc::error::TrySendError::Full(_) => {
                StoreError::Unavailable("too many requests are waiting".into())
            }
            mpsc::error::TrySendError::Closed(_) => closing(),
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.entrance.take());
        if let Some(thread) = self.thread.take() {
            // Waiting here for the last transaction means that the file is free when the store is gone.
            let _ = thread.join();
        }
    }
}

impl Desk {
    /// Whether the last transaction failed.
    pub(in crate::store::embedded) const fn is_failing(&self) -> bool {
        self.failing
    }

    /// Whether that was for want of room on the disk.
    pub(in crate::store::embedded) const fn is_full(&self) -> bool {
        self.failing && self.full
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers everything that waited.
    fn carry(&mut self, requests: impl Iterator<Item = Request>) {
        let opened = if self.broken { self.recover() } else { Ok(()) };
        let mut jobs: Vec<Box<dyn Job>> = Vec::new();
        for request in requests {
            match request {
                Request::Look(look) => look(self),
                Request::Write(job) if job.is_wanted() => jobs.push(job),
                Request::Write(_) => {}
            }
        }
        if jobs.is_empty() {
            return;
        }
        let outcome = opened.and_then(|()| self.transact(&mut jobs));
        let outcome = match outcome {
            Ok(changes) => {
                if self.failing {
                    tracing::info!("The store can write again.");
                    self.failing = false;
                }
                let mut index = self.index();
                changes.into_iter().for_each(|change| index.apply(change));
                Ok(())
            }
            Err(problem) => {
                if !self.failing {
                    tracing::error!(%problem, "The store could not write.");
                }
                (self.broken, self.failing) = (true, true);
                self.full = is_full(&problem);
                Err(self.file.failed(&problem))
            }
        };
        for job in jobs {
            job.answer(outcome.clone());
        }
        if self.broken {
            // At once, so that it can be read; if that fails, before the next requests.
            let _ = self.recover();
        }
    }

    /// Makes one transaction of all jobs.
    fn transact(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<Vec<Change>, redb::Error> {
        let transaction = self.file.begin_write()?;
        let index = Arc::clone(&self.index);
        let index = index.lock().unwrap_or_else(PoisonError::into_inner);
        let tables = Tables::open(&transaction)?;
        let mut batch = Batch::new(tables, &mut self.numbers, &index);
        for job in jobs {
            job.run(&mut batch)?;
        }
        seen::tidy(&mut batch, self.dedupe_for)?;
        let changes = batch.finish()?;
        drop(index);
        transaction.commit()?;
        Ok(changes)
    }

    /// Opens the file again.
    fn recover(&mut self) -> Result<(), redb::Error> {
        self.file.reopen()?;
        self.load()?;
        self.broken = false;
        Ok(())
    }

    fn load(&mut self) -> Result<(), redb::Error> {
        let view = self.file.view()?;
        let (index, numbers) = load::load(&view, &self.corps, &self.index())?;
        *self.index() = index;
        self.numbers = numbers;
        Ok(())
    }
}

impl<F, R> Job for Asked<F, R>
where
    F: FnOnce(&mut Batch<'_>) -> Result<Result<R, StoreError>, redb::Error> + Send,
    R: Send,
{
    fn is_wanted(&self) -> bool {
        !self.answer.is_closed()
    }

    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), redb::Error> {
        if let Some(ask) = self.ask.take() {
            self.found = Some(ask(batch)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let found = match outcome {
            Ok(()) => self.found.unwrap_or_else(|| Err(closing())),
            Err(problem) => Err(problem),
        };
        // Who has left needs no answer.
        let _ = self.answer.send(found);
    }
}

fn closing() -> StoreError {
    StoreError::Unavailable("the store is closing".into())
}

fn is_full(problem: &redb::Error) -> bool {
    let kinds = [ErrorKind::StorageFull, ErrorKind::QuotaExceeded];
    matches!(problem, redb::Error::Io(problem) if kinds.contains(&problem.kind()))
}

/// Tokens of an earlier store in this process must not fit claims of this one.
fn first_token() -> u64 {
    getrandom::u64().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use crate::model::delivery::{ContentKey, Lane};
    use crate::model::time::Timestamp;
    use crate::store::embedded::EmbeddedStore;
    use crate::store::embedded::disk::{Disk, Fault, corp};
    use crate::store::error::StoreError;
    use crate::store::item::{Accepted, Because, Lanes, Leases, Queue, Settle, State, Ticket};

    use super::*;

    const LEASES: Leases = Leases {
        urgent: Duration::from_secs(60),
        normal: Duration::from_secs(60),
    };

    fn open(disk: &Disk) -> EmbeddedStore {
        disk.store(Duration::from_secs(3600))
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    async fn accept(store: &EmbeddedStore, n: u32) -> Result<Accepted, StoreError> {
        let mut hash = [0; 16];
        hash[..4].copy_from_slice(&n.to_be_bytes());
        let key = ContentKey { window: 0, hash };
        let text = format!("1000\tcallback\tapp\tkind\tcontact:{n}\tn\n<xml/>");
        store.accept(&corp(), key, Lane::Normal, text).await
    }

    async fn claim(store: &EmbeddedStore, max: usize, now: Timestamp) -> Vec<Ticket> {
        let claims = store
            .claim(&corp(), Queue::Inbox, Lanes::All, max, LEASES, now)
            .await;
        claims
            .unwrap()
            .into_iter()
            .map(|claim| claim.ticket)
            .collect()
    }

    async fn states(store: &EmbeddedStore) -> Vec<State> {
        let entries = store.entries(&corp(), Queue::Inbox, None, None, 100).await;
        entries
            .unwrap()
            .iter()
            .map(|entry| entry.progress.state)
            .collect()
    }

    #[tokio::test]
    async fn requests_that_wait_share_a_sync() {
        let disk = Disk::new();
        let store = open(&disk);
        let before = disk.syncs();
        for round in 0..40 {
            let accepts = (0..250).map(|n| accept(&store, round * 250 + n));
            assert!(
                join_all(accepts)
                    .await
                    .into_iter()
                    .all(|answer| answer.is_ok())
            );
        }
        let syncs = disk.syncs() - before;
        assert!(syncs < 10_000 / 20, "{syncs} syncs for 10,000 deliveries");
        assert_eq!(claim(&store, 10_001, at(0)).await.len(), 10_000);
    }

    #[tokio::test]
    async fn asking_a_store_how_it_is_writes_nothing() {
        let disk = Disk::new();
        let store = open(&disk);
        let before = disk.syncs();
        store.health().await.unwrap();
        assert_eq!(disk.syncs(), before);
    }

    #[tokio::test]
    async fn a_claim_of_an_earlier_store_is_no_claim_of_this_one() {
        let disk = Disk::new();
        let store = open(&disk);
        accept(&store, 1).await.unwrap();
        let earlier = claim(&store, 1, at(0)).await.remove(0);
        drop(store);
        let store = open(&disk);
        let held = claim(&store, 1, at(0)).await.remove(0);
        assert_eq!(held.id, earlier.id);
        let settle = |ticket| store.commit(ticket, Settle::Done, &[], &[], at(1));
        assert_eq!(settle(&earlier).await, Err(StoreError::ClaimLost));
        assert_eq!(settle(&held).await, Ok(()));
    }

    #[tokio::test]
    async fn a_failure_loses_nothing_and_heals() {
        for fault in [Fault::Full, Fault::Gone, Fault::SyncFails] {
            let disk = Disk::new();
            let store = open(&disk);
            for n in 0..3 {
                accept(&store, n).await.unwrap();
            }
            let held = claim(&store, 2, at(0)).await;
            disk.fail(fault);
            let done = Settle::Done;
            let (new, settled, retried, known) = tokio::join!(
                accept(&store, 3),
                store.commit(&held[0], done, &[], &[], at(1)),
                store.give_back(&held[1], at(50), Because::Failed("busy"), at(1)),
                accept(&store, 0),
            );
            for problem in [
                new.unwrap_err(),
                settled.unwrap_err(),
                retried.unwrap_err(),
                known.unwrap_err(),
            ] {
                let text = problem.to_string();
                assert!(matches!(problem, StoreError::Unavailable(_)), "{text}");
                assert!(text.contains("test disk"), "{text}");
            }
            let unwell = store.health().await.unwrap_err();
            let is_full = matches!(unwell, StoreError::Full(_));
            assert_eq!(is_full, fault == Fault::Full, "{unwell}");

            disk.fail(Fault::None);
            store.health().await.unwrap();
            assert_eq!(accept(&store, 0).await, Ok(Accepted::Duplicate));
            let again = accept(&store, 3).await.unwrap();
            let known = states(&store).await;
            assert_eq!(known.len(), 4, "{fault:?}");
            if fault != Fault::SyncFails {
                assert!(matches!(again, Accepted::New(_)));
                assert_eq!(known, [State::Waiting; 4], "{fault:?}");
                let taken = claim(&store, 9, at(2)).await;
                assert_eq!(taken.len(), 2, "the claims are kept");
                let retry = store.give_back(&held[1], at(50), Because::Failed("busy"), at(3));
                retry.await.unwrap();
                let commit = store.commit(&held[0], done, &[], &[], at(3));
                commit.await.unwrap();
            }
            // The failed transaction is there or not; all that is open can be claimed.
            let open = states(&store).await;
            let open = open.iter().filter(|state| **state != State::Done).count();
            assert_eq!(claim(&store, 9, at(1000)).await.len(), open, "{fault:?}");
        }
    }
}
