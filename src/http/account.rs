//! The login through the company's service account (服务号), for customers whom WeCom's own login does not know.
//!
//! First a login that nobody notices, which tells the openid: whoever agreed once is known by it. Else a button, and the
//! login with consent when it is pressed, which tells the unionid. WeChat shows an invented person to a page that asks for
//! consent before anybody has pressed anything; such a person is never let in.

use actix_web::http::header::{CACHE_CONTROL, LOCATION, USER_AGENT};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::callback::event::own::OwnEvent;
use crate::http::doors::{Doors, Tenant};
use crate::http::error::Problem;
use crate::http::home;
use crate::http::login::{self, Came, Returned};
use crate::http::nonce::nonce;
use crate::http::not_in::NotIn;
use crate::http::session::{self, Session, Ticketed, Who};
use crate::http::sessions::Begun;
use crate::model::contact::Contact;
use crate::model::follower::Follower;
use crate::model::ids::{CorpId, ExternalUserId};
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::record::Key;
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
    request: &HttpRequest,
    tenant: &Tenant,
    tenant_key: &str,
    back: &str,
) -> Result<HttpResponse, Problem> {
    begin(doors, request, tenant, tenant_key, back, Scope::Base)
}

/// Somebody has pressed the button: the login with consent.
pub(in crate::http) async fn consent(
    doors: web::Data<Doors>,
    request: HttpRequest,
    pressed: Option<web::Query<Pressed>>,
) -> Result<HttpResponse, Problem> {
    let pressed = pressed.map(web::Query::into_inner);
    let known = pressed.filter(|pressed| home::is_at(&pressed.back));
    let found = known.and_then(|it| Some((doors.tenant(Some(&it.tenant_key))?, it)));
    let Some((tenant, Pressed { tenant_key, back })) = found else {
        return Ok(NotIn::Ended.page(&doors, &request));
    };
    begin(
        &doors,
        &request,
        tenant,
        &tenant_key,
        &back,
        Scope::UserInfo,
    )
}

fn begin(
    doors: &Doors,
    request: &HttpRequest,
    tenant: &Tenant,
    tenant_key: &str,
    back: &str,
    scope: Scope,
) -> Result<HttpResponse, Problem> {
    let account = doors.corps.get(&tenant.corp);
    let Some(account) = account.and_then(|corp| corp.account.as_ref()) else {
        return Ok(NotIn::Ended.page(doors, request));
    };
    let state = nonce()?;
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
    let ended = || NotIn::Ended.page(&doors, &request);
    let Some(returned) = returned else {
        return Ok(ended());
    };
    if let Some(back) = login::once_more(&doors, &request, &returned, now).await {
        return Ok(login::on(&back).finish());
    }
    let read = session::read::<AccountLogin>(&request, &doors.session_key, &doors.public_url, now);
    let Some(login) = read else {
        return Ok(ended());
    };
    let found = doors.tenant(Some(&login.tenant));
    let found = found.and_then(|tenant| Some((tenant, doors.corps.get(&tenant.corp)?)));
    let account = found.and_then(|(tenant, corp)| Some((tenant, corp.account.as_ref()?)));
    let (Some(code), Some((tenant, account))) = (login::code(&returned, &login.state), account)
    else {
        return Ok(ended());
    };
    let came = Came {
        state: &login.state,
        back: &login.back,
        code,
    };
    if let Err(why) = login::use_up(&doors, &request, &tenant.corp, came, now).await {
        return Ok(why.page(&doors, &request));
    }
    let person = match account.client.opened(code, now).await {
        Ok(Opened::Person(person)) => person,
        Ok(Opened::Snapshot) => return Ok(button(&doors, &request, tenant, &login)),
        Err(problem) => {
            tracing::warn!(corp = %tenant.corp, %problem, "A login through the service account failed.");
            return Ok(ended());
        }
    };
    let known = match customer(&doors, &tenant.corp, &person).await {
        Ok(known) => known,
        Err(problem) => {
            tracing::error!(%problem, "It could not be found out whose login came back.");
            return Ok(NotIn::Unavailable.page(&doors, &request));
        }
    };
    if let Err(problem) = learn(&doors, &tenant.corp, person, now).await {
        // Who is known is let in all the same; the next login tells it once more.
        tracing::error!(%problem, "It could not be kept who has logged in through the service account.");
    }
    let Some(customer) = known else {
        return Ok(match login.consent {
            true => home::stranger(&doors, &request, tenant),
            false => button(&doors, &request, tenant, &login),
        });
    };
    doors.sessions.count(Begun::CustomerByAccount);
    let session = Session {
        corp: tenant.corp.clone(),
        who: Who::Contact(customer),
    };
    let (key, url) = (&doors.session_key, &doors.public_url);
    Ok(login::on(&login.back)
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
            let follower: Option<Follower> = doors.one(corp, Key::follower(&person.openid)).await?;
            follower.and_then(|follower| follower.unionid)
        }
    };
    let Some(unionid) = unionid else {
        return Ok(None);
    };
    let by_unionid = Key::contact_by_unionid(unionid.as_str());
    let Some(id) = doors.one::<ExternalUserId>(corp, by_unionid).await? else {
        return Ok(None);
    };
    // What led here may be older than the customer's record.
    let contact: Option<Contact> = doors.one(corp, Key::contact(&id)).await?;
    let same = contact.filter(|it| it.unionid.as_deref() == Some(unionid.as_str()));
    Ok(same.map(|it| it.external_userid))
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
