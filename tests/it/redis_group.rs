//! Several Redis servers that stand in for each other: a master with replicas and a Sentinel, or a Cluster.

use std::time::{Duration, Instant};

use secrecy::SecretString;
use wecom_bridge::store::StoreUrl;

use crate::redis_server::RedisServer;

/// A Sentinel that waits so long takes no busy server for a dead one.
pub(crate) const NEVER: Duration = Duration::from_secs(600);

/// Soon, and yet longer than a busy machine keeps a server waiting.
pub(crate) const SOON: Duration = Duration::from_millis(2500);

/// How long servers may take to find each other.
const READY_MAX: Duration = Duration::from_secs(40);

/// What a server needs to keep what it has answered.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// The slots of the masters. The corps of the tests, `ww1` and `ww2`, come to lie on the last and on the second.
const SLOTS: [[u16; 2]; 3] = [[0, 6000], [6001, 9000], [9001, 16383]];

/// A master with replicas, and a Sentinel that watches them.
#[derive(Debug)]
pub(crate) struct Watched {
    /// The first one was the master.
    pub(crate) servers: Vec<RedisServer>,
    sentinel: RedisServer,
}

impl Watched {
    /// Starts a master with so many replicas.
    pub(crate) fn start(replicas: usize, down_after: Duration) -> Self {
        let master = RedisServer::with(&DURABLE);
        let address = format!("127.0.0.1 {}", master.port());
        let mut servers = vec![master];
        for _ in 0..replicas {
            let options = [&DURABLE[..], &["--replicaof", &address]].concat();
            servers.push(RedisServer::with(&options));
        }
        until("the replicas are there", || {
            let wanted = format!("connected_slaves:{replicas}");
            let online = |info: &str| info.matches("state=online").count() == replicas;
            let info = servers[0].cli(&["INFO", "replication"]);
            info.contains(&wanted) && online(&info)
        });
        let sentinel = RedisServer::sentinel(&servers[0], down_after);
        until("the Sentinel knows the replicas", || {
            let known = sentinel.cli(&["SENTINEL", "REPLICAS", "bridge"]);
            known.lines().filter(|line| *line == "runid").count() == replicas
        });
        Self { servers, sentinel }
    }

    /// The URL; its first Sentinel is not there.
    pub(crate) fn url(&self) -> StoreUrl {
        let port = self.sentinel.port();
        let url = format!("redis+sentinel://127.0.0.1:1,127.0.0.1:{port}/bridge");
        StoreUrl::Redis(SecretString::from(url))
    }

    /// Which server the Sentinel calls master.
    pub(crate) fn master(&self) -> usize {
        let address = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "bridge"];
        let address = self.sentinel.cli(&address);
        let named = |server: &RedisServer| address.ends_with(&server.port().to_string());
        self.servers.iter().position(named).unwrap()
    }

    /// Waits until another server is master, and makes the old one, which is back, its replica. The Sentinel would do
    /// so as well, ten seconds later.
    pub(crate) fn join_again(&self, old: usize) {
        until("another server takes over", || self.master() != old);
        let new = &self.servers[self.master()];
        until("it is a master", || {
            new.cli(&["ROLE"]).starts_with("master")
        });
        let port = new.port().to_string();
        let follow = ["REPLICAOF", "127.0.0.1", &port];
        until("the old one follows", || {
            self.servers[old].cli(&follow) == "OK"
        });
    }
}

