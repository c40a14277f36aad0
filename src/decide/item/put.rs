//! An item is made, or becomes something else.

use std::collections::BTreeMap;

use crate::decide::facts::{Facts, Need};
use crate::decide::item::access::{may_change, may_deal_with};
use crate::decide::item::check::Check;
use crate::decide::item::{kept, submit, values};
use crate::decide::rejection::{Fault, Rejection, Wrong};
use crate::decide::request::{Content, Draft, Target};
use crate::model::approval::Approval;
use crate::model::effect::Effect;
use crate::model::form::{Form, Value};
use crate::model::ids::UserId;
use crate::model::item::{Actor, Head, Item, ItemKey, ItemKind, ItemRef, ItemState, Ownership};
use crate::model::project::Project;
use crate::model::record::Record;
use crate::model::time::Timestamp;

/// What a draft needs to know.
pub(in crate::decide::item) fn needs(draft: &Draft, by: &Actor) -> Vec<Need> {
    let kind = draft.content.kind();
    let mut needs = match &draft.target {
        Target::New(id) | Target::Existing(id) => vec![Need::Item(ItemRef::new(kind, id.clone()))],
        Target::ByRef(reference, _) => vec![Need::ItemByRef(kind, reference.clone())],
    };
    needs.extend(owner(draft, by).cloned().map(Need::Member));
    match &draft.content {
        Content::Project { .. } | Content::Form { .. } => {}
        Content::Record {
            form,
            contact,
            values,
            ..
        } => {
            needs.push(Need::Item(ItemRef::new(ItemKind::Form, form.clone())));
            needs.extend(contact.clone().map(Need::Contact));
            needs.extend(submit::files(values).map(Need::Attachment));
        }
        Content::Approval {
            contact,
            attachments,
            ..
        } => {
            needs.push(Need::Contact(contact.clone()));
            needs.extend(attachments.iter().take(9).cloned().map(Need::Attachment));
        }
    }
    needs
}

