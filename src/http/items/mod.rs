//! The company's pages of its items: members and administrators make, find and change projects, forms, records and
//! approvals here, and talk with customers about them.
//!
//! Members come by WeCom's login to `/items`, which is also where the cards they get lead to; administrators find the
//! same pages below their corp's address. Everything works by links and forms; a script only saves a reload. Pages read
//! what the rules of sight allow; every change is a command.

mod access;
mod turned;

mod frame;
mod show;
mod texts;

mod names;
mod people;

mod list;

mod item;
mod look;
mod talk;

mod change;

mod csv;
mod records;

mod edit;

use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::http::admin;
use crate::http::files::receive::Received;
use crate::http::items::turned::Turned;
use crate::http::told::{in_their_words, told};
use crate::model::item::ItemRef;

/// The route table, for members and for administrators.
pub(in crate::http) fn routes(config: &mut web::ServiceConfig) {
    for base in ["/items", "/admin/corps/{corp}/items"] {
        config.service(
            web::scope(base)
                .wrap(from_fn(in_their_words::<Turned>))
                // Administrators come by their own door.
                .wrap(from_fn(in_their_words::<admin::turned::Turned>))
                .route("", web::get().to(list::page))
                .route("/language/{code}", web::get().to(frame::language))
                .route("/hand-over", web::get().to(change::hand_over_page))
                .route("/hand-over", web::post().to(change::hand_over))
                .route("/new/{kind}", web::get().to(edit::blank))
                .route("/new/{kind}", web::post().to(edit::make))
                .route("/form/{id}/records.csv", web::get().to(csv::download))
                .route("/{kind}/{id}", web::get().to(item::page))
                .route("/{kind}/{id}/edit", web::get().to(edit::open))
                .route("/{kind}/{id}/edit", web::post().to(edit::save))
                .route("/{kind}/{id}/{change}", web::post().to(change::item))
                .default_service(web::to(frame::nothing_here)),
        );
    }
}

/// The editor of an item, with the files that came with what was typed.
pub(in crate::http) async fn with_files(
    request: &HttpRequest,
    item: &ItemRef,
    received: Received,
) -> HttpResponse {
    let shown = edit::with_files(request, item, received).await;
    shown.unwrap_or_else(|problem| told::<Turned>(request, problem))
}
