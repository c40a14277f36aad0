//! What Redis tells about itself.

use redis::Value;

use crate::store::error::StoreError;
use crate::store::item::Health;
use crate::store::redis::RedisStore;
use crate::store::redis::connection::{Connection, Kind};

/// The first version whose scripts may add to a stream under an id of the server's choice and be replicated by effect.
const MAJOR_MIN: u32 = 7;

/// Whether a server stands alone or is a node of a Cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::redis) enum Topology {
    /// One server, perhaps with replicas.
    Server,
    /// A Redis Cluster.
    Cluster,
}

impl RedisStore {
    /// See [`Store::health`](crate::store::Store::health).
    pub(in crate::store) async fn health(&self) -> Result<Health, StoreError> {
        let mut get_save = redis::cmd("CONFIG");
        get_save.arg("GET").arg("save");
        let info = redis::cmd("INFO");
        let (info, save) = tokio::join!(self.connection.ask(&info), self.connection.ask(&get_save));
        // Some hosts refuse CONFIG; then only the log file counts.
        let save = save.map_or_else(|_| Vec::new(), texts);
        Ok(judge(
            self.connection.kind(),
            self.replicas,
            &texts(info?),
            &save,
        ))
    }
}

/// Whether this server is a node of a Cluster.
///
/// # Errors
/// [`StoreError::Unusable`] when the server is too old; [`StoreError::Unavailable`] when it does not answer.
pub(in crate::store::redis) async fn topology(
    connection: &Connection,
) -> Result<Topology, StoreError> {
    let info = texts(connection.ask(&redis::cmd("INFO")).await?);
    let version = field(&info, "redis_version").unwrap_or_default();
    let major = version.split('.').next().and_then(|n| n.parse().ok());
    if major.is_none_or(|major: u32| major < MAJOR_MIN) {
        return Err(StoreError::Unusable(format!(
            "Redis {MAJOR_MIN} or newer is needed; the server says it is {version:?}"
        )));
    }
    match field(&info, "redis_mode") {
        Some("cluster") => Ok(Topology::Cluster),
        _ => Ok(Topology::Server),
    }
}

fn judge(kind: &Kind, wanted: u32, info: &[String], save: &[String]) -> Health {
    let version = field(info, "redis_version").unwrap_or("of unknown version");
    let logs = fields(info, "aof_enabled").all(|value| value == "1");
    let mut saves = save.windows(2).filter(|pair| pair[0] == "save").peekable();
    let saves = saves.peek().is_some() && saves.all(|pair| !pair[1].is_empty());
    let evicting = fields(info, "maxmemory_policy").find(|policy| *policy != "noeviction");
    let replicas: Vec<u32> = fields(info, "connected_slaves")
        .map(|count| count.parse().unwrap_or_default())
        .collect();
    let fewest = replicas.iter().min().copied().unwrap_or_default();
    let all: u32 = replicas.iter().sum();
    let mut warnings = Vec::new();
    if !logs && !saves {
        warnings.push("nothing survives a restart of Redis: set appendonly yes".to_owned());
    }
    if let Some(policy) = evicting {
        warnings.push(format!(
            "Redis may throw events away when its memory is full: set maxmemory-policy noeviction (it is {policy})"
        ));
    }
    if fewest < wanted {
        warnings.push(format!(
            "events are refused: store.replicas asks for {wanted} and a master has {fewest}"
        ));
    }
    if wanted == 0 && all > 0 && *kind != Kind::Server {
        warnings
            .push("a fail-over may lose what was just answered: set store.replicas to 1".into());
    }
    let what = match kind {
        Kind::Server => field(info, "redis_mode").unwrap_or("unknown mode").into(),
        Kind::Master(name) => format!("Sentinel master {name}, {all} replicas"),
        Kind::Cluster => format!("cluster, {} masters, {all} replicas", replicas.len()),
    };
    Health {
        name: format!("Redis {version} ({what})"),
        warning: (!warnings.is_empty()).then(|| warnings.join("; ")),
    }
}

/// The values of a field, one for each server that answered.
fn fields<'a>(info: &'a [String], name: &'a str) -> impl Iterator<Item = &'a str> {
    info.iter()
        .flat_map(|text| text.lines())
        .filter_map(|line| line.split_once(':'))
        .filter_map(move |(key, value)| (key == name).then_some(value.trim_end()))
}

