//! A member opens a customer's page and has not said whose: their own customers, to choose from.

use std::ops::ControlFlow;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::http::home::texts::Texts;
use crate::http::home::turned::Instead;
use crate::http::home::visit::Place;
use crate::http::page::render;
use crate::http::people::look_through;
use crate::http::personal;
use crate::model::contact::Contact;
use crate::model::ids::UserId;
use crate::store::record::Table;

/// How many customers are listed.
const LISTED_MAX: usize = 50;

#[derive(Template)]
#[template(path = "home/choose.html")]
struct ChoosePage<'a> {
    t: &'static Texts,
    company: &'a str,
    customers: Vec<Customer>,
    more: bool,
}

struct Customer {
    name: String,
    remark: String,
    to: String,
}

/// The customers of this member, as far as they are found.
pub(in crate::http::home) async fn page(
    place: &Place,
    userid: &UserId,
) -> Result<HttpResponse, Instead> {
    let mut customers = Vec::new();
    let see = |contact: Contact| {
        if let Some(customer) = customer(place, &contact, userid) {
            // There is another one.
            if customers.len() == LISTED_MAX {
                return ControlFlow::Break(());
            }
            customers.push(customer);
        }
        ControlFlow::Continue(())
    };
    let store = &place.doors.store;
    let more = look_through(store, place.corp(), Table::Contacts, see).await;
    let more = place.stored(more)?;
    let page = ChoosePage {
        t: place.t,
        company: place.tenant.for_customers(),
        customers,
        more,
    };
    Ok(render(&place.doors, StatusCode::OK, &page))
}

fn customer(place: &Place, contact: &Contact, userid: &UserId) -> Option<Customer> {
    let follow = contact.follow_of(userid)?;
    let key = &place.doors.session_key;
    let token = personal::token(key, place.corp(), &contact.external_userid);
    let token = token.unwrap_or_default();
    Some(Customer {
        name: contact.name.clone(),
        remark: follow.remark.clone(),
        to: place.to(&place.path, &[(personal::WORD, &token)]),
    })
}
