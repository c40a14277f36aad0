//! What is decided about syncs, as tables: what is asked for and what is known → what follows.

mod counted;
mod pages;
mod steps;

use std::time::Duration;

use wecom_bridge::callback::event;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::decide;
use wecom_bridge::decide::facts::Facts;
use wecom_bridge::decide::found::Found;
use wecom_bridge::decide::input::Input;
use wecom_bridge::decide::sync::id;
use wecom_bridge::model::contact::{Contact, Tag};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::sync::{
    AskedBy, SyncMode, SyncPart, SyncPhase, SyncPlace, SyncReport, SyncRequest, SyncRun, SyncScope,
    SyncState,
};
use wecom_bridge::model::time::Timestamp;

use crate::decide::corp;

const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);
const OLD: &str = "1789999000000";

fn request(by: AskedBy, scope: SyncScope) -> SyncRequest {
    SyncRequest {
        scope,
        mode: SyncMode::Repair,
        by,
        part: None,
    }
}

fn run(state: SyncState, moved_at: Timestamp) -> SyncRun {
    SyncRun {
        id: OLD.into(),
        request: request(AskedBy::Admin, SyncScope::All),
        state,
        started_at: moved_at,
        moved_at,
        ended_at: None,
        doing: String::new(),
        progress: (0, 0),
        report: SyncReport::default(),
        place: SyncPlace::default(),
        first: false,
        then: None,
    }
}

fn contact(userid: &str, remark: &str, tags: Vec<Tag>) -> Contact {
    let mut contact = crate::decide::contact(&[(userid, NOW)]);
    contact.changed_at = NOW.minus(Duration::from_secs(3600));
    contact.follow_users[0].remark = remark.into();
    contact.follow_users[0].tags = tags;
    contact
}

fn effects(own: &OwnEvent, facts: &Facts<'_>) -> Vec<Effect> {
    let (_, delivery) = own.delivery(NOW);
    let event = event::parse(delivery.source, &delivery.xml).unwrap();
    decide(&Input::Event(&event, NOW), facts, NOW).unwrap()
}

/// What follows from an event of ours, in a few words.
fn told(own: &OwnEvent, facts: &Facts<'_>) -> Vec<String> {
    let mut words: Vec<String> = effects(own, facts)
        .iter()
        .map(|effect| match effect {
            Effect::PutSync(run) => {
                let which = if run.id == OLD { "old" } else { "new" };
                let then = run.then.map_or("", |_| ", then another");
                let scope = run.request.scope.name();
                format!("{which} {scope} {:?}{then}", run.state)
            }
            Effect::PutSwitches(switches) => {
                let newest = switches.sync.as_deref().is_some_and(|id| id != OLD);
                let what = if newest { "newest" } else { "switched" };
                format!("{what} {:?}", switches.auto_sync)
            }
            Effect::Refresh(delivery) => delivery.kind.to_string(),
            other => format!("{other:?}"),
        })
        .collect();
    words.sort();
    words
}

#[test]
fn one_sync_at_a_time_and_none_is_stuck() {
    let corp = corp();
    let long_ago = NOW.minus(Duration::from_secs(15 * 60));
    let an_hour_ago = NOW.minus(Duration::from_secs(3600));
    let new = |scope: &str| {
        let new = format!("new {scope} Running");
        vec![new, "newest None".into(), "sync_step".into()]
    };
    let goes_on = || vec!["old all Running".to_owned(), "sync_step".into()];
    let part = |run: SyncRun| SyncRun {
        request: SyncRequest {
            part: Some(SyncPart { number: 1, of: 24 }),
            ..run.request
        },
        ..run
    };
    let (all, members) = (SyncScope::All, SyncScope::Members);
    let running = run(SyncState::Running, NOW);
    for (known, scope, expected) in [
        (None, all, new("all")),
        (Some(running.clone()), all, vec![]),
        (Some(running.clone()), members, vec![]),
        (
            Some(part(running)),
            all,
            vec!["old all Running, then another".into()],
        ),
        (Some(run(SyncState::Running, long_ago)), all, goes_on()),
        (Some(run(SyncState::Failed, long_ago)), all, goes_on()),
        (
            Some(run(SyncState::Failed, long_ago)),
            members,
            new("members"),
        ),
        (Some(run(SyncState::Failed, an_hour_ago)), all, new("all")),
        (Some(run(SyncState::Done, NOW)), all, new("all")),
    ] {
        let mut facts = Facts::none(&corp);
        facts.switches.sync = known.as_ref().map(|run| run.id.clone());
        facts.syncs = known.clone().into_iter().collect();
        let asked = OwnEvent::StartSync(request(AskedBy::Schedule, scope));
        assert_eq!(told(&asked, &facts), expected, "{known:?} {scope:?}");
    }
}

