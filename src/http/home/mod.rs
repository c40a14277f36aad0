//! The customer's pages "与我协作": what was shared with them, item by item, and what they do with it.
//!
//! Everything works by links and forms; a script only keeps drafts. Every page and every form begins with a
//! `visit::Visit`, which nobody gets but the customer themselves and, for looking only, a member who follows them.
//! Pages read by the rules of `decide::item::sight`; every form becomes one command.

mod texts;
mod turned;
mod visit;

mod frame;

mod list;
mod shared;

mod detail;
mod names;
mod opened;
mod talk;

mod approval;
mod form;
mod project;
mod record;
mod widget;

mod choose;

mod asked;
mod posted;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::http::doors::{Doors, Tenant};
use crate::http::files::receive::Received;
use crate::http::home::texts::Texts;
use crate::http::home::turned::{Instead, Why};
use crate::model::item::ItemRef;

/// The routes of the customer's pages.
pub(in crate::http) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/home").route(web::get().to(home)))
        .service(
            web::resource("/home/{kind}/{id}")
                .route(web::get().to(item))
                .route(web::post().to(post)),
        );
}

/// Whether a path is one of these pages.
pub(in crate::http) fn is_at(path: &str) -> bool {
    let rest = path.strip_prefix("/home");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

/// Tells somebody who is no customer that this page is not for them.
pub(in crate::http) fn stranger(
    doors: &Doors,
    request: &HttpRequest,
    tenant: &Tenant,
) -> HttpResponse {
    let t = Texts::for_reader(request);
    turned::notice(doors, t, Why::Stranger, Some(tenant.for_customers()), None)
}

/// Asks somebody to agree that WeChat tells who they are.
pub(in crate::http) fn agree(
    doors: &Doors,
    request: &HttpRequest,
    tenant: &Tenant,
    to: &str,
) -> HttpResponse {
    let t = Texts::for_reader(request);
    turned::notice(doors, t, Why::Agree, Some(tenant.for_customers()), Some(to))
}

/// The page of a form that somebody fills in, with the files that came with it.
pub(in crate::http) async fn with_files(
    request: &HttpRequest,
    form: &ItemRef,
    received: Received,
) -> HttpResponse {
    either(posted::brought(request, form, received).await)
}

async fn home(request: HttpRequest) -> HttpResponse {
    either(list::page(&request).await)
}

async fn item(request: HttpRequest, place: web::Path<(String, String)>) -> HttpResponse {
    either(detail::page(&request, &place.0, &place.1).await)
}

async fn post(
    request: HttpRequest,
    place: web::Path<(String, String)>,
    payload: web::Payload,
) -> HttpResponse {
    either(posted::post(&request, &place.0, &place.1, payload.into_inner()).await)
}

/// The page, or whatever is shown instead.
fn either(page: Result<HttpResponse, Instead>) -> HttpResponse {
    page.unwrap_or_else(Instead::into_page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_pages_are_ours() {
        for path in ["/home", "/home?tenantKey=1", "/home/form/1?tenantKey=1"] {
            assert!(is_at(path), "{path}");
        }
        for path in [
            "",
            "/",
            "/homes",
            "//home",
            "/sidebar",
            "https://a.example/home",
        ] {
            assert!(!is_at(path), "{path}");
        }
    }
}