/// Makes the item or changes it. Who makes an item without naming an owner owns it.
pub(in crate::decide::item) fn put(
    draft: &Draft,
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Rejection> {
    if let Actor::Contact(_) = by {
        return Err(Rejection::NotFound);
    }
    let before = before(draft, facts)?;
    if let Some(before) = before {
        may_change(by, before)?;
    }
    let mut check = Check::default();
    let head = head(draft, before, by, facts, now, &mut check);
    let item = content(draft, head, before, by, facts, &mut check)?;
    check.end()?;
    let mut effects = Vec::new();
    if let Item::Record(record) = &item {
        effects.extend(submit::with_files(record, facts));
    }
    effects.extend(kept(before, item, by, now));
    Ok(effects)
}

impl Content {
    /// The kind of item that it is for.
    pub const fn kind(&self) -> ItemKind {
        match self {
            Self::Project { .. } => ItemKind::Project,
            Self::Form { .. } => ItemKind::Form,
            Self::Record { .. } => ItemKind::Record,
            Self::Approval { .. } => ItemKind::Approval,
        }
    }
}

fn owner<'a>(draft: &'a Draft, by: &'a Actor) -> Option<&'a UserId> {
    match (&draft.owner, by) {
        (Some(owner), _) => Some(owner),
        (None, Actor::Member(userid)) => Some(userid),
        (None, Actor::System | Actor::Admin | Actor::Contact(_)) => None,
    }
}

fn before<'a>(draft: &Draft, facts: &'a Facts<'_>) -> Result<Option<&'a Item>, Rejection> {
    let kind = draft.content.kind();
    let mut items = facts.items.iter();
    match &draft.target {
        Target::New(id) => match items.find(|item| item.kind() == kind && item.head().id == *id) {
            Some(_) => Err(Rejection::NotAllowed("an item of this id exists")),
            None => Ok(None),
        },
        Target::Existing(id) => {
            let found = items.find(|item| item.kind() == kind && item.head().id == *id);
            found.ok_or(Rejection::NotFound).map(Some)
        }
        Target::ByRef(reference, _) => Ok(items.find(|item| {
            item.kind() == kind && item.head().external_ref.as_ref() == Some(reference)
        })),
    }
}

fn head(
    draft: &Draft,
    before: Option<&Item>,
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
    check: &mut Check,
) -> Head {
    let title = check.text("title", &draft.title, 100);
    let description = check.text_or_none("description", &draft.description, 2000);
    check.picture(draft.picture.as_deref());
    check.count("followers", draft.followers.len(), 50);
    let before = before.map(Item::head);
    let owner = match (&draft.owner, before) {
        (None, Some(before)) => before.owner.clone(),
        _ => new_owner(owner(draft, by), facts, check),
    };
    let mut owners = before
        .map(|before| before.owners.clone())
        .unwrap_or_default();
    if owners.last().is_none_or(|last| last.userid != owner) {
        owners.push(Ownership {
            userid: owner.clone(),
            since: now,
        });
    }
    let (id, external_ref) = match &draft.target {
        Target::New(id) | Target::Existing(id) => (id.clone(), None),
        Target::ByRef(reference, id) => (id.clone(), Some(reference.clone())),
    };
    Head {
        id: before.map_or(id, |before| before.id.clone()),
        external_ref: before.map_or(external_ref, |before| before.external_ref.clone()),
        title,
        description,
        picture: draft.picture.clone(),
        owner,
        owners,
        followers: draft.followers.clone(),
        circle: draft.circle,
        state: before.map_or(ItemState::Open, |before| before.state),
        created_at: before.map_or(now, |before| before.created_at),
        created_by: before.map_or_else(|| by.clone(), |before| before.created_by.clone()),
        changed_at: now,
        changed_by: by.clone(),
    }
}

/// The owner must be somebody who is known here: a misspelled one would never hear of anything.
fn new_owner(owner: Option<&UserId>, facts: &Facts<'_>, check: &mut Check) -> UserId {
    let known = facts
        .member
        .as_ref()
        .filter(|member| Some(&member.userid) == owner);
    match (owner, known) {
        (Some(_), Some(member)) => return member.userid.clone(),
        (Some(_), None) => check.fault("owner", Wrong::NotAMember),
        (None, _) => check.fault("owner", Wrong::Missing),
    }
    UserId::parse("nobody").expect("the word has no blanks")
}

fn content(
    draft: &Draft,
    head: Head,
    before: Option<&Item>,
    by: &Actor,
    facts: &Facts<'_>,
    check: &mut Check,
) -> Result<Item, Rejection> {
    Ok(match &draft.content {
        Content::Project { stages } => {
            check.stages(stages);
            let stages = stages.clone();
            Item::Project(Project { head, stages })
        }
        Content::Form {
            fields,
            submissions,
            steps,
        } => {
            check.form(fields, steps);
            Item::Form(Form {
                head,
                fields: fields.clone(),
                submissions: *submissions,
                steps: steps.clone(),
            })
        }
        Content::Record {
            form,
            contact,
            values,
            project,
        } => {
            if let Some(contact) = contact {
                known_contact(facts, contact.as_str(), check);
                if before.is_none() && facts.contact.is_some() {
                    may_deal_with(by, facts)?;
                }
            }
            let form = form_of(form, facts)?;
            let mut record = match before {
                Some(Item::Record(record)) => record.clone(),
                _ => blank(form, &head),
            };
            let fixed = record.contact.is_some() && record.contact != *contact;
            if fixed || record.form != form.head.id {
                return Err(Rejection::NotAllowed(
                    "a record stays with its form and customer",
                ));
            }
            record.contact.clone_from(contact);
            record.project.clone_from(project);
            record.values = checked(&record, values, facts)?;
            record.head = head;
            Item::Record(record)
        }
        Content::Approval {
            contact,
            about,
            attachments,
        } => {
            known_contact(facts, contact.as_str(), check);
            if before.is_none() && facts.contact.is_some() {
                may_deal_with(by, facts)?;
            }
            check.count("attachments", attachments.len(), 9);
            if attachments
                .iter()
                .any(|id| !facts.attachments.iter().any(|kept| kept.id == *id))
            {
                check.fault("attachments", Wrong::NotAFile);
            }
            let answer = match before {
                Some(Item::Approval(before)) if before.contact != *contact => {
                    return Err(Rejection::NotAllowed("an approval stays with its customer"));
                }
                Some(Item::Approval(before)) if before.answer.is_some() => {
                    return Err(Rejection::AlreadyAnswered);
                }
                _ => None,
            };
            Item::Approval(Approval {
                head,
                contact: contact.clone(),
                about: about.clone(),
                attachments: attachments.clone(),
                answer,
            })
        }
    })
}

fn known_contact(facts: &Facts<'_>, wanted: &str, check: &mut Check) {
    let known = facts.contact.as_ref();
    if known.is_none_or(|contact| contact.external_userid.as_str() != wanted) {
        check.fault("contact", Wrong::NotAContact);
    }
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

fn checked(
    record: &Record,
    values: &BTreeMap<String, Value>,
    facts: &Facts<'_>,
) -> Result<BTreeMap<String, Value>, Rejection> {
    let own = ItemRef::new(ItemKind::Record, record.head.id.clone());
    values::check(
        &record.fields,
        values,
        &values::Filler::Company,
        &own,
        facts,
    )
}
