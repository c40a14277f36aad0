//! How effects become records: the tables of state and their keys, the same in both stores.

use crate::model::chat::Chat;
use crate::model::contact::{Contact, Ending, Greeting, TransferFailure};
use crate::model::delivery::{Delivery, ItemId, Lane};
use crate::model::effect::{Effect, SentCard};
use crate::model::follower::Follower;
use crate::model::ids::{ChatId, ExternalUserId, OpenId, TaskId, UserId};
use crate::model::member::{Link, Member};
use crate::model::relation::{Relation, RelationKind};
use crate::model::switches::Switches;
use crate::model::sync::{Sighted, Sighting, SyncBatch, SyncRun};
use crate::model::tag::TagGroup;
use crate::model::time::Timestamp;
use crate::model::visit::Visit;
use crate::store::error::StoreError;

/// One kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    /// [`Contact`] by `external_userid`.
    Contacts,
    /// [`Greeting`] by `external_userid` and userid.
    Greetings,
    /// [`Ending`] by `external_userid` and userid.
    Endings,
    /// [`TransferFailure`] by `external_userid` and userid.
    TransferFailures,
    /// [`Chat`] by `chat_id`.
    Chats,
    /// [`TagGroup`] by `group_id`.
    TagGroups,
    /// [`Member`] by userid.
    Members,
    /// [`Link`] by userid.
    Links,
    /// [`Visit`] by `external_userid` and userid.
    Visits,
    /// [`Follower`] by `openid`.
    Followers,
    /// [`SentCard`] by `task_id`.
    Cards,
    /// [`SyncRun`] by its id.
    Syncs,
    /// [`SyncBatch`] by its key.
    Batches,
    /// [`Sighting`] by whom it is about.
    Sightings,
    /// [`Switches`], one record.
    Switches,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 15] = [
        Self::Contacts,
        Self::Greetings,
        Self::Endings,
        Self::TransferFailures,
        Self::Chats,
        Self::TagGroups,
        Self::Members,
        Self::Links,
        Self::Visits,
        Self::Followers,
        Self::Cards,
        Self::Syncs,
        Self::Batches,
        Self::Sightings,
        Self::Switches,
    ];

    /// Its name in both stores.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Greetings => "greetings",
            Self::Endings => "endings",
            Self::TransferFailures => "transfer_failures",
            Self::Chats => "chats",
            Self::TagGroups => "tag_groups",
            Self::Members => "members",
            Self::Links => "links",
            Self::Visits => "visits",
            Self::Followers => "followers",
            Self::Cards => "cards",
            Self::Syncs => "syncs",
            Self::Batches => "batches",
            Self::Sightings => "sightings",
            Self::Switches => "switches",
        }
    }
}

/// Where a record stands within its corp.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which table.
    pub table: Table,
    /// Which record.
    pub key: String,
}

impl Key {
    fn new(table: Table, key: impl Into<String>) -> Self {
        Self {
            table,
            key: key.into(),
        }
    }

    /// A [`Contact`].
    pub fn contact(id: &ExternalUserId) -> Self {
        Self::new(Table::Contacts, id.as_str())
    }

    /// A [`Greeting`].
    pub fn greeting(contact: &ExternalUserId, member: &UserId) -> Self {
        Self::new(Table::Greetings, pair(contact, member))
    }

    /// An [`Ending`].
    pub fn ending(contact: &ExternalUserId, member: &UserId) -> Self {
        Self::new(Table::Endings, pair(contact, member))
    }

    /// A [`TransferFailure`].
    pub fn transfer_failure(contact: &ExternalUserId, member: &UserId) -> Self {
        Self::new(Table::TransferFailures, pair(contact, member))
    }

    /// A [`Relation`] of this kind.
    pub fn relation(kind: RelationKind, contact: &ExternalUserId, member: &UserId) -> Self {
        match kind {
            RelationKind::Greeting => Self::greeting(contact, member),
            RelationKind::Ending => Self::ending(contact, member),
            RelationKind::TransferFailure => Self::transfer_failure(contact, member),
            RelationKind::Visit => Self::visit(contact, member),
        }
    }

