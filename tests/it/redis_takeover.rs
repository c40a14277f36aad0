//! What a Redis of several servers has to stand: a master that dies or hangs under load, replicas that lag, a slot that
//! moves to another node.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use wecom_bridge::model::delivery::Lane;
use wecom_bridge::model::ids::CorpId;
use wecom_bridge::store::entrance::Entrance;
use wecom_bridge::store::error::StoreError;
use wecom_bridge::store::item::{Accepted, Lanes, Settle};
use wecom_bridge::store::{Store, StoreSettings, StoreUrl};

use crate::redis_group::{NEVER, RedisCluster, SOON, Watched, until};
use crate::redis_server::RedisServer;
use crate::store_contract::ground::{LEASES, at, content, corp, delivery, put_visit};
use crate::store_contract::settings;

/// WeCom waits five seconds; the answer has to be on its way before.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long another server may take to take over, on a busy machine.
const TAKEOVER_MAX: Duration = Duration::from_secs(60);

const SENDERS: u32 = 8;
const EVENTS: u32 = 800;

/// Two processes that share a store. Of each, the web server's threads have a way of their own.
struct Processes {
    stores: [Arc<Store>; 2],
    entrances: [Entrance; 2],
    asked: Arc<AtomicU32>,
}

impl Processes {
    async fn open(url: StoreUrl, replicas: u32) -> Self {
        let settings = StoreSettings {
            replicas,
            ..settings(url)
        };
        let one = Arc::new(Store::open(&settings).await.unwrap());
        let other = Arc::new(Store::open(&settings).await.unwrap());
        let entrances = [&one, &other].map(|store| Entrance::open(Arc::clone(store)));
        Self {
            stores: [one, other],
            entrances,
            asked: Arc::default(),
        }
    }

    /// Accepts the `n`th content once, by any of the four ways; it is answered in time.
    async fn accept(&self, corp: &CorpId, n: u32) -> Result<Accepted, StoreError> {
        let event = delivery(&format!("wm{n}"), Lane::Normal);
        let way = n as usize % 2;
        self.asked.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        let answer = match n % 4 {
            0 | 1 => self.stores[way].accept(corp, content(n), &event).await,
            _ => self.entrances[way].accept(corp, content(n), &event).await,
        };
        let took = begun.elapsed();
        assert!(took < PATIENCE, "{took:?}: {answer:?}");
        answer
    }

    /// Accepts it again and again, until it is answered.
    async fn accept_at_last(&self, corp: &CorpId, n: u32) -> Accepted {
        let begun = Instant::now();
        loop {
            match self.accept(corp, n).await {
                Ok(accepted) => return accepted,
                Err(problem) => assert!(begun.elapsed() < TAKEOVER_MAX, "{problem}"),
            }
        }
    }

