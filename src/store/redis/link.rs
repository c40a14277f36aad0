//! The ways to a Redis: one server, the master that Sentinels name, or the nodes of a Cluster.
//!
//! Each finds its server again after the connection was lost. Where another server may take over, whoever asks waits a
//! little for it: the same question is asked again until [`FIND_MAX`] has passed. So whatever is asked has to bear being
//! asked twice.

use std::time::Duration;

use redis::aio::{
    ConnectionLike, ConnectionManager, ConnectionManagerConfig, MultiplexedConnection,
};
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, ResponsePolicy, RoutingInfo};
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind,
    IntoConnectionInfo, Pipeline, RedisConnectionInfo, RedisError, TlsMode, Value,
};
use secrecy::ExposeSecret;
use tokio::time::Instant;

use crate::model::redis_url::{Address, Cluster, Login, Sentinel, Tls};
use crate::store::redis::renewed::Renewed;

/// How long a connection attempt may take, the handshake included.
const CONNECT_MAX: Duration = Duration::from_secs(1);

/// How long an answer may take. Scripts take milliseconds, so what takes longer hangs.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// How long a question is repeated while another server takes over or a slot moves. A delivery waits three seconds.
const FIND_MAX: Duration = Duration::from_secs(2);

/// The wait between two such attempts.
const FIND_WAIT: Duration = Duration::from_millis(100);

/// How often a Cluster's question is repeated at most. The waits between grow to [`FIND_WAIT`], so time ends it.
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

/// A way to a Redis. Clones share it.
#[derive(Clone)]
pub(in crate::store::redis) enum Link {
    /// To one server.
    Server(Box<Client>, ConnectionManager),
    /// To whichever server is master now.
    Master(Renewed<MultiplexedConnection>),
    /// To the nodes of a Cluster.
    Cluster(Renewed<ClusterConnection>),
}

