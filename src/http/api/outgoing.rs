//! Outgoing calls: what is owed to WeCom and what came of it. Codes and texts are not shown.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::http::api::{Caller, Nothing, Page, corps, known, limit};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::delivery::ItemId;
use crate::model::outgoing::OutgoingHead;
use crate::model::time::Timestamp;
use crate::store::item::{Entry, Queue, State};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Filter {
    corp: Option<String>,
    state: Option<State>,
    limit: Option<usize>,
    after: Option<String>,
}

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
    _: Caller,
    doors: web::Data<Doors>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse, Problem> {
    let limit = limit(filter.limit)?;
    let cursor = match filter.after.as_deref().map(str::parse::<ItemId>) {
        Some(Err(_)) => {
            return Err(Problem::bad_request(
                "`after` is the `next` of the page before.",
            ));
        }
        Some(Ok(cursor)) => Some(cursor),
        None => None,
    };
    let mut items: Vec<OutgoingView> = Vec::new();
    for corp in corps(&doors, filter.corp.as_deref())? {
        let before = match &cursor {
            Some(cursor) if corp < cursor.corp() => continue,
            Some(cursor) if corp == cursor.corp() => Some(cursor),
            _ => None,
        };
        let page = doors
            .store
            .outgoing(corp, filter.state, before, limit - items.len())
            .await?;
        items.extend(page.into_iter().map(view));
        if items.len() == limit {
            let next = items.last().map(|item| item.id.to_string());
            return Ok(HttpResponse::Ok().json(Page { items, next }));
        }
    }
    Ok(HttpResponse::Ok().json(Page { items, next: None }))
}

/// `POST /api/v1/outgoing/{id}/replay`: the call is due again. One whose deadline has passed ends as before.
pub(in crate::http) async fn replay(
    _: Caller,
    _: web::Query<Nothing>,
    doors: web::Data<Doors>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = known(&doors, &id)?;
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
