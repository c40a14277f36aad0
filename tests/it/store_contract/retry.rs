//! Items whose attempts fail.

use futures_util::future::join_all;
use wecom_bridge::model::delivery::Lane;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::store::error::StoreError;
use wecom_bridge::store::item::{FAILURES_KEPT, Failure, Queue, Settle, State};

use crate::store_contract::ground::{Ground, at, corp, send, subjects};

pub(crate) async fn due_times_and_attempts(ground: Ground) {
    let id = ground.accept("wm1").await;
    let store = ground.store();
    let mut failures = Vec::new();
    let mut now = 0;
    for attempt in 1..=3 {
        let ticket = ground.claim_one(at(now)).await;
        assert_eq!((&ticket.id, ticket.attempt), (&id, attempt));
        let due = now + 60 * i64::from(attempt);
        let error = format!("answer {attempt}");
        store
            .retry(&ticket, at(due), &error, at(now))
            .await
            .unwrap();
        let twice = store.retry(&ticket, at(due), &error, at(now)).await;
        assert_eq!(twice, Err(StoreError::ClaimLost));

        failures.push(Failure { at: at(now), error });
        let progress = ground.progress(&id).await;
        assert_eq!(
            (progress.state, progress.attempts, progress.settled_at),
            (State::Retrying, attempt, None)
        );
        assert_eq!(progress.failures, failures);
        assert!(ground.claim(10, at(due - 1)).await.is_empty());
        now = due;
    }
    let last = ground.claim_one(at(now)).await;
    assert_eq!(last.attempt, 4);
    assert_eq!(ground.progress(&id).await.state, State::Retrying);
    ground.done(&last, &[], at(now)).await.unwrap();
    let progress = ground.progress(&id).await;
    assert_eq!((progress.state, progress.attempts), (State::Done, 4));
}

pub(crate) async fn the_delayed_can_be_hastened(ground: Ground) {
    let store = ground.store();
    for subject in ["wm1", "wm2", "wm3", "wm4"] {
        ground.accept(subject).await;
    }
    let claims = ground.claim(9, at(0)).await;
    let [one, two, three, held] = &claims[..] else {
        panic!("{claims:?}")
    };
    for (claim, due) in [(one, 900), (two, 600), (three, 5)] {
        let retry = store.retry(&claim.ticket, at(due), "no right", at(0));
        retry.await.unwrap();
    }
    let hasten = async |limit, secs| {
        let hastened = ground
            .other()
            .hasten(corp(1), Queue::Inbox, limit, at(secs));
        hastened.await.unwrap()
    };
    assert_eq!(hasten(1, 10).await, 1, "one is due already, one is left");
    let due = ground.claim(9, at(10)).await;
    assert_eq!(subjects(&due), ["wm3", "wm2"]);
    assert_eq!(due[1].ticket.attempt, 1, "this one is for nothing");
    let progress = ground.progress(&two.ticket.id).await;
    assert_eq!(progress.failures.len(), 1, "failures stay");
    assert_eq!(hasten(9, 11).await, 1);
    assert_eq!(hasten(9, 11).await, 0, "it is due");
    assert_eq!(subjects(&ground.claim(9, at(11)).await), ["wm1"]);
    assert_eq!(hasten(9, 12).await, 0, "what is in work is not delayed");
    ground.done(&held.ticket, &[], at(12)).await.unwrap();
    for queue in [Queue::Inbox, Queue::Outbox] {
        let elsewhere = store.hasten(corp(2), queue, 9, at(0)).await;
        assert_eq!(elsewhere, Ok(0));
    }
}

