//! A connection that comes back by itself, and the scripts that run over it.
//!
//! No command blocks on the server but the wait for replicas, so commands share a connection; one that is slow delays
//! those behind it.

use std::fmt;
use std::time::Duration;

use redis::{
    Cmd, ConnectionInfo, ErrorKind, FromRedisValue, IntoConnectionInfo, Pipeline, RedisError,
    ServerErrorKind, Value,
};
use secrecy::{ExposeSecret, SecretString};

use crate::model::redis_url::{Address, RedisUrl};
use crate::store::error::StoreError;
use crate::store::redis::link::{Link, Question};
use crate::store::redis::reach;
use crate::store::redis::script::Script;

/// How long replicas may take to acknowledge a delivery. A delivery waits three seconds in all.
const REPLICAS_MAX: Duration = Duration::from_secs(1);

const WRITE: &str = "write redis://[user:password@]host[:6379][/database], redis+sentinel://… or redis+cluster://…, \
                     with rediss for TLS";

/// A connection to one server, to the master of some, or to a Cluster. Clones share it.
#[derive(Clone)]
pub(in crate::store::redis) struct Connection {
    link: Link,
    kind: Kind,
    address: String,
}

/// What kind of Redis it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::redis) enum Kind {
    /// One server.
    Server,
    /// The master that Sentinels call so.
    Master(String),
    /// A Cluster.
    Cluster,
}

impl Connection {
    /// Connects to one server; to more than one, when the first question is asked.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] for a URL that is none or a password that is refused; [`StoreError::Unavailable`] when
    /// nobody answers.
    pub(in crate::store::redis) async fn open(url: &SecretString) -> Result<Self, StoreError> {
        // Refused only when a provider is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = RedisUrl::parse(url.expose_secret())
            .map_err(|wrong| StoreError::Unusable(format!("the URL {wrong}; {WRITE}")))?;
        let (kind, address, link) = match &url {
            RedisUrl::Server(url) => {
                let info = connection_info(url)?;
                let address = info.addr().to_string();
                (Kind::Server, address, Link::server(info).await)
            }
            RedisUrl::Sentinel(sentinel) => {
                let (name, sentinels) = (&sentinel.master, listed(&sentinel.sentinels));
                let address = format!("{name} of the Sentinels {sentinels}");
                let kind = Kind::Master(name.clone());
                (kind, address, Ok(Link::master(sentinel)))
            }
            RedisUrl::Cluster(cluster) => {
                let address = listed(&cluster.nodes);
                let link = reach::nodes(cluster).and_then(Link::cluster);
                (Kind::Cluster, address, link)
            }
        };
        Self::over(link, kind, address)
    }

    /// A connection to the Cluster that a single server has turned out to be a node of.
    ///
    /// # Errors
    /// [`StoreError::Unusable`], if the URL is none.
    pub(in crate::store::redis) fn to_cluster(
        &self,
        url: &SecretString,
    ) -> Result<Self, StoreError> {
        let link = Link::cluster(vec![connection_info(url)?]);
        Self::over(link, Kind::Cluster, self.address.clone())
    }

    fn over(
        link: Result<Link, RedisError>,
        kind: Kind,
        address: String,
    ) -> Result<Self, StoreError> {
        match link {
            Ok(link) => Ok(Self {
                link,
                kind,
                address,
            }),
            Err(problem) => Err(told(&address, &problem)),
        }
    }

    /// Another connection to the same, which is made when it is first used and lives on the executor that is current
    /// then.
    pub(in crate::store::redis) fn another(&self) -> Self {
        Self {
            link: self.link.another(),
            kind: self.kind.clone(),
            address: self.address.clone(),
        }
    }

