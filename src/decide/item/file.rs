//! A file comes; a file that nothing shows goes.

use std::time::Duration;

use crate::decide::facts::{Facts, Need};
use crate::decide::item::access::{contact_needs, may_change, seen_by_contact};
use crate::decide::rejection::{Denied, Rejection};
use crate::model::attachment::Attachment;
use crate::model::effect::Effect;
use crate::model::form::Value;
use crate::model::item::{Actor, Item, ItemKind, ItemState};
use crate::model::time::Timestamp;

/// So long a file may wait for the form that it is meant for.
pub const WAITS: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether files may be brought for an item of this kind while it is still typed: what is made with files.
pub const fn comes_first(kind: ItemKind) -> bool {
    match kind {
        ItemKind::Record | ItemKind::Approval => true,
        ItemKind::Project | ItemKind::Plan | ItemKind::Form => false,
    }
}

/// What a file needs to know.
pub(in crate::decide::item) fn attach_needs(attachment: &Attachment) -> Vec<Need> {
    let item = &attachment.item;
    let mut needs = match &attachment.by {
        Actor::Contact(contact) => contact_needs(contact, item),
        Actor::Member(_) | Actor::System | Actor::Admin => vec![Need::Item(item.kept())],
    };
    needs.push(Need::Attachment(attachment.id.clone()));
    needs
}

/// Keeps what a file is. A customer brings files to forms that they may fill in; the company to what it works on, and to
/// what is about to be made.
pub(in crate::decide::item) fn attach(
    attachment: &Attachment,
    by: &Actor,
    facts: &Facts<'_>,
) -> Result<Vec<Effect>, Rejection> {
    let state = match by {
        Actor::Contact(contact) => match seen_by_contact(contact, &attachment.item, facts)? {
            Item::Form(form) => form.head.state,
            Item::Project(_) | Item::Record(_) | Item::Approval(_) => {
                return Err(Rejection::NotAllowed(Denied::FilesComeWithForms));
            }
        },
        Actor::Member(_) | Actor::System | Actor::Admin => match facts.items.first() {
            Some(item) => {
                may_change(by, item)?;
                item.head().state
            }
            None if comes_first(attachment.item.kind) => ItemState::Open,
            None => return Err(Rejection::NotFound),
        },
    };
    if attachment.by != *by {
        return Err(Rejection::NotFound);
    }
    if let Some(kept) = facts.attachments.first() {
        // The same one again: an answer was lost.
        let again = kept == attachment;
        return again.then(Vec::new).ok_or(Rejection::NotFound);
    }
    match state {
        ItemState::Open => Ok(vec![Effect::PutAttachment(attachment.clone())]),
        ItemState::Closed => Err(Rejection::Closed),
    }
}

/// What it needs to know before a file is forgotten.
pub(in crate::decide::item) fn forget_needs(attachment: &Attachment) -> Vec<Need> {
    vec![
        Need::Attachment(attachment.id.clone()),
        Need::Item(attachment.item.kept()),
    ]
}

/// Forgets a file that has waited for long and is part of nothing.
pub(in crate::decide::item) fn forget(
    looked_at: &Attachment,
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Rejection> {
    if *by != Actor::System {
        return Err(Rejection::NotFound);
    }
    let file = facts.attachments.first().ok_or(Rejection::NotFound)?;
    // Since it was looked at, it may have become part of an item that was not read.
    let moved = file.item != looked_at.item;
    let shown = facts.items.iter().any(|item| shows(item, &file.id));
    match moved || shown || now.since(file.at) < WAITS {
        true => Err(Rejection::NotAllowed(Denied::FileIsNeeded)),
        false => Ok(vec![Effect::DropAttachment(file.id.clone())]),
    }
}

/// Whether a file is part of an item. One that waits for a form to be submitted is not.
fn shows(item: &Item, id: &str) -> bool {
    match item {
        Item::Record(record) => {
            let mut texts = record.values.values().flat_map(Value::texts);
            texts.any(|text| text == id)
        }
        Item::Approval(approval) => approval.attachments.iter().any(|kept| kept == id),
        Item::Project(_) => true,
        Item::Form(_) => false,
    }
}
