//! The members who follow an item are told what a customer has done.

use crate::decide::facts::{Facts, Need};
use crate::decide::input::Refusal;
use crate::decide::item::item_of;
use crate::decide::item::tell::begun;
use crate::decide::wording;
use crate::model::effect::Effect;
use crate::model::ids::ExternalUserId;
use crate::model::item::ItemRef;
use crate::model::thread::{News, Thread};
use crate::model::time::Timestamp;

/// What telling the members needs to know.
pub(in crate::decide) fn needs(item: &ItemRef, contact: &ExternalUserId) -> Vec<Need> {
    vec![
        Need::Item(item.kept()),
        Need::Thread(contact.clone(), item.clone()),
        Need::Contact(contact.clone()),
        Need::PeopleOf(item.clone()),
    ]
}

/// Owes a card to everybody who follows the item, unless one was owed a moment ago.
pub(in crate::decide) fn tell(
    item: &ItemRef,
    contact: &ExternalUserId,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Refusal> {
    let Some(thread) = begun(facts, item, contact).filter(|thread| !thread.for_members.is_none())
    else {
        return Ok(Vec::new());
    };
    let Ok(kept) = item_of(facts, item) else {
        return Ok(Vec::new());
    };
    let next = thread.members_told_at.map(|at| at.plus(facts.corp.bundle));
    if let Some(next) = next.filter(|next| *next > now) {
        return Err(Refusal::Later(next.since(now)));
    }
    let about = (item.clone(), contact.clone());
    let told = kept.told().into_iter();
    let mut effects: Vec<Effect> = told
        .map(|userid| {
            let card = wording::items::news(thread, kept, userid, facts, now);
            wording::send_about(userid, card, about.clone())
        })
        .collect();
    effects.push(Effect::PutThread(Thread {
        for_members: News::default(),
        members_told_at: Some(now),
        ..thread.clone()
    }));
    Ok(effects)
}
