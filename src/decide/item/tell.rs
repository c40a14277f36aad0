//! Who hears of what: members by cards, customers by reminders, cards that were sent by an update.

use crate::decide::facts::{Facts, Need};
use crate::decide::input::Refusal;
use crate::model::effect::Effect;
use crate::model::ids::ExternalUserId;
use crate::model::item::ItemRef;
use crate::model::time::Timestamp;

/// What telling the members needs to know.
pub(in crate::decide) fn members_needs(item: &ItemRef, contact: &ExternalUserId) -> Vec<Need> {
    vec![
        Need::Item(item.kept()),
        Need::Thread(contact.clone(), item.clone()),
        Need::Contact(contact.clone()),
    ]
}

/// Tells the members.
pub(in crate::decide) fn members(_: &Facts<'_>, _: Timestamp) -> Result<Vec<Effect>, Refusal> {
    Ok(Vec::new())
}

/// What reminding a customer needs to know.
pub(in crate::decide) fn contact_needs(item: &ItemRef, contact: &ExternalUserId) -> Vec<Need> {
    members_needs(item, contact)
}

/// Reminds the customer.
pub(in crate::decide) fn contact(_: &Facts<'_>, _: Timestamp) -> Result<Vec<Effect>, Refusal> {
    Ok(Vec::new())
}

/// What changing the cards about an item needs to know.
pub(in crate::decide) fn changed_needs(item: &ItemRef) -> Vec<Need> {
    vec![Need::Item(item.kept()), Need::CardsAbout(item.clone())]
}

/// Changes the cards about an item.
pub(in crate::decide) fn changed(_: &Facts<'_>, _: Timestamp) -> Vec<Effect> {
    Vec::new()
}
