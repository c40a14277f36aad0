//! Buckets and notes, as two processes see them.

use std::time::Duration;

use wecom_bridge::model::rate::{Rate, Taken};
use wecom_bridge::model::time::Timestamp;
use wecom_bridge::store::Store;
use wecom_bridge::store::shared::Swap;

use crate::store_contract::ground::{Ground, at, corp};

/// One every four seconds, 15 at once.
const RATE: Rate = Rate {
    burst: 15,
    per_hour: 900,
};

const HOUR: Duration = Duration::from_secs(3600);

async fn take(store: &Store, want: u32, now: Timestamp) -> Taken {
    store.take(corp(1), "a/b", RATE, want, now).await.unwrap()
}

async fn swap(store: &Store, expected: Option<&str>, value: Option<&str>, now: Timestamp) -> bool {
    let swap = Swap {
        expected,
        value,
        keep_for: Duration::from_secs(10),
    };
    store.swap_note(corp(1), "n", swap, now).await.unwrap()
}

pub(crate) async fn a_bucket_is_shared(ground: Ground) {
    let (one, other) = (ground.store(), ground.other());
    for (store, secs, want, granted, wait) in [
        (one, 0, 10, 10, 0),
        (other, 0, 10, 5, 0),
        (one, 0, 1, 0, 4),
        (other, 3, 1, 0, 1),
        (other, 4, 5, 1, 0),
        (one, 12, 5, 2, 0),
        (one, 3600, 100, 15, 0),
    ] {
        let wait = Duration::from_secs(wait);
        assert_eq!(
            take(store, want, at(secs)).await,
            Taken { granted, wait },
            "{secs}"
        );
    }
    let elsewhere = one.take(corp(2), "a/b", RATE, 15, at(0)).await.unwrap();
    assert_eq!(elsewhere.granted, 15, "corps are apart");
    let another = one.take(corp(1), "c", RATE, 15, at(0)).await.unwrap();
    assert_eq!(another.granted, 15, "buckets are apart");
}

pub(crate) async fn a_pause_holds_for_all(ground: Ground) {
    let (one, other) = (ground.store(), ground.other());
    take(one, 1, at(0)).await;
    one.pause(corp(1), "a/b", HOUR, at(0)).await.unwrap();
    let shorter = Duration::from_secs(60);
    other.pause(corp(1), "a/b", shorter, at(1)).await.unwrap();
    let wait = Duration::from_secs(3000);
    assert_eq!(
        take(other, 5, at(600)).await,
        Taken { granted: 0, wait },
        "the later end counts"
    );
    assert_eq!(take(other, 5, at(3600)).await.granted, 5);
}

pub(crate) async fn a_wrong_clock_empties_no_bucket(ground: Ground) {
    let (one, other) = (ground.store(), ground.other());
    take(one, 15, at(86_400)).await;
    one.pause(corp(1), "a/b", HOUR, at(86_400)).await.unwrap();
    let taken = take(other, 1, at(0)).await;
    let wait = Duration::from_secs(4);
    assert_eq!(taken, Taken { granted: 0, wait });
    assert_eq!(take(other, 1, at(4)).await.granted, 1, "it fills again");
}

pub(crate) async fn a_note_is_swapped_only_as_expected(ground: Ground) {
    let (one, other) = (ground.store(), ground.other());
    let said = async |secs| ground.other().note(corp(1), "n", at(secs)).await.unwrap();
    assert_eq!(said(0).await, None);
    assert!(swap(one, None, Some("与 a\n b"), at(0)).await);
    assert_eq!(said(9).await.as_deref(), Some("与 a\n b"));
    assert!(!swap(other, None, Some("c"), at(1)).await, "it is held");
    assert!(swap(one, None, Some("与 a\n b"), at(1)).await, "sent twice");
    assert!(!swap(other, Some("c"), None, at(1)).await);
    assert_eq!(said(10).await, None, "its time is over");
    assert!(swap(other, None, Some("c"), at(10)).await);
    assert!(swap(other, Some("c"), Some(""), at(11)).await);
    assert_eq!(said(20).await.as_deref(), Some(""), "kept anew");
    assert!(swap(one, Some(""), None, at(20)).await);
    assert_eq!(said(20).await, None);
    assert!(swap(one, Some(""), None, at(20)).await, "sent twice");
}

pub(crate) async fn one_of_many_gets_a_lease(ground: Ground) {
    let tries = (0..16).map(|n| {
        let store = if n % 2 == 0 {
            ground.store()
        } else {
            ground.other()
        };
        async move { swap(store, None, Some(&n.to_string()), at(0)).await }
    });
    let got = futures_util::future::join_all(tries).await;
    assert_eq!(got.iter().filter(|got| **got).count(), 1);
}

pub(crate) async fn an_ended_session_stays_ended(ground: Ground) {
    let (one, other) = (ground.store(), ground.other());
    let is_ended = async |n, session, secs| {
        let ended = ground.other().is_session_ended(corp(n), session, at(secs));
        ended.await.unwrap()
    };
    assert!(!is_ended(1, "a", 0).await);
    one.end_session(corp(1), "a", at(60), at(0)).await.unwrap();
    other
        .end_session(corp(1), "a", at(60), at(0))
        .await
        .unwrap();
    one.end_session(corp(1), "b", at(90), at(59)).await.unwrap();
    assert!(is_ended(1, "a", 59).await && is_ended(1, "b", 59).await);
    assert!(!is_ended(2, "a", 59).await, "corps are apart");
    assert!(!is_ended(1, "c", 59).await);
    one.end_session(corp(1), "c", at(99), at(60)).await.unwrap();
    assert!(!is_ended(1, "a", 60).await, "its cookie is over by itself");
    assert!(is_ended(1, "b", 89).await && is_ended(1, "c", 89).await);
}
