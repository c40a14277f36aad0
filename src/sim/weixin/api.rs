//! The account's API over HTTP, as far as this service needs it.

use actix_web::http::Method;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{Error, HttpRequest, HttpResponse};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::sim::Sim;
use crate::sim::api::request::{Answer, Refused, Request, text};
use crate::sim::api::{cut, note, spell};
use crate::sim::corp::Corp;
use crate::sim::faults::Fault;
use crate::sim::grants::Spent;
use crate::sim::receiver::ReceiverKind;
use crate::sim::weixin::{Account, Login, template, unionid};

/// One call of the API.
struct Call {
    api: &'static str,
    method: Method,
    run: fn(&mut Corp, &Request<'_>) -> Answer,
}

#[rustfmt::skip]
const CALLS: &[Call] = &[
    Call { api: "cgi-bin/stable_token", method: Method::POST, run: stable_token },
    Call { api: "cgi-bin/user/info", method: Method::GET, run: user_info },
    Call { api: "cgi-bin/message/template/send", method: Method::POST, run: template::send },
    Call { api: "sns/oauth2/access_token", method: Method::GET, run: access_token },
    Call { api: "sns/userinfo", method: Method::GET, run: userinfo },
];

/// Answers the calls below `weixin/`; their names in faults and in the ledger begin with that word.
pub(in crate::sim::weixin) async fn answer(
    sim: Data<Sim>,
    path: Path<String>,
    request: HttpRequest,
    body: Result<Bytes, Error>,
) -> HttpResponse {
    let Some(call) = CALLS.iter().find(|call| call.api == path.as_str()) else {
        return HttpResponse::NotFound().finish();
    };
    let name = format!("weixin/{}", call.api);
    let fault = sim.faults().take(&name);
    match &fault {
        Some(Fault::Slow(wait)) => tokio::time::sleep(*wait).await,
        Some(Fault::Cut) => return cut(&sim, &request, &name),
        Some(Fault::Html) => {
            note(&sim, &name, None);
            let page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
            return HttpResponse::Ok().content_type("text/html").body(page);
        }
        Some(Fault::ExpireToken) => {
            if let Some(account) = &mut sim.corp().account {
                account.withdraw_tokens();
            }
        }
        Some(
            Fault::ErrCode(_)
            | Fault::CutAfter
            | Fault::IgnoreAttribute
            | Fault::EditBefore(_)
            | Fault::EditAfter(_),
        )
        | None => {}
    }
    let done = match &fault {
        Some(Fault::ErrCode(code)) => Err(Refused(*code, "scripted")),
        _ => run(&sim, call, &request, body),
    };
    // What became of a message is told before its number is known: nobody has to wait for it.
    let jobs = std::mem::take(&mut sim.corp().ledger.template_jobs);
    for event in jobs {
        sim.push(ReceiverKind::ServiceAccount, &event).await;
    }
    if fault == Some(Fault::CutAfter) {
        return cut(&sim, &request, &name);
    }
    let answer = spell(done);
    note(&sim, &name, answer["errcode"].as_i64());
    HttpResponse::Ok().json(answer)
}

fn run(sim: &Sim, call: &Call, http: &HttpRequest, body: Result<Bytes, Error>) -> Answer {
    if http.method() != call.method {
        return Err(Refused(40058, "the other HTTP method is required"));
    }
    let body = body.map_err(|_| Refused(40206, "request body too large"))?;
    let query = url::form_urlencoded::parse(http.query_string().as_bytes())
        .into_owned()
        .collect();
    let mut request = Request::new(query, &body, sim.now(), None);
    if call.method == Method::POST {
        request.read_json()?;
    }
    (call.run)(&mut sim.corp(), &request)
}

/// The account; without one, its API knows no appid.
pub(in crate::sim::weixin) fn account(corp: &mut Corp) -> Result<&mut Account, Refused> {
    corp.account.as_mut().ok_or(Refused(40013, "invalid appid"))
}

/// Lets in who has the account's token.
pub(in crate::sim::weixin) fn open(corp: &mut Corp, request: &Request<'_>) -> Result<(), Refused> {
    let token = request.query("access_token");
    let opened = account(corp)?.opens(token, request.now);
    opened.map_err(|spent| match spent {
        Spent::Expired => Refused(42001, "access_token expired"),
        Spent::Unknown | Spent::Used => Refused(40001, "invalid credential"),
    })
}

fn stable_token(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let account = account(corp)?;
    let field = |name| text(&request.json, name);
    if field("appid") != account.app_id.as_str() {
        return Err(Refused(40013, "invalid appid"));
    }
    if field("secret") != account.secret.expose_secret() {
        return Err(Refused(40125, "invalid appsecret"));
    }
    if field("grant_type") != "client_credential" {
        return Err(Refused(40002, "invalid grant_type"));
    }
    let (token, life) = account.token(request.now);
    Ok(json!({"access_token": token, "expires_in": life.as_secs()}))
}

fn user_info(corp: &mut Corp, request: &Request<'_>) -> Answer {
    open(corp, request)?;
    let openid = request.query("openid");
    let contact = corp.by_openid(openid);
    let (Some(contact), Some(account)) = (contact, &corp.account) else {
        return Err(Refused(40003, "invalid openid"));
    };
    if !account.follows(&contact.external_userid) {
        return Ok(json!({"subscribe": 0, "openid": openid}));
    }
    let mut answer = json!({"subscribe": 1, "openid": openid, "language": "zh_CN"});
    if let Some(unionid) = unionid(account, contact) {
        answer["unionid"] = json!(unionid);
    }
    Ok(answer)
}

fn access_token(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let account = account(corp)?;
    if request.query("appid") != account.app_id.as_str() {
        return Err(Refused(40013, "invalid appid"));
    }
    if request.query("secret") != account.secret.expose_secret() {
        return Err(Refused(40125, "invalid appsecret"));
    }
    let code = request.query("code");
    if code.is_empty() {
        return Err(Refused(41008, "missing code"));
    }
    let login = account.codes.spend(code, request.now).cloned();
    let login = login.map_err(|spent| match spent {
        Spent::Unknown | Spent::Expired => Refused(40029, "invalid code"),
        Spent::Used => Refused(40163, "code been used"),
    })?;
    let life = crate::sim::grants::TOKEN_LIFE;
    let token = account.web_tokens.give(login.clone(), request.now, life);
    let scope = if login.agreed {
        "snsapi_userinfo"
    } else {
        "snsapi_base"
    };
    let mut answer = json!({
        "access_token": token,
        "expires_in": life.as_secs(),
        "refresh_token": "not-simulated",
        "openid": "oW-of-a-snapshot",
        "scope": scope,
    });
    let Some(id) = &login.who else {
        answer["is_snapshotuser"] = json!(1);
        answer["unionid"] = json!("u-of-a-snapshot");
        return Ok(answer);
    };
    answer["openid"] = json!(Account::openid(id));
    if login.agreed {
        add_unionid(corp, &login, &mut answer)?;
    }
    Ok(answer)
}

fn userinfo(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let token = request.query("access_token");
    let login = account(corp)?.web_tokens.look(token, request.now).cloned();
    let login = login.map_err(|_| Refused(40001, "invalid credential"))?;
    if !login.agreed {
        return Err(Refused(48001, "api unauthorized"));
    }
    // Here nothing tells that it is a snapshot.
    let Some(id) = &login.who else {
        return Ok(json!({
            "openid": "oW-of-a-snapshot", "nickname": "微信用户", "headimgurl": "", "privilege": [],
            "unionid": "u-of-a-snapshot",
        }));
    };
    if request.query("openid") != Account::openid(id) {
        return Err(Refused(40003, "invalid openid"));
    }
    let contact = corp.contact(id).ok_or(Refused(40003, "invalid openid"))?;
    let mut answer = json!({
        "openid": Account::openid(id), "nickname": contact.name, "headimgurl": "", "privilege": [],
    });
    add_unionid(corp, &login, &mut answer)?;
    Ok(answer)
}

fn add_unionid(corp: &Corp, login: &Login, answer: &mut serde_json::Value) -> Result<(), Refused> {
    let contact = login.who.as_ref().and_then(|id| corp.contact(id));
    let contact = contact.ok_or(Refused(40029, "invalid code"))?;
    let account = corp.account.as_ref();
    if let Some(unionid) = account.and_then(|account| unionid(account, contact)) {
        answer["unionid"] = json!(unionid);
    }
    Ok(())
}
