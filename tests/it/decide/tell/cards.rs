//! Cards that were sent about an item: they follow it, and their buttons act.

use std::time::Duration;

use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::decide;
use wecom_bridge::decide::facts::Facts;
use wecom_bridge::decide::input::{Input, Refusal};
use wecom_bridge::model::effect::{Effect, SentCard};
use wecom_bridge::model::ids::UserId;
use wecom_bridge::model::item::Item;
use wecom_bridge::model::outgoing::{Answer, Call, CardMessage, OneTimeCode, Outcome, Receipt};
use wecom_bridge::model::thread::Thread;

use crate::decide::tell::{Expected, assert_told, card, facts, news, r1, sends, thread};
use crate::decide::{NOW, callback, corp, decided, own, told, wm1, zhang};

/// The card that a member was sent about the record as it is, and its code of so long ago.
fn sent_card(userid: &str, facts: &Facts<'_>, age: Duration) -> SentCard {
    let event = own(&OwnEvent::TellMembers {
        item: r1(),
        external_userid: wm1(),
    });
    let effects = decided(&event, facts).unwrap();
    let sends = sends(&effects);
    let message = sends.iter().map(|call| card(call));
    let mut message = message.filter(|card| card.touser.as_str() == userid);
    let call = Call::Card(message.next().unwrap().clone());
    let outcome = Outcome::Done(Answer::CardSent {
        response_code: Some(OneTimeCode::new("R")),
    });
    let receipt = Receipt { call, outcome };
    let effects = decide(&Input::Receipt(&receipt), facts, NOW).unwrap();
    let [Effect::PutCard(card)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(card.about, Some((r1(), wm1())));
    SentCard {
        sent_at: NOW.minus(age),
        ..card.clone()
    }
}

#[test]
fn a_card_changes_when_it_shows_something_else() {
    let corp = corp();
    let hour = Duration::from_secs(3600);
    let event = own(&OwnEvent::ItemChanged { item: r1() });
    let later = |seconds| Err(Refusal::Later(Duration::from_secs(seconds)));
    let changed = vec!["card None", "send update_card"];
    type Change = fn(&mut Item);
    let handed_over: Change = |item| item.head_mut().owner = UserId::parse("Li").unwrap();
    let just_now: Change = |item| {
        item.head_mut().owner = UserId::parse("Li").unwrap();
        item.head_mut().changed_at = NOW.minus(Duration::from_secs(4));
    };
    type Case = (&'static str, Duration, Change, Expected);
    let table: Vec<Case> = vec![
        ("nothing", hour, |_| {}, Ok(vec![])),
        (
            "a text",
            hour,
            |item| item.head_mut().description = "x".into(),
            Ok(vec![]),
        ),
        ("the owner", hour, handed_over, Ok(changed.clone())),
        ("the owner, now", hour, just_now, later(6)),
        (
            "the owner, too late",
            72 * hour,
            handed_over,
            Ok(vec!["item:record:r1", "card None"]),
        ),
        ("the step", hour, |item| step(item, "已完成"), Ok(changed)),
    ];
    for (case, age, change, expected) in table {
        let thread = Thread {
            for_members: news(1, 0, 0),
            ..thread()
        };
        let mut facts = facts(&corp, thread);
        let card = sent_card("Zhang", &facts, age);
        let before = card.shows.clone();
        facts.cards_about.push(card);
        change(&mut facts.items[0]);
        let effects = decided(&event, &facts);
        assert_told(&effects, &expected, case);
        for effect in effects.unwrap_or_default() {
            if let Effect::PutCard(card) = effect {
                assert!(card.response_code.is_none(), "{case}");
                assert_ne!(card.shows, before, "{case}");
                assert_eq!(card.shows.is_some(), age < 72 * hour, "{case}");
            }
        }
    }
    // However restless the item is, its cards wait a minute at most.
    let mut facts = facts(
        &corp,
        Thread {
            for_members: news(1, 0, 0),
            ..thread()
        },
    );
    let card = sent_card("Zhang", &facts, hour);
    facts.cards_about.push(card);
    just_now(&mut facts.items[0]);
    let since = NOW.minus(Duration::from_secs(60));
    let effects = decide(&Input::Event(&event, since), &facts, NOW).unwrap();
    assert_eq!(told(&effects), ["card None", "send update_card"]);
}

fn step(item: &mut Item, step: &str) {
    if let Item::Record(record) = item {
        record.step = step.into();
    }
}

#[test]
fn a_card_that_arrives_late_catches_up() {
    let corp = corp();
    let mut facts = facts(
        &corp,
        Thread {
            for_members: news(1, 0, 0),
            ..thread()
        },
    );
    let card = sent_card("Zhang", &facts, Duration::ZERO);
    let message = CardMessage {
        touser: zhang(),
        card: card.shows.unwrap().card,
        about: card.about,
        contact: None,
    };
    let outcome = Outcome::Done(Answer::CardSent {
        response_code: Some(OneTimeCode::new("R")),
    });
    let receipt = Receipt {
        call: Call::Card(message),
        outcome,
    };
    step(&mut facts.items[0], "已完成");
    let effects = decide(&Input::Receipt(&receipt), &facts, NOW).unwrap();
    assert_eq!(told(&effects), ["card None", "item:record:r1"]);
}

#[test]
fn a_press_acts_even_before_its_card_is_known() {
    let corp = corp();
    let press = |key: &str| {
        let fields = format!(
            "<Event>template_card_event</Event><EventKey>{key}</EventKey><TaskId>t1</TaskId>\
             <ResponseCode>R</ResponseCode>"
        );
        callback(&fields)
    };
    let mut facts = facts(&corp, thread());
    // The event's sender owns the record.
    facts.items[0].head_mut().owner = UserId::parse("sys").unwrap();
    for (key, expected) in [
        (
            "done record:r1 wm1",
            vec![
                "item record:r1",
                "item:record:r1",
                "thread record:r1",
                "remind-contact:record:r1 wm1",
                "card Some(\"done record:r1 wm1\")",
                "send update_card",
            ],
        ),
        (
            "done record:r2 wm1",
            vec!["card Some(\"done record:r2 wm1\")", "send update_card"],
        ),
        (
            "take record:r1 wm1",
            vec!["card Some(\"take record:r1 wm1\")", "send update_card"],
        ),
    ] {
        let effects = decided(&press(key), &facts).unwrap();
        let words = told(&effects);
        let shelves = |word: &String| !word.contains(" on ") && !word.contains(" off ");
        let words: Vec<_> = words.into_iter().filter(shelves).collect();
        assert_eq!(words, expected, "{key}");
    }
}
