//! The store on Redis 7 or newer, or what speaks its language: shared by several processes, also behind Sentinels or as a
//! Cluster.
//!
//! Every change is one script, so it happens whole or not at all, and one round trip. What lies where is told in
//! [`keys`]; what a script does, at its head. Nothing waits on the server: whoever waits for work hears the bell of its
//! own process, or looks again after a while.
//!
//! Deliveries are accepted over connections of their own, so that they do not queue behind a long list.

mod keys;
mod script;

mod connection;
mod link;
mod prolonged;
mod reach;
mod renewed;

pub(in crate::store) mod accept;
mod erase;
mod listing;
mod queue;
mod state;
mod transfer;

mod shared;

mod health;

use std::time::Duration;

use secrecy::SecretString;

use crate::model::ids::CorpId;
use crate::store::StoreSettings;
use crate::store::error::StoreError;
use crate::store::redis::accept::Lines;
use crate::store::redis::connection::{Connection, Kind};
use crate::store::redis::health::Topology;

/// A Redis with the state of every corp that is served.
#[derive(Debug)]
pub(in crate::store) struct RedisStore {
    /// For those who have no lines of their own.
    lines: Lines,
    connection: Connection,
    corps: Vec<CorpId>,
    dedupe_for: Duration,
    replicas: u32,
}

impl RedisStore {
    /// Connects and sees whether this Redis will do.
    ///
    /// # Errors
    /// [`StoreError::Unusable`], saying what to change; [`StoreError::Unavailable`] when the server does not answer.
    pub(in crate::store) async fn open(
        url: &SecretString,
        settings: &StoreSettings,
    ) -> Result<Self, StoreError> {
        let first = Connection::open(url).await?;
        let connection = match (health::topology(&first).await?, first.kind()) {
            (Topology::Cluster, Kind::Server) => first.to_cluster(url)?,
            _ => first,
        };
        let (corps, dedupe_for) = (settings.corps.clone(), settings.dedupe_for);
        let (front, replicas) = (connection.another(), settings.replicas);
        Ok(Self {
            lines: Lines::open(&front, &corps, dedupe_for, replicas),
            connection,
            corps,
            dedupe_for,
            replicas,
        })
    }

    /// Lines of the current executor's own, over a connection that is made when the first delivery comes.
    pub(in crate::store) fn own_lines(&self) -> Lines {
        let connection = self.connection.another();
        Lines::open(&connection, &self.corps, self.dedupe_for, self.replicas)
    }
}
