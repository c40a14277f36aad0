//! Who sees which item. Pages ask the same rules that commands obey.

use crate::decide::facts::Authorised;
use crate::model::attachment::Attachment;
use crate::model::form::CustomerUse;
use crate::model::grant::Grant;
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::item::{Actor, Circle, Item, ItemKind, ItemRef};

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

/// Whether a customer sees a file of an item that they see: what they have brought for a form themselves, and what is
/// part of the item where they look. What others have brought for the same form, and files in fields that customers do
/// not see, are not theirs.
pub fn contact_sees_file(
    contact: &ExternalUserId,
    item: &Item,
    grant: Option<&Grant>,
    file: &Attachment,
) -> bool {
    let part = match item {
        Item::Form(_) => file.by == Actor::Contact(contact.clone()),
        Item::Record(record) => {
            let shown = record.fields.iter();
            let mut shown = shown.filter(|field| field.customer != CustomerUse::Nothing);
            shown.any(|field| {
                let value = record.values.get(&field.key);
                value.is_some_and(|value| value.texts().contains(&file.id))
            })
        }
        Item::Approval(approval) => approval.attachments.contains(&file.id),
        Item::Project(_) => true,
    };
    part && contact_sees(contact, item, &file.item, grant)
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
