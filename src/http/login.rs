//! Corp OAuth (网页授权, path/91335): who is at this page?

use std::fmt::Write;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use url::Url;

use crate::http::admin;
use crate::http::doors::{Doors, Tenant};
use crate::http::error::Problem;
use crate::http::page::notice;
use crate::http::session::{self, Session, Ticketed, Who};
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
    code: Option<String>,
    state: Option<String>,
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
    let login = session::read::<Login>(&request, &doors.session_key, &doors.public_url, now);
    let (Some(returned), Some(login)) = (returned, login) else {
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
    let who = match corp.client.visitor(code, now).await {
        Ok(Visitor::Member(userid)) => Who::Member(userid),
        Ok(Visitor::Contact(external_userid)) => Who::Contact(external_userid),
        Ok(Visitor::Stranger) => {
            let text = "这个页面只对企业成员及其客户开放。";
            return Ok(notice(
                &doors,
                StatusCode::FORBIDDEN,
                "无法确认您的身份",
                text,
            ));
        }
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
    Ok(HttpResponse::Found()
        .insert_header((LOCATION, login.back))
        .insert_header((CACHE_CONTROL, "no-store"))
        .cookie(session::cookie(
            session,
            &doors.session_key,
            &doors.public_url,
            now,
        ))
        .cookie(session::removal::<Login>(&doors.public_url))
        .finish())
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
