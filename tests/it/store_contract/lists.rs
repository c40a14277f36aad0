//! What people can see.

use futures_util::future::join_all;
use wecom_bridge::model::delivery::{ItemId, Lane};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::follower::Follower;
use wecom_bridge::model::ids::{ExternalUserId, OpenId, UnionId, UserId};
use wecom_bridge::model::visit::Visit;
use wecom_bridge::store::item::{Accepted, Depth, LaneDepth, Lanes, Queue, Settle, State};
use wecom_bridge::store::record::{Key, Table};

use crate::store_contract::ground::{
    Ground, LEASES, at, content, corp, delivery, put_visit, send, visit_key,
};

pub(crate) async fn newest_first_in_pages(ground: Ground) {
    let mut ids = Vec::new();
    for n in 0..5 {
        let lane = if n == 2 { Lane::Urgent } else { Lane::Normal };
        ids.push(ground.accept_in(lane, &format!("wm{n}")).await);
    }
    ids.reverse();
    assert_eq!(page(&ground, None, None, 10).await, ids);
    assert_eq!(page(&ground, None, None, 3).await, ids[..3]);
    assert_eq!(page(&ground, None, Some(&ids[2]), 2).await, ids[3..]);
    assert_eq!(page(&ground, None, Some(&ids[2]), 10).await, ids[3..]);
    assert!(page(&ground, None, Some(&ids[4]), 10).await.is_empty());
    assert!(page(&ground, None, None, 0).await.is_empty());
}

pub(crate) async fn by_state(ground: Ground) {
    let mut ids = Vec::new();
    for n in 0..8 {
        ids.push(ground.accept(&format!("wm{n}")).await);
    }
    let claims = ground.claim(7, at(0)).await;
    let store = ground.store();
    for (claim, n) in claims.iter().zip(0..) {
        match n % 4 {
            0 => ground.done(&claim.ticket, &[], at(n)).await.unwrap(),
            1 => {
                let bury = store.commit(&claim.ticket, Settle::Dead("no"), &[], &[], at(n));
                bury.await.unwrap();
            }
            2 => {
                let retry = store.retry(&claim.ticket, at(900), "busy", at(n));
                retry.await.unwrap();
            }
            _ => {}
        }
    }
    for (state, expected) in [
        (State::Done, [4, 0]),
        (State::Dead, [5, 1]),
        (State::Retrying, [6, 2]),
        // One of them is in work, the other one is not yet.
        (State::Waiting, [7, 3]),
    ] {
        let [new, old] = expected.map(|n: usize| ids[n].clone());
        let both = [new.clone(), old.clone()];
        assert_eq!(page(&ground, Some(state), None, 10).await, both);
        assert_eq!(page(&ground, Some(state), None, 1).await, both[..1]);
        let rest = page(&ground, Some(state), Some(&new), 10).await;
        assert_eq!(rest, both[1..], "{state:?}");
        let entries = store.deliveries(corp(1), Some(state), None, 10);
        for entry in entries.await.unwrap() {
            assert_eq!(entry.progress.state, state);
            assert_eq!(entry.progress, ground.progress(&entry.id).await);
        }
    }
    ids.reverse();
    assert_eq!(
        page(&ground, None, None, 10).await,
        ids,
        "whatever the state"
    );
    assert_eq!(page(&ground, None, Some(&ids[1]), 3).await, ids[2..5]);
}

pub(crate) async fn each_corp_its_own(ground: Ground) {
    let store = ground.store();
    let mut ids = [Vec::new(), Vec::new()];
    for (n, of) in (0..14).zip([1, 2, 2].into_iter().cycle()) {
        let event = delivery(&format!("wm{n}"), Lane::Normal);
        let accepted = store.accept(corp(of), content(n), &event).await.unwrap();
        let Accepted::New(id) = accepted else {
            panic!("every content is another: {accepted:?}");
        };
        ids[of - 1].insert(0, id);
    }
    for (of, all) in (1..).zip(&ids) {
        let list = async |state, before: Option<ItemId>| {
            let page = store.deliveries(corp(of), state, before.as_ref(), 2).await;
            let page = page.unwrap().into_iter().map(|entry| entry.id);
            page.collect::<Vec<_>>()
        };
        // The oldest is settled; the others wait.
        let claims = store.claim_deliveries(corp(of), Lanes::All, 1, LEASES, at(0));
        let claim = claims.await.unwrap().remove(0);
        ground.done(&claim.ticket, &[], at(0)).await.unwrap();
        let (done, open) = all.split_last().unwrap();
        assert_eq!(
            list(Some(State::Done), None).await,
            std::slice::from_ref(done)
        );
        for (state, expected) in [(None, &all[..]), (Some(State::Waiting), open)] {
            let mut found: Vec<ItemId> = Vec::new();
            loop {
                let page = list(state, found.last().cloned()).await;
                if page.is_empty() {
                    break;
                }
                found.extend(page);
            }
            assert_eq!(found, expected, "{of} {state:?}");
        }
        let counts = store.counts(corp(of), Queue::Inbox, at(0)).await.unwrap();
        assert_eq!((counts.waiting, counts.done), (open.len() as u64, 1));
        let received: u64 = counts.received.iter().sum();
        assert_eq!(received, all.len() as u64);
        let calls = store.counts(corp(of), Queue::Outbox, at(0)).await.unwrap();
        assert_eq!((calls.waiting, calls.done), (0, 0));
    }
}

