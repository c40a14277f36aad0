//! Coming in and going out: by WeCom's login, by password; and the choice of the language.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::http::admin::access::{AdminSession, LoggedIn, Who, fields, form_token, password_tag};
use crate::http::admin::frame::{CorpLink, hidden};
use crate::http::admin::texts::Texts;
use crate::http::admin::turned::Turned;
use crate::http::attempts::address;
use crate::http::doors::{Doors, Tenant};
use crate::http::language::{self, Language};
use crate::http::login::start_for_admin;
use crate::http::nonce::nonce;
use crate::http::page::{respond, see};
use crate::http::session::{self, Ticketed};
use crate::http::sessions::Begun;
use crate::http::told::Told;
use crate::model::password::PasswordHash;

/// Longer passwords are not even looked at.
const PASSWORD_MAX_BYTES: usize = 1024;

/// How long an attempt waits for others to be checked.
const PATIENCE: Duration = Duration::from_secs(5);

/// The login form before there is a session.
#[derive(Serialize, Deserialize)]
struct Before {
    id: String,
}

impl Ticketed for Before {
    const NAME: &'static str = "wb_admin_login";
    const SECONDS: i64 = 60 * 60;
    const PATH: &'static str = "/admin";
}

#[derive(Template)]
#[template(path = "admin/login.html")]
struct LoginPage {
    t: &'static Texts,
    corps: Vec<CorpLink>,
    password: bool,
    token: String,
    problem: Option<&'static str>,
}

/// The login page.
pub(in crate::http::admin) async fn page(
    doors: web::Data<Doors>,
    request: HttpRequest,
) -> Result<HttpResponse, Turned> {
    show(&doors, &request, StatusCode::OK, None)
}

fn show(
    doors: &Doors,
    request: &HttpRequest,
    status: StatusCode,
    problem: Option<&'static str>,
) -> Result<HttpResponse, Turned> {
    let t = Texts::for_reader(request);
    let now = doors.clock.now();
    let before: Option<Before> = session::read(request, &doors.session_key, &doors.public_url, now);
    let before = match before {
        Some(before) => before,
        None => Before {
            id: nonce().map_err(|_| Turned::Unavailable)?,
        },
    };
    let mut tenants: Vec<_> = doors.tenants.iter().collect();
    tenants.retain(|(_, tenant)| !tenant.admins.is_empty());
    tenants.sort_by(|one, other| one.1.corp.cmp(&other.1.corp));
    let corps = tenants.into_iter().map(|(key, tenant)| CorpLink {
        id: key.to_string(),
        name: tenant.name.clone(),
    });
    let page = LoginPage {
        t,
        corps: corps.collect(),
        password: doors.admin.password.is_some(),
        token: hidden(&form_token(doors, &before.id)),
        problem,
    };
    let mut response = respond(status, &page);
    let cookie = session::cookie(before, &doors.session_key, &doors.public_url, now);
    // It is text, and a response takes any number of cookies.
    let _ = response.add_cookie(&cookie);
    Ok(response)
}

/// Sends the browser to WeCom's login.
pub(in crate::http::admin) async fn by_wecom(
    doors: web::Data<Doors>,
    tenant_key: web::Path<String>,
) -> Result<HttpResponse, Turned> {
    let tenant = doors.tenant(Some(&tenant_key));
    let tenant = tenant.filter(|tenant| !tenant.admins.is_empty());
    let tenant = tenant.ok_or(Turned::Missing)?;
    start_for_admin(&doors, tenant, &tenant_key).map_err(|_| Turned::Unavailable)
}

/// Whoever comes back from WeCom's login gets in if the corp has named this member.
pub(in crate::http) fn enter(
    doors: &Doors,
    request: &HttpRequest,
    tenant: &Tenant,
    who: &session::Who,
) -> HttpResponse {
    let language = language::for_reader(request);
    match who {
        session::Who::Member(userid) if tenant.admins.contains(userid) => {
            tracing::info!(corp = %tenant.corp, %userid, "An administrator has logged in.");
            let who = Who::Member {
                corp: tenant.corp.clone(),
                userid: userid.clone(),
            };
            begin(doors, who).unwrap_or_else(|turned| turned.told(language))
        }
        session::Who::Member(_) | session::Who::Contact(_) => {
            tracing::warn!(corp = %tenant.corp, "Somebody who is no administrator has tried to log in.");
            Turned::Stranger.told(language)
        }
    }
}

