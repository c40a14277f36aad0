//! Taking deliveries in: one script call for all that waits in a line.
//!
//! On one server a line serves all corps, so that many corps cost no more calls than one. On a Cluster each corp has a
//! line of its own, because all keys of a call have to lie in one slot.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::Cmd;

use crate::model::delivery::{ContentKey, ItemId, Lane};
use crate::model::ids::CorpId;
use crate::store::error::StoreError;
use crate::store::item::Accepted;
use crate::store::line::Line;
use crate::store::redis::connection::{Connection, Kind};
use crate::store::redis::prolonged::{GRAIN, Prolonged, Set};
use crate::store::redis::script::Script;
use crate::store::redis::{RedisStore, keys};

static ACCEPT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("accept.lua")));

/// How long a sender waits, its place in the line included. WeCom gives up after five seconds, and the answer has to
/// travel.
const ACCEPT_MAX: Duration = Duration::from_secs(3);

/// The lines in front of the corps' logs.
#[derive(Debug)]
pub(in crate::store) struct Lines(HashMap<CorpId, (usize, Arc<Line<Arrival, Accepted>>)>);

#[derive(Debug)]
struct Arrival {
    /// Which of the log's corps.
    corp: usize,
    key: ContentKey,
    lane: Lane,
    text: String,
}

/// Where the deliveries of some corps go.
#[derive(Debug)]
struct Logs {
    connection: Connection,
    corps: Vec<Corp>,
    prolonged: Mutex<Prolonged>,
    dedupe_for: Duration,
    replicas: u32,
}

/// A corp and the names of its keys, which every call names: the lane is mostly empty, and a key that is not there keeps
/// a Cluster from running a call while it moves the slot.
#[derive(Debug)]
struct Corp {
    id: CorpId,
    log: String,
    urgent: String,
}

impl Lines {
    /// Opens the lines of these corps.
    pub(in crate::store::redis) fn open(
        connection: &Connection,
        corps: &[CorpId],
        dedupe_for: Duration,
        replicas: u32,
    ) -> Self {
        let names = |id: &CorpId| Corp {
            id: id.clone(),
            log: keys::log(id),
            urgent: keys::ready_urgent(id),
        };
        let line = |corps: &[CorpId]| {
            let logs = Arc::new(Logs {
                connection: connection.clone(),
                corps: corps.iter().map(names).collect(),
                prolonged: Mutex::default(),
                dedupe_for,
                replicas,
            });
            Arc::new(Line::open(move |arrivals: Vec<Arrival>| {
                let logs = Arc::clone(&logs);
                async move { logs.take_in(&arrivals).await }
            }))
        };
        let together = |corps: &[CorpId]| {
            let line = line(corps);
            let corps = corps.iter().cloned().enumerate();
            let lines = corps.map(|(number, corp)| (corp, (number, Arc::clone(&line))));
            lines.collect::<Vec<_>>()
        };
        Self(match connection.kind() {
            Kind::Server | Kind::Master(_) => together(corps).into_iter().collect(),
            Kind::Cluster => corps.chunks(1).flat_map(together).collect(),
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
        let Some((number, line)) = self.0.get(corp) else {
            return Err(StoreError::Unusable(format!("{corp} is not served")));
        };
        let sent = line.send(Arrival {
            corp: *number,
            key,
            lane,
            text,
        });
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

impl Logs {
    async fn take_in(&self, arrivals: &[Arrival]) -> Result<Vec<Accepted>, StoreError> {
        let mut sets: Vec<Set> = arrivals.iter().map(Arrival::set).collect();
        sets.sort_unstable();
        sets.dedup();
        let now = Instant::now();
        let due: Vec<bool> = {
            let prolonged = self.prolonged();
            let due = sets.iter().map(|set| prolonged.is_due(*set, now));
            due.collect()
        };
        let call = self.call(arrivals, &sets, &due);
        let places: String = self
            .connection
            .run_kept(&ACCEPT, &call, self.replicas)
            .await?;
        if due.contains(&true) {
            let told = sets.into_iter().zip(due).filter(|(_, due)| *due);
            self.prolonged().note(told.map(|(set, _)| set), now);
        }
        let accepted = |(place, arrival): (&str, &Arrival)| match place {
            "-" => Accepted::Duplicate,
            place => Accepted::New(ItemId::new(self.corps[arrival.corp].id.clone(), place)),
        };
        Ok(places.split(' ').zip(arrivals).map(accepted).collect())
    }

    fn call(&self, arrivals: &[Arrival], sets: &[Set], due: &[bool]) -> Cmd {
        let mut corps: Vec<usize> = sets.iter().map(|(corp, _)| *corp).collect();
        corps.dedup();
        let seen = sets
            .iter()
            .map(|(corp, hour)| keys::seen(&self.corps[*corp].id, *hour));
        let seen: Vec<String> = seen.collect();
        let logs = corps.iter().flat_map(|corp| {
            let Corp { log, urgent, .. } = &self.corps[*corp];
            [log.as_str(), urgent.as_str()]
        });
        let keys: Vec<&str> = logs.chain(seen.iter().map(String::as_str)).collect();

        let bytes = arrivals.iter().map(|arrival| arrival.text.len() + 32).sum();
        let args = 4 * arrivals.len() + 2 * sets.len();
        let mut call = ACCEPT.sized_call(&keys, args, bytes);
        call.arg((self.dedupe_for + GRAIN).as_secs())
            .arg(sets.len());
        for ((corp, _), due) in sets.iter().zip(due) {
            // Lua counts from 1; each corp has two keys before the sets.
            call.arg(2 * corps.partition_point(|other| other < corp) + 1);
            call.arg(u8::from(*due));
        }
        for arrival in arrivals {
            call.arg(sets.partition_point(|set| *set < arrival.set()) + 1);
            call.arg(&arrival.key.hash);
            call.arg(arrival.lane.code()).arg(&arrival.text);
        }
        call
    }

    fn prolonged(&self) -> MutexGuard<'_, Prolonged> {
        self.prolonged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Arrival {
    fn set(&self) -> Set {
        (self.corp, self.key.window)
    }
}
