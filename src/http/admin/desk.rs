//! What the admin pages have of their own: the password, the count of login attempts, the doctor and its last report.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::http::admin::attempts::Attempts;
use crate::model::ids::CorpId;
use crate::model::password::PasswordHash;
use crate::model::time::Timestamp;

/// How many passwords are hashed at once; each takes 19 MiB and a processor.
const HASHED_AT_ONCE: usize = 2;

/// How many ended sessions are remembered; only administrators can end one.
const ENDED_MAX: usize = 4096;

/// What a check of the doctor's found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What was checked.
    pub name: String,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// What to do about it.
    pub advice: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Well.
    Ok,
    /// It works, and something about it should change.
    Warning,
    /// It does not work.
    Fault,
}

/// Makes every check of one corp.
pub type CheckUp = Box<dyn Fn(CorpId) -> Pin<Box<dyn Future<Output = Vec<Finding>>>> + Send + Sync>;

/// What the admin pages have of their own.
pub struct Desk {
    pub(in crate::http::admin) password: Option<PasswordHash>,
    pub(in crate::http::admin) attempts: Attempts,
    pub(in crate::http::admin) hashing: Semaphore,
    pub(in crate::http::admin) check_up: CheckUp,
    /// One check at a time.
    pub(in crate::http::admin) checking: Semaphore,
    pub(in crate::http::admin) reports: Mutex<HashMap<CorpId, Report>>,
    /// Sessions that were ended by their owners, until they would have ended by themselves.
    ended: Mutex<HashMap<String, Timestamp>>,
}

/// What the doctor found last.
#[derive(Debug, Clone)]
pub(in crate::http::admin) struct Report {
    pub(in crate::http::admin) at: Timestamp,
    pub(in crate::http::admin) findings: Vec<Finding>,
}

impl Desk {
    /// With this administrator's password, if there is one.
    pub fn new(password: Option<PasswordHash>, check_up: CheckUp) -> Self {
        Self {
            password,
            attempts: Attempts::default(),
            hashing: Semaphore::new(HASHED_AT_ONCE),
            check_up,
            checking: Semaphore::new(1),
            reports: Mutex::default(),
            ended: Mutex::default(),
        }
    }

    /// Ends a session that is good until then: its cookie opens nothing here any more, wherever a copy of it is. Other
    /// processes do not hear of it.
    pub(in crate::http::admin) fn end(&self, session: &str, until: Timestamp, now: Timestamp) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, until| *until > now);
        if ended.len() < ENDED_MAX {
            ended.insert(session.to_owned(), until);
        }
    }

    /// Whether the session was ended by its owner.
    pub(in crate::http::admin) fn is_ended(&self, session: &str) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.contains_key(session)
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("password", &self.password)
            .finish_non_exhaustive()
    }
}