    /// A [`Chat`].
    pub fn chat(id: &ChatId) -> Self {
        Self::new(Table::Chats, id.as_str())
    }

    /// A [`TagGroup`], by its id.
    pub fn tag_group(id: &str) -> Self {
        Self::new(Table::TagGroups, id)
    }

    /// A [`Member`].
    pub fn member(id: &UserId) -> Self {
        Self::new(Table::Members, id.key())
    }

    /// A [`Link`].
    pub fn link(id: &UserId) -> Self {
        Self::new(Table::Links, id.key())
    }

    /// A [`Visit`].
    pub fn visit(contact: &ExternalUserId, member: &UserId) -> Self {
        Self::new(Table::Visits, pair(contact, member))
    }

    /// A [`Follower`].
    pub fn follower(id: &OpenId) -> Self {
        Self::new(Table::Followers, id.as_str())
    }

    /// A [`SentCard`].
    pub fn card(id: &TaskId) -> Self {
        Self::new(Table::Cards, id.as_str())
    }

    /// A [`SyncRun`].
    pub fn sync(id: &str) -> Self {
        Self::new(Table::Syncs, id)
    }

    /// A [`SyncBatch`].
    pub fn batch(key: &str) -> Self {
        Self::new(Table::Batches, key)
    }

    /// A [`Sighting`].
    pub fn sighting(who: &Sighted) -> Self {
        let key = match who {
            Sighted::Contact(id) => format!("c {id}"),
            Sighted::Member(id) => format!("m {}", id.key()),
        };
        Self::new(Table::Sightings, key)
    }

    /// The corp's [`Switches`].
    pub fn switches() -> Self {
        Self::new(Table::Switches, "now")
    }
}

/// Ids hold no blanks, so a blank keeps the two apart.
fn pair(contact: &ExternalUserId, member: &UserId) -> String {
    format!("{contact} {}", member.key())
}

/// A record as it was read. Handed back with a commit, it makes the commit fail if the record has changed since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it stands.
    pub key: Key,
    /// The number of the commit that wrote it; 0 when there is none. Never used twice within a corp.
    pub version: u64,
    /// Its JSON, if there is one.
    pub json: Option<String>,
}

impl Record {
    /// Reads the JSON as its type.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is something else.
    pub fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<Option<T>, StoreError> {
        let Some(json) = &self.json else {
            return Ok(None);
        };
        let place = || format!("{} {}: ", self.key.table.name(), self.key.key);
        serde_json::from_str(json)
            .map(Some)
            .map_err(|problem| StoreError::Corrupt(format!("{}{problem}", place())))
    }
}

/// What the keys of a contact's relations lie between: the blank sorts before every character of an id, and right
/// before the exclamation mark.
pub(in crate::store) fn relations(contact: &ExternalUserId) -> (String, String) {
    (format!("{contact} "), format!("{contact}!"))
}

/// One step of a commit, in terms that both stores have.
#[derive(Debug, Clone)]
pub(in crate::store) enum Write {
    /// Keep this JSON under this key.
    Put(Key, String),
    /// Keep nothing under this key.
    Drop(Key),
    /// Put into the inbox unless one with the same mark waits there.
    Refresh {
        /// Kind and subject.
        mark: String,
        /// The encoded delivery.
        text: String,
        /// Its lane.
        lane: Lane,
    },
    /// Put into the outbox unless an item of this name was ever there.
    Send {
        /// Its name, derived from its cause.
        id: ItemId,
        /// The encoded call.
        text: String,
        /// Its lane.
        lane: Lane,
    },
}