/// A Cluster of three masters.
#[derive(Debug)]
pub(crate) struct RedisCluster {
    /// Three masters, then their replicas in the same order.
    pub(crate) nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts it; each master has so many replicas, and one of them takes over after `down_after`.
    pub(crate) fn start(replicas: usize, down_after: Duration) -> Self {
        let timeout = down_after.as_millis().to_string();
        let options = [&DURABLE[..], &["--cluster-node-timeout", &timeout]];
        let nodes: Vec<RedisServer> = (0..3 * (1 + replicas))
            .map(|_| RedisServer::cluster_node(&options.concat()))
            .collect();
        let cluster = Self { nodes };
        for (node, slots) in cluster.nodes.iter().zip(SLOTS) {
            let [first, last] = slots.map(|slot| slot.to_string());
            node.cli(&["CLUSTER", "ADDSLOTSRANGE", &first, &last]);
        }
        for (epoch, node) in cluster.nodes.iter().enumerate() {
            node.cli(&["CLUSTER", "SET-CONFIG-EPOCH", &(epoch + 1).to_string()]);
        }
        for node in &cluster.nodes[1..] {
            let (port, bus) = (node.port().to_string(), node.bus().to_string());
            let meet = ["CLUSTER", "MEET", "127.0.0.1", &port, &bus];
            cluster.nodes[0].cli(&meet);
        }
        let count = format!("cluster_known_nodes:{}", cluster.nodes.len());
        cluster.until_all("know each other", &count);
        for (n, replica) in cluster.nodes.iter().enumerate().skip(3) {
            let master = cluster.id(n % 3);
            until("a replica follows", || {
                replica.cli(&["CLUSTER", "REPLICATE", &master]) == "OK"
            });
        }
        cluster.until_all("are ready", "cluster_state:ok");
        if replicas > 0 {
            until("the replicas are there", || {
                let masters = cluster.nodes[..3].iter();
                masters
                    .into_iter()
                    .all(|node| node.cli(&["INFO", "replication"]).contains("state=online"))
            });
        }
        cluster
    }

    /// The URL; its first node is not there.
    pub(crate) fn url(&self) -> StoreUrl {
        let ports = self
            .nodes
            .iter()
            .map(|node| format!(",127.0.0.1:{}", node.port()));
        let ports: String = ports.collect();
        StoreUrl::Redis(SecretString::from(format!(
            "redis+cluster://127.0.0.1:1{ports}"
        )))
    }

    /// Removes all that is stored.
    pub(crate) fn empty(&self) {
        for node in &self.nodes[..3] {
            assert_eq!(node.cli(&["FLUSHALL"]), "OK");
        }
    }

    /// The slot of a corp's keys.
    pub(crate) fn slot(&self, corp: &str) -> String {
        let key = format!("wb:{{{corp}}}:");
        self.nodes[0].cli(&["CLUSTER", "KEYSLOT", &key])
    }

    /// Which of the first three nodes has the slot; they are masters as long as none of them died.
    pub(crate) fn owner(&self, slot: &str) -> usize {
        let slot: u16 = slot.parse().unwrap();
        SLOTS.iter().position(|[_, last]| slot <= *last).unwrap()
    }

    /// The name of a node.
    pub(crate) fn id(&self, node: usize) -> String {
        self.nodes[node].cli(&["CLUSTER", "MYID"])
    }

    /// Begins to move a slot.
    pub(crate) fn begin_move(&self, slot: &str, from: usize, to: usize) {
        let importing = ["CLUSTER", "SETSLOT", slot, "IMPORTING", &self.id(from)];
        assert_eq!(self.nodes[to].cli(&importing), "OK");
        let migrating = ["CLUSTER", "SETSLOT", slot, "MIGRATING", &self.id(to)];
        assert_eq!(self.nodes[from].cli(&migrating), "OK");
    }

    /// Moves one key.
    pub(crate) fn move_key(&self, key: &str, from: usize, to: usize) {
        let port = self.nodes[to].port().to_string();
        let moved = self.nodes[from].cli(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]);
        assert!(["OK", "NOKEY"].contains(&moved.as_str()), "{key}: {moved}");
    }

    /// The keys of a slot that a node has.
    pub(crate) fn keys(&self, slot: &str, node: usize) -> Vec<String> {
        let keys = self.nodes[node].cli(&["CLUSTER", "GETKEYSINSLOT", slot, "1000"]);
        keys.lines()
            .filter(|key| !key.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Moves the keys that are left, and ends the move.
    pub(crate) fn end_move(&self, slot: &str, from: usize, to: usize) {
        loop {
            let keys = self.keys(slot, from);
            for key in &keys {
                self.move_key(key, from, to);
            }
            if keys.is_empty() {
                break;
            }
        }
        let id = self.id(to);
        for node in [to, from, 3 - to - from] {
            let owned = self.nodes[node].cli(&["CLUSTER", "SETSLOT", slot, "NODE", &id]);
            assert_eq!(owned, "OK");
        }
    }

    fn until_all(&self, what: &str, text: &str) {
        for node in &self.nodes {
            until(what, || node.cli(&["CLUSTER", "INFO"]).contains(text));
        }
    }
}

/// Looks again and again until it is so.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < READY_MAX, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
