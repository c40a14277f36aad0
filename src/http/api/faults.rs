//! Faults of the set-up that WeCom has told of, and trying again once they are put right.

use actix_web::{HttpResponse, web};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use crate::http::api::Page;
use crate::http::api::caller::Caller;
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::ids::CorpId;
use crate::wecom::fault::Fault;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Filter {
    corp: Option<String>,
}

#[derive(Serialize)]
struct FaultView {
    corp: CorpId,
    #[serde(flatten)]
    fault: Fault,
}

/// `GET /api/v1/faults`: all of them, corp by corp; there are never many.
pub(in crate::http) async fn list(
    caller: Caller,
    doors: web::Data<Doors>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse, Problem> {
    let now = doors.clock.now();
    let corps = caller.corps(filter.corp.as_deref())?;
    let faults = corps.into_iter().filter_map(|id| {
        let client = &doors.corps.get(id)?.client;
        Some(async move { (id.clone(), client.faults(now).await) })
    });
    let faults = join_all(faults).await.into_iter();
    let items = faults.flat_map(|(corp, faults)| {
        let view = move |fault| FaultView {
            corp: corp.clone(),
            fault,
        };
        faults.into_iter().map(view)
    });
    let items = items.collect();
    Ok(HttpResponse::Ok().json(Page { items, next: None }))
}

/// `POST /api/v1/faults/retry`: calls that are held back are made again at once, faults of single members are forgotten
/// until they are met again, and whatever waits for another attempt is due.
pub(in crate::http) async fn retry(
    caller: Caller,
    doors: web::Data<Doors>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse, Problem> {
    let corps = caller.corps(filter.corp.as_deref())?;
    let tries = corps.into_iter().map(|corp| doors.try_again(corp));
    for tried in join_all(tries).await {
        tried?;
    }
    Ok(HttpResponse::NoContent().finish())
}
