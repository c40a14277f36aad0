//! Whether somebody may do something.

use crate::decide::facts::{Facts, Need};
use crate::decide::item::item_of;
use crate::decide::item::sight::{contact_sees, member_sees, member_works_on};
use crate::decide::rejection::{Denied, Fault, Rejection, Wrong};
use crate::model::grant::Grant;
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::item::{Actor, Item, ItemRef};
use crate::model::time::Timestamp;

/// What tells whether a customer sees an item.
pub(in crate::decide::item) fn contact_needs(
    contact: &ExternalUserId,
    item: &ItemRef,
) -> Vec<Need> {
    vec![
        Need::Item(item.kept()),
        Need::Grant(contact.clone(), item.clone()),
    ]
}

/// The item, if this customer sees it.
pub(in crate::decide::item) fn seen_by_contact<'a>(
    contact: &ExternalUserId,
    shown: &ItemRef,
    facts: &'a Facts<'_>,
) -> Result<&'a Item, Rejection> {
    let item = item_of(facts, shown)?;
    match contact_sees(contact, item, shown, grant_of(facts, contact, shown)) {
        true => Ok(item),
        false => Err(Rejection::NotFound),
    }
}

/// The grant among the facts.
pub(in crate::decide::item) fn grant_of<'a>(
    facts: &'a Facts<'_>,
    contact: &ExternalUserId,
    item: &ItemRef,
) -> Option<&'a Grant> {
    let mut grants = facts.grants.iter();
    grants.find(|grant| grant.contact == *contact && grant.item == *item)
}

/// Only for the company: systems, administrators, and members who work on the item.
pub(in crate::decide::item) fn may_change(by: &Actor, item: &Item) -> Result<(), Rejection> {
    match by {
        Actor::System | Actor::Admin => Ok(()),
        Actor::Member(userid) if member_works_on(userid, item) => Ok(()),
        Actor::Member(userid) if member_sees(userid, item) => {
            Err(Rejection::NotAllowed(Denied::NotTheirItem))
        }
        Actor::Member(_) | Actor::Contact(_) => Err(Rejection::NotFound),
    }
}

/// Only for the company, towards a customer: systems, administrators, members who follow the customer.
pub(in crate::decide::item) fn may_deal_with(
    by: &Actor,
    facts: &Facts<'_>,
) -> Result<(), Rejection> {
    match by {
        Actor::System | Actor::Admin => Ok(()),
        Actor::Member(userid) if follows(userid, facts) => Ok(()),
        Actor::Member(_) => Err(Rejection::NotAllowed(Denied::NotTheirCustomer)),
        Actor::Contact(_) => Err(Rejection::NotFound),
    }
}

/// Only for those who see it: everybody but members outside its circle.
pub(in crate::decide::item) fn may_look(by: &Actor, item: &Item) -> Result<(), Rejection> {
    match by {
        Actor::Member(userid) if !member_sees(userid, item) => Err(Rejection::NotFound),
        Actor::Member(_) | Actor::System | Actor::Admin | Actor::Contact(_) => Ok(()),
    }
}

/// Only if the item is still what whoever asks has looked at.
pub(in crate::decide::item) fn is_unchanged(item: &Item, seen: Timestamp) -> Result<(), Rejection> {
    match item.head().changed_at == seen {
        true => Ok(()),
        false => Err(Rejection::Changed),
    }
}

/// Whether the member is among the facts.
pub(in crate::decide::item) fn is_known(userid: &UserId, facts: &Facts<'_>) -> bool {
    let mut known = facts.people.iter().chain(&facts.member);
    known.any(|member| member.userid == *userid)
}

/// Only for members who are known here: a misspelled one would never hear of anything.
pub(in crate::decide::item) fn known(
    userid: &UserId,
    place: &str,
    facts: &Facts<'_>,
) -> Result<(), Rejection> {
    match is_known(userid, facts) {
        true => Ok(()),
        false => Err(Rejection::Invalid(vec![Fault::new(
            place,
            Wrong::NotAMember,
        )])),
    }
}

/// Whether the member follows the contact among the facts.
pub(in crate::decide::item) fn follows(userid: &UserId, facts: &Facts<'_>) -> bool {
    let contact = facts.contact.as_ref();
    contact.is_some_and(|contact| contact.follow_of(userid).is_some())
}

/// Only for the customer themselves.
pub(in crate::decide::item) fn is_contact(
    by: &Actor,
    contact: &ExternalUserId,
) -> Result<(), Rejection> {
    match by {
        Actor::Contact(id) if id == contact => Ok(()),
        Actor::Contact(_) | Actor::Member(_) | Actor::System | Actor::Admin => {
            Err(Rejection::NotFound)
        }
    }
}
