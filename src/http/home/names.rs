//! The names of members on customers' pages. A userid is never shown to a customer.

use std::collections::HashMap;

use crate::http::home::texts::Texts;
use crate::http::home::turned::Instead;
use crate::http::home::visit::{Reader, Visit};
use crate::model::ids::UserId;
use crate::model::item::Actor;
use crate::model::member::Member;
use crate::store::record::Key;

/// More members than these have no name on a page.
const NAMES_MAX: usize = 200;

/// Names by userid.
pub(in crate::http::home) struct Names {
    names: HashMap<UserId, String>,
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
        let keys: Vec<Key> = members.iter().map(Key::member).collect();
        let mut names = HashMap::new();
        for record in visit.place.read(&keys).await? {
            if let Some(member) = visit.place.stored(record.parse::<Member>())? {
                names.insert(member.userid, member.name);
            }
        }
        let t: &Texts = visit.place.t;
        Ok(Self {
            names,
            customer: match &visit.reader {
                Reader::Customer => t.you.to_owned(),
                Reader::Preview { name, .. } => name.clone(),
            },
            company: visit.place.tenant.for_customers().to_owned(),
            colleague: t.colleague,
        })
    }

    /// A member.
    pub(in crate::http::home) fn member(&self, userid: &UserId) -> String {
        let name = self.names.get(userid).filter(|name| !name.is_empty());
        name.map_or_else(|| self.colleague.to_owned(), Clone::clone)
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
