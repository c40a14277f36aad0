//! Settling an item together with all that follows from it.

use wecom_bridge::model::chat::Chat;
use wecom_bridge::model::delivery::{ItemId, Lane};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::ids::{ChatId, ExternalUserId, UserId};
use wecom_bridge::store::error::StoreError;
use wecom_bridge::store::item::{Settle, State};
use wecom_bridge::store::record::Record;

use crate::store_contract::ground::{
    Ground, LEASE, at, corp, put_visit, refresh, send, subjects, visit_key,
};

pub(crate) async fn effects_come_with_the_settlement(ground: Ground) {
    let id = ground.accept("wm1").await;
    let ticket = ground.claim_one(at(0)).await;
    assert!(ground.claim_calls(10, at(0)).await.is_empty());
    let effects = [
        put_visit("wm1", 1),
        send("lisi", Lane::Normal),
        refresh("wm2"),
        put_visit("wm2", 2),
        send("wangwu", Lane::Normal),
    ];
    ground.done(&ticket, &effects, at(5)).await.unwrap();

    let progress = ground.progress(&id).await;
    assert_eq!(
        (progress.state, progress.attempts, progress.settled_at),
        (State::Done, 1, Some(at(5)))
    );
    let records = [
        ground.record(visit_key("wm1")).await,
        ground.record(visit_key("wm2")).await,
    ];
    assert!(records[0].json.as_ref().unwrap().contains(r#""count":1"#));
    assert!(records[1].json.as_ref().unwrap().contains(r#""count":2"#));
    assert!(records[0].version > 0);
    let calls = ground.claim_calls(10, at(5)).await;
    let names: Vec<ItemId> = calls.iter().map(|call| call.ticket.id.clone()).collect();
    assert_eq!(names, [id.caused(0), id.caused(1)]);
    assert_eq!(subjects(&ground.claim(10, at(5)).await), ["wm2"]);
}

pub(crate) async fn a_refused_commit_changes_nothing(ground: Ground) {
    ground.accept("wm1").await;
    let lost = ground.claim_one(at(0)).await;
    let later = at(0).plus(LEASE + LEASE);
    let held = ground.claim_one(later).await;
    let effects = [
        put_visit("wm1", 1),
        send("lisi", Lane::Urgent),
        refresh("wm2"),
    ];
    let refused = ground.done(&lost, &effects, later).await;
    assert_eq!(refused, Err(StoreError::ClaimLost));
    untouched(&ground).await;
    ground.done(&held, &[], later).await.unwrap();
}

pub(crate) async fn a_stale_basis_changes_nothing(ground: Ground) {
    ground.decide(&[put_visit("there_before", 1)], at(0)).await;
    let id = ground.accept("wm9").await;
    let ticket = ground.claim_one(at(1)).await;
    let keys = [visit_key("there_before"), visit_key("not_there")];
    let basis = ground.store().read(corp(1), &keys).await.unwrap();
    let effects = [
        put_visit("wm1", 1),
        send("lisi", Lane::Normal),
        refresh("wm2"),
    ];
    let commit = async |basis: &[Record]| {
        ground
            .store()
            .commit(&ticket, Settle::Done, basis, &effects, at(3))
            .await
    };
    for change in ["there_before", "not_there"] {
        let changed = ground.store().read(corp(1), &keys).await.unwrap();
        ground.decide(&[put_visit(change, 2)], at(2)).await;
        assert_eq!(commit(&changed).await, Err(StoreError::Stale), "{change}");
        assert_eq!(commit(&basis).await, Err(StoreError::Stale), "{change}");
        untouched(&ground).await;
        assert_eq!(ground.progress(&id).await.state, State::Waiting);
    }
    let fresh = ground.store().read(corp(1), &keys).await.unwrap();
    commit(&fresh).await.unwrap();
    assert_eq!(ground.progress(&id).await.state, State::Done);
}

/// Nothing of what the refused effects above ask for is there.
async fn untouched(ground: &Ground) {
    assert_eq!(ground.record(visit_key("wm1")).await.json, None);
    assert!(ground.claim_calls(10, at(3)).await.is_empty());
    assert!(ground.claim(10, at(3)).await.is_empty());
}

pub(crate) async fn no_version_twice(ground: Ground) {
    let drop = Effect::DropGreeting(
        ExternalUserId::parse("wm1").unwrap(),
        UserId::parse("zhangsan").unwrap(),
    );
    let chat = ChatId::parse("wr1").unwrap();
    ground.decide(&[put_visit("wm1", 1)], at(0)).await;
    let first = ground.record(visit_key("wm1")).await;
    ground.decide(&[put_visit("wm1", 1)], at(1)).await;
    let second = ground.record(visit_key("wm1")).await;
    assert_eq!(first.json, second.json);
    assert!(first.version < second.version);

    // Dropping what is not there is no change of anything else.
    ground
        .decide(&[drop, Effect::DropChat(chat.clone())], at(2))
        .await;
    assert_eq!(ground.record(visit_key("wm1")).await, second);

    let key = wecom_bridge::store::record::Key::chat(&chat);
    let mut seen = vec![0];
    for round in 3..6 {
        ground
            .decide(&[Effect::PutChat(Chat::unread(chat.clone()))], at(round))
            .await;
        let there = ground.record(key.clone()).await;
        assert!(there.json.is_some());
        assert!(!seen.contains(&there.version), "{seen:?} {there:?}");
        seen.push(there.version);
        let dropped = [Effect::DropChat(chat.clone())];
        ground.decide(&dropped, at(round)).await;
        let gone = ground.record(key.clone()).await;
        assert_eq!((gone.version, gone.json), (0, None));
    }
}

pub(crate) async fn calls_keep_order_and_lanes(ground: Ground) {
    let first = ground
        .decide(
            &[
                send("a", Lane::Normal),
                send("b", Lane::Normal),
                send("c", Lane::Urgent),
                send("A", Lane::Normal),
            ],
            at(0),
        )
        .await;
    let calls = ground.claim_calls(10, at(0)).await;
    let names: Vec<_> = calls.iter().map(|call| call.ticket.id.clone()).collect();
    assert_eq!(names, [first.caused(2), first.caused(0), first.caused(1)]);

    // A call's own settlement can owe another, named after the call.
    let store = ground.store();
    let next = [send("d", Lane::Normal)];
    let settle = store.commit(&calls[1].ticket, Settle::Done, &[], &next, at(1));
    settle.await.unwrap();
    let calls = ground.claim_calls(10, at(1)).await;
    let names: Vec<_> = calls.iter().map(|call| call.ticket.id.clone()).collect();
    assert_eq!(names, [first.caused(3), first.caused(0).caused(0)]);
}
