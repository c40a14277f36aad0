//! Corp OAuth (网页授权, path/91335): who is at this page?

use std::fmt::Write;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use url::Url;

use crate::http::account;
use crate::http::admin;
use crate::http::doors::{Doors, Tenant};
use crate::http::error::Problem;
use crate::http::home;
use crate::http::page::notice;
use crate::http::session::{self, Session, Ticketed, Who};
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::shared::Swap;
use crate::wecom::oauth::{self, Visitor};

/// A login under way: bound to this browser, good for ten minutes and one use.
#[derive(Serialize, Deserialize)]
struct Login {
    state: String,
    tenant: Option<String>,
    back: String,
    /// For the admin pages: then only an administrator gets in, and by a session of its own.
    #[serde(default)]
    admin: bool,
}

impl Ticketed for Login {
    const NAME: &'static str = "wb_login";
    const SECONDS: i64 = 600;
}

/// Sends the browser to WeCom's login, to come back to `back`, a path of ours.
pub(in crate::http) fn start(
    doors: &Doors,
    tenant: &Tenant,
    tenant_key: Option<&str>,
    back: &str,
) -> Result<HttpResponse, Problem> {
    begin(doors, tenant, |state| Login {
        state,
        tenant: tenant_key.map(Into::into),
        back: back.to_owned(),
        admin: false,
    })
}

/// Sends the browser to WeCom's login, to come back to the admin pages.
pub(in crate::http) fn start_for_admin(
    doors: &Doors,
    tenant: &Tenant,
    tenant_key: &str,
) -> Result<HttpResponse, Problem> {
    begin(doors, tenant, |state| Login {
        state,
        tenant: Some(tenant_key.to_owned()),
        back: "/admin".to_owned(),
        admin: true,
    })
}

