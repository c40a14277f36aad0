//! Forgets what is kept for a time only: which requests were carried out, and cards that were sent. Slowly, for nobody
//! waits for it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::act::error::ActError;
use crate::act::old::{Looked, Old};
use crate::model::ids::CorpId;
use crate::worker::Worker;

/// How often it is looked for them.
const EVERY: Duration = Duration::from_secs(6 * 60 * 60);

/// How soon after the start it is looked for them first.
const FIRST: Duration = Duration::from_secs(15 * 60);

/// How long it rests after each step: a million records take three hours.
const REST: Duration = Duration::from_secs(1);

impl Worker {
    pub(in crate::worker) async fn forget_old(&self, corp: &CorpId, stop: &CancellationToken) {
        let mut wait = FIRST;
        loop {
            tokio::select! {
                () = tokio::time::sleep(wait) => wait = EVERY,
                () = stop.cancelled() => return,
            }
            let looked = tokio::select! {
                looked = self.forget_old_once(corp, REST) => looked,
                () = stop.cancelled() => return,
            };
            match looked {
                Ok(0) => {}
                Ok(count) => tracing::info!(%corp, count, "Old requests and cards were forgotten."),
                Err(problem) => {
                    tracing::warn!(%corp, %problem, "Not all old records could be looked at; trying again later.");
                }
            }
        }
    }

    /// Looks at every request and card of a corp and forgets what is old; tells how many records. Rests a while between
    /// steps.
    ///
    /// # Errors
    /// [`ActError`]; what was not looked at is there the next time.
    pub async fn forget_old_once(&self, corp: &CorpId, rest: Duration) -> Result<usize, ActError> {
        let mut all = 0;
        for what in [Old::Requests, Old::Cards] {
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
}
