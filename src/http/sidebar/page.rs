//! The page round everything: who is there, which client, the texts that its scripts need.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use url::Url;

use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::http::language::Language;
use crate::http::login;
use crate::http::page::{notice, render};
use crate::http::session::{self, Session, Who};
use crate::http::sidebar::access::token;
use crate::http::sidebar::texts::Texts;
use crate::http::staff::works_here;

/// The page's query.
#[derive(Deserialize)]
pub(in crate::http::sidebar) struct Place {
    #[serde(rename = "tenantKey")]
    tenant_key: Option<String>,
}

#[derive(Template)]
#[template(path = "sidebar/page.html")]
struct SidebarPage<'a> {
    t: &'static Texts,
    corp: &'a str,
    agent_id: u64,
    jssdk: &'a str,
    token: String,
    /// What the scripts say, as JSON.
    says: String,
    /// The query of this page, for the page in the other language.
    query: &'a str,
}

/// The page; who is not logged in is sent to the login first.
pub(in crate::http::sidebar) async fn page(
    doors: web::Data<Doors>,
    request: HttpRequest,
    place: Option<web::Query<Place>>,
) -> Result<HttpResponse, Problem> {
    let t = Texts::for_reader(&request);
    let place = place.map(web::Query::into_inner);
    let code = place.as_ref().map(|place| place.tenant_key.as_deref());
    let tenant = code.and_then(|code| doors.tenant(code));
    let (Some(tenant_key), Some(tenant)) = (code, tenant) else {
        let (status, title) = (StatusCode::NOT_FOUND, t.bad_address_title);
        return Ok(notice(&doors, status, title, t.bad_address));
    };
    let session: Option<Session> = session::read(
        &request,
        &doors.session_key,
        &doors.public_url,
        doors.clock.now(),
    );
    let session = session.filter(|session| session.corp == tenant.corp);
    match session.map(|session| session.who) {
        Some(Who::Member(userid)) if works_here(&doors, &tenant.corp, &userid).await? => {
            let jssdk = doors.jssdk_url.as_ref().map(Url::as_str);
            let page = SidebarPage {
                t,
                corp: tenant.corp.as_str(),
                agent_id: tenant.agent_id.0,
                jssdk: jssdk.unwrap_or("/assets/wecom-jssdk-2.4.4.js"),
                token: token(&doors, &tenant.corp, &userid),
                says: t.for_scripts(),
                query: request.query_string(),
            };
            Ok(render(&doors, StatusCode::OK, &page))
        }
        Some(Who::Member(_) | Who::Contact(_)) => {
            let (status, title) = (StatusCode::FORBIDDEN, t.members_only_title);
            Ok(notice(&doors, status, title, t.members_only))
        }
        None => {
            let base = doors.public_url.path().trim_end_matches('/');
            let back = format!("{base}{}", address(request.query_string()));
            login::start(&doors, tenant, tenant_key, &back)
        }
    }
}

/// Chooses the language of the pages. It changes nothing but how they look, so a link will do.
pub(in crate::http::sidebar) async fn language(
    doors: web::Data<Doors>,
    request: HttpRequest,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let language = Language::of(&code);
    let language = language.ok_or_else(|| Problem::not_found("No such language."))?;
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, address(request.query_string())))
        .insert_header((CACHE_CONTROL, "no-store"))
        .cookie(language.cookie(&doors.public_url))
        .finish())
}

fn address(query: &str) -> String {
    match query {
        "" => "/sidebar".to_owned(),
        query => format!("/sidebar?{query}"),
    }
}
