//! Items are made and become something else.

use actix_web::{HttpResponse, web};

use crate::decide::request::{Command, Target};
use crate::http::api::About;
use crate::http::api::ask::Ask;
use crate::http::api::items::show::{ByRef, ItemView, answer, kept, made};
use crate::http::api::items::{ById, Kind, draft};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::item::{ExternalRef, ItemKey};

/// `POST /api/v1/{kind}`: always a new one, unless the same request comes again.
pub(in crate::http::api::items) async fn create(
    ask: Ask,
    kind: Kind,
    doors: web::Data<Doors>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let corp = ask.one_corp(about.corp())?;
    let now = doors.clock.now();
    let target = Target::New(ItemKey::new(now, ask.random()));
    let command = Command::Put(Box::new(draft::read(kind, &ask, target)?));
    let item = ask.carry_out(&doors, corp, command, now).await?;
    let item = item.ok_or_else(|| kind.missing())?;
    let item = kept(&doors, corp, &item).await?;
    let item = item.ok_or_else(|| kind.missing())?;
    Ok(made(corp, &item))
}

/// `PUT /api/v1/{kind}/{id}`: what is left out becomes empty; without an owner, it stays with the one it has.
pub(in crate::http::api::items) async fn change(
    ask: Ask,
    kind: Kind,
    doors: web::Data<Doors>,
    path: web::Path<ById>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let corp = ask.one_corp(about.corp())?;
    let item = kind.item(&path.id)?;
    let draft = draft::read(kind, &ask, Target::Existing(item.id.clone(), ask.seen()))?;
    let command = Command::Put(Box::new(draft));
    ask.carry_out(&doors, corp, command, doors.clock.now())
        .await?;
    answer(&doors, corp, &item).await
}

/// `PUT /api/v1/{kind}/by-ref/{external_ref}`: changes the item that the company's own system calls so, or makes it.
pub(in crate::http::api::items) async fn upsert(
    ask: Ask,
    kind: Kind,
    doors: web::Data<Doors>,
    path: web::Path<ByRef>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let corp = ask.one_corp(about.corp())?;
    let reference = ExternalRef::parse(&path.external_ref).map_err(|_| {
        Problem::bad_request("The reference is 1 to 120 characters without blanks.")
    })?;
    let now = doors.clock.now();
    let random = ask.random();
    let target = Target::ByRef(reference, ItemKey::new(now, random), ask.seen());
    let command = Command::Put(Box::new(draft::read(kind, &ask, target)?));
    let item = ask.carry_out(&doors, corp, command, now).await?;
    let item = item.ok_or_else(|| kind.missing())?;
    let item = kept(&doors, corp, &item).await?;
    let item = item.ok_or_else(|| kind.missing())?;
    // The same request, once more, is told what it was told before.
    let at = ask.carried_at(&doors, corp).await?.unwrap_or(now);
    Ok(match item.head().id == ItemKey::new(at, random) {
        true => made(corp, &item),
        false => HttpResponse::Ok().json(ItemView::of(corp, &item)),
    })
}
