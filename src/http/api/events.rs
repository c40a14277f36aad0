//! Events: what came in, and how far it is.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::http::api::Nothing;
use crate::http::api::caller::Caller;
use crate::http::api::queue::Listed;
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::http::masked::masked;
use crate::http::search::of_delivery;
use crate::model::delivery::{Delivery, ItemId, Lane, Source};
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::item::{Entry, Failure, Queue, State};

/// The inbox.
pub(in crate::http::api) struct Events;

/// An event in a list.
#[derive(Serialize)]
pub(in crate::http::api) struct EventView {
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

impl Listed for Events {
    type Item = Delivery;
    type View = EventView;

    const QUEUE: Queue = Queue::Inbox;
    const MISSING: &str = "No event has this id, or it was trimmed.";

    async fn page(
        store: &Store,
        corp: &CorpId,
        state: Option<State>,
        before: Option<&ItemId>,
        limit: usize,
    ) -> Result<Vec<Entry<Delivery>>, StoreError> {
        store.deliveries(corp, state, before, limit).await
    }

    fn known(entry: &Entry<Delivery>) -> (&str, Timestamp) {
        of_delivery(entry)
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
}

/// `GET /api/v1/events/{id}`: with its XML, in which codes are hidden, and every failed attempt.
pub(in crate::http) async fn show(
    caller: Caller,
    _: web::Query<Nothing>,
    doors: web::Data<Doors>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = caller.known(&id)?;
    let entry = doors.store.delivery(&id).await?;
    let entry = entry.ok_or_else(|| Problem::not_found(Events::MISSING))?;
    let urgent = entry.item.lane == Lane::Urgent;
    let (xml, failures) = (masked(&entry.item.xml), entry.progress.failures.clone());
    Ok(HttpResponse::Ok().json(EventDetail {
        event: Events::view(entry),
        urgent,
        failures,
        xml,
    }))
}
