//! Items that are erased, whatever their state.

use std::time::Duration;

use wecom_bridge::model::delivery::{ItemId, Lane, Source};
use wecom_bridge::store::erase::Erased;
use wecom_bridge::store::error::StoreError;
use wecom_bridge::store::item::{Queue, Settle, State};

use crate::store_contract::ground::{Ground, LEASE, at, corp, refresh, send, subjects};
use crate::store_contract::refresh::read;

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
        assert_eq!(store.erase(Queue::Inbox, id, at(1)).await, Ok(Erased::Gone));
        assert_eq!(store.erase(Queue::Inbox, id, at(1)).await, Ok(Erased::Gone));
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
    assert_eq!(
        store.erase(Queue::Inbox, &id, at(1)).await,
        Ok(Erased::InWork)
    );
    ground
        .done(&ticket, &[send("lisi", Lane::Normal)], at(1))
        .await
        .unwrap();
    assert_eq!(
        store.erase(Queue::Inbox, &id, at(1)).await,
        Ok(Erased::Gone)
    );
    let call = store.outgoing(corp(1), None, None, 9).await.unwrap();
    let call = &call[0].id;
    assert_eq!(
        store.erase(Queue::Outbox, call, at(1)).await,
        Ok(Erased::Gone)
    );
    assert!(store.call(call).await.unwrap().is_none());
    assert!(ground.claim_calls(9, at(2)).await.is_empty());
}

pub(crate) async fn a_lapsed_claim_holds_nothing_up(ground: Ground) {
    let store = ground.store();
    let id = ground.accept("wm1").await;
    let lapsed = ground.claim_one(at(0)).await;
    let second = ground.accept("wm1").await;
    assert!(ground.claim(9, at(0)).await.is_empty());
    let late = at(0).plus(LEASE);
    assert_eq!(store.erase(Queue::Inbox, &id, late).await, Ok(Erased::Gone));
    let done = ground.done(&lapsed, &[], late).await;
    assert_eq!(done, Err(StoreError::ClaimLost));
    let next = ground.claim_one(late).await;
    assert_eq!(next.id, second);
    ground.done(&next, &[], late).await.unwrap();
    let far = late.plus(Duration::from_secs(365 * 86_400));
    // A lease from a clock that was wrong is none either.
    let third = ground.accept("wm2").await;
    ground.claim_one(far).await;
    let erased = store.erase(Queue::Inbox, &third, late).await;
    assert_eq!(erased, Ok(Erased::Gone));
}

pub(crate) async fn whoever_waits_for_it_goes_on(ground: Ground) {
    let store = ground.store();
    let erase = async |id: &ItemId| {
        let erased = store.erase(Queue::Inbox, id, at(1)).await;
        assert_eq!(erased, Ok(Erased::Gone));
    };
    // Behind the first of a subject wait a second and a third.
    ground.accept("wm1").await;
    let second = ground.accept("wm1").await;
    let third = ground.accept("wm1").await;
    let first = ground.claim_one(at(0)).await;
    assert!(ground.claim(9, at(0)).await.is_empty());
    ground.done(&first, &[], at(1)).await.unwrap();
    erase(&second).await;
    let next = ground.claim_one(at(2)).await;
    assert_eq!(next.id, third);
    let fourth = ground.accept("wm1").await;
    assert!(ground.claim(9, at(2)).await.is_empty());
    erase(&fourth).await;
    // Behind the third wait a refresh of what it is about, and a fifth.
    ground.decide(&[read("wm1")], at(2)).await;
    let list = store.deliveries(corp(1), Some(State::Waiting), None, 9);
    let list = list.await.unwrap();
    let reading = list
        .iter()
        .find(|entry| entry.item.source == Source::Service);
    let reading = reading.unwrap().id.clone();
    let fifth = ground.accept("wm1").await;
    assert!(ground.claim(9, at(2)).await.is_empty());
    ground.done(&next, &[], at(3)).await.unwrap();
    erase(&reading).await;
    let last = ground.claim_one(at(3)).await;
    assert_eq!(last.id, fifth);
    ground.done(&last, &[], at(3)).await.unwrap();
    assert!(ground.claim(9, at(3)).await.is_empty());
}

pub(crate) async fn an_erased_refresh_is_asked_for_anew(ground: Ground) {
    ground.decide(&[refresh("wm1")], at(0)).await;
    let list = ground.store().deliveries(corp(1), None, None, 1).await;
    let id = list.unwrap().remove(0).id;
    let erased = ground.store().erase(Queue::Inbox, &id, at(1)).await;
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
