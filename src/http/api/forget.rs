//! Forgetting a customer on request.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;

use crate::act::customer::NotForgettable;
use crate::http::api::About;
use crate::http::api::caller::Caller;
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::forgetting::Forgetting;
use crate::model::ids::CorpId;
use crate::model::item::Actor;
use crate::model::time::Timestamp;

#[derive(Serialize)]
struct Shown {
    id: String,
    corp: CorpId,
    by: Actor,
    asked_at: Timestamp,
    done_at: Option<Timestamp>,
    removed: u64,
}

impl Shown {
    fn of(forgetting: Forgetting, corp: &CorpId) -> Self {
        Self {
            id: forgetting.id,
            corp: corp.clone(),
            by: forgetting.by,
            asked_at: forgetting.asked_at,
            done_at: forgetting.done_at,
            removed: forgetting.removed,
        }
    }
}

/// `DELETE /api/v1/contacts/{external_userid}`: also of one who is no longer kept, for traces.
pub(in crate::http) async fn contact(
    caller: Caller,
    doors: web::Data<Doors>,
    id: web::Path<String>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let corp = caller.one_corp(about.corp())?;
    let (customer, now) = (doors.act.customer(corp, &id).await?, doors.clock.now());
    let asked = doors.act.forget(corp, &customer, &Actor::System, now);
    let asked = asked.await?;
    Ok(HttpResponse::Accepted().json(Shown::of(asked, corp)))
}

/// `GET /api/v1/contacts/{external_userid}/traces`.
pub(in crate::http) async fn traces(
    caller: Caller,
    doors: web::Data<Doors>,
    id: web::Path<String>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let corp = caller.one_corp(about.corp())?;
    let (customer, now) = (doors.act.customer(corp, &id).await?, doors.clock.now());
    let count = doors.act.count_traces(corp, &customer, now).await?;
    Ok(HttpResponse::Ok().json(json!({ "count": count })))
}

/// `GET /api/v1/forgettings/{id}`.
pub(in crate::http) async fn show(
    caller: Caller,
    doors: web::Data<Doors>,
    id: web::Path<String>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    for corp in caller.corps(about.corp())? {
        if let Some(found) = doors.act.forgetting(corp, &id).await? {
            return Ok(HttpResponse::Ok().json(Shown::of(found, corp)));
        }
    }
    Err(Problem::not_found("Nobody's forgetting has this id."))
}

impl From<NotForgettable> for Problem {
    fn from(problem: NotForgettable) -> Self {
        match problem {
            NotForgettable::NoCustomer => Self::not_found(
                "This is no customer's external_userid: those begin with wm or wo and are no member's.",
            ),
            NotForgettable::Store(problem) => problem.into(),
        }
    }
}
