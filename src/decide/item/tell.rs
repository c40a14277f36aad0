//! Who hears of what: members by cards, customers by reminders, cards that were sent by an update.
//!
//! What is to be told is counted in the conversation and cleared in the step that owes the cards, so that nothing is
//! lost and nothing told twice. The first is told at once; what follows soon goes together into the next.

pub(in crate::decide) mod members;

pub(in crate::decide) mod contact;

pub(in crate::decide) mod cards;
pub(in crate::decide) mod press;

use crate::decide::facts::Facts;
use crate::model::ids::ExternalUserId;
use crate::model::item::ItemRef;
use crate::model::thread::Thread;

/// The conversation of these two, if it has begun.
pub(in crate::decide::item) fn begun<'a>(
    facts: &'a Facts<'_>,
    item: &ItemRef,
    contact: &ExternalUserId,
) -> Option<&'a Thread> {
    let mut threads = facts.threads.iter();
    threads.find(|thread| thread.item == *item && thread.contact == *contact)
}
