//! The steps about members and their links.

use crate::decide::facts::{Facts, Occasion};
use crate::decide::found::{Found, MemberFound};
use crate::decide::member;
use crate::decide::sync::phases::Kind;
use crate::decide::sync::tally::count;
use crate::decide::sync::{Walk, is_in};
use crate::decide::wording;
use crate::model::effect::Effect;
use crate::model::ids::UserId;
use crate::model::member::LinkState;
use crate::model::sync::{AskedBy, Counted, Sighted, SyncPhase};

/// So many departments are listed in one step.
const DEPARTMENTS: usize = 5;

/// So many members are read in one step.
const MEMBERS: usize = 20;

/// A step of a phase that is about members; `false` when it is about something else.
pub(in crate::decide::sync) fn stepped(walk: &mut Walk, facts: &Facts<'_>) -> bool {
    let phase = walk.run.place.phase;
    match (phase, &facts.step.found) {
        (_, Found::NoIds(reason)) => {
            let warning = format!("{}（{reason}）", wording::NO_IDS);
            walk.warned(warning);
            walk.go_to(SyncPhase::ListDepartments);
        }
        (SyncPhase::ListIds, Found::Stale) => {
            if !walk.restarts() {
                walk.warned(wording::NO_IDS.into());
                walk.go_to(SyncPhase::ListDepartments);
            }
        }
        (_, Found::Departments(departments)) => {
            let ids: Vec<String> = departments.iter().map(i64::to_string).collect();
            walk.batches(Kind::Departments, 0, &ids, DEPARTMENTS);
            walk.next_phase();
        }
        (
            _,
            Found::Ids {
                userids,
                seen,
                failed,
                next,
            },
        ) => {
            walk.run.report.members.failed += failed.len() as u64;
            for reason in failed {
                walk.failed(reason);
            }
            let new = userids.iter().filter(|userid| !seen.contains(*userid));
            let new: Vec<&UserId> = new.filter(|userid| is_in(&walk.run, userid)).collect();
            let found = walk.run.report.members.found;
            let found = walk.listed((Kind::Members, MEMBERS), &new, Sighted::Member, found);
            walk.run.report.members.found = found;
            walk.go_on(next.as_ref(), facts.step.batch.as_ref());
        }
        (_, Found::Members { members, next }) => {
            for member in members {
                read(walk, facts, member);
            }
            walk.go_on(next.as_ref(), facts.step.batch.as_ref());
        }
        _ => return false,
    }
    true
}

/// Brings one member and its link up to date, by the rules of a refresh.
fn read(walk: &mut Walk, facts: &Facts<'_>, found: &MemberFound) {
    let MemberFound {
        userid,
        kept,
        link,
        at_wecom,
    } = found;
    let listed = walk.run.place.phase == SyncPhase::ReadMembers;
    walk.run.progress.0 += 1;
    if listed {
        walk.run.progress.1 = walk.run.report.members.found;
    }
    let at_wecom = match at_wecom {
        Ok(at_wecom) => at_wecom.clone(),
        Err(reason) => {
            walk.run.report.members.failed += 1;
            return walk.failed(reason);
        }
    };
    let mut known = Facts::none(facts.corp);
    known.switches = facts.switches.clone();
    if walk.run.request.by == AskedBy::Admin {
        known.occasion = Occasion::Asked;
    }
    known.member.clone_from(kept);
    known.link.clone_from(link);
    if let Some(at_wecom) = at_wecom {
        known.member_at_wecom = Some(at_wecom.member);
        known.web_attributes = at_wecom.web_attributes;
    }
    let effects = member::refreshed(userid, &known, walk.now);
    let tally = &mut walk.run.report.members;
    let changed = effects.iter().any(|e| matches!(e, Effect::PutMember(_)));
    match (&known.member_at_wecom, kept) {
        (Some(_), kept) => {
            let counted = match kept {
                None => Counted::Added,
                Some(_) if changed => Counted::Updated,
                Some(_) => Counted::Unchanged,
            };
            count(tally, counted);
            // Whoever was listed is counted as found by that.
            tally.found -= u64::from(listed);
        }
        (None, Some(_)) if changed => tally.removed += 1,
        (None, _) => tally.skipped += 1,
    }
    if known.member_at_wecom.is_some() {
        count_link(walk, &effects, &known);
    }
    walk.change(effects);
}

/// A link counts as what its writing has led to so far.
fn count_link(walk: &mut Walk, effects: &[Effect], known: &Facts<'_>) {
    let tally = &mut walk.run.report.links;
    tally.found += 1;
    if effects.iter().any(|e| matches!(e, Effect::PutLink(_))) {
        match known.link {
            None => tally.added += 1,
            Some(_) => tally.updated += 1,
        }
        return;
    }
    match known.link.as_ref().map(|link| link.state) {
        Some(LinkState::Confirmed | LinkState::FilledByHand) => tally.unchanged += 1,
        Some(LinkState::Ignored | LinkState::Failed) => {
            tally.failed += 1;
            let reason = known.link.as_ref().and_then(|link| link.reason.clone());
            if let Some(reason) = reason {
                walk.failed(&reason);
            }
        }
        // Wanted: it waits for its write, or for the member's hand.
        Some(LinkState::Wanted | LinkState::Written) | None => tally.skipped += 1,
    }
}
