//! Events: what came in, how far it is, and once more.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::http::api::{Caller, Nothing, Page, corps, known, limit};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::http::search::{STEP, Wanted, of_delivery, search};
use crate::model::delivery::{Delivery, ItemId, Lane, Source};
use crate::model::time::Timestamp;
use crate::store::item::{Entry, Failure, Queue, State};

/// How many events one replay of many takes up.
const REPLAYED_MAX: usize = 5_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Filter {
    corp: Option<String>,
    /// A whole kind, or the part before its slash.
    kind: Option<String>,
    state: Option<State>,
    /// Received at this time or later.
    since: Option<String>,
    /// Received before this time.
    until: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
}

/// An event in a list.
#[derive(Serialize)]
struct EventView {
    id: ItemId,
    corp: String,
    receiver: String,
    source: Source,
    kind: String,
    subject: String,
    state: State,
    attempts: u32,
    received_at: Timestamp,
    settled_at: Option<Timestamp>,
    error: Option<String>,
}

/// An event by itself.
#[derive(Serialize)]
struct EventDetail {
    #[serde(flatten)]
    event: EventView,
    urgent: bool,
    failures: Vec<Failure>,
    xml: String,
}

/// `GET /api/v1/events`: corp by corp, newest first.
pub(in crate::http) async fn list(
    _: Caller,
    doors: web::Data<Doors>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse, Problem> {
    let cursor = cursor(&filter)?;
    let (found, next) = find(&doors, &filter, cursor, limit(filter.limit)?).await?;
    let items: Vec<EventView> = found.into_iter().map(view).collect();
    Ok(HttpResponse::Ok().json(Page {
        items,
        next: next.map(|id| id.to_string()),
    }))
}

/// `POST /api/v1/events/replay`: all events of a kind, a state or a time span are due again; by default the dead ones.
pub(in crate::http) async fn replay_many(
    _: Caller,
    doors: web::Data<Doors>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse, Problem> {
    let mut filter = filter.into_inner();
    filter.state = filter.state.or(Some(State::Dead));
    let mut cursor = cursor(&filter)?;
    let mut replayed = 0;
    while replayed < REPLAYED_MAX {
        let (found, next) = find(&doors, &filter, cursor, STEP).await?;
        for entry in &found {
            replayed += usize::from(doors.store.replay(Queue::Inbox, &entry.id).await?);
        }
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    tracing::info!(replayed, "events were replayed");
    let next = cursor.map(|id| id.to_string());
    Ok(HttpResponse::Accepted().json(serde_json::json!({ "replayed": replayed, "next": next })))
}

/// Events that fit the filter, after the cursor, at most `limit`; and from where to go on, if there may be more.
async fn find(
    doors: &Doors,
    filter: &Filter,
    cursor: Option<ItemId>,
    limit: usize,
) -> Result<(Vec<Entry<Delivery>>, Option<ItemId>), Problem> {
    let wanted = Wanted {
        kind: filter.kind.clone(),
        since: time("since", filter.since.as_deref())?,
        until: time("until", filter.until.as_deref())?,
    };
    let mut entries = Vec::new();
    for corp in corps(doors, filter.corp.as_deref())? {
        let before = match &cursor {
            Some(cursor) if corp < cursor.corp() => continue,
            Some(cursor) if corp == cursor.corp() => Some(cursor.clone()),
            _ => None,
        };
        let page = async |before: Option<&ItemId>, limit| {
            let store = &doors.store;
            store.deliveries(corp, filter.state, before, limit).await
        };
        let left = limit - entries.len();
        let found = search(page, of_delivery, &wanted, before, left).await?;
        entries.extend(found.entries);
        if found.next.is_some() {
            return Ok((entries, found.next));
        }
    }
    Ok((entries, None))
}

fn cursor(filter: &Filter) -> Result<Option<ItemId>, Problem> {
    let cursor = filter.after.as_deref().map(str::parse).transpose();
    cursor.map_err(|_| Problem::bad_request("`after` is the `next` of the page before."))
}

fn time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let time = Timestamp::parse(text);
    let wrong =
        || Problem::bad_request(format!("`{name}` is a time such as 2026-11-22T08:00:00Z."));
    time.ok_or_else(wrong).map(Some)
}

/// `GET /api/v1/events/{id}`: with the raw XML and every failed attempt.
pub(in crate::http) async fn show(
    _: Caller,
    _: web::Query<Nothing>,
    doors: web::Data<Doors>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = known(&doors, &id)?;
    let entry = doors.store.delivery(&id).await?;
    let entry =
        entry.ok_or_else(|| Problem::not_found("No event has this id, or it was trimmed."))?;
    let urgent = entry.item.lane == Lane::Urgent;
    let (xml, failures) = (entry.item.xml.clone(), entry.progress.failures.clone());
    Ok(HttpResponse::Ok().json(EventDetail {
        event: view(entry),
        urgent,
        failures,
        xml,
    }))
}

/// `POST /api/v1/events/{id}/replay`: the event is due again, as if it had just come.
pub(in crate::http) async fn replay(
    _: Caller,
    _: web::Query<Nothing>,
    doors: web::Data<Doors>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = known(&doors, &id)?;
    if !doors.store.replay(Queue::Inbox, &id).await? {
        return Err(Problem::not_found(
            "No event has this id, or it was trimmed.",
        ));
    }
    tracing::info!(event = %id, "replayed");
    Ok(HttpResponse::Accepted().json(serde_json::json!({ "id": id, "state": State::Waiting })))
}

fn view(entry: Entry<Delivery>) -> EventView {
    let Entry { id, item, progress } = entry;
    EventView {
        corp: id.corp().to_string(),
        receiver: item.receiver.to_string(),
        source: item.source,
        kind: item.kind.to_string(),
        subject: item.subject.to_string(),
        state: progress.state,
        attempts: progress.attempts,
        received_at: item.received_at,
        settled_at: progress.settled_at,
        error: progress
            .failures
            .last()
            .map(|failure| failure.error.clone()),
        id,
    }
}
