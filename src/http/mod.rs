//! The doors: WeCom's callbacks, people's pages, and the read API.
//!
//! A door checks who is there, hands the matter to the store or reads from it, and answers. Only this module knows
//! status codes. Reads go to the store directly; nothing here changes state but by putting a delivery into the inbox.

pub mod doors;
pub mod refusals;
pub mod session;

mod error;

mod callback;

mod login;

mod home;
mod sidebar;

mod api;
mod health;
mod page;

use actix_web::web;

/// The route table.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .configure(error::extraction)
        .service(
            web::resource("/callback/{receiver}")
                .route(web::post().to(callback::deliver))
                .route(web::get().to(callback::echo)),
        )
        .route("/sidebar", web::get().to(sidebar::page))
        .route("/sidebar/signature", web::get().to(sidebar::signature))
        .route("/sidebar/opened", web::post().to(sidebar::opened))
        .route("/login/callback", web::get().to(login::callback))
        .route("/home", web::get().to(home::page))
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
                .route("/members", web::get().to(api::records::members))
                .route("/members/{userid}", web::get().to(api::records::member))
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