pub(crate) async fn rare_states_are_found(ground: Ground) {
    let names: Vec<String> = (0..400).map(|n| format!("wm{n}")).collect();
    join_all(names.iter().map(|name| ground.accept(name))).await;
    let mut claims = ground.claim(200, at(0)).await;
    while claims.len() < 200 {
        let more = ground.claim(200 - claims.len(), at(0)).await;
        assert!(!more.is_empty());
        claims.extend(more);
    }
    let mut dead = Vec::new();
    for (claim, n) in claims.iter().zip(0..) {
        if n % 70 == 0 {
            let bury = Settle::Dead("no");
            let bury = ground.store().commit(&claim.ticket, bury, &[], &[], at(1));
            bury.await.unwrap();
            dead.insert(0, claim.ticket.id.clone());
        }
    }
    assert_eq!(page(&ground, Some(State::Dead), None, 9).await, dead);
    assert_eq!(page(&ground, Some(State::Dead), None, 2).await, dead[..2]);
    let rest = page(&ground, Some(State::Dead), Some(&dead[1]), 9).await;
    assert_eq!(rest, dead[2..]);
    assert!(page(&ground, Some(State::Done), None, 9).await.is_empty());
    let waiting = page(&ground, Some(State::Waiting), None, 400).await;
    assert_eq!(waiting.len(), 397);
}

pub(crate) async fn calls_newest_first(ground: Ground) {
    let names: Vec<String> = (0..12).map(|n| format!("member{n}")).collect();
    let effects: Vec<_> = names.iter().map(|name| send(name, Lane::Normal)).collect();
    let early = ground.decide(&effects, at(0)).await;
    let late = ground.decide(&effects[..1], at(1)).await;
    let mut expected: Vec<_> = (0..12).map(|n| early.caused(n)).collect();
    expected.push(late.caused(0));
    expected.reverse();
    let store = ground.store();
    let listed = store.outgoing(corp(1), None, None, 20).await.unwrap();
    let ids: Vec<_> = listed.into_iter().map(|entry| entry.id).collect();
    assert_eq!(ids, expected, "numbers are compared as numbers");
    let second_page = store.outgoing(corp(1), Some(State::Waiting), Some(&ids[3]), 4);
    let second_page = second_page.await.unwrap();
    let second_page: Vec<_> = second_page.into_iter().map(|entry| entry.id).collect();
    assert_eq!(second_page, expected[4..8]);
}

pub(crate) async fn tables_by_key(ground: Ground) {
    let store = ground.store();
    let table = visit_key("wm1").table;
    let effects: Vec<_> = ["wm2", "wm10", "wma", "wm1", "wmA"]
        .iter()
        .map(|contact| put_visit(contact, 1))
        .collect();
    ground.decide(&effects, at(0)).await;
    let all = store.list(corp(1), table, None, 10).await.unwrap();
    let keys: Vec<&str> = all.iter().map(|record| record.key.key.as_str()).collect();
    let expected = ["wm1", "wm10", "wm2", "wmA", "wma"].map(|contact| visit_key(contact).key);
    assert_eq!(keys, expected);
    assert!(all.iter().all(|record| record.json.is_some()));

    let page = store.list(corp(1), table, Some(&expected[1]), 2).await;
    assert_eq!(page.unwrap(), all[2..4]);
    let rest = store.list(corp(1), table, Some("wm2 zzz"), 10).await;
    assert_eq!(rest.unwrap(), all[3..], "`after` need not exist");
    for other in Table::ALL.into_iter().filter(|other| *other != table) {
        let none = store.list(corp(1), other, None, 10).await.unwrap();
        assert!(none.is_empty(), "{}", other.name());
    }
}

