//! Items (事项): who may do what with them, and what follows.

pub(in crate::decide) mod access;
pub(in crate::decide) mod answer;
pub(in crate::decide) mod change;
pub(in crate::decide) mod check;
pub(in crate::decide) mod comment;
pub(in crate::decide) mod content;
pub(in crate::decide) mod put;
pub(in crate::decide) mod share;
pub(in crate::decide) mod submit;
pub(in crate::decide) mod tell;

pub mod file;
pub mod sight;
pub mod values;

use std::time::Duration;

use crate::callback::event::own::OwnEvent;
use crate::decide::facts::{Facts, Need};
use crate::decide::rejection::Rejection;
use crate::decide::request::{Command, Request};
use crate::model::effect::{Effect, Shelf};
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::item::{Actor, Item, ItemRef};
use crate::model::project::Handler;
use crate::model::request::Carried;
use crate::model::thread::Thread;
use crate::model::time::Timestamp;

/// What a command needs to know.
pub(in crate::decide) fn needs(request: &Request) -> Vec<Need> {
    let mut needs: Vec<Need> = request.id.iter().cloned().map(Need::Carried).collect();
    needs.extend(match &request.command {
        Command::Put(draft) => put::needs(draft, &request.by),
        Command::SetState(item, _) | Command::Follow(item, _, false) => {
            vec![Need::Item(item.clone())]
        }
        Command::Follow(item, userid, true) => change::follow_needs(item, userid),
        Command::GiveTo(item, to) => vec![Need::Item(item.clone()), Need::Member(to.clone())],
        Command::HandOver { to, .. } => vec![Need::Member(to.clone())],
        Command::SetTask(change) => change::task_needs(change),
        Command::Advance(advance) => change::advance_needs(advance),
        Command::Share(contact, items) => share::needs(contact, items),
        Command::ConfirmShare(contact, item) | Command::Revoke(contact, item) => {
            share::grant_needs(contact, item)
        }
        Command::MarkSeen(contact, item) => access::contact_needs(contact, item),
        Command::Submit(submission) => submit::needs(submission),
        Command::Comment(comment) => comment::needs(comment),
        Command::Answer(answer) => answer::needs(answer),
        Command::Attach(attachment) => file::attach_needs(attachment),
        Command::Forget(attachment) => file::forget_needs(attachment),
    });
    needs
}

