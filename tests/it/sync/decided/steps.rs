//! What a step of a sync leads to, and how a sync ends.

use std::time::Duration;

use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::facts::{Facts, Need};
use wecom_bridge::decide::found::Found;
use wecom_bridge::decide::input::{Input, StepDied};
use wecom_bridge::decide::sync::{misses_chat, misses_contact, misses_member};
use wecom_bridge::decide::{decide, needs};
use wecom_bridge::model::chat::Chat;
use wecom_bridge::model::contact::Contact;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::ids::{ChatId, UserId};
use wecom_bridge::model::sync::{
    AskedBy, Counted, Sighted, Sighting, SyncPart, SyncPhase, SyncPlace, SyncRequest, SyncRun,
    SyncScope, SyncState,
};
use wecom_bridge::model::tag::TagNames;

use crate::decide::{corp, member};
use crate::sync::decided::{NOW, OLD, contact, effects, put, request, run};

/// The last step of a sync: what it leaves.
fn last_step(run: SyncRun) -> Vec<Effect> {
    let corp = corp();
    let mut facts = Facts::none(&corp);
    let contacts = matches!(run.request.scope, SyncScope::All | SyncScope::Contacts);
    let (phase, found) = if contacts {
        let (count, next) = (0, None);
        (SyncPhase::CountOthers, Found::Others { count, next })
    } else {
        let (members, next) = (Vec::new(), None);
        (SyncPhase::SweepMembers, Found::Members { members, next })
    };
    let place = SyncPlace {
        phase,
        ..SyncPlace::default()
    };
    facts.sync = Some(SyncRun { place, ..run });
    facts.step.found = found;
    effects(&OwnEvent::SyncStep { run: OLD.into() }, &facts)
}

#[test]
fn only_a_sync_of_all_customers_that_finds_none_warns() {
    let part = Some(SyncPart { number: 1, of: 24 });
    for (scope, part, found, warned) in [
        (SyncScope::All, None, 0, true),
        (SyncScope::Contacts, None, 0, true),
        (SyncScope::All, None, 1, false),
        (SyncScope::All, part, 0, false),
        (SyncScope::Members, None, 0, false),
    ] {
        let mut run = run(SyncState::Running, NOW);
        run.request = SyncRequest {
            part,
            ..request(AskedBy::Admin, scope)
        };
        run.report.contacts.found = found;
        let done = put(last_step(run)).remove(0);
        assert_eq!((done.state, done.ended_at), (SyncState::Done, Some(NOW)));
        assert_eq!(done.report.warnings.len(), usize::from(warned), "{done:?}");
    }
}

#[test]
fn what_follows_a_sync_is_the_newest_then() {
    // After which nobody is new: only when all members have been seen.
    for (scope, first, next_is_first) in [
        (SyncScope::All, true, false),
        (SyncScope::Contacts, true, true),
        (SyncScope::Contacts, false, false),
    ] {
        let effects = last_step(SyncRun {
            request: request(AskedBy::Admin, scope),
            first,
            then: Some(request(AskedBy::Switch, SyncScope::Links)),
            ..run(SyncState::Running, NOW)
        });
        let newest = effects.iter().find_map(|effect| match effect {
            Effect::PutSwitches(switches) => switches.sync.clone(),
            _ => None,
        });
        let runs = put(effects);
        let [next, done] = &runs[..] else {
            panic!("{runs:?}")
        };
        assert_eq!((done.id.as_str(), done.state), (OLD, SyncState::Done));
        assert_eq!(
            (next.state, next.first),
            (SyncState::Running, next_is_first)
        );
        assert!(next.id > done.id, "{runs:?}");
        assert_eq!(newest.as_ref(), Some(&next.id));
    }
}

#[test]
fn what_a_sync_has_not_seen_is_read_by_itself() {
    let zhang = UserId::parse("Zhang").unwrap();
    let part = |has| {
        let mut parts = (0..2).map(|number| SyncPart { number, of: 2 });
        parts.find(|part| part.has(&zhang) == has)
    };
    let of = |part| SyncRun {
        request: SyncRequest {
            part,
            ..request(AskedBy::Schedule, SyncScope::All)
        },
        ..run(SyncState::Running, NOW)
    };
    let chat = |dismissed_at| Chat {
        dismissed_at,
        ..Chat::unread(ChatId::parse("wr1").unwrap())
    };
    let seen = |run: &str, members: &[&str]| Sighting {
        who: Sighted::Member(zhang.clone()),
        run: run.into(),
        members: members
            .iter()
            .map(|id| UserId::parse(id).unwrap())
            .collect(),
        counted: Counted::Unchanged,
        written: None,
    };
    let all = of(None);
    for (run, visible, sighting, missed) in [
        (&all, true, None, true),
        (&all, true, Some(seen("1", &[])), true),
        (&all, true, Some(seen(OLD, &[])), false),
        (&all, false, None, false),
        (&of(part(true)), true, None, true),
        (&of(part(false)), true, None, false),
    ] {
        let found = misses_member(run, &member(visible), sighting.as_ref());
        assert_eq!(found, missed, "{:?} {visible} {sighting:?}", run.request);
    }
    let both = {
        let mut contact = contact("Zhang", "", vec![]);
        let li = self::contact("Li", "", vec![]);
        contact.follow_users.extend(li.follow_users);
        contact
    };
    let nobody = Contact {
        follow_users: vec![],
        ..both.clone()
    };
    let zhangs = contact("ZHANG", "", vec![]);
    for (run, contact, sighting, missed) in [
        (&all, &both, None, true),
        (&all, &both, Some(seen("1", &["Zhang", "Li"])), true),
        (&all, &both, Some(seen(OLD, &["Zhang"])), true),
        (&all, &both, Some(seen(OLD, &["Zhang", "Li"])), false),
        (&all, &nobody, None, false),
        (&of(part(true)), &zhangs, None, true),
        (&of(part(true)), &zhangs, Some(seen(OLD, &["Zhang"])), false),
        (&of(part(false)), &zhangs, None, false),
    ] {
        let found = misses_contact(run, contact, sighting.as_ref());
        assert_eq!(found, missed, "{contact:?} {sighting:?}");
    }
    for (dismissed_at, sighting, missed) in [
        (None, None, true),
        (None, Some(seen("1", &[])), true),
        (None, Some(seen(OLD, &[])), false),
        (Some(NOW), None, false),
    ] {
        let found = misses_chat(&all, &chat(dismissed_at), sighting.as_ref());
        assert_eq!(found, missed, "{dismissed_at:?} {sighting:?}");
    }
}

