//! What belongs to an item's kind, against what is known.

use std::collections::BTreeMap;

use crate::decide::facts::Facts;
use crate::decide::item::access::{is_known, may_deal_with, may_look};
use crate::decide::item::check::{Check, STAGES_MAX, TASKS_MAX};
use crate::decide::item::sight::may_be_shown_to;
use crate::decide::item::{item_of, values};
use crate::decide::rejection::{Denied, Fault, Rejection, Wrong};
use crate::decide::request::Content;
use crate::model::approval::Approval;
use crate::model::form::{Form, Value};
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::item::{Actor, Head, Item, ItemKey, ItemKind, ItemRef};
use crate::model::project::{Handler, Project, Stage};
use crate::model::record::Record;

/// What an item was, who puts it, and what is known.
#[derive(Clone, Copy)]
pub(in crate::decide::item) struct Ground<'a> {
    /// Nothing, if it is new.
    pub(in crate::decide::item) before: Option<&'a Item>,
    /// By whom.
    pub(in crate::decide::item) by: &'a Actor,
    /// What is known.
    pub(in crate::decide::item) facts: &'a Facts<'a>,
}

/// The item.
pub(in crate::decide::item) fn content(
    content: &Content,
    head: Head,
    ground: &Ground<'_>,
    check: &mut Check,
) -> Result<Item, Rejection> {
    match content {
        Content::Project { stages } => {
            let mut stages = stages.clone();
            check.stages(&mut stages);
            known_handlers(&stages, ground, check);
            Ok(Item::Project(Project { head, stages }))
        }
        Content::Form {
            fields,
            submissions,
            steps,
        } => {
            let own = ItemRef::new(ItemKind::Form, head.id.clone());
            let (mut fields, mut steps) = (fields.clone(), steps.clone());
            check.fields(&mut fields, &own, ground.facts);
            check.steps(&mut steps);
            Ok(Item::Form(Form {
                head,
                fields,
                submissions: *submissions,
                steps,
            }))
        }
        Content::Record {
            form,
            contact,
            values,
            project,
        } => {
            let mut record = of_form(form, contact.as_ref(), &head, ground, check)?;
            if let Some(id) = project.as_ref().filter(|_| record.project != *project)
                && !ground.may_name(&project_ref(id.clone()), contact.as_ref())
            {
                check.fault("project", Wrong::Unknown);
            }
            record.project.clone_from(project);
            record.values = filled(&record, values, ground.facts)?;
            record.head = head;
            Ok(Item::Record(record))
        }
        Content::Approval {
            contact,
            about,
            attachments,
        } => {
            let was_about = asked_about(contact, ground, check)?;
            if let Some(item) = about.as_ref().filter(|about| was_about != Some(about))
                && !ground.may_name(item, Some(contact))
            {
                check.fault("about", Wrong::Unknown);
            }
            own_files(attachments, &head, ground.facts, check);
            Ok(Item::Approval(Approval {
                head,
                contact: contact.clone(),
                about: about.clone(),
                attachments: attachments.clone(),
                answer: None,
            }))
        }
    }
}

/// A project by its id.
pub(in crate::decide::item) const fn project_ref(id: ItemKey) -> ItemRef {
    ItemRef::new(ItemKind::Project, id)
}

/// The members who do tasks.
pub(in crate::decide::item) fn handlers(stages: &[Stage]) -> impl Iterator<Item = &UserId> {
    let stages = stages.iter().take(STAGES_MAX);
    let tasks = stages.flat_map(|stage| stage.tasks.iter().take(TASKS_MAX));
    tasks.filter_map(|task| match &task.handler {
        Some(Handler::Member(userid)) => Some(userid),
        Some(Handler::Customer) | None => None,
    })
}

/// Who does tasks from now on must be known here.
fn known_handlers(stages: &[Stage], ground: &Ground<'_>, check: &mut Check) {
    let before: Vec<&UserId> = match ground.before {
        Some(Item::Project(before)) => handlers(&before.stages).collect(),
        _ => Vec::new(),
    };
    for (n, stage) in stages.iter().take(STAGES_MAX).enumerate() {
        for (m, task) in stage.tasks.iter().take(TASKS_MAX).enumerate() {
            if let Some(Handler::Member(userid)) = &task.handler
                && !before.contains(&userid)
                && !is_known(userid, ground.facts)
            {
                let place = format!("stages[{n}].tasks[{m}].handler");
                check.fault(place, Wrong::NotAMember);
            }
        }
    }
}