/// What follows from a command, and that it was carried out.
pub(in crate::decide) fn asked(
    request: &Request,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Rejection> {
    if let Some(carried) = &facts.carried {
        return match carried.digest == request.digest {
            true => Ok(Vec::new()),
            false => Err(Rejection::NameReused),
        };
    }
    let by = &request.by;
    let mut effects = match &request.command {
        Command::Put(draft) => put::put(draft, by, facts, now),
        Command::SetState(_, state) => change::set_state(*state, by, facts, now),
        Command::SetTask(task) => change::set_task(task, by, facts, now),
        Command::Advance(advance) => change::advance(advance, by, facts, now),
        Command::GiveTo(_, to) => change::give_to(to, by, facts, now),
        Command::HandOver { from, to } => change::hand_over(from, to, by, facts, now),
        Command::Follow(_, userid, on) => change::follow(userid, *on, by, facts),
        Command::Share(contact, items) => share::share(contact, items, by, facts, now),
        Command::ConfirmShare(..) => share::confirm(by, facts, now),
        Command::Revoke(..) => share::revoke(by, facts, now),
        Command::MarkSeen(contact, item) => share::mark_seen(contact, item, by, facts, now),
        Command::Submit(submission) => submit::submit(submission, by, facts, now),
        Command::Comment(comment) => comment::comment(comment, by, facts, now),
        Command::Answer(answer) => answer::answer(answer, by, facts, now),
        Command::Attach(attachment) => file::attach(attachment, by, facts),
        Command::Forget(attachment) => file::forget(attachment, by, facts, now),
    }?;
    if let Some(id) = &request.id {
        let item = effects.iter().find_map(Effect::item);
        effects.push(Effect::PutCarried(Carried {
            id: id.clone(),
            digest: request.digest.clone(),
            item,
            at: now,
        }));
    }
    Ok(effects)
}

/// The only item among the facts.
fn the_item<'a>(facts: &'a Facts<'_>) -> Result<&'a Item, Rejection> {
    facts.items.first().ok_or(Rejection::NotFound)
}

/// The item of this reference among the facts.
fn item_of<'a>(facts: &'a Facts<'_>, wanted: &ItemRef) -> Result<&'a Item, Rejection> {
    let wanted = wanted.kept();
    let mut items = facts.items.iter();
    let found = items.find(|item| item.item_ref() == wanted);
    found.ok_or(Rejection::NotFound)
}

/// Keeps an item as it is now, where it is looked for, and has the cards about it changed. Every change has a time of its
/// own, so that who has seen the one before is told apart.
fn kept(before: Option<&Item>, mut item: Item, by: &Actor, now: Timestamp) -> Vec<Effect> {
    let next = before.map(|before| before.head().changed_at.plus(Duration::from_millis(1)));
    let head = item.head_mut();
    head.changed_at = next.map_or(now, |next| next.max(now));
    head.changed_by = by.clone();
    let own = item.item_ref();
    let old = before.map(shelves).unwrap_or_default();
    let new = shelves(&item);
    let mut effects = Vec::new();
    for shelf in &new {
        if !old.contains(shelf) {
            effects.push(Effect::PutOnShelf(shelf.clone(), own.clone()));
        }
    }
    for shelf in old {
        if !new.contains(&shelf) {
            effects.push(Effect::TakeFromShelf(shelf, own.clone()));
        }
    }
    effects.push(Effect::PutItem(Box::new(item)));
    if before.is_some() {
        effects.push(event(&OwnEvent::ItemChanged { item: own }, now));
    }
    effects
}

/// Where an item is looked for.
fn shelves(item: &Item) -> Vec<Shelf> {
    let head = item.head();
    let mut shelves: Vec<Shelf> = members(item)
        .into_iter()
        .cloned()
        .map(Shelf::Member)
        .collect();
    shelves.extend(item.contact().cloned().map(Shelf::Contact));
    if let Some(reference) = &head.external_ref {
        shelves.push(Shelf::Ref(item.kind(), reference.clone()));
    }
    if let Item::Record(record) = item {
        shelves.push(Shelf::Form(record.form.clone()));
    }
    shelves
}

/// The members who own an item or handle it or a part of it, each once.
fn members(item: &Item) -> Vec<&UserId> {
    let mut members = vec![&item.head().owner];
    let handlers: Vec<&UserId> = match item {
        Item::Project(project) => project
            .tasks()
            .filter_map(|task| match &task.handler {
                Some(Handler::Member(userid)) => Some(userid),
                Some(Handler::Customer) | None => None,
            })
            .collect(),
        Item::Record(record) => record.handler.iter().collect(),
        Item::Form(_) | Item::Approval(_) => Vec::new(),
    };
    for userid in handlers {
        if !members.contains(&userid) {
            members.push(userid);
        }
    }
    members
}

/// The conversation, as it is or new.
fn thread(facts: &Facts<'_>, item: &ItemRef, contact: &ExternalUserId) -> Thread {
    let found = tell::begun(facts, item, contact).cloned();
    found.unwrap_or_else(|| Thread::new(item.clone(), contact.clone()))
}

/// Keeps the conversation and has the members told what is new in it.
fn tell_members(thread: Thread, now: Timestamp) -> [Effect; 2] {
    let told = OwnEvent::TellMembers {
        item: thread.item.clone(),
        external_userid: thread.contact.clone(),
    };
    [Effect::PutThread(thread), event(&told, now)]
}

/// Keeps the conversation, in which the company has just done something, and has the customer reminded of what is new.
fn remind_contact(mut thread: Thread, by: &Actor, now: Timestamp) -> [Effect; 2] {
    thread.company_at = Some(now);
    thread.company_by = match by {
        Actor::Member(userid) => Some(userid.clone()),
        Actor::System | Actor::Admin | Actor::Contact(_) => None,
    };
    let told = OwnEvent::RemindContact {
        item: thread.item.clone(),
        external_userid: thread.contact.clone(),
    };
    [Effect::PutThread(thread), event(&told, now)]
}

fn event(event: &OwnEvent, now: Timestamp) -> Effect {
    Effect::Refresh(event.delivery(now).1)
}