pub(crate) async fn relations_of_one_contact(ground: Ground) {
    let store = ground.store();
    let visit = |contact: &str, member: usize| {
        Effect::PutVisit(Visit {
            userid: UserId::parse(&format!("member{member:03}")).unwrap(),
            external_userid: ExternalUserId::parse(contact).unwrap(),
            entry: "single_chat_tools".into(),
            last_at: at(0),
            count: 1,
        })
    };
    // More than two pages, exactly one, one record, none.
    let counts = [("wm1", 130), ("wm2", 64), ("wm3", 1), ("wm", 0)];
    for (contact, count) in counts {
        let effects: Vec<_> = (0..count).map(|member| visit(contact, member)).collect();
        ground.decide(&effects, at(0)).await;
    }
    let (keys, tables) = ([visit_key("none")], [Table::Greetings, Table::Visits]);
    for (contact, count) in counts {
        let id = ExternalUserId::parse(contact).unwrap();
        let found = store.of_contact(corp(1), &keys, &tables, &id).await;
        let found: Vec<Key> = found
            .unwrap()
            .into_iter()
            .map(|record| record.key)
            .collect();
        let member = |n| UserId::parse(&format!("member{n:03}")).unwrap();
        let relations = (0..count).map(|n| Key::visit(&id, &member(n)));
        let expected: Vec<Key> = keys.iter().cloned().chain(relations).collect();
        assert_eq!(found, expected, "{contact}");
    }
}

pub(crate) async fn followers_by_openid(ground: Ground) {
    let follower = |openid: &str, following| Follower {
        openid: OpenId::parse(openid).unwrap(),
        unionid: UnionId::parse("uA").ok(),
        following,
        since: at(0),
        told_at: at(1),
    };
    let (one, other) = (follower("oA", true), follower("oa", false));
    let effects = [&one, &other].map(|it| Effect::PutFollower(it.clone()));
    ground.decide(&effects, at(1)).await;
    for kept in [one, other] {
        let record = ground.record(Key::follower(&kept.openid)).await;
        assert_eq!(record.parse::<Follower>().unwrap(), Some(kept));
    }
    let listed = ground.store().list(corp(1), Table::Followers, None, 10);
    assert_eq!(listed.await.unwrap().len(), 2);
}

pub(crate) async fn records_as_asked(ground: Ground) {
    let store = ground.store();
    ground
        .decide(&[put_visit("b", 1), put_visit("a", 1)], at(0))
        .await;
    let keys = ["b", "none", "a", "b"].map(visit_key);
    let records = store.read(corp(1), &keys).await.unwrap();
    let found: Vec<_> = records.iter().map(|record| &record.key).collect();
    assert_eq!(found, keys.iter().collect::<Vec<_>>());
    let there: Vec<_> = records.iter().map(|record| record.json.is_some()).collect();
    assert_eq!(there, [true, false, true, true]);
    assert_eq!(records[1].version, 0);
    assert!(store.read(corp(1), &[]).await.unwrap().is_empty());
    assert!(!store.health().await.unwrap().name.is_empty());
}

async fn page(
    ground: &Ground,
    state: Option<State>,
    before: Option<&ItemId>,
    limit: usize,
) -> Vec<ItemId> {
    let entries = ground.store().deliveries(corp(1), state, before, limit);
    let entries = entries.await.unwrap();
    entries.into_iter().map(|entry| entry.id).collect()
}