/// The password form. Every attempt that is not refused beforehand takes the same work.
pub(in crate::http::admin) async fn by_password(
    doors: web::Data<Doors>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Turned> {
    let (t, now) = (Texts::for_reader(&request), doors.clock.now());
    let before: Option<Before> =
        session::read(&request, &doors.session_key, &doors.public_url, now);
    let before = before.ok_or(Turned::Ended)?;
    let mut payload = payload.into_inner();
    let fields = fields(&request, &mut payload, &doors, &before.id).await?;
    let Some(hash) = &doors.admin.password else {
        return Err(Turned::Missing);
    };
    let from = address(&request);
    if !doors.admin.attempts.take(from, now) {
        tracing::warn!("Too many passwords were tried from one address.");
        return Err(Turned::TooMany);
    }
    let password = fields.into_iter().find(|(name, _)| name == "password");
    let password = Zeroizing::new(password.map(|(_, text)| text).unwrap_or_default());
    if !matches(&doors, hash.clone(), password)
        .await
        .ok_or(Turned::TooMany)?
    {
        tracing::warn!("A wrong administrator's password was tried.");
        return show(
            &doors,
            &request,
            StatusCode::FORBIDDEN,
            Some(t.wrong_password),
        );
    }
    doors.admin.attempts.forgive(from);
    tracing::info!("An administrator has logged in by password.");
    let of = password_tag(&doors, hash);
    begin(&doors, Who::Password { of })
}

/// Nothing when too many passwords are being checked.
async fn matches(doors: &Doors, hash: PasswordHash, password: Zeroizing<String>) -> Option<bool> {
    let turn = tokio::time::timeout(PATIENCE, doors.admin.hashing.acquire()).await;
    let _turn = turn.ok()?.ok()?;
    if password.len() > PASSWORD_MAX_BYTES {
        return Some(false);
    }
    web::block(move || hash.matches(&password)).await.ok()
}

fn begin(doors: &Doors, who: Who) -> Result<HttpResponse, Turned> {
    let begun = match who {
        Who::Member { .. } => Begun::Admin,
        Who::Password { .. } => Begun::AdminByPassword,
    };
    let session = AdminSession {
        id: nonce().map_err(|_| Turned::Unavailable)?,
        who,
    };
    doors.sessions.count(begun);
    let (key, url, now) = (&doors.session_key, &doors.public_url, doors.clock.now());
    let mut response = see("/admin");
    for cookie in [
        session::cookie(session, key, url, now),
        session::removal::<Before>(url),
    ] {
        // It is text, and a response takes any number of cookies.
        let _ = response.add_cookie(&cookie);
    }
    Ok(response)
}

/// Ends the session.
pub(in crate::http::admin) async fn logout(
    logged_in: LoggedIn,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Turned> {
    let LoggedIn { doors, session, .. } = logged_in;
    let mut payload = payload.into_inner();
    fields(&request, &mut payload, &doors, &session.id).await?;
    session.end(&doors).await?;
    let mut response = see("/admin/login");
    let _ = response.add_cookie(&session::removal::<AdminSession>(&doors.public_url));
    Ok(response)
}

/// Where to go on with the language.
#[derive(Deserialize)]
pub(in crate::http::admin) struct Back {
    back: Option<String>,
}

/// Chooses the language of the pages. It changes nothing but how they look, so a link will do.
pub(in crate::http::admin) async fn language(
    doors: web::Data<Doors>,
    code: web::Path<String>,
    back: Option<web::Query<Back>>,
) -> Result<HttpResponse, Turned> {
    let language = Language::of(&code).ok_or(Turned::Missing)?;
    let back = back.and_then(|back| back.into_inner().back);
    let back = back.filter(|back| is_ours(back));
    let mut response = see(back.as_deref().unwrap_or("/admin"));
    let cookie = language.cookie(&doors.public_url);
    let _ = response.add_cookie(&cookie);
    Ok(response)
}

/// A path of the admin pages, and nothing that a browser could take for another site's address.
fn is_ours(back: &str) -> bool {
    let rest = back.strip_prefix("/admin");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        && back.len() <= 2048
        && back.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}
