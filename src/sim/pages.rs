//! Pages for people: what the corp looks like, buttons for what its people do, a chat with its toolbar, the app's
//! window of a member, and a member's profile card. Plain forms; only the toolbar needs a script.

mod chat;
pub(in crate::sim) mod consent;
mod doing;
mod overview;
mod profile;
mod weixin;
pub(in crate::sim) mod who;
mod window;

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use url::Url;

use crate::model::time::Timestamp;
use crate::sim::Sim;
use crate::sim::grants::Visitor;
use crate::sim::oauth::{AS, visitor};

/// People's texts cannot become scripts. Any page may be framed as the toolbar, any link may be opened, and cards have
/// pictures from anywhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data: https:; \
    connect-src 'self'; frame-src http: https:; form-action 'self'; base-uri 'none'";

/// How many people a page lists; a corp may have thousands.
const PEOPLE: usize = 100;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(overview::page))
        .route(
            "/chat/{userid}/{external_userid}",
            web::get().to(chat::page),
        )
        .route("/window/{userid}", web::get().to(window::page))
        .route(
            "/weixin/window/{external_userid}",
            web::get().to(weixin::page),
        )
        .route("/profile/{userid}", web::get().to(profile::page))
        .route("/open", web::get().to(open))
        .route("/do/{doing}", web::post().to(doing::perform))
        .route("/sim.css", web::get().to(style))
        .route("/chat.js", web::get().to(script));
}

/// Whether a POST comes from a page of this simulator, and not from another site in the same browser.
pub(crate) fn is_own_page(request: &HttpRequest) -> bool {
    let Some(origin) = request.headers().get("origin") else {
        return true;
    };
    let host = request
        .headers()
        .get("host")
        .and_then(|host| host.to_str().ok());
    let origin = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.strip_prefix("http://"));
    origin.is_some() && origin == host
}

async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .body(include_str!("pages/sim.css"))
}

async fn script() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .body(include_str!("pages/chat.js"))
}

/// A link out of one of these pages, opened as somebody.
#[derive(Deserialize)]
struct Link {
    r#as: String,
    to: String,
}

/// Logs somebody in and goes where the link leads; only to web addresses.
async fn open(sim: Data<Sim>, request: HttpRequest, link: Query<Link>) -> HttpResponse {
    let Some(who) = visitor(&sim.corp(), &link.r#as) else {
        return missing("没有这个人");
    };
    let to = Url::parse(&link.to).ok();
    let Some(to) = to.filter(|url| matches!(url.scheme(), "http" | "https")) else {
        return missing("链接无效");
    };
    let answer = HttpResponse::Found()
        .insert_header(("location", to.as_str()))
        .finish();
    log_in(&who, &request, answer)
}

/// The cookies of the service's pages begin with this. They are on the same host as this simulator, if not on its port.
const SERVICE_COOKIES: &str = "wb_";

/// Makes this browser somebody's. Another person has another browser in life, so what the service's pages remember of
/// the one before is forgotten.
fn log_in(who: &Visitor, request: &HttpRequest, mut answer: HttpResponse) -> HttpResponse {
    let own = login(who);
    // A cookie that is made here or came in a header fits into one.
    let _ = answer.add_cookie(&own);
    let before = request.cookie(AS);
    if before.is_some_and(|before| before.value() == own.value()) {
        return answer;
    }
    let cookies = request.cookies();
    for cookie in cookies.iter().flat_map(|cookies| cookies.iter()) {
        if cookie.name().starts_with(SERVICE_COOKIES) {
            let mut gone = cookie.clone();
            gone.set_path("/");
            let _ = answer.add_removal_cookie(&gone);
        }
    }
    answer
}

/// The cookie that makes `authorize` know who it is.
fn login(who: &Visitor) -> Cookie<'static> {
    let value = match who {
        Visitor::Member(userid) => format!("member:{userid}"),
        Visitor::Contact(id) => format!("contact:{id}"),
    };
    Cookie::build(AS, value)
        .path("/")
        .same_site(SameSite::Lax)
        .finish()
}

/// The address of [`open`] for somebody.
fn link_as(who: &Visitor, to: &str) -> String {
    let cookie = login(who);
    let query = [(AS, cookie.value()), ("to", to)];
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query)
        .finish();
    format!("/open?{query}")
}

/// Such as `08:30:00`, in UTC.
fn time_of_day(at: Timestamp) -> String {
    let at = at.to_string();
    at.get(11..19).unwrap_or(&at).to_owned()
}

fn render(page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(html) => HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .insert_header(("cache-control", "no-store"))
            .insert_header(("content-security-policy", CONTENT_SECURITY_POLICY))
            .body(html),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

fn missing(problem: &str) -> HttpResponse {
    refuse(StatusCode::NOT_FOUND, problem)
}

fn refuse(status: StatusCode, problem: &str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/plain; charset=utf-8")
        .body(problem.to_owned())
}
