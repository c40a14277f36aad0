//! Carrying commands out, and finding what they leave.

use std::collections::HashSet;

use futures_util::future::join_all;
use wecom_bridge::model::delivery::{ItemId, Lane};
use wecom_bridge::model::effect::{Effect, Shelf};
use wecom_bridge::model::grant::{Grant, GrantState};
use wecom_bridge::model::ids::{ExternalUserId, UserId};
use wecom_bridge::model::item::{Actor, ItemRef};
use wecom_bridge::model::thread::Comment;
use wecom_bridge::store::error::StoreError;

use crate::store_contract::ground::{
    Ground, at, corp, put_visit, refresh, send, subjects, visit_key,
};

fn contact(id: &str) -> ExternalUserId {
    ExternalUserId::parse(id).unwrap()
}

fn item(text: &str) -> ItemRef {
    text.parse().unwrap()
}

impl Ground {
    async fn carry_out(&self, effects: &[Effect]) {
        let carried = self.store().carry_out(corp(1), &[], effects, at(5));
        carried.await.unwrap();
    }
}

pub(crate) async fn it_is_carried_out_whole(ground: Ground) {
    let keys = [visit_key("wm1"), visit_key("there_before")];
    ground.decide(&[put_visit("there_before", 1)], at(0)).await;
    let basis = ground.store().read(corp(1), &keys).await.unwrap();
    let effects = [
        put_visit("wm1", 1),
        send("lisi", Lane::Normal),
        refresh("wm2"),
    ];
    let carry_out = async || {
        let handle = ground.other();
        handle.carry_out(corp(1), &basis, &effects, at(5)).await
    };
    carry_out().await.unwrap();
    let kept = ground.record(visit_key("wm1")).await;
    assert!(kept.version > 0 && kept.json.is_some());
    assert_eq!(ground.claim_calls(10, at(5)).await.len(), 1);
    assert_eq!(subjects(&ground.claim(10, at(5)).await), ["wm2"]);

    // It stood on what is not so any more.
    assert_eq!(carry_out().await, Err(StoreError::Stale));
    assert_eq!(ground.record(visit_key("wm1")).await, kept);
    assert!(ground.claim_calls(10, at(5)).await.is_empty());
}

pub(crate) async fn one_of_many_at_once_is_carried_out(ground: Ground) {
    let keys = [visit_key("wm1")];
    let basis = ground.store().read(corp(1), &keys).await.unwrap();
    let tries = (0..20).map(|n| {
        let (handle, basis) = ([ground.store(), ground.other()][n % 2], &basis);
        let effects = [put_visit("wm1", n as u64), send("lisi", Lane::Normal)];
        async move { handle.carry_out(corp(1), basis, &effects, at(5)).await }
    });
    let answers = join_all(tries).await;
    let carried = answers.iter().filter(|answer| answer.is_ok()).count();
    let stale = answers
        .iter()
        .filter(|answer| **answer == Err(StoreError::Stale));
    assert_eq!((carried, stale.count()), (1, 19));
    assert_eq!(ground.claim_calls(30, at(5)).await.len(), 1);
}

pub(crate) async fn its_calls_have_names_of_their_own(ground: Ground) {
    // Two in one millisecond, and one that a delivery has caused in the same.
    for member in ["a", "b"] {
        let both = [
            send(member, Lane::Normal),
            send(&format!("{member}2"), Lane::Urgent),
        ];
        ground.carry_out(&both).await;
    }
    ground.decide(&[send("c", Lane::Normal)], at(5)).await;
    let mut names = HashSet::new();
    for call in ground.claim_calls(10, at(5)).await {
        let id = &call.ticket.id;
        assert_eq!(id.to_string().parse::<ItemId>().as_ref(), Ok(id));
        let entry = ground.store().call(id).await.unwrap();
        assert!(entry.is_some(), "{id} is found");
        ground.done(&call.ticket, &[], at(6)).await.unwrap();
        names.insert(id.clone());
    }
    assert_eq!(names.len(), 5, "{names:?}");
    let listed = ground
        .store()
        .outgoing(corp(1), None, None, 10)
        .await
        .unwrap();
    assert_eq!(listed.len(), 5);
}

