//! Taking items into work.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::join_all;
use wecom_bridge::model::delivery::Lane;
use wecom_bridge::store::error::StoreError;
use wecom_bridge::store::item::{Accepted, Lanes, Leases, Settle, State};

use crate::store_contract::ground::{
    Ground, LEASE, LEASES, at, content, corp, delivery, put_visit, send, subjects, visit_key,
};

pub(crate) async fn order_of_arrival(ground: Ground) {
    for subject in ["b", "a", "c", "e", "d"] {
        ground.accept(subject).await;
    }
    let claims = ground.claim(10, at(0)).await;
    assert_eq!(subjects(&claims), ["b", "a", "c", "e", "d"]);
    assert!(claims.iter().all(|claim| claim.ticket.attempt == 1));
    assert!(ground.claim(10, at(0)).await.is_empty());
}

pub(crate) async fn urgent_first(ground: Ground) {
    for (lane, subject) in [
        (Lane::Normal, "n1"),
        (Lane::Normal, "n2"),
        (Lane::Urgent, "u1"),
        (Lane::Normal, "n3"),
        (Lane::Urgent, "u2"),
    ] {
        ground.accept_in(lane, subject).await;
    }
    assert_eq!(subjects(&ground.claim(1, at(0)).await), ["u1"]);
    assert_eq!(subjects(&ground.claim(2, at(0)).await), ["u2", "n1"]);
    ground.accept_in(Lane::Urgent, "u3").await;
    assert_eq!(subjects(&ground.claim(10, at(0)).await), ["u3", "n2", "n3"]);
}

pub(crate) async fn urgent_only(ground: Ground) {
    for (lane, subject) in [
        (Lane::Normal, "n1"),
        (Lane::Urgent, "u1"),
        (Lane::Normal, "n2"),
    ] {
        ground.accept_in(lane, subject).await;
    }
    let urgent = || async {
        let (store, corp) = (ground.store(), corp(1));
        store
            .claim_deliveries(corp, Lanes::Urgent, 10, LEASES, at(0))
            .await
            .unwrap()
    };
    assert_eq!(subjects(&urgent().await), ["u1"]);
    assert!(urgent().await.is_empty());
    assert_eq!(subjects(&ground.claim(10, at(0)).await), ["n1", "n2"]);
}

pub(crate) async fn one_at_a_time_per_subject(ground: Ground) {
    let mut ids = Vec::new();
    for subject in ["a", "a", "b", "a", "c"] {
        ids.push(ground.accept(subject).await);
    }
    let first = ground.claim(10, at(0)).await;
    assert_eq!(subjects(&first), ["a", "b", "c"]);
    assert!(ground.claim(10, at(0)).await.is_empty(), "a is in work");

    ground.accept("d").await;
    ground.accept_in(Lane::Urgent, "b").await;
    ground.done(&first[0].ticket, &[], at(1)).await.unwrap();
    let second = ground.claim(10, at(1)).await;
    assert_eq!(subjects(&second), ["a", "d"], "the next of a, not behind d");
    assert_eq!(second[0].ticket.id, ids[1]);

    let store = ground.store();
    let buried = Settle::Dead("cannot be read");
    let bury = store.commit(&second[0].ticket, buried, &[], &[], at(2));
    bury.await.unwrap();
    let b = &first[1].ticket;
    store.retry(b, at(50), "busy", at(2)).await.unwrap();
    let third = ground.claim(10, at(2)).await;
    assert_eq!(subjects(&third), ["b", "a"]);
    assert_eq!(third[1].ticket.id, ids[3]);
}

pub(crate) async fn at_most_max(ground: Ground) {
    for n in 0..7 {
        ground.accept(&format!("wm{n}")).await;
    }
    assert!(ground.claim(0, at(0)).await.is_empty());
    for expected in [3, 3, 1, 0] {
        assert_eq!(ground.claim(3, at(0)).await.len(), expected);
    }
}

pub(crate) async fn a_lease_runs_out(ground: Ground) {
    let id = ground.accept("wm1").await;
    let lost = ground.claim_one(at(0)).await;
    let before = at(0).plus(LEASE / 2);
    assert!(ground.claim(1, before).await.is_empty(), "still leased");

    let after = at(0).plus(LEASE + LEASE);
    let mut taken_over = ground
        .other()
        .claim_deliveries(corp(1), Lanes::All, 1, LEASES, after)
        .await
        .unwrap();
    let ticket = taken_over.remove(0).ticket;
    assert_eq!((&ticket.id, ticket.attempt), (&id, 2));

    let too_late = ground.done(&lost, &[put_visit("wm1", 1)], after).await;
    assert_eq!(too_late, Err(StoreError::ClaimLost));
    let too_late = ground.store().retry(&lost, after, "slow", after).await;
    assert_eq!(too_late, Err(StoreError::ClaimLost));
    assert_eq!(ground.record(visit_key("wm1")).await.json, None);

    ground.done(&ticket, &[], after).await.unwrap();
    assert_eq!(ground.progress(&id).await.state, State::Done);
    let twice = ground.done(&ticket, &[], after).await;
    assert_eq!(twice, Err(StoreError::ClaimLost), "a ticket settles once");
}

