//! What the company's own systems are told of, and that no two things that happen share a message's id.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use wecom_bridge::callback::event::Event;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::fan_out::{self, Origin};
use wecom_bridge::decide::input::Input;
use wecom_bridge::model::delivery::{Delivery, ItemId, Kind, Lane, Source, Subject};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::grant::{Grant, GrantState};
use wecom_bridge::model::ids::{CorpId, ReceiverName, WebhookName};
use wecom_bridge::model::item::{Actor, Item};
use wecom_bridge::model::outgoing::{Call, Outgoing};
use wecom_bridge::model::thread::Comment;
use wecom_bridge::model::time::Timestamp;
use wecom_bridge::model::webhook::{Pattern, Subscription};

use crate::decide::{AT, NOW, customer, own, wm1};

fn before(millis: u64) -> Timestamp {
    NOW.minus(Duration::from_millis(millis))
}

fn after(millis: u64) -> Timestamp {
    NOW.plus(Duration::from_millis(millis))
}

fn item(id: &str, created_at: Timestamp, changed_at: Timestamp) -> Effect {
    let form = json!({
        "kind": "form", "id": id, "title": "保密", "state": "open", "owner": "Zhang", "owners": [],
        "created_at": created_at, "created_by": "system", "changed_at": changed_at, "changed_by": "admin",
        "fields": [], "steps": ["新建"],
    });
    Effect::PutItem(Box::new(serde_json::from_value::<Item>(form).unwrap()))
}

fn grant(state: GrantState, given_at: Timestamp, changed_at: Timestamp) -> Effect {
    Effect::PutGrant(Grant {
        contact: wm1(),
        item: "form:f1".parse().unwrap(),
        by: Actor::System,
        state,
        given_at,
        changed_at,
    })
}

fn comment(id: &str) -> Effect {
    Effect::PutComment(Comment {
        id: id.into(),
        item: "form:f1".parse().unwrap(),
        contact: wm1(),
        by: Actor::Contact(wm1()),
        text: "保密".into(),
        at: NOW,
    })
}

/// What a system that wants everything is owed.
fn owed(
    delivery: Option<(&ItemId, &Delivery)>,
    event: &Event,
    effects: &[Effect],
    now: Timestamp,
) -> Vec<Outgoing> {
    let corp = CorpId::parse("ww1").unwrap();
    let origin = Origin {
        corp: &corp,
        delivery,
    };
    let subscriptions = [Subscription {
        target: WebhookName::parse("erp").unwrap(),
        wants: vec![Pattern::parse("*").unwrap()],
    }];
    let input = Input::Event(event, AT);
    let owed = fan_out::owed(&subscriptions, &origin, &input, effects, now);
    let outgoing = |effect: Effect| match effect {
        Effect::Send(outgoing) => outgoing,
        other => panic!("{other:?}"),
    };
    owed.into_iter().map(outgoing).collect()
}

/// The id and the body of a message.
fn message(outgoing: Outgoing) -> (String, Value) {
    match outgoing.call {
        Call::Webhook(webhook) => (webhook.id, serde_json::from_str(&webhook.body).unwrap()),
        other => panic!("{other:?}"),
    }
}

/// Ids and bodies of the messages that these effects make.
fn messages(effects: &[Effect], now: Timestamp) -> Vec<(String, Value)> {
    let owed = owed(None, &own(&OwnEvent::RefreshTags), effects, now);
    owed.into_iter().map(message).collect()
}

#[track_caller]
fn assert_told(effect: Effect, expected: Option<&str>) {
    let case = format!("{effect:?}");
    let told = messages(&[effect], NOW);
    let types: Vec<&str> = told
        .iter()
        .map(|(_, body)| body["type"].as_str().unwrap())
        .collect();
    assert_eq!(types, Vec::from_iter(expected), "{case}");
}

#[test]
fn every_change_of_an_item_is_told_and_nothing_else() {
    for (created_at, changed_at, expected) in [
        (NOW, NOW, Some("item.created")),
        (AT, NOW, Some("item.changed")),
        // Every change has a time of its own, so one may lie ahead of the clock.
        (AT, after(1), Some("item.changed")),
        (NOW, after(1), Some("item.changed")),
        (after(500), after(501), Some("item.changed")),
        // Kept anew for what is nobody's business.
        (AT, before(1), None),
        (AT, AT, None),
    ] {
        assert_told(item("f1", created_at, changed_at), expected);
    }
}

