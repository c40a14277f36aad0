//! Items (事项) for the company's own systems: projects, forms, records and approvals, who has them, and what is said
//! about them. Every write is a command of the company's own system; what it may do, `decide` knows.
//!
//! A write with an `Idempotency-Key` is carried out once: the same request by the same key gets the same answer, another
//! one by that key is refused.

mod draft;
pub(in crate::http::api) mod table;

mod show;

mod change;
mod comments;
mod grants;
mod list;
mod put;

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;

use crate::http::error::Problem;
use crate::model::item::{ItemKey, ItemKind, ItemRef};

/// Which kind of items an address is about.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Kind(pub(in crate::http::api) ItemKind);

impl Kind {
    /// Its word in addresses.
    pub(in crate::http::api) const fn plural(self) -> &'static str {
        match self.0 {
            ItemKind::Project => "projects",
            ItemKind::Plan => "plans",
            ItemKind::Form => "forms",
            ItemKind::Record => "records",
            ItemKind::Approval => "approvals",
        }
    }

    /// Its schema in the OpenAPI document.
    const fn schema(self) -> &'static str {
        match self.0 {
            ItemKind::Project => "Project",
            ItemKind::Plan => "Plan",
            ItemKind::Form => "Form",
            ItemKind::Record => "Record",
            ItemKind::Approval => "Approval",
        }
    }

    /// The item of this kind with this id.
    fn item(self, id: &str) -> Result<ItemRef, Problem> {
        let key = ItemKey::parse(id).map_err(|_| self.missing())?;
        Ok(ItemRef::new(self.0, key))
    }

    fn missing(self) -> Problem {
        Problem::not_found(format!("There is no {} of this name.", self.0.name()))
    }
}

/// The first word of an address is its kind.
impl FromRequest for Kind {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let word = request.match_info().get("kind");
        let kind = ItemKind::ALL
            .into_iter()
            .map(Self)
            .find(|kind| Some(kind.plural()) == word);
        let missing = || Problem::not_found("This address is about no kind of items.");
        ready(kind.ok_or_else(missing))
    }
}

/// Which item, in an address.
#[derive(Deserialize)]
struct ById {
    id: String,
}
