//! Corp OAuth (网页授权, path/91335): who is at this page?

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use url::Url;

use crate::http::account;
use crate::http::admin;
use crate::http::attempts::address;
use crate::http::doors::{Doors, Tenant};
use crate::http::error::Problem;
use crate::http::home;
use crate::http::nonce::{is_nonce, nonce};
use crate::http::not_in::NotIn;
use crate::http::session::{self, Session, Ticketed, Who};
use crate::http::sessions::Begun;
use crate::model::ids::CorpId;
use crate::model::rate::Rate;
use crate::model::time::Timestamp;
use crate::store::shared::Swap;
use crate::wecom::oauth::{self, Visitor};

/// All logins of a corp together: half of what WeCom answers (path/90312), so that nobody uses that up from outside.
const LOGINS: Rate = Rate {
    burst: 2_500,
    per_hour: 67_500,
};

/// The longest code.
const CODE_MAX_BYTES: usize = 512;

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
    let ended = || NotIn::Ended.page(&doors, &request);
    let Some(returned) = returned else {
        return Ok(ended());
    };
    if let Some(back) = once_more(&doors, &request, &returned, now).await {
        return Ok(on(&back).finish());
    }
    let login = session::read::<Login>(&request, &doors.session_key, &doors.public_url, now);
    let Some(login) = login else {
        return Ok(ended());
    };
    let Some(code) = code(&returned, &login.state) else {
        return Ok(ended());
    };
    let Some(tenant) = doors.tenant(login.tenant.as_deref()) else {
        return Ok(ended());
    };
    let Some(corp) = doors.corps.get(&tenant.corp) else {
        return Ok(ended());
    };
    let came = Came {
        state: &login.state,
        back: &login.back,
        code,
    };
    if let Err(why) = use_up(&doors, &request, &tenant.corp, came, now).await {
        return Ok(why.page(&doors, &request));
    }
    let who = match corp.client.visitor(code, now).await {
        Ok(Visitor::Member(userid)) => Who::Member(userid),
        Ok(Visitor::Contact(external_userid)) => Who::Contact(external_userid),
        Ok(Visitor::Stranger) => return stranger(&doors, &request, tenant, &login),
        Err(problem) => {
            tracing::warn!(corp = %tenant.corp, %problem, "A login failed.");
            return Ok(ended());
        }
    };
    if login.admin {
        let mut entered = admin::login::enter(&doors, &request, tenant, &who);
        let removal = session::removal::<Login>(&doors.public_url);
        // It is text, and a response takes any number of cookies.
        let _ = entered.add_cookie(&removal);
        return Ok(entered);
    }
    doors.sessions.count(Begun::of(&who));
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

/// The code that a login with this state has brought back.
pub(in crate::http) fn code<'a>(returned: &'a Returned, state: &str) -> Option<&'a str> {
    let given = returned.state.as_deref().unwrap_or_default();
    let code = returned.code.as_deref();
    let code = code.filter(|code| !code.is_empty() && code.len() <= CODE_MAX_BYTES);
    code.filter(|_| bool::from(state.as_bytes().ct_eq(given.as_bytes())))
}

/// On to a path of ours.
pub(in crate::http) fn on(back: &str) -> HttpResponseBuilder {
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
        return Ok(NotIn::Stranger.page(doors, request));
    }
    match &login.tenant {
        Some(tenant_key) if account::is_possible(doors, request, tenant) => {
            account::start(doors, request, tenant, tenant_key, &login.back)
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

/// A login that has come back.
#[derive(Clone, Copy)]
pub(in crate::http) struct Came<'a> {
    /// What tells it from other logins.
    pub(in crate::http) state: &'a str,
    /// Where it leads.
    pub(in crate::http) back: &'a str,
    /// What tells who it is.
    pub(in crate::http) code: &'a str,
}

/// Lets a login go on, once in all processes, if there are not too many of them.
pub(in crate::http) async fn use_up(
    doors: &Doors,
    request: &HttpRequest,
    corp: &CorpId,
    came: Came<'_>,
    now: Timestamp,
) -> Result<(), NotIn> {
    let unavailable = |problem: Problem| {
        tracing::error!(%problem, "A login could not be used up.");
        NotIn::Unavailable
    };
    if !doors.logins.take(address(request), now) {
        tracing::warn!(%corp, "Too many logins came back to one address.");
        return Err(NotIn::TooMany);
    }
    let all = doors.store.take(corp, "logins", LOGINS, 1, now).await;
    if all.map_err(|problem| unavailable(problem.into()))?.granted == 0 {
        tracing::warn!(%corp, "Too many logins came back.");
        return Err(NotIn::TooMany);
    }
    match note(doors, corp, came, now).await.map_err(unavailable)? {
        true => Ok(()),
        false => {
            tracing::warn!(%corp, "A login came back a second time.");
            Err(NotIn::Ended)
        }
    }
}

/// Notes that a login has come back: `false` when that was noted before.
async fn note(
    doors: &Doors,
    corp: &CorpId,
    came: Came<'_>,
    now: Timestamp,
) -> Result<bool, Problem> {
    let used = Used {
        code: doors.session_key.tag("login code", came.code),
        back: came.back.to_owned(),
        by: nonce()?,
    };
    let used = serde_json::to_string(&used).expect("notes are plain structs with text keys");
    let swap = Swap {
        expected: None,
        value: Some(&used),
        // Longer than the login's cookie is good for.
        keep_for: Duration::from_secs(Login::SECONDS.unsigned_abs() + 60),
    };
    let note = note_of(came.state);
    Ok(doors.store.swap_note(corp, &note, swap, now).await?)
}

/// Browsers may load the way back twice (path/91335). Whoever is logged in by then goes on to where the first load led.
pub(in crate::http) async fn once_more(
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

/// An address of ours, below the public URL's own path.
pub(in crate::http) fn own(public_url: &Url, path: &str) -> Result<Url, Problem> {
    let base = format!("{}/{path}", public_url.as_str().trim_end_matches('/'));
    Url::parse(&base).map_err(|_| Problem::bad_request("This address cannot be made."))
}