#[test]
fn a_step_that_is_given_up_ends_its_sync_with_the_remedy() {
    let corp = corp();
    for (state, changes) in [(SyncState::Running, 1), (SyncState::Done, 0)] {
        let died = StepDied {
            run: OLD.into(),
            reason: "48002".into(),
            errcode: Some(48002),
        };
        let mut facts = Facts::none(&corp);
        facts.sync = Some(run(state, NOW.minus(Duration::from_secs(60))));
        assert_eq!(needs(&Input::StepDied(&died)), [Need::Sync(OLD.into())]);
        let effects = decide(&Input::StepDied(&died), &facts, NOW).unwrap();
        assert_eq!(effects.len(), changes);
        if let Some(Effect::PutSync(run)) = effects.first() {
            assert_eq!((run.state, run.ended_at), (SyncState::Failed, Some(NOW)));
            assert_eq!((run.moved_at, run.doing.as_str()), (NOW, "已中止"));
            assert_eq!(run.report.failures, ["48002"]);
            assert!(run.report.warnings[0].contains("可调用接口的应用"));
            // It went on, and was given up for the same reason.
            facts.sync = Some(SyncRun {
                state: SyncState::Running,
                ..(**run).clone()
            });
            let effects = decide(&Input::StepDied(&died), &facts, NOW).unwrap();
            let Some(Effect::PutSync(again)) = effects.first() else {
                panic!("{effects:?}");
            };
            assert_eq!(again.report, run.report);
        }
    }
}

#[test]
fn a_report_keeps_so_many_reasons() {
    let corp = corp();
    let mut failing = run(SyncState::Running, NOW);
    for n in 0..25 {
        let died = StepDied {
            run: OLD.into(),
            reason: format!("reason {n}"),
            errcode: None,
        };
        let mut facts = Facts::none(&corp);
        facts.sync = Some(failing.clone());
        let effects = decide(&Input::StepDied(&died), &facts, NOW).unwrap();
        failing = SyncRun {
            state: SyncState::Running,
            ..put(effects).remove(0)
        };
    }
    let expected: Vec<String> = (0..20).map(|n| format!("reason {n}")).collect();
    assert_eq!(failing.report.failures, expected);
}

#[test]
fn rows_that_cannot_be_read_are_counted() {
    let corp = corp();
    for (unreadable, reasons) in [(0, 0), (2, 1)] {
        let mut facts = Facts::none(&corp);
        facts.sync = Some(SyncRun {
            place: SyncPlace {
                phase: SyncPhase::ReadContacts,
                ..SyncPlace::default()
            },
            ..run(SyncState::Running, NOW)
        });
        facts.step.found = Found::Customers {
            customers: vec![],
            unreadable,
            next: Some("more".into()),
            names: TagNames::of([]),
        };
        let effects = effects(&OwnEvent::SyncStep { run: OLD.into() }, &facts);
        let report = effects.iter().find_map(|effect| match effect {
            Effect::PutSync(run) => Some(&run.report),
            _ => None,
        });
        let report = report.unwrap();
        assert_eq!(report.relations.failed, unreadable);
        assert_eq!(report.failures.len(), reasons);
    }
}

#[test]
fn a_part_ends_with_its_customers_and_the_whole_goes_on_with_groups() {
    let corp = corp();
    let part = SyncPart { number: 1, of: 24 };
    for (part, expected) in [(None, SyncPhase::ListGroups), (Some(part), SyncPhase::End)] {
        let mut facts = Facts::none(&corp);
        facts.sync = Some(SyncRun {
            request: SyncRequest {
                part,
                ..request(AskedBy::Schedule, SyncScope::All)
            },
            place: SyncPlace {
                phase: SyncPhase::SweepContacts,
                ..SyncPlace::default()
            },
            ..run(SyncState::Running, NOW)
        });
        facts.step.found = Found::Kept {
            looked_at: 0,
            without_member: 0,
            contacts: vec![],
            next: None,
        };
        let effects = effects(&OwnEvent::SyncStep { run: OLD.into() }, &facts);
        let run = effects.iter().find_map(|effect| match effect {
            Effect::PutSync(run) => Some(run),
            _ => None,
        });
        assert_eq!(run.unwrap().place.phase, expected, "{part:?}");
    }
}
