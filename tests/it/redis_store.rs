//! What only the Redis store has to stand: a server that dies, hangs, forgets, refuses, or is shared.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use secrecy::SecretString;
use wecom_bridge::model::delivery::{ItemId, Lane};
use wecom_bridge::model::ids::CorpId;
use wecom_bridge::model::rate::Rate;
use wecom_bridge::store::error::StoreError;
use wecom_bridge::store::item::{Accepted, Lanes, Settle, State, Ticket};
use wecom_bridge::store::shared::Swap;
use wecom_bridge::store::{Store, StoreUrl};

use crate::redis_server::RedisServer;
use crate::store_contract::ground::{
    Ground, LEASE, LEASES, at, content, corp, delivery, put_visit, refresh, send, subjects,
    visit_key,
};
use crate::store_contract::settings;

/// WeCom waits five seconds; the answer has to be on its way before.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long a store may take to find a server that is back.
const RECOVERY: Duration = Duration::from_secs(10);

async fn open(server: &RedisServer) -> Store {
    Store::open(&settings(server.url())).await.unwrap()
}

/// Accepts the `n`th content once.
async fn accept(store: &Store, n: u32) -> Result<Accepted, StoreError> {
    let event = delivery(&format!("wm{n}"), Lane::Normal);
    store.accept(corp(1), content(n), &event).await
}

/// Accepts the `n`th content, again and again as WeCom would.
async fn accept_at_last(store: &Store, n: u32) -> Accepted {
    let started = Instant::now();
    loop {
        match accept(store, n).await {
            Ok(accepted) => return accepted,
            Err(problem) => assert!(started.elapsed() < RECOVERY, "{problem}"),
        }
    }
}

async fn accepted_ids(store: &Store) -> Vec<ItemId> {
    let entries = store.deliveries(corp(1), None, None, 100_000).await;
    let ids = entries.unwrap().into_iter().map(|entry| entry.id);
    ids.rev().collect()
}

fn new_id(accepted: Accepted) -> ItemId {
    match accepted {
        Accepted::New(id) => id,
        Accepted::Duplicate => panic!("this content did not come before"),
    }
}