#[test]
fn a_grant_is_told_for_what_became_of_it() {
    for (state, given_at, changed_at, expected) in [
        (GrantState::Pending, NOW, NOW, Some("item.shared")),
        // What a system gives needs no card.
        (GrantState::Confirmed, NOW, NOW, Some("item.shared")),
        (GrantState::Confirmed, AT, NOW, Some("item.share_confirmed")),
        (GrantState::Revoked, AT, NOW, Some("item.revoked")),
        (GrantState::Revoked, AT, after(1), Some("item.revoked")),
        // Given once more.
        (GrantState::Pending, NOW, AT, None),
        (GrantState::Confirmed, NOW, AT, None),
    ] {
        assert_told(grant(state, given_at, changed_at), expected);
    }
}

#[test]
fn a_message_has_the_id_of_what_it_tells_of() {
    let effects = [
        item("f1", NOW, NOW),
        item("f2", NOW, NOW),
        item("f1", NOW, after(1)),
        grant(GrantState::Confirmed, NOW, NOW),
        grant(GrantState::Revoked, NOW, after(1)),
        comment("c1"),
        comment("c2"),
    ];
    let told = messages(&effects, NOW);
    let ids: BTreeSet<&String> = told.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), effects.len(), "{told:?}");

    // Neither the place among others nor the time at which it is decided changes a message.
    let mut others = effects.to_vec();
    others.rotate_left(3);
    others.insert(0, item("f3", NOW, NOW));
    let again = messages(&others, before(1));
    for message in &told {
        assert!(again.contains(message), "{message:?}");
    }
}

#[test]
fn a_message_says_whom_it_is_about() {
    let record = json!({
        "kind": "record", "id": "r1", "title": "保密", "state": "open", "owner": "Zhang", "owners": [],
        "created_at": NOW, "created_by": "system", "changed_at": NOW, "changed_by": {"member": "Li"},
        "form": "f1", "contact": "wm1", "fields": [], "values": {}, "step": "新建", "steps": ["新建"],
    });
    let record = serde_json::from_value::<Item>(record).unwrap();
    for (effect, expected) in [
        (
            Effect::PutItem(Box::new(record)),
            json!({"corp": "ww1", "item": "record:r1", "external_userid": "wm1", "by": {"member": "Li"}}),
        ),
        (
            item("f1", NOW, NOW),
            json!({"corp": "ww1", "item": "form:f1", "by": "admin"}),
        ),
        (
            comment("c1"),
            json!({"corp": "ww1", "item": "form:f1", "external_userid": "wm1", "by": {"contact": "wm1"}}),
        ),
        (
            grant(GrantState::Pending, NOW, NOW),
            json!({"corp": "ww1", "item": "form:f1", "external_userid": "wm1", "by": "system"}),
        ),
    ] {
        let told = messages(&[effect], NOW);
        assert_eq!(told[0].1["data"], expected);
    }
}

#[test]
fn an_event_from_outside_is_told_with_its_subject() {
    let event = customer("edit_external_contact", "");
    let id = ItemId::new(CorpId::parse("ww1").unwrap(), "1-0");
    let delivery = |source| Delivery {
        receiver: ReceiverName::parse("customers").unwrap(),
        source,
        kind: Kind::new("change_external_contact/edit_external_contact"),
        subject: Subject::contact(&wm1()),
        lane: Lane::Normal,
        received_at: NOW,
        cause: None,
        xml: String::new(),
    };
    let told = |source| -> Vec<(String, Value)> {
        let owed = owed(Some((&id, &delivery(source))), &event, &[], NOW);
        owed.into_iter().map(message).collect()
    };
    let callback = told(Source::Callback);
    let expected = json!({
        "type": "change_external_contact.edit_external_contact",
        "timestamp": AT,
        "data": {
            "corp": "ww1",
            "event": id,
            "subject": "contact:wm1",
            "userid": "Zhang",
            "external_userid": "wm1",
        },
    });
    assert_eq!(callback[0].1, expected);
    assert_eq!(told(Source::Service), []);
}

#[test]
fn messages_to_one_system_take_four_lanes() {
    let effects: Vec<Effect> = (0..100).map(|n| item(&format!("f{n}"), NOW, NOW)).collect();
    let owed = owed(None, &own(&OwnEvent::RefreshTags), &effects, NOW);
    let lanes: BTreeSet<&str> = owed.iter().map(|it| it.subject.as_str()).collect();
    let expected = ["0", "1", "2", "3"].map(|lane| format!("webhook:erp/{lane}"));
    assert_eq!(Vec::from_iter(lanes), expected);
}
