//! The account's `connect/oauth2/authorize`, on its own base path here. Who sits in front of the browser is told as for
//! WeCom's; only WeChat opens it.

use std::collections::HashMap;

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use url::Url;

use crate::sim::Sim;
use crate::sim::corp::Corp;
use crate::sim::grants::{LOGIN_LIFE, Visitor};
use crate::sim::oauth::{AS, visitor};
use crate::sim::pages::consent;
use crate::sim::weixin::{Account, Login, Snapshots};

/// `state` is letters and digits, at most 128 bytes.
const MAX_STATE: usize = 128;

/// The query parameter by which the page that asks for consent says yes.
const AGREED: &str = "agreed";

pub(in crate::sim::weixin) async fn authorize(
    sim: Data<Sim>,
    request: HttpRequest,
    query: Query<HashMap<String, String>>,
) -> HttpResponse {
    let given = |name: &str| query.get(name).map_or("", String::as_str);
    let mut corp = sim.corp();
    let redirect = match corp.account.as_ref() {
        None => return refuse("appid 参数错误"),
        Some(account) => match check(account, given) {
            Ok(redirect) => redirect,
            Err(problem) => return refuse(problem),
        },
    };
    let cookie = request.cookie(AS);
    let who = match given(AS) {
        "" => cookie.as_ref().map_or("", |cookie| cookie.value()),
        who => who,
    };
    let Some(Visitor::Contact(id)) = visitor(&corp, who) else {
        return refuse("请在微信客户端打开链接");
    };
    let name = name_of(&corp, &id);
    let Some(account) = corp.account.as_mut() else {
        return refuse("appid 参数错误");
    };
    let login = match (given("scope"), account.snapshots, given(AGREED)) {
        ("snsapi_base", _, _) => Login {
            who: Some(id),
            agreed: false,
        },
        (_, Snapshots::Always, _) => Login {
            who: None,
            agreed: true,
        },
        (_, Snapshots::Never, "yes") => Login {
            who: Some(id),
            agreed: true,
        },
        (_, Snapshots::Never, _) => {
            let again = format!(
                "/weixin/connect/oauth2/authorize?{}&{AGREED}=yes",
                request.query_string()
            );
            return consent::page(&name, &again);
        }
    };
    let code = account.codes.give(login, sim.now(), LOGIN_LIFE);
    let mut to = redirect;
    to.query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", given("state"));
    HttpResponse::Found()
        .insert_header(("location", to.as_str()))
        .finish()
}

fn name_of(corp: &Corp, id: &crate::model::ids::ExternalUserId) -> String {
    corp.contact(id)
        .map_or_else(String::new, |contact| contact.name.clone())
}

fn check<'q>(account: &Account, given: impl Fn(&str) -> &'q str) -> Result<Url, &'static str> {
    if given("appid") != account.app_id.as_str() {
        return Err("appid 参数错误");
    }
    if given("response_type") != "code" {
        return Err("response_type 参数错误");
    }
    if !["snsapi_base", "snsapi_userinfo"].contains(&given("scope")) {
        return Err("scope 参数错误");
    }
    let state = given("state");
    if state.len() > MAX_STATE || !state.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err("state 参数错误");
    }
    let redirect = Url::parse(given("redirect_uri")).ok();
    let redirect = redirect.filter(|url| matches!(url.scheme(), "http" | "https"));
    let redirect = redirect.ok_or("redirect_uri 参数错误")?;
    match &account.oauth_domain {
        Some(domain) if redirect.host_str() != Some(domain) => {
            Err("redirect_uri 域名与后台配置不一致")
        }
        _ => Ok(redirect),
    }
}

fn refuse(problem: &str) -> HttpResponse {
    HttpResponse::BadRequest()
        .content_type("text/plain; charset=utf-8")
        .body(problem.to_owned())
}
