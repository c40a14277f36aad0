//! A connection that comes back by itself, and the scripts that run over it.
//!
//! No command blocks on the server, so commands share a connection; one that is slow delays those behind it.

use std::fmt;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    Client, Cmd, ConnectionInfo, ErrorKind, FromRedisValue, IntoConnectionInfo, RedisError, Script,
    ServerErrorKind, Value,
};
use secrecy::{ExposeSecret, SecretString};

use crate::store::error::StoreError;

/// How long a connection attempt may take, the handshake included.
const CONNECT_MAX: Duration = Duration::from_secs(1);

/// How long an answer may take. Scripts take milliseconds, so what takes longer hangs.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// How often a failed connection attempt is repeated before those who wait for it are told. The crate's own default
/// makes them wait four seconds.
const RECONNECTS: usize = 1;

/// The longest wait between two connection attempts.
const RECONNECT_WAIT: Duration = Duration::from_millis(200);

/// How long sent bytes may stay unacknowledged before the connection counts as dead, as after a power failure of the
/// other machine. A server that only hangs still acknowledges.
#[cfg(target_os = "linux")]
const ACKNOWLEDGE_MAX: Duration = Duration::from_secs(5);

/// A connection to one server or to a Cluster. Clones share it.
#[derive(Clone)]
pub(in crate::store::redis) struct Connection {
    link: Link,
    address: String,
}

#[derive(Clone)]
enum Link {
    Server(Box<Client>, ConnectionManager),
    Cluster(ClusterConnection),
}

/// Whether the server stands alone or is a node of a Cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::redis) enum Topology {
    /// One server, perhaps with replicas.
    Server,
    /// A Redis Cluster.
    Cluster,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] for a URL that is none or a password that is refused; [`StoreError::Unavailable`] when
    /// nobody answers.
    pub(in crate::store::redis) async fn open(
        url: &SecretString,
        topology: Topology,
    ) -> Result<Self, StoreError> {
        // Refused only when a provider is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let info = connection_info(url)?;
        let address = info.addr().to_string();
        let opened = match topology {
            Topology::Server => server(info).await,
            Topology::Cluster => cluster(info).await,
        };
        match opened {
            Ok(link) => Ok(Self { link, address }),
            Err(problem) => Err(told(&address, &problem)),
        }
    }

    /// Another connection to the same server, which is made when it is first used and lives on the executor that is
    /// current now. A Cluster's connections are shared.
    pub(in crate::store::redis) fn another(&self) -> Self {
        let link = match &self.link {
            Link::Server(client, _) => {
                match ConnectionManager::new_lazy_with_config((**client).clone(), patience()) {
                    Ok(manager) => Link::Server(client.clone(), manager),
                    // Refused for settings that are not used here.
                    Err(_) => self.link.clone(),
                }
            }
            Link::Cluster(_) => self.link.clone(),
        };
        let address = self.address.clone();
        Self { link, address }
    }

    /// What it leads to.
    pub(in crate::store::redis) const fn topology(&self) -> Topology {
        match &self.link {
            Link::Server(..) => Topology::Server,
            Link::Cluster(_) => Topology::Cluster,
        }
    }

    /// Runs a script. `call` comes from [`call`]. When the connection was lost it is sent a second time, so a script has
    /// to bear being run twice.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`] for an answer of another shape.
    pub(in crate::store::redis) async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        call: &Cmd,
    ) -> Result<T, StoreError> {
        let unknown = ErrorKind::Server(ServerErrorKind::NoScript);
        let answer = match self.send(call).await {
            // A server forgets its scripts when it restarts.
            Err(problem) if problem.kind() == unknown => {
                self.load(script).await?;
                self.send(call).await
            }
            other => other,
        };
        let value = answer.map_err(|problem| told(&self.address, &problem))?;
        redis::from_redis_value(value)
            .map_err(|_| StoreError::Corrupt("a script gave another answer than expected".into()))
    }

    /// Asks a plain question.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub(in crate::store::redis) async fn ask(&self, question: &Cmd) -> Result<Value, StoreError> {
        let answer = self.send(question).await;
        answer.map_err(|problem| told(&self.address, &problem))
    }

    async fn load(&self, script: &Script) -> Result<(), StoreError> {
        let loaded = match self.link.clone() {
            Link::Server(_, mut server) => script.load_async(&mut server).await,
            Link::Cluster(mut cluster) => script.load_async(&mut cluster).await,
        };
        loaded
            .map(drop)
            .map_err(|problem| told(&self.address, &problem))
    }

    /// Sends a command, and once more when the connection turns out to be closed, as one is that was idle for long.
    async fn send(&self, command: &Cmd) -> Result<Value, RedisError> {
        match self.send_once(command).await {
            Err(problem) if problem.is_connection_dropped() => self.send_once(command).await,
            answer => answer,
        }
    }

    async fn send_once(&self, command: &Cmd) -> Result<Value, RedisError> {
        match self.link.clone() {
            Link::Server(_, mut server) => command.query_async(&mut server).await,
            Link::Cluster(mut cluster) => command.query_async(&mut cluster).await,
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({})", self.address)
    }
}