async fn assert_gives_up_in_time(question: impl Future<Output = Result<Accepted, StoreError>>) {
    let started = Instant::now();
    let answer = question.await;
    assert!(
        matches!(answer, Err(StoreError::Unavailable(_))),
        "{answer:?}"
    );
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

/// Nobody is made to wait for a server that does not answer longer than for one answer.
async fn assert_claims_nothing_in_time(store: &Store) {
    let started = Instant::now();
    let claims = store.claim_deliveries(corp(1), Lanes::All, 1, LEASES, at(0));
    let claims = claims.await.map(|claims| claims.len());
    assert!(
        matches!(claims, Err(StoreError::Unavailable(_))),
        "{claims:?}"
    );
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_a_kill() {
    let mut server = RedisServer::durable();
    let store = open(&server).await;
    let before: Vec<ItemId> = join_all((0..200).map(|n| accept(&store, n)))
        .await
        .into_iter()
        .map(|answer| new_id(answer.unwrap()))
        .collect();
    let ticket = store.claim_deliveries(corp(1), Lanes::All, 1, LEASES, at(0));
    let ticket = ticket.await.unwrap().remove(0).ticket;

    server.kill();
    for n in 200..203 {
        assert_gives_up_in_time(accept(&store, n)).await;
    }
    assert_claims_nothing_in_time(&store).await;
    server.start_again();

    let after = new_id(accept_at_last(&store, 200).await);
    let mut expected = before;
    expected.push(after);
    assert_eq!(accepted_ids(&store).await, expected);
    assert_eq!(accept(&store, 7).await, Ok(Accepted::Duplicate));
    let done = store.commit(&ticket, Settle::Done, &[], &[], at(1));
    done.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_under_load_loses_no_answered_event() {
    let mut server = RedisServer::durable();
    let store = open(&server).await;
    let answered = Mutex::new(Vec::new());
    let senders = (0..8).map(async |sender| {
        for n in 0..100 {
            let content = sender * 100 + n;
            if let Ok(Accepted::New(id)) = accept(&store, content).await {
                answered.lock().unwrap().push(id);
            }
        }
    });
    let killer = async {
        while answered.lock().unwrap().len() < 200 {
            tokio::task::yield_now().await;
        }
        let restart = move || {
            server.kill();
            server.start_again();
            server
        };
        tokio::task::spawn_blocking(restart).await.unwrap()
    };
    let (_, _server) = tokio::join!(join_all(senders), killer);

    // Whoever got no answer sends again; what had been stored without an answer is recognised.
    for n in 0..800 {
        accept_at_last(&store, n).await;
    }
    let stored = accepted_ids(&store).await;
    assert_eq!(stored.len(), 800);
    let stored: HashSet<_> = stored.into_iter().collect();
    assert!(
        answered
            .into_inner()
            .unwrap()
            .iter()
            .all(|id| stored.contains(id))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_given_up_in_time() {
    let server = RedisServer::start();
    let store = open(&server).await;
    new_id(accept(&store, 0).await.unwrap());

    server.freeze();
    let first = join_all((1..100).map(|n| assert_gives_up_in_time(accept(&store, n))));
    let late = async {
        // Joins the line while the first call hangs.
        assert_claims_nothing_in_time(&store).await;
        assert_gives_up_in_time(accept(&store, 100)).await;
    };
    tokio::join!(first, late);
    server.thaw();

    // The answers of some were lost, not the events: sent again, each of them is there once.
    for n in 1..=100 {
        accept_at_last(&store, n).await;
    }
    assert_eq!(accepted_ids(&store).await.len(), 101);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_settle_each_event_once() {
    const EVENTS: u32 = 10_000;
    const CLAIMED_AT_ONCE: usize = 32;
    let server = RedisServer::start();
    let stores = [open(&server).await, open(&server).await];
    let accepts = (0..EVENTS).map(async |n| {
        let store = &stores[n as usize % 2];
        let lane = if n % 10 == 0 {
            Lane::Urgent
        } else {
            Lane::Normal
        };
        let event = delivery(&format!("wm{}", n % 700), lane);
        new_id(store.accept(corp(1), content(n), &event).await.unwrap())
    });
    let mut accepted = HashSet::new();
    let mut accepts: Vec<_> = accepts.collect();
    while !accepts.is_empty() {
        let some = accepts.split_off(accepts.len().saturating_sub(1000));
        accepted.extend(join_all(some).await);
    }

    let settled = Mutex::new(Vec::new());
    let workers = (0..8).map(async |worker| {
        let store = &stores[worker % 2];
        while settled.lock().unwrap().len() < accepted.len() {
            let claims =
                store.claim_deliveries(corp(1), Lanes::All, CLAIMED_AT_ONCE, LEASES, at(0));
            let claims = claims.await.unwrap();
            let commits = claims.iter().map(async |claim| {
                let subject = claim.item.subject.as_str().trim_start_matches("contact:");
                let effects = [put_visit(subject, 1)];
                let done = store.commit(&claim.ticket, Settle::Done, &[], &effects, at(1));
                done.await.unwrap();
                claim.ticket.id.clone()
            });
            let done = join_all(commits).await;
            settled.lock().unwrap().extend(done);
            tokio::task::yield_now().await;
        }
    });
    join_all(workers).await;

    let settled = settled.into_inner().unwrap();
    assert_eq!(settled.len(), accepted.len());
    assert_eq!(settled.into_iter().collect::<HashSet<_>>(), accepted);
    for empty in ["in:aside", "in:busy", "in:leases", "in:work"] {
        let key = format!("wb:{{ww1}}:{empty}");
        assert_eq!(server.cli(&["EXISTS", &key]), "0", "{key}");
    }
}

#[tokio::test]
async fn a_crowd_of_one_subject_hides_nobody() {
    let server = RedisServer::start();
    let ground = Ground::new(vec![open(&server).await], server);
    for _ in 0..500 {
        ground.accept("crowd").await;
    }
    ground.accept("alone").await;
    let claims = ground.claim(2, at(0)).await;
    assert_eq!(subjects(&claims), ["crowd", "alone"]);
    for n in 0..3 {
        let next = ground.claim(9, at(n)).await;
        assert!(next.is_empty(), "{next:?}");
    }
    // Those who wait keep their order, urgent ones first.
    let urgent = ground.accept_in(Lane::Urgent, "crowd").await;
    assert!(ground.claim(9, at(3)).await.is_empty());
    ground.done(&claims[0].ticket, &[], at(3)).await.unwrap();
    let next = ground.claim_one(at(3)).await;
    assert_eq!(next.id, urgent);
    ground.done(&next, &[], at(4)).await.unwrap();
    let second = ground.claim_one(at(4)).await;
    assert!(second.id.order() > claims[0].ticket.id.order());
    let skipped = ground.store().deliveries(corp(1), None, None, 1000).await;
    let between = skipped.unwrap().into_iter().filter(|entry| {
        let order = entry.id.order();
        claims[0].ticket.id.order() < order && order < second.id.order()
    });
    assert_eq!(between.count(), 0, "nobody was passed over");
}

#[tokio::test]
async fn much_is_trimmed_at_once() {
    let server = RedisServer::start();
    let ground = Ground::new(vec![open(&server).await], server);
    for n in 0..200 {
        ground.accept(&format!("wm{n}")).await;
    }
    for claim in ground.claim(200, at(0)).await {
        ground.done(&claim.ticket, &[], at(0)).await.unwrap();
    }
    let trim = async |limit| ground.store().trim(corp(1), at(1), limit).await;
    assert_eq!(trim(10).await, Ok(10));
    assert_eq!(trim(1000).await, Ok(190));
}

#[tokio::test]
async fn forgotten_scripts_are_sent_again() {
    let server = RedisServer::start();
    let ground = Ground::new(vec![open(&server).await], ());
    ground.decide(&[send("lisi", Lane::Normal)], at(0)).await;
    assert_eq!(server.cli(&["SCRIPT", "FLUSH"]), "OK");
    ground.decide(&[refresh("wm1")], at(1)).await;
    assert_eq!(ground.claim_calls(1, at(1)).await.len(), 1);
}

#[tokio::test]
async fn what_somebody_did_by_hand_stops_nobody() {
    let server = RedisServer::start();
    let ground = Ground::new(vec![open(&server).await], ());
    let key = |name: &str| format!("wb:{{ww1}}:{name}");
    let garbage = server.cli(&["XADD", &key("in:log"), "*", "d", "not a delivery"]);
    let removed = ground.accept_in(Lane::Urgent, "removed").await;
    server.cli(&["XDEL", &key("in:log"), removed.place()]);
    let kept = ground.accept("kept").await;
    assert_eq!(ground.claim_one(at(0)).await.id, kept);
    let score = server.cli(&["ZSCORE", &key("in:dead"), &garbage]);
    assert_eq!(score, at(0).millis().to_string(), "it is buried");

    server.cli(&["DEL", &key("in:work")]);
    let again = ground.claim_one(at(0).plus(LEASE)).await;
    assert_eq!((again.id, again.attempt), (kept, 1));
}

#[tokio::test]
async fn keys_are_those_of_the_documentation() {
    let server = RedisServer::start();
    let ground = Ground::new(vec![open(&server).await], ());
    live(&ground).await;

    let keys = server.cli(&["KEYS", "*"]);
    let found: Vec<&str> = keys
        .lines()
        .map(|key| key.strip_prefix("wb:{ww1}:").expect(key))
        .collect();
    let documented = documented_keys();
    for name in &found {
        let known = documented.iter().any(|pattern| fits(name, pattern));
        assert!(known, "{name} is not in the documentation");
    }
    for pattern in &documented {
        let there = found.iter().any(|name| fits(name, pattern));
        assert!(there, "{pattern} is documented and not among {found:?}");
    }
}

#[tokio::test]
async fn a_cluster_will_do() {
    let server = RedisServer::cluster();
    let ground = Ground::new(vec![open(&server).await], ());
    live(&ground).await;
    let store = ground.store();
    let dead = store.deliveries(corp(1), Some(State::Dead), None, 10).await;
    assert_eq!(dead.unwrap().len(), 1);
    let table = visit_key("wm1").table;
    assert_eq!(store.list(corp(1), table, None, 10).await.unwrap().len(), 1);
    assert!(store.trim(corp(1), at(100), 100).await.unwrap() > 0);
    let health = store.health().await.unwrap();
    assert!(
        health.name.ends_with("(cluster, 1 masters, 0 replicas)"),
        "{health:?}"
    );
    assert!(health.warning.is_some());
}

/// As the web server's threads have, of which each has its own and one may end.
#[test]
fn a_store_goes_on_when_the_executor_that_connected_has_ended() {
    let (alone, cluster) = (RedisServer::start(), RedisServer::cluster());
    for server in [&alone, &cluster] {
        let executor = || tokio::runtime::Runtime::new().unwrap();
        let first = executor();
        let store = first.block_on(async {
            let store = open(server).await;
            for n in 0..2 {
                new_id(accept(&store, n).await.unwrap());
            }
            let claims = store.claim_deliveries(corp(1), Lanes::All, 1, LEASES, at(0));
            assert_eq!(claims.await.unwrap().len(), 1);
            store
        });
        drop(first);
        executor().block_on(async {
            let claims = store.claim_deliveries(corp(1), Lanes::All, 1, LEASES, at(0));
            assert_eq!(claims.await.unwrap().len(), 1);
        });
    }
}

/// Brings items of both queues into every state, so that every kind of key is there.
async fn live(ground: &Ground) {
    discard_one_of_each(ground).await;
    let store = ground.store();
    let calls = |member| [send(member, Lane::Urgent), send(member, Lane::Normal)];
    let mut effects = vec![refresh("wm1"), put_visit("wm1", 1)];
    for member in ["dead", "delayed", "busy", "done", "waiting"] {
        effects.extend(calls(member));
    }
    ground.decide(&effects, at(0)).await;
    for subject in ["dead", "delayed", "busy", "busy", "done", "done"] {
        ground.accept(subject).await;
    }

    let claims = ground.claim(9, at(0)).await;
    let expected = ["wm1", "dead", "delayed", "busy", "done"];
    assert_eq!(subjects(&claims), expected);
    let tickets = claims.iter().map(|claim| &claim.ticket);
    settle_each(store, tickets.skip(1).collect()).await;
    // A refresh that waits holds a mark.
    let again = [refresh("wm1")];
    ground.done(&claims[0].ticket, &again, at(1)).await.unwrap();

    let claims = ground.claim_calls(4, at(0)).await;
    let tickets = claims.iter().map(|claim| &claim.ticket);
    settle_each(store, tickets.collect()).await;
    // The urgent call of the last member and the normal ones of all but one, whose urgent one is in work.
    assert_eq!(ground.claim_calls(4, at(0)).await.len(), 4);
    ground.decide(&calls("late"), at(1)).await;
    ground.accept_in(Lane::Urgent, "late").await;
    let rate = Rate {
        burst: 1,
        per_hour: 1,
    };
    for granted in [1, 0] {
        let taken = ground.store().take(corp(1), "user/get", rate, 1, at(0));
        assert_eq!(taken.await.unwrap().granted, granted);
    }
    let swap = Swap {
        expected: None,
        value: Some("text"),
        keep_for: LEASE,
    };
    let store = ground.store();
    assert!(store.swap_note(corp(1), "a", swap, at(0)).await.unwrap());
    let note = store.note(corp(1), "a", at(0)).await.unwrap();
    assert_eq!(note.as_deref(), Some("text"));
    let pause = store.pause(corp(1), "user/get", LEASE, at(0));
    pause.await.unwrap();
}

/// Buries a delivery and a call, and discards both.
async fn discard_one_of_each(ground: &Ground) {
    let store = ground.store();
    let owed = [send("discarded", Lane::Normal)];
    ground.decide(&owed, at(0)).await;
    ground.accept("discarded").await;
    let call = ground.claim_calls(1, at(0)).await.remove(0).ticket;
    for ticket in [ground.claim_one(at(0)).await, call] {
        let bury = store.commit(&ticket, Settle::Dead("no"), &[], &[], at(0));
        bury.await.unwrap();
        let discard = store.discard(ticket.queue, &ticket.id, "no", "me", at(0));
        assert!(discard.await.unwrap());
    }
}

/// Buries the first, delays the second, leaves the third in work, and settles the fourth as done.
async fn settle_each(store: &Store, tickets: Vec<&Ticket>) {
    let [dead, delayed, _busy, done] = tickets[..] else {
        panic!("four are expected: {tickets:?}");
    };
    let bury = store.commit(dead, Settle::Dead("no"), &[], &[], at(1));
    bury.await.unwrap();
    let retry = store.retry(delayed, at(900), "busy", at(1));
    retry.await.unwrap();
    let settle = store.commit(done, Settle::Done, &[], &[], at(1));
    settle.await.unwrap();
}

/// The names in the first column of the table at the head of the file that defines the keys.
fn documented_keys() -> Vec<String> {
    let source = include_str!("../../src/store/redis/keys.rs");
    let rows = source
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `"));
    let columns = rows.filter_map(|row| row.split('|').next());
    columns
        .flat_map(|column| column.split(['`', ' ']))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn fits(name: &str, pattern: &str) -> bool {
    match pattern.split_once('<') {
        Some((start, _)) => name.starts_with(start),
        None => name == pattern,
    }
}

#[tokio::test]
async fn seen_contents_expire() {
    let server = RedisServer::start();
    let store = open(&server).await;
    let week = i64::try_from(settings(server.url()).dedupe_for.as_secs()).unwrap();
    let set = async |n: u32| {
        new_id(accept(&store, n).await.unwrap());
        let set = server.cli(&["KEYS", "*seen*"]);
        assert_eq!(server.cli(&["SCARD", &set]), n.to_string());
        set
    };
    let left = |set: &str| server.cli(&["TTL", set]).parse::<i64>().unwrap();
    let seen = set(1).await;
    let lives = week..=week + 600;
    assert!(lives.contains(&left(&seen)), "{}", left(&seen));
    // It was told a moment ago, and is not told with everything that comes.
    server.cli(&["PERSIST", &seen]);
    assert_eq!(left(&set(2).await), -1);
}

#[tokio::test]
async fn only_the_corps_of_the_settings_are_served() {
    let server = RedisServer::start();
    let store = open(&server).await;
    let stranger = CorpId::parse("stranger").unwrap();
    let event = delivery("wm1", Lane::Normal);
    let refused = store.accept(&stranger, content(1), &event).await;
    assert!(
        matches!(refused, Err(StoreError::Unusable(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn wrong_urls_are_explained_without_the_password() {
    let closed = "127.0.0.1:1";
    let server = RedisServer::with(&["--requirepass", "right-horse"]);
    let open = format!("127.0.0.1:{}", server.port());
    for (url, unusable, word) in [
        ("http://secret-horse@localhost".to_owned(), true, "redis://"),
        ("redis://:secret-horse@:bad:".to_owned(), true, "redis://"),
        (format!("redis://:secret-horse@{closed}"), false, closed),
        (format!("redis://:secret-horse@{open}"), true, "password"),
        (format!("redis://{open}"), true, "password"),
    ] {
        let settings = settings(StoreUrl::Redis(SecretString::from(url.clone())));
        let problem = Store::open(&settings).await.unwrap_err();
        assert_eq!(
            matches!(problem, StoreError::Unusable(_)),
            unusable,
            "{url}: {problem:?}"
        );
        assert!(problem.to_string().contains(word), "{url}: {problem}");
        assert!(
            !format!("{problem:?}").contains("secret-horse"),
            "{problem:?}"
        );
    }
    let url = SecretString::from(format!("redis://:right-horse@{open}"));
    let store = Store::open(&settings(StoreUrl::Redis(url))).await.unwrap();
    assert!(!format!("{store:?}").contains("right-horse"));
}

#[tokio::test]
async fn a_server_that_may_forget_is_warned_about() {
    let durable = RedisServer::durable();
    let store = open(&durable).await;
    let health = store.health().await.unwrap();
    assert!(health.name.starts_with("Redis 7."), "{health:?}");
    assert!(health.name.ends_with("(standalone)"), "{health:?}");
    assert_eq!(health.warning, None);
    durable.cli(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let warning = store.health().await.unwrap().warning.unwrap();
    assert!(warning.contains("noeviction"), "{warning}");

    let forgetful = RedisServer::start();
    let store = open(&forgetful).await;
    let warning = store.health().await.unwrap().warning.unwrap();
    assert!(warning.contains("appendonly"), "{warning}");
    forgetful.cli(&["CONFIG", "SET", "save", "3600 1"]);
    assert_eq!(store.health().await.unwrap().warning, None);
}
