//! Taking deliveries in: one script call for all that waits in a line.
//!
//! On one server a line serves all corps, so that many corps cost no more calls than one. On a Cluster each corp has a
//! line of its own, because all keys of a call have to lie in one slot.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use redis::Script;

use crate::model::delivery::{ContentKey, ItemId, Lane};
use crate::model::ids::CorpId;
use crate::store::Accepted;
use crate::store::error::StoreError;
use crate::store::line::Line;
use crate::store::redis::connection::{self, Connection, Topology};
use crate::store::redis::{RedisStore, keys};

static ACCEPT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("accept.lua")));

/// How long a sender waits, its place in the line included. WeCom gives up after five seconds, and the answer has to
/// travel.
const ACCEPT_MAX: Duration = Duration::from_secs(3);

/// What a set of seen contents lives longer than asked: its hour may only have begun when the last content came in.
const HOUR: Duration = Duration::from_secs(3600);

/// The lines in front of the corps' logs.
#[derive(Debug)]
pub(in crate::store) struct Lines(HashMap<CorpId, Arc<Line<Arrival, Accepted>>>);

#[derive(Debug)]
struct Arrival {
    corp: CorpId,
    key: ContentKey,
    lane: Lane,
    text: String,
}

impl Lines {
    /// Opens the lines of these corps.
    pub(in crate::store::redis) fn open(
        connection: &Connection,
        corps: &[CorpId],
        dedupe_for: Duration,
    ) -> Self {
        let line = || {
            let connection = connection.clone();
            Arc::new(Line::open(move |arrivals: Vec<Arrival>| {
                let connection = connection.clone();
                async move { take_in(&connection, dedupe_for, &arrivals).await }
            }))
        };
        let lines = corps.iter().cloned();
        Self(match connection.topology() {
            Topology::Server => {
                let line = line();
                lines.map(|corp| (corp, Arc::clone(&line))).collect()
            }
            Topology::Cluster => lines.map(|corp| (corp, line())).collect(),
        })
    }

    /// See [`Store::accept`](crate::store::Store::accept). Answers within three seconds.
    pub(in crate::store) async fn accept(
        &self,
        corp: &CorpId,
        key: ContentKey,
        lane: Lane,
        text: String,
    ) -> Result<Accepted, StoreError> {
        let Some(line) = self.0.get(corp) else {
            return Err(StoreError::Unusable(format!("{corp} is not served")));
        };
        let arrival = Arrival {
            corp: corp.clone(),
            key,
            lane,
            text,
        };
        let sent = line.send(arrival);
        tokio::time::timeout(ACCEPT_MAX, sent)
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("Redis is too slow".into())))
    }
}

impl RedisStore {
    /// See [`Store::accept`](crate::store::Store::accept).
    pub(in crate::store) async fn accept(
        &self,
        corp: &CorpId,
        key: ContentKey,
        lane: Lane,
        text: String,
    ) -> Result<Accepted, StoreError> {
        self.lines.accept(corp, key, lane, text).await
    }
}

async fn take_in(
    connection: &Connection,
    dedupe_for: Duration,
    arrivals: &[Arrival],
) -> Result<Vec<Accepted>, StoreError> {
    let corps = distinct(arrivals.iter().map(|arrival| &arrival.corp));
    let hours = distinct(arrivals.iter().map(|it| (&it.corp, it.key.window)));
    let logs = corps
        .iter()
        .flat_map(|corp| [keys::log(corp), keys::ready_urgent(corp)]);
    let sets = hours.iter().map(|(corp, hour)| keys::seen(corp, *hour));
    let keys: Vec<String> = logs.chain(sets).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();

    let bytes = arrivals.iter().map(|arrival| arrival.text.len() + 32).sum();
    let mut call = connection::sized_call(&ACCEPT, &keys, 4 * arrivals.len(), bytes);
    call.arg((dedupe_for + HOUR).as_secs());
    for Arrival {
        corp,
        key,
        lane,
        text,
    } in arrivals
    {
        // Lua counts from 1; each corp has two keys before the sets.
        let log = 2 * corps.partition_point(|other| *other < corp) + 1;
        let set = hours.partition_point(|hour| *hour < (corp, key.window));
        let set = 2 * corps.len() + set + 1;
        call.arg(log).arg(set).arg(&key.hash);
        call.arg(lane.code()).arg(text);
    }
    let places: String = connection.run(&ACCEPT, &call).await?;
    let accepted = |(place, arrival): (&str, &Arrival)| match place {
        "-" => Accepted::Duplicate,
        place => Accepted::New(ItemId::new(arrival.corp.clone(), place)),
    };
    Ok(places.split(' ').zip(arrivals).map(accepted).collect())
}

/// Each of them once, in order.
fn distinct<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut distinct: Vec<T> = all.collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}
