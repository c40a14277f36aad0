//! What the page needs of WeCom's client: signatures for its JS-SDK; and the report that the toolbar is open.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use url::Url;

use crate::callback::event::own::{OwnEvent, SidebarOpened};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::http::session::{self, Session, Who};
use crate::model::ids::{ExternalUserId, UserId};
use crate::store::item::Accepted;
use crate::wecom::jssdk::Identity;

/// Which signature, for which page.
#[derive(Deserialize)]
pub(in crate::http::sidebar) struct SignatureFor {
    identity: String,
    url: String,
}

/// A JS-SDK signature for a page of ours (path/90506).
pub(in crate::http::sidebar) async fn signature(
    doors: web::Data<Doors>,
    request: HttpRequest,
    wanted: web::Query<SignatureFor>,
) -> Result<HttpResponse, Problem> {
    let (session, _) = member(&doors, &request)?;
    let identity = match wanted.identity.as_str() {
        "corp" => Identity::Corp,
        "app" => Identity::App,
        _ => return Err(Problem::bad_request("`identity` is `corp` or `app`.")),
    };
    let url = Url::parse(&wanted.url)
        .map_err(|_| Problem::bad_request("`url` is the address of the page."))?;
    // The origin of `blob:https://…` is that of the address inside.
    let ours = &doors.public_url;
    if url.origin() != ours.origin() || url.scheme() != ours.scheme() {
        return Err(Problem::forbidden(
            "Only pages of this service are signed for.",
        ));
    }
    let corp = doors
        .corps
        .get(&session.corp)
        .ok_or_else(|| Problem::not_found("No such corp."))?;
    let signature = corp
        .client
        .jsapi_signature(identity, &url, doors.clock.now())
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(signature))
}

/// What the page reports.
#[derive(Deserialize)]
pub(in crate::http::sidebar) struct Beacon {
    entry: String,
    external_userid: String,
}

/// The toolbar is open for a contact: into the inbox with it.
pub(in crate::http::sidebar) async fn opened(
    doors: web::Data<Doors>,
    request: HttpRequest,
    beacon: web::Json<Beacon>,
) -> Result<HttpResponse, Problem> {
    if !session::is_same_origin(&request, &doors.public_url) {
        return Err(Problem::forbidden(
            "Only the service's own pages may send this.",
        ));
    }
    let (session, userid) = member(&doors, &request)?;
    let external_userid = ExternalUserId::parse(&beacon.external_userid)
        .map_err(|problem| Problem::bad_request(format!("`external_userid` is {problem}.")))?;
    let entry: String = beacon
        .entry
        .chars()
        .filter(char::is_ascii_graphic)
        .take(64)
        .collect();
    let at = doors.clock.now();
    let opened = OwnEvent::SidebarOpened(SidebarOpened {
        userid,
        external_userid,
        entry,
    });
    let (key, delivery) = opened.delivery(at);
    if let Accepted::New(event) = doors.store.accept(&session.corp, key, &delivery).await? {
        tracing::info!(%event, kind = %delivery.kind, subject = %delivery.subject, "received");
    }
    Ok(HttpResponse::Accepted().finish())
}

fn session(doors: &Doors, request: &HttpRequest) -> Option<Session> {
    let now = doors.clock.now();
    session::read(request, &doors.session_key, &doors.public_url, now)
}

fn member(doors: &Doors, request: &HttpRequest) -> Result<(Session, UserId), Problem> {
    let session = session(doors, request);
    let session =
        session.ok_or_else(|| Problem::unauthorized("Open the page from WeCom once more."))?;
    match &session.who {
        Who::Member(userid) => {
            let userid = userid.clone();
            Ok((session, userid))
        }
        Who::Contact(_) => Err(Problem::forbidden("Only members may do this.")),
    }
}
