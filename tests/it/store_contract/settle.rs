//! Settled items: kept, replayed, trimmed.

use wecom_bridge::model::delivery::Lane;
use wecom_bridge::store::{Accepted, Queue, Settle, State};

use crate::store_contract::ground::{Ground, at, content, corp, delivery, send};

pub(crate) async fn the_dead_stay_until_replayed(ground: Ground) {
    let id = ground.accept("wm1").await;
    let ticket = ground.claim_one(at(0)).await;
    let store = ground.store();
    let buried = Settle::Dead("refused: 40003");
    let bury = store.commit(&ticket, buried, &[], &[], at(7));
    bury.await.unwrap();
    let dead = ground.progress(&id).await;
    assert_eq!((dead.state, dead.settled_at), (State::Dead, Some(at(7))));
    assert_eq!(dead.failures[0].error, "refused: 40003");
    assert!(ground.claim(10, at(8)).await.is_empty());

    assert!(ground.replay(&id).await);
    let fresh = ground.progress(&id).await;
    assert_eq!(
        (fresh.state, fresh.attempts, fresh.settled_at),
        (State::Waiting, 0, None)
    );
    assert!(fresh.failures.is_empty());
    let again = ground.claim_one(at(9)).await;
    assert_eq!((&again.id, again.attempt), (&id, 1));
    ground.done(&again, &[], at(9)).await.unwrap();
    assert_eq!(ground.progress(&id).await.state, State::Done);
}

pub(crate) async fn the_done_can_be_replayed(ground: Ground) {
    let id = ground.decide(&[send("lisi", Lane::Normal)], at(0)).await;
    assert!(ground.replay(&id).await);
    assert_eq!(ground.progress(&id).await.state, State::Waiting);
    assert_eq!(ground.claim_one(at(1)).await.id, id);

    let call = ground.claim_calls(1, at(1)).await.remove(0).ticket;
    ground.done(&call, &[], at(1)).await.unwrap();
    let store = ground.store();
    assert!(store.replay(Queue::Outbox, &call.id).await.unwrap());
    assert_eq!(ground.claim_calls(9, at(1)).await[0].ticket.id, call.id);

    for unknown in ["1-0", "99999999999999-7", "1-0.3"] {
        let id = format!("ww1:{unknown}").parse().unwrap();
        for queue in [Queue::Inbox, Queue::Outbox] {
            assert!(!store.replay(queue, &id).await.unwrap(), "{id}");
        }
    }
}

pub(crate) async fn a_replay_owes_nothing_twice(ground: Ground) {
    let effects = [send("lisi", Lane::Normal), send("wangwu", Lane::Normal)];
    let id = ground.decide(&effects, at(0)).await;
    let done = ground.claim_calls(1, at(0)).await.remove(0).ticket;
    ground.done(&done, &[], at(0)).await.unwrap();

    assert!(ground.replay(&id).await);
    let ticket = ground.claim_one(at(1)).await;
    ground.done(&ticket, &effects, at(1)).await.unwrap();
    let calls = ground.claim_calls(10, at(1)).await;
    let names: Vec<_> = calls.iter().map(|call| call.ticket.id.clone()).collect();
    assert_eq!(names, [id.caused(1)], "one is done, one still waited");
    let listed = ground.store().outgoing(corp(1), None, None, 10).await;
    assert_eq!(listed.unwrap().len(), 2);
}

pub(crate) async fn replaying_open_items_is_harmless(ground: Ground) {
    let store = ground.store();
    let (claimed, waiting) = (ground.accept("wm1").await, ground.accept("wm1").await);
    let ticket = ground.claim_one(at(0)).await;
    for id in [&claimed, &waiting, &waiting] {
        assert!(ground.replay(id).await);
    }
    assert!(ground.claim(10, at(0)).await.is_empty(), "still in work");
    ground.done(&ticket, &[], at(0)).await.unwrap();
    let next = ground.claim_one(at(0)).await;
    assert_eq!(next.id, waiting);

    store.retry(&next, at(900), "busy", at(0)).await.unwrap();
    assert!(ground.claim(10, at(1)).await.is_empty());
    for _ in 0..2 {
        assert!(ground.replay(&waiting).await);
    }
    let again = ground.claim_one(at(1)).await;
    assert_eq!((&again.id, again.attempt), (&waiting, 1));
    ground.done(&again, &[], at(1)).await.unwrap();
    assert!(ground.claim(10, at(1000)).await.is_empty(), "not due twice");
}

pub(crate) async fn trim_forgets_only_the_done(ground: Ground) {
    let store = ground.store();
    let event = delivery("old", Lane::Urgent);
    let accepted = store.accept(corp(1), content(1000), &event).await.unwrap();
    let Accepted::New(old) = accepted else {
        panic!("nothing came before");
    };
    let ticket = ground.claim_one(at(0)).await;
    let owed = [send("lisi", Lane::Normal), send("wangwu", Lane::Normal)];
    ground.done(&ticket, &owed, at(0)).await.unwrap();
    let call = ground.claim_calls(1, at(1)).await.remove(0).ticket;
    ground.done(&call, &[], at(1)).await.unwrap();
    let old_too = ground.decide(&[], at(2)).await;
    let recent = ground.decide(&[], at(500)).await;
    let mut open = vec![recent];
    for subject in ["dead", "retrying", "claimed"] {
        open.push(ground.accept(subject).await);
    }
    let claims = ground.claim(10, at(3)).await;
    let dead = store.commit(&claims[0].ticket, Settle::Dead("no"), &[], &[], at(3));
    dead.await.unwrap();
    let retry = store.retry(&claims[1].ticket, at(9), "busy", at(3));
    retry.await.unwrap();
    open.push(ground.accept("waiting").await);

    assert_eq!(store.trim(corp(1), at(0), 10).await.unwrap(), 0);
    assert_eq!(store.trim(corp(1), at(100), 1).await.unwrap(), 2);
    assert_eq!(store.trim(corp(1), at(100), 9).await.unwrap(), 1);
    assert_eq!(store.trim(corp(1), at(100), 9).await.unwrap(), 0);
    for id in [&old, &old_too] {
        assert!(store.delivery(id).await.unwrap().is_none());
        assert!(!ground.replay(id).await);
    }
    for id in &open {
        assert!(store.delivery(id).await.unwrap().is_some(), "{id}");
    }
    let calls = store.outgoing(corp(1), None, None, 10).await.unwrap();
    assert_eq!(calls.len(), 1, "the open one");
    let again = store.accept(corp(1), content(1000), &event).await.unwrap();
    assert_eq!(again, Accepted::Duplicate, "still recognised");
    ground.done(&claims[2].ticket, &[], at(600)).await.unwrap();
}
