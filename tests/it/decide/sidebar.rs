//! The toolbar page.

use wecom_bridge::callback::event::own::{OwnEvent, SidebarOpened};
use wecom_bridge::decide::facts::{CorpFacts, Facts, SidebarCard};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::ids::ExternalUserId;

use crate::decide::{corp, decided, own, told, wm1, zhang};

#[test]
fn an_opened_toolbar_is_counted_and_answered_now_and_then() {
    let corp = corp();
    let (userid, external_userid) = (zhang(), wm1());
    let entry = "single_chat_tools".to_owned();
    let opened = OwnEvent::SidebarOpened(SidebarOpened {
        userid,
        external_userid,
        entry,
    });
    let event = own(&opened);
    let effects = decided(&event, &Facts::none(&corp)).unwrap();
    assert_eq!(
        told(&effects),
        ["visit 1", "refresh-contact:wm1", "send card"]
    );
    let Effect::PutVisit(visit) = &effects[0] else {
        panic!()
    };
    // Another contact of the same (here: no known) name is another card: WeCom drops equal ones within half an hour.
    let other = own(&OwnEvent::SidebarOpened(SidebarOpened {
        userid: zhang(),
        external_userid: ExternalUserId::parse("wm2").unwrap(),
        entry: "single_chat_tools".into(),
    }));
    let card = |effects: &[Effect]| match effects.last() {
        Some(Effect::Send(outgoing)) => serde_json::to_string(&outgoing.call).unwrap(),
        _ => panic!("{effects:?}"),
    };
    let others = decided(&other, &Facts::none(&corp)).unwrap();
    assert_ne!(card(&effects), card(&others));
    let mut facts = Facts::none(&corp);
    facts.visit = Some(visit.clone());
    assert_eq!(
        told(&decided(&event, &facts).unwrap()),
        ["visit 2", "refresh-contact:wm1"]
    );
    let silent = CorpFacts {
        sidebar_card: SidebarCard::Off,
        ..corp
    };
    assert_eq!(
        told(&decided(&event, &Facts::none(&silent)).unwrap()),
        ["visit 1", "refresh-contact:wm1"]
    );
}