    /// Sends every event until it is answered; counts the answered ones.
    async fn send_all(&self, corp: &CorpId, answered: &AtomicU32) {
        let senders = (0..SENDERS).map(async |sender| {
            for n in (0..EVENTS).filter(|n| n % SENDERS == sender) {
                self.accept_at_last(corp, n).await;
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
        join_all(senders).await;
    }

    /// Works until every event is settled; tells how often each was.
    async fn settle_all(&self, corp: &CorpId) -> HashMap<String, u32> {
        let settled: Mutex<HashMap<String, u32>> = Mutex::default();
        let begun = Instant::now();
        let workers = self.stores.iter().map(async |store| {
            while settled.lock().unwrap().len() < EVENTS as usize {
                assert!(begun.elapsed() < TAKEOVER_MAX, "{:?}", settled.lock());
                let claims = store.claim_deliveries(corp, Lanes::All, 32, LEASES, at(0));
                let Ok(claims) = claims.await else { continue };
                for claim in claims {
                    let subject = claim.item.subject.as_str().trim_start_matches("contact:");
                    let effects = [put_visit(subject, 1)];
                    loop {
                        let done = store.commit(&claim.ticket, Settle::Done, &[], &effects, at(1));
                        match done.await {
                            Ok(()) => break,
                            // It was stored and its answer was lost.
                            Err(StoreError::ClaimLost) => break,
                            Err(problem) => assert!(begun.elapsed() < TAKEOVER_MAX, "{problem}"),
                        }
                    }
                    let mut settled = settled.lock().unwrap();
                    *settled.entry(subject.to_owned()).or_default() += 1;
                }
                tokio::task::yield_now().await;
            }
        });
        join_all(workers).await;
        settled.into_inner().unwrap()
    }

    /// Every event is there, and once.
    async fn assert_each_once(&self, corp: &CorpId) {
        let stored = self.stores[1].deliveries(corp, None, None, 100_000).await;
        let stored = stored.unwrap();
        let subjects: HashSet<&str> = stored.iter().map(|it| it.item.subject.as_str()).collect();
        assert_eq!(
            (subjects.len(), stored.len()),
            (EVENTS as usize, EVENTS as usize)
        );
    }
}

/// How a master goes away.
#[derive(Clone, Copy)]
enum Fate {
    Dies,
    Hangs,
}

impl Fate {
    /// Lets the replica lose its master first: what the master is asked to keep meanwhile, only the master has.
    fn befall_alone(self, master: &mut RedisServer, replica: &RedisServer, asked: &AtomicU32) {
        replica.freeze();
        master.cli(&["CLIENT", "KILL", "TYPE", "replica"]);
        let before = asked.load(Ordering::Relaxed);
        until("there is load", || {
            asked.load(Ordering::Relaxed) > before + SENDERS
        });
        self.befall(master);
        replica.thaw();
    }

    /// Once with a master that takes nothing in when it is alone, once with one that relies on whoever waits.
    fn prepare(self, servers: &[RedisServer]) {
        if let Self::Dies = self {
            for server in servers {
                server.cli(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
            }
        }
    }

    fn befall(self, server: &mut RedisServer) {
        match self {
            Self::Dies => server.kill(),
            Self::Hangs => server.freeze(),
        }
    }

    fn pass(self, server: &mut RedisServer) {
        match self {
            Self::Dies => server.start_again(),
            Self::Hangs => server.thaw(),
        }
    }
}

async fn a_takeover_behind_sentinels(fate: Fate) {
    let mut watched = Watched::start(1, SOON);
    fate.prepare(&watched.servers);
    let processes = Processes::open(watched.url(), 1).await;
    let store = &processes.stores[0];
    let ww = corp(1);
    let answered = AtomicU32::new(0);
    let takeover = async {
        while answered.load(Ordering::Relaxed) < EVENTS / 4 {
            tokio::task::yield_now().await;
        }
        let claims = store.claim_deliveries(ww, Lanes::All, 1, LEASES, at(0));
        let ticket = claims.await.unwrap().remove(0).ticket;
        let asked = Arc::clone(&processes.asked);
        let turn = move || {
            let old = watched.master();
            let [master, replica] = &mut watched.servers[..] else {
                panic!("there are two");
            };
            fate.befall_alone(master, replica, &asked);
            until("another server takes over", || watched.master() != old);
            fate.pass(&mut watched.servers[old]);
            watched.join_again(old);
            watched
        };
        (tokio::task::spawn_blocking(turn).await.unwrap(), ticket)
    };
    let (_, (watched, ticket)) = tokio::join!(processes.send_all(ww, &answered), takeover);

    processes.assert_each_once(ww).await;
    let done = store.commit(&ticket, Settle::Done, &[], &[], at(1)).await;
    assert_eq!(done, Ok(()), "the claim was known to both servers");
    let health = store.health().await.unwrap();
    assert!(
        health
            .name
            .ends_with("(Sentinel master bridge, 1 replicas)")
    );
    assert_eq!(health.warning, None);
    drop(watched);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_dies_behind_sentinels_loses_nothing() {
    a_takeover_behind_sentinels(Fate::Dies).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_hangs_behind_sentinels_loses_nothing() {
    a_takeover_behind_sentinels(Fate::Hangs).await;
}

async fn a_takeover_in_a_cluster(fate: Fate) {
    let mut cluster = RedisCluster::start(1, SOON);
    fate.prepare(&cluster.nodes);
    let processes = Processes::open(cluster.url(), 1).await;
    let answered = AtomicU32::new(0);
    let takeover = async {
        while answered.load(Ordering::Relaxed) < EVENTS / 4 {
            tokio::task::yield_now().await;
        }
        let asked = Arc::clone(&processes.asked);
        let turn = move || {
            let old = cluster.owner(&cluster.slot("ww1"));
            let (masters, replicas) = cluster.nodes.split_at_mut(3);
            fate.befall_alone(&mut masters[old], &replicas[old], &asked);
            until("its replica takes over", || {
                cluster.nodes[old + 3].cli(&["ROLE"]).starts_with("master")
            });
            fate.pass(&mut cluster.nodes[old]);
            cluster
        };
        tokio::task::spawn_blocking(turn).await.unwrap()
    };
    let (_, _cluster) = tokio::join!(processes.send_all(corp(1), &answered), takeover);

    processes.assert_each_once(corp(1)).await;
    let settled = processes.settle_all(corp(1)).await;
    assert!(settled.values().all(|times| *times == 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_dies_in_a_cluster_loses_nothing() {
    a_takeover_in_a_cluster(Fate::Dies).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_hangs_in_a_cluster_loses_nothing() {
    a_takeover_in_a_cluster(Fate::Hangs).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_that_moves_under_load_loses_and_doubles_nothing() {
    let cluster = Arc::new(RedisCluster::start(0, NEVER));
    let processes = Processes::open(cluster.url(), 0).await;
    let (one, two) = (corp(1), corp(2));
    let (slot, other) = (cluster.slot("ww1"), cluster.slot("ww2"));
    let (from, to) = (cluster.owner(&slot), 0);
    assert_ne!(from, cluster.owner(&other), "two corps, two nodes");
    let (answered, also) = (AtomicU32::new(0), AtomicU32::new(0));
    let mover = async {
        while answered.load(Ordering::Relaxed) < EVENTS / 4 {
            tokio::task::yield_now().await;
        }
        let (cluster, slot) = (Arc::clone(&cluster), slot.clone());
        let turn = move || {
            cluster.begin_move(&slot, from, to);
            // Both nodes have some of the keys for a while.
            for key in cluster.keys(&slot, from).iter().step_by(2) {
                cluster.move_key(key, from, to);
            }
            std::thread::sleep(Duration::from_millis(500));
            cluster.end_move(&slot, from, to);
        };
        let begun = (
            answered.load(Ordering::Relaxed),
            also.load(Ordering::Relaxed),
        );
        tokio::task::spawn_blocking(turn).await.unwrap();
        (
            begun,
            answered.load(Ordering::Relaxed),
            also.load(Ordering::Relaxed),
        )
    };
    let (settled, settled_two, (), (), went_on) = tokio::join!(
        processes.settle_all(one),
        processes.settle_all(two),
        processes.send_all(one, &answered),
        processes.send_all(two, &also),
        mover
    );

    let ((before, before_two), after, after_two) = went_on;
    assert!(before <= after && before_two < after_two, "{went_on:?}");
    for (corp, settled) in [(one, settled), (two, settled_two)] {
        processes.assert_each_once(corp).await;
        let twice: Vec<_> = settled.iter().filter(|(_, times)| **times > 1).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
    assert_eq!(cluster.keys(&slot, from), [""; 0]);
    let claims = processes.stores[0].claim_deliveries(one, Lanes::All, 9, LEASES, at(9));
    assert!(claims.await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_that_is_half_moved_is_left_alone() {
    let cluster = RedisCluster::start(1, NEVER);
    let settings = StoreSettings {
        replicas: 1,
        ..settings(cluster.url())
    };
    let store = Store::open(&settings).await.unwrap();
    let (ww, slot) = (corp(1), cluster.slot("ww1"));
    let (from, to) = (cluster.owner(&slot), 0);
    for n in 0..2 {
        let event = delivery(&format!("wm{n}"), Lane::Normal);
        store.accept(ww, content(n), &event).await.unwrap();
    }
    let claims = store.claim_deliveries(ww, Lanes::All, 1, LEASES, at(0));
    let ticket = claims.await.unwrap().remove(0).ticket;
    let effects = [put_visit("wm0", 1)];

    cluster.begin_move(&slot, from, to);
    for key in ["in:work", "in:log"] {
        cluster.move_key(&format!("wb:{{ww1}}:{key}"), from, to);
        let event = delivery("wm0", Lane::Normal);
        let begun = Instant::now();
        let (commit, claims, accepted) = tokio::join!(
            store.commit(&ticket, Settle::Done, &[], &effects, at(1)),
            store.claim_deliveries(ww, Lanes::All, 1, LEASES, at(0)),
            store.accept(ww, content(0), &event),
        );
        assert!(begun.elapsed() < PATIENCE);
        let claims = claims.map(|claims| claims.len());
        for refused in [commit.err(), claims.err(), accepted.err()] {
            let refused = refused.expect("nothing is done with half of the keys");
            assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
        }
    }
    cluster.end_move(&slot, from, to);

    let commit = store.commit(&ticket, Settle::Done, &[], &effects, at(1));
    assert_eq!(commit.await, Ok(()));
    let event = delivery("wm0", Lane::Normal);
    let accepted = store.accept(ww, content(0), &event).await;
    assert_eq!(accepted, Ok(Accepted::Duplicate));
    let claims = store.claim_deliveries(ww, Lanes::All, 9, LEASES, at(2));
    assert_eq!(claims.await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_corp_goes_on_while_the_node_of_another_is_dead() {
    let mut cluster = RedisCluster::start(0, NEVER);
    for node in &cluster.nodes {
        node.cli(&["CONFIG", "SET", "cluster-require-full-coverage", "no"]);
    }
    let processes = Processes::open(cluster.url(), 0).await;
    for n in 0..4 {
        processes.accept(corp(1), n).await.unwrap();
        processes.accept(corp(2), n).await.unwrap();
    }
    let dead = cluster.owner(&cluster.slot("ww1"));
    cluster.nodes[dead].kill();
    let (first, second) = tokio::join!(
        join_all((4..8).map(|n| processes.accept(corp(1), n))),
        join_all((4..8).map(|n| processes.accept_at_last(corp(2), n))),
    );
    let refused = |answer: &Result<Accepted, _>| matches!(answer, Err(StoreError::Unavailable(_)));
    assert!(first.iter().all(refused), "{first:?}");
    assert!(second.iter().all(|it| matches!(it, Accepted::New(_))));
    cluster.nodes[dead].start_again();
    for n in 0..4 {
        assert_eq!(
            processes.accept_at_last(corp(1), n).await,
            Accepted::Duplicate
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_replica_has_is_not_answered() {
    let watched = Watched::start(1, NEVER);
    let processes = Processes::open(watched.servers[0].url(), 1).await;
    assert!(matches!(
        processes.accept(corp(1), 0).await,
        Ok(Accepted::New(_))
    ));
    watched.servers[1].freeze();
    // The second one comes by another connection, to which nothing was written.
    for n in [1, 2, 3, 1] {
        let refused = processes.accept(corp(1), n).await;
        assert!(
            matches!(&refused, Err(StoreError::Unavailable(told)) if told.contains("0 of 1")),
            "{refused:?}"
        );
    }
    let event = delivery("wm1", Lane::Normal);
    let again = processes.stores[0]
        .accept(corp(1), content(1), &event)
        .await;
    assert!(
        matches!(again, Err(StoreError::Unavailable(_))),
        "{again:?}"
    );
    watched.servers[1].thaw();
    let again = processes.accept_at_last(corp(1), 1).await;
    assert_eq!(again, Accepted::Duplicate);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_told() {
    let server = RedisServer::start();
    let watched = Watched::start(0, NEVER);
    let locked = RedisServer::cluster_node(&["--requirepass", "right-horse"]);
    let text = |url: StoreUrl| match url {
        StoreUrl::Redis(url) => secrecy::ExposeSecret::expose_secret(&url).to_owned(),
        StoreUrl::Embedded(path) => panic!("{path:?}"),
    };
    let cases = [
        (text(watched.url()).replace("bridge", "other"), "other"),
        (
            text(server.url()).replace("redis:", "redis+cluster:"),
            "cluster support disabled",
        ),
        (
            text(server.url()).replace("redis:", "redis+sentinel:") + "/bridge",
            "bridge",
        ),
        (
            text(locked.url()).replace("redis://", "redis+cluster://:q7Zk@"),
            "password",
        ),
        (
            "redis+cluster://:q7Zk@127.0.0.1:1,127.0.0.1:2".into(),
            "127.0.0.1:1",
        ),
        ("redis+sentinel://:q7Zk@127.0.0.1:1".into(), "master's name"),
    ];
    for (url, word) in cases {
        let begun = Instant::now();
        let problem = Store::open(&settings(StoreUrl::Redis(url.clone().into()))).await;
        let problem = problem.unwrap_err().to_string();
        assert!(problem.contains(word), "{url}: {problem}");
        assert!(!problem.contains("q7Zk"), "{problem}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{url}");
    }
}