/// What is sent in one go.
pub(in crate::store::redis) enum Question<'a> {
    /// One command. In a Cluster it goes to the node of its first key.
    One(&'a Cmd),
    /// Commands that one connection must carry; the answer is a list.
    Together(&'a Pipeline),
    /// One command without keys. In a Cluster every master answers, and the answer is a map.
    Everywhere(&'a Cmd),
}

impl Link {
    /// Connects to one server.
    pub(in crate::store::redis) async fn server(info: ConnectionInfo) -> Result<Self, RedisError> {
        let client = Client::open(info.set_tcp_settings(tcp()))?;
        let manager = ConnectionManager::new_with_config(client.clone(), patience()).await?;
        Ok(Self::Server(Box::new(client), manager))
    }

    /// Will connect to the master that the Sentinels name.
    pub(in crate::store::redis) fn master(sentinel: &Sentinel) -> Self {
        let sentinel = sentinel.clone();
        Self::Master(Renewed::new(move || {
            let sentinel = sentinel.clone();
            async move { find_master(&sentinel).await }
        }))
    }

    /// Will connect to a Cluster, beginning with the nodes named.
    pub(in crate::store::redis) fn cluster(cluster: &Cluster) -> Result<Self, RedisError> {
        let (login, tls) = (login(&cluster.login), cluster.tls != Tls::None);
        let nodes = cluster.nodes.iter().map(|node| {
            let info = address(node, tls).into_connection_info()?;
            Ok(info.set_redis_settings(login.clone()))
        });
        let nodes: Result<Vec<ConnectionInfo>, RedisError> = nodes.collect();
        Self::nodes(nodes?)
    }

    /// Will connect to a Cluster, beginning with these nodes.
    pub(in crate::store::redis) fn nodes(nodes: Vec<ConnectionInfo>) -> Result<Self, RedisError> {
        let wait = u64::try_from(FIND_WAIT.as_millis()).unwrap_or(u64::MAX);
        let client: ClusterClient = ClusterClientBuilder::new(nodes)
            .connection_timeout(CONNECT_MAX)
            .response_timeout(ANSWER_MAX)
            .overall_response_timeout(Some(FIND_MAX))
            .retries(CLUSTER_RETRIES)
            .min_retry_wait(wait / 4)
            .max_retry_wait(wait)
            .tcp_settings(tcp())
            .build()?;
        Ok(Self::Cluster(Renewed::new(move || {
            let client = client.clone();
            async move { client.get_async_connection().await }
        })))
    }

    /// The same way once more, over connections that are made when they are first used and live on the executor that
    /// is current then.
    pub(in crate::store::redis) fn another(&self) -> Self {
        match self {
            Self::Server(client, _) => {
                match ConnectionManager::new_lazy_with_config((**client).clone(), patience()) {
                    Ok(manager) => Self::Server(client.clone(), manager),
                    // Refused for settings that are not used here.
                    Err(_) => self.clone(),
                }
            }
            Self::Master(master) => Self::Master(master.another()),
            Self::Cluster(cluster) => Self::Cluster(cluster.another()),
        }
    }

    /// Asks, and asks again when that may help.
    pub(in crate::store::redis) async fn ask(
        &self,
        question: &Question<'_>,
    ) -> Result<Value, RedisError> {
        match self {
            Self::Server(_, server) => match question.over(&mut server.clone()).await {
                // Closed, as one is that was idle for long.
                Err(problem) if problem.is_connection_dropped() => {
                    question.over(&mut server.clone()).await
                }
                answer => answer,
            },
            Self::Master(master) => ask_master(master, question).await,
            Self::Cluster(cluster) => match ask_cluster(cluster, question).await {
                // Its executor has ended, as one of the web server's does.
                Err(problem) if problem.is_connection_dropped() => {
                    ask_cluster(cluster, question).await
                }
                answer => answer,
            },
        }
    }
}

impl Question<'_> {
    async fn over(&self, connection: &mut impl ConnectionLike) -> Result<Value, RedisError> {
        match self {
            Self::One(command) | Self::Everywhere(command) => command.query_async(connection).await,
            Self::Together(commands) => {
                let count = commands.len();
                let answers = connection.req_packed_commands(commands, 0, count).await?;
                let answers: Result<Vec<Value>, RedisError> =
                    answers.into_iter().map(Value::extract_error).collect();
                answers.map(Value::Array)
            }
        }
    }

    async fn over_cluster(&self, cluster: &mut ClusterConnection) -> Result<Value, RedisError> {
        let Self::Everywhere(command) = self else {
            return self.over(cluster).await;
        };
        let masters = (
            MultipleNodeRoutingInfo::AllMasters,
            Some(ResponsePolicy::Special),
        );
        let command = (*command).clone();
        let answer = cluster.route_command(command, RoutingInfo::MultiNode(masters));
        answer.await?.extract_error()
    }
}

/// Asks a Cluster. The crate follows slots and reconnects; a node that hangs it would ask for ever.
async fn ask_cluster(
    cluster: &Renewed<ClusterConnection>,
    question: &Question<'_>,
) -> Result<Value, RedisError> {
    let (used, mut connection) = cluster.get().await?;
    let answer = question.over_cluster(&mut connection).await;
    if answer.as_ref().is_err_and(RedisError::is_io_error) {
        cluster.renew(&used);
    }
    answer
}

/// Asks the master; when it is gone or no longer the master, whoever is it then.
async fn ask_master(
    master: &Renewed<MultiplexedConnection>,
    question: &Question<'_>,
) -> Result<Value, RedisError> {
    let begun = Instant::now();
    loop {
        let problem = match master.get().await {
            Ok((used, mut connection)) => match question.over(&mut connection).await {
                Err(problem) if is_elsewhere(&problem) => {
                    master.renew(&used);
                    problem
                }
                answer => return answer,
            },
            Err(problem) if problem.kind() == ErrorKind::AuthenticationFailed => {
                return Err(problem);
            }
            Err(problem) => problem,
        };
        if begun.elapsed() + FIND_WAIT > FIND_MAX {
            return Err(problem);
        }
        tokio::time::sleep(FIND_WAIT).await;
    }
}

/// Whether another server may be the master by now.
fn is_elsewhere(problem: &RedisError) -> bool {
    // NOREPLICAS: its replicas may have left it for a new master.
    let codes = [
        "READONLY",
        "NOREPLICAS",
        "LOADING",
        "MASTERDOWN",
        "UNBLOCKED",
    ];
    let code = problem.code().unwrap_or_default();
    problem.is_io_error() || problem.is_unrecoverable_error() || codes.contains(&code)
}

/// Asks the Sentinels, and the server that they name whether it is a master.
async fn find_master(sentinel: &Sentinel) -> Result<MultiplexedConnection, RedisError> {
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

fn tcp() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(ACKNOWLEDGE_MAX);
    settings
}

fn patience() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT_MAX))
        .set_response_timeout(Some(ANSWER_MAX))
        .set_number_of_retries(RECONNECTS)
        .set_max_delay(RECONNECT_WAIT)
}
