//! The steps about contacts, their relations and tags.

use std::time::Duration;

use crate::callback::event::own::OwnEvent;
use crate::decide::contact;
use crate::decide::facts::Facts;
use crate::decide::found::{ContactFound, CustomerFound, Found};
use crate::decide::sync::phases::Kind;
use crate::decide::sync::tally::{count, recount};
use crate::decide::sync::{Walk, is_in};
use crate::decide::tag;
use crate::decide::wording;
use crate::model::contact::{Contact, FollowUser, Tag};
use crate::model::effect::Effect;
use crate::model::ids::UserId;
use crate::model::sync::{Counted, Sighted, Sighting, SyncMode};
use crate::model::tag::{TagName, TagNames};
use crate::model::time::Timestamp;

/// The contacts of so many members are read together (path/92994).
const FOLLOWERS: usize = 100;

/// The groups of so many owners are listed together (path/92120).
const OWNERS: usize = 100;

/// A contact that somebody else has written so recently may be newer than the page: it is read by itself. Longer than
/// any work on an item lasts.
const RECENT: Duration = Duration::from_secs(60);

/// A step of a phase that is about contacts.
pub(in crate::decide::sync) fn stepped(walk: &mut Walk, facts: &Facts<'_>) {
    match &facts.step.found {
        Found::Tags { kept, fresh } => {
            walk.change(tag::compared(kept, fresh, walk.now));
            walk.next_phase();
        }
        Found::Followers(userids) => followers(walk, userids),
        Found::Customers {
            customers,
            unreadable,
            next,
            names,
        } => {
            for customer in customers {
                paged(walk, facts, customer, names);
            }
            if *unreadable > 0 {
                walk.run.report.relations.failed += unreadable;
                walk.failed(wording::UNREADABLE_ROW);
            }
            if next.is_none() {
                worked_off(walk, facts);
            }
            walk.go_on(next.as_ref(), facts.step.batch.as_ref());
        }
        Found::Stale => {
            // The rest is left to the sweep, which reads each contact by itself.
            if !walk.restarts() {
                walk.failed(wording::CURSOR_REFUSED);
                given_up(walk, facts);
            }
        }
        Found::BadMember(reason) => bad_member(walk, facts, reason),
        Found::Kept {
            looked_at,
            without_member,
            contacts,
            next,
        } => {
            walk.run.progress.0 += looked_at;
            walk.run.report.without_member += without_member;
            for contact in contacts {
                swept(walk, facts, contact);
            }
            walk.go_on(next.as_ref(), None);
        }
        Found::Others { count, next } => {
            walk.run.report.contacts.skipped += count;
            walk.go_on(next.as_ref(), None);
        }
        Found::NoOthers(reason) => {
            let warning = format!("{}（{reason}）", wording::NO_OTHERS);
            walk.warned(warning);
            walk.next_phase();
        }
        Found::NoStep
        | Found::NoBatch
        | Found::Departments(_)
        | Found::Ids { .. }
        | Found::NoIds(_)
        | Found::Members { .. }
        | Found::Groups { .. }
        | Found::NoGroups(_)
        | Found::Chats { .. } => {}
    }
}

fn followers(walk: &mut Walk, userids: &[UserId]) {
    if userids.is_empty() {
        walk.warned(wording::NO_FOLLOWERS.into());
    }
    let own = userids.iter().filter(|userid| is_in(&walk.run, userid));
    let ids: Vec<String> = own.map(ToString::to_string).collect();
    walk.batches(Kind::Followers, 0, &ids, FOLLOWERS);
    if walk.run.request.part.is_none() {
        walk.batches(Kind::Owners, 0, &ids, OWNERS);
    }
    walk.next_phase();
    walk.run.progress = (0, ids.len() as u64);
}

/// Nothing more is read of the batch.
fn worked_off(walk: &mut Walk, facts: &Facts<'_>) {
    let batch = facts.step.batch.as_ref();
    walk.run.progress.0 += batch.map_or(0, |batch| batch.ids.len() as u64);
}

