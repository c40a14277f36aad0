//! Who sees which item. Pages ask the same rules that commands obey.

use crate::decide::facts::Authorised;
use crate::model::grant::Grant;
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::item::{Circle, Item, ItemKind, ItemRef};

/// Whether the corp works with items of this kind: forms and projects are authorised separately.
pub const fn is_authorised(authorised: Authorised, kind: ItemKind) -> bool {
    match kind {
        ItemKind::Project | ItemKind::Plan => authorised.projects,
        ItemKind::Form | ItemKind::Record => authorised.forms,
        ItemKind::Approval => authorised.approvals,
    }
}

/// Whether a customer sees this item: it was given to them and not taken back. An item that belongs to one customer is
/// never another's, whatever was given.
pub fn contact_sees(
    contact: &ExternalUserId,
    item: &Item,
    shown: &ItemRef,
    grant: Option<&Grant>,
) -> bool {
    let granted = grant
        .is_some_and(|grant| grant.holds() && grant.contact == *contact && grant.item == *shown);
    granted && shown.kept() == item.item_ref() && may_be_shown_to(contact, item)
}

/// Whether an item can be shown to this customer at all.
pub fn may_be_shown_to(contact: &ExternalUserId, item: &Item) -> bool {
    item.contact().is_none_or(|owner| owner == contact)
}

/// Whether a member sees this item among the company's.
pub fn member_sees(userid: &UserId, item: &Item) -> bool {
    match item.head().circle {
        Circle::Corp => true,
        Circle::Followers => member_works_on(userid, item),
    }
}

/// Whether a member owns, handles or follows this item, and so may change it.
pub fn member_works_on(userid: &UserId, item: &Item) -> bool {
    item.told().contains(&userid) || super::members(item).contains(&userid)
}
