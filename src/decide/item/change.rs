//! The company goes on with an item: tasks, steps, handlers, owners.

use crate::callback::event::own::OwnEvent;
use crate::decide::facts::{Facts, Need};
use crate::decide::item::access::{is_unchanged, known, may_change};
use crate::decide::item::sight::member_sees;
use crate::decide::item::{check, event, kept, remind_contact, the_item, thread};
use crate::decide::rejection::{Denied, Fault, Rejection, Wrong};
use crate::decide::request::{Advance, TaskChange};
use crate::model::effect::Effect;
use crate::model::ids::UserId;
use crate::model::item::{Actor, Item, ItemKind, ItemRef, ItemState, Ownership};
use crate::model::project::Handler;
use crate::model::record::{FollowUp, Record};
use crate::model::time::Timestamp;

/// So many entries of a record are kept.
const FOLLOW_UPS_MAX: usize = 200;

/// So many owners of an item are remembered, the last ones.
const OWNERS_MAX: usize = 200;

/// So many members follow an item.
pub(in crate::decide::item) const FOLLOWERS_MAX: usize = 50;

/// What a change of a task needs to know.
pub(in crate::decide::item) fn task_needs(change: &TaskChange) -> Vec<Need> {
    let own = ItemRef::new(ItemKind::Project, change.project.clone());
    let mut needs = vec![Need::Item(own)];
    if let Some(Some(Handler::Member(handler))) = &change.handler {
        needs.push(Need::Member(handler.clone()));
    }
    needs
}

/// What following needs to know.
pub(in crate::decide::item) fn follow_needs(item: &ItemRef, userid: &UserId) -> Vec<Need> {
    vec![Need::Item(item.clone()), Need::Member(userid.clone())]
}

/// What going on with a record needs to know.
pub(in crate::decide::item) fn advance_needs(advance: &Advance) -> Vec<Need> {
    let own = ItemRef::new(ItemKind::Record, advance.record.clone());
    let mut needs = vec![Need::Item(own.clone()), Need::ThreadOfOwner(own)];
    if let Some(Some(handler)) = &advance.handler {
        needs.push(Need::Member(handler.clone()));
    }
    needs
}

