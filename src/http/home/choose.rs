//! A member opens a customer's page and has not said whose: their own customers, to choose from.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::http::home::texts::Texts;
use crate::http::home::turned::Instead;
use crate::http::home::visit::Place;
use crate::http::page::render;
use crate::http::personal;
use crate::model::contact::Contact;
use crate::model::ids::UserId;
use crate::store::record::{Record, Table};

/// How many customers are listed.
const LISTED_MAX: usize = 50;

/// How many of the company's contacts are looked through: a member's customers are kept nowhere by themselves.
const LOOKED_AT_MAX: usize = 2_000;

/// How many are looked at in one round trip.
const STEP: usize = 250;

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
    let mut after: Option<String> = None;
    let mut more = true;
    for _ in 0..LOOKED_AT_MAX / STEP {
        let store = &place.doors.store;
        let found = store.list(place.corp(), Table::Contacts, after.as_deref(), STEP);
        let found = place.stored(found.await)?;
        for record in &found {
            customers.extend(customer(place, record, userid)?);
        }
        more = found.len() == STEP;
        after = found.last().map(|record| record.key.key.clone());
        if !more || customers.len() > LISTED_MAX {
            break;
        }
    }
    more |= customers.len() > LISTED_MAX;
    customers.truncate(LISTED_MAX);
    let page = ChoosePage {
        t: place.t,
        company: place.tenant.for_customers(),
        customers,
        more,
    };
    Ok(render(&place.doors, StatusCode::OK, &page))
}

fn customer(place: &Place, record: &Record, userid: &UserId) -> Result<Option<Customer>, Instead> {
    let contact: Option<Contact> = place.stored(record.parse())?;
    let Some(contact) = contact else {
        return Ok(None);
    };
    let mut follows = contact.follow_users.iter();
    let follow = follows.find(|follow| follow.userid == *userid);
    let key = &place.doors.session_key;
    let token = personal::token(key, place.corp(), &contact.external_userid);
    let token = token.unwrap_or_default();
    Ok(follow.map(|follow| Customer {
        name: contact.name.clone(),
        remark: follow.remark.clone(),
        to: place.to(&place.path, &[(personal::WORD, &token)]),
    }))
}

/// Whether this member has the customer.
pub(in crate::http::home) fn follows(contact: &Contact, userid: &UserId) -> bool {
    let mut follows = contact.follow_users.iter();
    follows.any(|follow| follow.userid == *userid)
}