/// Begins the call of a script: its keys are written, its arguments are to follow.
pub(in crate::store::redis) fn call(script: &Script, keys: &[&str]) -> Cmd {
    sized_call(script, keys, 0, 0)
}

/// The same with room for so many arguments and their bytes, so that a long call does not move while it grows.
pub(in crate::store::redis) fn sized_call(
    script: &Script,
    keys: &[&str],
    args: usize,
    bytes: usize,
) -> Cmd {
    let mut call = Cmd::with_capacity(args + 16, bytes + 512);
    call.arg("EVALSHA");
    call.arg(script.get_hash()).arg(keys.len()).arg(keys);
    call
}

fn connection_info(url: &SecretString) -> Result<ConnectionInfo, StoreError> {
    // What the crate says about a bad URL may repeat parts of it, and it may hold a password.
    let unusable = || {
        StoreError::Unusable(
            "the URL should look like redis://[user:password@]host[:6379][/database], or rediss:// for TLS"
                .into(),
        )
    };
    let url = url.expose_secret();
    if !(url.starts_with("redis://") || url.starts_with("rediss://")) {
        return Err(unusable());
    }
    let info = url.into_connection_info().map_err(|_| unusable())?;
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(ACKNOWLEDGE_MAX);
    Ok(info.set_tcp_settings(settings))
}

async fn server(info: ConnectionInfo) -> Result<Link, RedisError> {
    let client = Client::open(info)?;
    let manager = ConnectionManager::new_with_config(client.clone(), patience()).await?;
    Ok(Link::Server(Box::new(client), manager))
}

fn patience() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT_MAX))
        .set_response_timeout(Some(ANSWER_MAX))
        .set_number_of_retries(RECONNECTS)
        .set_max_delay(RECONNECT_WAIT)
}

async fn cluster(info: ConnectionInfo) -> Result<Link, RedisError> {
    let retries = u32::try_from(RECONNECTS).unwrap_or(u32::MAX);
    let settings = info.tcp_settings().clone();
    ClusterClientBuilder::new([info])
        .connection_timeout(CONNECT_MAX)
        .response_timeout(ANSWER_MAX)
        .retries(retries)
        .tcp_settings(settings)
        .build()?
        .get_async_connection()
        .await
        .map(Link::Cluster)
}

/// What the caller can do about a problem. Says nothing that a command held.
fn told(address: &str, problem: &RedisError) -> StoreError {
    let code = problem.code().unwrap_or_default();
    if problem.kind() == ErrorKind::AuthenticationFailed || ["WRONGPASS", "NOAUTH"].contains(&code)
    {
        return StoreError::Unusable(format!(
            "Redis at {address} refuses the user name or password of the URL"
        ));
    }
    // The answer to a command that the server does not know repeats its arguments.
    let text = problem.to_string();
    let text = text.split(", with args").next().unwrap_or_default();
    StoreError::Unavailable(format!("Redis at {address}: {text}"))
}