fn given_up(walk: &mut Walk, facts: &Facts<'_>) {
    worked_off(walk, facts);
    walk.go_on(None, facts.step.batch.as_ref());
}

fn bad_member(walk: &mut Walk, facts: &Facts<'_>, reason: &str) {
    let Some(batch) = &facts.step.batch else {
        return;
    };
    if batch.ids.len() < 2 {
        walk.run.report.relations.failed += 1;
        walk.failed(reason);
        return given_up(walk, facts);
    }
    walk.halve(batch);
}

/// Compares a contact with what a page tells of it: itself and some of its relations.
fn paged(walk: &mut Walk, facts: &Facts<'_>, found: &CustomerFound, names: &TagNames) {
    let kept = found.kept.as_ref();
    let Some(fresh) = merged(found, names) else {
        return;
    };
    let before = found.sighting.as_ref();
    let mut members = before.map_or_else(Vec::new, |before| before.members.clone());
    for userid in found.rows.iter().flat_map(|row| &row.follow_users) {
        let userid = &userid.userid;
        if !members.contains(userid) {
            let tally = &mut walk.run.report.relations;
            count(
                tally,
                compared(
                    kept.and_then(|kept| kept.follow_of(userid)),
                    fresh.follow_of(userid),
                ),
            );
            members.push(userid.clone());
        }
    }

    let mut known = Facts::none(facts.corp);
    known.contact.clone_from(&found.kept);
    known.greetings.clone_from(&found.greetings);
    let mut effects = contact::kept(fresh, &known, walk.now);
    let changed = effects.iter().any(|e| matches!(e, Effect::PutContact(_)));
    let counted = match (kept, changed) {
        (None, _) => Counted::Added,
        (Some(_), true) => Counted::Updated,
        (Some(_), false) => Counted::Unchanged,
    };
    let tally = &mut walk.run.report.contacts;
    let counted = match before {
        None => {
            count(tally, counted);
            counted
        }
        Some(before) => recount(tally, before.counted, counted),
    };
    let written = before.and_then(|before| before.written);
    let other_hand = kept.is_some_and(|kept| {
        written != Some(kept.changed_at) && walk.now.since(kept.changed_at) < RECENT
    });
    if changed && other_hand {
        effects = vec![read_by_itself(found, walk.now)];
    }
    let written = match (walk.run.request.mode, changed && !other_hand) {
        (SyncMode::Repair, true) => Some(walk.now),
        _ => written,
    };
    walk.note(Effect::PutSighting(Sighting {
        who: Sighted::Contact(found.rows[0].external_userid.clone()),
        run: walk.run.id.clone(),
        members,
        counted,
        written,
    }));
    walk.change(effects);
}

fn read_by_itself(found: &CustomerFound, now: Timestamp) -> Effect {
    let event = OwnEvent::RefreshContact {
        external_userid: found.rows[0].external_userid.clone(),
    };
    Effect::Refresh(event.delivery(now).1)
}

/// The contact as it is kept, with what the page tells put over it.
fn merged(found: &CustomerFound, names: &TagNames) -> Option<Contact> {
    let kept = found.kept.as_ref();
    let mut fresh = Contact {
        follow_users: kept.map_or_else(Vec::new, |kept| kept.follow_users.clone()),
        ..found.rows.last()?.clone()
    };
    for row in found.rows.iter().flat_map(|row| &row.follow_users) {
        let mut follow = row.clone();
        follow.deleted_by_contact_at = contact::deleted_by_contact_at(row, &found.endings);
        follow.tags = tags(
            &row.tags,
            kept.and_then(|kept| kept.follow_of(&row.userid)),
            names,
        );
        let place = fresh.follow_users.iter_mut();
        match place.into_iter().find(|old| old.userid == row.userid) {
            Some(old) => *old = follow,
            None => fresh.follow_users.push(follow),
        }
    }
    Some(fresh)
}

