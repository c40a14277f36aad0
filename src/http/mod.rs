//! The doors: WeCom's callbacks, people's pages, and the API.
//!
//! A door checks who is there, hands the matter to the store or reads from it, and answers. Only this module knows
//! status codes. Reads go to the store directly; nothing here changes state but by a command, by putting a
//! delivery into the inbox, or by replaying or discarding what is in a queue.

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
        .configure(admin::routes)
        .route("/{name:WW_verify_[^/]*}", web::get().to(page::verify_file))
        .route("/assets/{name}", web::get().to(page::asset))
        .route("/healthz", web::get().to(health::alive))
        .route("/readyz", web::get().to(health::ready))
        .configure(api::routes)
        .default_service(web::to(page::nothing_here));
}
