//! The one durable place: inbox, state, outbox.
//!
//! It promises: what [`Store::accept`] answered is on disk (or wherever Redis was told to keep it); a commit happens
//! whole or not at all, and only while its claim is ours; one item of a subject is in work at a time, urgent ones first.
//! It never reads a clock, never looks into an event, and does not know why an effect was decided.
//!
//! A refresh (a delivery of our own whose subject is `refresh-` and another subject) waits until nothing of that other
//! subject is in work or stands before it: whatever a burst of events says about a contact is then read once. It does
//! not hold the other subject, so an urgent event never waits for a refresh.
//!
//! An item's life: accepted → *waiting* → claimed → *done*, or *retrying* at a due time, or *dead*. A claim is a lease:
//! when its holder vanishes, the item is claimable again. A dead item
//! may be *discarded*. Settled items stay for replay until they are trimmed.

pub mod error;
pub mod item;
pub mod line;
pub mod record;

mod write;

mod embedded;
mod redis;

pub mod backup;
pub mod entrance;
pub mod erase;
pub mod shared;
pub mod took;
pub mod transfer;

mod look;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::Notify;

use crate::model::delivery::{ContentKey, Delivery, ItemId};
use crate::model::effect::Effect;
use crate::model::histogram::Spread;
use crate::model::ids::CorpId;
use crate::model::outgoing::Outgoing;
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::item::{
    Accepted, Because, Claim, Failure, Health, Lanes, Leases, Queue, Settle, Ticket,
};
use crate::store::record::{Record, Table};
use crate::store::took::{Operation, Took};

/// Where the state is kept.
#[derive(Debug, Clone)]
pub enum StoreUrl {
    /// `embedded:PATH`: one file on this machine, for one process.
    Embedded(PathBuf),
    /// A text as [`RedisUrl`](crate::model::redis_url::RedisUrl) reads it: shared by several processes. Secret: it may
    /// hold a password.
    Redis(SecretString),
}

/// What opening a store needs to know.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// Where.
    pub url: StoreUrl,
    /// The corps that will be served.
    pub corps: Vec<CorpId>,
    /// How long a delivery is recognised when it comes again.
    pub dedupe_for: Duration,
    /// How many replicas of a Redis must have a delivery before [`Store::accept`] answers; without one, its master
    /// may be lost with what it had just answered.
    pub replicas: u32,
}

/// The records of some tables whose keys lie between two texts, the first ones of each table.
#[derive(Debug, Clone, Copy)]
struct Range<'a> {
    tables: &'a [Table],
    after: &'a str,
    before: &'a str,
    /// How many of each table.
    limit: usize,
}

/// So many deliveries being taken in at once are a crowd: 8,000 a second, if each takes a millisecond.
const CROWD: usize = 8;

/// How many items are made due in one step, and in how many steps.
const HASTEN_STEP: usize = 500;
const HASTEN_STEPS_MAX: usize = 1000;

/// The store: Redis or embedded, by setting. Both pass one contract.
#[derive(Debug)]
pub struct Store {
    backend: Backend,
    bells: HashMap<CorpId, Bells>,
    /// How many deliveries are being taken in.
    arriving: AtomicUsize,
    took: Took,
}

#[derive(Debug)]
enum Backend {
    Redis(Box<redis::RedisStore>),
    Embedded(embedded::EmbeddedStore),
}

/// Counts a delivery for as long as it is being taken in.
struct Arriving<'a>(&'a AtomicUsize);

impl<'a> Arriving<'a> {
    fn count(arriving: &'a AtomicUsize) -> Self {
        arriving.fetch_add(1, Ordering::Relaxed);
        Self(arriving)
    }
}

impl Drop for Arriving<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Rung when this process puts something into a queue, so that its own workers need not wait for the next look.
#[derive(Debug, Default)]
struct Bells {
    inbox: Notify,
    outbox: Notify,
}

/// Asks the backend, whichever it is.
macro_rules! ask {
    ($store:expr, $operation:expr, $backend:ident => $question:expr) => {
        $store
            .took
            .time($operation, async { ask!($store, $backend => $question) })
            .await
    };
    ($store:expr, $backend:ident => $question:expr) => {
        match &$store.backend {
            Backend::Redis($backend) => $question.await,
            Backend::Embedded($backend) => $question.await,
        }
    };
}

pub(in crate::store) use ask;

