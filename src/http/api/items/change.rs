//! The small commands: items end and begin again, pass to other members, are followed; tasks and records go on.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Deserializer, Serialize};

use crate::decide::request::{Advance, Command, TaskChange};
use crate::http::api::ask::Ask;
use crate::http::api::items::show::answer;
use crate::http::api::items::{About, ById, Kind};
use crate::http::api::one_corp;
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::ids::UserId;
use crate::model::item::{ItemRef, ItemState};
use crate::model::project::{Handler, TaskState};

/// Which follower of which item, in an address.
#[derive(Deserialize)]
pub(in crate::http::api::items) struct Follower {
    id: String,
    userid: String,
}

/// Which task of which project, in an address.
#[derive(Deserialize)]
pub(in crate::http::api::items) struct TaskPath {
    id: String,
    key: String,
}

/// No body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http::api::items) struct Nothing {}

/// To whom something is given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct To {
    to: UserId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskPatch {
    state: Option<TaskState>,
    #[serde(default, deserialize_with = "present")]
    handler: Option<Option<Handler>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceBody {
    step: Option<String>,
    #[serde(default, deserialize_with = "present")]
    handler: Option<Option<UserId>>,
    follow_up: Option<String>,
    #[serde(default)]
    internal: bool,
}

#[derive(Serialize)]
struct HandedOver {
    from: UserId,
    to: UserId,
}

/// A field that is there: `null` says nobody, and without the field nothing changes.
fn present<'de, T, D>(field: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(field).map(Some)
}

/// `POST /api/v1/{kind}/{id}/close`.
pub(in crate::http::api::items) async fn close(
    ask: Ask,
    kind: Kind,
    doors: web::Data<Doors>,
    path: web::Path<ById>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    ask.read::<Nothing>()?;
    let command = |item| Command::SetState(item, ItemState::Closed);
    changed(&ask, &doors, &about, kind.item(&path.id)?, command).await
}

/// `POST /api/v1/{kind}/{id}/reopen`.
pub(in crate::http::api::items) async fn reopen(
    ask: Ask,
    kind: Kind,
    doors: web::Data<Doors>,
    path: web::Path<ById>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    ask.read::<Nothing>()?;
    let command = |item| Command::SetState(item, ItemState::Open);
    changed(&ask, &doors, &about, kind.item(&path.id)?, command).await
}

/// `POST /api/v1/{kind}/{id}/hand-over`: to another owner.
pub(in crate::http::api::items) async fn give(
    ask: Ask,
    kind: Kind,
    doors: web::Data<Doors>,
    path: web::Path<ById>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let To { to } = ask.read()?;
    let command = |item| Command::GiveTo(item, to);
    changed(&ask, &doors, &about, kind.item(&path.id)?, command).await
}

/// `PUT /api/v1/{kind}/{id}/followers/{userid}`.
pub(in crate::http::api::items) async fn follow(
    ask: Ask,
    kind: Kind,
    doors: web::Data<Doors>,
    path: web::Path<Follower>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    ask.read::<Nothing>()?;
    let userid = member(&path.userid)?;
    let command = |item| Command::Follow(item, userid, true);
    changed(&ask, &doors, &about, kind.item(&path.id)?, command).await
}

/// `DELETE /api/v1/{kind}/{id}/followers/{userid}`.
pub(in crate::http::api::items) async fn unfollow(
    ask: Ask,
    kind: Kind,
    doors: web::Data<Doors>,
    path: web::Path<Follower>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    ask.read::<Nothing>()?;
    let userid = member(&path.userid)?;
    let command = |item| Command::Follow(item, userid, false);
    changed(&ask, &doors, &about, kind.item(&path.id)?, command).await
}

/// `PATCH /api/v1/projects/{id}/tasks/{key}`.
pub(in crate::http::api::items) async fn task(
    ask: Ask,
    kind: Kind,
    doors: web::Data<Doors>,
    path: web::Path<TaskPath>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let TaskPatch { state, handler } = ask.read()?;
    let TaskPath { id, key: task } = path.into_inner();
    let command = |item: ItemRef| {
        Command::SetTask(TaskChange {
            project: item.id,
            task,
            seen: None,
            state,
            handler,
        })
    };
    changed(&ask, &doors, &about, kind.item(&id)?, command).await
}

/// `POST /api/v1/records/{id}/advance`.
pub(in crate::http::api::items) async fn advance(
    ask: Ask,
    kind: Kind,
    doors: web::Data<Doors>,
    path: web::Path<ById>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let body: AdvanceBody = ask.read()?;
    let command = |item: ItemRef| {
        Command::Advance(Advance {
            record: item.id,
            seen: None,
            step: body.step,
            handler: body.handler,
            follow_up: body.follow_up,
            internal: body.internal,
        })
    };
    changed(&ask, &doors, &about, kind.item(&path.id)?, command).await
}

/// `POST /api/v1/members/{userid}/hand-over`: everything that is open and theirs goes to another member, in a moment.
pub(in crate::http::api::items) async fn hand_over(
    ask: Ask,
    doors: web::Data<Doors>,
    userid: web::Path<String>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let corp = one_corp(&doors, about.corp())?;
    let (from, To { to }) = (member(&userid)?, ask.read()?);
    let answer = HandedOver {
        from: from.clone(),
        to: to.clone(),
    };
    let command = Command::HandOver { from, to };
    ask.carry_out(&doors, corp, command, doors.clock.now())
        .await?;
    Ok(HttpResponse::Accepted().json(answer))
}

/// Has the command about the item carried out, and answers with the item as it is then.
async fn changed(
    ask: &Ask,
    doors: &Doors,
    about: &About,
    item: ItemRef,
    command: impl FnOnce(ItemRef) -> Command,
) -> Result<HttpResponse, Problem> {
    let corp = one_corp(doors, about.corp())?;
    let command = command(item.clone());
    ask.carry_out(doors, corp, command, doors.clock.now())
        .await?;
    answer(doors, corp, &item).await
}

fn member(userid: &str) -> Result<UserId, Problem> {
    UserId::parse(userid).map_err(|_| Problem::not_found("This is no userid."))
}