pub(crate) async fn an_urgent_lease_runs_out_first(ground: Ground) {
    let leases = Leases {
        urgent: Duration::from_secs(8),
        normal: Duration::from_secs(45),
    };
    let calls = [send("n", Lane::Normal), send("u", Lane::Urgent)];
    ground.decide(&calls, at(0)).await;
    ground.accept("n").await;
    ground.accept_in(Lane::Urgent, "u").await;
    let store = ground.other();
    for (secs, free) in [
        (0, vec!["u", "n"]),
        (7, vec![]),
        (8, vec!["u"]),
        (15, vec![]),
        (44, vec!["u"]),
        (45, vec!["n"]),
    ] {
        let claims = store.claim_deliveries(corp(1), Lanes::All, 9, leases, at(secs));
        assert_eq!(subjects(&claims.await.unwrap()), free, "after {secs} s");
        let claims = store.claim_outgoing(corp(1), Lanes::All, 9, leases, at(secs));
        let members: Vec<_> = claims.await.unwrap();
        let members: Vec<_> = members
            .iter()
            .map(|claim| claim.item.subject.as_str().trim_start_matches("member:"))
            .collect();
        assert_eq!(members, free, "calls after {secs} s");
    }
}

pub(crate) async fn a_wrong_clock_does_not_lock_items_away(ground: Ground) {
    let ten_years = at(10 * 365 * 24 * 3600);
    ground.accept("leased").await;
    ground.claim_one(ten_years).await;
    ground.accept("delayed").await;
    let delayed = ground.claim_one(ten_years).await;
    let store = ground.store();
    let due = ten_years.plus(LEASE);
    store.retry(&delayed, due, "busy", ten_years).await.unwrap();

    let mut found: Vec<_> = ground.claim(10, at(0)).await;
    found.sort_by_key(|claim| claim.ticket.id.order());
    assert_eq!(subjects(&found), ["leased", "delayed"]);
}

pub(crate) async fn corps_do_not_see_each_other(ground: Ground) {
    let store = ground.store();
    let event = delivery("wm1", Lane::Normal);
    let mut tickets = Vec::new();
    for n in [1, 2] {
        let accepted = store.accept(corp(n), content(1), &event).await.unwrap();
        assert!(matches!(accepted, Accepted::New(_)), "{accepted:?}");
        let claims = store.claim_deliveries(corp(n), Lanes::All, 10, LEASES, at(0));
        let mut claims = claims.await.unwrap();
        assert_eq!(claims.len(), 1);
        assert_eq!(claims[0].ticket.id.corp(), corp(n));
        tickets.push(claims.remove(0).ticket);
    }
    ground
        .done(&tickets[0], &[put_visit("wm1", 1)], at(0))
        .await
        .unwrap();
    let key = visit_key("wm1");
    let table = key.table;
    assert!(ground.record(key.clone()).await.json.is_some());
    let theirs = store.read(corp(2), &[key]).await.unwrap();
    assert_eq!((theirs[0].version, &theirs[0].json), (0, &None));
    let listed = store.list(corp(2), table, None, 10).await.unwrap();
    assert!(listed.is_empty());
    let open = store.deliveries(corp(2), Some(State::Waiting), None, 10);
    assert_eq!(open.await.unwrap().len(), 1);
    let trimmed = store.trim(corp(2), at(100), 10).await.unwrap();
    assert_eq!(trimmed, 0);
}

pub(crate) async fn many_workers_share_the_work(ground: Ground) {
    const ITEMS: usize = 200;
    for n in 0..ITEMS {
        ground.accept(&format!("wm{}", n % 20)).await;
    }
    let in_work = Mutex::new(HashSet::new());
    let settled = Mutex::new(Vec::new());
    let workers = (0..8).map(async |worker| {
        let store = if worker % 2 == 0 {
            ground.store()
        } else {
            ground.other()
        };
        while settled.lock().unwrap().len() < ITEMS {
            let claims = store.claim_deliveries(corp(1), Lanes::All, 3, LEASES, at(0));
            let claims = claims.await.unwrap();
            for subject in subjects(&claims) {
                let alone = in_work.lock().unwrap().insert(subject.to_owned());
                assert!(alone, "{subject} is in work twice");
            }
            for claim in &claims {
                // Cleared first: from the commit on, another worker may have the subject.
                let subject = claim.item.subject.as_str().trim_start_matches("contact:");
                in_work.lock().unwrap().remove(subject);
                let done = store.commit(&claim.ticket, Settle::Done, &[], &[], at(0));
                done.await.unwrap();
                settled.lock().unwrap().push(claim.ticket.id.clone());
            }
            tokio::task::yield_now().await;
        }
    });
    join_all(workers).await;
    let settled = settled.into_inner().unwrap();
    let different: HashSet<_> = settled.iter().collect();
    assert_eq!((settled.len(), different.len()), (ITEMS, ITEMS));
}
