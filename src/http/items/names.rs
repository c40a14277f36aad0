//! How people are called: read once for a page.

use std::collections::{HashMap, HashSet};

use crate::http::items::access::Reader;
use crate::http::items::turned::Turned;
use crate::http::people::MemberNames;
use crate::model::contact::Contact;
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::item::{Actor, Item};
use crate::model::project::Handler;
use crate::store::record::Key;

/// Whose names a page shows.
#[derive(Debug, Default)]
pub(in crate::http::items) struct Wanted {
    members: HashSet<UserId>,
    contacts: HashSet<ExternalUserId>,
}

/// Names of members and contacts; who is not known is called by their id.
#[derive(Debug, Default)]
pub(in crate::http::items) struct Names {
    members: MemberNames,
    contacts: HashMap<ExternalUserId, String>,
}

impl Wanted {
    /// A member's.
    pub(in crate::http::items) fn member(&mut self, userid: &UserId) {
        self.members.insert(userid.clone());
    }

    /// A customer's.
    pub(in crate::http::items) fn contact(&mut self, contact: &ExternalUserId) {
        self.contacts.insert(contact.clone());
    }

    /// Of whoever did something.
    pub(in crate::http::items) fn actor(&mut self, actor: &Actor) {
        match actor {
            Actor::Member(userid) => self.member(userid),
            Actor::Contact(contact) => self.contact(contact),
            Actor::System | Actor::Admin => {}
        }
    }

    /// Of everybody whom an item's row in a list names.
    pub(in crate::http::items) fn row(&mut self, item: &Item) {
        self.member(&item.head().owner);
        if let Some(contact) = item.contact() {
            self.contact(contact);
        }
        if let Item::Record(record) = item {
            record.handler.iter().for_each(|userid| self.member(userid));
        }
    }

    /// Of everybody whom an item names.
    pub(in crate::http::items) fn item(&mut self, item: &Item) {
        self.row(item);
        let head = item.head();
        head.followers.iter().for_each(|userid| self.member(userid));
        head.owners
            .iter()
            .for_each(|owner| self.member(&owner.userid));
        self.actor(&head.created_by);
        self.actor(&head.changed_by);
        self.handlers_of(item);
        if let Item::Record(record) = item {
            let entries = record.follow_ups.iter();
            entries.for_each(|entry| self.actor(&entry.by));
        }
    }

    /// Of everybody who does something of an item.
    pub(in crate::http::items) fn handlers_of(&mut self, item: &Item) {
        match item {
            Item::Project(project) => {
                for task in project.tasks() {
                    if let Some(Handler::Member(userid)) = &task.handler {
                        self.member(userid);
                    }
                }
            }
            Item::Record(record) => record.handler.iter().for_each(|userid| self.member(userid)),
            Item::Form(_) | Item::Approval(_) => {}
        }
    }

    /// Reads them.
    pub(in crate::http::items) async fn read(self, reader: &Reader) -> Result<Names, Turned> {
        let mut keys: Vec<Key> = self.members.iter().map(Key::member).collect();
        let members = keys.len();
        keys.extend(self.contacts.iter().map(Key::contact));
        let records = reader.read(&keys).await?;
        let (members, of_contacts) = records.split_at(members);
        let mut contacts = HashMap::new();
        for record in of_contacts {
            if let Some(contact) = record.parse::<Contact>()? {
                contacts.insert(contact.external_userid, contact.name);
            }
        }
        let members = MemberNames::of(members)?;
        Ok(Names { members, contacts })
    }
}

impl Names {
    /// A member's.
    pub(in crate::http::items) fn member(&self, userid: &UserId) -> String {
        let name = self.members.of_member(userid);
        name.unwrap_or(userid.as_str()).to_owned()
    }

    /// A member as a field names them, so that it is read again without a doubt.
    pub(in crate::http::items) fn written(&self, userid: &UserId) -> String {
        written(self.members.of_member(userid).unwrap_or_default(), userid)
    }

    /// A customer's.
    pub(in crate::http::items) fn contact(&self, contact: &ExternalUserId) -> String {
        let name = self.contacts.get(contact).filter(|name| !name.is_empty());
        name.map_or_else(|| contact.to_string(), Clone::clone)
    }
}

/// A name and an id, as fields show and take them.
pub(in crate::http::items) fn written(name: &str, userid: &UserId) -> String {
    match name.is_empty() {
        true => userid.to_string(),
        false => format!("{name} ({userid})"),
    }
}
