//! `connect/oauth2/authorize` (path/91335), which stands on another host at WeCom. Who sits in front of the browser is
//! told by the query or the cookie `as`, which the pages set: `member:ID` or `contact:ID`. Without them they are asked.

use std::collections::HashMap;

use actix_web::web::{self, Data, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use url::Url;

use crate::model::ids::{ExternalUserId, UserId};
use crate::sim::Sim;
use crate::sim::corp::Corp;
use crate::sim::grants::Visitor;
use crate::sim::pages::who;

/// The cookie and query parameter that play the login.
pub(crate) const AS: &str = "as";
/// `state` is letters and digits, at most 128 bytes (84025).
const MAX_STATE: usize = 128;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.route("/connect/oauth2/authorize", web::get().to(authorize));
}

/// Reads `member:ID` or `contact:ID`, when that person exists.
pub(crate) fn visitor(corp: &Corp, text: &str) -> Option<Visitor> {
    match text.split_once(':')? {
        ("member", id) => {
            let member = corp.member(&UserId::parse(id).ok()?)?;
            Some(Visitor::Member(member.userid.clone()))
        }
        ("contact", id) => {
            let contact = corp.contact(&ExternalUserId::parse(id).ok()?)?;
            Some(Visitor::Contact(contact.external_userid.clone()))
        }
        _ => None,
    }
}

async fn authorize(
    sim: Data<Sim>,
    request: HttpRequest,
    query: Query<HashMap<String, String>>,
) -> HttpResponse {
    let given = |name: &str| query.get(name).map_or("", String::as_str);
    let mut corp = sim.corp();
    let redirect = match check(&corp, given) {
        Ok(redirect) => redirect,
        Err(problem) => return refuse(problem),
    };
    let cookie = request.cookie(AS);
    let who = match given(AS) {
        "" => cookie.as_ref().map_or("", |cookie| cookie.value()),
        who => who,
    };
    let Some(visitor) = visitor(&corp, who) else {
        let address = request.uri().to_string();
        return who::page(&corp, &address);
    };
    let code = corp.grants.login(visitor, sim.now());
    let mut to = redirect;
    to.query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", given("state"));
    HttpResponse::Found()
        .insert_header(("location", to.as_str()))
        .finish()
}

fn check<'q>(corp: &Corp, given: impl Fn(&str) -> &'q str) -> Result<Url, &'static str> {
    if given("appid") != corp.id.as_str() {
        return Err("appid 参数错误 (40013)");
    }
    if given("response_type") != "code" {
        return Err("response_type 参数错误");
    }
    match given("scope") {
        "snsapi_base" => {}
        // Without agentid it is silently taken as snsapi_base, and it gives nothing more here.
        "snsapi_privateinfo" => {}
        _ => return Err("scope 参数错误"),
    }
    let agentid = given("agentid");
    if !agentid.is_empty() && agentid != corp.agent_id.to_string() {
        return Err("agentid 参数错误 (40056)");
    }
    let state = given("state");
    if state.len() > MAX_STATE || !state.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err("state 参数错误 (84025)");
    }
    let redirect = Url::parse(given("redirect_uri")).ok();
    let redirect = redirect.filter(|url| matches!(url.scheme(), "http" | "https"));
    let redirect = redirect.ok_or("redirect_uri 参数错误")?;
    match &corp.console.trusted_domain {
        Some(domain) if *domain != authority(&redirect) => {
            Err("redirect_uri 与配置的授权完成回调域名不一致 (50001)")
        }
        _ => Ok(redirect),
    }
}

/// `host`, or `host:port` when the port is not the scheme's own.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn refuse(problem: &str) -> HttpResponse {
    HttpResponse::BadRequest()
        .content_type("text/plain; charset=utf-8")
        .body(problem.to_owned())
}
