//! Reminders of customers, and what becomes of them.

use std::time::Duration;

use wecom_bridge::callback::event::Event;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::decide;
use wecom_bridge::decide::facts::{CorpFacts, Facts, Reminders};
use wecom_bridge::decide::input::{Input, Refusal};
use wecom_bridge::model::card::Card;
use wecom_bridge::model::follower::Follower;
use wecom_bridge::model::grant::{GrantState, Seen};
use wecom_bridge::model::ids::OpenId;
use wecom_bridge::model::outgoing::{Answer, Call, Outcome, Receipt};
use wecom_bridge::model::quiet::QuietHours;
use wecom_bridge::model::reminder::Reminder;
use wecom_bridge::model::thread::{News, Reminded, Thread};
use wecom_bridge::model::time::Timestamp;

use crate::decide::tell::{Expected, assert_told, card, facts, kept, news, r1, sends, thread};
use crate::decide::{AT, NOW, corp, decided, own, wm1};

const BUNDLE: Duration = Duration::from_secs(300);

/// Reminders with a window of 300 s, quiet at these hours by Beijing's clock, where it is 06:13.
fn reminders(quiet: Option<(u64, u64)>) -> CorpFacts {
    let hour = |hour| Duration::from_secs(hour * 3600);
    let reminders = Reminders {
        bundle: BUNDLE,
        quiet: quiet.and_then(|(from, to)| QuietHours::new(hour(from), hour(to))),
    };
    CorpFacts {
        reminders: Some(reminders),
        ..corp()
    }
}

fn follower(following: bool) -> Follower {
    Follower {
        openid: OpenId::parse("oWang").unwrap(),
        unionid: None,
        following,
        since: AT,
        told_at: AT,
    }
}

fn remind() -> Event {
    own(&OwnEvent::RemindContact {
        item: r1(),
        external_userid: wm1(),
    })
}

#[test]
fn a_customer_is_reminded_if_there_is_a_way_and_a_reason() {
    let before = |seconds| NOW.minus(Duration::from_secs(seconds));
    let later = |seconds| Err(Refusal::Later(Duration::from_secs(seconds)));
    let (reminded, nudged) = (
        vec!["send remind", "thread record:r1"],
        vec!["send card", "thread record:r1"],
    );
    let settled = vec!["thread record:r1"];
    // Quiet hours end at 08:00, which is 6397 seconds from now.
    let (loud, quiet, none) = (reminders(None), reminders(Some((22, 8))), corp());
    type Change = fn(&mut Facts<'_>);
    let nothing: Change = |_| {};
    type Case<'a> = (
        &'a str,
        &'a CorpFacts,
        Option<bool>,
        Option<Timestamp>,
        Change,
        Expected,
    );
    let table: Vec<Case<'_>> = vec![
        (
            "a follower",
            &loud,
            Some(true),
            None,
            nothing,
            Ok(reminded.clone()),
        ),
        (
            "again",
            &loud,
            Some(true),
            Some(before(300)),
            nothing,
            Ok(reminded),
        ),
        (
            "too soon",
            &loud,
            Some(true),
            Some(before(100)),
            nothing,
            later(200),
        ),
        ("at night", &quiet, Some(true), None, nothing, later(6397)),
        (
            "no follower any more",
            &loud,
            Some(false),
            None,
            nothing,
            Ok(nudged.clone()),
        ),
        (
            "a stranger, at night",
            &quiet,
            None,
            None,
            nothing,
            Ok(nudged.clone()),
        ),
        ("no account", &none, Some(true), None, nothing, Ok(nudged)),
        (
            "nudged a moment ago",
            &none,
            None,
            Some(before(100)),
            nothing,
            later(200),
        ),
        (
            "seen since",
            &loud,
            Some(true),
            None,
            |facts| facts.seen = Some(seen(AT.plus(BUNDLE))),
            Ok(settled.clone()),
        ),
        (
            "seen before",
            &loud,
            Some(true),
            Some(before(100)),
            |facts| facts.seen = Some(seen(AT)),
            later(200),
        ),
        (
            "taken back",
            &loud,
            Some(true),
            None,
            |facts| facts.grants[0].state = GrantState::Revoked,
            Ok(settled),
        ),
        (
            "nothing new",
            &loud,
            Some(true),
            None,
            |facts| facts.threads[0].for_contact = News::default(),
            Ok(vec![]),
        ),
    ];
    for (case, corp, following, told_before, change, expected) in table {
        let thread = Thread {
            for_contact: news(2, 0, 0),
            contact_told_at: told_before,
            ..thread()
        };
        let mut facts = facts(corp, thread);
        facts.follower = following.map(follower);
        change(&mut facts);
        let effects = decided(&remind(), &facts);
        assert_told(&effects, &expected, case);
        if let Ok(effects) = effects
            && !effects.is_empty()
        {
            let thread = kept(&effects);
            assert!(thread.for_contact.is_none(), "{case}");
            let (told_at, ended) = match sends(&effects)[..] {
                [] => (None, None),
                [Call::Remind(_)] => (Some(NOW), None),
                _ => (Some(NOW), Some(Reminded::NoChannel)),
            };
            assert_eq!(
                (thread.contact_told_at, thread.reminder),
                (told_at, ended),
                "{case}"
            );
        }
    }
}

