//! Forgets customers who have asked for it. Whichever process looks next goes on with what is under way.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::files::Files;
use crate::files::error::FilesError;
use crate::model::forgetting::Forgetting;
use crate::model::ids::CorpId;
use crate::store::error::StoreError;
use crate::worker::Worker;

/// How often it is looked for somebody to forget.
const EVERY: Duration = Duration::from_secs(5);

/// Why a customer is not forgotten yet. It goes on where it was.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    /// The place for files does not answer.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// They have files, and the configuration has no place for any.
    #[error("a file of a customer is to be removed, and `[files]` is not configured")]
    NoFiles,
}

impl Worker {
    /// Starts the loops that forget customers of these corps.
    pub fn keep_forgetting(
        &self,
        corps: &[CorpId],
        files: Option<&Arc<Files>>,
        stop: &CancellationToken,
        tasks: &TaskTracker,
    ) {
        for corp in corps {
            let (worker, corp, files, stop) =
                (self.clone(), corp.clone(), files.cloned(), stop.clone());
            tasks.spawn(async move {
                loop {
                    tokio::select! {
                        () = tokio::time::sleep(EVERY) => {}
                        () = stop.cancelled() => return,
                    }
                    let forgotten = tokio::select! {
                        forgotten = worker.forget_customers(&corp, files.as_deref()) => forgotten,
                        () = stop.cancelled() => return,
                    };
                    if let Err(problem) = forgotten {
                        tracing::warn!(%corp, %problem, "A customer is not forgotten yet; going on later.");
                    }
                }
            });
        }
    }

    /// Goes on with everything that is under way, as far as it goes now: what is in work has to be waited for, and holds
    /// no other customer up. Tells how many customers are forgotten.
    ///
    /// # Errors
    /// The first [`ForgetError`]; asking again goes on.
    pub async fn forget_customers(
        &self,
        corp: &CorpId,
        files: Option<&Files>,
    ) -> Result<usize, ForgetError> {
        let (mut forgotten, mut failed) = (0, None);
        let mut page = self.act.unfinished_forgettings(corp, None).await?;
        while let Some(last) = page.last().cloned() {
            for forgetting in page {
                match self.forget_customer(corp, forgetting, files).await {
                    Ok(done) => forgotten += usize::from(done),
                    Err(problem) => failed = failed.or(Some(problem)),
                }
            }
            let next = self.act.unfinished_forgettings(corp, Some(&last));
            page = next.await?;
        }
        failed.map_or(Ok(forgotten), Err)
    }

    /// Goes on with one; whether the customer is forgotten now.
    async fn forget_customer(
        &self,
        corp: &CorpId,
        mut forgetting: Forgetting,
        files: Option<&Files>,
    ) -> Result<bool, ForgetError> {
        while let Some(mut place) = forgetting.place.clone() {
            let traces = self.act.traces(corp, &mut place).await?;
            for file in &traces.files {
                // Before its record: nothing would lead to the bytes any more.
                let files = files.ok_or(ForgetError::NoFiles)?;
                files.remove(corp, file).await?;
            }
            let now = self.clock.now();
            forgetting = match self.act.wipe(corp, &forgetting, place, traces, now).await {
                Ok(Some(moved)) => moved,
                // Something has to be waited for, or another process has gone on meanwhile.
                Ok(None) | Err(StoreError::Stale) => return Ok(false),
                Err(problem) => return Err(problem.into()),
            };
        }
        let (name, removed) = (&forgetting.id, forgetting.removed);
        tracing::info!(%corp, forgetting = name, removed, "A customer was forgotten.");
        Ok(true)
    }
}