pub(crate) async fn shelves_and_holders_are_listed(ground: Ground) {
    let lisi = Shelf::Member(UserId::parse("LiSi").unwrap());
    let other = Shelf::Member(UserId::parse("lisi2").unwrap());
    let on = |shelf: &Shelf, reference: &str| Effect::PutOnShelf(shelf.clone(), item(reference));
    let give = |who: &str, state| {
        Effect::PutGrant(Grant {
            contact: contact(who),
            item: item("form:1"),
            by: Actor::System,
            state,
            given_at: at(0),
            changed_at: at(0),
        })
    };
    let effects = [
        on(&lisi, "record:3"),
        on(&lisi, "form:1"),
        on(&lisi, "form:2"),
        on(&other, "form:9"),
        give("wm2", GrantState::Pending),
        give("wm1", GrantState::Confirmed),
        give("wm", GrantState::Confirmed),
        give("wm3", GrantState::Revoked),
    ];
    ground.carry_out(&effects).await;
    let store = ground.other();
    let all = [item("form:1"), item("form:2"), item("record:3")];
    let shelved = async |after, limit| {
        let found = store.on_shelf(corp(1), &lisi, after, limit).await;
        found.unwrap()
    };
    assert_eq!(shelved(None, 9).await, all);
    assert_eq!(shelved(None, 2).await, all[..2]);
    assert_eq!(shelved(Some(&all[1]), 9).await, all[2..]);

    let form = item("form:1");
    let holders = async || store.holders(corp(1), &form, None, 9).await.unwrap();
    let expected = [contact("wm"), contact("wm1"), contact("wm2")];
    assert_eq!(holders().await, expected);
    let page = store.holders(corp(1), &form, Some(&contact("wm")), 1).await;
    assert_eq!(page.unwrap(), [contact("wm1")]);
    let effects = [
        give("wm1", GrantState::Revoked),
        Effect::TakeFromShelf(lisi.clone(), item("form:2")),
    ];
    ground.carry_out(&effects).await;
    assert_eq!(holders().await, [contact("wm"), contact("wm2")]);
    assert_eq!(shelved(None, 9).await, [item("form:1"), item("record:3")]);
}

pub(crate) async fn what_was_said_is_listed_in_order(ground: Ground) {
    let say = |who: &str, on: &str, secs: i64| {
        Effect::PutComment(Comment {
            id: Comment::new_id(at(secs), [secs as u8; 8]),
            item: item(on),
            contact: contact(who),
            by: Actor::System,
            text: format!("{secs}"),
            at: at(secs),
        })
    };
    let effects = [
        say("wm1", "form:1", 3),
        say("wm1", "form:1", 1),
        say("wm1", "form:1", 2),
        say("wm2", "form:1", 1),
        say("wm1", "form:12", 1),
    ];
    ground.carry_out(&effects).await;
    let (form, wm1) = (item("form:1"), contact("wm1"));
    let said = async |after: Option<&str>| {
        let store = ground.other();
        let found = store
            .comments(corp(1), &form, &wm1, after, 9)
            .await
            .unwrap();
        found
            .into_iter()
            .map(|comment| comment.id)
            .collect::<Vec<_>>()
    };
    let all = said(None).await;
    let expected = [1, 2, 3].map(|secs| Comment::new_id(at(secs), [secs as u8; 8]));
    assert_eq!(all, expected);
    assert_eq!(said(Some(&all[0])).await, expected[1..]);

    let last = async |before: Option<&str>, limit: usize| {
        let store = ground.other();
        let found = store.last_comments(corp(1), &form, &wm1, before, limit);
        let found = found.await.unwrap().into_iter();
        found.map(|comment| comment.id).collect::<Vec<_>>()
    };
    assert_eq!(last(None, 2).await, expected[1..]);
    assert_eq!(last(None, 9).await, expected);
    assert_eq!(last(Some(&all[2]), 1).await, expected[1..2]);
    assert_eq!(last(Some(&all[1]), 9).await, expected[..1]);
    for nowhere in [all[0].as_str(), ""] {
        assert_eq!(last(Some(nowhere), 9).await, [""; 0]);
    }
}
