//! Whether a sync begins when one is asked for.

use std::time::Duration;

use crate::model::sync::{AskedBy, SyncRequest, SyncRun, SyncState};
use crate::model::time::Timestamp;

/// A sync that runs and has not moved for so long is taken up again when another is asked for.
const STUCK: Duration = Duration::from_secs(15 * 60);

/// A failed sync is gone on with when the same is asked for so soon; what it has seen is still worth something.
const RESUMABLE: Duration = Duration::from_secs(60 * 60);

/// What asking for a sync leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The newest sync is running.
    Runs,
    /// The newest sync stands still, or has failed a short while ago: it goes on.
    GoesOn,
    /// A new one.
    New,
}

/// What asking for this leads to.
pub fn start(request: SyncRequest, newest: Option<&SyncRun>, now: Timestamp) -> Start {
    match newest {
        Some(run) if run.state == SyncState::Running => match now.since(run.moved_at) < STUCK {
            true => Start::Runs,
            false => Start::GoesOn,
        },
        Some(run) if run.state == SyncState::Failed && is_resumable(run, request, now) => {
            Start::GoesOn
        }
        _ => Start::New,
    }
}

/// Whether a sync that is running will have done what is asked for now. A light pass has not seen everybody, and what
/// was looked at before the installation's address changed has still to get the new one.
pub(in crate::decide::sync) fn answers(running: SyncRequest, asked: SyncRequest) -> bool {
    let whole = running.part.is_none() || asked.part.is_some();
    whole && asked.by != AskedBy::Switch
}

fn is_resumable(run: &SyncRun, request: SyncRequest, now: Timestamp) -> bool {
    let same = SyncRequest {
        by: request.by,
        ..run.request
    };
    same == request && now.since(run.moved_at) < RESUMABLE
}
