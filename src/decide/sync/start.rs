//! Whether a sync begins when one is asked for.

use std::time::Duration;

use crate::model::sync::{AskedBy, SyncMode, SyncRequest, SyncRun, SyncScope, SyncState};
use crate::model::time::Timestamp;

/// A sync that runs and has not moved for so long is taken up again when another is asked for.
const STUCK: Duration = Duration::from_secs(15 * 60);

/// A failed sync is gone on with when the same is asked for so soon; what it has seen is still worth something.
const RESUMABLE: Duration = Duration::from_secs(60 * 60);

/// What asking for a sync leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The newest sync is running.
    Runs,
    /// The newest sync stands still, or has failed a short while ago: it goes on.
    GoesOn,
    /// A new one.
    New,
}

/// What asking for this leads to.
pub fn start(request: SyncRequest, newest: Option<&SyncRun>, now: Timestamp) -> Start {
    match newest {
        Some(run) if run.state == SyncState::Running => match now.since(run.moved_at) < STUCK {
            true => Start::Runs,
            false => Start::GoesOn,
        },
        Some(run) if run.state == SyncState::Failed && is_resumable(run, request, now) => {
            Start::GoesOn
        }
        _ => Start::New,
    }
}

/// Whether a sync that is running will have done what is asked for now. A light pass has not seen everybody, and what
/// was looked at before a switch has to be looked at again.
pub fn answers(running: SyncRequest, asked: SyncRequest) -> bool {
    asked.by != AskedBy::Switch && covers(running, asked)
}

/// Whether a sync that begins with this does all of the other. A repair counts what a dry run would count. One light
/// pass stands for another: the part that it leaves out comes up again.
pub(in crate::decide::sync) fn covers(this: SyncRequest, other: SyncRequest) -> bool {
    let whole = this.part.is_none() || other.part.is_some();
    let writes = this.mode == SyncMode::Repair || other.mode == SyncMode::DryRun;
    whole && writes && reaches(this.scope, other.scope)
}

/// What is to follow a running sync when this is asked for as well: never less than was to follow it.
pub(in crate::decide::sync) fn joined(
    queued: Option<SyncRequest>,
    asked: SyncRequest,
) -> SyncRequest {
    let Some(queued) = queued else {
        return asked;
    };
    match (queued.mode, asked.mode) {
        // A dry run gives way: joined, it would make the repair write where nobody has asked for it.
        (SyncMode::Repair, SyncMode::DryRun) => queued,
        (SyncMode::DryRun, SyncMode::Repair) => asked,
        (SyncMode::Repair, SyncMode::Repair) | (SyncMode::DryRun, SyncMode::DryRun) => {
            SyncRequest {
                scope: both(queued.scope, asked.scope),
                mode: asked.mode,
                by: first_of(queued.by, asked.by),
                part: queued.part.filter(|part| asked.part == Some(*part)),
            }
        }
    }
}

/// The smallest scope that reaches both.
const fn both(one: SyncScope, other: SyncScope) -> SyncScope {
    if reaches(one, other) {
        one
    } else if reaches(other, one) {
        other
    } else {
        SyncScope::All
    }
}

/// Members are read together with their links.
const fn reaches(scope: SyncScope, other: SyncScope) -> bool {
    match (scope, other) {
        (SyncScope::All, _)
        | (SyncScope::Members, SyncScope::Members | SyncScope::Links)
        | (SyncScope::Contacts, SyncScope::Contacts)
        | (SyncScope::Links, SyncScope::Links) => true,
        (SyncScope::Members, SyncScope::All | SyncScope::Contacts)
        | (SyncScope::Contacts, SyncScope::All | SyncScope::Members | SyncScope::Links)
        | (SyncScope::Links, SyncScope::All | SyncScope::Members | SyncScope::Contacts) => false,
    }
}