pub(crate) async fn all_of_both_queues_can_be_hastened(ground: Ground) {
    let store = ground.store();
    let calls: Vec<Effect> = (0..3)
        .map(|n| send(&format!("member{n}"), Lane::Normal))
        .collect();
    ground.decide(&calls, at(0)).await;
    // More than are hastened in one step.
    let subjects: Vec<String> = (0..510).map(|n| format!("wm{n}")).collect();
    join_all(subjects.iter().map(|subject| ground.accept(subject))).await;
    let mut events = Vec::new();
    while events.len() < subjects.len() {
        let more = ground.claim(600, at(0)).await;
        assert!(!more.is_empty(), "{} were claimed", events.len());
        events.extend(more);
    }
    let calls = ground.claim_calls(9, at(0)).await;
    let events = events.iter().map(|claim| &claim.ticket);
    let tickets = events.chain(calls.iter().map(|claim| &claim.ticket));
    let retries = tickets.map(|ticket| store.retry(ticket, at(900), "away", at(0)));
    assert!(join_all(retries).await.iter().all(Result::is_ok));
    assert_eq!(store.hasten_all(corp(1), at(1)).await, Ok(513));
    assert_eq!(ground.claim_calls(9, at(1)).await.len(), 3);
    assert_eq!(store.hasten_all(corp(1), at(1)).await, Ok(0));
}

pub(crate) async fn what_came_too_early_was_no_attempt(ground: Ground) {
    let id = ground.accept("wm1").await;
    let store = ground.store();
    for n in 0..4 {
        let ticket = ground.claim_one(at(10 * n)).await;
        assert_eq!((&ticket.id, ticket.attempt), (&id, 1));
        let due = at(10 * n + 10);
        store.postpone(&ticket, due, at(10 * n)).await.unwrap();
        let twice = store.postpone(&ticket, due, at(10 * n)).await;
        assert_eq!(twice, Err(StoreError::ClaimLost));
        let progress = ground.progress(&id).await;
        assert_eq!((progress.state, progress.attempts), (State::Retrying, 0));
        assert_eq!(progress.failures, []);
        assert!(ground.claim(10, at(10 * n + 9)).await.is_empty());
    }
    let ticket = ground.claim_one(at(40)).await;
    store.retry(&ticket, at(50), "busy", at(40)).await.unwrap();
    let ticket = ground.claim_one(at(50)).await;
    assert_eq!(ticket.attempt, 2);
    store.postpone(&ticket, at(60), at(50)).await.unwrap();
    let progress = ground.progress(&id).await;
    assert_eq!((progress.attempts, progress.failures.len()), (1, 1));
    ground
        .done(&ground.claim_one(at(60)).await, &[], at(60))
        .await
        .unwrap();
    assert_eq!(ground.progress(&id).await.attempts, 2);
}

pub(crate) async fn a_subject_goes_on_meanwhile(ground: Ground) {
    let first = ground.accept("wm1").await;
    let second = ground.accept("wm1").await;
    let ticket = ground.claim_one(at(0)).await;
    ground
        .store()
        .retry(&ticket, at(60), "busy", at(0))
        .await
        .unwrap();
    let next = ground.claim_one(at(1)).await;
    assert_eq!(next.id, second);
    assert!(
        ground.claim(10, at(61)).await.is_empty(),
        "its turn comes later"
    );
    ground.done(&next, &[], at(62)).await.unwrap();
    assert_eq!(ground.claim_one(at(62)).await.id, first);
}

pub(crate) async fn history_is_capped(ground: Ground) {
    let id = ground.accept("wm1").await;
    let store = ground.store();
    let tries = i64::try_from(FAILURES_KEPT).unwrap() + 2;
    for n in 0..tries {
        let ticket = ground.claim_one(at(n)).await;
        let error = n.to_string();
        store
            .retry(&ticket, at(n + 1), &error, at(n))
            .await
            .unwrap();
    }
    let ticket = ground.claim_one(at(tries)).await;
    let long = "够".repeat(5000);
    let bury = store.commit(&ticket, Settle::Dead(&long), &[], &[], at(tries));
    bury.await.unwrap();

    let progress = ground.progress(&id).await;
    assert_eq!(progress.state, State::Dead);
    assert_eq!(i64::from(progress.attempts), tries + 1);
    assert_eq!(progress.settled_at, Some(at(tries)));
    let errors: Vec<_> = progress.failures.iter().map(|f| f.error.as_str()).collect();
    let expected: Vec<_> = (3..tries)
        .map(|n| n.to_string())
        .chain(["够".repeat(1000)])
        .collect();
    assert_eq!(errors, expected, "the oldest ones make room");
    assert_eq!(progress.failures[FAILURES_KEPT - 1].at, at(tries));
    assert!(subjects(&ground.claim(10, at(tries + 99)).await).is_empty());
}
