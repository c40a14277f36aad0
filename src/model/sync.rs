//! Bringing everything up to date with WeCom: what is asked for, how far it is, what came of it.

use serde::{Deserialize, Serialize};

use crate::model::time::Timestamp;

/// What a sync covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncScope {
    /// Members, then contacts with their tags and groups, then links.
    All,
    /// Members alone.
    Members,
    /// Contacts with their relations, tags and groups.
    Contacts,
    /// The "与我协作" links of the members who are kept.
    Links,
}

impl SyncScope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::All, Self::Members, Self::Contacts, Self::Links];

    /// Its name on the command line, in the API and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Members => "members",
            Self::Contacts => "contacts",
            Self::Links => "links",
        }
    }

    /// Reads [`name`](Self::name).
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// Who asked for a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedBy {
    /// An administrator: the page, the API or the command line.
    Admin,
    /// The nightly reconciliation, or its light hourly pass.
    Schedule,
    /// `auto_sync` was switched on, or the installation's address changed.
    Switch,
}

impl AskedBy {
    /// Its name in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Schedule => "schedule",
            Self::Switch => "switch",
        }
    }

    /// Reads [`name`](Self::name).
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Admin, Self::Schedule, Self::Switch]
            .into_iter()
            .find(|by| by.name() == name)
    }
}

/// Whether a sync changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncMode {
    /// It writes what differs.
    Repair,
    /// It counts what differs.
    DryRun,
}

/// The part of the members that a light pass looks at: those whose number, taken from their userid, is `number`
/// modulo `of`. Twenty-four passes see everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncPart {
    /// Which part, from 0.
    pub number: u32,
    /// Of how many.
    pub of: u32,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRequest {
    /// What it covers.
    pub scope: SyncScope,
    /// Whether it changes anything.
    pub mode: SyncMode,
    /// Who asked.
    pub by: AskedBy,
    /// Everybody, unless a part is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<SyncPart>,
}

/// How far a sync is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    /// Its next step is in the inbox, or in work.
    Running,
    /// It came to its end.
    Done,
    /// It was given up; the report says why.
    Failed,
}

/// What a sync found and did, of one kind of record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// What WeCom listed.
    pub found: u64,
    /// New here.
    pub added: u64,
    /// Different here.
    pub updated: u64,
    /// The same here.
    pub unchanged: u64,
    /// Not kept, because it is no customer (yet).
    pub skipped: u64,
    /// Kept here and gone at WeCom.
    pub removed: u64,
    /// Not read or not written; the reasons are in [`SyncReport::failures`].
    pub failed: u64,
}

/// What came of a sync.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncReport {
    /// Members.
    pub members: Tally,
    /// Contacts.
    pub contacts: Tally,
    /// Relations between members and contacts.
    pub relations: Tally,
    /// Customer groups (客户群).
    pub chats: Tally,
    /// Links: found are the members who should have one, added those that are being written, unchanged those that
    /// stand there.
    pub links: Tally,
    /// Customers whose last member has left.
    pub without_member: u64,
    /// Calls made to WeCom.
    pub calls: u64,
    /// What to look at, with the console page that mends it. For people.
    pub warnings: Vec<String>,
    /// Why something failed, the first of each kind. For people; no names.
    pub failures: Vec<String>,
}

/// A sync and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRun {
    /// Names it: when it was started, in milliseconds since 1970, thirteen digits, so that names sort by time.
    pub id: String,
    /// What was asked for.
    pub request: SyncRequest,
    /// How far it is.
    pub state: SyncState,
    /// When it was started.
    pub started_at: Timestamp,
    /// When its last step ended.
    pub moved_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What it is doing; for people.
    pub doing: String,
    /// How much of it is done, of how much, as far as that is known.
    pub progress: (u64, u64),
    /// What it found so far.
    pub report: SyncReport,
}
