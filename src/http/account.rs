//! The login through the company's service account (服务号), for customers whom WeCom's own login does not know.
//!
//! First a login that nobody notices, which tells the openid: whoever agreed once is known by it. Else a button, and the
//! login with consent when it is pressed, which tells the unionid. WeChat shows an invented person to a page that asks for
//! consent before anybody has pressed anything; such a person is never let in.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION, USER_AGENT};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use crate::callback::event::own::OwnEvent;
use crate::http::doors::{Doors, Tenant};
use crate::http::error::Problem;
use crate::http::home;
use crate::http::login::{self, Returned};
use crate::http::page::notice;
use crate::http::session::{self, Session, Ticketed, Who};
use crate::model::contact::Contact;
use crate::model::follower::Follower;
use crate::model::ids::{CorpId, ExternalUserId};
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::record::{Key, Record};
use crate::weixin::oauth::{self, Opened, Person, Scope};

/// A login under way: bound to this browser, good for ten minutes and one use.
#[derive(Serialize, Deserialize)]
struct AccountLogin {
    state: String,
    tenant: String,
    back: String,
    /// Whether the person has been asked to agree.
    consent: bool,
}

impl Ticketed for AccountLogin {
    const NAME: &'static str = "wb_account_login";
    const SECONDS: i64 = 600;
}

/// Where somebody goes who presses the button.
#[derive(Deserialize)]
pub(in crate::http) struct Pressed {
    #[serde(rename = "tenantKey")]
    tenant_key: String,
    back: String,
}

/// Whether a login through the account makes sense: the corp has one, and the page is open in WeChat. WeCom cannot open
/// the account's login.
pub(in crate::http) fn is_possible(doors: &Doors, request: &HttpRequest, tenant: &Tenant) -> bool {
    let corp = doors.corps.get(&tenant.corp);
    let agent = request.headers().get(USER_AGENT);
    let agent = agent
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default();
    corp.is_some_and(|corp| corp.account.is_some())
        && !agent.to_ascii_lowercase().contains("wxwork")
}

/// Sends the browser to the account's login that nobody notices, to come back to `back`, a customer's page.
pub(in crate::http) fn start(
    doors: &Doors,
    tenant: &Tenant,
    tenant_key: &str,
    back: &str,
) -> Result<HttpResponse, Problem> {
    begin(doors, tenant, tenant_key, back, Scope::Base)
}

/// Somebody has pressed the button: the login with consent.
pub(in crate::http) async fn consent(
    doors: web::Data<Doors>,
    pressed: Option<web::Query<Pressed>>,
) -> Result<HttpResponse, Problem> {
    let pressed = pressed.map(web::Query::into_inner);
    let known = pressed.filter(|pressed| home::is_at(&pressed.back));
    let found = known.and_then(|it| Some((doors.tenant(Some(&it.tenant_key))?, it)));
    let Some((tenant, Pressed { tenant_key, back })) = found else {
        return Ok(again(&doors));
    };
    begin(&doors, tenant, &tenant_key, &back, Scope::UserInfo)
}

