//! The end of work on one item: settled, given back, or given up, with one line in the log.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::act::error::ActError;
use crate::model::delivery::{ItemId, Subject};
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::{Settle, Ticket};
use crate::wecom::error::ApiError;
use crate::worker::retry::{Verdict, verdict};
use crate::worker::{PATIENCE, Worker};

/// What the log tells about an item.
pub(in crate::worker) struct Story {
    pub(in crate::worker) event: ItemId,
    pub(in crate::worker) what: String,
    pub(in crate::worker) subject: Subject,
    pub(in crate::worker) attempt: u32,
    pub(in crate::worker) since: Timestamp,
}

/// Breaks work off before its lease ends, and turns a fault of our own into an error that buries the one item.
pub(in crate::worker) async fn guarded<T>(
    work: impl Future<Output = Result<T, ActError>>,
) -> Result<T, ActError> {
    match tokio::time::timeout(PATIENCE, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => {
            Err(StoreError::Corrupt("a fault in the service; see its log".into()).into())
        }
        Err(_elapsed) => {
            let (api, what) = ("all calls together", "no end within 40 s".into());
            Err(ApiError::Network { api, what }.into())
        }
    }
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
            return self.log(story, "done", None);
        };
        match verdict(&problem, ticket.attempt, salt(&ticket.id)) {
            Verdict::After(wait) => {
                let due = self.clock.now().plus(wait);
                self.again(ticket, due, &problem.to_string(), story).await;
            }
            Verdict::Bury => self.bury(ticket, &problem.to_string(), story).await,
            Verdict::Settle => {
                let outcome = problem.to_string();
                match self
                    .store
                    .commit(ticket, Settle::Done, &[], &[], self.clock.now())
                    .await
                {
                    Ok(()) => self.log(story, &outcome, None),
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
        error: &str,
        story: &Story,
    ) {
        match self.store.retry(ticket, due, error, self.clock.now()).await {
            Ok(()) => self.log(story, "retrying", Some(error)),
            Err(problem) => self.log(story, "left", Some(&problem.to_string())),
        }
    }

    /// Gives the item up.
    pub(in crate::worker) async fn bury(&self, ticket: &Ticket, reason: &str, story: &Story) {
        match self
            .store
            .commit(ticket, Settle::Dead(reason), &[], &[], self.clock.now())
            .await
        {
            Ok(()) => self.log(story, "dead", Some(reason)),
            Err(problem) => self.log(story, "left", Some(&problem.to_string())),
        }
    }

    fn log(&self, story: &Story, outcome: &str, error: Option<&str>) {
        let Story {
            event,
            what,
            subject,
            attempt,
            since,
        } = story;
        let latency_ms = self.clock.now().since(*since).as_millis() as u64;
        match error {
            None => {
                tracing::info!(%event, kind = what, %subject, attempt, latency_ms, outcome, "settled")
            }
            Some(error) => {
                tracing::warn!(%event, kind = what, %subject, attempt, latency_ms, outcome, error, "settled");
            }
        }
    }
}
