//! The admin pages: what came in, what is owed, whom we know, and what an administrator can do about it.
//!
//! Everything works by links and forms; a script only adds copy buttons. Every door but those of the login takes an
//! `access::Admin` or an `access::Posted`, which nobody gets who may not open it. Changes go through the inbox as
//! events of our own; only a replay and a discard act on a queue directly, and a customer is forgotten by no event, which
//! would keep who it was.

pub mod desk;

pub(in crate::http) mod access;
pub(in crate::http) mod login;
pub(in crate::http) mod passage;
pub(in crate::http) mod turned;

mod frame;
mod show;
mod texts;

mod items;
mod overview;

mod dead;
mod events;
mod outgoing;

mod contacts;
mod members;
mod sync;

mod cards;
mod settings;

mod doctor;

use actix_web::middleware::from_fn;
use actix_web::{Route, web};

use crate::http::admin::turned::Turned;
use crate::http::page;
use crate::http::told::in_their_words;

/// One door.
#[derive(Debug, Clone, Copy)]
pub struct Door {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Its address; names in braces stand for anything.
    pub path: &'static str,
    /// Whether it is there before a login.
    pub open: bool,
    route: fn() -> Route,
}

const fn get(path: &'static str, route: fn() -> Route) -> Door {
    Door {
        method: "GET",
        path,
        open: false,
        route,
    }
}

const fn post(path: &'static str, route: fn() -> Route) -> Door {
    Door {
        method: "POST",
        path,
        open: false,
        route,
    }
}

const fn open(door: Door) -> Door {
    Door { open: true, ..door }
}

macro_rules! at {
    ($method:ident $path:literal => $handler:path) => {
        $method(concat!("/admin", $path), || web::$method().to($handler))
    };
    ($method:ident corp $path:literal => $handler:path) => {
        $method(concat!("/admin/corps/{corp}", $path), || {
            web::$method().to($handler)
        })
    };
}

/// What all of their addresses begin with.
const BASE: &str = "/admin";

/// Every door of the admin pages.
pub const DOORS: [Door; 31] = [
    open(at!(get "/login" => login::page)),
    open(at!(post "/login" => login::by_password)),
    open(at!(get "/login/wecom/{tenant}" => login::by_wecom)),
    open(at!(get "/language/{code}" => login::language)),
    at!(get "" => overview::start),
    at!(post "/logout" => login::logout),
    at!(get corp "" => overview::page),
    at!(get corp "/events" => events::list),
    at!(get corp "/events/{place}" => events::show),
    at!(post corp "/events/{place}/replay" => events::replay),
    at!(post corp "/events/{place}/discard" => events::discard),
    at!(get corp "/outgoing" => outgoing::list),
    at!(get corp "/outgoing/{place}" => outgoing::show),
    at!(post corp "/outgoing/{place}/replay" => outgoing::replay),
    at!(post corp "/outgoing/{place}/discard" => outgoing::discard),
    at!(get corp "/dead" => dead::list),
    at!(post corp "/dead/replay" => dead::replay_all),
    at!(get corp "/contacts" => contacts::list),
    at!(get corp "/contacts/{external_userid}" => contacts::show),
    at!(post corp "/contacts/{external_userid}/forget" => contacts::forget),
    at!(get corp "/members" => members::list),
    at!(post corp "/members/send-link" => members::send_link),
    at!(get corp "/sync" => sync::page),
    at!(post corp "/sync" => sync::start),
    at!(post corp "/sync/auto" => sync::switch),
    at!(get corp "/cards" => cards::list),
    at!(get corp "/settings" => settings::page),
    at!(get corp "/doctor" => doctor::page),
    at!(post corp "/doctor" => doctor::check),
    at!(get corp "/{other}" => overview::nothing_here),
    at!(get "/{other}" => overview::nothing_here),
];

/// The route table of the admin pages.
pub(in crate::http) fn routes(config: &mut web::ServiceConfig) {
    let scope = web::scope(BASE).wrap(from_fn(in_their_words::<Turned>));
    let scope = DOORS.iter().fold(scope, |scope, door| {
        scope.route(&door.path[BASE.len()..], (door.route)())
    });
    config.service(scope.default_service(web::to(page::nothing_here)));
}
