//! Both queues: what is in them by a filter, and once more.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::http::api::caller::Caller;
use crate::http::api::{Nothing, Page, limit};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::http::search::{Found, STEP, Wanted, search};
use crate::model::delivery::ItemId;
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::item::{Entry, Queue, State};

/// How many items one replay of many takes up.
const REPLAYED_MAX: usize = 5_000;

/// In how many steps. Each looks at a bounded number of items, whether or not they fit.
const STEPS_MAX: usize = REPLAYED_MAX / STEP;

/// A queue as the API shows it.
pub(in crate::http::api) trait Listed {
    /// What is in it.
    type Item;
    /// What is shown of that.
    type View: Serialize;

    /// Which it is.
    const QUEUE: Queue;
    /// What is said of an item that is not there.
    const MISSING: &str;

    /// The next items of a corp before this one, newest first.
    async fn page(
        store: &Store,
        corp: &CorpId,
        state: Option<State>,
        before: Option<&ItemId>,
        limit: usize,
    ) -> Result<Vec<Entry<Self::Item>>, StoreError>;

    /// An item's kind and time.
    fn known(entry: &Entry<Self::Item>) -> (&str, Timestamp);

    /// How an item is shown in a list.
    fn view(entry: Entry<Self::Item>) -> Self::View;
}

/// Which items.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http::api) struct Filter {
    corp: Option<String>,
    /// A whole kind, or the part before its slash.
    kind: Option<String>,
    state: Option<State>,
    /// Received, or owed, at this time or later.
    since: Option<String>,
    /// Before this time.
    until: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
}

impl Filter {
    /// From where to go on.
    fn cursor(&self) -> Result<Option<ItemId>, Problem> {
        let cursor = self.after.as_deref().map(str::parse).transpose();
        cursor.map_err(|_| Problem::bad_request("`after` is the `next` of the page before."))
    }
}

/// `GET /api/v1/events`, `GET /api/v1/outgoing`: corp by corp, newest first.
pub(in crate::http::api) async fn list<Q: Listed>(
    caller: Caller,
    doors: web::Data<Doors>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse, Problem> {
    let (cursor, limit) = (filter.cursor()?, limit(filter.limit)?);
    let (found, next) = find::<Q>(&caller, &doors, &filter, cursor, limit).await?;
    let items: Vec<Q::View> = found.into_iter().map(Q::view).collect();
    Ok(HttpResponse::Ok().json(Page {
        items,
        next: next.map(|id| id.to_string()),
    }))
}

/// `POST …/replay`: all items of a kind, a state or a time span are due again; by default the dead ones. Where more is
/// left than one request does, it tells from where to go on.
pub(in crate::http::api) async fn replay_many<Q: Listed>(
    caller: Caller,
    doors: web::Data<Doors>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse, Problem> {
    let mut filter = filter.into_inner();
    filter.state = filter.state.or(Some(State::Dead));
    let (mut replayed, mut cursor) = (0, filter.cursor()?);
    for _ in 0..STEPS_MAX {
        let (entries, next) = find::<Q>(&caller, &doors, &filter, cursor, STEP).await?;
        for entry in &entries {
            replayed += usize::from(doors.store.replay(Q::QUEUE, &entry.id).await?);
        }
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    tracing::info!(replayed, queue = ?Q::QUEUE, "Many were replayed.");
    let next = cursor.map(|id| id.to_string());
    let answer = serde_json::json!({ "replayed": replayed, "next": next });
    Ok(HttpResponse::Accepted().json(answer))
}

/// `POST …/{id}/replay`: the item is due again, as if it had just come.
pub(in crate::http::api) async fn replay<Q: Listed>(
    caller: Caller,
    _: web::Query<Nothing>,
    doors: web::Data<Doors>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = caller.known(&id)?;
    if !doors.store.replay(Q::QUEUE, &id).await? {
        return Err(Problem::not_found(Q::MISSING));
    }
    tracing::info!(item = %id, queue = ?Q::QUEUE, "replayed");
    Ok(HttpResponse::Accepted().json(serde_json::json!({ "id": id, "state": State::Waiting })))
}

/// Items that fit the filter, after the cursor, at most `limit`; and from where to go on, if there may be more.
async fn find<Q: Listed>(
    caller: &Caller,
    doors: &Doors,
    filter: &Filter,
    cursor: Option<ItemId>,
    limit: usize,
) -> Result<(Vec<Entry<Q::Item>>, Option<ItemId>), Problem> {
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
        let page = async |before: Option<&ItemId>, limit| {
            Q::page(&doors.store, corp, filter.state, before, limit).await
        };
        let left = limit - entries.len();
        let Found {
            entries: of_corp,
            next,
        } = search(page, Q::known, &wanted, before, left).await?;
        entries.extend(of_corp);
        if next.is_some() {
            return Ok((entries, next));
        }
    }
    Ok((entries, None))
}

fn time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let time = Timestamp::parse(text);
    let wrong =
        || Problem::bad_request(format!("`{name}` is a time such as 2026-11-22T08:00:00Z."));
    time.ok_or_else(wrong).map(Some)
}
