//! The chat toolbar (聊天工具栏) was opened for a contact: our own page said so.

use std::time::Duration;

use crate::callback::event::own::SidebarOpened;
use crate::decide::contact;
use crate::decide::facts::{Facts, Need, SidebarCard};
use crate::decide::wording;
use crate::model::effect::Effect;
use crate::model::time::Timestamp;
use crate::model::visit::Visit;

/// A member who opens the toolbar again and again for one contact gets one card in this time.
const CARD_EVERY: Duration = Duration::from_secs(12 * 60 * 60);

/// What an opening needs to know.
pub(in crate::decide) fn needs(opened: &SidebarOpened) -> Vec<Need> {
    let SidebarOpened {
        userid,
        external_userid,
        ..
    } = opened;
    vec![
        Need::Switches,
        Need::Visit(external_userid.clone(), userid.clone()),
        Need::Contact(external_userid.clone()),
    ]
}

/// Records the visit, makes the contact due for a refresh, and answers the member with a card where that is wanted.
pub(in crate::decide) fn opened(
    opened: &SidebarOpened,
    at: Timestamp,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let SidebarOpened {
        userid,
        external_userid,
        entry,
    } = opened;
    let before = facts.visit.as_ref();
    let mut effects = vec![Effect::PutVisit(Visit {
        userid: userid.clone(),
        external_userid: external_userid.clone(),
        entry: entry.clone(),
        last_at: before.map_or(at, |visit| visit.last_at.max(at)),
        count: before.map_or(0, |visit| visit.count) + 1,
    })];
    effects.extend(contact::refresh(external_userid, facts, now));
    let due = before.is_none_or(|visit| at.since(visit.last_at) >= CARD_EVERY);
    if due && facts.corp.sidebar_card == SidebarCard::On {
        let card = wording::toolbar_opened(opened, at, facts.contact.as_ref(), &facts.corp.home);
        effects.push(wording::send_naming(userid, card, external_userid));
    }
    effects
}
