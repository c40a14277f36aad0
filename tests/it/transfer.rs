//! A company grows out of one machine, or back onto it: everything that matters is taken along, and work goes on.

use tempfile::TempDir;
use wecom_bridge::app::transfer::{TransferError, export, half, import};
use wecom_bridge::app::{App, AppError};
use wecom_bridge::config::{Config, StoreChoice};
use wecom_bridge::model::delivery::Lane;
use wecom_bridge::model::ids::CorpId;
use wecom_bridge::store::item::{Accepted, Queue, Settle, State};
use wecom_bridge::store::record::Table;
use wecom_bridge::store::{Store, StoreUrl};

use crate::redis_server::RedisServer;
use crate::store_contract::ground::{
    Ground, at, content, corp, delivery, put_visit, refresh, send, subjects,
};
use crate::store_contract::settings;
use crate::world::{CORP, On, World};

async fn embedded(folder: &TempDir, name: &str) -> Store {
    let url = StoreUrl::Embedded(folder.path().join(name));
    Store::open(&settings(url)).await.unwrap()
}

async fn redis(server: &RedisServer) -> Store {
    Store::open(&settings(server.url())).await.unwrap()
}

fn corps() -> Vec<CorpId> {
    vec![corp(1).clone(), corp(2).clone()]
}

/// Something of every kind, as a service leaves it that was stopped in the middle.
async fn lived_in(store: Store) -> Ground {
    let ground = Ground::new(vec![store], ());
    let effects = [
        put_visit("wm1", 1),
        put_visit("wm2", 7),
        send("lisi", Lane::Normal),
        send("wangwu", Lane::Urgent),
    ];
    ground.decide(&effects, at(0)).await;
    let call = ground.claim_calls(1, at(0)).await.remove(0).ticket;
    let store = ground.store();
    let dead = store.commit(&call, Settle::Dead("refused"), &[], &[], at(1));
    dead.await.unwrap();
    for subject in ["dead", "retrying"] {
        ground.accept(subject).await;
    }
    let claims = ground.claim(2, at(1)).await;
    let bury = store.commit(&claims[0].ticket, Settle::Dead("no"), &[], &[], at(2));
    bury.await.unwrap();
    let (ticket, due) = (&claims[1].ticket, at(900));
    store.retry(ticket, due, "busy", at(2)).await.unwrap();
    for n in 0..3 {
        let event = delivery("wm1", Lane::Normal);
        store.accept(corp(1), content(n), &event).await.unwrap();
    }
    let urgent = delivery("wm2", Lane::Urgent);
    store.accept(corp(1), content(3), &urgent).await.unwrap();
    ground.accept("of yesterday").await;
    ground
}

/// What anybody sees of what is taken along.
async fn looked_at(store: &Store) -> Vec<String> {
    let mut seen = Vec::new();
    for corp in corps() {
        for table in Table::ALL {
            for record in store.all(&corp, table).await.unwrap() {
                seen.push(format!("{:?} {:?}", record.key, record.json));
            }
        }
        for state in [State::Waiting, State::Retrying, State::Dead] {
            let events = store.deliveries(&corp, Some(state), None, 100).await;
            for entry in events.unwrap() {
                let (text, progress) = (entry.item.encode(), entry.progress);
                seen.push(format!("{} {text} {progress:?}", entry.id));
            }
            let calls = store.outgoing(&corp, Some(state), None, 100).await;
            for entry in calls.unwrap() {
                seen.push(format!(
                    "{} {:?} {:?}",
                    entry.id, entry.item, entry.progress
                ));
            }
        }
        for queue in [Queue::Inbox, Queue::Outbox] {
            let counts = store.counts(&corp, queue, at(10)).await.unwrap();
            seen.push(format!(
                "{} {} {}",
                counts.waiting, counts.retrying, counts.dead
            ));
        }
    }
    seen
}

async fn moved(from: &Store, to: &Store) -> u64 {
    let mut lines = Vec::new();
    let count = export(from, &corps(), &mut lines).await.unwrap();
    let taken = import(to, &corps(), &lines[..], at(10)).await.unwrap();
    assert_eq!(taken, count);
    count
}

