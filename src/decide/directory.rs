//! What a change in the directory (通讯录, path/90970) means for many: a member's id is another, a member is gone, a
//! department changed. Each is worked off page by page: a step does a page and asks for the next in the same commit.

use crate::callback::event::member::{MemberTagChange, PartyChange};
use crate::callback::event::own::OwnEvent;
use crate::decide::contact;
use crate::decide::facts::{AutoSync, Facts, Need, Passing};
use crate::decide::member;
use crate::model::contact::EndedBy;
use crate::model::effect::Effect;
use crate::model::ids::UserId;
use crate::model::member::{Link, LinkState, Member};
use crate::model::relation::{Relation, RelationKind, Rename};
use crate::model::time::Timestamp;

/// A member's id is another now. Ids that differ only in case are filed under one key: nothing has to pass then.
pub(in crate::decide) fn renamed(from: &UserId, to: &UserId, now: Timestamp) -> Vec<Effect> {
    if from == to {
        return vec![member::refresh(to, now), contacts_of(to, now)];
    }
    let rename = Rename {
        from: from.clone(),
        to: to.clone(),
        kind: None,
        after: None,
    };
    vec![ask(OwnEvent::RenameMember(rename), now)]
}

/// A member is gone, and with it its relations, of which no event tells.
pub(in crate::decide) fn deleted(userid: &UserId, now: Timestamp) -> Vec<Effect> {
    vec![member::refresh(userid, now), contacts_of(userid, now)]
}

/// A department changed: who is in it may be visible now, or no longer.
pub(in crate::decide) fn department(id: &str, now: Timestamp) -> Vec<Effect> {
    let department = id.parse().ok();
    let of = |department| OwnEvent::RefreshMembersOf {
        department,
        after: None,
    };
    department.map(|id| ask(of(id), now)).into_iter().collect()
}

/// A department was made, moved or renamed.
pub(in crate::decide) fn party(change: &PartyChange, now: Timestamp) -> Vec<Effect> {
    department(&change.id, now)
}

/// Members and departments have a tag of the directory (标签) now, or have it no longer: ranges may be set by tags.
pub(in crate::decide) fn tagged(change: &MemberTagChange, now: Timestamp) -> Vec<Effect> {
    let members = change.add_user_items.iter().chain(&change.del_user_items);
    let parties = change.add_party_items.iter().chain(&change.del_party_items);
    members
        .map(|userid| member::refresh(userid, now))
        .chain(parties.flat_map(|id| department(id, now)))
        .collect()
}

/// What a step of a renaming needs to know.
pub(in crate::decide) fn rename_needs(rename: &Rename) -> Vec<Need> {
    if rename.kind.is_some() {
        return vec![Need::Renaming(rename.clone()), Need::Switches];
    }
    vec![
        Need::Member(rename.to.clone()),
        Need::Link(rename.to.clone()),
        Need::Former(rename.from.clone()),
        Need::Switches,
    ]
}

/// A step of a renaming: first the member and its link pass to the new id, then page by page what is kept at its
/// contacts, and at last the contacts are read.
pub(in crate::decide) fn rename_step(
    rename: &Rename,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let Rename { from, to, kind, .. } = rename;
    let Some(kind) = kind else {
        let mut effects = member_passes(from, to, facts, now);
        effects.push(member::refresh(to, now));
        effects.push(next(rename, RelationKind::ALL.first().copied(), None, now));
        return effects;
    };
    let mut effects: Vec<Effect> = facts
        .renaming
        .items
        .iter()
        .flat_map(|passing| passes(passing, to, facts, now))
        .collect();
    let after = facts.renaming.next.clone();
    let all = RelationKind::ALL.into_iter();
    let following = match &after {
        Some(_) => Some(*kind),
        None => all.skip_while(|other| other != kind).nth(1),
    };
    effects.push(next(rename, following, after, now));
    effects
}

/// Asks for the next step; after the last kind the contacts are to be read.
fn next(
    rename: &Rename,
    kind: Option<RelationKind>,
    after: Option<String>,
    now: Timestamp,
) -> Effect {
    if kind.is_none() {
        return contacts_of(&rename.from, now);
    }
    let rename = Rename {
        kind,
        after,
        ..rename.clone()
    };
    ask(OwnEvent::RenameMember(rename), now)
}

