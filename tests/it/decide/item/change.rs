//! The company goes on with an item.

use serde_json::json;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::rejection::{Denied, Rejection, Wrong};
use wecom_bridge::decide::request::{Advance, Command};
use wecom_bridge::model::item::{Actor, Circle, Item, ItemState};
use wecom_bridge::model::member::Member;
use wecom_bridge::model::thread::{News, Thread};

use crate::decide::item::{
    asked, by, closed, invalid, item, items, key, made, office, project, record, threads, user, wm2,
};
use crate::decide::{corp, decided, member, own, told, wm1, zhang};

fn li() -> Member {
    Member {
        userid: user("Li"),
        ..member(true)
    }
}

fn seen_by(circle: Circle, mut item: Item) -> Item {
    item.head_mut().circle = circle;
    item
}

#[test]
fn an_item_is_changed_by_those_who_work_on_it() {
    let corp = corp();
    let not_theirs = Err(Rejection::NotAllowed(Denied::NotTheirItem));
    for (by, circle, expected) in [
        (Actor::System, Circle::Followers, Ok(())),
        (Actor::Admin, Circle::Followers, Ok(())),
        (by("Zhang"), Circle::Followers, Ok(())),
        (by("Li"), Circle::Corp, not_theirs),
        // Who does not see it is not told that it is there.
        (by("Li"), Circle::Followers, Err(Rejection::NotFound)),
        (
            Actor::Contact(wm1()),
            Circle::Corp,
            Err(Rejection::NotFound),
        ),
    ] {
        let mut facts = office(&corp);
        facts.items.push(seen_by(circle, project()));
        let close = Command::SetState(item("project:p1"), ItemState::Closed);
        let done = asked(&by, close, &facts).map(|effects| {
            assert_eq!(told(&effects), ["item project:p1", "item:project:p1"]);
        });
        assert_eq!(done, expected, "{by:?} {circle:?}");
    }
}

#[test]
fn what_a_customer_sees_of_a_record_is_news_to_them_alone() {
    let corp = corp();
    let mut facts = office(&corp);
    facts.items.push(record());
    let begun = |reference: &str, contact, follow_ups| Thread {
        for_contact: News {
            follow_ups,
            ..News::default()
        },
        ..Thread::new(item(reference), contact)
    };
    facts.threads.push(begun("record:r1", wm2(), 5));
    facts.threads.push(begun("record:r2", wm1(), 7));
    facts.threads.push(begun("record:r1", wm1(), 2));
    let advance = |step: Option<&str>, follow_up: Option<&str>, internal| {
        Command::Advance(Advance {
            record: key("r1"),
            seen: None,
            step: step.map(str::to_owned),
            handler: None,
            follow_up: follow_up.map(str::to_owned),
            internal,
        })
    };
    for (command, expected) in [
        (advance(Some("已完成"), None, false), Some(3)),
        (advance(None, Some("修好了"), false), Some(3)),
        (advance(Some("已完成"), Some("客户较急"), true), Some(3)),
        (advance(None, Some("客户较急"), true), None),
        (advance(Some("待处理"), None, false), None),
    ] {
        let case = format!("{command:?}");
        let effects = asked(&by("Zhang"), command, &facts).unwrap();
        let news = threads(&effects).first().map(|thread| {
            assert_eq!(
                (&thread.item, &thread.contact),
                (&item("record:r1"), &wm1())
            );
            thread.for_contact.follow_ups
        });
        assert_eq!(news, expected, "{case}");
    }
}

#[test]
fn what_is_theirs_on_a_page_is_handed_over_and_nothing_else() {
    let corp = corp();
    let theirs = |reference: &str, owner: &str, handler: &str| {
        let own = json!({
            "owner": owner, "form": "f1", "fields": [], "values": {},
            "step": "待处理", "steps": ["待处理"], "handler": handler,
        });
        made(reference, own)
    };
    let mut facts = office(&corp);
    facts.item_page.items = vec![
        theirs("record:r1", "Zhang", "Wu"),
        theirs("record:r2", "Wu", "Zhang"),
        theirs("record:r3", "Wu", "Wu"),
        closed(theirs("record:r4", "Zhang", "Zhang")),
    ];
    facts.item_page.next = Some("record:r4".into());
    let hand_over = |after| OwnEvent::HandOver {
        from: zhang(),
        to: user("Li"),
        by: Actor::System,
        after,
    };
    let effects = decided(&own(&hand_over(None)), &facts).unwrap();
    let given = items(&effects).into_iter().map(|item| {
        let Item::Record(record) = item else {
            panic!("{item:?}")
        };
        let handler = record.handler.as_ref().unwrap();
        format!("{} {} {handler}", record.head.id, record.head.owner)
    });
    assert_eq!(given.collect::<Vec<_>>(), ["r1 Li Wu", "r2 Wu Li"]);
    // A page without anything of theirs still leads to the next.
    facts.item_page.items = vec![theirs("record:r3", "Wu", "Wu")];
    let effects = decided(&own(&hand_over(None)), &facts).unwrap();
    assert_eq!(effects.len(), 1, "{effects:?}");
    facts.item_page.next = None;
    let effects = decided(&own(&hand_over(None)), &facts).unwrap();
    assert_eq!(told(&effects), [""; 0]);
}

#[test]
fn members_follow_for_themselves_what_they_see() {
    let corp = corp();
    let (everybodys, secret) = (Circle::Corp, Circle::Followers);
    let nobody = || invalid("follower", Wrong::NotAMember);
    for (by, userid, circle, expected) in [
        (by("Wu"), "Wu", everybodys, Ok(vec!["item project:p1"])),
        (by("Wu"), "Wu", secret, Err(Rejection::NotFound)),
        (
            by("Wu"),
            "Li",
            everybodys,
            Err(Rejection::NotAllowed(Denied::NotTheirItem)),
        ),
        (by("Zhang"), "Li", secret, Ok(vec!["item project:p1"])),
        (by("Zhang"), "Wu", everybodys, nobody()),
        (Actor::System, "Li", secret, Ok(vec!["item project:p1"])),
        (Actor::System, "Wu", everybodys, nobody()),
    ] {
        let mut facts = office(&corp);
        facts.people.push(li());
        facts.items.push(seen_by(circle, project()));
        let follow = Command::Follow(item("project:p1"), user(userid), true);
        let done = asked(&by, follow, &facts);
        let done = done.map(|effects| told(&effects));
        let expected = expected.map(|words| words.into_iter().map(str::to_owned).collect());
        assert_eq!(done, expected, "{by:?} {userid} {circle:?}");
    }
}

#[test]
fn an_item_has_only_so_many_followers() {
    let corp = corp();
    let full = || invalid("followers", Wrong::TooMany(50));
    for (before, on, expected) in [
        (49, true, Ok(50)),
        (50, true, full()),
        (51, true, full()),
        (50, false, Ok(49)),
    ] {
        let mut facts = office(&corp);
        let mut followed = project();
        let names = (0..before).map(|n| user(&format!("m{n}")));
        followed.head_mut().followers = names.collect();
        facts.items.push(followed);
        let who = match on {
            true => "Li",
            false => "m0",
        };
        let follow = Command::Follow(item("project:p1"), user(who), on);
        let done = asked(&by(who), follow, &facts);
        let done = done.map(|effects| items(&effects)[0].head().followers.len());
        assert_eq!(done, expected, "{before} {on}");
    }
}
