//! Items that are erased, whatever their state.

use wecom_bridge::model::delivery::Lane;
use wecom_bridge::store::erase::Erased;
use wecom_bridge::store::error::StoreError;
use wecom_bridge::store::item::{Queue, Settle, State};

use crate::store_contract::ground::{Ground, at, corp, refresh, send, subjects};

pub(crate) async fn whatever_its_state_it_is_gone(ground: Ground) {
    let store = ground.store();
    let mut ids = Vec::new();
    for subject in ["done", "dead", "discarded", "retrying"] {
        ids.push(ground.accept(subject).await);
    }
    let claims = ground.claim(4, at(0)).await;
    let tickets: Vec<_> = claims.into_iter().map(|claim| claim.ticket).collect();
    ground.done(&tickets[0], &[], at(1)).await.unwrap();
    for ticket in &tickets[1..3] {
        let dead = store.commit(ticket, Settle::Dead("no"), &[], &[], at(1));
        dead.await.unwrap();
    }
    let discarded = store.discard(Queue::Inbox, &ids[2], "no", "me", at(1));
    assert!(discarded.await.unwrap());
    store
        .retry(&tickets[3], at(900), "busy", at(1))
        .await
        .unwrap();
    ids.push(ground.accept_in(Lane::Urgent, "urgent").await);
    ids.push(ground.accept("waiting").await);
    let stays = ground.accept("stays").await;
    for id in &ids {
        assert_eq!(store.erase(Queue::Inbox, id).await, Ok(Erased::Gone));
        assert_eq!(store.erase(Queue::Inbox, id).await, Ok(Erased::Gone));
        assert!(store.delivery(id).await.unwrap().is_none());
        assert!(!ground.replay(id).await);
    }
    let counts = store.counts(corp(1), Queue::Inbox, at(2)).await.unwrap();
    let open = (counts.waiting, counts.retrying, counts.dead);
    assert_eq!((open, counts.discarded, counts.done), ((1, 0, 0), 0, 0));
    let left = store.deliveries(corp(1), None, None, 9).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(
        (&left[0].id, left[0].progress.state),
        (&stays, State::Waiting)
    );
    assert_eq!(subjects(&ground.claim(9, at(1000)).await), ["stays"]);
    assert_eq!(store.trim(corp(1), at(9000), 9).await, Ok(0));
}

pub(crate) async fn what_is_in_work_stays(ground: Ground) {
    let store = ground.store();
    let id = ground.accept("wm1").await;
    let ticket = ground.claim_one(at(0)).await;
    assert_eq!(store.erase(Queue::Inbox, &id).await, Ok(Erased::InWork));
    ground
        .done(&ticket, &[send("lisi", Lane::Normal)], at(1))
        .await
        .unwrap();
    assert_eq!(store.erase(Queue::Inbox, &id).await, Ok(Erased::Gone));
    let call = store.outgoing(corp(1), None, None, 9).await.unwrap();
    let call = &call[0].id;
    assert_eq!(store.erase(Queue::Outbox, call).await, Ok(Erased::Gone));
    assert!(store.call(call).await.unwrap().is_none());
    assert!(ground.claim_calls(9, at(2)).await.is_empty());
}

pub(crate) async fn whoever_waits_for_it_goes_on(ground: Ground) {
    let store = ground.store();
    // Two that wait for the first of their subject, and a refresh behind it.
    ground.accept("wm1").await;
    let second = ground.accept("wm1").await;
    let third = ground.accept("wm1").await;
    let first = ground.claim_one(at(0)).await;
    assert!(ground.claim(9, at(0)).await.is_empty());
    ground.done(&first, &[], at(1)).await.unwrap();
    assert_eq!(store.erase(Queue::Inbox, &second).await, Ok(Erased::Gone));
    let next = ground.claim_one(at(2)).await;
    assert_eq!(next.id, third);
    let fourth = ground.accept("wm1").await;
    assert!(ground.claim(9, at(2)).await.is_empty());
    assert_eq!(store.erase(Queue::Inbox, &fourth).await, Ok(Erased::Gone));
    ground.done(&next, &[], at(3)).await.unwrap();
    assert!(ground.claim(9, at(3)).await.is_empty());
}

pub(crate) async fn an_erased_refresh_is_asked_for_anew(ground: Ground) {
    ground.decide(&[refresh("wm1")], at(0)).await;
    let list = ground.store().deliveries(corp(1), None, None, 1).await;
    let id = list.unwrap().remove(0).id;
    let erased = ground.store().erase(Queue::Inbox, &id).await;
    assert_eq!(erased, Ok(Erased::Gone));
    ground.decide(&[refresh("wm1")], at(1)).await;
    assert_ne!(ground.claim_one(at(2)).await.id, id);
}

pub(crate) async fn records_are_rewritten_with_their_basis(ground: Ground) {
    use crate::store_contract::ground::{put_visit, visit_key};

    let store = ground.store();
    ground
        .decide(&[put_visit("wm1", 1), put_visit("wm2", 1)], at(0))
        .await;
    let one = ground.record(visit_key("wm1")).await;
    let two = ground.record(visit_key("wm2")).await;
    let json = two
        .json
        .clone()
        .unwrap()
        .replace("\"count\":1", "\"count\":7");
    let changes = vec![(one, None), (two, Some(json.clone()))];
    let rewritten = store.rewrite(corp(1), Vec::new(), changes.clone(), &[], at(1));
    rewritten.await.unwrap();
    assert_eq!(ground.record(visit_key("wm1")).await.json, None);
    assert_eq!(ground.record(visit_key("wm2")).await.json, Some(json));
    let again = store.rewrite(corp(1), Vec::new(), changes, &[], at(2));
    assert_eq!(again.await, Err(StoreError::Stale));
}