pub(crate) async fn counts_by_state_and_hour(ground: Ground) {
    let store = ground.store();
    let hour = 3600;
    let empty = store.counts(corp(1), Queue::Inbox, at(0)).await.unwrap();
    assert_eq!((empty.waiting, empty.done, empty.hours.len()), (0, 0, 24));
    // Done 30 and 2 hours ago.
    ground.decide(&[], at(0)).await;
    ground
        .decide(&[send("lisi", Lane::Normal)], at(28 * hour))
        .await;
    let subjects = ["dead", "discarded", "retrying", "claimed"];
    for subject in subjects {
        ground.accept(subject).await;
    }
    let claims = ground.claim(4, at(28 * hour)).await;
    for (claim, when) in claims.iter().zip([at(29 * hour), at(28 * hour)]) {
        let bury = store.commit(&claim.ticket, Settle::Dead("no"), &[], &[], when);
        bury.await.unwrap();
    }
    let discard = store.discard(
        Queue::Inbox,
        &claims[1].ticket.id,
        "no",
        "me",
        at(30 * hour),
    );
    assert!(discard.await.unwrap());
    let retry = store.retry(&claims[2].ticket, at(99 * hour), "busy", at(0));
    retry.await.unwrap();
    ground.accept("waiting").await;

    let now = at(30 * hour);
    let counts = store.counts(corp(1), Queue::Inbox, now).await.unwrap();
    let states = (
        counts.waiting,
        counts.retrying,
        counts.dead,
        counts.discarded,
        counts.done,
    );
    assert_eq!(states, (2, 1, 1, 1, 2), "one of those that wait is in work");
    assert_eq!(counts.hours.len(), 24);
    assert_eq!(counts.hours[21..], [(1, 0), (0, 1), (1, 0)]);
    assert!(counts.hours[..21].iter().all(|hour| *hour == (0, 0)));
    assert!(counts.received.iter().all(|came| *came == 0), "before that");
    let then = store.counts(corp(1), Queue::Inbox, at(hour)).await.unwrap();
    let came: Vec<u64> = then.received[21..].to_vec();
    assert_eq!(
        came,
        [0, 7, 0],
        "one of those waits, nobody has looked at it"
    );
    ground.claim(9, at(31 * hour)).await;
    assert!(ground.replay(&claims[1].ticket.id).await);
    ground.claim(9, at(31 * hour)).await;
    let then = store.counts(corp(1), Queue::Inbox, at(hour)).await.unwrap();
    assert_eq!(then.received[21..], [0, 7, 0], "each counts once");
    let calls = store.counts(corp(1), Queue::Outbox, now).await.unwrap();
    assert_eq!((calls.waiting, calls.done), (1, 0));
    assert!(calls.received.is_empty(), "{calls:?}");
    let other = store.counts(corp(2), Queue::Inbox, now).await.unwrap();
    assert_eq!(other, empty);
}

pub(crate) async fn depth_by_lane(ground: Ground) {
    let store = ground.store();
    let inbox = async || ground.other().depth(corp(1), Queue::Inbox).await.unwrap();
    let lane = |waiting, oldest: Option<i64>| LaneDepth {
        waiting,
        oldest: oldest.map(at),
    };
    assert_eq!(inbox().await, Depth::default());
    // Dead, retried, done; what is left are two urgent ones and three others, two of which are of one subject.
    for subject in ["dead", "retried", "done"] {
        ground.accept(subject).await;
    }
    let claims = ground.claim(9, at(0)).await;
    let [dead, retried, done] = &claims[..] else {
        panic!("{claims:?}")
    };
    let bury = store.commit(&dead.ticket, Settle::Dead("no"), &[], &[], at(0));
    bury.await.unwrap();
    let retry = store.retry(&retried.ticket, at(99), "busy", at(0));
    retry.await.unwrap();
    let effects = [send("lisi", Lane::Urgent), send("wangwu", Lane::Normal)];
    ground.done(&done.ticket, &effects, at(5)).await.unwrap();
    for _ in 0..2 {
        ground.accept_in(Lane::Urgent, "wm1").await;
        ground.accept("wm2").await;
    }
    ground.accept("wm3").await;
    let expected = Depth {
        urgent: lane(2, Some(0)),
        normal: lane(3, Some(0)),
        retrying: 1,
        dead: 1,
    };
    assert_eq!(inbox().await, expected);

    // One of each subject is in work, the other ones wait for it.
    let claims = ground.claim(9, at(0)).await;
    assert_eq!(claims.len(), 3, "{claims:?}");
    let depth = inbox().await;
    assert_eq!(depth.urgent.waiting + depth.normal.waiting, 5);
    assert_eq!(depth.urgent.oldest, Some(at(0)));
    for claim in &claims {
        ground.done(&claim.ticket, &[], at(6)).await.unwrap();
    }
    for claim in ground.claim(9, at(7)).await {
        ground.done(&claim.ticket, &[], at(7)).await.unwrap();
    }
    let depth = inbox().await;
    assert_eq!((depth.urgent, depth.normal), Default::default());
    assert_eq!((depth.retrying, depth.dead), (1, 1));

    let calls = store.depth(corp(1), Queue::Outbox).await.unwrap();
    assert_eq!((calls.urgent.waiting, calls.normal.waiting), (1, 1));
    assert!(calls.urgent.oldest.is_some() && calls.normal.oldest.is_some());
    let other = store.depth(corp(2), Queue::Inbox).await.unwrap();
    assert_eq!(other, Depth::default());
}