fn begin(
    doors: &Doors,
    tenant: &Tenant,
    tenant_key: &str,
    back: &str,
    scope: Scope,
) -> Result<HttpResponse, Problem> {
    let account = doors.corps.get(&tenant.corp);
    let Some(account) = account.and_then(|corp| corp.account.as_ref()) else {
        return Ok(again(doors));
    };
    let state = login::nonce()?;
    let here = login::own(&doors.public_url, "login/account")?;
    let app_id = account.client.app_id();
    let to = oauth::authorize_url(&doors.weixin_oauth_base, app_id, scope, &here, &state);
    let login = AccountLogin {
        state,
        tenant: tenant_key.to_owned(),
        back: back.to_owned(),
        consent: scope == Scope::UserInfo,
    };
    let now = doors.clock.now();
    let cookie = session::cookie(login, &doors.session_key, &doors.public_url, now);
    Ok(HttpResponse::Found()
        .insert_header((LOCATION, to.as_str()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .cookie(cookie)
        .finish())
}

/// The browser comes back from the account's login.
pub(in crate::http) async fn callback(
    doors: web::Data<Doors>,
    request: HttpRequest,
    returned: Option<web::Query<Returned>>,
) -> Result<HttpResponse, Problem> {
    let now = doors.clock.now();
    let read = session::read::<AccountLogin>(&request, &doors.session_key, &doors.public_url, now);
    let (Some(returned), Some(login)) = (returned, read) else {
        return Ok(again(&doors));
    };
    let state = returned.state.as_deref().unwrap_or_default();
    let same = bool::from(login.state.as_bytes().ct_eq(state.as_bytes()));
    let code = returned.code.as_deref();
    let code = code.filter(|code| same && !code.is_empty() && code.len() <= 512);
    let found = doors.tenant(Some(&login.tenant));
    let found = found.and_then(|tenant| Some((tenant, doors.corps.get(&tenant.corp)?)));
    let account = found.and_then(|(tenant, corp)| Some((tenant, corp.account.as_ref()?)));
    let (Some(code), Some((tenant, account))) = (code, account) else {
        return Ok(again(&doors));
    };
    let once = login::use_up(&doors, &tenant.corp, &login.state, &login.back, code, now).await?;
    if !once {
        tracing::warn!(corp = %tenant.corp, "A login through the service account came back a second time.");
        return Ok(again(&doors));
    }
    let person = match account.client.opened(code, now).await {
        Ok(Opened::Person(person)) => person,
        Ok(Opened::Snapshot) => return Ok(button(&doors, &request, tenant, &login)),
        Err(problem) => {
            tracing::warn!(corp = %tenant.corp, %problem, "A login through the service account failed.");
            return Ok(again(&doors));
        }
    };
    let known = customer(&doors, &tenant.corp, &person).await?;
    learn(&doors, &tenant.corp, person, now).await?;
    let Some(customer) = known else {
        return Ok(match login.consent {
            true => home::stranger(&doors, &request, tenant),
            false => button(&doors, &request, tenant, &login),
        });
    };
    let session = Session {
        corp: tenant.corp.clone(),
        who: Who::Contact(customer),
    };
    let (key, url) = (&doors.session_key, &doors.public_url);
    Ok(HttpResponse::Found()
        .insert_header((LOCATION, login.back))
        .insert_header((CACHE_CONTROL, "no-store"))
        .cookie(session::cookie(session, key, url, now))
        .cookie(session::removal::<AccountLogin>(url))
        .finish())
}

/// The customer with this person's unionid: the one that was told now, or by an earlier consent.
async fn customer(
    doors: &Doors,
    corp: &CorpId,
    person: &Person,
) -> Result<Option<ExternalUserId>, StoreError> {
    let unionid = match &person.unionid {
        Some(unionid) => Some(unionid.clone()),
        None => {
            let follower: Option<Follower> =
                read(doors, corp, Key::follower(&person.openid)).await?;
            follower.and_then(|follower| follower.unionid)
        }
    };
    let Some(unionid) = unionid else {
        return Ok(None);
    };
    let by_unionid = Key::contact_by_unionid(unionid.as_str());
    let Some(id) = read::<ExternalUserId>(doors, corp, by_unionid).await? else {
        return Ok(None);
    };
    // What led here may be older than the customer's record.
    let contact: Option<Contact> = read(doors, corp, Key::contact(&id)).await?;
    let same = contact.filter(|it| it.unionid.as_deref() == Some(unionid.as_str()));
    Ok(same.map(|it| it.external_userid))
}

async fn read<T: serde::de::DeserializeOwned>(
    doors: &Doors,
    corp: &CorpId,
    key: Key,
) -> Result<Option<T>, StoreError> {
    let records = doors.store.read(corp, &[key]).await?;
    let found = records.first().map(Record::parse::<T>).transpose()?;
    Ok(found.flatten())
}

/// Has the person's ids joined, so that the next login needs no consent and reminders find them; and has it seen whether
/// they follow, which nobody tells where the account has no receiver.
async fn learn(
    doors: &Doors,
    corp: &CorpId,
    person: Person,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Person {
        openid, unionid, ..
    } = person;
    let event = OwnEvent::RefreshFollower { openid, unionid };
    let (key, delivery) = event.delivery(now);
    doors.store.accept(corp, key, &delivery).await.map(drop)
}

/// Asks the person to agree, by a button.
fn button(
    doors: &Doors,
    request: &HttpRequest,
    tenant: &Tenant,
    login: &AccountLogin,
) -> HttpResponse {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("tenantKey", &login.tenant);
    query.append_pair("back", &login.back);
    let to = format!("/login/account/consent?{}", query.finish());
    home::agree(doors, request, tenant, &to)
}

fn again(doors: &Doors) -> HttpResponse {
    let text = "请关闭此页面，从微信重新打开。";
    notice(doors, StatusCode::FORBIDDEN, "登录已失效", text)
}
