//! The small commands: items end and begin again, pass to other members, are followed; tasks and records go on.

use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse, web};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Deserializer, Serialize};

use crate::decide::request::{Advance, Command, TaskChange};
use crate::http::api::ask::Ask;
use crate::http::api::items::Kind;
use crate::http::api::items::show::answer;
use crate::http::api::{About, Nothing};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::ids::UserId;
use crate::model::item::{ItemRef, ItemState};
use crate::model::project::{Handler, TaskState};

/// Which follower, in an address.
#[derive(Deserialize)]
pub(in crate::http::api::items) struct Follower {
    userid: String,
}

/// Which task, in an address.
#[derive(Deserialize)]
pub(in crate::http::api::items) struct TaskPath {
    key: String,
}

/// A small command about the item that an address names: all of it but what it says.
pub(in crate::http::api::items) struct Change {
    ask: Ask,
    item: ItemRef,
    corp: Option<String>,
    doors: web::Data<Doors>,
}

impl FromRequest for Change {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let ask = Ask::from_request(request, payload);
        let request = request.clone();
        async move {
            let ask = ask.await?;
            let kind = Kind::extract(&request).await?;
            let About { corp } = web::Query::<About>::extract(&request).await?.into_inner();
            Ok(Self {
                ask,
                item: kind.item(request.match_info().query("id"))?,
                corp,
                doors: web::Data::extract(&request).await?,
            })
        }
        .boxed_local()
    }
}

impl Change {
    /// Has the command carried out, and answers with the item as it is then.
    async fn done(
        &self,
        command: impl FnOnce(ItemRef) -> Command,
    ) -> Result<HttpResponse, Problem> {
        let corp = self.ask.one_corp(self.corp.as_deref())?;
        let (command, now) = (command(self.item.clone()), self.doors.clock.now());
        self.ask.carry_out(&self.doors, corp, command, now).await?;
        answer(&self.doors, corp, &self.item).await
    }
}

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
pub(in crate::http::api::items) async fn close(change: Change) -> Result<HttpResponse, Problem> {
    change.ask.read::<Nothing>()?;
    let command = |item| Command::SetState(item, ItemState::Closed);
    change.done(command).await
}

/// `POST /api/v1/{kind}/{id}/reopen`.
pub(in crate::http::api::items) async fn reopen(change: Change) -> Result<HttpResponse, Problem> {
    change.ask.read::<Nothing>()?;
    let command = |item| Command::SetState(item, ItemState::Open);
    change.done(command).await
}

/// `POST /api/v1/{kind}/{id}/hand-over`: to another owner.
pub(in crate::http::api::items) async fn give(change: Change) -> Result<HttpResponse, Problem> {
    let To { to } = change.ask.read()?;
    change.done(|item| Command::GiveTo(item, to)).await
}

/// `PUT /api/v1/{kind}/{id}/followers/{userid}`.
pub(in crate::http::api::items) async fn follow(
    change: Change,
    path: web::Path<Follower>,
) -> Result<HttpResponse, Problem> {
    change.ask.read::<Nothing>()?;
    let userid = member(&path.userid)?;
    change
        .done(|item| Command::Follow(item, userid, true))
        .await
}

/// `DELETE /api/v1/{kind}/{id}/followers/{userid}`.
pub(in crate::http::api::items) async fn unfollow(
    change: Change,
    path: web::Path<Follower>,
) -> Result<HttpResponse, Problem> {
    change.ask.read::<Nothing>()?;
    let userid = member(&path.userid)?;
    change
        .done(|item| Command::Follow(item, userid, false))
        .await
}

/// `PATCH /api/v1/projects/{id}/tasks/{key}`.
pub(in crate::http::api::items) async fn task(
    change: Change,
    path: web::Path<TaskPath>,
) -> Result<HttpResponse, Problem> {
    let TaskPatch { state, handler } = change.ask.read()?;
    let (TaskPath { key: task }, seen) = (path.into_inner(), change.ask.seen());
    let command = |item: ItemRef| {
        Command::SetTask(TaskChange {
            project: item.id,
            task,
            seen,
            state,
            handler,
        })
    };
    change.done(command).await
}

/// `POST /api/v1/records/{id}/advance`.
pub(in crate::http::api::items) async fn advance(change: Change) -> Result<HttpResponse, Problem> {
    let (body, seen): (AdvanceBody, _) = (change.ask.read()?, change.ask.seen());
    let command = |item: ItemRef| {
        Command::Advance(Advance {
            record: item.id,
            seen,
            step: body.step,
            handler: body.handler,
            follow_up: body.follow_up,
            internal: body.internal,
        })
    };
    change.done(command).await
}

/// `POST /api/v1/members/{userid}/hand-over`: everything that is open and theirs goes to another member, in a moment.
pub(in crate::http::api::items) async fn hand_over(
    ask: Ask,
    doors: web::Data<Doors>,
    userid: web::Path<String>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let corp = ask.one_corp(about.corp())?;
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

fn member(userid: &str) -> Result<UserId, Problem> {
    UserId::parse(userid).map_err(|_| Problem::not_found("This is no userid."))
}
