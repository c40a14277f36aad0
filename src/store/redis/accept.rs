//! Taking deliveries in: a line per corp, one script call for all that waits in it.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use crate::model::delivery::{ContentKey, ItemId, Lane};
use crate::model::ids::CorpId;
use crate::store::Accepted;
use crate::store::error::StoreError;
use crate::store::line::Line;
use crate::store::redis::connection::Connection;
use crate::store::redis::script::Script;
use crate::store::redis::{RedisStore, keys};

static ACCEPT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("accept.lua")));

/// How long a sender waits, its place in the line included. WeCom gives up after five seconds, and the answer has to
/// travel.
const ACCEPT_MAX: Duration = Duration::from_secs(3);

/// What a set of seen contents lives longer than asked: its hour may only have begun when the last content came in.
const HOUR: Duration = Duration::from_secs(3600);

/// The lines in front of the corps' logs.
#[derive(Debug)]
pub(in crate::store) struct Lines(HashMap<CorpId, Line<Arrival, Accepted>>);

#[derive(Debug)]
struct Arrival {
    key: ContentKey,
    lane: Lane,
    text: String,
}

impl Lines {
    /// Opens a line for each corp.
    pub(in crate::store::redis) fn open(
        connection: &Connection,
        corps: &[CorpId],
        dedupe_for: Duration,
        replicas: u32,
    ) -> Self {
        let open = |corp: &CorpId| {
            let (connection, corp) = (connection.clone(), corp.clone());
            Line::open(move |arrivals| {
                let (connection, corp) = (connection.clone(), corp.clone());
                async move { take_in(&connection, &corp, dedupe_for, replicas, &arrivals).await }
            })
        };
        let lines = corps.iter();
        Self(lines.map(|corp| (corp.clone(), open(corp))).collect())
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
        let sent = line.send(Arrival { key, lane, text });
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
    corp: &CorpId,
    dedupe_for: Duration,
    replicas: u32,
    arrivals: &[Arrival],
) -> Result<Vec<Accepted>, StoreError> {
    let mut hours: Vec<u32> = arrivals.iter().map(|arrival| arrival.key.window).collect();
    hours.sort_unstable();
    hours.dedup();
    let mut keys = vec![keys::log(corp), keys::ready_urgent(corp)];
    let before_sets = keys.len();
    keys.extend(hours.iter().map(|hour| keys::seen(corp, *hour)));
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();

    let mut call = ACCEPT.call(&keys);
    call.arg((dedupe_for + HOUR).as_secs());
    for Arrival { key, lane, text } in arrivals {
        // Lua counts from 1.
        let set = before_sets + hours.partition_point(|hour| *hour < key.window) + 1;
        call.arg(set).arg(&key.hash).arg(lane.code()).arg(text);
    }
    let places: String = connection.run_kept(&ACCEPT, &call, replicas).await?;
    let accepted = |place| match place {
        "-" => Accepted::Duplicate,
        place => Accepted::New(ItemId::new(corp.clone(), place)),
    };
    Ok(places.split(' ').map(accepted).collect())
}
