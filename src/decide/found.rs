//! What a step of a sync has found: read from the store first and from WeCom after, except where WeCom has to tell first
//! what the step is about.

use std::collections::HashSet;

use crate::model::chat::{Chat, ChatView};
use crate::model::contact::{Contact, Ending, Greeting};
use crate::model::ids::{ChatId, UserId};
use crate::model::member::{Link, Member, ProfiledMember};
use crate::model::sync::{Sighting, SyncBatch};
use crate::model::tag::{TagGroup, TagNames};

/// What a step is about.
#[derive(Debug, Default)]
pub struct Step {
    /// The batch that is worked off.
    pub batch: Option<SyncBatch>,
    /// What was found.
    pub found: Found,
    /// How many calls to WeCom that took.
    pub calls: u64,
}

/// What was found.
#[derive(Debug, Default)]
pub enum Found {
    /// The sync has ended, or another one is the newest.
    #[default]
    NoStep,
    /// No batch of this phase is left.
    NoBatch,
    /// The numbers of the departments that the app can see.
    Departments(Vec<i64>),
    /// Userids as they were listed, those whom this sync has listed before among them.
    Ids {
        /// Each once.
        userids: Vec<UserId>,
        /// Listed before.
        seen: HashSet<UserId>,
        /// Why some departments could not be listed.
        failed: Vec<String>,
        /// WeCom's cursor.
        next: Option<String>,
    },
    /// The contact-sync secret cannot list ids, for this reason.
    NoIds(String),
    /// Members as they are here and at WeCom.
    Members {
        /// Each.
        members: Vec<MemberFound>,
        /// The key of the last kept record that was looked at; `None` when there are no more.
        next: Option<String>,
    },
    /// The corp's tags.
    Tags {
        /// As they are kept.
        kept: Vec<TagGroup>,
        /// As WeCom has them now.
        fresh: Vec<TagGroup>,
    },
    /// Who may have contacts.
    Followers(Vec<UserId>),
    /// A page of contacts of a batch of members.
    Customers {
        /// Each contact once.
        customers: Vec<CustomerFound>,
        /// Rows that could not be read.
        unreadable: u64,
        /// WeCom's cursor.
        next: Option<String>,
        /// The names of tags.
        names: TagNames,
    },
    /// WeCom's cursor is stale.
    Stale,
    /// One of the batch's members cannot be asked about, for this reason.
    BadMember(String),
    /// Kept contacts, some with relations that this sync has not seen.
    Kept {
        /// How many were looked at.
        looked_at: u64,
        /// How many of them have no member and need no look at WeCom.
        without_member: u64,
        /// Those that were read from WeCom.
        contacts: Vec<ContactFound>,
        /// The key of the last one that was looked at; `None` when there are no more.
        next: Option<String>,
    },
    /// Customer groups as they were listed, those that this sync has listed before among them.
    Groups {
        /// Each once.
        ids: Vec<ChatId>,
        /// Listed before.
        seen: HashSet<ChatId>,
        /// WeCom's cursor.
        next: Option<String>,
    },
    /// The app may not read groups, for this reason.
    NoGroups(String),
    /// Groups as they are here and at WeCom.
    Chats {
        /// How many were looked at.
        looked_at: u64,
        /// Those that were read from WeCom.
        chats: Vec<ChatFound>,
        /// The key of the last kept record that was looked at; `None` when there are no more.
        next: Option<String>,
    },
    /// People who are served and are no customers.
    Others {
        /// How many on this page.
        count: u64,
        /// WeCom's cursor.
        next: Option<String>,
    },
    /// They cannot be counted, for this reason.
    NoOthers(String),
}

/// A member as it is here and at WeCom.
#[derive(Debug)]
pub struct MemberFound {
    /// Who.
    pub userid: UserId,
    /// As it is kept.
    pub kept: Option<Member>,
    /// How far the link is.
    pub link: Option<Link>,
    /// As WeCom has it, or why that cannot be read.
    pub at_wecom: Result<Option<ProfiledMember>, String>,
}

/// A contact of a page, with the relations that the page tells of.
#[derive(Debug)]
pub struct CustomerFound {
    /// The rows: the contact with one relation each. Never empty.
    pub rows: Vec<Contact>,
    /// As it is kept.
    pub kept: Option<Contact>,
    /// What this sync has seen of it before.
    pub sighting: Option<Sighting>,
    /// Greetings of these relations.
    pub greetings: Vec<Greeting>,
    /// Endings of these relations.
    pub endings: Vec<Ending>,
}

/// A customer group as it is here and at WeCom.
#[derive(Debug)]
pub struct ChatFound {
    /// As it is kept.
    pub kept: Option<Chat>,
    /// As WeCom has it, nothing when there is none (any more), or why it cannot be read.
    pub at_wecom: Result<Option<ChatView>, String>,
}

/// A kept contact as it is here and at WeCom.
#[derive(Debug)]
pub struct ContactFound {
    /// As it is kept.
    pub kept: Contact,
    /// What this sync has seen of it before.
    pub sighting: Option<Sighting>,
    /// All its greetings.
    pub greetings: Vec<Greeting>,
    /// All its endings.
    pub endings: Vec<Ending>,
    /// As WeCom has it, or why that cannot be read.
    pub at_wecom: Result<Option<Contact>, String>,
}
