//! What the embedded store promises beyond the contract: everything survives its end, and one process has it.

use std::collections::HashMap;
use std::path::Path;

use futures_util::future::join_all;
use tempfile::TempDir;
use wecom_bridge::model::delivery::Lane;
use wecom_bridge::store::error::StoreError;
use wecom_bridge::store::item::{Accepted, Lanes, Queue, Settle, State};
use wecom_bridge::store::{Store, StoreUrl};
use wecom_bridge::worker::retry::ATTEMPTS_MAX;

use crate::store_contract::ground::{
    Ground, LEASES, at, content, corp, delivery, put_visit, refresh, send, subjects, visit_key,
};
use crate::store_contract::settings;

async fn open(folder: &TempDir) -> Result<Store, StoreError> {
    let path = folder.path().join("store.redb");
    Store::open(&settings(StoreUrl::Embedded(path))).await
}

async fn ground(folder: &TempDir) -> Ground {
    Ground::new(vec![open(folder).await.unwrap()], ())
}

#[tokio::test]
async fn everything_survives_the_end_of_the_process() {
    let folder = TempDir::new().unwrap();
    let before = ground(&folder).await;
    let effects = [
        put_visit("wm1", 1),
        send("lisi", Lane::Normal),
        refresh("r"),
    ];
    let done = before.decide(&effects, at(0)).await;
    let call = before.claim_calls(1, at(0)).await.remove(0).ticket;
    for subject in ["dead", "retrying", "claimed", "waiting"] {
        before.accept(subject).await;
    }
    let event = delivery("waiting too", Lane::Normal);
    let accepted = before.store().accept(corp(1), content(1), &event).await;
    assert!(matches!(accepted, Ok(Accepted::New(_))));
    let claims = before.claim(4, at(1)).await;
    assert_eq!(subjects(&claims), ["r", "dead", "retrying", "claimed"]);
    let store = before.store();
    for n in [2, 3] {
        let ticket = &claims[n].ticket;
        store.retry(ticket, at(900), "busy", at(2)).await.unwrap();
    }
    let claimed = &claims[3].ticket.id;
    assert!(before.replay(claimed).await);
    let claimed_again = before.claim(1, at(3)).await.remove(0).ticket;
    let bury = store.commit(&claims[1].ticket, Settle::Dead("no"), &[], &[], at(2));
    bury.await.unwrap();
    let record = before.record(visit_key("wm1")).await;
    let list = store.deliveries(corp(1), None, None, 9).await.unwrap();
    drop(before);

    let after = ground(&folder).await;
    assert_eq!(after.record(visit_key("wm1")).await, record);
    assert_eq!(after.progress(&done).await.settled_at, Some(at(0)));
    for entry in &list {
        let progress = after.progress(&entry.id).await;
        assert_eq!(progress.state, entry.progress.state);
        assert_eq!(progress.failures, entry.progress.failures);
        assert_eq!(progress.settled_at, entry.progress.settled_at);
    }
    let known = after.store().accept(corp(1), content(1), &event).await;
    assert_eq!(known, Ok(Accepted::Duplicate));

    // The leases ended with the process; attempts that failed are remembered.
    let lost = after.done(&claimed_again, &[], at(4)).await;
    assert_eq!(lost, Err(StoreError::ClaimLost));
    let open = after.claim(9, at(4)).await;
    assert_eq!(subjects(&open), ["r", "claimed", "waiting", "waiting too"]);
    assert_eq!(after.claim_calls(9, at(4)).await[0].ticket.id, call.id);
    let retried = after.claim_one(at(901)).await;
    assert_eq!((&retried.id, retried.attempt), (&claims[2].ticket.id, 2));
    assert!(after.replay(&claims[1].ticket.id).await);
    assert_eq!(subjects(&after.claim(9, at(901)).await), ["dead"]);
}

#[tokio::test]
async fn numbers_go_on_where_they_ended() {
    let folder = TempDir::new().unwrap();
    let before = ground(&folder).await;
    let ids = [
        before.decide(&[put_visit("wm1", 1)], at(0)).await,
        before.decide(&[refresh("wm1")], at(0)).await,
    ];
    let record = before.record(visit_key("wm1")).await;
    let ticket = before.claim_one(at(0)).await;
    before.done(&ticket, &[], at(0)).await.unwrap();
    assert_eq!(before.store().trim(corp(1), at(9), 9).await.unwrap(), 3);
    drop(before);

    let after = ground(&folder).await;
    let forgotten = delivery("wm1", Lane::Urgent);
    let accepted = after.store().accept(corp(1), content(99), &forgotten).await;
    let Ok(Accepted::New(next)) = accepted else {
        panic!("{accepted:?}");
    };
    assert!(ids.iter().all(|id| id.order() < next.order()), "{next}");
    let ticket = after.claim_one(at(0)).await;
    let again = after.done(&ticket, &[put_visit("wm1", 1)], at(0)).await;
    again.unwrap();
    assert!(after.record(visit_key("wm1")).await.version > record.version);
}

