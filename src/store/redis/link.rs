//! The ways to a Redis: one server, the master that Sentinels name, or the nodes of a Cluster.
//!
//! Each finds its server again after the connection was lost. Where another server may take over, whoever asks waits a
//! little for it: the same question is asked again until [`FIND_MAX`] has passed. So whatever is asked has to bear being
//! asked twice.

use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, ResponsePolicy, RoutingInfo};
use redis::{Client, Cmd, ConnectionInfo, ErrorKind, Pipeline, RedisError, Value};
use tokio::time::Instant;

use crate::model::redis_url::Sentinel;
use crate::store::redis::reach;
use crate::store::redis::renewed::Renewed;

/// How long a question is repeated while another server takes over or a slot moves. A delivery waits three seconds.
const FIND_MAX: Duration = Duration::from_secs(2);

/// The wait between two such attempts.
const FIND_WAIT: Duration = Duration::from_millis(100);

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
        let client = Client::open(info.set_tcp_settings(reach::tcp()))?;
        let manager = ConnectionManager::new_with_config(client.clone(), reach::patience()).await?;
        Ok(Self::Server(Box::new(client), manager))
    }

    /// Will connect to the master that the Sentinels name.
    pub(in crate::store::redis) fn master(sentinel: &Sentinel) -> Self {
        let sentinel = sentinel.clone();
        Self::Master(Renewed::new(move || {
            let sentinel = sentinel.clone();
            async move { reach::master(&sentinel).await }
        }))
    }

    /// Will connect to a Cluster, beginning with these nodes.
    pub(in crate::store::redis) fn cluster(nodes: Vec<ConnectionInfo>) -> Result<Self, RedisError> {
        let client = reach::cluster(nodes, FIND_MAX, FIND_WAIT)?;
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
                match ConnectionManager::new_lazy_with_config((**client).clone(), reach::patience())
                {
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

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// What a server answers with this code.
    fn refused(code: &str) -> RedisError {
        let answer = redis::parse_redis_value(format!("-{code} it says\r\n").as_bytes());
        answer.and_then(Value::extract_error).unwrap_err()
    }

    #[test]
    fn only_some_problems_tell_of_another_master() {
        let lost = |kind| RedisError::from(io::Error::from(kind));
        for (problem, expected) in [
            (lost(io::ErrorKind::ConnectionReset), true),
            (lost(io::ErrorKind::TimedOut), true),
            ((ErrorKind::Parse, "no answer of Redis").into(), true),
            (refused("READONLY"), true),
            (refused("NOREPLICAS"), true),
            (refused("UNBLOCKED"), true),
            (refused("OOM"), false),
            (refused("NOPERM"), false),
            (refused("NOSCRIPT"), false),
        ] {
            assert_eq!(is_elsewhere(&problem), expected, "{problem}");
        }
    }

    #[tokio::test]
    async fn a_master_that_is_not_there_is_looked_for_and_a_password_is_tried_once() {
        for (kind, again) in [
            (ErrorKind::Io, true),
            (ErrorKind::AuthenticationFailed, false),
        ] {
            let attempts = Arc::new(AtomicU32::new(0));
            let counted = Arc::clone(&attempts);
            let master: Renewed<MultiplexedConnection> = Renewed::new(move || {
                let counted = Arc::clone(&counted);
                async move {
                    counted.fetch_add(1, Ordering::Relaxed);
                    Err((kind, "not now").into())
                }
            });
            let begun = Instant::now();
            let answer = ask_master(&master, &Question::One(&redis::cmd("PING"))).await;
            assert_eq!(answer.unwrap_err().kind(), kind);
            assert_eq!(attempts.load(Ordering::Relaxed) > 1, again, "{kind:?}");
            let took = begun.elapsed();
            assert_eq!(took > FIND_MAX - FIND_WAIT, again, "{kind:?} {took:?}");
        }
    }
}