impl Store {
    /// Opens the store.
    ///
    /// # Errors
    /// [`StoreError::InUse`] or [`StoreError::Unusable`], saying what to change; [`StoreError::Unavailable`] when the
    /// server does not answer.
    pub async fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        let backend = match &settings.url {
            StoreUrl::Redis(url) => {
                Backend::Redis(Box::new(redis::RedisStore::open(url, settings).await?))
            }
            StoreUrl::Embedded(path) => {
                Backend::Embedded(embedded::EmbeddedStore::open(path, settings).await?)
            }
        };
        let bells = settings
            .corps
            .iter()
            .map(|corp| (corp.clone(), Bells::default()))
            .collect();
        Ok(Self {
            backend,
            bells,
            arriving: AtomicUsize::new(0),
            took: Took::default(),
        })
    }

    /// Keeps a delivery durably unless the same content came before: one round trip, shared with the deliveries that
    /// arrive meanwhile. Answers within three seconds: WeCom gives up after five, and an honest refusal must be there
    /// before. When the future is dropped the delivery may or may not have been kept.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: it is not known to be stored, the sender must send again.
    pub async fn accept(
        &self,
        corp: &CorpId,
        key: ContentKey,
        delivery: &Delivery,
    ) -> Result<Accepted, StoreError> {
        let _arriving = Arriving::count(&self.arriving);
        let accepted = ask!(self, Operation::Accept, b => b.accept(corp, key, delivery.lane, delivery.encode()))?;
        if let Accepted::New(_) = accepted {
            self.ring(corp, Queue::Inbox);
        }
        Ok(accepted)
    }

    /// Takes up to `max` deliveries into work, each until the lease of its lane has passed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: nothing was claimed, or the leases will run out.
    pub async fn claim_deliveries(
        &self,
        corp: &CorpId,
        lanes: Lanes,
        max: usize,
        leases: Leases,
        now: Timestamp,
    ) -> Result<Vec<Claim<Delivery>>, StoreError> {
        let claims = ask!(self, Operation::Claim, b => b.claim(corp, Queue::Inbox, lanes, max, leases, now))?;
        self.readable(claims, now, |text| Delivery::decode(text).ok())
            .await
    }

    /// Takes up to `max` outgoing calls into work, each until the lease of its lane has passed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: nothing was claimed, or the leases will run out.
    pub async fn claim_outgoing(
        &self,
        corp: &CorpId,
        lanes: Lanes,
        max: usize,
        leases: Leases,
        now: Timestamp,
    ) -> Result<Vec<Claim<Outgoing>>, StoreError> {
        let claims = ask!(self, Operation::Claim, b => b.claim(corp, Queue::Outbox, lanes, max, leases, now))?;
        self.readable(claims, now, |text| Outgoing::decode(text).ok())
            .await
    }

    /// Settles a claimed item and makes every change that follows from it: all in one step, or nothing.
    ///
    /// `basis` is every record that was read to decide. Outgoing calls are named after the claimed item, so that a
    /// replay of it does not owe them again.
    ///
    /// # Errors
    /// [`StoreError::ClaimLost`]: leave it to the new holder. [`StoreError::Stale`]: read and decide again.
    /// [`StoreError::Unavailable`]: repeat, or let the lease run out.
    pub async fn commit(
        &self,
        ticket: &Ticket,
        settle: Settle<'_>,
        basis: &[Record],
        effects: &[Effect],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let writes = write::writes(&ticket.id, effects, now);
        ask!(self, Operation::Commit, b => b.commit(ticket, settle, basis, &writes, now))?;
        self.ring_for(ticket.id.corp(), &writes);
        Ok(())
    }

    /// Makes every change that follows from a command: all in one step, or nothing. Nothing is claimed for it; that it
    /// is carried out once is in its effects and its basis.
    ///
    /// # Errors
    /// [`StoreError::Stale`]: read and decide again. [`StoreError::Unavailable`]: it is not known to be carried out.
    pub async fn carry_out(
        &self,
        corp: &CorpId,
        basis: &[Record],
        effects: &[Effect],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let writes = write::writes(&ItemId::new(corp.clone(), ""), effects, now);
        ask!(self, Operation::Command, b => b.carry_out(corp, basis, &writes, now))?;
        self.ring_for(corp, &writes);
        Ok(())
    }

    /// Gives a claimed item back: another attempt is due at `due`. A refresh gives way to a newer one of the same mark.
    ///
    /// # Errors
    /// [`StoreError::ClaimLost`] or [`StoreError::Unavailable`].
    pub async fn retry(
        &self,
        ticket: &Ticket,
        due: Timestamp,
        error: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        ask!(self, b => b.give_back(ticket, due, Because::Failed(error), now))
    }

    /// Gives a claimed item back whose time comes at `due`. That was no attempt and leaves no failure.
    ///
    /// # Errors
    /// [`StoreError::ClaimLost`] or [`StoreError::Unavailable`].
    pub async fn postpone(
        &self,
        ticket: &Ticket,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        ask!(self, b => b.give_back(ticket, due, Because::TooEarly, now))
    }

    /// Makes a settled or waiting item due now, as if it had just come. `false`: there is no such item. An item that
    /// is in work stays there, and that counts as done.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn replay(&self, queue: Queue, id: &ItemId) -> Result<bool, StoreError> {
        let found = ask!(self, b => b.replay(queue, id))?;
        self.ring(id.corp(), queue);
        Ok(found)
    }

    /// Makes items due now that wait for another attempt, those that are due first, at most `limit`; tells how many.
    /// What they waited for is said to be gone; their failures stay, and the attempt that this brings does not count.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn hasten(
        &self,
        corp: &CorpId,
        queue: Queue,
        limit: usize,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let hastened = ask!(self, b => b.hasten(corp, queue, limit, now))?;
        if hastened > 0 {
            self.ring(corp, queue);
        }
        Ok(hastened)
    }

    /// [Hastens](Self::hasten) everything in both queues of a corp, step by step, so that nobody waits long behind it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: some may be hastened.
    pub async fn hasten_all(&self, corp: &CorpId, now: Timestamp) -> Result<usize, StoreError> {
        let mut all = 0;
        for queue in [Queue::Inbox, Queue::Outbox] {
            for _ in 0..HASTEN_STEPS_MAX {
                let hastened = self.hasten(corp, queue, HASTEN_STEP, now).await?;
                all += hastened;
                if hastened < HASTEN_STEP {
                    break;
                }
            }
        }
        Ok(all)
    }

    /// How long this took since the start.
    pub fn took(&self, operation: Operation) -> Spread {
        self.took.of(operation)
    }

    /// Ends a dead item for good, by this person's decision. It stays visible with the reason until it is trimmed, and can
    /// still be replayed. `false`: it is not dead.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn discard(
        &self,
        queue: Queue,
        id: &ItemId,
        reason: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let last = Failure::new(now, &format!("discarded by {by}: {reason}"));
        ask!(self, b => b.discard(queue, id, &last))
    }

    /// Forgets items of both queues that were done or discarded before `before`, at most `limit` of each; tells how many.
    /// Dead ones stay.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn trim(
        &self,
        corp: &CorpId,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        ask!(self, b => b.trim(corp, before, limit))
    }

    /// Asks the store how it is, with one round trip. One that has failed to write must write before it is well again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Full`].
    pub async fn health(&self) -> Result<Health, StoreError> {
        ask!(self, b => b.health())
    }

    /// Resolves when this process has put something into the queue since the last call.
    pub async fn rung(&self, corp: &CorpId, queue: Queue) {
        match (self.bells.get(corp), queue) {
            (Some(bells), Queue::Inbox) => bells.inbox.notified().await,
            (Some(bells), Queue::Outbox) => bells.outbox.notified().await,
            (None, _) => std::future::pending().await,
        }
    }

    /// Whether many deliveries are being taken in at this moment by this process. Then whatever can wait should: their
    /// senders cannot. It is their rate times the time that one takes, so it tells of a slow machine as well.
    pub fn is_crowded(&self) -> bool {
        self.arriving.load(Ordering::Relaxed) >= CROWD
    }

    fn ring_for(&self, corp: &CorpId, writes: &[write::Write]) {
        let any = |wanted: fn(&write::Write) -> bool| writes.iter().any(wanted);
        if any(|write| matches!(write, write::Write::Refresh { .. })) {
            self.ring(corp, Queue::Inbox);
        }
        if any(|write| matches!(write, write::Write::Send { .. })) {
            self.ring(corp, Queue::Outbox);
        }
    }

    fn ring(&self, corp: &CorpId, queue: Queue) {
        match (self.bells.get(corp), queue) {
            (Some(bells), Queue::Inbox) => bells.inbox.notify_one(),
            (Some(bells), Queue::Outbox) => bells.outbox.notify_one(),
            (None, _) => {}
        }
    }

    /// Decodes claimed items; one that cannot be read is buried, so that it is seen and stops nobody.
    async fn readable<T>(
        &self,
        claims: Vec<Claim<String>>,
        now: Timestamp,
        decode: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<Claim<T>>, StoreError> {
        let mut readable = Vec::with_capacity(claims.len());
        for Claim { ticket, item } in claims {
            match decode(&item) {
                Some(item) => readable.push(Claim { ticket, item }),
                None => {
                    let reason = Settle::Dead("the stored text cannot be read by this version");
                    self.commit(&ticket, reason, &[], &[], now).await?;
                }
            }
        }
        Ok(readable)
    }
}