/// Who is named of two who ask: a person before a switch, a switch before the schedule.
const fn first_of(one: AskedBy, other: AskedBy) -> AskedBy {
    match (one, other) {
        (AskedBy::Admin, _) | (_, AskedBy::Admin) => AskedBy::Admin,
        (AskedBy::Switch, _) | (_, AskedBy::Switch) => AskedBy::Switch,
        (AskedBy::Schedule, AskedBy::Schedule) => AskedBy::Schedule,
    }
}

/// What a switch asks for begins anew.
fn is_resumable(run: &SyncRun, request: SyncRequest, now: Timestamp) -> bool {
    let same = SyncRequest {
        by: request.by,
        ..run.request
    };
    let anew = request.by == AskedBy::Switch;
    same == request && !anew && now.since(run.moved_at) < RESUMABLE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sync::SyncPart;

    const ADMIN: AskedBy = AskedBy::Admin;
    const SCHEDULE: AskedBy = AskedBy::Schedule;
    const SWITCH: AskedBy = AskedBy::Switch;

    fn repair(scope: SyncScope, by: AskedBy) -> SyncRequest {
        SyncRequest {
            scope,
            mode: SyncMode::Repair,
            by,
            part: None,
        }
    }

    fn dry(scope: SyncScope) -> SyncRequest {
        SyncRequest {
            mode: SyncMode::DryRun,
            ..repair(scope, ADMIN)
        }
    }

    fn part(number: u32) -> SyncRequest {
        SyncRequest {
            part: Some(SyncPart { number, of: 24 }),
            ..repair(SyncScope::All, SCHEDULE)
        }
    }

    #[test]
    fn what_waits_and_what_is_asked_for_become_one() {
        let (all, members) = (SyncScope::All, SyncScope::Members);
        let (contacts, links) = (SyncScope::Contacts, SyncScope::Links);
        for (one, other, expected) in [
            (
                repair(all, ADMIN),
                repair(links, SWITCH),
                repair(all, ADMIN),
            ),
            (
                repair(links, SWITCH),
                repair(links, SWITCH),
                repair(links, SWITCH),
            ),
            (
                repair(members, SCHEDULE),
                repair(links, SWITCH),
                repair(members, SWITCH),
            ),
            (
                repair(contacts, ADMIN),
                repair(links, SWITCH),
                repair(all, ADMIN),
            ),
            (
                repair(contacts, ADMIN),
                repair(members, ADMIN),
                repair(all, ADMIN),
            ),
            (
                repair(all, SCHEDULE),
                repair(all, ADMIN),
                repair(all, ADMIN),
            ),
            (part(1), part(1), part(1)),
            (part(1), part(2), repair(all, SCHEDULE)),
            (part(1), repair(links, SWITCH), repair(all, SWITCH)),
            (dry(contacts), dry(members), dry(all)),
            (dry(all), repair(links, SWITCH), repair(links, SWITCH)),
            (dry(all), part(1), part(1)),
        ] {
            assert_eq!(joined(None, one), one);
            assert_eq!(joined(Some(one), other), expected, "{one:?} {other:?}");
            assert_eq!(joined(Some(other), one), expected, "{other:?} {one:?}");
            for asked in [one, other] {
                let gives_way = asked.mode == SyncMode::DryRun;
                assert!(gives_way || covers(expected, asked), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_running_sync_answers_what_it_does_itself() {
        let (all, members) = (SyncScope::All, SyncScope::Members);
        let (contacts, links) = (SyncScope::Contacts, SyncScope::Links);
        for (running, asked, expected) in [
            (repair(all, SCHEDULE), repair(contacts, ADMIN), true),
            (repair(all, SCHEDULE), dry(all), true),
            (repair(members, ADMIN), repair(links, ADMIN), true),
            (repair(all, SCHEDULE), part(1), true),
            (part(1), part(2), true),
            (part(1), repair(all, ADMIN), false),
            (repair(links, ADMIN), repair(all, SCHEDULE), false),
            (repair(contacts, ADMIN), repair(members, ADMIN), false),
            (dry(all), repair(all, SCHEDULE), false),
            (repair(all, ADMIN), repair(links, SWITCH), false),
        ] {
            assert_eq!(answers(running, asked), expected, "{running:?} {asked:?}");
        }
    }
}