impl Ground<'_> {
    /// The customer must be known here and, from the moment the item is theirs, one of whoever does this.
    fn customer(&self, contact: &ExternalUserId, check: &mut Check) -> Result<(), Rejection> {
        let mut known = self.facts.contact.iter();
        if !known.any(|known| known.external_userid == *contact) {
            check.fault("contact", Wrong::NotAContact);
        } else if self.before.and_then(Item::contact) != Some(contact) {
            may_deal_with(self.by, self.facts)?;
        }
        Ok(())
    }

    /// Whether an item may be named in one of this customer's: who does this sees it, and the customer could.
    fn may_name(&self, item: &ItemRef, contact: Option<&ExternalUserId>) -> bool {
        item_of(self.facts, item).is_ok_and(|item| {
            let shown = contact.is_none_or(|contact| may_be_shown_to(contact, item));
            shown && may_look(self.by, item).is_ok()
        })
    }
}

/// The record as it was, or an empty one; with its customer.
fn of_form(
    form: &ItemKey,
    contact: Option<&ExternalUserId>,
    head: &Head,
    ground: &Ground<'_>,
    check: &mut Check,
) -> Result<Record, Rejection> {
    if let Some(contact) = contact {
        ground.customer(contact, check)?;
    }
    let form = form_of(form, ground.facts)?;
    let mut record = match ground.before {
        Some(Item::Record(record)) => record.clone(),
        _ => blank(form, head),
    };
    let fixed = record.contact.is_some() && record.contact.as_ref() != contact;
    if fixed || record.form != form.head.id {
        return Err(Rejection::NotAllowed(Denied::RecordStays));
    }
    record.contact = contact.cloned();
    Ok(record)
}

fn form_of<'a>(id: &ItemKey, facts: &'a Facts<'_>) -> Result<&'a Form, Rejection> {
    let mut forms = facts.items.iter().filter_map(|item| match item {
        Item::Form(form) => Some(form),
        Item::Project(_) | Item::Record(_) | Item::Approval(_) => None,
    });
    forms.find(|form| form.head.id == *id).ok_or_else(|| {
        let fault = Fault::new("form", Wrong::Unknown);
        Rejection::Invalid(vec![fault])
    })
}

fn blank(form: &Form, head: &Head) -> Record {
    Record {
        head: head.clone(),
        form: form.head.id.clone(),
        contact: None,
        fields: form.fields.clone(),
        values: BTreeMap::new(),
        step: form.steps.first().cloned().unwrap_or_default(),
        steps: form.steps.clone(),
        handler: None,
        project: None,
        follow_ups: Vec::new(),
    }
}

fn filled(
    record: &Record,
    values: &BTreeMap<String, Value>,
    facts: &Facts<'_>,
) -> Result<BTreeMap<String, Value>, Rejection> {
    let own = ItemRef::new(ItemKind::Record, record.head.id.clone());
    let by = values::Filler::Company;
    values::check(&record.fields, values, &by, &own, facts)
}

/// What an approval was about, if its customer can still be asked.
fn asked_about<'a>(
    contact: &ExternalUserId,
    ground: &Ground<'a>,
    check: &mut Check,
) -> Result<Option<&'a ItemRef>, Rejection> {
    ground.customer(contact, check)?;
    let Some(Item::Approval(before)) = ground.before else {
        return Ok(None);
    };
    if before.contact != *contact {
        return Err(Rejection::NotAllowed(Denied::ApprovalStays));
    }
    match before.answer {
        Some(_) => Err(Rejection::AlreadyAnswered),
        None => Ok(before.about.as_ref()),
    }
}

/// The files of an approval are those that were brought for it.
fn own_files(ids: &[String], head: &Head, facts: &Facts<'_>, check: &mut Check) {
    check.count("attachments", ids.len(), Approval::FILES_MAX);
    let own = ItemRef::new(ItemKind::Approval, head.id.clone());
    let is_own = |id: &String| {
        let mut kept = facts.attachments.iter();
        kept.any(|kept| kept.id == *id && kept.item == own)
    };
    if !ids.iter().all(is_own) {
        check.fault("attachments", Wrong::NotAFile);
    }
    if (1..ids.len()).any(|n| ids[..n].contains(&ids[n])) {
        check.fault("attachments", Wrong::Twice);
    }
}