fn field<'a>(info: &'a [String], name: &'a str) -> Option<&'a str> {
    fields(info, name).next()
}

/// Every text in an answer: one server answers with one, a Cluster with a map of them.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other kind of answer holds text"
)]
fn texts(answer: Value) -> Vec<String> {
    match answer {
        Value::BulkString(bytes) => vec![String::from_utf8_lossy(&bytes).into_owned()],
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => vec![text],
        Value::Array(values) => values.into_iter().flat_map(texts).collect(),
        Value::Map(pairs) => pairs
            .into_iter()
            .flat_map(|(key, value)| [texts(key), texts(value)])
            .flatten()
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAFE: &str = "redis_version:7.0.15\r\nredis_mode:standalone\r\naof_enabled:1\r\nmaxmemory_policy:noeviction\r\nconnected_slaves:0\r\n";

    fn judged(kind: &Kind, wanted: u32, info: &str, save: &[&str]) -> Health {
        let save: Vec<String> = save.iter().map(|text| (*text).to_owned()).collect();
        judge(kind, wanted, &[info.to_owned()], &save)
    }

    fn assert_warning(health: Health, warning: Option<&str>) {
        match warning {
            None => assert_eq!(health.warning, None),
            Some(word) => assert!(health.warning.unwrap().contains(word), "{word}"),
        }
    }

    #[test]
    fn what_is_worth_a_warning() {
        let volatile = SAFE.replace("aof_enabled:1", "aof_enabled:0");
        let evicting = SAFE.replace("noeviction", "allkeys-lru");
        for (info, save, warning) in [
            (SAFE, &["save", ""][..], None),
            (&volatile, &["save", "3600 1"], None),
            (&volatile, &["save", ""], Some("appendonly")),
            (&volatile, &[], Some("appendonly")),
            (&evicting, &["save", ""], Some("allkeys-lru")),
        ] {
            let health = judged(&Kind::Server, 0, info, save);
            assert_eq!(health.name, "Redis 7.0.15 (standalone)");
            assert_warning(health, warning);
        }
    }

    #[test]
    fn replicas_have_to_be_there_and_to_be_waited_for() {
        let master = Kind::Master("bridge".into());
        let two = SAFE.replace("slaves:0", "slaves:2");
        for (kind, wanted, info, warning) in [
            (&master, 0, SAFE, None),
            (&master, 1, SAFE, Some("a master has 0")),
            (&master, 1, &two, None),
            (&master, 0, &two, Some("set store.replicas")),
            (&Kind::Cluster, 0, &two, Some("set store.replicas")),
            (&Kind::Server, 0, &two, None),
            (&Kind::Server, 3, &two, Some("a master has 2")),
        ] {
            let health = judged(kind, wanted, info, &[]);
            assert_warning(health, warning);
        }
        let names = [&master, &Kind::Cluster].map(|kind| judged(kind, 0, &two, &[]).name);
        assert_eq!(
            names,
            [
                "Redis 7.0.15 (Sentinel master bridge, 2 replicas)",
                "Redis 7.0.15 (cluster, 1 masters, 2 replicas)"
            ]
        );
    }

    #[test]
    fn texts_come_in_every_shape_of_both_protocols() {
        let text = || Value::VerbatimString {
            format: redis::VerbatimFormat::Text,
            text: SAFE.into(),
        };
        let node = || Value::SimpleString("127.0.0.1:7000".into());
        let bulk = || Value::BulkString(SAFE.into());
        for (answer, expected) in [
            (bulk(), vec![SAFE]),
            (text(), vec![SAFE]),
            (Value::Array(vec![bulk(), text()]), vec![SAFE, SAFE]),
            (
                Value::Map(vec![(node(), text())]),
                vec!["127.0.0.1:7000", SAFE],
            ),
            (Value::Nil, vec![]),
        ] {
            assert_eq!(texts(answer.clone()), expected, "{answer:?}");
        }
    }

    #[test]
    fn one_weak_node_of_a_cluster_is_enough() {
        let nodes = [SAFE.to_owned(), SAFE.replace("enabled:1", "enabled:0")];
        let saves = ["save", "", "save", "3600 1"].map(str::to_owned);
        assert!(judge(&Kind::Cluster, 0, &nodes, &saves).warning.is_some());
    }
}