fn begin(
    doors: &Doors,
    tenant: &Tenant,
    login: impl FnOnce(String) -> Login,
) -> Result<HttpResponse, Problem> {
    let state = nonce()?;
    let here = own(&doors.public_url, "login/callback")?;
    let to = oauth::authorize_url(
        &doors.oauth_base,
        &tenant.corp,
        tenant.agent_id,
        &here,
        &state,
    );
    let cookie = session::cookie(
        login(state),
        &doors.session_key,
        &doors.public_url,
        doors.clock.now(),
    );
    Ok(HttpResponse::Found()
        .insert_header((LOCATION, to.as_str()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .cookie(cookie)
        .finish())
}

/// What WeCom's login brings back.
#[derive(Deserialize)]
pub(in crate::http) struct Returned {
    pub(in crate::http) code: Option<String>,
    pub(in crate::http) state: Option<String>,
}

/// The browser comes back from WeCom's login.
pub(in crate::http) async fn callback(
    doors: web::Data<Doors>,
    request: HttpRequest,
    returned: Option<web::Query<Returned>>,
) -> Result<HttpResponse, Problem> {
    let now = doors.clock.now();
    let again = || {
        notice(
            &doors,
            StatusCode::FORBIDDEN,
            "登录已失效",
            "请关闭此页面，从企业微信重新打开。",
        )
    };
    let Some(returned) = returned else {
        return Ok(again());
    };
    if let Some(back) = once_more(&doors, &request, &returned, now).await {
        return Ok(on(&back).finish());
    }
    let login = session::read::<Login>(&request, &doors.session_key, &doors.public_url, now);
    let Some(login) = login else {
        return Ok(again());
    };
    let state = returned.state.as_deref().unwrap_or_default();
    if !bool::from(login.state.as_bytes().ct_eq(state.as_bytes())) {
        return Ok(again());
    }
    let Some(tenant) = doors.tenant(login.tenant.as_deref()) else {
        return Ok(again());
    };
    let Some(corp) = doors.corps.get(&tenant.corp) else {
        return Ok(again());
    };
    let Some(code) = returned
        .code
        .as_deref()
        .filter(|code| !code.is_empty() && code.len() <= 512)
    else {
        return Ok(again());
    };
    match use_up(&doors, &tenant.corp, &login.state, &login.back, code, now).await {
        Ok(true) => {}
        Ok(false) => {
            tracing::warn!(corp = %tenant.corp, "A login came back a second time.");
            return Ok(again());
        }
        Err(problem) => {
            tracing::error!(%problem, "A login could not be used up.");
            let status = StatusCode::SERVICE_UNAVAILABLE;
            return Ok(notice(&doors, status, "暂时无法登录", "请稍后再试。"));
        }
    }
    let who = match corp.client.visitor(code, now).await {
        Ok(Visitor::Member(userid)) => Who::Member(userid),
        Ok(Visitor::Contact(external_userid)) => Who::Contact(external_userid),
        Ok(Visitor::Stranger) => return stranger(&doors, &request, tenant, &login),
        Err(problem) => {
            tracing::warn!(corp = %tenant.corp, %problem, "A login failed.");
            return Ok(again());
        }
    };
    if login.admin {
        let mut entered = admin::login::enter(&doors, &request, tenant, &who);
        let removal = session::removal::<Login>(&doors.public_url);
        // It is text, and a response takes any number of cookies.
        let _ = entered.add_cookie(&removal);
        return Ok(entered);
    }
    let session = Session {
        corp: tenant.corp.clone(),
        who,
    };
    Ok(on(&login.back)
        .cookie(session::cookie(
            session,
            &doors.session_key,
            &doors.public_url,
            now,
        ))
        .cookie(session::removal::<Login>(&doors.public_url))
        .finish())
}

/// On to a path of ours.
fn on(back: &str) -> HttpResponseBuilder {
    let mut response = HttpResponse::Found();
    response
        .insert_header((LOCATION, back))
        .insert_header((CACHE_CONTROL, "no-store"));
    response
}

/// Somebody whom WeCom's login does not know as a customer. The company's service account (服务号) may know them.
fn stranger(
    doors: &Doors,
    request: &HttpRequest,
    tenant: &Tenant,
    login: &Login,
) -> Result<HttpResponse, Problem> {
    if !home::is_at(&login.back) {
        let text = "这个页面只对企业成员及其客户开放。";
        return Ok(notice(
            doors,
            StatusCode::FORBIDDEN,
            "无法确认您的身份",
            text,
        ));
    }
    match &login.tenant {
        Some(tenant_key) if account::is_possible(doors, request, tenant) => {
            account::start(doors, tenant, tenant_key, &login.back)
        }
        _ => Ok(home::stranger(doors, request, tenant)),
    }
}

/// What is noted of a login that has come back.
#[derive(Serialize, Deserialize)]
struct Used {
    /// A tag of its code.
    code: String,
    back: String,
    /// Tells this note from what another process would write.
    by: String,
}

fn note_of(state: &str) -> String {
    format!("login {state}")
}

/// Uses up a login's state: `false` when it came back before, in whatever process.
pub(in crate::http) async fn use_up(
    doors: &Doors,
    corp: &CorpId,
    state: &str,
    back: &str,
    code: &str,
    now: Timestamp,
) -> Result<bool, Problem> {
    let used = Used {
        code: doors.session_key.tag("login code", code),
        back: back.to_owned(),
        by: nonce()?,
    };
    let used = serde_json::to_string(&used).expect("notes are plain structs with text keys");
    let swap = Swap {
        expected: None,
        value: Some(&used),
        // Longer than the login's cookie is good for.
        keep_for: Duration::from_secs(Login::SECONDS.unsigned_abs() + 60),
    };
    let note = note_of(state);
    Ok(doors.store.swap_note(corp, &note, swap, now).await?)
}

/// Browsers may load the way back twice (path/91335). Whoever is logged in by then goes on to where the first load led.
async fn once_more(
    doors: &Doors,
    request: &HttpRequest,
    returned: &Returned,
    now: Timestamp,
) -> Option<String> {
    let session: Session = session::read(request, &doors.session_key, &doors.public_url, now)?;
    let state = returned.state.as_deref().filter(|state| is_nonce(state))?;
    let note = doors.store.note(&session.corp, &note_of(state), now).await;
    let used: Used = serde_json::from_str(&note.ok()??).ok()?;
    let code = doors
        .session_key
        .tag("login code", returned.code.as_deref()?);
    bool::from(used.code.as_bytes().ct_eq(code.as_bytes())).then_some(used.back)
}

fn is_nonce(state: &str) -> bool {
    state.len() == 32 && state.bytes().all(|c| c.is_ascii_hexdigit())
}

/// An address of ours, below the public URL's own path.
pub(in crate::http) fn own(public_url: &Url, path: &str) -> Result<Url, Problem> {
    let base = format!("{}/{path}", public_url.as_str().trim_end_matches('/'));
    Url::parse(&base).map_err(|_| Problem::bad_request("This address cannot be made."))
}

/// 128 random bits in letters that WeCom accepts as `state` (84025).
pub(in crate::http) fn nonce() -> Result<String, Problem> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Not available.",
            "No random numbers.",
        )
    })?;
    let mut text = String::with_capacity(32);
    for byte in bytes {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}
