//! A customer fills a form in.

use std::collections::BTreeMap;

use crate::decide::facts::{Facts, Need};
use crate::decide::item::access::{contact_needs, is_contact, seen_by_contact};
use crate::decide::item::{check, kept, tell_members, thread, values};
use crate::decide::rejection::Rejection;
use crate::decide::request::Submission;
use crate::model::attachment::Attachment;
use crate::model::effect::{Effect, Shelf};
use crate::model::form::{FieldKind, Form, Submissions, Value};
use crate::model::grant::{Grant, GrantState};
use crate::model::item::{Actor, Head, Item, ItemKind, ItemRef, ItemState, Ownership};
use crate::model::record::Record;
use crate::model::time::Timestamp;

/// So many texts of one submission are looked at as files: as many as its fields can hold, and one of every other field
/// that may look like one.
const FILES_MAX: usize = check::FILES_MAX + check::FIELDS_MAX;

/// What a submission needs to know.
pub(in crate::decide::item) fn needs(submission: &Submission) -> Vec<Need> {
    let contact = &submission.contact;
    let form = ItemRef::new(ItemKind::Form, submission.form.clone());
    let mut needs = contact_needs(contact, &form);
    needs.push(Need::Contact(contact.clone()));
    needs.push(Need::Shelved(Shelf::Submission(
        submission.form.clone(),
        contact.clone(),
    )));
    needs.extend(files(&submission.values).map(Need::Attachment));
    needs
}

/// What may be a file's id among the values; whether it is one is seen when it is read.
pub(in crate::decide::item) fn files(
    values: &BTreeMap<String, Value>,
) -> impl Iterator<Item = String> + '_ {
    let texts = values.values().flat_map(Value::texts);
    let is_id = |text: &&String| text.len() == 32 && text.bytes().all(|c| c.is_ascii_hexdigit());
    texts.filter(is_id).take(FILES_MAX).cloned()
}

/// Makes the record, which the customer sees from then on, and has the members told.
pub(in crate::decide::item) fn submit(
    submission: &Submission,
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Rejection> {
    let Submission {
        form: id, contact, ..
    } = submission;
    is_contact(by, contact)?;
    let form_ref = ItemRef::new(ItemKind::Form, id.clone());
    let Item::Form(form) = seen_by_contact(contact, &form_ref, facts)? else {
        return Err(Rejection::NotFound);
    };
    if form.head.state == ItemState::Closed {
        return Err(Rejection::Closed);
    }
    if let (Submissions::One, Some(before)) = (form.submissions, &facts.shelved) {
        return Err(Rejection::AlreadySubmitted(before.clone()));
    }
    let filler = values::Filler::Contact(contact);
    let values = values::check(&form.fields, &submission.values, &filler, &form_ref, facts)?;
    let record = record_of(form, submission, values, by, now);
    let own = ItemRef::new(ItemKind::Record, submission.record.clone());
    let mut effects = with_files(&record, facts);
    effects.extend(kept(None, Item::Record(record), by, now));
    let once = Shelf::Submission(id.clone(), contact.clone());
    effects.push(Effect::PutOnShelf(once, own.clone()));
    effects.push(Effect::PutGrant(Grant {
        contact: contact.clone(),
        item: own.clone(),
        by: by.clone(),
        state: GrantState::Confirmed,
        given_at: now,
        changed_at: now,
    }));
    let mut thread = thread(facts, &own, contact);
    thread.contact_at = Some(now);
    thread.for_members.submissions += 1;
    effects.extend(tell_members(thread, now));
    Ok(effects)
}

fn record_of(
    form: &Form,
    submission: &Submission,
    values: BTreeMap<String, Value>,
    by: &Actor,
    now: Timestamp,
) -> Record {
    let owner = form.head.owner.clone();
    Record {
        head: Head {
            id: submission.record.clone(),
            external_ref: None,
            title: form.head.title.clone(),
            description: String::new(),
            picture: form.head.picture.clone(),
            owners: vec![Ownership {
                userid: owner.clone(),
                since: now,
            }],
            owner,
            followers: form.head.followers.clone(),
            circle: form.head.circle,
            state: ItemState::Open,
            created_at: now,
            created_by: by.clone(),
            changed_at: now,
            changed_by: by.clone(),
        },
        form: form.head.id.clone(),
        contact: Some(submission.contact.clone()),
        fields: form.fields.clone(),
        values,
        step: form.steps.first().cloned().unwrap_or_default(),
        steps: form.steps.clone(),
        handler: None,
        project: None,
        follow_ups: Vec::new(),
    }
}

/// The files of a record belong to it from now on.
fn with_files(record: &Record, facts: &Facts<'_>) -> Vec<Effect> {
    let own = ItemRef::new(ItemKind::Record, record.head.id.clone());
    let fields = record.fields.iter();
    let fields = fields.filter(|field| matches!(field.kind, FieldKind::Attachment { .. }));
    let values = fields.filter_map(|field| record.values.get(&field.key));
    let ids: Vec<&String> = values.flat_map(Value::texts).collect();
    let files = facts.attachments.iter();
    let files = files.filter(|file| ids.contains(&&file.id) && file.item != own);
    files
        .map(|file| {
            Effect::PutAttachment(Attachment {
                item: own.clone(),
                ..file.clone()
            })
        })
        .collect()
}
