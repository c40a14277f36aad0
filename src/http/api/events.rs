//! Events: what came in, how far it is, and once more.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::http::api::caller::Caller;
use crate::http::api::queue::{self, Filter};
use crate::http::api::{Nothing, Page, limit};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::http::search::of_delivery;
use crate::model::delivery::{Delivery, ItemId, Lane, Source};
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::item::{Entry, Failure, Queue, State};

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
    caller: Caller,
    doors: web::Data<Doors>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse, Problem> {
    let (found, next) = find(
        &caller,
        &doors,
        &filter,
        filter.cursor()?,
        limit(filter.limit)?,
    )
    .await?;
    let items: Vec<EventView> = found.into_iter().map(view).collect();
    Ok(HttpResponse::Ok().json(Page {
        items,
        next: next.map(|id| id.to_string()),
    }))
}

/// `POST /api/v1/events/replay`: all events of a kind, a state or a time span are due again; by default the dead ones.
pub(in crate::http) async fn replay_many(
    caller: Caller,
    doors: web::Data<Doors>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse, Problem> {
    let mut filter = filter.into_inner();
    filter.state = filter.state.or(Some(State::Dead));
    let found = async |cursor, limit| find(&caller, &doors, &filter, cursor, limit).await;
    let answer = queue::replay_all(&doors, Queue::Inbox, filter.cursor()?, found).await?;
    Ok(HttpResponse::Accepted().json(answer))
}

async fn find(
    caller: &Caller,
    doors: &Doors,
    filter: &Filter,
    cursor: Option<ItemId>,
    limit: usize,
) -> Result<(Vec<Entry<Delivery>>, Option<ItemId>), Problem> {
    let page = async |corp: &CorpId, before: Option<&ItemId>, limit| {
        let store = &doors.store;
        store.deliveries(corp, filter.state, before, limit).await
    };
    queue::find(caller, filter, cursor, limit, page, of_delivery).await
}

/// `GET /api/v1/events/{id}`: with the raw XML and every failed attempt.
pub(in crate::http) async fn show(
    caller: Caller,
    _: web::Query<Nothing>,
    doors: web::Data<Doors>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = caller.known(&id)?;
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
    caller: Caller,
    _: web::Query<Nothing>,
    doors: web::Data<Doors>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = caller.known(&id)?;
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
