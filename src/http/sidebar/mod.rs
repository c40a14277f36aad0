//! The chat toolbar (聊天工具栏): for the customer of this chat, what may be sent, what was sent, and what was said.
//!
//! The page is a frame; what it shows are fragments for one customer, and everything that it does is a command. Each
//! door takes an `access::Toolbar` or an `access::Dealing`, which nobody gets but a member, and for a customer nobody
//! but a member who has them. WeCom calls nobody back when a toolbar opens: the page reports it itself, as event
//! `sidebar_opened`.

mod client;

mod access;
mod show;
mod texts;
mod turned;

mod page;
mod people;

mod customer;
mod give;
mod items;
mod record;
mod share;
mod talk;

use actix_web::middleware::from_fn;
use actix_web::web;

use crate::http::sidebar::turned::Turned;
use crate::http::told::in_their_words;

/// The route table of the toolbar.
pub(in crate::http) fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/sidebar")
            .wrap(from_fn(in_their_words::<Turned>))
            .route("", web::get().to(page::page))
            .route("/language/{code}", web::get().to(page::language))
            .route("/signature", web::get().to(client::signature))
            .route("/opened", web::post().to(client::opened))
            .route("/customers", web::get().to(people::of_member))
            .route("/group/{chat_id}", web::get().to(people::of_group))
            .service(
                web::scope("/customer/{external_userid}")
                    .route("", web::get().to(customer::show))
                    .route("/items", web::get().to(items::list))
                    .route("/share", web::post().to(share::share))
                    .route("/confirm", web::post().to(share::confirm))
                    .route("/revoke", web::post().to(share::revoke))
                    .route("/talk", web::get().to(talk::show))
                    .route("/comment", web::post().to(talk::comment))
                    .route("/form", web::get().to(record::form))
                    .route("/record", web::post().to(record::make))
                    .route("/members", web::get().to(give::members))
                    .route("/give", web::post().to(give::give)),
            ),
    );
}
