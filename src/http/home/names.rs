//! The names of members on customers' pages. A userid is never shown to a customer.

use crate::http::home::texts::Texts;
use crate::http::home::turned::Instead;
use crate::http::home::visit::{Reader, Visit};
use crate::http::people::MemberNames;
use crate::model::ids::UserId;
use crate::model::item::Actor;

/// More members than these have no name on a page.
const NAMES_MAX: usize = 200;

/// Names as customers see them.
pub(in crate::http::home) struct Names {
    names: MemberNames,
    customer: String,
    company: String,
    colleague: &'static str,
}

impl Names {
    /// Reads the names of these members.
    pub(in crate::http::home) async fn read(
        visit: &Visit,
        mut members: Vec<UserId>,
    ) -> Result<Self, Instead> {
        members.sort();
        members.dedup();
        members.truncate(NAMES_MAX);
        let (store, corp) = (&visit.place.doors.store, visit.place.corp());
        let names = MemberNames::read(store, corp, members.iter()).await;
        let names = visit.place.stored(names)?;
        let t: &Texts = visit.place.t;
        Ok(Self {
            names,
            customer: match &visit.reader {
                Reader::Customer => t.you.to_owned(),
                Reader::Preview { name, .. } => name.clone(),
            },
            company: visit.place.tenant.name.clone(),
            colleague: t.colleague,
        })
    }

    /// A member.
    pub(in crate::http::home) fn member(&self, userid: &UserId) -> String {
        let name = self.names.of_member(userid);
        name.unwrap_or(self.colleague).to_owned()
    }

    /// The customer.
    pub(in crate::http::home) fn customer(&self) -> String {
        self.customer.clone()
    }

    /// Whoever did something; systems and administrators are the company.
    pub(in crate::http::home) fn actor(&self, actor: &Actor) -> String {
        match actor {
            Actor::Member(userid) => self.member(userid),
            Actor::Contact(_) => self.customer(),
            Actor::System | Actor::Admin => self.company.clone(),
        }
    }
}
