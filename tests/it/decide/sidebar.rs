//! The toolbar page.

use std::time::Duration;

use wecom_bridge::callback::event::own::{OwnEvent, SidebarOpened};
use wecom_bridge::decide::facts::{CorpFacts, Facts, Need, SidebarCard};
use wecom_bridge::decide::input::Input;
use wecom_bridge::decide::needs;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::ids::ExternalUserId;
use wecom_bridge::model::visit::Visit;

use crate::decide::{AT, contact, corp, decided, own, told, wm1, zhang};

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
    let expected = [
        Need::Switches,
        Need::Visit(wm1(), zhang()),
        Need::Contact(wm1()),
    ];
    assert_eq!(needs(&Input::Event(&event, AT)), expected);
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
    assert!(card(&effects).contains("正在与客户协作"));
    let mut facts = Facts::none(&corp);
    facts.contact = Some(contact(&[]));
    let known = decided(&event, &facts).unwrap();
    assert!(card(&known).contains("正在与王女士协作"));
    let mut facts = Facts::none(&corp);
    facts.visit = Some(visit.clone());
    assert_eq!(
        told(&decided(&event, &facts).unwrap()),
        ["visit 2", "refresh-contact:wm1"]
    );
    let half_a_day = Duration::from_secs(12 * 60 * 60);
    for (ago, answered) in [
        (half_a_day - Duration::from_secs(1), false),
        (half_a_day, true),
    ] {
        facts.visit = Some(Visit {
            last_at: visit.last_at.minus(ago),
            ..visit.clone()
        });
        let effects = decided(&event, &facts).unwrap();
        assert_eq!(told(&effects).contains(&"send card".into()), answered);
    }
    let silent = CorpFacts {
        sidebar_card: SidebarCard::Off,
        ..corp
    };
    assert_eq!(
        told(&decided(&event, &Facts::none(&silent)).unwrap()),
        ["visit 1", "refresh-contact:wm1"]
    );
}