/// The tags of a relation. A page names tags by id alone and leaves personal ones out, so those stay; kept ones keep
/// their order.
fn tags(listed: &[Tag], kept: Option<&FollowUser>, names: &TagNames) -> Vec<Tag> {
    let kept = kept.map_or(&[][..], |kept| &kept.tags);
    let is_listed = |tag: &&Tag| {
        tag.tag_id.is_none() || listed.iter().any(|listed| listed.tag_id == tag.tag_id)
    };
    let is_new = |tag: &&Tag| !kept.iter().any(|kept| kept.tag_id == tag.tag_id);
    let named = |tag: &Tag| {
        let name = tag.tag_id.as_ref().and_then(|id| names.get(id));
        match name {
            Some(TagName {
                group_name,
                tag_name,
                is_deleted: false,
            }) => Tag {
                tag_id: tag.tag_id.clone(),
                group_name: group_name.clone(),
                tag_name: tag_name.clone(),
                kind: CORP_TAG,
            },
            // Not in the list of the corp's tags: one of a rule group, or newer than the list.
            _ if tag.kind == 0 => Tag {
                kind: RULE_GROUP_TAG,
                ..tag.clone()
            },
            _ => tag.clone(),
        }
    };
    let stay = kept.iter().filter(is_listed);
    stay.chain(listed.iter().filter(is_new))
        .map(named)
        .collect()
}

/// `type` of a tag (path/92114).
const CORP_TAG: i64 = 1;
const RULE_GROUP_TAG: i64 = 3;

fn compared(kept: Option<&FollowUser>, fresh: Option<&FollowUser>) -> Counted {
    match kept {
        None => Counted::Added,
        Some(_) if kept == fresh => Counted::Unchanged,
        Some(_) => Counted::Updated,
    }
}

/// Brings a contact up to date whose relations were not all listed, by the rules of a refresh.
fn swept(walk: &mut Walk, facts: &Facts<'_>, found: &ContactFound) {
    let ContactFound {
        kept,
        sighting,
        greetings,
        endings,
        at_wecom,
    } = found;
    let at_wecom = match at_wecom {
        Ok(at_wecom) => at_wecom.clone(),
        Err(reason) => {
            walk.run.report.contacts.failed += 1;
            return walk.failed(reason);
        }
    };
    let mut known = Facts::none(facts.corp);
    known.contact = Some(kept.clone());
    known.contact_at_wecom = at_wecom;
    known.greetings.clone_from(greetings);
    known.endings.clone_from(endings);
    // It is refused only for somebody who is not kept.
    let refreshed = contact::refreshed(&kept.external_userid, &known, walk.now);
    let effects = refreshed.unwrap_or_default();
    let written = effects.iter().find_map(|effect| {
        if let Effect::PutContact(contact) = effect {
            Some(contact)
        } else {
            None
        }
    });
    let fresh = written.unwrap_or(kept);
    let report = &mut walk.run.report;
    for follow in &kept.follow_users {
        let gone = fresh.follow_of(&follow.userid).is_none();
        report.relations.removed += u64::from(gone);
    }
    for follow in &fresh.follow_users {
        if kept.follow_of(&follow.userid).is_none() {
            count(&mut report.relations, Counted::Added);
        }
    }
    let counted = match written {
        Some(_) => Counted::Updated,
        None => Counted::Unchanged,
    };
    let seen = sighting.as_ref().filter(|seen| seen.run == walk.run.id);
    match seen {
        Some(seen) => {
            recount(&mut report.contacts, seen.counted, counted);
        }
        None if fresh.follow_users.is_empty() => report.contacts.removed += 1,
        None => count(&mut report.contacts, counted),
    }
    report.without_member += u64::from(fresh.follow_users.is_empty());
    walk.change(effects);
}
