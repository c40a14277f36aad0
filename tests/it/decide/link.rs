//! The link in members' profiles.

use std::time::Duration;

use wecom_bridge::callback::event::own::{OwnEvent, SidebarOpened};
use wecom_bridge::decide::facts::{CorpFacts, Facts, LinkWriting, Need, Occasion};
use wecom_bridge::decide::input::Input;
use wecom_bridge::decide::{decide, needs};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::member::{Link, LinkState, Member};
use wecom_bridge::model::outgoing::{Answer, Call, LinkCheck, Outcome, Receipt, WriteLink};

use crate::decide::{NOW, corp, decided, link, member, own, told, wm1, zhang};

#[test]
fn what_came_of_a_link_is_kept_unless_another_is_wanted() {
    use LinkState::{Confirmed, FilledByHand, Wanted};
    let corp = corp();
    let home = corp.home.to_string();
    let failed = || Outcome::Failed {
        reason: "48002".into(),
        errcode: Some(48002),
    };
    let done = |check| Outcome::Done(Answer::Link(check));
    let written = ["link Written", "refresh-member:zhang"];
    let new = "https://new.example/";
    for (url, before, outcome, expected) in [
        (
            &*home,
            Wanted,
            done(LinkCheck::Confirmed),
            &["link Confirmed"][..],
        ),
        (
            &home,
            Wanted,
            done(LinkCheck::AlreadyThere),
            &["link Confirmed"],
        ),
        (&home, Wanted, done(LinkCheck::Ignored), &["link Ignored"]),
        (
            &home,
            Confirmed,
            done(LinkCheck::Ignored),
            &["link Ignored"],
        ),
        (&home, Wanted, done(LinkCheck::Unseen), &written),
        (&home, Wanted, failed(), &["link Failed"]),
        (&home, Wanted, Outcome::TooLate, &["link Failed"]),
        (&home, Confirmed, failed(), &[]),
        (&home, Confirmed, done(LinkCheck::AlreadyThere), &[]),
        (&home, FilledByHand, done(LinkCheck::AlreadyThere), &[]),
        (new, Wanted, done(LinkCheck::Confirmed), &[]),
        (new, Wanted, failed(), &[]),
    ] {
        let call = Call::WriteLink(WriteLink {
            userid: zhang(),
            name: "与我协作".into(),
            url: home.clone(),
        });
        let told_of = format!("{before:?} {outcome:?}");
        let receipt = Receipt { call, outcome };
        let input = Input::Receipt(&receipt);
        assert_eq!(needs(&input), [Need::Link(zhang())]);
        let mut facts = Facts::none(&corp);
        facts.link = Some(link(before, url));
        let effects = decide(&input, &facts, NOW).unwrap();
        assert_eq!(told(&effects), expected, "{told_of}");
        if let Some(Effect::PutLink(link)) = effects.first() {
            assert_eq!(link.at, NOW, "{told_of}");
        }
    }
}

#[test]
fn what_failed_a_moment_ago_is_tried_again_when_asked() {
    let corp = corp();
    let event = own(&OwnEvent::RefreshMember { userid: zhang() });
    for (occasion, expected) in [
        (Occasion::InPassing, &[][..]),
        (Occasion::Asked, &["link Wanted", "send write_link"]),
    ] {
        let mut facts = Facts::none(&corp);
        facts.occasion = occasion;
        (facts.member, facts.member_at_wecom) = (Some(member(true)), Some(member(true)));
        facts.link = Some(link(LinkState::Ignored, corp.home.as_str()));
        let effects = decided(&event, &facts).unwrap();
        assert_eq!(told(&effects), expected, "{occasion:?}");
        for effect in &effects {
            if let Effect::PutLink(link) = effect {
                assert_eq!((link.attempt, link.at), (2, NOW));
            }
        }
    }
}

