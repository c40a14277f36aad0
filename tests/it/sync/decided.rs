//! What is decided about syncs, as tables: what is asked for and what is known → what follows.

use std::time::Duration;

use url::Url;
use wecom_bridge::callback::event;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::facts::{
    Authorised, AutoSync, CorpFacts, Facts, LinkWriting, Need, SidebarCard,
};
use wecom_bridge::decide::found::{CustomerFound, Found};
use wecom_bridge::decide::input::{Input, StepDied};
use wecom_bridge::decide::sync::{id, misses_chat, misses_contact, misses_member};
use wecom_bridge::decide::{decide, needs};
use wecom_bridge::model::chat::Chat;
use wecom_bridge::model::contact::{Contact, FollowUser, Tag};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::ids::{ChatId, ExternalUserId, UserId};
use wecom_bridge::model::member::Member;
use wecom_bridge::model::sync::{
    AskedBy, Counted, Sighted, Sighting, SyncBatch, SyncMode, SyncPart, SyncPhase, SyncPlace,
    SyncReport, SyncRequest, SyncRun, SyncScope, SyncState,
};
use wecom_bridge::model::tag::{CorpTag, TagGroup, TagNames};
use wecom_bridge::model::time::Timestamp;

const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);
const OLD: &str = "1789999000000";