/// A sync that was given up an hour ago.
fn given_up() -> SyncRun {
    let an_hour_ago = NOW.minus(Duration::from_secs(3600));
    SyncRun {
        ended_at: Some(an_hour_ago),
        ..run(SyncState::Failed, an_hour_ago)
    }
}

fn put(effects: Vec<Effect>) -> Vec<SyncRun> {
    let mut runs = Vec::new();
    for effect in effects {
        if let Effect::PutSync(run) = effect {
            runs.push(*run);
        }
    }
    runs
}

#[test]
fn what_was_given_up_and_goes_on_is_running() {
    let corp = corp();
    let mut facts = Facts::none(&corp);
    // The same is asked for again, and the step is replayed.
    let failed = SyncRun {
        moved_at: NOW,
        ..given_up()
    };
    facts.switches.sync = Some(failed.id.clone());
    facts.syncs = vec![failed];
    let asked = OwnEvent::StartSync(request(AskedBy::Admin, SyncScope::All));
    let later = NOW.plus(Duration::from_secs(60));
    let (_, delivery) = asked.delivery(later);
    let event = event::parse(delivery.source, &delivery.xml).unwrap();
    let runs = put(decide(&Input::Event(&event, later), &facts, later).unwrap());
    let state = |run: &SyncRun| (run.state, run.ended_at, run.moved_at);
    assert_eq!(state(&runs[0]), (SyncState::Running, None, later));

    facts.sync = Some(SyncRun {
        report: SyncReport {
            calls: 5,
            ..SyncReport::default()
        },
        place: SyncPlace {
            phase: SyncPhase::ListFollowers,
            ..SyncPlace::default()
        },
        ..given_up()
    });
    facts.step.found = Found::Followers(Vec::new());
    facts.step.calls = 2;
    let runs = put(effects(&OwnEvent::SyncStep { run: OLD.into() }, &facts));
    assert_eq!(state(&runs[0]), (SyncState::Running, None, NOW));
    assert_eq!(runs[0].report.calls, 7);
    assert_eq!(runs[0].doing, "读取客户");
}

#[test]
fn a_change_of_address_during_a_sync_is_followed_up() {
    let corp = corp();
    let running = run(SyncState::Running, NOW);
    let mut facts = Facts::none(&corp);
    facts.switches.sync = Some(running.id.clone());
    facts.syncs = vec![running];
    for (by, expected) in [
        (AskedBy::Switch, vec!["old all Running, then another"]),
        (AskedBy::Admin, vec![]),
    ] {
        let asked = OwnEvent::StartSync(request(by, SyncScope::Links));
        assert_eq!(told(&asked, &facts), expected, "{by:?}");
    }
}

#[test]
fn what_is_to_follow_a_sync_is_never_asked_for_less() {
    let corp = corp();
    let light = SyncRun {
        request: SyncRequest {
            part: Some(SyncPart { number: 1, of: 24 }),
            ..request(AskedBy::Schedule, SyncScope::All)
        },
        ..run(SyncState::Running, NOW)
    };
    let (full, links) = (
        OwnEvent::StartSync(request(AskedBy::Admin, SyncScope::All)),
        OwnEvent::StartSync(request(AskedBy::Switch, SyncScope::Links)),
    );
    let count = OwnEvent::StartSync(SyncRequest {
        mode: SyncMode::DryRun,
        ..request(AskedBy::Admin, SyncScope::All)
    });
    let switch = OwnEvent::SwitchAutoSync { on: true };
    let all = (SyncScope::All, SyncMode::Repair);
    for (asked, expected) in [
        (vec![&full, &links], all),
        (vec![&links, &full], all),
        (vec![&links, &count], (SyncScope::Links, SyncMode::Repair)),
        (vec![&count, &links], (SyncScope::Links, SyncMode::Repair)),
        (vec![&switch, &links], all),
        (vec![&links, &switch], all),
    ] {
        let mut facts = Facts::none(&corp);
        facts.switches.sync = Some(light.id.clone());
        facts.switches.auto_sync = Some(false);
        let mut running = light.clone();
        for own in &asked {
            facts.syncs = vec![running.clone()];
            for effect in effects(own, &facts) {
                if let Effect::PutSync(put) = effect {
                    running = *put;
                }
            }
        }
        let then = running.then.map(|then| (then.scope, then.mode, then.part));
        assert_eq!(then, Some((expected.0, expected.1, None)), "{asked:?}");
        assert_eq!(running.request, light.request);
    }
}

