//! What is kept for a time only, once its time is over.

use std::time::Duration;

use crate::decide::card::CODE_LIFE;
use crate::model::effect::{Effect, SentCard};
use crate::model::relation::Relation;
use crate::model::request::Carried;
use crate::model::time::Timestamp;
use crate::model::visit::Visit;

/// So long a request is recognised when it comes again, a card is known after it was sent, and a message to the
/// company's own systems waits for somebody who replays it (own choice).
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What becomes of the memory of a request.
pub fn request(carried: &Carried, now: Timestamp) -> Option<Effect> {
    let is_over = now.since(carried.at) >= KEPT;
    is_over.then(|| Effect::DropCarried(carried.id.clone()))
}

/// What becomes of a visit that is kept for so long.
pub fn visit(visit: &Visit, keep_for: Duration, now: Timestamp) -> Option<Effect> {
    let is_over = now.since(visit.last_at) >= keep_for;
    is_over.then(|| Effect::DropRelation(Relation::Visit(visit.clone())))
}

/// Whether a call that died then is given up for good: one to the company's own systems, which can ask the API for all
/// that it would tell.
pub fn is_given_up(call: &str, died_at: Timestamp, now: Timestamp) -> bool {
    call.starts_with("webhook/") && now.since(died_at) >= KEPT
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::card::change::ShownCard;
    use crate::model::ids::{ExternalUserId, TaskId, UserId};
    use crate::model::outgoing::OneTimeCode;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    #[test]
    fn a_visit_is_kept_after_the_last_time() {
        let at = Timestamp::from_secs(1000);
        let kept = Visit {
            userid: UserId::parse("zhang").unwrap(),
            external_userid: ExternalUserId::parse("wm1").unwrap(),
            entry: String::new(),
            last_at: at,
            count: 1,
        };
        let becomes = |now| visit(&kept, DAY, now);
        assert!(becomes(at.plus(DAY - Duration::from_secs(1))).is_none());
        let gone = becomes(at.plus(DAY));
        assert!(matches!(
            gone,
            Some(Effect::DropRelation(Relation::Visit(_)))
        ));
    }

    #[test]
    fn a_card_loses_with_its_code_what_serves_to_change_it() {
        let json = r#"{"card_type":"text_notice","main_title":{"title":"t"},"card_action":{"type":1,"url":"https://a.example/"}}"#;
        let shown = ShownCard {
            card: serde_json::from_str(json).unwrap(),
            replace_text: None,
        };
        let sent_at = Timestamp::from_secs(1000);
        let code = || Some(OneTimeCode::new("R"));
        let second = Duration::from_secs(1);
        for (response_code, shows, after, expected) in [
            (code(), None, CODE_LIFE, "is bare"),
            (code(), None, CODE_LIFE - second, "stays"),
            (code(), Some(shown.clone()), CODE_LIFE, "is bare"),
            (None, Some(shown), CODE_LIFE, "is bare"),
            (None, None, CODE_LIFE, "stays"),
            (None, None, KEPT - second, "stays"),
            (None, None, KEPT, "goes"),
        ] {
            let case = format!("{response_code:?} {shows:?} {after:?}");
            let kept = SentCard {
                task_id: TaskId::parse("t1").unwrap(),
                touser: UserId::parse("zhang").unwrap(),
                response_code,
                sent_at,
                pressed: Some("contacted".into()),
                about: None,
                shows,
            };
            let becomes = match card(&kept, sent_at.plus(after)) {
                None => "stays",
                Some(Effect::DropCard(_)) => "goes",
                Some(Effect::PutCard(bare)) => {
                    assert!(
                        bare.response_code.is_none() && bare.shows.is_none(),
                        "{case}"
                    );
                    assert_eq!((bare.task_id, bare.pressed), (kept.task_id, kept.pressed));
                    "is bare"
                }
                Some(other) => panic!("{other:?}"),
            };
            assert_eq!(becomes, expected, "{case}");
        }
    }

    #[test]
    fn only_messages_to_own_systems_are_given_up() {
        let at = Timestamp::from_secs(1000);
        for (call, after, given_up) in [
            ("webhook/crm", KEPT, true),
            ("webhook/crm", KEPT - DAY, false),
            ("card", KEPT, false),
        ] {
            assert_eq!(is_given_up(call, at, at.plus(after)), given_up, "{call}");
        }
    }
}
