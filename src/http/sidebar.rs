//! The chat toolbar (聊天工具栏): its page, the signatures that its JS-SDK needs, and the beacon.
//!
//! WeCom calls nobody back when a toolbar opens. The page reports it itself: the member is known by login, the contact
//! is what the member's client says. The report enters the inbox as event `sidebar_opened`.

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use url::Url;

use crate::callback::event::own::{OwnEvent, SidebarOpened};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::http::login;
use crate::http::page::{notice, render};
use crate::http::session::{self, Session, Who};
use crate::model::ids::{ExternalUserId, UserId};
use crate::store::item::Accepted;
use crate::wecom::jssdk::Identity;

/// The page's query.
#[derive(Deserialize)]
pub(in crate::http) struct Place {
    #[serde(rename = "tenantKey")]
    tenant_key: Option<String>,
}

#[derive(Template)]
#[template(path = "sidebar.html")]
struct SidebarPage<'a> {
    corp: &'a str,
    agent_id: u64,
    jssdk: &'a str,
}

/// The page; who is not logged in is sent to the login first.
pub(in crate::http) async fn page(
    doors: web::Data<Doors>,
    request: HttpRequest,
    place: Option<web::Query<Place>>,
) -> Result<HttpResponse, Problem> {
    let place = place.map(web::Query::into_inner);
    let code = place.as_ref().map(|place| place.tenant_key.as_deref());
    let tenant = code.and_then(|code| doors.tenant(code));
    let (Some(tenant_key), Some(tenant)) = (code, tenant) else {
        let text = "请管理员检查聊天工具栏中配置的页面地址（tenantKey）。";
        return Ok(notice(&doors, StatusCode::NOT_FOUND, "链接无效", text));
    };
    let session = session(&doors, &request);
    match session {
        Some(Session {
            corp,
            who: Who::Member(_),
        }) if corp == tenant.corp => {
            let jssdk = doors
                .jssdk_url
                .as_ref()
                .map_or("/assets/wecom-jssdk-2.4.4.js", Url::as_str);
            let page = SidebarPage {
                corp: tenant.corp.as_str(),
                agent_id: tenant.agent_id.0,
                jssdk,
            };
            Ok(render(&doors, StatusCode::OK, &page))
        }
        Some(Session {
            corp,
            who: Who::Contact(_),
        }) if corp == tenant.corp => Ok(notice(
            &doors,
            StatusCode::FORBIDDEN,
            "仅限成员使用",
            "聊天工具栏只对企业成员开放。",
        )),
        _ => {
            let query = request.query_string();
            let back = if query.is_empty() {
                "/sidebar".to_owned()
            } else {
                format!("/sidebar?{query}")
            };
            let base = doors.public_url.path().trim_end_matches('/');
            login::start(&doors, tenant, tenant_key, &format!("{base}{back}"))
        }
    }
}

/// Which signature, for which page.
#[derive(Deserialize)]
pub(in crate::http) struct SignatureFor {
    identity: String,
    url: String,
}

/// A JS-SDK signature for a page of ours (path/90506).
pub(in crate::http) async fn signature(
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
pub(in crate::http) struct Beacon {
    entry: String,
    external_userid: String,
}

/// The toolbar is open for a contact: into the inbox with it.
pub(in crate::http) async fn opened(
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
