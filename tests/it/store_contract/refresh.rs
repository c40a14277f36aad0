//! Refreshes of one subject: several wishes, one piece of work.

use wecom_bridge::model::delivery::{Delivery, Lane, Source, Subject};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::store::item::State;

use crate::store_contract::ground::{Ground, at, corp, refresh, subjects};

pub(crate) async fn a_waiting_one_absorbs_more(ground: Ground) {
    for n in 0..3 {
        ground.decide(&[refresh("wm1")], at(n)).await;
    }
    ground
        .decide(&[refresh("wm2"), refresh("wm2")], at(3))
        .await;
    let claims = ground.claim(10, at(4)).await;
    assert_eq!(subjects(&claims), ["wm1", "wm2"]);
    for claim in claims {
        ground.done(&claim.ticket, &[], at(5)).await.unwrap();
    }
    assert!(ground.claim(10, at(6)).await.is_empty());
}

pub(crate) async fn a_claimed_one_does_not(ground: Ground) {
    ground.decide(&[refresh("wm1")], at(0)).await;
    let reading = ground.claim_one(at(1)).await;
    ground.decide(&[refresh("wm1")], at(2)).await;
    ground.decide(&[refresh("wm1")], at(2)).await;
    assert!(ground.claim(10, at(2)).await.is_empty(), "one at a time");
    ground.done(&reading, &[], at(3)).await.unwrap();
    let again = ground.claim_one(at(3)).await;
    assert_ne!(again.id, reading.id);
    ground.done(&again, &[], at(3)).await.unwrap();
    assert!(
        ground.claim(10, at(3)).await.is_empty(),
        "two wishes, one more"
    );
}

pub(crate) async fn a_retrying_one_is_made_due(ground: Ground) {
    ground.decide(&[refresh("wm1")], at(0)).await;
    let ticket = ground.claim_one(at(0)).await;
    let store = ground.store();
    store.retry(&ticket, at(900), "busy", at(0)).await.unwrap();
    assert!(ground.claim(10, at(1)).await.is_empty());
    for n in [2, 3] {
        ground.decide(&[refresh("wm1")], at(n)).await;
    }
    let again = ground.claim_one(at(4)).await;
    assert_eq!((&again.id, again.attempt), (&ticket.id, 1));
    ground.done(&again, &[], at(5)).await.unwrap();
    assert!(ground.claim(10, at(1000)).await.is_empty());
}

pub(crate) async fn a_retried_one_gives_way(ground: Ground) {
    ground.decide(&[refresh("wm1")], at(0)).await;
    let old = ground.claim_one(at(0)).await;
    ground.decide(&[refresh("wm1")], at(1)).await;
    ground
        .store()
        .retry(&old, at(9), "busy", at(2))
        .await
        .unwrap();
    assert_eq!(ground.progress(&old.id).await.state, State::Done);

    let new = ground.claim_one(at(2)).await;
    assert_ne!(new.id, old.id);
    ground
        .store()
        .retry(&new, at(20), "busy", at(3))
        .await
        .unwrap();
    assert!(
        ground.claim(10, at(10)).await.is_empty(),
        "the old one is gone"
    );
    assert_eq!(ground.claim_one(at(30)).await.id, new.id);
}

pub(crate) async fn a_settled_one_is_forgotten(ground: Ground) {
    let mut ids = Vec::new();
    for n in 0..3 {
        ground.decide(&[refresh("wm1")], at(n)).await;
        let ticket = ground.claim_one(at(n)).await;
        ground.done(&ticket, &[], at(n)).await.unwrap();
        ids.push(ticket.id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

pub(crate) async fn it_waits_behind_what_it_is_about(ground: Ground) {
    for _ in 0..3 {
        ground.accept("wm1").await;
    }
    for n in 0..3 {
        let claims = ground.claim(10, at(n)).await;
        let [event] = &claims[..] else {
            panic!("round {n}: {claims:?}")
        };
        assert_eq!(event.item.source, Source::Callback, "round {n}");
        ground
            .done(&event.ticket, &[read("wm1")], at(n))
            .await
            .unwrap();
    }
    let reading = ground.claim_one(at(3)).await;
    // While it reads, the contact is free: an urgent event does not wait for it, and wishes for another one.
    ground.accept_in(Lane::Urgent, "wm1").await;
    ground.accept("wm1").await;
    let urgent = ground.claim_one(at(4)).await;
    ground.done(&urgent, &[read("wm1")], at(4)).await.unwrap();
    ground.done(&reading, &[], at(5)).await.unwrap();
    let last = ground.claim_one(at(5)).await;
    ground.done(&last, &[read("wm1")], at(5)).await.unwrap();
    let again = ground.claim_one(at(6)).await;
    ground.done(&again, &[], at(6)).await.unwrap();
    assert!(ground.claim(10, at(7)).await.is_empty());
    let all = ground
        .store()
        .deliveries(corp(1), None, None, 100)
        .await
        .unwrap();
    let reads = all
        .iter()
        .filter(|entry| entry.item.source == Source::Service);
    assert_eq!(
        (all.len(), reads.count()),
        (7, 2),
        "five events were read twice"
    );
}

pub(crate) async fn one_that_waits_twice_holds_up_nobody(ground: Ground) {
    ground.decide(&[read("wm1")], at(0)).await;
    let reading = ground.claim_one(at(0)).await;
    ground.accept("wm1").await;
    let event = ground.claim_one(at(1)).await;
    // Behind the event wait another read, which has to wait for the first one as well, and another event.
    ground.decide(&[read("wm1")], at(2)).await;
    assert!(ground.claim(10, at(2)).await.is_empty());
    ground.accept("wm1").await;
    ground.accept("wm2").await;
    assert_eq!(subjects(&ground.claim(10, at(2)).await), ["wm2"]);

    ground.done(&event, &[], at(3)).await.unwrap();
    let next = ground.claim_one(at(3)).await;
    assert!(next.id.order() > event.id.order());
    ground.done(&next, &[], at(4)).await.unwrap();
    assert!(ground.claim(10, at(4)).await.is_empty());
    ground.done(&reading, &[], at(5)).await.unwrap();
    let again = ground.claim_one(at(5)).await;
    assert!(again.id.order() < next.id.order(), "the other read");
}

/// The effect that asks for a refresh that waits behind the contact it is about.
pub(crate) fn read(contact: &str) -> Effect {
    match refresh(contact) {
        Effect::Refresh(delivery) => Effect::Refresh(Delivery {
            subject: Subject::new("refresh-contact", contact),
            ..delivery
        }),
        other => other,
    }
}
