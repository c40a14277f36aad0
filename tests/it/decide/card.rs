//! Cards and their buttons.

use std::time::Duration;

use wecom_bridge::callback::event;
use wecom_bridge::decide::facts::{Facts, Need};
use wecom_bridge::decide::input::Input;
use wecom_bridge::decide::needs;
use wecom_bridge::model::delivery::Source;
use wecom_bridge::model::effect::{Effect, SentCard};
use wecom_bridge::model::ids::TaskId;
use wecom_bridge::model::outgoing::{Call, OneTimeCode};

use crate::decide::{AT, callback, corp, decided, told, zhang};

#[test]
fn the_first_press_of_a_card_acts() {
    let corp = corp();
    let xml = "<xml><FromUserName>Zhang</FromUserName><CreateTime>1700000000</CreateTime>\
        <MsgType>event</MsgType><Event>template_card_event</Event><EventKey>contacted</EventKey>\
        <TaskId>t1</TaskId><CardType>button_interaction</CardType><ResponseCode>R</ResponseCode></xml>";
    let event = event::parse(Source::Callback, xml).unwrap();
    let sent = |pressed: Option<&str>| SentCard {
        task_id: TaskId::parse("t1").unwrap(),
        touser: zhang(),
        response_code: None,
        sent_at: AT,
        pressed: pressed.map(Into::into),
        about: None,
        shows: None,
    };
    for (kept, expected) in [
        (None, vec!["card Some(\"contacted\")", "send update_card"]),
        (
            Some(sent(None)),
            vec!["card Some(\"contacted\")", "send update_card"],
        ),
        (Some(sent(Some("contacted"))), vec![]),
        (Some(sent(Some("other"))), vec![]),
    ] {
        let mut facts = Facts::none(&corp);
        facts.card = kept;
        assert_eq!(told(&decided(&event, &facts).unwrap()), expected);
    }
}

#[test]
fn a_card_is_changed_while_its_code_is_good() {
    let corp = corp();
    let event = |code: &str| {
        let fields = format!(
            "<Event>template_card_event</Event><EventKey>contacted</EventKey><TaskId>t1</TaskId>{code}"
        );
        callback(&fields)
    };
    let life = Duration::from_secs(72 * 3600);
    let sent_at = AT.minus(Duration::from_secs(3600));
    let mut facts = Facts::none(&corp);
    facts.card = Some(SentCard {
        task_id: TaskId::parse("t1").unwrap(),
        touser: zhang(),
        response_code: Some(OneTimeCode::new("OLD")),
        sent_at,
        pressed: None,
        about: None,
        shows: None,
    });
    for (event, code, deadline) in [
        (
            event("<ResponseCode>NEW</ResponseCode>"),
            "NEW",
            AT.plus(life),
        ),
        (event(""), "OLD", sent_at.plus(life)),
    ] {
        let card = Need::Card(TaskId::parse("t1").unwrap());
        assert_eq!(needs(&Input::Event(&event, AT)), [card]);
        let effects = decided(&event, &facts).unwrap();
        let [Effect::PutCard(pressed), Effect::Send(outgoing)] = &effects[..] else {
            panic!("{effects:?}")
        };
        // It shows what came of the press for good.
        assert!(pressed.response_code.is_none(), "{pressed:?}");
        assert_eq!(pressed.sent_at, sent_at);
        let Call::UpdateCard(update) = &outgoing.call else {
            panic!("{outgoing:?}")
        };
        assert_eq!(update.response_code.expose(), code);
        assert_eq!(outgoing.deadline, Some(deadline));
    }
}
