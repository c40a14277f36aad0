//! The API: JSON for the company's own systems, by bearer token. It reads; it replays; it starts syncs; it makes and
//! changes items by the same commands as people do.
//!
//! Lists answer `{"items": […], "next": cursor or null}` and take `limit` (1 to 200, default 50) and `after`, the cursor
//! of the page before. Errors are problem details.

mod endpoint;
mod table;

mod openapi;

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

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, AUTHORIZATION, HeaderValue};
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, web};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::delivery::ItemId;
use crate::model::ids::CorpId;

/// The addresses below `/api/v1`.
pub(in crate::http) fn routes(config: &mut web::ServiceConfig) {
    let endpoints = table::endpoints();
    let scope = web::scope("/api/v1").service(openapi::resource(&endpoints));
    let resources = endpoint::resources(&endpoints).into_iter();
    let scope = resources.fold(scope, actix_web::Scope::service);
    config.service(scope.default_service(web::to(nothing_here)));
}

/// A request that brought one of the configured tokens.
pub(in crate::http) struct Caller(());

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let token = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let doors = request.app_data::<web::Data<Doors>>();
        ready(match (token, doors) {
            (Some(token), Some(doors)) if is_known(doors, token) => Ok(Self(())),
            (Some(_), _) => Err(Problem::unauthorized(
                "This token is not in `[api] tokens`.",
            )),
            (None, _) => Err(Problem::unauthorized("Send `Authorization: Bearer TOKEN`.")),
        })
    }
}

/// Looks at every token, so that the time taken does not tell which one was nearly right.
fn is_known(doors: &Doors, token: &str) -> bool {
    let mut found = subtle::Choice::from(0);
    for ours in &doors.api_tokens {
        found |= ours.expose_secret().as_bytes().ct_eq(token.as_bytes());
    }
    found.into()
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

/// The corps that a request is about, in order of their ids.
fn corps<'a>(doors: &'a Doors, wanted: Option<&str>) -> Result<Vec<&'a CorpId>, Problem> {
    let mut corps: Vec<&CorpId> = doors.corps.keys().collect();
    corps.sort();
    if let Some(wanted) = wanted {
        corps.retain(|corp| corp.as_str() == wanted);
        if corps.is_empty() {
            return Err(Problem::bad_request("`corp` is not in the configuration."));
        }
    }
    Ok(corps)
}

/// The one corp that a request is about.
fn one_corp<'d>(doors: &'d Doors, wanted: Option<&str>) -> Result<&'d CorpId, Problem> {
    match corps(doors, wanted)?.as_slice() {
        [corp] => Ok(corp),
        _ => Err(Problem::bad_request("Name the `corp`: there are several.")),
    }
}

/// An id of an item of a corp that is served.
fn known(doors: &Doors, id: &str) -> Result<ItemId, Problem> {
    let id: ItemId = id
        .parse()
        .map_err(|_| Problem::not_found("This is no id."))?;
    if doors.corps.contains_key(id.corp()) {
        Ok(id)
    } else {
        Err(Problem::not_found("Nothing has this id."))
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
