//! Outgoing calls: what is owed to WeCom, to WeChat and to the company's own systems, and what came of it. Codes and
//! texts are not shown.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::http::api::caller::Caller;
use crate::http::api::queue::{self, Filter};
use crate::http::api::{Nothing, Page, limit};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::http::search::of_call;
use crate::model::delivery::ItemId;
use crate::model::ids::CorpId;
use crate::model::outgoing::OutgoingHead;
use crate::model::time::Timestamp;
use crate::store::item::{Entry, Queue, State};

#[derive(Serialize)]
struct OutgoingView {
    id: ItemId,
    corp: String,
    call: Box<str>,
    subject: String,
    state: State,
    attempts: u32,
    deadline: Option<Timestamp>,
    settled_at: Option<Timestamp>,
    error: Option<String>,
}

/// `GET /api/v1/outgoing`: corp by corp, newest first.
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
    let items: Vec<OutgoingView> = found.into_iter().map(view).collect();
    Ok(HttpResponse::Ok().json(Page {
        items,
        next: next.map(|id| id.to_string()),
    }))
}

/// `POST /api/v1/outgoing/replay`: all calls of a kind, a state or a time span are due again; by default the dead ones.
pub(in crate::http) async fn replay_many(
    caller: Caller,
    doors: web::Data<Doors>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse, Problem> {
    let mut filter = filter.into_inner();
    filter.state = filter.state.or(Some(State::Dead));
    let found = async |cursor, limit| find(&caller, &doors, &filter, cursor, limit).await;
    let answer = queue::replay_all(&doors, Queue::Outbox, filter.cursor()?, found).await?;
    Ok(HttpResponse::Accepted().json(answer))
}

async fn find(
    caller: &Caller,
    doors: &Doors,
    filter: &Filter,
    cursor: Option<ItemId>,
    limit: usize,
) -> Result<(Vec<Entry<OutgoingHead>>, Option<ItemId>), Problem> {
    let page = async |corp: &CorpId, before: Option<&ItemId>, limit| {
        let store = &doors.store;
        store.outgoing(corp, filter.state, before, limit).await
    };
    queue::find(caller, filter, cursor, limit, page, of_call).await
}

/// `POST /api/v1/outgoing/{id}/replay`: the call is due again. One whose deadline has passed ends as before.
pub(in crate::http) async fn replay(
    caller: Caller,
    _: web::Query<Nothing>,
    doors: web::Data<Doors>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = caller.known(&id)?;
    if !doors.store.replay(Queue::Outbox, &id).await? {
        return Err(Problem::not_found(
            "No call has this id, or it was trimmed.",
        ));
    }
    tracing::info!(call = %id, "replayed");
    Ok(HttpResponse::Accepted().json(serde_json::json!({ "id": id, "state": State::Waiting })))
}

fn view(entry: Entry<OutgoingHead>) -> OutgoingView {
    let Entry { id, item, progress } = entry;
    OutgoingView {
        corp: id.corp().to_string(),
        call: item.call,
        subject: item.subject.to_string(),
        state: progress.state,
        attempts: progress.attempts,
        deadline: item.deadline,
        settled_at: progress.settled_at,
        error: progress
            .failures
            .last()
            .map(|failure| failure.error.clone()),
        id,
    }
}
