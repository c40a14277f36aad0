//! An item is given to a customer, or taken back.

use std::time::Duration;

use crate::decide::facts::{Facts, Need};
use crate::decide::item::access::{
    contact_needs, grant_of, is_contact, may_change, may_deal_with, may_look, seen_by_contact,
};
use crate::decide::item::item_of;
use crate::decide::item::sight::{is_authorised, may_be_shown_to};
use crate::decide::rejection::{Denied, Fault, Rejection, Wrong};
use crate::model::effect::Effect;
use crate::model::grant::{Grant, GrantState, Seen};
use crate::model::ids::ExternalUserId;
use crate::model::item::{Actor, Item, ItemRef, ItemState};
use crate::model::time::Timestamp;

/// So many items are given at once: so many cards are bearable in a chat.
const AT_ONCE_MAX: usize = 9;

/// What giving needs to know.
pub(in crate::decide::item) fn needs(contact: &ExternalUserId, items: &[ItemRef]) -> Vec<Need> {
    let mut needs = vec![Need::Contact(contact.clone())];
    for item in items.iter().take(AT_ONCE_MAX) {
        needs.extend(contact_needs(contact, item));
    }
    needs
}

/// What confirming and taking back need to know.
pub(in crate::decide::item) fn grant_needs(contact: &ExternalUserId, item: &ItemRef) -> Vec<Need> {
    let mut needs = contact_needs(contact, item);
    needs.push(Need::Contact(contact.clone()));
    needs
}

/// Lets the customer see the items, before their cards are sent. What the customer has already stays as it is.
pub(in crate::decide::item) fn share(
    contact: &ExternalUserId,
    items: &[ItemRef],
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Rejection> {
    if facts.contact.is_none() {
        let fault = Fault::new("contact", Wrong::NotAContact);
        return Err(Rejection::Invalid(vec![fault]));
    }
    may_deal_with(by, facts)?;
    let count = match items.len() {
        0 => Some(Wrong::Missing),
        n if n > AT_ONCE_MAX => Some(Wrong::TooMany(AT_ONCE_MAX)),
        _ => None,
    };
    if let Some(wrong) = count {
        return Err(Rejection::Invalid(vec![Fault::new("items", wrong)]));
    }
    let give = |shown: &ItemRef| {
        let item = item_of(facts, shown)?;
        may_be_given(shown, item, contact, by, facts)?;
        let before = grant_of(facts, contact, shown);
        let given_at = before.map_or(now, |before| next(before, now));
        let holds = before.filter(|grant| grant.holds());
        Ok(Effect::PutGrant(Grant {
            contact: contact.clone(),
            item: shown.clone(),
            by: by.clone(),
            state: holds.map_or(first_state(by), |grant| grant.state),
            given_at,
            changed_at: holds.map_or(given_at, |grant| grant.changed_at),
        }))
    };
    items.iter().map(give).collect()
}

/// A member's client sends a card; what a system gives is there without one.
const fn first_state(by: &Actor) -> GrantState {
    match by {
        Actor::Member(_) => GrantState::Pending,
        Actor::System | Actor::Admin | Actor::Contact(_) => GrantState::Confirmed,
    }
}

fn may_be_given(
    shown: &ItemRef,
    item: &Item,
    contact: &ExternalUserId,
    by: &Actor,
    facts: &Facts<'_>,
) -> Result<(), Rejection> {
    if !is_authorised(facts.corp.authorised, shown.kind) {
        return Err(Rejection::NotAuthorised(shown.kind));
    }
    may_look(by, item)?;
    if !may_be_shown_to(contact, item) {
        return Err(Rejection::NotAllowed(Denied::OfAnotherCustomer));
    }
    match item.head().state {
        ItemState::Open => Ok(()),
        ItemState::Closed => Err(Rejection::Closed),
    }
}

/// The card was sent: the member's client says so.
pub(in crate::decide::item) fn confirm(
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Rejection> {
    may_deal_with(by, facts)?;
    let grant = facts.grants.first().ok_or(Rejection::NotFound)?;
    Ok(match grant.state {
        GrantState::Pending => vec![turned(grant, GrantState::Confirmed, now)],
        // Taken back meanwhile, or confirmed before.
        GrantState::Confirmed | GrantState::Revoked => Vec::new(),
    })
}

/// The customer sees the item no longer.
pub(in crate::decide::item) fn revoke(
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Rejection> {
    let grant = facts.grants.first().ok_or(Rejection::NotFound)?;
    let item = item_of(facts, &grant.item)?;
    may_look(by, item)?;
    may_deal_with(by, facts).or_else(|refused| may_change(by, item).map_err(|_| refused))?;
    Ok(match grant.holds() {
        true => vec![turned(grant, GrantState::Revoked, now)],
        false => Vec::new(),
    })
}

fn turned(grant: &Grant, state: GrantState, now: Timestamp) -> Effect {
    Effect::PutGrant(Grant {
        state,
        changed_at: next(grant, now),
        ..grant.clone()
    })
}

/// Everything that is done to a grant has a time of its own, so that what was done last is told apart.
fn next(before: &Grant, now: Timestamp) -> Timestamp {
    let last = before.given_at.max(before.changed_at);
    last.plus(Duration::from_millis(1)).max(now)
}

/// The customer has the item open.
pub(in crate::decide::item) fn mark_seen(
    contact: &ExternalUserId,
    item: &ItemRef,
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Rejection> {
    is_contact(by, contact)?;
    seen_by_contact(contact, item, facts)?;
    Ok(vec![Effect::PutSeen(Seen {
        contact: contact.clone(),
        item: item.clone(),
        at: now,
    })])
}
