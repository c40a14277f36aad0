//! What was shared with a customer, and what of it is new to them.

use std::collections::HashMap;
use std::rc::Rc;

use crate::http::home::turned::Instead;
use crate::http::home::visit::Visit;
use crate::model::contact::Contact;
use crate::model::grant::{Grant, Seen};
use crate::model::item::{Actor, Item, ItemRef};
use crate::model::thread::Thread;
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::record::{Key, Record, Table};

/// An item that the customer sees.
pub(in crate::http::home) struct Shared {
    /// As what it was shared: a plan is its project.
    pub(in crate::http::home) shown: ItemRef,
    pub(in crate::http::home) item: Rc<Item>,
    /// When something last happened to it or was said about it.
    pub(in crate::http::home) changed_at: Timestamp,
    /// Whether the company did something since the customer had it open.
    pub(in crate::http::home) unread: bool,
}

/// Everything that the customer sees, newest change first, and the customer.
pub(in crate::http::home) async fn with_contact(
    visit: &Visit,
) -> Result<(Option<Contact>, Vec<Shared>), Instead> {
    let place = &visit.place;
    let tables = [Table::Grants, Table::Seen, Table::Threads];
    let keys = [Key::contact(&visit.contact)];
    let store = &place.doors.store;
    let records = store.of_contact(place.corp(), &keys, &tables, &visit.contact);
    let records = place.stored(records.await)?;
    let found = place.stored(Found::sort(&records))?;
    let mut wanted: Vec<Key> = found
        .grants
        .iter()
        .map(|grant| Key::item(&grant.item))
        .collect();
    wanted.sort_by(|one, other| one.key.cmp(&other.key));
    wanted.dedup();
    let mut items = HashMap::new();
    for record in place.read(&wanted).await? {
        if let Some(item) = place.stored(record.parse::<Item>())? {
            items.insert(item.item_ref(), Rc::new(item));
        }
    }
    let mut shared: Vec<Shared> = found
        .grants
        .iter()
        .filter_map(|grant| {
            let item = items.get(&grant.item.kept())?;
            let visible = visit.sees(item, &grant.item, Some(grant));
            visible.then(|| found.shared(grant, item))
        })
        .collect();
    shared.sort_by(|one, other| {
        let by_time = other.changed_at.cmp(&one.changed_at);
        by_time.then_with(|| one.shown.cmp(&other.shown))
    });
    Ok((found.contact, shared))
}

/// When the company last did something that the customer may not know of.
pub(in crate::http::home) fn news_at(
    grant: &Grant,
    item: &Item,
    thread: Option<&Thread>,
) -> Option<Timestamp> {
    let by_company = |by: &Actor| !matches!(by, Actor::Contact(_));
    let head = item.head();
    let changed = Some(head.changed_at).filter(|_| by_company(&head.changed_by));
    let given = Some(grant.given_at).filter(|_| by_company(&grant.by));
    let said = thread.and_then(|thread| thread.company_at);
    changed.max(given).max(said)
}

/// What the tables say about the customer.
#[derive(Default)]
struct Found {
    contact: Option<Contact>,
    grants: Vec<Grant>,
    seen: HashMap<ItemRef, Timestamp>,
    threads: HashMap<ItemRef, Thread>,
}

impl Found {
    fn sort(records: &[Record]) -> Result<Self, StoreError> {
        let mut found = Self::default();
        for record in records {
            let table = record.key.table;
            if table == Table::Contacts {
                found.contact = record.parse()?;
            } else if table == Table::Grants {
                found.grants.extend(record.parse::<Grant>()?);
            } else if table == Table::Seen {
                let seen = record.parse::<Seen>()?;
                let seen = seen.map(|seen| (seen.item, seen.at));
                found.seen.extend(seen);
            } else if table == Table::Threads {
                let thread = record.parse::<Thread>()?;
                let thread = thread.map(|thread| (thread.item.clone(), thread));
                found.threads.extend(thread);
            }
        }
        found.grants.retain(Grant::holds);
        Ok(found)
    }

    fn shared(&self, grant: &Grant, item: &Rc<Item>) -> Shared {
        let thread = self.threads.get(&grant.item);
        let said = thread.and_then(|thread| thread.company_at.max(thread.contact_at));
        let seen = self.seen.get(&grant.item).copied();
        Shared {
            shown: grant.item.clone(),
            item: Rc::clone(item),
            changed_at: said.unwrap_or_default().max(item.head().changed_at),
            unread: news_at(grant, item, thread) > seen,
        }
    }
}
