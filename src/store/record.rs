//! How effects become records: the tables of state and their keys, the same in both stores.

use crate::model::attachment::Attachment;
use crate::model::chat::Chat;
use crate::model::contact::{Contact, Ending, Greeting, TransferFailure};
use crate::model::delivery::{Delivery, ItemId, Lane};
use crate::model::effect::{Effect, SentCard, Shelf};
use crate::model::grant::{Grant, Seen};
use crate::model::ids::{ChatId, ExternalUserId, TaskId, UserId};
use crate::model::item::{Item, ItemRef};
use crate::model::member::{Link, Member};
use crate::model::relation::{Relation, RelationKind};
use crate::model::request::{Carried, RequestId};
use crate::model::switches::Switches;
use crate::model::sync::{Sighted, Sighting, SyncBatch, SyncRun};
use crate::model::tag::TagGroup;
use crate::model::thread::{Comment, Thread};
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
    /// [`Item`] by its reference.
    Items,
    /// Where items are found: [`ItemRef`] by shelf and reference.
    Shelves,
    /// [`Grant`] by `external_userid` and reference.
    Grants,
    /// Who has an item: `external_userid` by reference and `external_userid`.
    Holders,
    /// [`Seen`] by `external_userid` and reference.
    Seen,
    /// [`Comment`] by reference, `external_userid` and id.
    Comments,
    /// [`Thread`] by `external_userid` and reference.
    Threads,
    /// [`Attachment`] by its id.
    Attachments,
    /// The cards that were sent about an item: [`TaskId`] by reference, `external_userid` and `task_id`.
    ItemCards,
    /// [`Carried`] by the request's id.
    Carried,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 24] = [
        Self::Contacts,
        Self::Greetings,
        Self::Endings,
        Self::TransferFailures,
        Self::Chats,
        Self::TagGroups,
        Self::Members,
        Self::Links,
        Self::Visits,
        Self::Cards,
        Self::Syncs,
        Self::Batches,
        Self::Sightings,
        Self::Switches,
        Self::Items,
        Self::Shelves,
        Self::Grants,
        Self::Holders,
        Self::Seen,
        Self::Comments,
        Self::Threads,
        Self::Attachments,
        Self::ItemCards,
        Self::Carried,
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
            Self::Cards => "cards",
            Self::Syncs => "syncs",
            Self::Batches => "batches",
            Self::Sightings => "sightings",
            Self::Switches => "switches",
            Self::Items => "items",
            Self::Shelves => "shelves",
            Self::Grants => "grants",
            Self::Holders => "holders",
            Self::Seen => "seen",
            Self::Comments => "comments",
            Self::Threads => "threads",
            Self::Attachments => "attachments",
            Self::ItemCards => "item_cards",
            Self::Carried => "carried",
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
            Sighted::Chat(id) => format!("g {id}"),
        };
        Self::new(Table::Sightings, key)
    }

    /// The corp's [`Switches`].
    pub fn switches() -> Self {
        Self::new(Table::Switches, "now")
    }

    /// An [`Item`]; of a plan, its project.
    pub fn item(item: &ItemRef) -> Self {
        Self::new(Table::Items, item.kept().to_string())
    }

    /// The one item on a shelf for one: [`Shelf::Ref`] or [`Shelf::Submission`].
    pub fn the_one_on(shelf: &Shelf) -> Self {
        Self::new(Table::Shelves, shelf_name(shelf))
    }

    /// An item on a shelf.
    fn on_shelf(shelf: &Shelf, item: &ItemRef) -> Self {
        match shelf {
            Shelf::Ref(..) | Shelf::Submission(..) => Self::new(Table::Shelves, shelf_name(shelf)),
            Shelf::Member(_) | Shelf::Contact(_) | Shelf::Form(_) => {
                Self::new(Table::Shelves, format!("{} {item}", shelf_name(shelf)))
            }
        }
    }

    /// A [`Grant`].
    pub fn grant(contact: &ExternalUserId, item: &ItemRef) -> Self {
        Self::new(Table::Grants, format!("{contact} {item}"))
    }

    fn holder(item: &ItemRef, contact: &ExternalUserId) -> Self {
        Self::new(Table::Holders, format!("{item} {contact}"))
    }

    /// A [`Seen`].
    pub fn seen(contact: &ExternalUserId, item: &ItemRef) -> Self {
        Self::new(Table::Seen, format!("{contact} {item}"))
    }

    /// A [`Comment`].
    pub fn comment(item: &ItemRef, contact: &ExternalUserId, id: &str) -> Self {
        Self::new(Table::Comments, format!("{item} {contact} {id}"))
    }

    /// A [`Thread`].
    pub fn thread(contact: &ExternalUserId, item: &ItemRef) -> Self {
        Self::new(Table::Threads, format!("{contact} {item}"))
    }

    /// An [`Attachment`].
    pub fn attachment(id: &str) -> Self {
        Self::new(Table::Attachments, id)
    }

    fn item_card((item, contact): &(ItemRef, ExternalUserId), card: &TaskId) -> Self {
        Self::new(Table::ItemCards, format!("{item} {contact} {card}"))
    }

    /// A request that was carried out.
    pub fn carried(id: &RequestId) -> Self {
        Self::new(Table::Carried, id.as_str())
    }
}

