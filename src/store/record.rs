//! Records: the tables of state and their keys, the same in both stores.

use crate::model::attachment::Attachment;
use crate::model::chat::Chat;
use crate::model::contact::{Contact, Ending, Greeting, TransferFailure};
use crate::model::effect::{SentCard, Shelf};
use crate::model::follower::Follower;
use crate::model::forgetting::Forgetting;
use crate::model::grant::{Grant, Seen};
use crate::model::ids::{ChatId, ExternalUserId, OpenId, TaskId, UserId};
use crate::model::item::{Item, ItemRef};
use crate::model::member::{Link, Member};
use crate::model::relation::RelationKind;
use crate::model::request::{Carried, RequestId};
use crate::model::switches::Switches;
use crate::model::sync::{Sighted, Sighting, SyncBatch, SyncRun};
use crate::model::tag::TagGroup;
use crate::model::thread::{Comment, Thread};
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
    /// [`Switches`], one record; and that an import goes on.
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
    /// Who somebody is, by the unionid: a customer and a follower of the service account.
    Unionids,
    /// [`Carried`] by the request's id.
    Carried,
    /// [`Forgetting`] by whether it is done, and its id.
    Forgettings,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 27] = [
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
        Self::Items,
        Self::Shelves,
        Self::Grants,
        Self::Holders,
        Self::Seen,
        Self::Comments,
        Self::Threads,
        Self::Attachments,
        Self::ItemCards,
        Self::Unionids,
        Self::Carried,
        Self::Forgettings,
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
            Self::Items => "items",
            Self::Shelves => "shelves",
            Self::Grants => "grants",
            Self::Holders => "holders",
            Self::Seen => "seen",
            Self::Comments => "comments",
            Self::Threads => "threads",
            Self::Attachments => "attachments",
            Self::ItemCards => "item_cards",
            Self::Unionids => "unionids",
            Self::Carried => "carried",
            Self::Forgettings => "forgettings",
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

    /// A [`Relation`](crate::model::relation::Relation) of this kind.
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

    /// Stands here while an import goes on, and from then on if that ended in the middle.
    pub fn importing() -> Self {
        Self::new(Table::Switches, IMPORTING)
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
    pub(in crate::store) fn on_shelf(shelf: &Shelf, item: &ItemRef) -> Self {
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

    pub(in crate::store) fn holder(item: &ItemRef, contact: &ExternalUserId) -> Self {
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

    pub(in crate::store) fn item_card(
        (item, contact): &(ItemRef, ExternalUserId),
        card: &TaskId,
    ) -> Self {
        Self::new(Table::ItemCards, format!("{item} {contact} {card}"))
    }

    /// The `external_userid` of the customer with this unionid.
    pub fn contact_by_unionid(unionid: &str) -> Self {
        Self::new(Table::Unionids, format!("contact {unionid}"))
    }

    /// The openid of the follower with this unionid.
    pub fn follower_by_unionid(unionid: &str) -> Self {
        Self::new(Table::Unionids, format!("follower {unionid}"))
    }

    /// A request that was carried out.
    pub fn carried(id: &RequestId) -> Self {
        Self::new(Table::Carried, id.as_str())
    }

    /// A [`Forgetting`] that goes on, by its id.
    pub fn being_forgotten(id: &str) -> Self {
        Self::new(Table::Forgettings, format!("{BEING_FORGOTTEN}{id}"))
    }

    /// A [`Forgetting`] that is done, by its id.
    pub fn forgotten(id: &str) -> Self {
        Self::new(Table::Forgettings, format!("done {id}"))
    }
}

/// Below this name of [`Table::Switches`] it stands that an import goes on.
const IMPORTING: &str = "importing";

/// What the keys of forgettings that go on begin with; those that are done stand before them.
pub const BEING_FORGOTTEN: &str = "open ";

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
    record::<Item>();
    record::<Grant>();
    record::<Seen>();
    record::<Comment>();
    record::<Thread>();
    record::<Attachment>();
    record::<Carried>();
    record::<Forgetting>();
};