#[test]
fn the_link_is_sent_to_a_member_once_a_day_until_it_stands_there() {
    let by_hand = CorpFacts {
        links: LinkWriting::ByHand,
        ..corp()
    };
    let home = by_hand.home.to_string();
    let event = own(&OwnEvent::SendLink { userid: zhang() });
    let expected = [Need::Member(zhang()), Need::Link(zhang())];
    assert_eq!(needs(&Input::Event(&event, NOW)), expected);
    let sent = |ago: u64| Link {
        sent_at: Some(NOW.minus(Duration::from_secs(ago))),
        ..link(LinkState::Wanted, &home)
    };
    let sends = || vec!["link Wanted", "send card"];
    let table: Vec<(Option<Member>, Option<Link>, Vec<&str>)> = vec![
        (Some(member(true)), None, sends()),
        (Some(member(true)), Some(sent(24 * 3600)), sends()),
        (Some(member(true)), Some(sent(24 * 3600 - 1)), vec![]),
        (
            Some(member(true)),
            Some(link(LinkState::Failed, &home)),
            vec!["link Failed", "send card"],
        ),
        (
            Some(member(true)),
            Some(Link {
                url: "https://old.example/".into(),
                ..sent(60)
            }),
            sends(),
        ),
        (
            Some(member(true)),
            Some(link(LinkState::Confirmed, &home)),
            vec![],
        ),
        (
            Some(member(true)),
            Some(link(LinkState::FilledByHand, &home)),
            vec![],
        ),
        (Some(member(false)), None, vec![]),
        (None, None, vec![]),
    ];
    for (kept, known, expected) in table {
        let mut facts = Facts::none(&by_hand);
        (facts.member, facts.link) = (kept, known);
        let effects = decided(&event, &facts).unwrap();
        assert_eq!(told(&effects), expected, "{facts:?}");
        let [Effect::PutLink(link), Effect::Send(outgoing)] = &effects[..] else {
            continue;
        };
        assert_eq!((&link.url, link.sent_at), (&home, Some(NOW)));
        // A card that does not arrive does not count as sent.
        let refused = || Outcome::Failed {
            reason: "60020".into(),
            errcode: Some(60020),
        };
        let code = None;
        for (outcome, expected) in [
            (
                Outcome::Done(Answer::CardSent {
                    response_code: code,
                }),
                &[][..],
            ),
            (
                Outcome::Done(Answer::NotDelivered),
                &[format!("link {:?}", link.state)],
            ),
            (refused(), &[format!("link {:?}", link.state)]),
        ] {
            let call = outgoing.call.clone();
            let receipt = Receipt { call, outcome };
            let input = Input::Receipt(&receipt);
            assert!(needs(&input).contains(&Need::Link(zhang())));
            let mut facts = Facts::none(&by_hand);
            facts.link = Some(link.clone());
            let effects = decide(&input, &facts, NOW).unwrap();
            assert_eq!(told(&effects), expected);
            if let [Effect::PutLink(link)] = &effects[..] {
                assert_eq!(link.sent_at, None);
            }
        }
    }
}

#[test]
fn another_card_that_does_not_arrive_says_nothing_about_the_link() {
    let corp = corp();
    let opened = own(&OwnEvent::SidebarOpened(SidebarOpened {
        userid: zhang(),
        external_userid: wm1(),
        entry: "single_chat_tools".into(),
    }));
    let effects = decided(&opened, &Facts::none(&corp)).unwrap();
    let Some(Effect::Send(outgoing)) = effects.last() else {
        panic!("{effects:?}")
    };
    let receipt = Receipt {
        call: outgoing.call.clone(),
        outcome: Outcome::TooLate,
    };
    let input = Input::Receipt(&receipt);
    assert!(!needs(&input).contains(&Need::Link(zhang())));
    let mut facts = Facts::none(&corp);
    facts.link = Some(Link {
        sent_at: Some(NOW),
        ..link(LinkState::Wanted, corp.home.as_str())
    });
    let effects = decide(&input, &facts, NOW).unwrap();
    assert_eq!(told(&effects), [""; 0]);
}