#[test]
fn what_was_to_follow_a_sync_that_failed_follows_the_next() {
    let corp = corp();
    let links = request(AskedBy::Switch, SyncScope::Links);
    let failed = SyncRun {
        then: Some(links),
        ..run(SyncState::Failed, NOW)
    };
    for (scope, expected) in [
        (SyncScope::All, None),
        (SyncScope::Members, None),
        (SyncScope::Contacts, Some(links)),
    ] {
        let mut facts = Facts::none(&corp);
        facts.switches.sync = Some(failed.id.clone());
        facts.syncs = vec![failed.clone()];
        let asked = OwnEvent::StartSync(request(AskedBy::Switch, scope));
        let then = effects(&asked, &facts).into_iter().find_map(|effect| {
            if let Effect::PutSync(run) = effect {
                Some(run.then)
            } else {
                None
            }
        });
        assert_eq!(then, Some(expected), "{scope:?}");
    }
}

#[test]
fn while_events_change_nothing_the_schedule_changes_no_contacts() {
    let corp = corp();
    let mut facts = Facts::none(&corp);
    facts.switches.auto_sync = Some(false);
    for (by, scope, expected) in [
        (AskedBy::Schedule, SyncScope::All, Some("members")),
        (AskedBy::Schedule, SyncScope::Contacts, None),
        (AskedBy::Schedule, SyncScope::Links, Some("links")),
        (AskedBy::Admin, SyncScope::All, Some("all")),
        (AskedBy::Admin, SyncScope::Contacts, Some("contacts")),
    ] {
        let found = told(&OwnEvent::StartSync(request(by, scope)), &facts);
        let expected = expected.map(|scope| format!("new {scope} Running"));
        assert_eq!(found.first(), expected.as_ref(), "{by:?} {scope:?}");
    }
}

#[test]
fn switching_on_starts_a_full_sync_once() {
    let corp = corp();
    let begins = || {
        vec![
            "new all Running".to_owned(),
            "newest Some(true)".into(),
            "sync_step".into(),
        ]
    };
    for (was, on, running, expected) in [
        (None, false, false, vec!["switched Some(false)".to_owned()]),
        (None, true, false, vec!["switched Some(true)".into()]),
        (Some(false), true, false, begins()),
        (
            Some(false),
            true,
            true,
            vec![
                "old all Running, then another".into(),
                "switched Some(true)".into(),
            ],
        ),
        (Some(true), false, true, vec!["switched Some(false)".into()]),
    ] {
        let mut facts = Facts::none(&corp);
        facts.switches.auto_sync = was;
        if running {
            facts.switches.sync = Some(OLD.into());
            facts.syncs = vec![run(SyncState::Running, NOW)];
        }
        let found = told(&OwnEvent::SwitchAutoSync { on }, &facts);
        assert_eq!(found, expected, "{was:?} {on} {running}");
    }
}

#[test]
fn names_of_syncs_are_never_used_twice() {
    for (received, last, expected) in [
        (5_000, "", "0000000005000"),
        (5_000, "0000000004999", "0000000005000"),
        (5_000, "0000000005000", "0000000006000"),
        (5_000, "0000000006000", "0000000006001"),
    ] {
        let (received, now) = (
            Timestamp::from_millis(received),
            Timestamp::from_millis(6_000),
        );
        assert_eq!(id(received, last, now), expected, "{last}");
    }
}

#[test]
fn the_sync_that_has_seen_all_members_is_kept() {
    let corp = corp();
    let named = |n: i64, scope| SyncRun {
        id: id(Timestamp::from_millis(n), "", NOW),
        request: request(AskedBy::Schedule, scope),
        ..run(SyncState::Done, NOW)
    };
    for (seen_all, dropped, is_first) in [
        (Some(1), vec![0, 2], false),
        (Some(40), vec![0, 1, 2], false),
        (None, vec![0, 1, 2], true),
    ] {
        let mut facts = Facts::none(&corp);
        facts.syncs = (0..52)
            .map(|n| match Some(n) == seen_all {
                true => named(n, SyncScope::Members),
                false => named(n, SyncScope::Contacts),
            })
            .collect();
        let asked = OwnEvent::StartSync(request(AskedBy::Schedule, SyncScope::Contacts));
        let (mut gone, mut first) = (Vec::new(), None);
        for effect in effects(&asked, &facts) {
            if let Effect::DropSync(id) = effect {
                gone.push(id);
            } else if let Effect::PutSync(run) = effect {
                first = Some(run.first);
            }
        }
        let expected: Vec<String> = dropped.iter().map(|n| format!("{n:013}")).collect();
        assert_eq!((gone, first), (expected, Some(is_first)), "{seen_all:?}");
    }
}
