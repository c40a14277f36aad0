//! The API over HTTP: which calls there are, which token opens which, and what goes wrong when a fault is scripted.
//! The calls themselves are plain functions over the corp.

pub(in crate::sim) mod request;

mod contact;
mod group;
mod login;
mod member;
mod profile;
mod served;
mod token;
mod welcome;

mod card;
mod card_blocks;
mod card_check;
mod message;

use std::net::Shutdown;

use actix_web::http::Method;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{Error, HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::sim::api::request::{Answer, Refused, Request};
use crate::sim::console::{ContactEdit, CustomerApi, ExpiredToken, TrustedIps};
use crate::sim::corp::Corp;
use crate::sim::faults::Fault;
use crate::sim::grants::{Secret, Spent};
use crate::sim::ledger::ApiCall;
use crate::sim::{Connection, Sim};

/// The largest body that is read; more is 40206.
pub(crate) const MAX_BODY: usize = 2 << 20;

/// One call of the API.
struct Call {
    api: &'static str,
    method: Method,
    opened_by: Token,
    run: fn(&mut Corp, &Request<'_>) -> Answer,
}

/// Which token opens a call; the other kinds are refused (path/90313, 96079).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    /// None is needed.
    Nothing,
    /// Both.
    Any,
    /// The app's; 48002 for contact-sync.
    App,
    /// The app's, when it is listed for the customer API; 48002 otherwise.
    CustomerApp,
    /// The app's; 48009 for contact-sync, which cannot read from new addresses.
    Reader,
    /// Contact-sync's; 48002 for the app.
    ContactSync,
    /// Contact-sync's, when it may edit; 48002 otherwise.
    Editor,
}

#[rustfmt::skip]
const CALLS: &[Call] = &[
    Call { api: "gettoken", method: Method::GET, opened_by: Token::Nothing, run: token::gettoken },
    Call { api: "getcallbackip", method: Method::GET, opened_by: Token::Any, run: token::getcallbackip },
    Call { api: "get_jsapi_ticket", method: Method::GET, opened_by: Token::App, run: token::get_jsapi_ticket },
    Call { api: "ticket/get", method: Method::GET, opened_by: Token::App, run: token::ticket_get },
    Call { api: "auth/getuserinfo", method: Method::GET, opened_by: Token::App, run: login::getuserinfo },
    Call { api: "externalcontact/get_follow_user_list", method: Method::GET, opened_by: Token::CustomerApp, run: contact::get_follow_user_list },
    Call { api: "externalcontact/list", method: Method::GET, opened_by: Token::CustomerApp, run: contact::list },
    Call { api: "externalcontact/get", method: Method::GET, opened_by: Token::CustomerApp, run: contact::get },
    Call { api: "externalcontact/batch/get_by_user", method: Method::POST, opened_by: Token::CustomerApp, run: contact::get_by_user },
    Call { api: "externalcontact/contact_list", method: Method::POST, opened_by: Token::CustomerApp, run: served::contact_list },
    Call { api: "externalcontact/groupchat/list", method: Method::POST, opened_by: Token::CustomerApp, run: group::list },
    Call { api: "externalcontact/groupchat/get", method: Method::POST, opened_by: Token::CustomerApp, run: group::get },
    Call { api: "externalcontact/get_corp_tag_list", method: Method::POST, opened_by: Token::CustomerApp, run: group::get_corp_tag_list },
    Call { api: "externalcontact/send_welcome_msg", method: Method::POST, opened_by: Token::CustomerApp, run: welcome::send_welcome_msg },
    Call { api: "user/get", method: Method::GET, opened_by: Token::Reader, run: member::get },
    Call { api: "user/simplelist", method: Method::GET, opened_by: Token::Reader, run: member::simplelist },
    Call { api: "user/list", method: Method::GET, opened_by: Token::Reader, run: member::list },
    Call { api: "user/list_id", method: Method::POST, opened_by: Token::ContactSync, run: member::list_id },
    Call { api: "user/update", method: Method::POST, opened_by: Token::Editor, run: profile::update },
    Call { api: "department/simplelist", method: Method::GET, opened_by: Token::Any, run: member::department_simplelist },
    Call { api: "message/send", method: Method::POST, opened_by: Token::App, run: message::send },
    Call { api: "message/update_template_card", method: Method::POST, opened_by: Token::App, run: card::update_template_card },
];

/// Answers everything below `/cgi-bin/`.
pub(crate) async fn answer(
    sim: Data<Sim>,
    path: Path<String>,
    request: HttpRequest,
    body: Result<Bytes, Error>,
) -> HttpResponse {
    let api = path.into_inner();
    let Some(call) = CALLS.iter().find(|call| call.api == api) else {
        return HttpResponse::NotFound().finish();
    };
    let fault = sim.faults().take(&api);
    match &fault {
        Some(Fault::Slow(wait)) => tokio::time::sleep(*wait).await,
        Some(Fault::Cut) => return cut(&sim, &request, &api),
        Some(Fault::Html) => {
            note(&sim, &api, None);
            let page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
            return HttpResponse::Ok().content_type("text/html").body(page);
        }
        Some(Fault::ExpireToken) => sim.corp().grants.withdraw_tokens(),
        Some(Fault::EditBefore(edit)) => sim.corp().edit_profile(edit),
        Some(
            Fault::ErrCode(_) | Fault::CutAfter | Fault::IgnoreAttribute | Fault::EditAfter(_),
        )
        | None => {}
    }
    let done = match &fault {
        Some(Fault::ErrCode(code)) => Err(Refused(*code, "scripted")),
        _ => run(&sim, call, &request, body, fault.as_ref()),
    };
    if let Some(Fault::EditAfter(edit)) = &fault {
        sim.corp().edit_profile(edit);
    }
    if fault == Some(Fault::CutAfter) {
        return cut(&sim, &request, &api);
    }
    let answer = spell(done);
    note(&sim, &api, answer["errcode"].as_i64());
    HttpResponse::Ok().json(answer)
}

/// From the request to the corp: verb, token and body are checked in this order.
fn run(
    sim: &Sim,
    call: &Call,
    http: &HttpRequest,
    body: Result<Bytes, Error>,
    fault: Option<&Fault>,
) -> Answer {
    if http.method() != call.method {
        return Err(Refused(40058, "the other HTTP method is required"));
    }
    let body = body.map_err(|_| Refused(40206, "request body too large"))?;
    let query = url::form_urlencoded::parse(http.query_string().as_bytes())
        .into_owned()
        .collect();
    let mut request = Request::new(query, &body, sim.now(), fault);
    let mut corp = sim.corp();
    if call.opened_by != Token::Nothing {
        open(&corp, call.opened_by, &request)?;
    }
    if call.method == Method::POST {
        request.read_json()?;
    }
    (call.run)(&mut corp, &request)
}

fn open(corp: &Corp, opened_by: Token, request: &Request<'_>) -> Result<(), Refused> {
    let token = request.query("access_token");
    if token.is_empty() {
        return Err(Refused(41001, "access_token missing"));
    }
    let secret = match (
        corp.grants.secret_of(token, request.now),
        corp.console.expired_token,
    ) {
        (Ok(secret), _) => secret,
        (Err(Spent::Expired), ExpiredToken::Expired) => {
            return Err(Refused(42001, "access_token expired"));
        }
        (Err(_), _) => return Err(Refused(40014, "invalid access_token")),
    };
    let ips = match secret {
        Secret::App => corp.console.app_ips,
        Secret::ContactSync => corp.console.contact_sync_ips,
    };
    if ips == TrustedIps::NotListed {
        return Err(Refused(60020, "not allow to access from your ip"));
    }
    let listed = corp.console.customer_api == CustomerApi::Listed;
    let edits = corp.console.contact_edit == ContactEdit::Allowed;
    match (opened_by, secret) {
        (Token::Nothing | Token::Any, _)
        | (Token::App | Token::Reader, Secret::App)
        | (Token::ContactSync, Secret::ContactSync) => Ok(()),
        (Token::CustomerApp, Secret::App) if listed => Ok(()),
        (Token::Editor, Secret::ContactSync) if edits => Ok(()),
        (Token::Reader, Secret::ContactSync) => Err(Refused(48009, "no read permission")),
        (Token::App | Token::CustomerApp | Token::Editor, _)
        | (Token::ContactSync, Secret::App) => Err(Refused(48002, "API forbidden")),
    }
}

/// `errcode` and `errmsg` around an answer. The text of a refusal looks like WeCom's: a hint and an address follow.
pub(in crate::sim) fn spell(done: Answer) -> Value {
    match done {
        Ok(mut answer) => {
            answer["errcode"] = json!(0);
            answer["errmsg"] = json!("ok");
            answer
        }
        Err(Refused(code, text)) => {
            let more = format!("https://open.work.weixin.qq.com/devtool/query?e={code}");
            let hint = "hint: [1700000000000000000000000], from ip: 127.0.0.1";
            json!({"errcode": code, "errmsg": format!("{text}, {hint}, more info at {more}")})
        }
    }
}

pub(in crate::sim) fn note(sim: &Sim, api: &str, errcode: Option<i64>) {
    sim.corp().ledger.called(ApiCall {
        at: sim.now(),
        api: api.into(),
        errcode,
    });
}

/// Closes the connection under the answer that actix is going to write.
pub(in crate::sim) fn cut(sim: &Sim, request: &HttpRequest, api: &str) -> HttpResponse {
    note(sim, api, None);
    if let Some(Connection(stream)) = request.conn_data::<Connection>() {
        // It may be closed already; that is what is wanted.
        let _ = stream.shutdown(Shutdown::Both);
    }
    HttpResponse::Ok().force_close().finish()
}
