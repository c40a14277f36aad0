//! Pages: rendering, the headers that keep them safe, and the files that they load.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, IF_NONE_MATCH, LOCATION,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::http::doors::Doors;
use crate::http::error::Problem;

const STYLE: &[u8] = include_bytes!("pages/style.css");
const HOME_STYLE: &[u8] = include_bytes!("pages/home/home.css");
const HOME_SCRIPT: &[u8] = include_bytes!("pages/home/home.js");
const ADMIN_STYLE: &[u8] = include_bytes!("pages/admin/admin.css");
const ADMIN_SCRIPT: &[u8] = include_bytes!("pages/admin/admin.js");
const SIDEBAR_STYLE: &[u8] = include_bytes!("pages/sidebar/sidebar.css");
const SIDEBAR_CLIENT: &[u8] = include_bytes!("pages/sidebar/client.js");
const SIDEBAR_SCRIPT: &[u8] = include_bytes!("pages/sidebar/sidebar.js");
const ITEMS_STYLE: &[u8] = include_bytes!("pages/items/items.css");
const ITEMS_SCRIPT: &[u8] = include_bytes!("pages/items/items.js");
const FILES_STYLE: &[u8] = include_bytes!("pages/files/files.css");
const FILES_SCRIPT: &[u8] = include_bytes!("pages/files/files.js");
const JSSDK: &[u8] = include_bytes!("pages/vendor/wecom-jssdk-2.4.4.js");

/// What may run on a page of the company's own, and style it.
const COMPANY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page that says one thing.
#[derive(Template)]
#[template(path = "notice.html")]
struct Notice<'a> {
    title: &'a str,
    text: &'a str,
}

/// Renders a page that says one thing.
pub(in crate::http) fn notice(
    doors: &Doors,
    status: StatusCode,
    title: &str,
    text: &str,
) -> HttpResponse {
    render(doors, status, &Notice { title, text })
}

/// Renders a page. Nothing but our own files may run on it or style it, and nobody else may frame it.
pub(in crate::http) fn render(
    doors: &Doors,
    status: StatusCode,
    page: &impl Template,
) -> HttpResponse {
    html(status, &content_security_policy(doors), page)
}

/// Renders a page of the company's own: only our own style and script, no frame round it, and forms go nowhere else.
pub(in crate::http) fn respond(status: StatusCode, page: &impl Template) -> HttpResponse {
    let mut response = html(status, COMPANY_POLICY, page);
    let deny = HeaderValue::from_static("DENY");
    response.headers_mut().insert(X_FRAME_OPTIONS, deny);
    response
}

/// To another page of ours.
pub(in crate::http) fn see(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, path))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

fn html(status: StatusCode, policy: &str, page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(html) => HttpResponse::build(status)
            .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((CONTENT_SECURITY_POLICY, policy))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((REFERRER_POLICY, "same-origin"))
            .body(html),
        Err(problem) => {
            tracing::error!(%problem, "A page could not be rendered.");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// What may run on a page, style it, and frame it.
pub(in crate::http) fn content_security_policy(doors: &Doors) -> String {
    // The simulator's chat window frames the toolbar page and brings its own JS-SDK.
    let trusted = match &doors.jssdk_url {
        Some(simulator) => format!("'self' {}", simulator.origin().ascii_serialization()),
        None => "'self'".to_owned(),
    };
    // Customers see the QR code of the company's service account, which lies where its console put it.
    let mut pictures = "'self' data:".to_owned();
    for tenant in doors.tenants.values() {
        if let Some(qr_code) = &tenant.account_qr_code {
            pictures = format!("{pictures} {}", qr_code.origin().ascii_serialization());
        }
    }
    format!(
        "default-src 'none'; script-src {trusted}; style-src 'self'; img-src {pictures}; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {trusted}"
    )
}

/// Whether the browser has what this tag stands for. A proxy that compresses makes tags weak.
pub(in crate::http) fn is_known(request: &HttpRequest, tag: &str) -> bool {
    let known = request.headers().get(IF_NONE_MATCH);
    let known = known.and_then(|known| known.to_str().ok());
    known.is_some_and(|known| {
        let mut known = known.split(',').map(str::trim);
        known.any(|known| known.strip_prefix("W/").unwrap_or(known) == tag)
    })
}

/// A file that pages load.
pub(in crate::http) async fn asset(name: web::Path<String>) -> HttpResponse {
    let (kind, bytes) = match name.as_str() {
        "style.css" => ("text/css; charset=utf-8", STYLE),
        "home.css" => ("text/css; charset=utf-8", HOME_STYLE),
        "home.js" => ("text/javascript; charset=utf-8", HOME_SCRIPT),
        "admin.css" => ("text/css; charset=utf-8", ADMIN_STYLE),
        "admin.js" => ("text/javascript; charset=utf-8", ADMIN_SCRIPT),
        "sidebar.css" => ("text/css; charset=utf-8", SIDEBAR_STYLE),
        "sidebar-client.js" => ("text/javascript; charset=utf-8", SIDEBAR_CLIENT),
        "items.css" => ("text/css; charset=utf-8", ITEMS_STYLE),
        "items.js" => ("text/javascript; charset=utf-8", ITEMS_SCRIPT),
        "files.css" => ("text/css; charset=utf-8", FILES_STYLE),
        "files.js" => ("text/javascript; charset=utf-8", FILES_SCRIPT),
        "sidebar.js" => ("text/javascript; charset=utf-8", SIDEBAR_SCRIPT),
        "wecom-jssdk-2.4.4.js" => ("text/javascript; charset=utf-8", JSSDK),
        _ => return HttpResponse::NotFound().finish(),
    };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(bytes)
}

/// A `WW_verify_*.txt` by which WeCom, or another console of the house, sees whose domain this is.
pub(in crate::http) async fn verify_file(
    doors: web::Data<Doors>,
    name: web::Path<String>,
) -> HttpResponse {
    match doors.verify_files.get(name.as_str()) {
        Some(text) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header(("X-Content-Type-Options", "nosniff"))
            .body(text.clone()),
        None => HttpResponse::NotFound().finish(),
    }
}

/// Any other address.
pub(in crate::http) async fn nothing_here(
    request: HttpRequest,
    doors: web::Data<Doors>,
) -> HttpResponse {
    let accept = request
        .headers()
        .get("Accept")
        .and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("text/html")) {
        return notice(
            &doors,
            StatusCode::NOT_FOUND,
            "页面不存在",
            "请检查地址，或从企业微信重新打开。",
        );
    }
    actix_web::ResponseError::error_response(&Problem::not_found("No page has this address."))
}
