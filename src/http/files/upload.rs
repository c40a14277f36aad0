//! Uploads: by customers for forms that they fill in, by the company for what it works on.

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::decide::item::file::comes_first;
use crate::http::doors::Doors;
use crate::http::files::asker::Asker;
use crate::http::files::receive::{Received, receive};
use crate::http::files::why::{Why, wants_json};
use crate::http::files::words::Words;
use crate::http::home;
use crate::http::items;
use crate::http::page::notice;
use crate::model::attachment::Attachment;
use crate::model::item::{Actor, ItemRef};

/// What for.
#[derive(Deserialize)]
pub(in crate::http::files) struct For {
    #[serde(rename = "tenantKey")]
    tenant_key: Option<String>,
    item: String,
}

/// What a script is told.
#[derive(Serialize)]
struct Told<'a> {
    id: &'a str,
    name: &'a str,
    bytes: u64,
    thumbnail: bool,
}

/// A customer uploads.
pub(in crate::http::files) async fn by_customer(
    request: HttpRequest,
    doors: web::Data<Doors>,
    wanted: Option<web::Query<For>>,
    payload: web::Payload,
) -> HttpResponse {
    let asker = Asker::of(&request, &doors).filter(|asker| {
        let key = wanted
            .as_ref()
            .and_then(|wanted| wanted.tenant_key.as_deref());
        let tenant = doors.tenant(key);
        let is_here = tenant.is_some_and(|tenant| tenant.corp == asker.corp);
        is_here && matches!(asker.who, Actor::Contact(_))
    });
    match upload(&request, &doors, asker, wanted, payload).await {
        // Without a script the whole form came along.
        Ok((form, received)) if !wants_json(&request) => {
            home::with_files(&request, &form, received).await
        }
        uploaded => answer(&request, &doors, uploaded),
    }
}

/// A member or an administrator uploads.
pub(in crate::http::files) async fn by_company(
    request: HttpRequest,
    doors: web::Data<Doors>,
    wanted: Option<web::Query<For>>,
    payload: web::Payload,
) -> HttpResponse {
    let asker = Asker::at(&request, &doors).await;
    let asker = asker.filter(|asker| !matches!(asker.who, Actor::Contact(_)));
    match upload(&request, &doors, asker, wanted, payload).await {
        // Without a script the whole editor came along.
        Ok((item, received)) if comes_first(item.kind) && !wants_json(&request) => {
            items::with_files(&request, &item, received).await
        }
        uploaded => answer(&request, &doors, uploaded),
    }
}

/// What came of an upload.
type Uploaded = Result<(ItemRef, Received), Why>;

async fn upload(
    request: &HttpRequest,
    doors: &Doors,
    asker: Option<Asker>,
    wanted: Option<web::Query<For>>,
    payload: web::Payload,
) -> Uploaded {
    let asker = asker.ok_or(Why::Foreign)?;
    let wanted = wanted.ok_or(Why::Malformed)?;
    let item: ItemRef = wanted.item.parse().map_err(|_| Why::Missing)?;
    let received = receive(request, payload, doors, &asker, &item).await?;
    Ok((item, received))
}

fn answer(request: &HttpRequest, doors: &Doors, uploaded: Uploaded) -> HttpResponse {
    match uploaded {
        Ok((_, received)) if wants_json(request) => told(request, doors, &received),
        Ok(_) => {
            let words = Words::for_reader(request);
            notice(doors, StatusCode::OK, words.title, words.done)
        }
        Err(why) => why.answer(request, doors),
    }
}

/// A script sends one file at a time.
fn told(request: &HttpRequest, doors: &Doors, received: &Received) -> HttpResponse {
    let [(_, file)] = &received.files[..] else {
        return Why::Malformed.answer(request, doors);
    };
    let Attachment {
        id,
        name,
        bytes,
        thumbnail,
        ..
    } = file;
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(Told {
            id,
            name,
            bytes: *bytes,
            thumbnail: *thumbnail,
        })
}
