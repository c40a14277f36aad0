//! Taking deliveries in.

use std::time::Duration;

use futures_util::future::{join, join_all};
use wecom_bridge::model::delivery::Lane;
use wecom_bridge::store::item::{Accepted, Lanes, Queue};

use crate::store_contract::ground::{Ground, LEASES, at, content, corp, delivery, refresh, send};

pub(crate) async fn new_then_duplicate(ground: Ground) {
    let (store, corp) = (ground.store(), corp(1));
    let event = delivery("wm1", Lane::Normal);
    let Accepted::New(first) = store.accept(corp, content(1), &event).await.unwrap() else {
        panic!("nothing came before");
    };
    for handle in [store, ground.other()] {
        let again = handle.accept(corp, content(1), &event).await.unwrap();
        assert_eq!(again, Accepted::Duplicate);
    }
    // Another content of the same second and subject is another event.
    let Accepted::New(second) = store.accept(corp, content(2), &event).await.unwrap() else {
        panic!("this content did not come before");
    };
    assert!(
        first.order() < second.order(),
        "{first} comes before {second}"
    );
    let stored = store.delivery(&first).await.unwrap().unwrap();
    assert_eq!(stored.item, event);
    assert_eq!((stored.id, stored.progress.attempts), (first, 0));
}

pub(crate) async fn same_content_at_once_is_new_once(ground: Ground) {
    let (corp, event) = (corp(1), delivery("wm1", Lane::Normal));
    let accepts = (0..20).map(|n| {
        let handle = if n % 2 == 0 {
            ground.store()
        } else {
            ground.other()
        };
        handle.accept(corp, content(1), &event)
    });
    let answers = join_all(accepts).await;
    let new = answers
        .iter()
        .filter(|answer| matches!(answer, Ok(Accepted::New(_))))
        .count();
    let duplicates = answers
        .iter()
        .filter(|answer| matches!(answer, Ok(Accepted::Duplicate)))
        .count();
    assert_eq!((new, duplicates), (1, 19));
    assert_eq!(ground.claim(10, at(0)).await.len(), 1);
}

pub(crate) async fn corps_at_once_keep_apart(ground: Ground) {
    let store = ground.store();
    let accepts = (0..40).map(|n: u32| async move {
        let (corp, number) = (corp(1 + n as usize % 2), n / 2);
        let lane = if number == 7 {
            Lane::Urgent
        } else {
            Lane::Normal
        };
        let mut key = content(number);
        key.window += number % 3;
        let event = delivery(&format!("wm{number} of {corp}"), lane);
        (corp, store.accept(corp, key, &event).await, event)
    });
    // They may go together in one call.
    for (corp, answer, event) in join_all(accepts).await {
        let Ok(Accepted::New(id)) = answer else {
            panic!("the other corp's contents are others: {answer:?}");
        };
        assert_eq!(id.corp(), corp);
        let stored = store.delivery(&id).await.unwrap().unwrap();
        assert_eq!(stored.item, event);
    }
    for corp in [corp(1), corp(2)] {
        let urgent = store.claim_deliveries(corp, Lanes::Urgent, 40, LEASES, at(0));
        let urgent = urgent.await.unwrap();
        let subjects: Vec<&str> = urgent.iter().map(|it| it.item.subject.as_str()).collect();
        assert_eq!(subjects, [format!("contact:wm7 of {corp}")]);
    }
}

pub(crate) async fn bells_ring(ground: Ground) {
    let heard = async |queue| {
        let rung = ground.store().rung(corp(1), queue);
        tokio::time::timeout(Duration::from_secs(5), rung)
            .await
            .is_ok()
    };
    let id = ground
        .decide(&[refresh("wm1"), send("lisi", Lane::Normal)], at(0))
        .await;
    assert!(heard(Queue::Inbox).await);
    assert!(heard(Queue::Outbox).await);
    assert!(ground.replay(&id).await);
    assert!(heard(Queue::Inbox).await);
    let effects = [refresh("wm2"), send("wangwu", Lane::Normal)];
    let carried_out = ground.store().carry_out(corp(1), &[], &effects, at(0));
    carried_out.await.unwrap();
    assert!(heard(Queue::Inbox).await);
    assert!(heard(Queue::Outbox).await);
    for claim in ground.claim_calls(9, at(0)).await {
        let retry = ground.store().retry(&claim.ticket, at(900), "", at(0));
        retry.await.unwrap();
    }
    let hastened = ground.store().hasten(corp(1), Queue::Outbox, 9, at(1));
    assert_eq!(hastened.await, Ok(2));
    assert!(heard(Queue::Outbox).await);
}

pub(crate) async fn eight_at_once_are_a_crowd(ground: Ground) {
    let (store, event) = (ground.store(), delivery("wm1", Lane::Normal));
    for (first, together, crowded) in [(0, 7, false), (100, 8, true), (200, 1, false)] {
        let accepts = (first..first + together).map(|n| store.accept(corp(1), content(n), &event));
        let (answers, found) = join(join_all(accepts), async { store.is_crowded() }).await;
        assert_eq!(found, crowded, "{together} at once");
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }
}