/// Translates effects; outgoing calls are named after `cause`, in order.
pub(in crate::store) fn writes(cause: &ItemId, effects: &[Effect], now: Timestamp) -> Vec<Write> {
    let mut sends = 0;
    let mut write = |effect: &Effect| match effect {
        Effect::PutContact(contact) => put(Key::contact(&contact.external_userid), contact),
        Effect::DropContact(id) => Write::Drop(Key::contact(id)),
        Effect::PutGreeting(greeting) => put(
            Key::greeting(&greeting.external_userid, &greeting.userid),
            greeting,
        ),
        Effect::PutEnding(ending) => {
            put(Key::ending(&ending.external_userid, &ending.userid), ending)
        }
        Effect::DropGreeting(contact, member) => Write::Drop(Key::greeting(contact, member)),
        Effect::PutTransferFailure(failure) => put(
            Key::transfer_failure(&failure.external_userid, &failure.userid),
            failure,
        ),
        Effect::DropRelation(relation) => Write::Drop(of_relation(relation)),
        Effect::PutMember(member) => put(Key::member(&member.userid), member),
        Effect::DropMember(id) => Write::Drop(Key::member(id)),
        Effect::PutLink(link) => put(Key::link(&link.userid), link),
        Effect::DropLink(id) => Write::Drop(Key::link(id)),
        Effect::PutChat(chat) => put(Key::chat(&chat.chat_id), chat),
        Effect::DropChat(id) => Write::Drop(Key::chat(id)),
        Effect::PutTagGroup(group) => put(Key::tag_group(&group.group_id), group),
        Effect::PutVisit(visit) => put(Key::visit(&visit.external_userid, &visit.userid), visit),
        Effect::PutFollower(follower) => put(Key::follower(&follower.openid), follower),
        Effect::PutCard(card) => put(Key::card(&card.task_id), card),
        Effect::PutSync(run) => put(Key::sync(&run.id), run),
        Effect::DropSync(id) => Write::Drop(Key::sync(id)),
        Effect::PutBatch(batch) => put(Key::batch(&batch.key), batch),
        Effect::DropBatch(key) => Write::Drop(Key::batch(key)),
        Effect::PutSighting(sighting) => put(Key::sighting(&sighting.who), sighting),
        Effect::PutSwitches(switches) => put(Key::switches(), switches),
        Effect::Refresh(delivery) => Write::Refresh {
            mark: mark(delivery),
            text: delivery.encode(),
            lane: delivery.lane,
        },
        Effect::Send(outgoing) => {
            let id = cause.caused(sends);
            sends += 1;
            Write::Send {
                id,
                text: outgoing.encode(now),
                lane: outgoing.lane,
            }
        }
    };
    effects.iter().map(&mut write).collect()
}

/// Refreshes with the same mark do the same work, so one waiting is enough.
pub(in crate::store) fn mark(delivery: &Delivery) -> String {
    format!("{} {}", delivery.kind, delivery.subject)
}

fn of_relation(relation: &Relation) -> Key {
    let kind = match relation {
        Relation::Greeting(_) => RelationKind::Greeting,
        Relation::Ending(_) => RelationKind::Ending,
        Relation::TransferFailure(_) => RelationKind::TransferFailure,
        Relation::Visit(_) => RelationKind::Visit,
    };
    let (contact, member) = relation.pair();
    Key::relation(kind, contact, member)
}

fn put(key: Key, record: &impl serde::Serialize) -> Write {
    let json = serde_json::to_string(record).expect("records are plain structs with text keys");
    Write::Put(key, json)
}

// The types that the tables hold, named here so that the table's doc lines lead to them.
const _: fn() = || {
    fn record<T: serde::Serialize + serde::de::DeserializeOwned>() {}
    record::<Contact>();
    record::<Greeting>();
    record::<Ending>();
    record::<TransferFailure>();
    record::<Chat>();
    record::<TagGroup>();
    record::<Member>();
    record::<Link>();
    record::<Visit>();
    record::<Follower>();
    record::<SentCard>();
    record::<SyncRun>();
    record::<SyncBatch>();
    record::<Sighting>();
    record::<Switches>();
};
