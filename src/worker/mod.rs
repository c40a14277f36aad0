//! The loops behind the door: they take what is due, act on it, and settle it.
//!
//! A loop keeps many items in work at once, but never lets slow ones take the places that urgent ones will need. The
//! same steps run in tests, one after the other, until nothing is due.

pub mod reconcile;
pub mod retry;

mod inbox;
mod outbox;
mod settle;
mod trim;

pub mod forget;
pub mod old;
pub mod sweep;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::act::Act;
use crate::clock::Clock;
use crate::files::Files;
use crate::model::delivery::Lane;
use crate::model::ids::CorpId;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::item::{Lanes, Leases, Queue};

/// A claim that is not settled after this long may be claimed by another process. A welcome has 20 seconds: when the
/// answer to a claim is lost, even twice, enough of them is left.
const LEASES: Leases = Leases {
    urgent: Duration::from_secs(8),
    normal: Duration::from_secs(45),
};

/// Work on one item is broken off after this long, while its lease still holds. An urgent call has 3 seconds, so this
/// is enough for a new token and the call.
const fn patience(lane: Lane) -> Duration {
    match lane {
        Lane::Urgent => Duration::from_secs(6),
        Lane::Normal => Duration::from_secs(40),
    }
}

/// How many items of one corp's queue are in work at once.
const IN_WORK_MAX: usize = 64;

/// So many of those places are kept for urgent items.
const URGENT_PLACES: usize = 16;

/// How many items are claimed in one round trip.
const CLAIM_MAX: usize = 32;

/// A claim waits this long, so that what comes due meanwhile goes together.
const GATHER: Duration = Duration::from_millis(2);

/// The same while the door is crowded.
const CROWDED_GATHER: Duration = Duration::from_millis(10);

/// While the door is crowded, one of the loops claims ordinary items, this long after the one before it. Even then an
/// hour settles a million, more than WeCom lets be called for.
const CROWDED_WAIT: Duration = Duration::from_millis(25);

/// How many items are claimed at once when it is a loop's turn while the door is crowded.
const CROWDED_MAX: usize = 8;

/// How often a quiet queue is looked at: other processes do not ring our bell, and retries come due.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How long something is kept.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    /// Settled items.
    pub settled: Duration,
    /// Openings of the toolbar, after the last.
    pub visits: Duration,
}

/// Works on the queues.
#[derive(Debug, Clone)]
pub struct Worker {
    store: Arc<Store>,
    act: Act,
    clock: Clock,
    turn: Arc<Turn>,
}

impl Worker {
    /// Works on this store.
    pub fn new(store: Arc<Store>, act: Act, clock: Clock) -> Self {
        let turn = Arc::default();
        Self {
            store,
            act,
            clock,
            turn,
        }
    }

    /// Claims what is due in a queue and works on it until it is settled; tells how much it was. For tests, which step
    /// until this is zero.
    ///
    /// # Errors
    /// [`StoreError`] when nothing could be claimed.
    pub async fn step(&self, corp: &CorpId, queue: Queue) -> Result<usize, StoreError> {
        let works = self.claim(corp, queue, CLAIM_MAX, Lanes::All).await?;
        let count = works.len();
        futures_util::future::join_all(works).await;
        Ok(count)
    }

    /// Starts the loops of these corps. They end when `stop` is cancelled; `tasks` then waits for what is in work.
    pub fn spawn(
        &self,
        corps: &[CorpId],
        keep: Keep,
        stop: &CancellationToken,
        tasks: &TaskTracker,
    ) {
        for corp in corps {
            for queue in [Queue::Inbox, Queue::Outbox] {
                let (worker, corp, stop, in_work) =
                    (self.clone(), corp.clone(), stop.clone(), tasks.clone());
                tasks.spawn(async move { worker.run(&corp, queue, &stop, &in_work).await });
            }
            let (worker, corp, stop) = (self.clone(), corp.clone(), stop.clone());
            tasks.spawn(async move {
                tokio::join!(
                    worker.trim(&corp, keep.settled, &stop),
                    worker.forget_old(&corp, keep.visits, &stop)
                )
            });
        }
    }

    /// Starts the loops that remove files of these corps that nothing shows.
    pub fn keep_tidy(
        &self,
        corps: &[CorpId],
        files: &Arc<Files>,
        stop: &CancellationToken,
        tasks: &TaskTracker,
    ) {
        for corp in corps {
            let (worker, corp, files, stop) =
                (self.clone(), corp.clone(), Arc::clone(files), stop.clone());
            tasks.spawn(async move { worker.sweep(&corp, &files, &stop).await });
        }
    }