/// The story goes on where it was.
async fn goes_on(store: Store) {
    let ground = Ground::new(vec![store], ());
    let store = ground.store();
    for (n, expected) in [(0, false), (3, false), (9, true)] {
        let event = delivery("wm9", Lane::Normal);
        let accepted = store.accept(corp(1), content(n), &event).await.unwrap();
        assert_eq!(matches!(accepted, Accepted::New(_)), expected, "{n}");
    }
    // Urgent ones first, one of a subject at a time, what waited for another attempt at once.
    let claims = ground.claim(20, at(11)).await;
    let mut claimed = subjects(&claims);
    assert_eq!(claimed.remove(0), "wm2");
    claimed.sort_unstable();
    assert_eq!(claimed, ["of yesterday", "retrying", "wm1", "wm9"]);
    let retried = claims
        .iter()
        .find(|claim| claim.item.subject.as_str() == "contact:retrying");
    assert_eq!(retried.unwrap().ticket.attempt, 2);
    let effects = [
        refresh("wm1"),
        send("zhao", Lane::Normal),
        put_visit("wm1", 2),
    ];
    for claim in &claims {
        ground.done(&claim.ticket, &effects, at(12)).await.unwrap();
    }
    let calls = ground.claim_calls(20, at(13)).await;
    // The one that was owed before, and the first of those to one member.
    assert_eq!(calls.len(), 2);
    let dead = store
        .deliveries(corp(1), Some(State::Dead), None, 9)
        .await
        .unwrap();
    assert!(ground.replay(&dead[0].id).await);
    assert!(subjects(&ground.claim(20, at(14)).await).contains(&"dead"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn out_of_the_file_into_redis_and_back() {
    let (folder, server) = (TempDir::new().unwrap(), RedisServer::start());
    let ground = lived_in(embedded(&folder, "a.redb").await).await;
    let before = looked_at(ground.store()).await;
    assert!(before.len() > 12, "{before:#?}");
    let there = redis(&server).await;
    let count = moved(ground.store(), &there).await;
    assert_eq!(looked_at(&there).await, before);
    let week = settings(server.url()).dedupe_for.as_secs();
    for set in server.cli(&["KEYS", "*seen*"]).lines() {
        let left: u64 = server.cli(&["TTL", set]).parse().unwrap();
        assert!((week..=week + 3600).contains(&left), "{set}: {left}");
    }
    let back = embedded(&folder, "b.redb").await;
    assert_eq!(moved(&there, &back).await, count);
    assert_eq!(looked_at(&back).await, before);
    // It is taken over by a command; the service opens it afterwards.
    drop(back);
    let back = embedded(&folder, "b.redb").await;
    goes_on(there).await;
    goes_on(back).await;
    drop(ground);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_whole_export_into_an_empty_store() {
    let (folder, server) = (TempDir::new().unwrap(), RedisServer::start());
    let ground = lived_in(embedded(&folder, "a.redb").await).await;
    let mut lines = Vec::new();
    let count = export(ground.store(), &corps(), &mut lines).await.unwrap();
    let text = String::from_utf8(lines).unwrap();
    for store in [ground.store(), &redis(&server).await] {
        let first = import(store, &corps(), text.as_bytes(), at(10)).await;
        let again = import(store, &corps(), text.as_bytes(), at(10)).await;
        assert!(
            matches!(again, Err(TransferError::NotEmpty(_))),
            "{again:?}"
        );
        assert_eq!(first.is_ok(), !std::ptr::eq(store, ground.store()));
    }
    let last = text.trim_end().lines().last().unwrap();
    assert_eq!(last, format!("{{\"end\":{count}}}"));
    let cut = text.strip_suffix(&format!("{last}\n")).unwrap();
    for (lines, expected) in [
        (cut.to_owned(), "the file has no end"),
        (text.replace("\"end\":", "\"end\":1"), "line "),
        (text.replace("\"version\":1", "\"version\":2"), "line 1 "),
        (text.replace("visits", "visitors"), "the store holds"),
        (text.replace(corp(2).as_str(), "wwOther"), "wwOther is not"),
    ] {
        let name = format!("{}.redb", expected.len());
        let store = embedded(&folder, &name).await;
        let refused = import(&store, &corps(), lines.as_bytes(), at(10)).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.starts_with(expected), "{refused}");
        // But for the first line, something was imported.
        let is_half = half(&store, &corps()).await.unwrap().is_some();
        assert_eq!(is_half, expected != "line 1 ", "{expected}");
        let exported = export(&store, &corps(), &mut Vec::new()).await;
        assert_eq!(exported.is_err(), is_half, "{expected}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_store_is_not_served() {
    let (folder, world) = (TempDir::new().unwrap(), World::start(On::Embedded).await);
    let corps = [CorpId::parse(CORP).unwrap()];
    world.people();
    let mut lines = Vec::new();
    export(world.store(), &corps, &mut lines).await.unwrap();
    let lines = String::from_utf8(lines).unwrap();
    let cut = lines.rsplit_once("{\"end\"").unwrap().0;
    for (text, is_whole) in [(cut, false), (&*lines, true)] {
        let path = folder.path().join(format!("{is_whole}.redb"));
        let config = Config {
            store: StoreChoice::Embedded(path.clone()),
            listen: ([127, 0, 0, 1], 0).into(),
            ..world.config().clone()
        };
        let settings = wecom_bridge::app::store_settings(&config);
        let store = Store::open(&settings).await.unwrap();
        let imported = import(&store, &corps, text.as_bytes(), at(10)).await;
        assert_eq!(imported.is_ok(), is_whole);
        drop(store);
        let built = App::build(&config, world.clock.clone()).await;
        match built {
            Ok(_) => assert!(is_whole),
            Err(problem) => {
                assert!(
                    matches!(problem, AppError::Half(_)) && !is_whole,
                    "{problem}"
                );
            }
        }
    }
}
