//! Forgets settled items after their time: they hold personal data, and memory must not grow with uptime.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::model::ids::CorpId;
use crate::worker::Worker;

/// How often it is looked for items to forget.
const EVERY: Duration = Duration::from_secs(60);

/// How many are forgotten in one step, so that nobody waits long behind it.
const STEP: usize = 500;

impl Worker {
    pub(in crate::worker) async fn trim(
        &self,
        corp: &CorpId,
        keep_for: Duration,
        stop: &CancellationToken,
    ) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = stop.cancelled() => return,
            }
            let before = self.clock.now().minus(keep_for);
            loop {
                match self.store.trim(corp, before, STEP).await {
                    Ok(count) if count >= STEP && !stop.is_cancelled() => {}
                    Ok(_) => break,
                    Err(problem) => {
                        tracing::warn!(%corp, %problem, "Settled items could not be trimmed; trying again later.");
                        break;
                    }
                }
            }
        }
    }
}