    async fn run(
        &self,
        corp: &CorpId,
        queue: Queue,
        stop: &CancellationToken,
        tasks: &TaskTracker,
    ) {
        let places = Arc::new(Semaphore::new(IN_WORK_MAX));
        // Whoever is done may have freed a subject that another item waits for.
        let done = Arc::new(Notify::new());
        let mut failing = false;
        while !stop.is_cancelled() {
            // At least one place is free before anything is claimed, so that no claim waits while its lease runs.
            let Ok(first) = places.acquire().await else {
                return;
            };
            drop(first);
            let crowded = self.store.is_crowded();
            tokio::time::sleep(if crowded { CROWDED_GATHER } else { GATHER }).await;
            let free = places.available_permits();
            let (max, lanes) = match free.checked_sub(URGENT_PLACES) {
                None | Some(0) => (free, Lanes::Urgent),
                Some(_) if crowded && !self.turn.take() => (free, Lanes::Urgent),
                Some(ordinary) if crowded => (ordinary.min(CROWDED_MAX), Lanes::All),
                Some(ordinary) => (ordinary, Lanes::All),
            };
            let works = match self.claim(corp, queue, max.min(CLAIM_MAX), lanes).await {
                Ok(works) => works,
                Err(problem) => {
                    if !failing {
                        tracing::error!(%corp, ?queue, %problem, "Nothing can be claimed from the store; trying on.");
                    }
                    failing = true;
                    tokio::select! {
                        () = tokio::time::sleep(LOOK_EVERY) => continue,
                        () = stop.cancelled() => return,
                    }
                }
            };
            if failing {
                tracing::info!(%corp, ?queue, "The store answers again.");
                failing = false;
            }
            if works.is_empty() {
                tokio::select! {
                    () = self.store.rung(corp, queue) => {}
                    () = done.notified() => {}
                    () = tokio::time::sleep(if crowded { CROWDED_WAIT } else { LOOK_EVERY }) => {}
                    () = stop.cancelled() => return,
                }
            }
            for work in works {
                let done = Arc::clone(&done);
                let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                    return;
                };
                tasks.spawn(async move {
                    work.await;
                    drop(place);
                    done.notify_one();
                });
            }
        }
    }

    /// Claims items; each future works on one and settles it.
    async fn claim(
        &self,
        corp: &CorpId,
        queue: Queue,
        max: usize,
        lanes: Lanes,
    ) -> Result<Vec<Work>, StoreError> {
        let now = self.clock.now();
        if let Err(problem) = self.act.hasten_if_mended(corp, now).await {
            tracing::warn!(%corp, %problem, "What waited for a fault or an outage to end becomes due in its own time.");
        }
        Ok(match queue {
            Queue::Inbox => {
                let claims = self
                    .store
                    .claim_deliveries(corp, lanes, max, LEASES, now)
                    .await?;
                claims
                    .into_iter()
                    .map(|claim| -> Work { Box::pin(self.clone().deliver(claim)) })
                    .collect()
            }
            Queue::Outbox => {
                let claims = self
                    .store
                    .claim_outgoing(corp, lanes, max, LEASES, now)
                    .await?;
                claims
                    .into_iter()
                    .map(|claim| -> Work { Box::pin(self.clone().send(claim)) })
                    .collect()
            }
        })
    }
}

/// When something is done that nobody waits for.
#[derive(Debug, Clone, Copy)]
struct Times {
    /// So soon after the start.
    first: Duration,
    /// So long after each time.
    every: Duration,
}

/// What the log says of it.
#[derive(Debug, Clone, Copy)]
struct Said {
    /// When it found something to do.
    done: &'static str,
    /// When it ended early.
    failed: &'static str,
}

/// Does something again and again until it is to stop, also in the middle.
async fn now_and_then<E: fmt::Display, F: Future<Output = Result<usize, E>>>(
    corp: &CorpId,
    times: Times,
    said: Said,
    stop: &CancellationToken,
    once: impl Fn() -> F,
) {
    let mut wait = times.first;
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait) => wait = times.every,
            () = stop.cancelled() => return,
        }
        let done = tokio::select! {
            done = once() => done,
            () = stop.cancelled() => return,
        };
        match done {
            Ok(0) => {}
            Ok(count) => tracing::info!(%corp, count, "{}", said.done),
            Err(problem) => tracing::warn!(%corp, %problem, "{}", said.failed),
        }
    }
}

/// Work on one claimed item.
type Work = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// Whose turn it is to claim ordinary items while the door is crowded: what has arrived is settled after what is
/// arriving. Urgent items wait for no turn.
#[derive(Debug, Default)]
struct Turn(Mutex<Option<Instant>>);

impl Turn {
    /// Takes the turn, unless it was taken a moment ago.
    fn take(&self) -> bool {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let free = taken.is_none_or(|taken| taken.elapsed() >= CROWDED_WAIT);
        if free {
            *taken = Some(Instant::now());
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn it_is_done_again_and_again_until_the_stop() {
        let (corp, stop) = (CorpId::parse("ww1").unwrap(), CancellationToken::new());
        let times = Times {
            first: Duration::ZERO,
            every: Duration::from_millis(1),
        };
        let said = Said {
            done: "done",
            failed: "failed",
        };
        let count = AtomicUsize::new(0);
        let once = async || {
            if count.fetch_add(1, Ordering::SeqCst) == 2 {
                stop.cancel();
                // It is stopped in the middle.
                std::future::pending::<()>().await;
            }
            Ok::<usize, Infallible>(1)
        };
        now_and_then(&corp, times, said, &stop, once).await;
        assert_eq!(count.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn a_turn_is_taken_once_in_a_while() {
        let taken_at = |at| Turn(Mutex::new(Some(at)));
        let (now, hour) = (Instant::now(), Duration::from_secs(3600));
        assert!(!taken_at(now + hour).take());
        let long_ago = taken_at(now.checked_sub(CROWDED_WAIT).unwrap());
        assert!(long_ago.take());
        assert!(long_ago.0.lock().unwrap().is_some_and(|at| at >= now));
        let fresh = Turn::default();
        assert!(fresh.take());
        assert!(fresh.0.lock().unwrap().is_some());
    }
}
