//! What people look at: items with their progress; and forgetting what is done.

use std::sync::LazyLock;

use crate::model::delivery::ItemId;
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::item::{
    Counts, Depth, Entry, Failure, HOURS_COUNTED, LaneDepth, Progress, Queue, State,
};
use crate::store::redis::RedisStore;
use crate::store::redis::queue::{queue_call, script};
use crate::store::redis::script::Script;

static ENTRIES: LazyLock<Script> = LazyLock::new(|| script(include_str!("entries.lua")));
static ENTRY: LazyLock<Script> = LazyLock::new(|| script(include_str!("entry.lua")));
static COUNTS: LazyLock<Script> = LazyLock::new(|| script(include_str!("counts.lua")));
static DEPTH: LazyLock<Script> = LazyLock::new(|| script(include_str!("depth.lua")));
static TRIM: LazyLock<Script> = LazyLock::new(|| script(include_str!("trim.lua")));

/// How many items one call looks at. A long list takes several calls, and others come in between.
const PAGE: usize = 128;

/// Place, state, attempts, when it was settled, failures, text.
type Row = (String, String, u32, String, String, String);

/// Urgent ones, others, retried ones, dead ones; since when the oldest of the first two are there.
type Depths = (u64, u64, u64, u64, String, String);

impl RedisStore {
    /// See [`Store::deliveries`](crate::store::Store::deliveries).
    pub(in crate::store) async fn entries(
        &self,
        corp: &CorpId,
        queue: Queue,
        state: Option<State>,
        before: Option<&ItemId>,
        limit: usize,
    ) -> Result<Vec<Entry<String>>, StoreError> {
        let mut entries = Vec::new();
        let mut before = before.map_or("", ItemId::place).to_owned();
        while entries.len() < limit {
            let page = match state {
                None => PAGE.min(limit - entries.len()),
                Some(_) => PAGE,
            };
            let mut call = queue_call(&ENTRIES, corp, queue);
            call.arg(state.map_or("", name)).arg(&before).arg(page);
            let (last, rows): (String, Vec<Row>) = self.connection.run(&ENTRIES, &call).await?;
            for row in rows {
                entries.push(entry(corp, row)?);
            }
            if last.is_empty() {
                break;
            }
            before = last;
        }
        entries.truncate(limit);
        Ok(entries)
    }

    /// See [`Store::delivery`](crate::store::Store::delivery).
    pub(in crate::store) async fn entry(
        &self,
        queue: Queue,
        id: &ItemId,
    ) -> Result<Option<Entry<String>>, StoreError> {
        let mut call = queue_call(&ENTRY, id.corp(), queue);
        call.arg(id.place());
        let row: Option<Row> = self.connection.run(&ENTRY, &call).await?;
        row.map(|row| entry(id.corp(), row)).transpose()
    }

    /// See [`Store::counts`](crate::store::Store::counts).
    pub(in crate::store) async fn counts(
        &self,
        corp: &CorpId,
        queue: Queue,
        from: Timestamp,
    ) -> Result<Counts, StoreError> {
        let mut call = queue_call(&COUNTS, corp, queue);
        call.arg(from.millis()).arg(HOURS_COUNTED);
        let found: Vec<u64> = self.connection.run(&COUNTS, &call).await?;
        let [waiting, retrying, dead, discarded, done, hours @ ..] = &found[..] else {
            return Err(StoreError::Corrupt("counts are missing".into()));
        };
        let (hours, received) = hours
            .split_at_checked(2 * HOURS_COUNTED)
            .ok_or_else(|| StoreError::Corrupt("hours are missing".into()))?;
        let (hours, _) = hours.as_chunks::<2>();
        Ok(Counts {
            waiting: *waiting,
            retrying: *retrying,
            dead: *dead,
            discarded: *discarded,
            done: *done,
            hours: hours.iter().map(|&[done, dead]| (done, dead)).collect(),
            received: received.to_vec(),
        })
    }

    /// See [`Store::depth`](crate::store::Store::depth).
    pub(in crate::store) async fn depth(
        &self,
        corp: &CorpId,
        queue: Queue,
    ) -> Result<Depth, StoreError> {
        let call = queue_call(&DEPTH, corp, queue);
        let (urgent, normal, retrying, dead, urgent_since, normal_since): Depths =
            self.connection.run(&DEPTH, &call).await?;
        let lane = |waiting, since: String| LaneDepth {
            waiting,
            oldest: since.parse().ok().map(Timestamp::from_millis),
        };
        Ok(Depth {
            urgent: lane(urgent, urgent_since),
            normal: lane(normal, normal_since),
            retrying,
            dead,
        })
    }

    /// See [`Store::trim`](crate::store::Store::trim).
    pub(in crate::store) async fn trim(
        &self,
        corp: &CorpId,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let mut all = 0;
        for queue in [Queue::Inbox, Queue::Outbox] {
            let mut left = limit;
            while left > 0 {
                let page = PAGE.min(left);
                let mut call = queue_call(&TRIM, corp, queue);
                call.arg(before.millis()).arg(page);
                let trimmed: usize = self.connection.run(&TRIM, &call).await?;
                all += trimmed;
                left -= trimmed.min(left);
                if trimmed < page {
                    break;
                }
            }
        }
        Ok(all)
    }
}

fn entry(corp: &CorpId, row: Row) -> Result<Entry<String>, StoreError> {
    let (place, state, attempts, settled, failures, item) = row;
    let corrupt = || StoreError::Corrupt(format!("{corp}:{place}"));
    let failures: Result<Vec<Failure>, _> = failures
        .lines()
        .filter(|line| !line.is_empty())
        .map(serde_json::from_str)
        .collect();
    let settled_at = match settled.as_str() {
        "" => None,
        millis => Some(Timestamp::from_millis(
            millis.parse().map_err(|_| corrupt())?,
        )),
    };
    let progress = Progress {
        state: from_name(&state).ok_or_else(corrupt)?,
        attempts,
        settled_at,
        failures: failures.map_err(|_| corrupt())?,
    };
    let id = ItemId::new(corp.clone(), &place);
    Ok(Entry { id, item, progress })
}

/// The word for a state.
pub(in crate::store::redis) const fn name(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Done => "done",
        State::Retrying => "retrying",
        State::Dead => "dead",
        State::Discarded => "discarded",
    }
}

fn from_name(text: &str) -> Option<State> {
    State::ALL.into_iter().find(|state| name(*state) == text)
}
