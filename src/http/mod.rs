//! The doors: WeCom's callbacks, people's pages, and the read API.
//!
//! A door checks who is there, hands the matter to the store or reads from it, and answers. Only this module knows
//! status codes. Reads go to the store directly; nothing here changes state but by putting a delivery into
//! the inbox, or by replaying or discarding what is in a queue.

pub mod doors;
pub mod refusals;
pub mod session;

mod error;

pub mod reply;

mod callback;

mod login;

mod home;
mod sidebar;

pub mod admin;
pub mod files;

mod api;
mod health;
mod page;
mod search;

use actix_web::{guard, web};

/// The route table.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .configure(error::extraction)
        .service(
            // The handler takes the name from the path: a parameter of the route costs a regular expression.
            web::scope("/callback")
                .guard(guard::Post())
                .default_service(web::to(callback::deliver)),
        )
        .route("/callback/{receiver}", web::get().to(callback::echo))
        .route("/sidebar", web::get().to(sidebar::page))
        .route("/sidebar/signature", web::get().to(sidebar::signature))
        .route("/sidebar/opened", web::post().to(sidebar::opened))
        .route("/login/callback", web::get().to(login::callback))
        .route("/home", web::get().to(home::page))
        .configure(files::routes)
        .configure(admin::routes)
        .route("/{name:WW_verify_[^/]*}", web::get().to(page::verify_file))
        .route("/assets/{name}", web::get().to(page::asset))
        .route("/healthz", web::get().to(health::alive))
        .route("/readyz", web::get().to(health::ready))
        .service(
            web::scope("/api/v1")
                .route("/events", web::get().to(api::events::list))
                .route("/events/replay", web::post().to(api::events::replay_many))
                .route("/events/{id}", web::get().to(api::events::show))
                .route("/events/{id}/replay", web::post().to(api::events::replay))
                .route("/contacts", web::get().to(api::records::contacts))
                .route(
                    "/contacts/{external_userid}",
                    web::get().to(api::records::contact),
                )
                .route("/chats", web::get().to(api::chats::chats))
                .route("/chats/{chat_id}", web::get().to(api::chats::chat))
                .route("/tags", web::get().to(api::tags::tags))
                .route("/members", web::get().to(api::records::members))
                .route("/members/{userid}", web::get().to(api::records::member))
                .route("/links", web::get().to(api::links::list))
                .route("/sync", web::post().to(api::sync::begin))
                .route("/syncs", web::get().to(api::sync::list))
                .route("/syncs/{id}", web::get().to(api::sync::show))
                .service(
                    web::resource("/corps/{corp}/auto-sync")
                        .route(web::get().to(api::sync::auto_sync))
                        .route(web::put().to(api::sync::switch_auto_sync)),
                )
                .route("/outgoing", web::get().to(api::outgoing::list))
                .route(
                    "/outgoing/{id}/replay",
                    web::post().to(api::outgoing::replay),
                )
                .route("/faults", web::get().to(api::faults::list))
                .route("/faults/retry", web::post().to(api::faults::retry))
                .default_service(web::to(api::nothing_here)),
        )
        .default_service(web::to(page::nothing_here));
}
