//! Attachments at the door: files come with forms, and go to those who see the item that they are part of.
//!
//! Whoever uploads is known, sends from a page of ours, and may change the item; that is looked at before the first byte
//! is taken in. Bytes are kept before the record that speaks of them. Every read asks again who sees the item. A file
//! leaves as an attachment of a type that no browser runs, whatever it was sent as.

pub mod pace;

pub(in crate::http) mod asker;
mod name;
mod why;
mod words;

pub(in crate::http) mod receive;

mod read;
mod upload;

pub mod show;

use actix_web::web;

/// The routes of attachments.
pub(in crate::http) fn routes(config: &mut web::ServiceConfig) {
    config.route("/home/files", web::post().to(upload::by_customer));
    for (uploads, base) in [
        ("/items/files", "/files"),
        ("/admin/corps/{corp}/files", "/admin/corps/{corp}/files"),
    ] {
        config
            .route(uploads, web::post().to(upload::by_company))
            .route(&format!("{base}/{{id}}"), web::get().to(read::file))
            .route(
                &format!("{base}/{{id}}/thumbnail"),
                web::get().to(read::thumbnail),
            );
    }
}
