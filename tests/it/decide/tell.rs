//! Who hears of what happens to an item: members, the customer, the cards that were sent.

mod cards;
mod contact;

use std::time::Duration;

use serde_json::json;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::facts::{CorpFacts, Facts};
use wecom_bridge::decide::input::Refusal;
use wecom_bridge::model::card::Card;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::grant::{Grant, GrantState};
use wecom_bridge::model::ids::UserId;
use wecom_bridge::model::item::{Actor, Item, ItemRef};
use wecom_bridge::model::outgoing::{Call, CardMessage};
use wecom_bridge::model::thread::{News, Thread};

use crate::decide::{AT, NOW, corp, decided, own, told, wm1};

fn r1() -> ItemRef {
    "record:r1".parse().unwrap()
}

/// A record of Zhang's that Li handles, which changed long ago.
fn record(state: &str) -> Item {
    let long_ago = AT.minus(Duration::from_secs(3600));
    let record = json!({
        "kind": "record", "id": "r1", "title": "报修", "state": state,
        "owner": "Zhang", "owners": [{"userid": "Zhang", "since": long_ago}], "followers": ["Zhao"],
        "created_at": long_ago, "created_by": "system",
        "changed_at": long_ago, "changed_by": "system",
        "form": "f1", "contact": "wm1", "fields": [], "values": {},
        "step": "待处理", "steps": ["待处理", "已完成"], "handler": "Li",
    });
    serde_json::from_value(record).unwrap()
}

fn thread() -> Thread {
    Thread {
        company_at: Some(AT),
        company_by: Some(UserId::parse("Li").unwrap()),
        ..Thread::new(r1(), wm1())
    }
}

/// The record, its conversation, and that the customer may see it.
fn facts(corp: &CorpFacts, thread: Thread) -> Facts<'_> {
    let mut facts = Facts::none(corp);
    facts.contact = Some(crate::decide::contact(&[("Zhang", AT)]));
    facts.items.push(record("open"));
    facts.threads.push(thread);
    facts.grants.push(Grant {
        contact: wm1(),
        item: r1(),
        by: Actor::System,
        state: GrantState::Confirmed,
        given_at: AT,
        changed_at: AT,
    });
    facts
}

/// The effects in a few words, or why there are none.
type Expected = Result<Vec<&'static str>, Refusal>;

#[track_caller]
fn assert_told(effects: &Result<Vec<Effect>, Refusal>, expected: &Expected, case: &str) {
    match (effects, expected) {
        (Ok(effects), Ok(expected)) => assert_eq!(told(effects), *expected, "{case}"),
        (Err(refusal), Err(expected)) => assert_eq!(refusal, expected, "{case}"),
        (effects, _) => panic!("{case}: {effects:?}"),
    }
}

fn sends(effects: &[Effect]) -> Vec<&Call> {
    let sends = effects.iter().filter_map(|effect| match effect {
        Effect::Send(outgoing) => Some(&outgoing.call),
        _ => None,
    });
    sends.collect()
}

fn kept(effects: &[Effect]) -> &Thread {
    let mut threads = effects.iter().filter_map(|effect| match effect {
        Effect::PutThread(thread) => Some(thread),
        _ => None,
    });
    threads.next().unwrap()
}

fn card(call: &Call) -> &CardMessage {
    match call {
        Call::Card(message) => message,
        other => panic!("{other:?}"),
    }
}

fn news(comments: u32, submissions: u32, answers: u32) -> News {
    News {
        comments,
        submissions,
        answers,
        follow_ups: 0,
    }
}

#[test]
fn members_are_told_once_and_what_follows_waits() {
    let corp = corp();
    let event = own(&OwnEvent::TellMembers {
        item: r1(),
        external_userid: wm1(),
    });
    let told_at = |ago: u64| Some(NOW.minus(Duration::from_secs(ago)));
    let later = |seconds| Err(Refusal::Later(Duration::from_secs(seconds)));
    let all = vec!["send card", "send card", "send card", "thread record:r1"];
    for (new, told_before, expected) in [
        (news(0, 0, 0), None, Ok(vec![])),
        (news(1, 0, 0), None, Ok(all.clone())),
        (news(0, 1, 0), told_at(300), Ok(all)),
        (news(1, 0, 0), told_at(299), later(1)),
        (news(1, 0, 0), told_at(0), later(300)),
    ] {
        let thread = Thread {
            for_members: new,
            members_told_at: told_before,
            ..thread()
        };
        let facts = facts(&corp, thread);
        let effects = decided(&event, &facts);
        assert_told(&effects, &expected, &format!("{new:?} {told_before:?}"));
        if let Ok(effects) = effects
            && !effects.is_empty()
        {
            let thread = kept(&effects);
            assert!(thread.for_members.is_none());
            assert_eq!(thread.members_told_at, Some(NOW));
            let sends = sends(&effects);
            let to: Vec<_> = sends
                .iter()
                .map(|call| card(call).touser.as_str())
                .collect();
            assert_eq!(to, ["Zhang", "Li", "Zhao"]);
            let ids: Vec<_> = sends.iter().map(|call| card(call).card.task_id()).collect();
            assert!(ids[0] != ids[1] && ids[1] != ids[2], "{ids:?}");
            assert_eq!(card(sends[0]).about, Some((r1(), wm1())));
        }
    }
    // An item that is gone is told of to nobody.
    let mut facts = facts(
        &corp,
        Thread {
            for_members: news(1, 0, 0),
            ..thread()
        },
    );
    facts.items.clear();
    assert_eq!(told(&decided(&event, &facts).unwrap()), [""; 0]);
}

