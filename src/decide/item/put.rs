//! An item is made, or becomes something else.

use crate::decide::facts::{Facts, Need};
use crate::decide::item::access::{is_known, is_unchanged, may_change};
use crate::decide::item::change::{FOLLOWERS_MAX, owned};
use crate::decide::item::check::Check;
use crate::decide::item::content::{Ground, content, handlers, project_ref};
use crate::decide::item::{kept, submit};
use crate::decide::rejection::{Rejection, Wrong};
use crate::decide::request::{Content, Draft, Target};
use crate::model::approval::Approval;
use crate::model::effect::Effect;
use crate::model::ids::UserId;
use crate::model::item::{Actor, Head, Item, ItemKind, ItemRef, ItemState};
use crate::model::time::Timestamp;

/// What a draft needs to know.
pub(in crate::decide::item) fn needs(draft: &Draft, by: &Actor) -> Vec<Need> {
    let kind = draft.content.kind();
    let mut needs = match &draft.target {
        Target::New(id) | Target::Existing(id, _) => {
            vec![Need::Item(ItemRef::new(kind, id.clone()))]
        }
        Target::ByRef(reference, ..) => vec![Need::ItemByRef(kind, reference.clone())],
    };
    needs.extend(owner(draft, by).cloned().map(Need::Member));
    let mut named: Vec<UserId> = Vec::new();
    named.extend(
        draft
            .followers
            .iter()
            .flatten()
            .take(FOLLOWERS_MAX)
            .cloned(),
    );
    match &draft.content {
        Content::Project { stages } => named.extend(handlers(stages).cloned()),
        Content::Form { .. } => {}
        Content::Record {
            form,
            contact,
            values,
            project,
        } => {
            needs.push(Need::Item(ItemRef::new(ItemKind::Form, form.clone())));
            needs.extend(project.clone().map(|id| Need::Item(project_ref(id))));
            needs.extend(contact.clone().map(Need::Contact));
            needs.extend(submit::files(values).map(Need::Attachment));
        }
        Content::Approval {
            contact,
            about,
            attachments,
        } => {
            needs.push(Need::Contact(contact.clone()));
            needs.extend(about.as_ref().map(|about| Need::Item(about.kept())));
            let files = attachments.iter().take(Approval::FILES_MAX);
            needs.extend(files.cloned().map(Need::Attachment));
        }
    }
    if !named.is_empty() {
        needs.push(Need::Members(named));
    }
    needs
}

/// Makes the item or changes it. Who makes an item without naming an owner owns it. What stays as it was is no news to
/// anybody.
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
    if let Target::Existing(_, Some(seen)) | Target::ByRef(_, _, Some(seen)) = draft.target {
        is_unchanged(before.ok_or(Rejection::Changed)?, seen)?;
    }
    let mut check = Check::default();
    let head = head(draft, before, by, facts, now, &mut check);
    let ground = Ground { before, by, facts };
    let item = content(&draft.content, head, &ground, &mut check)?;
    check.end()?;
    Ok(match before == Some(&item) {
        true => vec![Effect::PutItem(Box::new(item))],
        false => kept(before, item, by, now),
    })
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
            Some(_) => Err(Rejection::IdTaken),
            None => Ok(None),
        },
        Target::Existing(id, _) => {
            let found = items.find(|item| item.kind() == kind && item.head().id == *id);
            found.ok_or(Rejection::NotFound).map(Some)
        }
        Target::ByRef(reference, ..) => Ok(items.find(|item| {
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
    let title = check.line("title", &draft.title, 100);
    let description = check.text_or_none("description", &draft.description, 2000);
    check.picture(draft.picture.as_deref());
    let before = before.map(Item::head);
    let owner = match (&draft.owner, before) {
        (None, Some(before)) => before.owner.clone(),
        (Some(owner), Some(before)) if *owner == before.owner => before.owner.clone(),
        _ => new_owner(owner(draft, by), facts, check),
    };
    let mut owners = before
        .map(|before| before.owners.clone())
        .unwrap_or_default();
    if owners.last().is_none_or(|last| last.userid != owner) {
        owned(&mut owners, &owner, now);
    }
    let (id, external_ref) = match &draft.target {
        Target::New(id) | Target::Existing(id, _) => (id.clone(), None),
        Target::ByRef(reference, id, _) => (id.clone(), Some(reference.clone())),
    };
    Head {
        id: before.map_or(id, |before| before.id.clone()),
        external_ref: before.map_or(external_ref, |before| before.external_ref.clone()),
        title,
        description,
        picture: draft.picture.clone(),
        owner,
        owners,
        followers: followers(draft, before, facts, check),
        circle: draft.circle,
        state: before.map_or(ItemState::Open, |before| before.state),
        created_at: before.map_or(now, |before| before.created_at),
        created_by: before.map_or_else(|| by.clone(), |before| before.created_by.clone()),
        changed_at: before.map_or(now, |before| before.changed_at),
        changed_by: before.map_or_else(|| by.clone(), |before| before.changed_by.clone()),
    }
}

/// Those who follow it; who begins to must be known here.
fn followers(
    draft: &Draft,
    before: Option<&Head>,
    facts: &Facts<'_>,
    check: &mut Check,
) -> Vec<UserId> {
    let before = before.map_or(&[][..], |before| &before.followers);
    let Some(followers) = &draft.followers else {
        return before.to_vec();
    };
    check.count("followers", followers.len(), FOLLOWERS_MAX);
    for (n, userid) in followers.iter().take(FOLLOWERS_MAX).enumerate() {
        if !before.contains(userid) && !is_known(userid, facts) {
            check.fault(format!("followers[{n}]"), Wrong::NotAMember);
        }
    }
    followers.clone()
}

/// The owner must be somebody who is known here: a misspelled one would never hear of anything.
fn new_owner(owner: Option<&UserId>, facts: &Facts<'_>, check: &mut Check) -> UserId {
    match owner {
        Some(owner) if is_known(owner, facts) => return owner.clone(),
        Some(_) => check.fault("owner", Wrong::NotAMember),
        None => check.fault("owner", Wrong::Missing),
    }
    UserId::parse("nobody").expect("the word has no blanks")
}
