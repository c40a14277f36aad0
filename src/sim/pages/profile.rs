//! A member's profile card (对外名片) as a contact sees it.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde_json::Value;

use crate::model::ids::UserId;
use crate::sim::Sim;
use crate::sim::corp::Corp;
use crate::sim::grants::Visitor;
use crate::sim::oauth::{AS, visitor};
use crate::sim::pages::{link_as, missing, render};

#[derive(Template)]
#[template(path = "profile.html")]
struct Page {
    userid: String,
    name: String,
    corp: String,
    position: String,
    /// Who looks at it; the links open as this person.
    looks: String,
    attrs: Vec<Attr>,
}

struct Attr {
    name: String,
    text: String,
    href: Option<String>,
}

pub(crate) async fn page(
    sim: Data<Sim>,
    userid: Path<UserId>,
    query: Query<HashMap<String, String>>,
) -> HttpResponse {
    let who = query.get(AS).map_or("", String::as_str);
    match Page::of(&sim.corp(), &userid, who) {
        Some(page) => render(&page),
        None => missing("没有这个成员"),
    }
}

impl Page {
    fn of(corp: &Corp, userid: &UserId, who: &str) -> Option<Self> {
        let member = corp.member(userid)?;
        let first_contact = || {
            let mut customers = corp.customers_of(&userid.key(), None);
            let (contact, _) = customers.next()?;
            Some(Visitor::Contact(contact.external_userid.clone()))
        };
        let viewer = visitor(corp, who).or_else(first_contact);
        let looks = match &viewer {
            Some(Visitor::Contact(id)) => corp.contact(id).map(|contact| contact.name.clone()),
            Some(Visitor::Member(id)) => corp.member(id).map(|member| member.name.clone()),
            None => None,
        };
        let profile = &member.external_profile;
        let attrs = profile.get("external_attr").and_then(Value::as_array);
        let text = |key: &str| profile.get(key).and_then(Value::as_str).unwrap_or_default();
        Some(Self {
            userid: member.userid.to_string(),
            name: member.name.clone(),
            corp: text("external_corp_name").to_owned(),
            position: member.external_position.clone(),
            looks: looks.unwrap_or_default(),
            attrs: attrs
                .into_iter()
                .flatten()
                .map(|attr| show(attr, viewer.as_ref()))
                .collect(),
        })
    }
}

fn show(attr: &Value, viewer: Option<&Visitor>) -> Attr {
    let text = |part: &str, field: &str| attr[part][field].as_str().unwrap_or_default().to_owned();
    let (shown, href) = match attr["type"].as_i64() {
        Some(1) => (text("web", "title"), Some(text("web", "url"))),
        Some(2) => (text("miniprogram", "title"), None),
        _ => (text("text", "value"), None),
    };
    Attr {
        name: attr["name"].as_str().unwrap_or_default().to_owned(),
        text: shown,
        href: href.zip(viewer).map(|(to, viewer)| link_as(viewer, &to)),
    }
}
