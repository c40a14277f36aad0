//! Forgets what is kept for a time only: which requests were carried out, cards that were sent, openings of the toolbar;
//! and discards dead messages to the company's own systems. Slowly, for nobody waits for it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::act::error::ActError;
use crate::act::old::{Looked, Old};
use crate::decide::old;
use crate::model::delivery::ItemId;
use crate::model::ids::CorpId;
use crate::store::item::{Entry, Queue, State};
use crate::worker::{Said, Times, Worker, now_and_then};

/// When it is looked for them.
const TIMES: Times = Times {
    first: Duration::from_secs(15 * 60),
    every: Duration::from_secs(6 * 60 * 60),
};

const SAID: Said = Said {
    done: "Old requests, cards, visits and messages were forgotten.",
    failed: "Not all old records could be looked at; trying again later.",
};

/// How many dead calls are looked at in one step.
const STEP: usize = 100;

/// How long it rests after each step: a million records take three hours.
const REST: Duration = Duration::from_secs(1);

impl Worker {
    pub(in crate::worker) async fn forget_old(
        &self,
        corp: &CorpId,
        keep_visits_for: Duration,
        stop: &CancellationToken,
    ) {
        let once = || self.forget_old_once(corp, keep_visits_for, REST);
        now_and_then(corp, TIMES, SAID, stop, once).await;
    }

    /// Looks at everything of a corp that is kept for a time only and forgets what is old; tells how many records and
    /// calls. Rests a while between steps.
    ///
    /// # Errors
    /// [`ActError`]; what was not looked at is there the next time.
    pub async fn forget_old_once(
        &self,
        corp: &CorpId,
        keep_visits_for: Duration,
        rest: Duration,
    ) -> Result<usize, ActError> {
        let mut all = self.discard_messages(corp, rest).await?;
        for what in [Old::Requests, Old::Cards, Old::Visits(keep_visits_for)] {
            let mut after: Option<String> = None;
            loop {
                let now = self.clock.now();
                let looked = self.act.forget_old(corp, what, after.as_deref(), now);
                let Looked { forgotten, next } = looked.await?;
                all += forgotten;
                if next.is_none() {
                    break;
                }
                after = next;
                tokio::time::sleep(rest).await;
            }
        }
        Ok(all)
    }

    /// Discards messages to the company's own systems that died long ago and that nobody has replayed.
    async fn discard_messages(&self, corp: &CorpId, rest: Duration) -> Result<usize, ActError> {
        let (mut discarded, mut before): (usize, Option<ItemId>) = (0, None);
        loop {
            let now = self.clock.now();
            let dead = Some(State::Dead);
            let page = self
                .store
                .outgoing(corp, dead, before.as_ref(), STEP)
                .await?;
            for Entry { id, item, progress } in &page {
                let died_at = progress.settled_at.unwrap_or(now);
                if old::is_given_up(&item.call, died_at, now) {
                    let discarding = self.store.discard(
                        Queue::Outbox,
                        id,
                        "nobody replayed it",
                        "the service",
                        now,
                    );
                    discarded += usize::from(discarding.await?);
                }
            }
            if page.len() < STEP {
                return Ok(discarded);
            }
            before = page.into_iter().last().map(|entry| entry.id);
            tokio::time::sleep(rest).await;
        }
    }
}
