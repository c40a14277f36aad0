//! A card went out, or a button on one was pressed (`template_card_event`, path/90240).

use std::time::Duration;

use crate::callback::event::card::TemplateCardEvent;
use crate::decide::facts::{Facts, Need};
use crate::decide::link;
use crate::decide::wording;
use crate::model::delivery::{Lane, Subject};
use crate::model::effect::{Effect, SentCard};
use crate::model::outgoing::{Answer, Call, CardMessage, CardUpdate, Outcome, Outgoing};
use crate::model::time::Timestamp;

/// How long a response code is good for (path/94888).
const CODE_LIFE: Duration = Duration::from_secs(72 * 60 * 60);

/// What the receipt of a card needs to know.
pub(in crate::decide) fn sent_needs(message: &CardMessage) -> Vec<Need> {
    let card = message.card.task_id().cloned().map(Need::Card);
    let link = wording::is_fill_in_link(&message.card).then(|| Need::Link(message.touser.clone()));
    card.into_iter().chain(link).collect()
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
    vec![Effect::PutCard(SentCard {
        task_id: task_id.clone(),
        touser: message.touser.clone(),
        response_code: Some(code.clone()),
        sent_at: now,
        pressed: None,
        about: None,
    })]
}

/// What a pressed button needs to know.
pub(in crate::decide) fn needs(pressed: &TemplateCardEvent) -> Vec<Need> {
    vec![Need::Card(pressed.task_id.clone())]
}

/// The first press of a button on a card acts: the card then shows that it is done. Later presses find it pressed. With
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
    let mut effects = vec![Effect::PutCard(SentCard {
        task_id: event.task_id.clone(),
        touser: event.userid.clone(),
        response_code: None,
        sent_at: kept.map_or(now, |card| card.sent_at),
        pressed: Some(event.event_key.clone()),
        about: None,
    })];
    // The event brings a fresh code; the one from sending serves where it does not.
    let fresh = event.response_code.as_ref().map(|code| (code, at));
    let code =
        fresh.or_else(|| kept.and_then(|card| Some((card.response_code.as_ref()?, card.sent_at))));
    if let Some((response_code, given_at)) = code {
        effects.push(Effect::Send(Outgoing {
            subject: Subject::new("card", event.task_id.as_str()),
            lane: Lane::Urgent,
            deadline: Some(given_at.plus(CODE_LIFE)),
            call: Call::UpdateCard(CardUpdate {
                userid: event.userid.clone(),
                task_id: event.task_id.clone(),
                response_code: response_code.clone(),
                replace_name: wording::CARD_DONE.into(),
            }),
        }));
    }
    effects
}
