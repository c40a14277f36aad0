//! What is said with one customer about an item. The company's own system speaks for the company.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use crate::decide::request::{Command, NewComment};
use crate::http::api::ask::Ask;
use crate::http::api::caller::Caller;
use crate::http::api::items::show::of_any_corp;
use crate::http::api::items::{ById, Kind};
use crate::http::api::records::Listed;
use crate::http::api::{About, Page, limit};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::ids::ExternalUserId;
use crate::model::thread::Comment;
use crate::store::record::{Key, Record};

/// With whom, and from where on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http::api::items) struct Wanted {
    corp: Option<String>,
    contact: ExternalUserId,
    limit: Option<usize>,
    after: Option<String>,
}

/// With whom.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http::api::items) struct With {
    corp: Option<String>,
    contact: ExternalUserId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    text: String,
}

/// `GET /api/v1/{kind}/{id}/comments?contact=`: oldest first.
pub(in crate::http::api::items) async fn list(
    caller: Caller,
    kind: Kind,
    doors: web::Data<Doors>,
    path: web::Path<ById>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let Wanted {
        corp,
        contact,
        limit: wanted,
        after,
    } = wanted.into_inner();
    let (wanted, item) = (limit(wanted)?, kind.item(&path.id)?);
    let (corp, _) = of_any_corp(&caller, &doors, &About { corp }, &item).await?;
    let comments = doors
        .store
        .comments(corp, &item, &contact, after.as_deref(), wanted);
    let comments = comments.await?;
    let last = comments.last().filter(|_| comments.len() == wanted);
    let next = last.map(|comment| comment.id.clone());
    let items = comments.into_iter().map(|record| Listed {
        corp: corp.clone(),
        record,
    });
    let items: Vec<_> = items.collect();
    Ok(HttpResponse::Ok().json(Page { items, next }))
}

/// `POST /api/v1/{kind}/{id}/comments?contact=`: the customer is reminded of it.
pub(in crate::http::api::items) async fn say(
    ask: Ask,
    kind: Kind,
    doors: web::Data<Doors>,
    path: web::Path<ById>,
    with: web::Query<With>,
) -> Result<HttpResponse, Problem> {
    let corp = ask.one_corp(with.corp.as_deref())?;
    let item = kind.item(&path.id)?;
    let Said { text } = ask.read()?;
    let (now, random) = (doors.clock.now(), ask.random());
    let comment = NewComment {
        item: item.clone(),
        contact: with.contact.clone(),
        id: Comment::new_id(now, random),
        text,
    };
    ask.carry_out(&doors, corp, Command::Comment(comment), now)
        .await?;
    // The same request, once more, is told what it was told before.
    let at = ask.carried_at(&doors, corp).await?.unwrap_or(now);
    let key = Key::comment(&item, &with.contact, &Comment::new_id(at, random));
    let records = doors.store.read(corp, &[key]).await?;
    let comment = records.first().map(Record::parse::<Comment>).transpose()?;
    let record = comment.flatten().ok_or_else(|| kind.missing())?;
    let corp = corp.clone();
    Ok(HttpResponse::Created().json(Listed { corp, record }))
}
