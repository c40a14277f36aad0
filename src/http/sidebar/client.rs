//! What the page needs of WeCom's client: signatures for its JS-SDK; and the report that the toolbar is open.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use url::Url;

use crate::callback::event::own::{OwnEvent, SidebarOpened};
use crate::http::sidebar::access::Toolbar;
use crate::http::sidebar::turned::Turned;
use crate::model::ids::ExternalUserId;
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
    toolbar: Toolbar,
    wanted: web::Query<SignatureFor>,
) -> Result<HttpResponse, Turned> {
    let identity = match wanted.identity.as_str() {
        "corp" => Identity::Corp,
        "app" => Identity::App,
        _ => return Err(Turned::Malformed),
    };
    let url = Url::parse(&wanted.url).map_err(|_| Turned::Malformed)?;
    // The origin of `blob:https://…` is that of the address inside.
    let ours = &toolbar.doors.public_url;
    if url.origin() != ours.origin() || url.scheme() != ours.scheme() {
        return Err(Turned::Foreign);
    }
    let corp = toolbar.doors.corps.get(&toolbar.corp);
    let client = &corp.ok_or(Turned::Missing)?.client;
    let signature = client
        .jsapi_signature(identity, &url, toolbar.now())
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
    toolbar: Toolbar,
    beacon: web::Json<Beacon>,
) -> Result<HttpResponse, Turned> {
    let external_userid =
        ExternalUserId::parse(&beacon.external_userid).map_err(|_| Turned::Malformed)?;
    let entry = beacon.entry.chars().filter(char::is_ascii_graphic);
    let opened = OwnEvent::SidebarOpened(SidebarOpened {
        userid: toolbar.userid.clone(),
        external_userid,
        entry: entry.take(64).collect(),
    });
    let (key, delivery) = opened.delivery(toolbar.now());
    let (store, corp) = (&toolbar.doors.store, &toolbar.corp);
    if let Accepted::New(event) = store.accept(corp, key, &delivery).await? {
        tracing::info!(%event, kind = %delivery.kind, subject = %delivery.subject, "received");
    }
    Ok(HttpResponse::Accepted().finish())
}
