//! The client's side of the JS-SDK (path/90506, 94313, 100746, 100749): a stand-in for the script that pages load, and
//! what the client that frames them asks WeCom: are these signatures good, and send this message.

use actix_web::http::header::ContentType;
use actix_web::web::{self, Data, Json, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use url::Url;

use crate::model::ids::{ExternalUserId, UserId};
use crate::model::time::Timestamp;
use crate::sim::Sim;
use crate::sim::console::CustomerApi;
use crate::sim::corp::Corp;
use crate::sim::grants::Ticket;
use crate::sim::ledger::{ChatMessage, Sent};
use crate::sim::oauth::authority;
use crate::sim::pages::is_own_page;
use crate::sim::person::Stage;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .route("/jssdk.js", web::get().to(script))
        .route("/jssdk/register", web::post().to(register))
        .route("/jssdk/send", web::post().to(send));
}

async fn script() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .body(include_str!("pages/jssdk.js"))
}

/// What `ww.register` was given, with the signatures that the page got for its own address.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registration {
    url: String,
    corp_id: String,
    /// A text or a number.
    agent_id: Value,
    config: Option<Signature>,
    agent_config: Option<Signature>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signature {
    /// Seconds; a text or a number.
    timestamp: Value,
    nonce_str: String,
    signature: String,
}

/// One outcome for each identity that was asked for.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Registered {
    config: Option<Outcome>,
    agent_config: Option<Outcome>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    err_msg: String,
    err_code: i64,
}

async fn register(
    sim: Data<Sim>,
    request: HttpRequest,
    registration: Json<Registration>,
) -> HttpResponse {
    if !is_own_page(&request) {
        return HttpResponse::Forbidden().finish();
    }
    HttpResponse::Ok().json(check(&sim.corp(), &registration, sim.now()))
}

fn check(corp: &Corp, registration: &Registration, now: Timestamp) -> Registered {
    let outcome = |name: &str, checked: Result<(), (i64, &str)>| match checked {
        Ok(()) => Outcome {
            err_msg: format!("{name}:ok"),
            err_code: 0,
        },
        Err((err_code, problem)) => Outcome {
            err_msg: format!("{name}:fail {problem}"),
            err_code,
        },
    };
    let (corp_wide, app) = (&registration.config, &registration.agent_config);
    Registered {
        config: corp_wide.as_ref().map(|signature| {
            let checked = check_page(corp, registration)
                .and_then(|()| check_signature(corp, registration, signature, Ticket::Corp, now));
            outcome("config", checked)
        }),
        agent_config: app.as_ref().map(|signature| {
            let checked = check_page(corp, registration)
                .and_then(|()| check_agent(corp, registration))
                .and_then(|()| check_signature(corp, registration, signature, Ticket::Agent, now));
            outcome("agentConfig", checked)
        }),
    }
}

fn check_page(corp: &Corp, registration: &Registration) -> Result<(), (i64, &'static str)> {
    let url = Url::parse(&registration.url).map_err(|_| (-1, "invalid url domain"))?;
    let trusted = corp.console.trusted_domain.as_ref();
    if trusted.is_some_and(|domain| *domain != authority(&url)) {
        return Err((-1, "invalid url domain"));
    }
    if registration.corp_id != corp.id.as_str() {
        return Err((92002, "corpid is not the member's corp"));
    }
    Ok(())
}

fn check_agent(corp: &Corp, registration: &Registration) -> Result<(), (i64, &'static str)> {
    if plain(&registration.agent_id) == corp.agent_id.to_string() {
        Ok(())
    } else {
        Err((40056, "invalid agentid"))
    }
}

