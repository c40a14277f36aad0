//! Choosing whom a record or an approval is for, before its editor.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::http::items::access::Reader;
use crate::http::items::frame::Frame;
use crate::http::items::people::{self, Choice};
use crate::http::items::texts::Texts;
use crate::http::items::turned::Turned;
use crate::http::page::respond;
use crate::model::item::ItemKind;

#[derive(Template)]
#[template(path = "items/customer.html")]
struct CustomerPage {
    t: &'static Texts,
    frame: Frame,
    heading: &'static str,
    action: String,
    q: String,
    /// What goes along to the editor.
    along: Vec<(&'static str, String)>,
    choices: Vec<(String, Choice)>,
    more: bool,
}

/// Customers to choose from, by a search.
pub(in crate::http::items::edit) async fn page(
    reader: &Reader,
    kind: ItemKind,
) -> Result<HttpResponse, Turned> {
    let t = reader.t;
    let q = reader.asked("q").to_owned();
    let found = people::search(reader, &q).await?;
    let path = format!("/new/{}", kind.name());
    let along: Vec<(&'static str, String)> = ["form", "about"]
        .into_iter()
        .map(|name| (name, reader.asked(name).to_owned()))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let choices = found.choices.into_iter().map(|choice| {
        let mut query = vec![("contact", choice.id.as_str())];
        query.extend(along.iter().map(|(name, value)| (*name, value.as_str())));
        (reader.place.with(&path, &query), choice)
    });
    Ok(respond(
        StatusCode::OK,
        &CustomerPage {
            t,
            heading: match kind {
                ItemKind::Record => t.new_record,
                ItemKind::Project | ItemKind::Plan | ItemKind::Form | ItemKind::Approval => {
                    t.new_approval
                }
            },
            action: reader
                .place
                .to(&path)
                .split('?')
                .next()
                .unwrap_or_default()
                .to_owned(),
            q,
            choices: choices.collect(),
            along,
            more: found.more,
            frame: Frame::of(reader)?,
        },
    ))
}
