//! What lists and replays of both queues have in common: the filter, the way through the corps, replaying many.

use serde::Deserialize;

use crate::http::api::caller::Caller;
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::http::search::{Found, STEP, Wanted, search};
use crate::model::delivery::ItemId;
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::item::{Entry, Queue, State};

/// How many items one replay of many takes up.
const REPLAYED_MAX: usize = 5_000;

/// Which items.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http::api) struct Filter {
    corp: Option<String>,
    /// A whole kind, or the part before its slash.
    kind: Option<String>,
    pub(in crate::http::api) state: Option<State>,
    /// Received, or owed, at this time or later.
    since: Option<String>,
    /// Before this time.
    until: Option<String>,
    pub(in crate::http::api) limit: Option<usize>,
    after: Option<String>,
}

impl Filter {
    /// From where to go on.
    pub(in crate::http::api) fn cursor(&self) -> Result<Option<ItemId>, Problem> {
        let cursor = self.after.as_deref().map(str::parse).transpose();
        cursor.map_err(|_| Problem::bad_request("`after` is the `next` of the page before."))
    }
}

/// Items that fit the filter, after the cursor, at most `limit`; and from where to go on, if there may be more. `page`
/// asks the store for the next so many of a corp; `known` tells an item's kind and time.
pub(in crate::http::api) async fn find<T>(
    caller: &Caller,
    filter: &Filter,
    cursor: Option<ItemId>,
    limit: usize,
    page: impl AsyncFn(&CorpId, Option<&ItemId>, usize) -> Result<Vec<Entry<T>>, StoreError>,
    known: fn(&Entry<T>) -> (&str, Timestamp),
) -> Result<(Vec<Entry<T>>, Option<ItemId>), Problem> {
    let wanted = Wanted {
        kind: filter.kind.clone(),
        since: time("since", filter.since.as_deref())?,
        until: time("until", filter.until.as_deref())?,
    };
    let mut entries = Vec::new();
    for corp in caller.corps(filter.corp.as_deref())? {
        let before = match &cursor {
            Some(cursor) if corp < cursor.corp() => continue,
            Some(cursor) if corp == cursor.corp() => Some(cursor.clone()),
            _ => None,
        };
        let page = async |before: Option<&ItemId>, limit| page(corp, before, limit).await;
        let left = limit - entries.len();
        let Found {
            entries: of_corp,
            next,
        } = search(page, known, &wanted, before, left).await?;
        entries.extend(of_corp);
        if next.is_some() {
            return Ok((entries, next));
        }
    }
    Ok((entries, None))
}

/// Makes what `found` finds page by page due again; tells how many it was, and from where to go on.
pub(in crate::http::api) async fn replay_all<T>(
    doors: &Doors,
    queue: Queue,
    mut cursor: Option<ItemId>,
    found: impl AsyncFn(Option<ItemId>, usize) -> Result<(Vec<Entry<T>>, Option<ItemId>), Problem>,
) -> Result<serde_json::Value, Problem> {
    let mut replayed = 0;
    while replayed < REPLAYED_MAX {
        let (entries, next) = found(cursor, STEP).await?;
        for entry in &entries {
            replayed += usize::from(doors.store.replay(queue, &entry.id).await?);
        }
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    tracing::info!(replayed, ?queue, "Many were replayed.");
    let next = cursor.map(|id| id.to_string());
    Ok(serde_json::json!({ "replayed": replayed, "next": next }))
}

fn time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let time = Timestamp::parse(text);
    let wrong =
        || Problem::bad_request(format!("`{name}` is a time such as 2026-11-22T08:00:00Z."));
    time.ok_or_else(wrong).map(Some)
}
