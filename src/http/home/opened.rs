//! One item with all that its page shows. What the customer does not see is not there.

use crate::decide::item::sight;
use crate::decide::request::Command;
use crate::http::files::show::{AttachmentList, attachment_list};
use crate::http::home::asked::carry_out;
use crate::http::home::names::Names;
use crate::http::home::shared::news_at;
use crate::http::home::turned::{Instead, Why};
use crate::http::home::visit::{Reader, Visit};
use crate::http::nonce::is_nonce;
use crate::model::attachment::Attachment;
use crate::model::contact::Contact;
use crate::model::effect::Shelf;
use crate::model::form::{Field, FieldKind, Value};
use crate::model::grant::{Grant, Seen};
use crate::model::ids::UserId;
use crate::model::item::{Actor, Item, ItemKind, ItemRef};
use crate::model::project::Handler;
use crate::model::thread::{Comment, Thread};
use crate::model::time::Timestamp;
use crate::store::record::Key;

/// How many comments a page shows.
const COMMENTS_SHOWN: usize = 30;

/// So many files a page shows at most.
const FILES_MAX: usize = 60;

/// An item that the reader sees.
pub(in crate::http::home) struct Opened {
    /// As what it was shared.
    pub(in crate::http::home) shown: ItemRef,
    pub(in crate::http::home) item: Item,
    pub(in crate::http::home) contact: Option<Contact>,
    /// How many comments there are.
    pub(in crate::http::home) said: u32,
    /// What was said, oldest first: the last of it, or what came before the comment that the query names.
    pub(in crate::http::home) comments: Vec<Comment>,
    /// Whether more was said before that.
    pub(in crate::http::home) earlier: bool,
    pub(in crate::http::home) names: Names,
    /// Of a form: the record that the customer submitted last.
    pub(in crate::http::home) submitted: Option<ItemRef>,
    /// Of an approval: the item that it is about, with its title.
    pub(in crate::http::home) about: Option<(ItemRef, String)>,
    /// The files that the page shows: those of the item, and those that the customer has brought for a form.
    pub(in crate::http::home) files: Vec<Attachment>,
    /// By which the customer sees it.
    grant: Grant,
    /// When it began to be read: what comes later is not on the page.
    read_at: Timestamp,
    is_news: bool,
}

impl Opened {
    /// Reads an item and all that its page shows.
    pub(in crate::http::home) async fn read(
        visit: &Visit,
        kind: &str,
        id: &str,
    ) -> Result<Self, Instead> {
        let place = &visit.place;
        let read_at = place.doors.clock.now();
        let missing = || place.turned(Why::Missing);
        let shown: ItemRef = format!("{kind}:{id}").parse().map_err(|_| missing())?;
        let contact = &visit.contact;
        let mut keys = vec![
            Key::item(&shown),
            Key::grant(contact, &shown),
            Key::thread(contact, &shown),
            Key::seen(contact, &shown),
            Key::contact(contact),
        ];
        if shown.kind == ItemKind::Form {
            let shelf = Shelf::Submission(shown.id.clone(), contact.clone());
            keys.push(Key::the_one_on(&shelf));
        }
        let records = place.read(&keys).await?;
        let [item, grant, thread, seen, person, rest @ ..] = &records[..] else {
            return Err(missing());
        };
        let item: Option<Item> = place.stored(item.parse())?;
        let item = item.ok_or_else(missing)?;
        let grant: Option<Grant> = place.stored(grant.parse())?;
        let Some(grant) = grant.filter(|grant| visit.sees(&item, &shown, Some(grant))) else {
            return Err(missing());
        };
        let thread: Option<Thread> = place.stored(thread.parse())?;
        let seen: Option<Seen> = place.stored(seen.parse())?;
        let person: Option<Contact> = place.stored(person.parse())?;
        let submitted = rest.first().map(|record| record.parse()).transpose();
        let submitted: Option<ItemRef> = place.stored(submitted)?.flatten();
        let said = thread.as_ref().map_or(0, |thread| thread.comments);
        let mut comments = match said {
            0 => Vec::new(),
            _ => comments(visit, &shown).await?,
        };
        let over = comments.len().saturating_sub(COMMENTS_SHOWN);
        comments.drain(..over);
        let names = Names::read(visit, members(&item, person.as_ref(), &comments)).await?;
        let about = about(visit, &item).await?;
        let files = seen_of(visit, &item, &grant, ids_in(&item)).await?;
        Ok(Self {
            read_at,
            files,
            is_news: news_at(&grant, &item, thread.as_ref()) > seen.map(|seen| seen.at),
            grant,
            shown,
            item,
            contact: person,
            said,
            comments,
            earlier: over > 0,
            names,
            submitted,
            about,
        })
    }

    /// Also shows these files, which the customer has brought for a form that is not sent yet.
    pub(in crate::http::home) async fn with_files(
        mut self,
        visit: &Visit,
        ids: Vec<String>,
    ) -> Result<Self, Instead> {
        if !ids.is_empty() && matches!(self.item, Item::Form(_)) {
            self.files = seen_of(visit, &self.item, &self.grant, ids).await?;
        }
        Ok(self)
    }

