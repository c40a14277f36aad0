//! Settled items: kept, replayed, trimmed.

use wecom_bridge::model::delivery::{ItemId, Lane};
use wecom_bridge::store::item::{Accepted, Queue, Settle, State};

use crate::store_contract::ground::{Ground, at, content, corp, delivery, send, tell};

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

pub(crate) async fn a_replay_tells_each_system_once(ground: Ground) {
    let id = ground
        .decide(&[tell("erp", "msg_1"), send("lisi", Lane::Normal)], at(0))
        .await;
    let subjects_of_calls = async |now| -> Vec<String> {
        let mut subjects = Vec::new();
        // Those of one subject come one after the other.
        loop {
            let calls = ground.claim_calls(10, now).await;
            if calls.is_empty() {
                subjects.sort();
                return subjects;
            }
            for call in calls {
                ground.done(&call.ticket, &[], now).await.unwrap();
                subjects.push(call.item.subject.to_string());
            }
        }
    };
    assert_eq!(
        subjects_of_calls(at(0)).await,
        ["member:lisi", "webhook:erp"]
    );

    // Meanwhile another system listens, a call more is owed, and there is more to tell.
    let effects = [
        tell("crm", "msg_1"),
        send("lisi", Lane::Normal),
        send("wangwu", Lane::Normal),
        tell("erp", "msg_2"),
        tell("erp", "msg_1"),
    ];
    assert!(ground.replay(&id).await);
    let ticket = ground.claim_one(at(1)).await;
    ground.done(&ticket, &effects, at(1)).await.unwrap();
    assert_eq!(
        subjects_of_calls(at(1)).await,
        ["member:wangwu", "webhook:crm", "webhook:erp"]
    );

    // Its name leads to a message, and a message that is replayed is told once more.
    let told = ground.store().outgoing(corp(1), None, None, 10).await;
    let told = told.unwrap();
    assert_eq!(told.len(), 5);
    for entry in told {
        let name: ItemId = entry.id.to_string().parse().unwrap();
        assert!(
            ground.store().call(&name).await.unwrap().is_some(),
            "{name}"
        );
        assert!(ground.store().replay(Queue::Outbox, &name).await.unwrap());
    }
    assert_eq!(subjects_of_calls(at(2)).await.len(), 5);
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

pub(crate) async fn the_dead_can_be_discarded(ground: Ground) {
    let store = ground.store();
    let (id, other) = (ground.accept("wm1").await, ground.accept("wm2").await);
    let by = |id| store.discard(Queue::Inbox, id, "a test\nevent", "zhangsan", at(20));
    assert!(!by(&id).await.unwrap(), "it waits");
    let claims = ground.claim(2, at(0)).await;
    assert!(!by(&id).await.unwrap(), "it is in work");
    for claim in &claims {
        let bury = store.commit(&claim.ticket, Settle::Dead("no"), &[], &[], at(7));
        bury.await.unwrap();
    }
    assert!(by(&id).await.unwrap());
    assert!(!by(&id).await.unwrap(), "once is enough");
    let unknown = "ww1:1-0".parse().unwrap();
    assert!(!by(&unknown).await.unwrap());

    let discarded = ground.progress(&id).await;
    assert_eq!(discarded.state, State::Discarded);
    assert_eq!(
        (discarded.attempts, discarded.settled_at),
        (1, Some(at(20)))
    );
    let history = discarded
        .failures
        .iter()
        .map(|entry| (entry.at, entry.error.as_str()));
    assert_eq!(
        history.collect::<Vec<_>>(),
        [
            (at(7), "no"),
            (at(20), "discarded by zhangsan: a test\nevent")
        ]
    );
    let listed = |state| async move {
        let entries = store.deliveries(corp(1), state, None, 10).await.unwrap();
        entries
            .into_iter()
            .map(|entry| entry.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(Some(State::Discarded)).await, vec![id.clone()]);
    assert_eq!(listed(Some(State::Dead)).await, vec![other.clone()]);
    assert_eq!(listed(Some(State::Done)).await, []);
    assert_eq!(listed(None).await, [other.clone(), id.clone()]);
    assert!(ground.claim(9, at(21)).await.is_empty());

    assert!(ground.replay(&id).await, "it was discarded by mistake");
    let again = ground.claim_one(at(22)).await;
    assert_eq!((&again.id, again.attempt), (&id, 1));
    ground.done(&again, &[], at(22)).await.unwrap();
    assert_eq!(ground.progress(&id).await.state, State::Done);

    let owed = ground
        .decide(&[send("lisi", Lane::Normal)], at(23))
        .await
        .caused(0);
    let call = ground.claim_calls(1, at(23)).await.remove(0).ticket;
    let bury = store.commit(&call, Settle::Dead("no"), &[], &[], at(24));
    bury.await.unwrap();
    let discard = store.discard(Queue::Outbox, &owed, "late", "lisi", at(25));
    assert!(discard.await.unwrap());
    let calls = store
        .outgoing(corp(1), Some(State::Discarded), None, 9)
        .await;
    assert_eq!(calls.unwrap().len(), 1);
    assert_eq!(store.trim(corp(1), at(100), 9).await.unwrap(), 3);
    let calls = store.outgoing(corp(1), None, None, 9).await;
    assert!(calls.unwrap().is_empty());
    assert_eq!(listed(None).await, [other]);
}