fn member_passes(from: &UserId, to: &UserId, facts: &Facts<'_>, now: Timestamp) -> Vec<Effect> {
    let mut effects = Vec::new();
    if let Some(former) = &facts.former_member {
        if facts.member.is_none() {
            effects.push(Effect::PutMember(Member {
                userid: to.clone(),
                // Whether it is, the refresh finds out; until then the member is nobody new.
                visible: true,
                changed_at: now,
                ..former.clone()
            }));
        }
        effects.push(Effect::DropMember(from.clone()));
    }
    if let Some(former) = &facts.former_link {
        // A write under the old id that is still owed comes to nothing: the link is wanted anew.
        let settled = !matches!(former.state, LinkState::Wanted | LinkState::Written);
        if facts.link.is_none() && settled {
            effects.push(Effect::PutLink(Link {
                userid: to.clone(),
                ..former.clone()
            }));
        }
        effects.push(Effect::DropLink(from.clone()));
    }
    effects
}

/// The later of the two stays, under the new id. A greeting whose relation has ended there is over.
fn passes(passing: &Passing, to: &UserId, facts: &Facts<'_>, now: Timestamp) -> Vec<Effect> {
    let Passing {
        relation,
        at_new_id,
        ended_at,
    } = passing;
    let mut effects = vec![Effect::DropRelation(relation.clone())];
    let known = at_new_id.as_ref();
    if known.is_some_and(|known| known.at() >= relation.at()) {
        return effects;
    }
    match relation.clone().at_member(to) {
        Relation::Greeting(greeting) => {
            let over = ended_at.is_some_and(|ended_at| ended_at >= greeting.added_at);
            effects.extend((!over).then_some(Effect::PutGreeting(greeting)));
        }
        Relation::Ending(ending) => {
            // The contact shows this one, and may have been read under the new id before.
            let shown = ending.by == EndedBy::Contact;
            let refresh = contact::refresh(&ending.external_userid, facts, now);
            effects.push(Effect::PutEnding(ending));
            effects.extend(refresh.filter(|_| shown));
        }
        Relation::TransferFailure(failure) => effects.push(Effect::PutTransferFailure(failure)),
        Relation::Visit(visit) => effects.push(Effect::PutVisit(visit)),
    }
    effects
}

/// Makes a page of a member's contacts due for a refresh.
pub(in crate::decide) fn contacts_step(
    userid: &UserId,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    if facts.auto_sync() == AutoSync::Off {
        return Vec::new();
    }
    let page = &facts.contact_page;
    let theirs = page.items.iter();
    let theirs = theirs.filter(|contact| contact.follow_of(userid).is_some());
    let mut effects: Vec<Effect> = theirs
        .filter_map(|contact| contact::refresh(&contact.external_userid, facts, now))
        .collect();
    if let Some(after) = page.items.last().filter(|_| page.next.is_some()) {
        let event = OwnEvent::RefreshContactsOf {
            userid: userid.clone(),
            after: Some(after.external_userid.clone()),
        };
        effects.push(ask(event, now));
    }
    effects
}

/// Makes a page of a department's members due for a refresh.
pub(in crate::decide) fn members_step(
    department: i64,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let page = &facts.member_page;
    let inside = page.items.iter();
    let inside = inside.filter(|member| member.department.contains(&department));
    let mut effects: Vec<Effect> = inside
        .map(|member| member::refresh(&member.userid, now))
        .collect();
    if let Some(after) = page.items.last().filter(|_| page.next.is_some()) {
        let event = OwnEvent::RefreshMembersOf {
            department,
            after: Some(after.userid.clone()),
        };
        effects.push(ask(event, now));
    }
    effects
}

fn contacts_of(userid: &UserId, now: Timestamp) -> Effect {
    let event = OwnEvent::RefreshContactsOf {
        userid: userid.clone(),
        after: None,
    };
    ask(event, now)
}

fn ask(event: OwnEvent, now: Timestamp) -> Effect {
    Effect::Refresh(event.delivery(now).1)
}
