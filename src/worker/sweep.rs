//! Removes files that nothing shows: those of forms that were never submitted, and bytes without a record, as a crash
//! leaves them. Slowly, for nobody waits for it.

use std::time::Duration;

use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::act::error::ActError;
use crate::decide::item::file::WAITS;
use crate::decide::request::{Command, Request};
use crate::files::Files;
use crate::files::error::FilesError;
use crate::model::attachment::Attachment;
use crate::model::ids::CorpId;
use crate::model::item::Actor;
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::record::Key;
use crate::worker::{Said, Times, Worker, now_and_then};

/// When it is looked for them.
const TIMES: Times = Times {
    first: Duration::from_secs(10 * 60),
    every: Duration::from_secs(6 * 60 * 60),
};

const SAID: Said = Said {
    done: "Files that nothing shows were removed.",
    failed: "Not all files could be looked at; trying again later.",
};

/// How many are looked at in one step.
const STEP: usize = 100;

/// How long it rests after each step: a million files take three hours.
const REST: Duration = Duration::from_secs(1);

/// Why a sweep ended before its end. What is left is for the next one.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The place for files does not answer.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Worker {
    pub(in crate::worker) async fn sweep(
        &self,
        corp: &CorpId,
        files: &Files,
        stop: &CancellationToken,
    ) {
        let once = || self.sweep_once(corp, files, REST);
        now_and_then(corp, TIMES, SAID, stop, once).await;
    }

    /// Looks at every file of a corp that is older than a day, and removes those that nothing shows; tells how many.
    /// Rests a while between steps.
    ///
    /// # Errors
    /// [`SweepError`]; what was not looked at is there the next time.
    pub async fn sweep_once(
        &self,
        corp: &CorpId,
        files: &Files,
        rest: Duration,
    ) -> Result<usize, SweepError> {
        let before = self.clock.now().minus(WAITS);
        let mut removed = files.remove_unfinished(corp, before).await?;
        let mut steps = files.before(corp, before).chunks(STEP);
        while let Some(step) = steps.next().await {
            let ids = step.into_iter().collect::<Result<Vec<_>, _>>()?;
            let keys: Vec<Key> = ids.iter().map(|id| Key::attachment(id)).collect();
            for (id, record) in ids.iter().zip(self.store.read(corp, &keys).await?) {
                let kept = match record.parse::<Attachment>()? {
                    Some(kept) => !self.forget(corp, kept).await?,
                    None => false,
                };
                if !kept {
                    files.remove(corp, id).await?;
                    removed += 1;
                }
            }
            tokio::time::sleep(rest).await;
        }
        Ok(removed)
    }

    /// Forgets a file if nothing shows it; whether it is forgotten now. The record goes before the bytes, so that nothing
    /// speaks of bytes that are gone.
    async fn forget(&self, corp: &CorpId, file: Attachment) -> Result<bool, StoreError> {
        let now: Timestamp = self.clock.now();
        let request = Request {
            id: None,
            digest: String::new(),
            by: Actor::System,
            command: Command::Forget(file),
        };
        match self.act.ask(corp, &request, now).await {
            Ok(_) => Ok(true),
            Err(ActError::Store(problem)) => Err(problem),
            Err(
                ActError::Refused(_)
                | ActError::Api(_)
                | ActError::Weixin(_)
                | ActError::Webhook(_),
            ) => Ok(false),
        }
    }
}