/// Closes an item or opens it again.
pub(in crate::decide::item) fn set_state(
    state: ItemState,
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Rejection> {
    let before = the_item(facts)?;
    may_change(by, before)?;
    if before.head().state == state {
        return Ok(Vec::new());
    }
    let mut item = before.clone();
    item.head_mut().state = state;
    Ok(kept(Some(before), item, by, now))
}

/// Changes one task.
pub(in crate::decide::item) fn set_task(
    change: &TaskChange,
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Rejection> {
    let before = the_item(facts)?;
    may_change(by, before)?;
    if let Some(seen) = change.seen {
        is_unchanged(before, seen)?;
    }
    let mut item = before.clone();
    let Item::Project(project) = &mut item else {
        return Err(Rejection::NotFound);
    };
    let mut tasks = project.stages.iter_mut().flat_map(|stage| &mut stage.tasks);
    let task = tasks.find(|task| task.key == change.task);
    let task = task.ok_or(Rejection::NotFound)?;
    if let Some(state) = change.state {
        task.state = state;
    }
    if let Some(handler) = &change.handler {
        if let Some(Handler::Member(userid)) = handler
            && task.handler != *handler
        {
            known(userid, "handler", facts)?;
        }
        task.handler.clone_from(handler);
    }
    Ok(match item == *before {
        true => Vec::new(),
        false => kept(Some(before), item, by, now),
    })
}

/// Goes on with a record: another step, another handler, an entry. The customer is reminded of what they see of it; an
/// entry that they do not see is no news to them.
pub(in crate::decide::item) fn advance(
    advance: &Advance,
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Rejection> {
    let before = the_item(facts)?;
    may_change(by, before)?;
    if let Some(seen) = advance.seen {
        is_unchanged(before, seen)?;
    }
    let mut item = before.clone();
    let Item::Record(record) = &mut item else {
        return Err(Rejection::NotFound);
    };
    let handled_by = record.handler.clone();
    let shown = step(record, advance, by, facts, now)?;
    let contact = record.contact.clone();
    let is_note = !shown && record.handler == handled_by;
    if item == *before {
        return Ok(Vec::new());
    }
    if is_note {
        return Ok(vec![Effect::PutItem(Box::new(item))]);
    }
    let own = item.item_ref();
    let mut effects = kept(Some(before), item, by, now);
    if let Some(contact) = contact.filter(|_| shown) {
        let mut thread = thread(facts, &own, &contact);
        thread.for_contact.follow_ups += 1;
        effects.extend(remind_contact(thread, by, now));
    }
    Ok(effects)
}

/// Changes the record; tells whether customers see it.
fn step(
    record: &mut Record,
    advance: &Advance,
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<bool, Rejection> {
    let mut shown = false;
    if let Some(step) = &advance.step {
        if !record.steps.contains(step) {
            let fault = Fault::new("step", Wrong::NotAnOption);
            return Err(Rejection::Invalid(vec![fault]));
        }
        shown = record.step != *step;
        record.step.clone_from(step);
    }
    if let Some(handler) = &advance.handler {
        if let Some(userid) = handler
            && record.handler != *handler
        {
            known(userid, "handler", facts)?;
        }
        record.handler.clone_from(handler);
    }
    if let Some(text) = &advance.follow_up {
        let entry = FollowUp {
            at: now,
            by: by.clone(),
            text: check::text("follow_up", text, 2000)?,
            internal: advance.internal,
        };
        shown |= !advance.internal;
        record.follow_ups.push(entry);
        let over = record.follow_ups.len().saturating_sub(FOLLOW_UPS_MAX);
        record.follow_ups.drain(..over);
    }
    Ok(shown)
}

/// Gives an item to another owner.
pub(in crate::decide::item) fn give_to(
    to: &UserId,
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Rejection> {
    let before = the_item(facts)?;
    may_change(by, before)?;
    if before.head().owner == *to {
        return Ok(Vec::new());
    }
    known(to, "to", facts)?;
    Ok(kept(Some(before), given(before, to, now), by, now))
}

/// The item with another owner.
fn given(item: &Item, to: &UserId, now: Timestamp) -> Item {
    let mut item = item.clone();
    let head = item.head_mut();
    head.owner = to.clone();
    owned(&mut head.owners, to, now);
    item
}

/// Notes another owner.
pub(in crate::decide::item) fn owned(owners: &mut Vec<Ownership>, by: &UserId, now: Timestamp) {
    owners.push(Ownership {
        userid: by.clone(),
        since: now,
    });
    let over = owners.len().saturating_sub(OWNERS_MAX);
    owners.drain(..over);
}

/// Has everything that is open handed over, page by page.
pub(in crate::decide::item) fn hand_over(
    from: &UserId,
    to: &UserId,
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Rejection> {
    let own = matches!(by, Actor::Member(userid) if userid == from);
    if !own && !matches!(by, Actor::System | Actor::Admin) {
        return Err(Rejection::NotAllowed(Denied::NotTheirsToHandOver));
    }
    known(to, "to", facts)?;
    if from == to {
        let fault = Fault::new("to", Wrong::Twice);
        return Err(Rejection::Invalid(vec![fault]));
    }
    let first = OwnEvent::HandOver {
        from: from.clone(),
        to: to.clone(),
        by: by.clone(),
        after: None,
    };
    Ok(vec![event(&first, now)])
}

/// What a page of a handing over needs to know.
pub(in crate::decide) fn page_needs(from: &UserId, after: &Option<ItemRef>) -> Vec<Need> {
    vec![Need::ItemsOfMember(from.clone(), after.clone())]
}

/// Hands over a page of open items: what the one owned, the other owns; what the one handled, the other handles.
pub(in crate::decide) fn page_given(
    from: &UserId,
    to: &UserId,
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let open = facts.item_page.items.iter();
    let open = open.filter(|item| item.head().state == ItemState::Open);
    let mut effects: Vec<Effect> = open
        .flat_map(|before| {
            let item = match before.head().owner == *from {
                true => given(before, to, now),
                false => before.clone(),
            };
            match handled_by(item, from, to) {
                item if item == *before => Vec::new(),
                item => kept(Some(before), item, by, now),
            }
        })
        .collect();
    if let Some(next) = facts
        .item_page
        .next
        .as_deref()
        .and_then(|next| next.parse().ok())
    {
        let next = OwnEvent::HandOver {
            from: from.clone(),
            to: to.clone(),
            by: by.clone(),
            after: Some(next),
        };
        effects.push(event(&next, now));
    }
    effects
}

fn handled_by(mut item: Item, from: &UserId, to: &UserId) -> Item {
    match &mut item {
        Item::Project(project) => {
            for task in project.stages.iter_mut().flat_map(|stage| &mut stage.tasks) {
                if matches!(&task.handler, Some(Handler::Member(userid)) if userid == from) {
                    task.handler = Some(Handler::Member(to.clone()));
                }
            }
        }
        Item::Record(record) if record.handler.as_ref() == Some(from) => {
            record.handler = Some(to.clone());
        }
        Item::Record(_) | Item::Form(_) | Item::Approval(_) => {}
    }
    item
}

/// Begins or ends following an item. Members follow for themselves what they see.
pub(in crate::decide::item) fn follow(
    userid: &UserId,
    on: bool,
    by: &Actor,
    facts: &Facts<'_>,
) -> Result<Vec<Effect>, Rejection> {
    let before = the_item(facts)?;
    let own =
        matches!(by, Actor::Member(member) if member == userid && member_sees(member, before));
    if !own {
        may_change(by, before)?;
    }
    // Who follows for themselves has logged in as that member, known here yet or not.
    if on && !own {
        known(userid, "follower", facts)?;
    }
    let mut item = before.clone();
    let followers = &mut item.head_mut().followers;
    followers.retain(|follower| follower != userid);
    if on {
        followers.push(userid.clone());
    }
    if followers.len() > FOLLOWERS_MAX {
        let fault = Fault::new("followers", Wrong::TooMany(FOLLOWERS_MAX));
        return Err(Rejection::Invalid(vec![fault]));
    }
    // That somebody follows is no change of the item: nobody's mark is set, no card changes.
    Ok(match item == *before {
        true => Vec::new(),
        false => vec![Effect::PutItem(Box::new(item))],
    })
}