    /// Runs a script. `call` comes from it. When the connection was lost it is sent again, so a script has to bear
    /// being run twice.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`] for an answer of another shape.
    pub(in crate::store::redis) async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        call: &Cmd,
    ) -> Result<T, StoreError> {
        let answer = match self.link.ask(&Question::One(call)).await {
            Err(problem) if is_unknown(&problem) => {
                let taught = script.with_source(call);
                self.link.ask(&Question::One(&taught)).await
            }
            answer => answer,
        };
        read(answer.map_err(|problem| told(&self.address, &problem))?)
    }

    /// Runs a script like [`run`](Self::run) and waits until `replicas` replicas have what it wrote, and all that was
    /// written before it.
    ///
    /// # Errors
    /// As [`run`](Self::run); also [`StoreError::Unavailable`] when fewer replicas have it in time, though it is written.
    pub(in crate::store::redis) async fn run_kept<T: FromRedisValue>(
        &self,
        script: &Script,
        call: &Cmd,
        replicas: u32,
    ) -> Result<T, StoreError> {
        if replicas == 0 {
            return self.run(script, call).await;
        }
        let answer = match self
            .link
            .ask(&Question::Together(&kept(call.clone(), replicas)))
            .await
        {
            Err(problem) if is_unknown(&problem) => {
                let taught = kept(script.with_source(call), replicas);
                self.link.ask(&Question::Together(&taught)).await
            }
            answer => answer,
        };
        let (value, have): (Value, u32) =
            read(answer.map_err(|problem| told(&self.address, &problem))?)?;
        if have < replicas {
            return Err(StoreError::Unavailable(format!(
                "Redis at {}: {have} of {replicas} replicas have it",
                self.address
            )));
        }
        read(value)
    }

    /// Asks a plain question: the server, or every master of a Cluster.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub(in crate::store::redis) async fn ask(&self, question: &Cmd) -> Result<Value, StoreError> {
        let answer = self.link.ask(&Question::Everywhere(question)).await;
        answer.map_err(|problem| told(&self.address, &problem))
    }

    /// What kind of Redis it is.
    pub(in crate::store::redis) fn kind(&self) -> &Kind {
        &self.kind
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({})", self.address)
    }
}

/// The wait is for all that the connection was told before, so it has to be the same connection.
fn kept(call: Cmd, replicas: u32) -> Pipeline {
    let mut pipeline = redis::pipe();
    let millis = u64::try_from(REPLICAS_MAX.as_millis()).unwrap_or(u64::MAX);
    pipeline.add_command(call);
    pipeline.cmd("WAIT").arg(replicas).arg(millis);
    pipeline
}

fn is_unknown(problem: &RedisError) -> bool {
    problem.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

fn read<T: FromRedisValue>(value: Value) -> Result<T, StoreError> {
    redis::from_redis_value(value)
        .map_err(|_| StoreError::Corrupt("a script gave another answer than expected".into()))
}

fn listed(addresses: &[Address]) -> String {
    let each = addresses
        .iter()
        .map(|it| format!("{}:{}", it.host, it.port));
    each.collect::<Vec<_>>().join(", ")
}

fn connection_info(url: &SecretString) -> Result<ConnectionInfo, StoreError> {
    // What the crate says about a bad URL may repeat parts of it, and it may hold a password.
    url.expose_secret()
        .into_connection_info()
        .map_err(|_| StoreError::Unusable(format!("the URL is none; {WRITE}")))
}

/// What the caller can do about a problem. Says nothing that a command held.
fn told(address: &str, problem: &RedisError) -> StoreError {
    let code = problem.code().unwrap_or_default();
    let text = problem.to_string();
    // A Cluster's nodes say it in the text of another problem.
    if problem.kind() == ErrorKind::AuthenticationFailed
        || ["WRONGPASS", "NOAUTH"].contains(&code)
        || text.ends_with("AuthenticationFailed")
    {
        return StoreError::Unusable(format!(
            "Redis at {address} refuses the user name or password of the URL"
        ));
    }
    // The answer to a command that the server does not know repeats its arguments.
    let text = text.split(", with args").next().unwrap_or_default();
    StoreError::Unavailable(format!("Redis at {address}: {text}"))
}