#[test]
fn cards_offer_what_can_be_done() {
    let corp = corp();
    let event = own(&OwnEvent::TellMembers {
        item: r1(),
        external_userid: wm1(),
    });
    let told = |item: Item| {
        let thread = Thread {
            for_members: news(2, 1, 0),
            ..thread()
        };
        let mut facts = facts(&corp, thread);
        facts.items = vec![item];
        let effects = decided(&event, &facts).unwrap();
        let sends = sends(&effects);
        let cards = sends.iter().map(|call| match card(call).card.card() {
            Card::ButtonInteraction(card) => {
                let buttons = card.button_list.iter();
                let buttons: Vec<_> = buttons.map(|it| it.text.as_str()).collect();
                let title = card.main_title.clone();
                format!(
                    "{} {} {}",
                    title.title,
                    title.desc.unwrap(),
                    buttons.join("+")
                )
            }
            Card::TextNotice(card) => card.main_title.clone().unwrap().title,
            other => panic!("{other:?}"),
        });
        cards.collect::<Vec<_>>()
    };
    let all = "王女士提交了表单 1份提交，2条评论 我来处理+标记完成+查看并回复";
    let handler = "王女士提交了表单 1份提交，2条评论 标记完成+查看并回复";
    assert_eq!(told(record("open")), [all, handler, all]);
    let mut last = record("open");
    if let Item::Record(record) = &mut last {
        record.step = "已完成".into();
    }
    let handler = "王女士提交了表单 1份提交，2条评论 查看并回复";
    assert_eq!(told(last)[1], handler);
    assert_eq!(told(record("closed")), ["王女士提交了表单"; 3]);
}

/// An approval, and what wm1 has answered.
fn approval(answer: Option<(&str, &str)>) -> Item {
    let answer =
        answer.map(|(verdict, remark)| json!({"verdict": verdict, "remark": remark, "at": AT}));
    let approval = json!({
        "kind": "approval", "id": "a1", "title": "报价", "state": "open", "contact": "wm1",
        "owner": "Zhang", "owners": [], "created_at": AT, "created_by": "system",
        "changed_at": AT, "changed_by": "system", "answer": answer,
    });
    serde_json::from_value(approval).unwrap()
}

#[test]
fn a_card_says_what_happened_and_counts_the_rest() {
    let corp = corp();
    let agreed = || approval(Some(("agreed", "可以")));
    let declined = || approval(Some(("declined", "")));
    for (new, item, expected) in [
        (news(0, 0, 1), agreed(), "同意了 - 可以"),
        (news(0, 0, 2), agreed(), "同意了 2次答复 可以"),
        (news(0, 0, 1), declined(), "没有同意 - -"),
        (news(1, 0, 1), agreed(), "同意了 1次答复，1条评论 可以"),
        (
            news(1, 1, 1),
            agreed(),
            "同意了 1次答复，1份提交，1条评论 可以",
        ),
        // What was answered was told before.
        (news(1, 0, 0), agreed(), "发表了评论 - -"),
        (news(2, 0, 0), approval(None), "发表了评论 2条评论 -"),
        (news(1, 0, 0), record("open"), "发表了评论 - -"),
        (news(0, 1, 0), record("open"), "提交了表单 - -"),
        (
            news(2, 1, 0),
            record("open"),
            "提交了表单 1份提交，2条评论 -",
        ),
    ] {
        let item_ref = item.item_ref();
        let mut facts = facts(&corp, thread());
        facts.threads[0].item = item_ref.clone();
        facts.threads[0].for_members = new;
        facts.grants[0].item = item_ref.clone();
        facts.items = vec![item];
        let event = own(&OwnEvent::TellMembers {
            item: item_ref,
            external_userid: wm1(),
        });
        let effects = decided(&event, &facts).unwrap();
        let Card::ButtonInteraction(card) = card(sends(&effects)[0]).card.card() else {
            panic!("{effects:?}")
        };
        let quoted = card.quote_area.as_ref();
        let quoted = quoted.and_then(|quote| quote.quote_text.as_deref());
        let said = format!(
            "{} {} {}",
            card.main_title.title,
            card.main_title.desc.as_deref().unwrap_or("-"),
            quoted.unwrap_or("-")
        );
        assert_eq!(said, format!("王女士{expected}"));
    }
}
