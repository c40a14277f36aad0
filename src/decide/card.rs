//! A card went out, or a button on one was pressed (`template_card_event`, path/90240).

use std::time::Duration;

use crate::callback::event::card::TemplateCardEvent;
use crate::decide::facts::{Facts, Need};
use crate::decide::item::tell::cards;
use crate::decide::item::tell::cards::Pressed;
use crate::decide::item::tell::press::Press;
use crate::decide::link;
use crate::decide::wording;
use crate::model::card::change::{CardChange, ShownCard};
use crate::model::delivery::{Lane, Subject};
use crate::model::effect::{Effect, SentCard};
use crate::model::outgoing::{
    Answer, Call, CardMessage, CardUpdate, OneTimeCode, Outcome, Outgoing,
};
use crate::model::time::Timestamp;

/// How long a response code is good for (path/94888).
pub(in crate::decide) const CODE_LIFE: Duration = Duration::from_secs(72 * 60 * 60);

/// What the receipt of a card needs to know.
pub(in crate::decide) fn sent_needs(message: &CardMessage) -> Vec<Need> {
    let card = message.card.task_id().cloned().map(Need::Card);
    let link = wording::is_fill_in_link(&message.card).then(|| Need::Link(message.touser.clone()));
    let about = message.about.iter();
    let item = about.flat_map(|(item, _)| [Need::Item(item.kept()), Need::PeopleOf(item.clone())]);
    card.into_iter().chain(link).chain(item).collect()
}

/// Keeps what a card that was sent needs to be changed later.
pub(in crate::decide) fn sent(
    message: &CardMessage,
    outcome: &Outcome,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let code = match outcome {
        Outcome::Done(Answer::CardSent {
            response_code: Some(code),
        }) => code,
        Outcome::Done(Answer::CardSent {
            response_code: None,
        }) => return Vec::new(),
        Outcome::Done(_) | Outcome::TooLate | Outcome::Failed { .. } => {
            return link::not_sent(&message.card, facts);
        }
    };
    let Some(task_id) = message.card.task_id() else {
        return Vec::new();
    };
    // A press can overtake the receipt; it has used the card up.
    if facts.card.is_some() {
        return Vec::new();
    }
    // Only cards about items change by themselves.
    let shows = message.about.is_some().then(|| ShownCard {
        card: message.card.clone(),
        replace_text: None,
    });
    let card = SentCard {
        task_id: task_id.clone(),
        touser: message.touser.clone(),
        response_code: Some(code.clone()),
        sent_at: now,
        pressed: None,
        about: message.about.clone(),
        shows,
    };
    let behind = cards::catch_up(&card, facts, now);
    [Effect::PutCard(card)].into_iter().chain(behind).collect()
}

/// What a pressed button needs to know.
pub(in crate::decide) fn needs(event: &TemplateCardEvent) -> Vec<Need> {
    let mut needs = vec![Need::Card(event.task_id.clone())];
    if let Some(press) = Press::read(&event.event_key) {
        needs.extend(cards::press_needs(&press, &event.userid));
    }
    needs
}

/// The first press of a button on a card acts: the card then shows what came of it. Later presses find it pressed. With
/// a code that has grown too old by the time of the call, the card stays as it is.
pub(in crate::decide) fn pressed(
    event: &TemplateCardEvent,
    at: Timestamp,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let kept = facts.card.as_ref();
    if kept.is_some_and(|card| card.pressed.is_some()) {
        return Vec::new();
    }
    let press = Press::read(&event.event_key);
    let Pressed {
        mut effects,
        text,
        shows,
    } = match &press {
        Some(press) => cards::pressed(press, &event.userid, facts, now),
        None => Pressed {
            effects: Vec::new(),
            text: wording::CARD_DONE.into(),
            shows: None,
        },
    };
    // The event brings a fresh code; the one from sending serves where it does not. What is left over serves when the
    // item changes once more.
    let sent = kept.and_then(|card| Some((card.response_code.as_ref()?, card.sent_at)));
    let fresh = event.response_code.as_ref().map(|code| (code, at));
    let left = sent.filter(|_| fresh.is_some() && shows.is_some());
    let card = SentCard {
        task_id: event.task_id.clone(),
        touser: event.userid.clone(),
        response_code: left.map(|(code, _)| code.clone()),
        sent_at: kept.map_or(now, |card| card.sent_at),
        pressed: Some(event.event_key.clone()),
        about: press.map(|press| press.about),
        shows: shows.clone().filter(|_| left.is_some()),
    };
    let change = shows.map_or(CardChange::ReplaceName(text), CardChange::TemplateCard);
    let send = fresh.or(sent).map(|(code, given_at)| {
        let deadline = given_at.plus(CODE_LIFE);
        update(&card, code, deadline, Lane::Urgent, change)
    });
    effects.push(Effect::PutCard(card));
    effects.extend(send);
    effects
}

/// A change of this card.
pub(in crate::decide) fn update(
    card: &SentCard,
    code: &OneTimeCode,
    deadline: Timestamp,
    lane: Lane,
    change: CardChange,
) -> Effect {
    Effect::Send(Outgoing {
        subject: Subject::new("card", card.task_id.as_str()),
        lane,
        deadline: Some(deadline),
        cause: None,
        call: Call::UpdateCard(CardUpdate {
            userid: card.touser.clone(),
            task_id: card.task_id.clone(),
            response_code: code.clone(),
            contact: card.about.as_ref().map(|(_, contact)| contact.clone()),
            change,
        }),
    })
}
