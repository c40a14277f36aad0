//! The API: JSON for the company's own systems, by bearer token. It reads; it replays; it starts syncs; it makes and
//! changes items by the same commands as people do.
//!
//! Lists answer `{"items": […], "next": cursor or null}` and take `limit` (1 to 200, default 50) and `after`, the cursor
//! of the page before. Errors are problem details.

mod endpoint;
mod table;

mod openapi;

mod caller;

mod ask;
mod rejected;

mod queue;

mod backup;
mod chats;
mod events;
mod faults;
mod forget;
mod items;
mod links;
mod outgoing;
mod records;
mod sync;
mod tags;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpResponse, ResponseError, web};
use serde::{Deserialize, Serialize};

use crate::http::api::caller::Caller;
use crate::http::error::Problem;

/// The addresses below `/api/v1`.
pub(in crate::http) fn routes(config: &mut web::ServiceConfig) {
    let endpoints = table::endpoints();
    let scope = web::scope("/api/v1").service(openapi::resource(&endpoints));
    let resources = endpoint::resources(&endpoints).into_iter();
    let scope = resources.fold(scope, actix_web::Scope::service);
    config.service(scope.default_service(web::to(nothing_here)));
}

/// The corp that a request is about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    corp: Option<String>,
}

impl About {
    fn corp(&self) -> Option<&str> {
        self.corp.as_deref()
    }
}

/// No parameters, or no body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// One page of a list.
#[derive(Serialize)]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

/// How many items a page has.
fn limit(wanted: Option<usize>) -> Result<usize, Problem> {
    match wanted {
        None => Ok(50),
        Some(limit @ 1..=200) => Ok(limit),
        Some(_) => Err(Problem::bad_request("`limit` is 1 to 200.")),
    }
}

/// An address that is there, by a method that it does not have.
async fn wrong_method(_: Caller, allowed: String) -> Result<HttpResponse, Problem> {
    let detail = format!("This address is asked by {allowed}.");
    let problem = Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "The request is not understood.",
        detail,
    );
    let mut answer = problem.error_response();
    if let Ok(allowed) = HeaderValue::from_str(&allowed) {
        answer.headers_mut().insert(ALLOW, allowed);
    }
    Ok(answer)
}

/// Any other address below the API.
async fn nothing_here(_: Caller) -> Result<HttpResponse, Problem> {
    Err(Problem::not_found("The API has no such address."))
}