#[tokio::test]
async fn a_refresh_that_waited_still_absorbs_more() {
    let folder = TempDir::new().unwrap();
    let before = ground(&folder).await;
    before
        .decide(&[refresh("waiting"), refresh("retrying")], at(0))
        .await;
    let claims = before.claim(9, at(0)).await;
    let store = before.store();
    let retrying = &claims[1].ticket;
    store.retry(retrying, at(900), "busy", at(0)).await.unwrap();
    drop(before);

    let after = ground(&folder).await;
    after
        .decide(&[refresh("waiting"), refresh("retrying")], at(1))
        .await;
    let due = after.claim(9, at(2)).await;
    assert_eq!(subjects(&due), ["waiting", "retrying"]);
    assert_eq!(&due[1].ticket.id, &retrying.id);
}

/// A claim that nobody settles before the process ends: what it was about may have ended it.
#[tokio::test]
async fn what_ends_the_process_each_time_runs_out_of_attempts() {
    let folder = TempDir::new().unwrap();
    let first = ground(&folder).await;
    let id = first.decide(&[send("lisi", Lane::Normal)], at(0)).await;
    let retried = first.accept("retried").await;
    let ticket = first.claim_one(at(0)).await;
    let retry = first.store().retry(&ticket, at(1), "busy", at(0));
    retry.await.unwrap();
    let waiting = first.accept("waiting").await;
    first.claim_one(at(0)).await;
    drop(first);

    for kill in 1..=ATTEMPTS_MAX {
        let ground = ground(&folder).await;
        let claims = ground.claim(9, at(2)).await;
        let attempts: HashMap<_, _> = claims
            .iter()
            .map(|claim| (&claim.ticket.id, claim.ticket.attempt))
            .collect();
        // The claim of the first process left no trace; the failed attempt did.
        let expected = HashMap::from([(&waiting, kill), (&retried, kill + 1)]);
        assert_eq!(attempts, expected);
        let calls = ground.claim_calls(9, at(2)).await;
        assert_eq!(calls[0].ticket.attempt, kill);
    }
    let last = ground(&folder).await;
    assert_eq!(last.progress(&waiting).await.attempts, ATTEMPTS_MAX);
    let claims = last.claim(9, at(2)).await;
    for claim in claims {
        assert!(claim.ticket.attempt > ATTEMPTS_MAX, "given up by now");
        last.done(&claim.ticket, &[], at(2)).await.unwrap();
    }
    let progress = last.progress(&waiting).await;
    assert_eq!(
        (progress.state, progress.attempts),
        (State::Done, ATTEMPTS_MAX + 1)
    );
    assert_eq!(last.progress(&id).await.attempts, 1);

    // As if it had just come.
    assert!(last.replay(&waiting).await);
    assert_eq!(last.claim_one(at(3)).await.attempt, 1);
}

#[tokio::test]
async fn another_process_is_told_who_has_the_file() {
    let folder = TempDir::new().unwrap();
    let first = open(&folder).await.unwrap();
    let Err(StoreError::InUse(name)) = open(&folder).await else {
        panic!("the file is open");
    };
    assert!(Path::new(&name).starts_with(folder.path()));
    let health = first.health().await.unwrap();
    assert!(health.name.ends_with(&name), "{health:?}");
    drop(first);
    open(&folder).await.unwrap();
}

#[tokio::test]
async fn a_long_queue_is_there_after_opening() {
    const ITEMS: u32 = 100_000;
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await.unwrap();
    for round in 0..ITEMS / 2000 {
        let accepts = (0..2000).map(async |n| {
            let n = round * 2000 + n;
            let event = delivery(&format!("wm{n}"), Lane::Normal);
            store.accept(corp(1), content(n), &event).await
        });
        let answers = join_all(accepts).await;
        assert!(
            answers
                .iter()
                .all(|answer| matches!(answer, Ok(Accepted::New(_))))
        );
    }
    drop(store);
    let store = open(&folder).await.unwrap();
    let claims = store.claim_deliveries(corp(1), Lanes::All, 200_000, LEASES, at(0));
    let claims = claims.await.unwrap();
    assert_eq!(claims.len(), ITEMS as usize);
    assert_eq!(subjects(&claims[..2]), ["wm0", "wm1"]);
    let last = &claims[claims.len() - 1].ticket.id;
    assert!(store.replay(Queue::Inbox, last).await.unwrap());
    let waiting = store.deliveries(corp(1), Some(State::Waiting), None, 1);
    assert_eq!(&waiting.await.unwrap()[0].id, last);
}
