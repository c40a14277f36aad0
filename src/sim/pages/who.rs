//! The question who sits in front of the browser. The real clients know it; a browser that comes from nowhere does not.

use actix_web::HttpResponse;
use askama::Template;

use crate::sim::corp::Corp;
use crate::sim::grants::Visitor;
use crate::sim::oauth::AS;
use crate::sim::pages::{PEOPLE, login, render};

#[derive(Template)]
#[template(path = "who.html")]
struct Page {
    /// By heading: names, and where each goes on.
    people: [(&'static str, Vec<(String, String)>); 2],
}

/// The page; each of its links asks again for `address`, as somebody.
pub(in crate::sim) fn page(corp: &Corp, address: &str) -> HttpResponse {
    let person = |name: &str, who: &Visitor| {
        let cookie = login(who);
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair(AS, cookie.value())
            .finish();
        (name.to_owned(), format!("{address}&{query}"))
    };
    let members = corp.members().values().take(PEOPLE);
    let members = members.map(|it| person(&it.name, &Visitor::Member(it.userid.clone())));
    let contacts = corp.contacts().values().take(PEOPLE);
    let contacts =
        contacts.map(|it| person(&it.name, &Visitor::Contact(it.external_userid.clone())));
    render(&Page {
        people: [
            ("成员", members.collect()),
            ("外部联系人", contacts.collect()),
        ],
    })
}
