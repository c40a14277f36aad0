//! Whom a request to forget somebody is about.

use crate::act::Act;
use crate::model::ids::{CorpId, ExternalUserId, UserId};
use crate::store::error::StoreError;
use crate::store::record::Key;

/// What the ids of customers begin with (外部联系人, path/92114).
const BEGINNINGS: [&str; 2] = ["wm", "wo"];

/// A customer who can be forgotten. Only [`Act::customer`] makes one: the id is looked for everywhere, so a word that
/// stands for something else as well would take along what belongs to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer(ExternalUserId);

/// Why nobody can be forgotten by an id.
#[derive(Debug, thiserror::Error)]
pub enum NotForgettable {
    /// It is not one of a customer.
    #[error("this is no customer's external_userid: those begin with wm or wo and are no member's")]
    NoCustomer,
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Customer {
    /// Who.
    pub fn id(&self) -> &ExternalUserId {
        &self.0
    }
}

impl Act {
    /// The customer with this id, kept or not.
    ///
    /// # Errors
    /// [`NotForgettable`].
    pub async fn customer(&self, id: &CorpId, text: &str) -> Result<Customer, NotForgettable> {
        let found = ExternalUserId::parse(text).ok().filter(is_of_a_customer);
        let customer = found.ok_or(NotForgettable::NoCustomer)?;
        let userid = UserId::parse(text).map_err(|_| NotForgettable::NoCustomer)?;
        let members = self.store.read(id, &[Key::member(&userid)]).await?;
        match members.iter().any(|member| member.json.is_some()) {
            true => Err(NotForgettable::NoCustomer),
            false => Ok(Customer(customer)),
        }
    }
}

fn is_of_a_customer(id: &ExternalUserId) -> bool {
    let rest = BEGINNINGS
        .into_iter()
        .find_map(|beginning| id.as_str().strip_prefix(beginning));
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-');
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_no_customers() {
        for (text, expected) in [
            ("wmCustomer1", true),
            ("wo_A-9", true),
            ("contact", false),
            ("userid", false),
            ("ZhangSan", false),
            ("wm", false),
            ("wm\"x", false),
            ("wm王", false),
            ("WMx", false),
        ] {
            let id = ExternalUserId::parse(text).unwrap();
            assert_eq!(is_of_a_customer(&id), expected, "{text}");
        }
    }
}
