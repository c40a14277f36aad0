//! What the admin pages have of their own: the password, the count of login attempts, the doctor and its last report.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use tokio::sync::Semaphore;

use crate::http::attempts::Attempts;
use crate::model::ids::CorpId;
use crate::model::password::PasswordHash;
use crate::model::time::Timestamp;

/// How many passwords are hashed at once; each takes 19 MiB and a processor.
const HASHED_AT_ONCE: usize = 2;

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
            attempts: Attempts::of_passwords(),
            hashing: Semaphore::new(HASHED_AT_ONCE),
            check_up,
            checking: Semaphore::new(1),
            reports: Mutex::default(),
        }
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("password", &self.password)
            .finish_non_exhaustive()
    }
}
