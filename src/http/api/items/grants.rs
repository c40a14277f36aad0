//! What a customer has: items are given to them and taken back. What a system gives needs no card.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::decide::request::Command;
use crate::http::api::ask::Ask;
use crate::http::api::caller::Caller;
use crate::http::api::{About, Nothing, Page};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::grant::{Grant, Seen};
use crate::model::ids::{CorpId, ExternalUserId};
use crate::model::item::ItemRef;
use crate::model::thread::{Reminded, Thread};
use crate::model::time::Timestamp;
use crate::store::record::{Key, Table};

/// A grant, and what came of it.
#[derive(Serialize)]
struct GrantView {
    corp: CorpId,
    #[serde(flatten)]
    grant: Grant,
    /// When the customer last had the item open.
    seen_at: Option<Timestamp>,
    /// How much was said about it.
    comments: u32,
    /// How the last reminder of the customer ended.
    reminder: Option<Reminded>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    items: Vec<ItemRef>,
}

/// `GET /api/v1/contacts/{external_userid}/grants`: all of them, revoked ones too.
pub(in crate::http::api::items) async fn list(
    caller: Caller,
    doors: web::Data<Doors>,
    contact: web::Path<String>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let contact = who(&contact)?;
    for corp in caller.corps(about.corp())? {
        let records = doors.store.read(corp, &[Key::contact(&contact)]).await?;
        if records.iter().any(|record| record.json.is_some()) {
            let items = of(&doors, corp, &contact).await?;
            return Ok(HttpResponse::Ok().json(Page { items, next: None }));
        }
    }
    Err(missing())
}

/// `POST /api/v1/contacts/{external_userid}/grants`: the customer sees these items from now on; answers all they have.
pub(in crate::http::api::items) async fn give(
    ask: Ask,
    doors: web::Data<Doors>,
    contact: web::Path<String>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let corp = ask.one_corp(about.corp())?;
    let contact = who(&contact)?;
    let Given { items } = ask.read()?;
    let command = Command::Share(contact.clone(), items);
    ask.carry_out(&doors, corp, command, doors.clock.now())
        .await?;
    let items = of(&doors, corp, &contact).await?;
    Ok(HttpResponse::Ok().json(Page { items, next: None }))
}

/// `DELETE /api/v1/contacts/{external_userid}/grants/{item}`: the customer sees it no longer.
pub(in crate::http::api::items) async fn take_back(
    ask: Ask,
    doors: web::Data<Doors>,
    path: web::Path<(String, String)>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    ask.read::<Nothing>()?;
    let corp = ask.one_corp(about.corp())?;
    let contact = who(&path.0)?;
    let item = path.1.parse::<ItemRef>();
    let item = item.map_err(|_| Problem::not_found("An item is named such as `form:0a`."))?;
    let command = Command::Revoke(contact, item);
    ask.carry_out(&doors, corp, command, doors.clock.now())
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn of(
    doors: &Doors,
    corp: &CorpId,
    contact: &ExternalUserId,
) -> Result<Vec<GrantView>, Problem> {
    let tables = [Table::Grants, Table::Seen, Table::Threads];
    let (mut grants, mut seen, mut threads) = (Vec::new(), HashMap::new(), HashMap::new());
    for record in doors.store.of_contact(corp, &[], &tables, contact).await? {
        if record.key.table == Table::Grants {
            grants.extend(record.parse::<Grant>()?);
        } else if record.key.table == Table::Seen {
            let found = record.parse::<Seen>()?;
            seen.extend(found.map(|found| (found.item, found.at)));
        } else {
            let found = record.parse::<Thread>()?;
            threads.extend(found.map(|found| (found.item.clone(), found)));
        }
    }
    let view = |grant: Grant| {
        let thread = threads.get(&grant.item);
        GrantView {
            corp: corp.clone(),
            seen_at: seen.get(&grant.item).copied(),
            comments: thread.map_or(0, |thread| thread.comments),
            reminder: thread.and_then(|thread| thread.reminder),
            grant,
        }
    };
    Ok(grants.into_iter().map(view).collect())
}

fn who(contact: &str) -> Result<ExternalUserId, Problem> {
    ExternalUserId::parse(contact).map_err(|_| missing())
}

fn missing() -> Problem {
    Problem::not_found("No contact has this external_userid.")
}
