//! The end of work on one item: settled, given back, or given up, with one line in the log.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tracing::Span;
use tracing::field::display;

use crate::act::error::ActError;
use crate::act::tally::End;
use crate::model::delivery::{ItemId, Lane, Subject};
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::item::{Queue, Settle, Ticket};
use crate::wecom::error::ApiError;
use crate::worker::retry::{Verdict, is_no_attempt, verdict};
use crate::worker::{Worker, patience};

/// How often the store is asked to end a claim, and how far apart.
const STORE_TRIES: u32 = 60;
const STORE_WAIT: Duration = Duration::from_millis(500);

/// What log and figures tell about an item.
pub(in crate::worker) struct Story {
    /// The event that came in.
    pub(in crate::worker) event: ItemId,
    /// The item, if it is another one that follows from that.
    pub(in crate::worker) item: Option<ItemId>,
    pub(in crate::worker) queue: Queue,
    pub(in crate::worker) lane: Lane,
    pub(in crate::worker) what: String,
    pub(in crate::worker) subject: Subject,
    pub(in crate::worker) attempt: u32,
    pub(in crate::worker) since: Timestamp,
}

impl Story {
    /// What is logged meanwhile is part of it.
    pub(in crate::worker) fn span(&self) -> Span {
        let (event, item) = (&self.event, self.item.as_ref().map(display));
        tracing::debug_span!("work", %event, item)
    }
}

/// Breaks work off before its lease ends, and turns a fault of our own into an error that buries the one item.
pub(in crate::worker) async fn guarded<T>(
    lane: Lane,
    work: impl Future<Output = Result<T, ActError>>,
) -> Result<T, ActError> {
    let patience = patience(lane);
    match tokio::time::timeout(patience, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => {
            Err(StoreError::Corrupt("a fault in the service; see its log".into()).into())
        }
        Err(_elapsed) => {
            let what = format!("no end within {} s", patience.as_secs());
            let api = "all calls together";
            Err(ApiError::Network { api, what }.into())
        }
    }
}

/// Asks the store until it is available. An item whose end cannot be written stays in work until its lease has run out,
/// which is longer than most failures last.
pub(in crate::worker) async fn insisted<T, F>(ask: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    for _ in 1..STORE_TRIES {
        match ask().await {
            Err(StoreError::Unavailable(_)) => tokio::time::sleep(STORE_WAIT).await,
            result => return result,
        }
    }
    ask().await
}

/// Spreads the waits of items that failed together.
pub(in crate::worker) fn salt(id: &ItemId) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

impl Worker {
    /// Follows the verdict on what came of an item.
    pub(in crate::worker) async fn close(
        &self,
        ticket: &Ticket,
        result: Result<(), ActError>,
        story: &Story,
    ) {
        let Err(problem) = result else {
            return self.ended(End::Done, story, "done", None);
        };
        match verdict(&problem, ticket.attempt, salt(&ticket.id)) {
            Verdict::After(wait) => {
                let due = self.clock.now().plus(wait);
                self.again(ticket, due, &problem, story).await;
            }
            Verdict::Bury => self.bury(ticket, &problem.to_string(), story).await,
            Verdict::Settle => {
                let outcome = problem.to_string();
                let now = self.clock.now();
                match insisted(|| self.store.commit(ticket, Settle::Done, &[], &[], now)).await {
                    Ok(()) => self.ended(End::Done, story, &outcome, None),
                    Err(problem) => self.log(story, "left", Some(&problem.to_string())),
                }
            }
            Verdict::Leave => self.log(story, "left", Some(&problem.to_string())),
        }
    }

    /// Gives the item back for another attempt. If that fails too, its lease runs out and it comes back by itself.
    pub(in crate::worker) async fn again(
        &self,
        ticket: &Ticket,
        due: Timestamp,
        problem: &ActError,
        story: &Story,
    ) {
        if is_no_attempt(problem) {
            return self.later(ticket, due, story).await;
        }
        let (error, now) = (problem.to_string(), self.clock.now());
        match insisted(|| self.store.retry(ticket, due, &error, now)).await {
            Ok(()) => self.ended(End::Retry, story, "retrying", Some(&error)),
            Err(problem) => self.log(story, "left", Some(&problem.to_string())),
        }
    }

    /// Gives an item back that waits for its time, which is no failure.
    async fn later(&self, ticket: &Ticket, due: Timestamp, story: &Story) {
        let now = self.clock.now();
        match insisted(|| self.store.postpone(ticket, due, now)).await {
            Ok(()) => self.log(story, "later", None),
            Err(problem) => self.log(story, "left", Some(&problem.to_string())),
        }
    }

    /// Gives the item up.
    pub(in crate::worker) async fn bury(&self, ticket: &Ticket, reason: &str, story: &Story) {
        let now = self.clock.now();
        let end = Settle::Dead(reason);
        match insisted(|| self.store.commit(ticket, end, &[], &[], now)).await {
            Ok(()) => self.ended(End::Dead, story, "dead", Some(reason)),
            Err(problem) => self.log(story, "left", Some(&problem.to_string())),
        }
    }

    /// Counts and logs the end of work on an item.
    pub(in crate::worker) fn ended(
        &self,
        end: End,
        story: &Story,
        outcome: &str,
        error: Option<&str>,
    ) {
        if let Some(tally) = self.act.tally(story.event.corp()) {
            let since_receipt = self.clock.now().since(story.since);
            tally.ended(story.queue, story.lane, end, since_receipt);
        }
        self.log(story, outcome, error);
    }

    fn log(&self, story: &Story, outcome: &str, error: Option<&str>) {
        let Story {
            event,
            item,
            what,
            subject,
            attempt,
            since,
            queue: _,
            lane: _,
        } = story;
        let item = item.as_ref().map(display);
        let latency_ms = self.clock.now().since(*since).as_millis() as u64;
        match error {
            None => {
                tracing::info!(%event, item, kind = what, %subject, attempt, latency_ms, outcome, "settled")
            }
            Some(error) => {
                tracing::warn!(%event, item, kind = what, %subject, attempt, latency_ms, outcome, error, "settled");
            }
        }
    }
}