/// What the keys of a shelf's items begin with.
fn shelf_name(shelf: &Shelf) -> String {
    match shelf {
        Shelf::Ref(kind, reference) => format!("ref {} {}", kind.name(), reference.as_str()),
        Shelf::Member(userid) => format!("member {}", userid.key()),
        Shelf::Submission(form, contact) => format!("submission {form} {contact}"),
        Shelf::Contact(contact) => format!("contact {contact}"),
        Shelf::Form(form) => format!("form {form}"),
    }
}

/// What the keys of what stands on a shelf lie between.
pub(in crate::store) fn on_shelf(shelf: &Shelf) -> (String, String) {
    below(&shelf_name(shelf))
}

/// What the keys of those who have an item lie between; also those of what was said and sent about it.
pub(in crate::store) fn about(item: &ItemRef) -> (String, String) {
    below(&item.to_string())
}

/// What the keys of what was said and sent about an item with one customer lie between.
pub(in crate::store) fn between(item: &ItemRef, contact: &ExternalUserId) -> (String, String) {
    below(&format!("{item} {contact}"))
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
    below(contact.as_str())
}

fn below(first: &str) -> (String, String) {
    (format!("{first} "), format!("{first}!"))
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

/// Translates effects; outgoing calls are named after `cause`, in order. Those that a command causes are named by the
/// store when it carries them out: what is given here is only the end of their names.
pub(in crate::store) fn writes(cause: &ItemId, effects: &[Effect], now: Timestamp) -> Vec<Write> {
    let mut sends = 0;
    let mut writes = Vec::with_capacity(effects.len());
    let mut write = |effect: &Effect, writes: &mut Vec<Write>| match effect {
        Effect::PutGrant(grant) => {
            let holder = Key::holder(&grant.item, &grant.contact);
            let listed = match grant.holds() {
                true => put(holder, &grant.contact),
                false => Write::Drop(holder),
            };
            writes.push(listed);
            put(Key::grant(&grant.contact, &grant.item), grant)
        }
        Effect::PutItem(item) => put(Key::item(&item.item_ref()), item),
        Effect::PutOnShelf(shelf, item) => put(Key::on_shelf(shelf, item), item),
        Effect::TakeFromShelf(shelf, item) => Write::Drop(Key::on_shelf(shelf, item)),
        Effect::PutSeen(seen) => put(Key::seen(&seen.contact, &seen.item), seen),
        Effect::PutComment(comment) => put(
            Key::comment(&comment.item, &comment.contact, &comment.id),
            comment,
        ),
        Effect::PutThread(thread) => put(Key::thread(&thread.contact, &thread.item), thread),
        Effect::PutAttachment(attachment) => put(Key::attachment(&attachment.id), attachment),
        Effect::DropAttachment(id) => Write::Drop(Key::attachment(id)),
        Effect::PutCarried(carried) => put(Key::carried(&carried.id), carried),
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
        Effect::PutCard(card) => {
            if let Some(about) = &card.about {
                let listed = Key::item_card(about, &card.task_id);
                writes.push(match card.response_code {
                    Some(_) => put(listed, &card.task_id),
                    None => Write::Drop(listed),
                });
            }
            put(Key::card(&card.task_id), card)
        }
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
    for effect in effects {
        let write = write(effect, &mut writes);
        writes.push(write);
    }
    writes
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
    record::<SentCard>();
    record::<SyncRun>();
    record::<SyncBatch>();
    record::<Sighting>();
    record::<Switches>();
    record::<Item>();
    record::<Grant>();
    record::<Seen>();
    record::<Comment>();
    record::<Thread>();
    record::<Attachment>();
    record::<Carried>();
};