    /// Keeps that the customer had it open, if there was something new in it.
    pub(in crate::http::home) async fn mark_seen(&self, visit: &Visit) {
        if !self.is_news || !matches!(visit.reader, Reader::Customer) {
            return;
        }
        let command = Command::MarkSeen(visit.contact.clone(), self.shown.clone());
        // The page is there all the same; the item stays marked as new.
        if let Err(problem) = carry_out(visit, None, String::new(), command, self.read_at).await {
            tracing::warn!(%problem, "It could not be kept that a customer has seen an item.");
        }
    }
}

/// What was said about an item, one comment more than a page shows.
async fn comments(visit: &Visit, shown: &ItemRef) -> Result<Vec<Comment>, Instead> {
    let place = &visit.place;
    let before = Some(place.asked("before")).filter(|before| !before.is_empty());
    let (store, corp) = (&place.doors.store, place.corp());
    let said = store.last_comments(corp, shown, &visit.contact, before, COMMENTS_SHOWN + 1);
    place.stored(said.await)
}

/// The item that an approval is about, if the customer sees that one too.
async fn about(visit: &Visit, item: &Item) -> Result<Option<(ItemRef, String)>, Instead> {
    let place = &visit.place;
    let about = match item {
        Item::Approval(approval) => approval.about.clone(),
        Item::Project(_) | Item::Form(_) | Item::Record(_) => None,
    };
    let Some(about) = about else {
        return Ok(None);
    };
    let keys = [Key::item(&about), Key::grant(&visit.contact, &about)];
    let records = place.read(&keys).await?;
    let [item, grant] = &records[..] else {
        return Ok(None);
    };
    let item: Option<Item> = place.stored(item.parse())?;
    let grant: Option<Grant> = place.stored(grant.parse())?;
    let item = item.filter(|item| visit.sees(item, &about, grant.as_ref()));
    Ok(item.map(|item| (about, item.head().title.clone())))
}

/// The members whose names a page shows.
fn members(item: &Item, contact: Option<&Contact>, comments: &[Comment]) -> Vec<UserId> {
    let mut members = vec![item.head().owner.clone()];
    let mut add = |actor: &Actor| {
        if let Actor::Member(userid) = actor {
            members.push(userid.clone());
        }
    };
    comments.iter().for_each(|comment| add(&comment.by));
    match item {
        Item::Project(project) => {
            for task in project.tasks().filter(|task| !task.internal) {
                if let Some(Handler::Member(userid)) = &task.handler {
                    members.push(userid.clone());
                }
            }
        }
        Item::Record(record) => {
            record.follow_ups.iter().for_each(|entry| add(&entry.by));
            members.extend(record.handler.clone());
            for (field, value) in values(&record.fields, &record.values) {
                if field.kind == FieldKind::Member {
                    let ids = value.texts().iter().map(|text| UserId::parse(text));
                    members.extend(ids.filter_map(Result::ok));
                }
            }
        }
        Item::Form(form) => {
            if form
                .fields
                .iter()
                .any(|field| field.kind == FieldKind::Member)
            {
                let follows = contact.map(|contact| &contact.follow_users[..]);
                let follows = follows.unwrap_or_default().iter();
                members.extend(follows.map(|follow| follow.userid.clone()));
            }
        }
        Item::Approval(_) => {}
    }
    members
}

/// The fields with what was filled in.
pub(in crate::http::home) fn values<'a>(
    fields: &'a [Field],
    values: &'a std::collections::BTreeMap<String, Value>,
) -> impl Iterator<Item = (&'a Field, &'a Value)> {
    fields
        .iter()
        .filter_map(|field| Some((field, values.get(&field.key)?)))
}

/// The files of an item, for its customer.
pub(in crate::http::home) fn files(visit: &Visit, opened: &Opened) -> AttachmentList {
    let reader = Actor::Contact(visit.contact.clone());
    attachment_list(visit.place.corp(), &reader, &opened.files)
}

/// The files that belong to an item.
fn ids_in(item: &Item) -> Vec<String> {
    match item {
        Item::Record(record) => {
            let fields = record.fields.iter();
            let fields = fields.filter(|field| matches!(field.kind, FieldKind::Attachment { .. }));
            let values = fields.filter_map(|field| record.values.get(&field.key));
            values.flat_map(Value::texts).cloned().collect()
        }
        Item::Approval(approval) => approval.attachments.clone(),
        Item::Project(_) | Item::Form(_) => Vec::new(),
    }
}

/// Those of these files that the customer sees.
async fn seen_of(
    visit: &Visit,
    item: &Item,
    grant: &Grant,
    ids: Vec<String>,
) -> Result<Vec<Attachment>, Instead> {
    let keys: Vec<Key> = ids
        .iter()
        .filter(|id| is_nonce(id))
        .take(FILES_MAX)
        .map(|id| Key::attachment(id))
        .collect();
    let mut found = Vec::with_capacity(keys.len());
    for record in visit.place.read(&keys).await? {
        let file: Option<Attachment> = visit.place.stored(record.parse())?;
        found.extend(
            file.filter(|file| sight::contact_sees_file(&visit.contact, item, Some(grant), file)),
        );
    }
    Ok(found)
}