/// The signed text names the page as the browser sees it, without `#…`.
fn check_signature(
    corp: &Corp,
    registration: &Registration,
    signature: &Signature,
    ticket: Ticket,
    now: Timestamp,
) -> Result<(), (i64, &'static str)> {
    let seconds = plain(&signature.timestamp);
    if seconds.parse::<i64>().is_err() || signature.nonce_str.is_empty() {
        return Err((40093, "invalid signature"));
    }
    let page = registration.url.split('#').next().unwrap_or_default();
    let signed_with = |ticket: Ticket| {
        let ticket = corp.grants.ticket_given(ticket, now)?;
        let nonce = &signature.nonce_str;
        let text = format!("jsapi_ticket={ticket}&noncestr={nonce}&timestamp={seconds}&url={page}");
        let digest = Sha1::digest(text);
        Some(
            digest
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>(),
        )
    };
    let other = match ticket {
        Ticket::Corp => Ticket::Agent,
        Ticket::Agent => Ticket::Corp,
    };
    if signed_with(ticket).as_ref() == Some(&signature.signature) {
        Ok(())
    } else if signed_with(other).as_ref() == Some(&signature.signature) {
        Err((42012, "jsapi_ticket of the other identity"))
    } else {
        Err((40093, "invalid signature"))
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// A `sendChatMessage` in the chat that frames the page.
#[derive(Deserialize)]
struct Message {
    userid: UserId,
    external_userid: ExternalUserId,
    /// Where the page is open.
    #[serde(default = "single_chat")]
    entry: String,
    content: Value,
}

/// Where a page may send from, of those where there is a customer's chat.
const SENDING_ENTRIES: [&str; 2] = ["single_chat_tools", "group_chat_tools"];

fn single_chat() -> String {
    SENDING_ENTRIES[0].to_owned()
}

async fn send(sim: Data<Sim>, request: HttpRequest, message: Json<Message>) -> HttpResponse {
    if !is_own_page(&request) {
        return HttpResponse::Forbidden().finish();
    }
    let sent = deliver(&mut sim.corp(), message.into_inner(), sim.now());
    let outcome = match sent {
        Ok(()) => json!({"errMsg": "sendChatMessage:ok", "errCode": 0}),
        Err(problem) => json!({"errMsg": format!("sendChatMessage:fail {problem}"), "errCode": -1}),
    };
    HttpResponse::Ok()
        .insert_header(ContentType::json())
        .json(outcome)
}

fn deliver(corp: &mut Corp, message: Message, now: Timestamp) -> Result<(), &'static str> {
    let Message {
        userid,
        external_userid,
        entry,
        content,
    } = message;
    let member = corp.member(&userid).ok_or("no permission")?;
    if corp.console.customer_api != CustomerApi::Listed || !member.serves() {
        return Err("no permission");
    }
    if !SENDING_ENTRIES.contains(&entry.as_str()) {
        return Err("without context of external contact");
    }
    check_content(&content)?;
    let follow = corp.follow_mut(&userid, &external_userid);
    let follow = follow.ok_or("without context of external contact")?;
    match follow.stage {
        Stage::Both | Stage::Chatting => follow.stage = Stage::Chatting,
        Stage::Half | Stage::LeftByContact => return Err("the contact cannot be written to"),
    }
    let sent = Sent::Chat(ChatMessage {
        at: now,
        userid: userid.clone(),
        external_userid: external_userid.clone(),
        content,
    });
    corp.ledger.said(&userid, &external_userid, sent);
    Ok(())
}

fn check_content(content: &Value) -> Result<(), &'static str> {
    let msgtype = content["msgtype"].as_str().unwrap_or_default();
    let field = |name: &str| content[msgtype][name].as_str().unwrap_or_default();
    let is_web = |url: &str| url.starts_with("http://") || url.starts_with("https://");
    match msgtype {
        "text" if field("content").is_empty() => Err("invalid text"),
        "news" if !is_web(field("link")) => Err("invalid link"),
        "news" | "miniprogram" if !field("imgUrl").is_empty() && !is_web(field("imgUrl")) => {
            Err("invalid imgUrl")
        }
        "text" | "news" | "miniprogram" => Ok(()),
        "image" | "video" | "file" => Err("invalid mediaid"),
        _ => Err("invalid msgtype"),
    }
}
