//! Bringing everything up to date with WeCom: what is asked for, how far it is, what came of it.

use serde::{Deserialize, Serialize};

use crate::model::ids::{ChatId, ExternalUserId, UserId};
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

impl SyncPart {
    /// Whether this member belongs to the part; the same for every spelling.
    pub fn has(self, userid: &UserId) -> bool {
        // FNV-1a, written out: the number must be the same in every process and every version.
        let hash = userid.key().bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        hash % self.of.max(1) == self.number
    }
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
    /// Not kept, because it is no customer (yet); of groups: left as they are, because the app may not see them.
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
    /// Where its next step begins.
    #[serde(default)]
    pub place: SyncPlace,
    /// No sync of all members has ended before: nobody is new, so nobody gets a card for being new.
    #[serde(default)]
    pub first: bool,
    /// What is to be started when it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<SyncRequest>,
}

impl SyncRun {
    /// Whether it came to its end and has repaired whatever differed of all members.
    pub fn has_seen_all_members(&self) -> bool {
        let SyncRequest {
            scope, mode, part, ..
        } = self.request;
        let members = matches!(scope, SyncScope::All | SyncScope::Members);
        let repair = mode == SyncMode::Repair && part.is_none();
        members && repair && self.state == SyncState::Done
    }
}

/// Where a sync's next step begins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncPlace {
    /// What it is at.
    pub phase: SyncPhase,
    /// WeCom's cursor, or the key of the last record that was looked at. Empty at the beginning.
    pub cursor: String,
    /// How often the cursor was refused (60268) in this batch.
    pub restarts: u32,
}

/// What a sync does, in this order; what the scope does not cover is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncPhase {
    /// Every member's id, from `user/list_id` (path/96067).
    #[default]
    ListIds,
    /// Every department that the app may see, from `department/simplelist` (path/95350).
    ListDepartments,
    /// The members of these departments, from `user/simplelist` (path/90200).
    ListMembers,
    /// Each listed member, from `user/get` (path/90196).
    ReadMembers,
    /// The members who are kept and were not listed.
    SweepMembers,
    /// The links of the members who are kept.
    CheckLinks,
    /// The names of the corp's tags (path/92117).
    ReadTags,
    /// Who may have contacts (path/92571).
    ListFollowers,
    /// Their contacts, from `batch/get_by_user` (path/92994).
    ReadContacts,
    /// The contacts with relations that were not listed.
    SweepContacts,
    /// The customer groups of those who may have contacts, from `groupchat/list` (path/92120).
    ListGroups,
    /// Each listed group, from `groupchat/get` (path/92122).
    ReadGroups,
    /// The groups that are kept and were not listed.
    SweepGroups,
    /// Those who are not customers yet, from `contact_list` (path/99434).
    CountOthers,
    /// Nothing is left to do.
    End,
}

/// Some ids that a sync has listed and not worked off yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncBatch {
    /// Names it among all batches of all syncs; batches are worked off in the order of their keys.
    pub key: String,
    /// Userids, ids of groups, or numbers of departments.
    pub ids: Vec<String>,
}

/// That a sync has seen somebody at WeCom. What is kept and was not seen is looked at by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Who was seen.
    pub who: Sighted,
    /// By which sync.
    pub run: String,
    /// Whose relations to the contact were seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<UserId>,
    /// What the contact counts as in the report.
    #[serde(default)]
    pub counted: Counted,
    /// The `changed_at` that this sync has given to the contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Timestamp>,
}

/// Whom a sync has seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sighted {
    /// A contact.
    Contact(ExternalUserId),
    /// A member.
    Member(UserId),
    /// A customer group.
    Chat(ChatId),
}

/// What somebody counts as in a [`Tally`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Added.
    Added,
    /// Updated.
    Updated,
    /// Unchanged.
    #[default]
    Unchanged,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_belongs_to_one_part_whatever_the_spelling() {
        let mut sizes = [0; 24];
        for n in 0..2400 {
            let of = |number| SyncPart { number, of: 24 };
            let userid = UserId::parse(&format!("Member{n}")).unwrap();
            let shouted = UserId::parse(&format!("MEMBER{n}")).unwrap();
            let parts: Vec<_> = (0..24).filter(|number| of(*number).has(&userid)).collect();
            assert_eq!(parts.len(), 1);
            assert!(of(parts[0]).has(&shouted));
            sizes[parts[0] as usize] += 1;
        }
        assert!(
            sizes.iter().all(|size| (50..200).contains(size)),
            "{sizes:?}"
        );
    }
}
