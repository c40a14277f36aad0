//! What a new customer is greeted with, and what becomes of it.

use std::time::Duration;

use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::facts::{Facts, Need};
use wecom_bridge::decide::input::Input;
use wecom_bridge::decide::{decide, needs};
use wecom_bridge::model::contact::GreetingStep;
use wecom_bridge::model::delivery::Lane;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::outgoing::{Answer, Call, OneTimeCode, Outcome, Receipt, Welcome};

use crate::decide::{AT, NOW, contact, corp, customer, decided, greeting, own, told, wm1, zhang};

#[test]
fn a_welcome_message_is_urgent_and_ends_with_its_code() {
    let corp = corp();
    let event = customer("add_external_contact", "<WelcomeCode>CODE</WelcomeCode>");
    let effects = decided(&event, &Facts::none(&corp)).unwrap();
    let sent = effects.iter().find_map(|effect| match effect {
        Effect::Send(outgoing) => Some(outgoing),
        _ => None,
    });
    let outgoing = sent.unwrap();
    assert_eq!(outgoing.lane, Lane::Urgent);
    assert_eq!(outgoing.deadline, Some(AT.plus(Duration::from_secs(20))));
    let Call::Welcome(welcome) = &outgoing.call else {
        panic!("{:?}", outgoing.call)
    };
    assert_eq!(welcome.url, "https://bridge.example/home?tenantKey=team1");
    assert_eq!(welcome.welcome_code.expose(), "CODE");
    assert!(welcome.text.len() <= 4000 && welcome.title.len() <= 128 && welcome.desc.len() <= 512);
}

#[test]
fn a_member_is_owed_one_card_about_a_customer_who_could_not_be_welcomed() {
    let corp = corp();
    let event = own(&OwnEvent::RefreshContact {
        external_userid: wm1(),
    });
    for (step, user, expected) in [
        (
            GreetingStep::CardOwed,
            "zhang",
            vec!["greeting Carded", "send card"],
        ),
        (GreetingStep::CardOwed, "li", vec![]),
        (GreetingStep::Carded, "zhang", vec![]),
        (GreetingStep::Sending, "zhang", vec![]),
        (GreetingStep::Welcomed, "zhang", vec![]),
    ] {
        let mut facts = Facts::none(&corp);
        facts.contact = Some(contact(&[(user, AT)]));
        facts.contact_at_wecom = facts.contact.clone();
        facts.greetings = vec![greeting(step)];
        assert_eq!(
            told(&decided(&event, &facts).unwrap()),
            expected,
            "{step:?} {user}"
        );
    }
}

#[test]
fn a_welcome_that_failed_becomes_a_card() {
    let corp = corp();
    let call = || {
        Call::Welcome(Welcome {
            welcome_code: OneTimeCode::new("CODE"),
            userid: zhang(),
            external_userid: wm1(),
            text: String::new(),
            title: String::new(),
            desc: String::new(),
            url: String::new(),
        })
    };
    let failed = || Outcome::Failed {
        reason: "41050".into(),
        errcode: Some(41050),
    };
    for (known, outcome, expected) in [
        (
            Some(GreetingStep::Sending),
            Outcome::Done(Answer::Welcomed),
            vec!["greeting Welcomed"],
        ),
        (
            Some(GreetingStep::Sending),
            Outcome::TooLate,
            vec!["greeting CardOwed", "refresh-contact:wm1"],
        ),
        (
            Some(GreetingStep::Sending),
            failed(),
            vec!["greeting CardOwed", "refresh-contact:wm1"],
        ),
        (Some(GreetingStep::Welcomed), failed(), vec![]),
        (None, failed(), vec![]),
    ] {
        let receipt = Receipt {
            call: call(),
            outcome,
        };
        let input = Input::Receipt(&receipt);
        assert_eq!(
            needs(&input),
            [Need::Switches, Need::Greeting(wm1(), zhang())]
        );
        let mut facts = Facts::none(&corp);
        facts.greetings = known.map(greeting).into_iter().collect();
        assert_eq!(
            told(&decide(&input, &facts, NOW).unwrap()),
            expected,
            "{known:?}"
        );
    }
}
