//! The doors: WeCom's callbacks, people's pages, and the API.
//!
//! A door checks who is there, hands the matter to the store or reads from it, and answers. Only this module knows
//! status codes. Reads go to the store directly; nothing here changes state but by a command, by putting a
//! delivery into the inbox, or by replaying or discarding what is in a queue.

pub mod arrivals;
pub mod attempts;
pub mod doors;
pub mod receivers;
pub mod refusals;
pub mod room;
pub mod session;
pub mod sessions;

mod error;
mod language;
mod moment;
mod nonce;
mod personal;
mod told;

pub mod reply;

mod callback;

mod account;
mod login;
mod not_in;
mod staff;

mod home;
mod sidebar;

pub mod admin;
pub mod files;

mod items;

mod api;
mod health;

pub mod metrics;

mod masked;
mod names;
mod page;
mod people;
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
        .configure(sidebar::routes)
        .route("/login/callback", web::get().to(login::callback))
        .route("/login/account", web::get().to(account::callback))
        .route("/login/account/consent", web::get().to(account::consent))
        .configure(files::routes)
        .configure(home::routes)
        .configure(items::routes)
        .configure(admin::routes)
        .route(
            "/{name:[A-Z]{2}_verify_[^/]*}",
            web::get().to(page::verify_file),
        )
        .route("/assets/{name}", web::get().to(page::asset))
        .route("/healthz", web::get().to(health::alive))
        .route("/readyz", web::get().to(health::ready))
        .configure(api::routes)
        .default_service(web::to(page::nothing_here));
}
