//! Cards about items that were sent: they follow their item, and their buttons act.

use std::time::Duration;

use crate::callback::event::own::OwnEvent;
use crate::decide::card::{CODE_LIFE, update};
use crate::decide::facts::{Facts, Need};
use crate::decide::input::Refusal;
use crate::decide::item::change::{advance, advance_needs};
use crate::decide::item::tell::press::{Act, Press};
use crate::decide::item::{event, item_of};
use crate::decide::rejection::Rejection;
use crate::decide::request::Advance;
use crate::decide::wording;
use crate::model::card::change::{CardChange, ShownCard};
use crate::model::delivery::Lane;
use crate::model::effect::{Effect, SentCard};
use crate::model::ids::UserId;
use crate::model::item::{Actor, Item, ItemKind, ItemRef, ItemState};
use crate::model::time::Timestamp;

/// A card changes once, so it waits until its item has rested this long (own choice).
const REST: Duration = Duration::from_secs(10);

/// It waits no longer than this after the first change (own choice).
const REST_MAX: Duration = Duration::from_secs(60);

/// So many cards change in one step.
const CARDS_MAX: usize = 50;

/// What changing the cards about an item needs to know.
pub(in crate::decide) fn needs(item: &ItemRef) -> Vec<Need> {
    let mut needs = vec![
        Need::Item(item.kept()),
        Need::PeopleOf(item.clone()),
        Need::CardsAbout(item.clone()),
    ];
    // A plan's cards are about the project as well.
    if item.kind == ItemKind::Project {
        let plan = ItemRef::new(ItemKind::Plan, item.id.clone());
        needs.push(Need::CardsAbout(plan));
    }
    needs
}

/// Changes the cards that show something else than the item is now. Their codes are used up by it: a change that no card
/// shows uses none.
pub(in crate::decide) fn changed(
    item: &ItemRef,
    since: Timestamp,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Refusal> {
    let Ok(kept) = item_of(facts, item) else {
        return Ok(Vec::new());
    };
    let (good, old): (Vec<&SentCard>, Vec<&SentCard>) = facts
        .cards_about
        .iter()
        .partition(|card| card.sent_at.plus(CODE_LIFE) > now);
    let cards = good.into_iter();
    let mut changes = cards
        .filter_map(|card| change(card, kept, facts))
        .peekable();
    if changes.peek().is_some() {
        rested(kept, since, now)?;
    }
    let mut effects: Vec<Effect> = changes.by_ref().take(CARDS_MAX).flatten().collect();
    // Only so many were listed: what these give room to comes in another step.
    if changes.next().is_some() || !old.is_empty() {
        effects.push(event(&OwnEvent::ItemChanged { item: item.clone() }, now));
    }
    effects.extend(old.into_iter().map(|card| {
        Effect::PutCard(SentCard {
            response_code: None,
            shows: None,
            ..card.clone()
        })
    }));
    Ok(effects)
}

/// Whether the item has been as it is for a while.
fn rested(item: &Item, since: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    let calm = item.head().changed_at.plus(REST);
    let due = calm.min(since.plus(REST_MAX));
    match due > now {
        true => Err(Refusal::Later(due.since(now))),
        false => Ok(()),
    }
}

/// The change of one card, if it shows something else.
fn change(card: &SentCard, item: &Item, facts: &Facts<'_>) -> Option<[Effect; 2]> {
    let (code, before) = (card.response_code.as_ref()?, card.shows.as_ref()?);
    let about = card.about.as_ref()?;
    let after = wording::items::as_it_is(before, about, item, &card.touser, facts);
    if after == *before {
        return None;
    }
    let change = CardChange::TemplateCard(after.clone());
    let deadline = card.sent_at.plus(CODE_LIFE);
    let send = update(card, code, deadline, Lane::Normal, change);
    let put = Effect::PutCard(SentCard {
        response_code: None,
        shows: Some(after),
        ..card.clone()
    });
    Some([put, send])
}

/// Has a card changed that has arrived with what its item was before.
pub(in crate::decide) fn catch_up(
    card: &SentCard,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Option<Effect> {
    let (item, _) = card.about.as_ref()?;
    let kept = item_of(facts, item).ok()?;
    change(card, kept, facts)?;
    Some(event(&OwnEvent::ItemChanged { item: item.clone() }, now))
}

/// What a press needs to know.
pub(in crate::decide) fn press_needs(press: &Press, by: &UserId) -> Vec<Need> {
    let mut needs = advance_needs(&order(press, by, None));
    let presser = Need::Member(by.clone());
    if !needs.contains(&presser) {
        needs.push(presser);
    }
    needs.push(Need::PeopleOf(press.about.0.clone()));
    needs
}

/// What came of a press.
pub(in crate::decide) struct Pressed {
    /// What follows beside the change of the card.
    pub(in crate::decide) effects: Vec<Effect>,
    /// What the greyed-out buttons show.
    pub(in crate::decide) text: String,
    /// The card from now on, if it is known what it showed.
    pub(in crate::decide) shows: Option<ShownCard>,
}

/// Carries out what a button stands for, by the rules that every command obeys; or tells why not.
pub(in crate::decide) fn pressed(
    press: &Press,
    by: &UserId,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Pressed {
    let (effects, text) = match acted(press, by, facts, now) {
        Ok(effects) => (effects, wording::items::done(&press.act, by, facts)),
        Err(reason) => (Vec::new(), reason),
    };
    let mut after = effects.iter().filter_map(|effect| {
        if let Effect::PutItem(item) = effect {
            Some(&**item)
        } else {
            None
        }
    });
    let after = after.next().or_else(|| item_of(facts, &press.about.0).ok());
    let before = facts.card.as_ref().and_then(|card| card.shows.as_ref());
    let shows = before.zip(after).map(|(before, item)| ShownCard {
        replace_text: Some(text.clone()),
        ..wording::items::as_it_is(before, &press.about, item, by, facts)
    });
    Pressed {
        effects,
        text,
        shows,
    }
}

fn acted(
    press: &Press,
    by: &UserId,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, String> {
    let refused = |rejection: &Rejection| wording::items::not_done(rejection).to_owned();
    let item = item_of(facts, &press.about.0);
    let Ok(Item::Record(record)) = item else {
        return Err(refused(&Rejection::NotFound));
    };
    if record.head.state == ItemState::Closed {
        return Err(refused(&Rejection::Closed));
    }
    // Somebody else was faster; the card did not show it yet.
    if let (Act::Take(shown), Some(handler)) = (&press.act, &record.handler)
        && shown.as_ref() != Some(handler)
        && handler != by
    {
        return Err(wording::items::taken(handler, facts));
    }
    let order = order(press, by, record.steps.last());
    let by = Actor::Member(by.clone());
    advance(&order, &by, facts, now).map_err(|rejection| refused(&rejection))
}

/// What a button asks for.
fn order(press: &Press, by: &UserId, last_step: Option<&String>) -> Advance {
    let (step, handler) = match &press.act {
        Act::Take(_) => (None, Some(Some(by.clone()))),
        Act::Done => (last_step.cloned(), None),
    };
    Advance {
        record: press.about.0.id.clone(),
        seen: None,
        step,
        handler,
        follow_up: None,
        internal: false,
    }
}