fn seen(at: Timestamp) -> Seen {
    Seen {
        contact: wm1(),
        item: r1(),
        at,
    }
}

fn reminder() -> Reminder {
    let corp = reminders(None);
    let thread = Thread {
        for_contact: news(2, 0, 0),
        ..thread()
    };
    let mut facts = facts(&corp, thread);
    facts.follower = Some(follower(true));
    let effects = decided(&remind(), &facts).unwrap();
    match sends(&effects)[..] {
        [Call::Remind(reminder)] => reminder.clone(),
        _ => panic!("{effects:?}"),
    }
}

#[test]
fn a_reminder_says_what_happened() {
    let reminder = reminder();
    let said = (
        reminder.openid.as_str(),
        reminder.title.as_str(),
        reminder.text.as_str(),
        reminder.member.as_str(),
        reminder.at,
    );
    assert_eq!(said, ("oWang", "报修", "您有2条新的回复", "Li", AT));
    let page = "https://bridge.example/home/record/r1?tenantKey=team1";
    assert_eq!(reminder.url, page);
    assert_eq!(reminder.client_msg_id.len(), 32);
    let call = Call::Remind(reminder.clone());
    let stored = serde_json::to_string(&call).unwrap();
    assert!(
        matches!(serde_json::from_str(&stored).unwrap(), Call::Remind(read) if read == reminder)
    );
}

#[test]
fn how_a_reminder_ended_is_kept() {
    let corp = reminders(None);
    let failed = Outcome::Failed {
        reason: "refused".into(),
        errcode: Some(47003),
    };
    for (outcome, ended, nudge) in [
        (Outcome::Done(Answer::Reminded), Reminded::Sent, None),
        (
            Outcome::Done(Answer::NotFollowing),
            Reminded::NoChannel,
            Some("客户未关注服务号，请从工具栏发送"),
        ),
        (
            Outcome::TooLate,
            Reminded::Failed,
            Some("服务号提醒未能发出，请从工具栏发送"),
        ),
        (
            failed,
            Reminded::Failed,
            Some("服务号提醒未能发出，请从工具栏发送"),
        ),
    ] {
        let call = Call::Remind(reminder());
        let receipt = Receipt { call, outcome };
        // Something else has happened meanwhile.
        let thread = Thread {
            for_contact: news(1, 0, 0),
            ..thread()
        };
        let facts = facts(&corp, thread);
        let effects = decide(&Input::Receipt(&receipt), &facts, NOW).unwrap();
        let thread = kept(&effects);
        assert_eq!(thread.reminder, Some(ended), "{receipt:?}");
        assert_eq!(thread.for_contact.comments, 1);
        let sends = sends(&effects);
        let nudges: Vec<_> = sends.iter().map(|call| card(call)).collect();
        let says = nudges.iter().map(|card| match card.card.card() {
            Card::TextNotice(card) => card.main_title.clone().unwrap().desc.unwrap(),
            other => panic!("{other:?}"),
        });
        assert_eq!(
            says.collect::<Vec<_>>(),
            Vec::from_iter(nudge),
            "{receipt:?}"
        );
        assert!(nudges.iter().all(|card| card.touser.as_str() == "Li"));
    }
}
