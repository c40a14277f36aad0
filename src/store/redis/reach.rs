//! How servers are connected to: addresses, logins, and how long each step may take.

use std::time::Duration;

use redis::aio::{ConnectionManagerConfig, MultiplexedConnection};
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo,
    RedisError, TlsMode,
};
use secrecy::ExposeSecret;

use crate::model::redis_url::{Address, Cluster, Login, Sentinel, Tls};

/// How long a connection attempt may take, the handshake included.
const CONNECT_MAX: Duration = Duration::from_secs(1);

/// How long an answer may take. Scripts take milliseconds, so what takes longer hangs.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// How often a Cluster's question is repeated at most. The time that it is given ends it before.
const CLUSTER_RETRIES: u32 = 40;

/// How often a failed connection attempt to the one server is repeated before those who wait for it are told. The
/// crate's own default makes them wait four seconds.
const RECONNECTS: usize = 1;

/// The longest wait between two connection attempts.
const RECONNECT_WAIT: Duration = Duration::from_millis(200);

/// How long sent bytes may stay unacknowledged before the connection counts as dead, as after a power failure of the
/// other machine. A server that only hangs still acknowledges.
#[cfg(target_os = "linux")]
const ACKNOWLEDGE_MAX: Duration = Duration::from_secs(5);

/// For one server.
pub(in crate::store::redis) fn patience() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT_MAX))
        .set_response_timeout(Some(ANSWER_MAX))
        .set_number_of_retries(RECONNECTS)
        .set_max_delay(RECONNECT_WAIT)
}

/// Asks the Sentinels for the master, and the server that they name whether it is one.
pub(in crate::store::redis) async fn master(
    sentinel: &Sentinel,
) -> Result<MultiplexedConnection, RedisError> {
    let sentinels = sentinel.sentinels.iter();
    let sentinels = sentinels.map(|it| address(it, sentinel.tls == Tls::All));
    let mut builder =
        SentinelClientBuilder::new(sentinels, &sentinel.master, SentinelServerType::Master)?
            .set_client_to_redis_db(sentinel.db.into())
            .set_client_to_redis_tcp_settings(tcp())
            .set_client_to_sentinel_tcp_settings(tcp());
    if sentinel.tls != Tls::None {
        builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
    }
    if let Some(user) = &sentinel.login.user {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = &sentinel.login.password {
        builder = builder.set_client_to_redis_password(password.expose_secret());
    }
    if let Some(user) = &sentinel.sentinel_login.user {
        builder = builder.set_client_to_sentinel_username(user);
    }
    if let Some(password) = &sentinel.sentinel_login.password {
        builder = builder.set_client_to_sentinel_password(password.expose_secret());
    }
    let patience = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_MAX))
        .set_response_timeout(Some(ANSWER_MAX));
    let mut client = builder.build()?;
    client.get_async_connection_with_config(&patience).await
}

/// For a Cluster: a question takes `max` at most, with up to `wait` between two attempts.
pub(in crate::store::redis) fn cluster(
    nodes: Vec<ConnectionInfo>,
    max: Duration,
    wait: Duration,
) -> Result<ClusterClient, RedisError> {
    let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    ClusterClientBuilder::new(nodes)
        .connection_timeout(CONNECT_MAX)
        .response_timeout(ANSWER_MAX)
        .overall_response_timeout(Some(max))
        .retries(CLUSTER_RETRIES)
        .min_retry_wait(wait / 4)
        .max_retry_wait(wait)
        .tcp_settings(tcp())
        .build()
}

/// The nodes that a URL names.
pub(in crate::store::redis) fn nodes(cluster: &Cluster) -> Result<Vec<ConnectionInfo>, RedisError> {
    let (login, tls) = (login(&cluster.login), cluster.tls != Tls::None);
    let nodes = cluster.nodes.iter().map(|node| {
        let info = address(node, tls).into_connection_info()?;
        Ok(info.set_redis_settings(login.clone()))
    });
    nodes.collect()
}

/// For every connection.
pub(in crate::store::redis) fn tcp() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(ACKNOWLEDGE_MAX);
    settings
}

fn address(address: &Address, tls: bool) -> ConnectionAddr {
    let (host, port) = (address.host.clone(), address.port);
    match tls {
        false => ConnectionAddr::Tcp(host, port),
        true => ConnectionAddr::TcpTls {
            host,
            port,
            insecure: false,
            tls_params: None,
        },
    }
}

fn login(login: &Login) -> RedisConnectionInfo {
    let mut settings = RedisConnectionInfo::default();
    if let Some(user) = &login.user {
        settings = settings.set_username(user);
    }
    if let Some(password) = &login.password {
        settings = settings.set_password(password.expose_secret());
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::redis_url::RedisUrl;

    #[test]
    fn every_node_of_a_cluster_is_asked_with_the_login_of_the_url() {
        for (url, addresses, user, password) in [
            (
                "redis+cluster://lisi:q7Zk@a.example,b.example:7000",
                ["a.example:6379", "b.example:7000"],
                Some("lisi"),
                Some("q7Zk"),
            ),
            (
                "rediss+cluster://:q7Zk@a.example,b.example",
                ["a.example:6379", "b.example:6379"],
                None,
                Some("q7Zk"),
            ),
            (
                "redis+cluster://a.example,b.example",
                ["a.example:6379", "b.example:6379"],
                None,
                None,
            ),
        ] {
            let Ok(RedisUrl::Cluster(cluster)) = RedisUrl::parse(url) else {
                panic!("{url}");
            };
            let nodes = nodes(&cluster).unwrap();
            let found: Vec<String> = nodes.iter().map(|node| node.addr().to_string()).collect();
            assert_eq!(found, addresses, "{url}");
            for node in nodes {
                let is_tls = matches!(node.addr(), ConnectionAddr::TcpTls { .. });
                assert_eq!(is_tls, url.starts_with("rediss"), "{url}");
                let login = node.redis_settings();
                assert_eq!((login.username(), login.password()), (user, password));
            }
        }
    }
}
