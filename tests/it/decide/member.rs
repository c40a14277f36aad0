//! Members: heard of, and kept as WeCom has them.

use wecom_bridge::callback::event;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::facts::{CorpFacts, Facts, LinkWriting, Need};
use wecom_bridge::decide::input::Input;
use wecom_bridge::decide::needs;
use wecom_bridge::model::delivery::Source;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::member::{Link, LinkState, Member};

use crate::decide::{
    AT, NOW, at_its_place, callback, corp, decided, link, member, own, told, zhang,
};

#[test]
fn all_ways_of_hearing_of_a_member_lead_to_the_same_refresh() {
    let corp = corp();
    let created = |more: &str| {
        callback(&format!(
            "<Event>change_contact</Event><UserID>Zhang</UserID>{more}"
        ))
    };
    let subscribe = "<xml><ToUserName>ww1</ToUserName><FromUserName>ZHANG</FromUserName>\
        <CreateTime>1700000000</CreateTime><MsgType>event</MsgType><Event>subscribe</Event></xml>";
    for event in [
        created("<ChangeType>create_user</ChangeType>"),
        event::parse(Source::Callback, subscribe).unwrap(),
    ] {
        let effects = decided(&event, &Facts::none(&corp)).unwrap();
        assert_eq!(told(&effects), ["refresh-member:zhang"], "{event:?}");
    }
}

#[test]
fn a_new_member_is_kept_linked_and_told_once() {
    let home = corp().home.to_string();
    let event = own(&OwnEvent::RefreshMember { userid: zhang() });
    let (service, hand) = (LinkWriting::ByService, LinkWriting::ByHand);
    let expected = [
        Need::Member(zhang()),
        Need::Link(zhang()),
        Need::MemberAtWecom(zhang()),
    ];
    assert_eq!(needs(&Input::Event(&event, AT)), expected);
    let renamed = Member {
        name: "章".into(),
        ..member(true)
    };
    type Row = (
        LinkWriting,
        Option<Member>,
        Option<Link>,
        Option<Member>,
        Vec<&'static str>,
    );
    let table: Vec<Row> = vec![
        (
            service,
            None,
            None,
            Some(member(true)),
            vec![
                "member Zhang true",
                "link Wanted",
                "send write_link",
                "send card",
            ],
        ),
        (
            hand,
            None,
            None,
            Some(member(true)),
            vec!["member Zhang true", "link Wanted", "send card"],
        ),
        (
            service,
            Some(member(true)),
            Some(link(LinkState::Confirmed, &home)),
            Some(member(true)),
            vec![],
        ),
        (
            service,
            Some(renamed),
            Some(link(LinkState::Confirmed, &home)),
            Some(member(true)),
            vec!["member Zhang true"],
        ),
        (
            service,
            Some(member(true)),
            Some(link(LinkState::Ignored, &home)),
            Some(member(true)),
            vec![],
        ),
        (
            service,
            Some(member(true)),
            Some(link(LinkState::Confirmed, "https://old.example/")),
            Some(member(true)),
            vec!["link Wanted", "send write_link"],
        ),
        (
            service,
            Some(member(false)),
            Some(link(LinkState::Confirmed, &home)),
            Some(member(true)),
            vec!["member Zhang true", "send card"],
        ),
        (
            service,
            Some(member(true)),
            None,
            None,
            vec!["member Zhang false"],
        ),
        (service, Some(member(false)), None, None, vec![]),
        (service, None, None, None, vec![]),
    ];
    for (links, kept, known, at_wecom, expected) in table {
        let corp = CorpFacts { links, ..corp() };
        let mut facts = Facts::none(&corp);
        facts.web_attributes = known
            .as_ref()
            .filter(|link| link.state.stands())
            .map(at_its_place)
            .into_iter()
            .collect();
        (facts.member, facts.link, facts.member_at_wecom) = (kept, known, at_wecom);
        let effects = decided(&event, &facts).unwrap();
        assert_eq!(told(&effects), expected, "{facts:?}");
        if let Some(Effect::PutMember(member)) = effects.first() {
            assert_eq!(member.changed_at, NOW);
        }
    }
}