fn corp() -> CorpFacts {
    CorpFacts {
        home: Url::parse("https://bridge.example/home?tenantKey=team1").unwrap(),
        auto_sync: AutoSync::On,
        sidebar_card: SidebarCard::On,
        links: LinkWriting::ByService,
        authorised: Authorised::ALL,
        bundle: Duration::from_secs(300),
        reminders: None,
    }
}

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
    let member = |visible| Member {
        userid: zhang.clone(),
        name: String::new(),
        department: vec![],
        status: 1,
        position: None,
        visible,
        changed_at: NOW,
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

fn tag(tag_id: Option<&str>, name: &str, kind: i64) -> Tag {
    Tag {
        tag_id: tag_id.map(Into::into),
        group_name: if name.is_empty() { "" } else { "组" }.into(),
        tag_name: name.into(),
        kind,
    }
}

fn contact(userid: &str, remark: &str, tags: Vec<Tag>) -> Contact {
    Contact {
        external_userid: ExternalUserId::parse("wm1").unwrap(),
        name: "王".into(),
        kind: 1,
        gender: 0,
        avatar: None,
        unionid: None,
        position: None,
        corp_name: None,
        follow_users: vec![FollowUser {
            userid: UserId::parse(userid).unwrap(),
            remark: remark.into(),
            description: String::new(),
            remark_corp_name: None,
            remark_mobiles: Vec::new(),
            createtime: NOW,
            tags,
            add_way: 1,
            oper_userid: None,
            state: None,
            deleted_by_contact_at: None,
        }],
        changed_at: NOW.minus(Duration::from_secs(3600)),
    }
}

/// A page with one row about one contact: what is written, and what else is asked for.
fn paged(row: Contact, kept: Option<Contact>) -> (Option<Contact>, Vec<String>) {
    let corp = corp();
    let mut facts = Facts::none(&corp);
    let mut run = run(SyncState::Running, NOW);
    run.place.phase = SyncPhase::ReadContacts;
    facts.sync = Some(run);
    facts.step.batch = Some(SyncBatch {
        key: format!("{OLD} f 0"),
        ids: vec!["Zhang".into()],
    });
    let tag = |tag_id: &str, tag_name: &str| CorpTag {
        tag_id: tag_id.into(),
        tag_name: tag_name.into(),
        order: 0,
        create_time: NOW,
        deleted_at: None,
    };
    let groups = [TagGroup {
        group_id: "g1".into(),
        group_name: "组".into(),
        order: 0,
        create_time: NOW,
        tags: vec![tag("et1", "一"), tag("et2", "二")],
        deleted_at: None,
        changed_at: NOW,
    }];
    facts.step.found = Found::Customers {
        customers: vec![CustomerFound {
            rows: vec![row],
            kept,
            sighting: None,
            greetings: vec![],
            endings: vec![],
        }],
        unreadable: 0,
        next: None,
        names: TagNames::of(groups),
    };
    let step = OwnEvent::SyncStep { run: OLD.into() };
    let (_, delivery) = step.delivery(NOW);
    let event = event::parse(delivery.source, &delivery.xml).unwrap();
    let effects = decide(&Input::Event(&event, NOW), &facts, NOW).unwrap();
    let mut written = None;
    let mut asked = Vec::new();
    for effect in effects {
        match effect {
            Effect::PutContact(contact) => written = Some(contact),
            Effect::Refresh(delivery) => asked.push(delivery.kind.to_string()),
            _ => {}
        }
    }
    (written, asked)
}

#[test]
fn a_page_names_tags_by_id_and_leaves_personal_ones_alone() {
    let (one, two) = (tag(Some("et1"), "一", 1), tag(Some("et2"), "二", 1));
    let own = tag(None, "自己的", 2);
    let of_a_rule = tag(Some("etRule"), "规则", 3);
    let bare = |id: &str| tag(Some(id), "", 0);
    let old = tag(Some("et1"), "旧名", 1);
    for (listed, kept, expected) in [
        (vec![bare("et1")], None, Some(vec![one.clone()])),
        (
            vec![bare("et2"), bare("et1")],
            Some(vec![one.clone(), two.clone()]),
            None,
        ),
        (
            vec![bare("et1")],
            Some(vec![one.clone(), own.clone()]),
            None,
        ),
        (
            vec![],
            Some(vec![one.clone(), own.clone()]),
            Some(vec![own]),
        ),
        (vec![bare("et1")], Some(vec![old]), Some(vec![one.clone()])),
        (vec![bare("etRule")], Some(vec![of_a_rule]), None),
        (
            vec![bare("etNew")],
            None,
            Some(vec![tag(Some("etNew"), "", 3)]),
        ),
    ] {
        let kept = kept.map(|tags| contact("Zhang", "", tags));
        let (written, _) = paged(contact("Zhang", "", listed.clone()), kept);
        let tags = written.map(|contact| contact.follow_users[0].tags.clone());
        assert_eq!(tags, expected, "{listed:?}");
    }
}

#[test]
fn a_page_tells_of_one_relation_and_leaves_the_others() {
    let kept = contact("Li", "李的", vec![]);
    let (written, asked) = paged(contact("Zhang", "张的", vec![]), Some(kept.clone()));
    let remarks = written.map(|contact| {
        let follows = contact.follow_users.into_iter();
        follows.map(|follow| follow.remark).collect::<Vec<_>>()
    });
    assert_eq!(remarks, Some(vec!["李的".into(), "张的".into()]));
    assert_eq!(asked, ["sync_step"]);
    let spelled_otherwise = contact("LI", "李的", vec![]);
    let written = paged(spelled_otherwise, Some(kept)).0.unwrap();
    let follows: Vec<_> = written
        .follow_users
        .iter()
        .map(|it| it.userid.as_str())
        .collect();
    assert_eq!(follows, ["LI"]);
}

#[test]
fn what_another_hand_has_just_written_is_read_by_itself() {
    let just_written = Contact {
        changed_at: NOW.minus(Duration::from_secs(10)),
        ..contact("Zhang", "新", vec![])
    };
    let (written, asked) = paged(contact("Zhang", "旧", vec![]), Some(just_written.clone()));
    assert_eq!(written, None);
    assert_eq!(asked, ["refresh_contact", "sync_step"]);
    let same = paged(contact("Zhang", "新", vec![]), Some(just_written));
    assert_eq!(same, (None, vec!["sync_step".to_owned()]));
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
