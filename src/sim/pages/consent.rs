//! The question of WeChat's login whether a page may know who somebody is.

use actix_web::HttpResponse;
use askama::Template;

use crate::sim::pages::render;

#[derive(Template)]
#[template(path = "consent.html")]
struct Page<'a> {
    name: &'a str,
    agree: &'a str,
}

/// The page; its link leads on.
pub(in crate::sim) fn page(name: &str, agree: &str) -> HttpResponse {
    render(&Page { name, agree })
}
