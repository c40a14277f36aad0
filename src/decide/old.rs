//! What is kept for a time only, once its time is over.

use std::time::Duration;

use crate::decide::card::CODE_LIFE;
use crate::model::effect::{Effect, SentCard};
use crate::model::request::Carried;
use crate::model::time::Timestamp;

/// So long a request is recognised when it comes again, and so long a card is known after it was sent (own choice).
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What becomes of the memory of a request.
pub fn request(carried: &Carried, now: Timestamp) -> Option<Effect> {
    let is_over = now.since(carried.at) >= KEPT;
    is_over.then(|| Effect::DropCarried(carried.id.clone()))
}

/// What becomes of a card: with its code, it loses all that serves to change it. Its buttons still act once until it is
/// forgotten.
pub fn card(card: &SentCard, now: Timestamp) -> Option<Effect> {
    let age = now.since(card.sent_at);
    if age >= KEPT {
        return Some(Effect::DropCard(Box::new(card.clone())));
    }
    let can_change = card.response_code.is_some() || card.shows.is_some();
    let is_over = age >= CODE_LIFE && can_change;
    is_over.then(|| {
        Effect::PutCard(SentCard {
            response_code: None,
            shows: None,
            ..card.clone()
        })
    })
}
