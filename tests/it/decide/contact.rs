//! Customers: added, refreshed, and lost.

use std::time::Duration;

use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::facts::{AutoSync, CorpFacts, Facts, Need};
use wecom_bridge::decide::input::{Input, Refusal};
use wecom_bridge::decide::{decide, needs};
use wecom_bridge::model::contact::{
    Contact, EndedBy, Ending, Greeting, GreetingStep, TransferFailure,
};
use wecom_bridge::model::effect::Effect;

use crate::decide::{AT, NOW, contact, corp, customer, decided, greeting, own, told, wm1, zhang};

#[test]
fn an_event_about_a_customer_needs_what_is_known_of_the_relation() {
    let relation = || {
        vec![
            Need::Switches,
            Need::Greeting(wm1(), zhang()),
            Need::Ending(wm1(), zhang()),
        ]
    };
    for (change_type, expected) in [
        ("add_external_contact", relation()),
        ("add_half_external_contact", relation()),
        ("del_external_contact", relation()),
        ("del_follow_user", relation()),
        (
            "transfer_fail",
            vec![Need::TransferFailure(wm1(), zhang()), Need::Switches],
        ),
        ("edit_external_contact", vec![Need::Switches]),
        ("invented_tomorrow", vec![Need::Switches]),
    ] {
        let event = customer(change_type, "");
        assert_eq!(needs(&Input::Event(&event, AT)), expected, "{change_type}");
    }
}

#[test]
fn the_last_reason_why_a_customer_was_not_handed_over_is_kept() {
    let corp = corp();
    let event = customer("transfer_fail", "<FailReason>customer_refused</FailReason>");
    let refresh = "refresh-contact:wm1";
    let put = "not transferred: Some(\"customer_refused\")";
    let second = Duration::from_secs(1);
    for (known_at, expected) in [
        (AT.minus(second), vec![put, refresh]),
        (AT, vec![refresh]),
        (AT.plus(second), vec![refresh]),
    ] {
        let mut facts = Facts::none(&corp);
        facts.transfer_failure = Some(TransferFailure {
            external_userid: wm1(),
            userid: zhang(),
            reason: None,
            at: known_at,
        });
        let effects = decided(&event, &facts).unwrap();
        assert_eq!(told(&effects), expected, "{known_at:?}");
    }
}

#[test]
fn a_customer_who_is_added_anew_is_welcomed_anew() {
    let corp = corp();
    let mut facts = Facts::none(&corp);
    facts.greetings = vec![Greeting {
        added_at: AT.minus(Duration::from_secs(1)),
        ..greeting(GreetingStep::Carded)
    }];
    let code = "<WelcomeCode>CODE</WelcomeCode>";
    let effects = decided(&customer("add_external_contact", code), &facts).unwrap();
    let expected = ["greeting Sending", "send welcome", "refresh-contact:wm1"];
    assert_eq!(told(&effects), expected);
}

#[test]
fn an_addition_that_was_overtaken_does_not_greet_again() {
    let corp = corp();
    let code = "<WelcomeCode>CODE</WelcomeCode>";
    let event = customer("add_half_external_contact", code);
    let mut facts = Facts::none(&corp);
    let later = AT.plus(Duration::from_secs(1));
    facts.greetings = vec![Greeting {
        added_at: later,
        ..greeting(GreetingStep::Carded)
    }];
    let effects = decided(&event, &facts).unwrap();
    assert_eq!(told(&effects), ["refresh-contact:wm1"]);
    // The card is not under way yet: the welcome takes its place, and the later addition is what it is for.
    facts.greetings[0].step = GreetingStep::CardOwed;
    let effects = decided(&event, &facts).unwrap();
    let Effect::PutGreeting(greeting) = &effects[0] else {
        panic!("{effects:?}")
    };
    assert_eq!(
        (greeting.step, greeting.added_at),
        (GreetingStep::Sending, later)
    );
}

#[test]
fn a_welcome_code_that_is_too_old_takes_no_cards_place() {
    let corp = corp();
    let code = "<WelcomeCode>CODE</WelcomeCode>";
    let event = customer("add_external_contact", code);
    let mut facts = Facts::none(&corp);
    let ending = Ending {
        external_userid: wm1(),
        userid: zhang(),
        by: EndedBy::Member,
        at: AT.plus(Duration::from_secs(60)),
    };
    let welcome = ["greeting Sending", "send welcome", "refresh-contact:wm1"];
    let nothing = ["refresh-contact:wm1"];
    for (age, known, ended, expected) in [
        (19_999, Some(GreetingStep::CardOwed), false, &welcome[..]),
        (20_000, Some(GreetingStep::CardOwed), false, &nothing),
        (19_999, None, true, &welcome),
        (20_000, None, true, &nothing),
        (20_000, None, false, &welcome),
    ] {
        facts.greetings = known.map(greeting).into_iter().collect();
        facts.endings = ended.then(|| ending.clone()).into_iter().collect();
        let now = AT.plus(Duration::from_millis(age));
        let effects = decide(&Input::Event(&event, AT), &facts, now).unwrap();
        assert_eq!(told(&effects), expected, "{age} ms, {known:?}, {ended}");
    }
}

#[test]
fn an_added_customer_is_welcomed_at_once_or_owed_a_card() {
    let corp = corp();
    let code = "<WelcomeCode>CODE</WelcomeCode>";
    let ended = Ending {
        external_userid: wm1(),
        userid: zhang(),
        by: EndedBy::Member,
        at: AT,
    };
    type Row<'a> = (
        &'a str,
        &'a str,
        Option<GreetingStep>,
        Option<Ending>,
        &'a [&'a str],
    );
    let table: &[Row<'_>] = &[
        (
            "add_external_contact",
            code,
            None,
            None,
            &["greeting Sending", "send welcome", "refresh-contact:wm1"],
        ),
        (
            "add_half_external_contact",
            code,
            None,
            None,
            &["greeting Sending", "send welcome", "refresh-contact:wm1"],
        ),
        (
            "add_external_contact",
            "",
            None,
            None,
            &["greeting CardOwed", "refresh-contact:wm1"],
        ),
        (
            "add_external_contact",
            "",
            Some(GreetingStep::Welcomed),
            None,
            &["refresh-contact:wm1"],
        ),
        (
            "add_external_contact",
            "",
            Some(GreetingStep::Sending),
            None,
            &["refresh-contact:wm1"],
        ),
        (
            "add_external_contact",
            "",
            None,
            Some(ended),
            &["refresh-contact:wm1"],
        ),
        // The confirmation overtook it: the member has been asked to greet the contact.
        (
            "add_half_external_contact",
            code,
            Some(GreetingStep::Carded),
            None,
            &["refresh-contact:wm1"],
        ),
        (
            "add_half_external_contact",
            code,
            Some(GreetingStep::CardOwed),
            None,
            &["greeting Sending", "send welcome", "refresh-contact:wm1"],
        ),
        // It comes once more.
        (
            "add_external_contact",
            code,
            Some(GreetingStep::Welcomed),
            None,
            &["refresh-contact:wm1"],
        ),
        (
            "edit_external_contact",
            "",
            None,
            None,
            &["refresh-contact:wm1"],
        ),
        (
            "transfer_fail",
            "<FailReason>customer_refused</FailReason>",
            None,
            None,
            &[
                "not transferred: Some(\"customer_refused\")",
                "refresh-contact:wm1",
            ],
        ),
        (
            "msg_audit_approved",
            code,
            None,
            None,
            &["greeting Sending", "send welcome", "refresh-contact:wm1"],
        ),
        (
            "invented_tomorrow",
            "",
            None,
            None,
            &["refresh-contact:wm1"],
        ),
    ];
    for (change_type, more, known, ending, expected) in table {
        let mut facts = Facts::none(&corp);
        facts.greetings = known.map(greeting).into_iter().collect();
        facts.endings = ending.clone().into_iter().collect();
        let effects = decided(&customer(change_type, more), &facts).unwrap();
        assert_eq!(
            told(&effects),
            *expected,
            "{change_type} {more} after {known:?}"
        );
    }
}

#[test]
fn with_auto_sync_off_events_change_no_contact() {
    let corp = CorpFacts {
        auto_sync: AutoSync::Off,
        ..corp()
    };
    for change_type in [
        "add_external_contact",
        "edit_external_contact",
        "del_follow_user",
        "del_external_contact",
        "transfer_fail",
    ] {
        let effects = decided(&customer(change_type, ""), &Facts::none(&corp)).unwrap();
        assert_eq!(told(&effects), Vec::<String>::new(), "{change_type}");
    }
}

#[test]
fn an_ended_relation_is_kept_once_and_ends_its_greeting() {
    let corp = corp();
    for (change_type, more, by) in [
        ("del_follow_user", "", "Contact"),
        ("del_external_contact", "", "Member"),
        (
            "del_external_contact",
            "<Source>DELETE_BY_TRANSFER</Source>",
            "Transfer",
        ),
    ] {
        let event = customer(change_type, more);
        let mut facts = Facts::none(&corp);
        facts.greetings = vec![greeting(GreetingStep::Welcomed)];
        let effects = decided(&event, &facts).unwrap();
        assert_eq!(
            told(&effects),
            [
                &format!("ended by {by}"),
                "drop greeting",
                "refresh-contact:wm1"
            ]
        );
        let Effect::PutEnding(ending) = &effects[0] else {
            panic!()
        };
        assert_eq!(ending.at, AT);
        facts.endings = vec![ending.clone()];
        facts.greetings = vec![Greeting {
            added_at: AT.plus(Duration::from_secs(60)),
            ..greeting(GreetingStep::Sending)
        }];
        assert_eq!(
            told(&decided(&event, &facts).unwrap()),
            ["refresh-contact:wm1"],
            "told again, after a new beginning"
        );
        // It ended before, and once more; or a later ending is known.
        let second = Duration::from_secs(1);
        facts.greetings.clear();
        for (known_at, expected) in [
            (AT.minus(second), Some(format!("ended by {by}"))),
            (AT.plus(second), None),
        ] {
            facts.endings[0].at = known_at;
            let expected = expected.into_iter().chain(["refresh-contact:wm1".into()]);
            let effects = decided(&event, &facts).unwrap();
            assert_eq!(told(&effects), expected.collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_refresh_brings_the_contact_up_to_date() {
    let corp = corp();
    let event = own(&OwnEvent::RefreshContact {
        external_userid: wm1(),
    });
    let one = || contact(&[("Zhang", AT)]);
    let both = || contact(&[("Zhang", AT), ("li", AT)]);
    let none = || contact(&[]);
    let renamed = Contact {
        name: "王先生".into(),
        ..one()
    };
    let expected = [
        Need::Contact(wm1()),
        Need::Relations(wm1()),
        Need::ContactAtWecom(wm1()),
    ];
    assert_eq!(needs(&Input::Event(&event, AT)), expected);
    let table: [(Option<Contact>, Option<Contact>, &[&str]); 7] = [
        (None, Some(one()), &["contact wm1 of Zhang"]),
        (Some(one()), Some(one()), &[]),
        (Some(one()), Some(both()), &["contact wm1 of Zhang+li"]),
        (Some(one()), Some(renamed), &["contact wm1 of Zhang"]),
        (Some(one()), None, &["contact wm1 of "]),
        (Some(none()), None, &[]),
        (Some(none()), Some(one()), &["contact wm1 of Zhang"]),
    ];
    for (kept, at_wecom, expected) in table {
        let mut facts = Facts::none(&corp);
        (facts.contact, facts.contact_at_wecom) = (kept, at_wecom);
        let effects = decided(&event, &facts).unwrap();
        assert_eq!(told(&effects), expected);
        if let Some(Effect::PutContact(contact)) = effects.first() {
            assert_eq!(contact.changed_at, NOW);
        }
    }
    assert_eq!(
        decided(&event, &Facts::none(&corp)).unwrap_err(),
        Refusal::NotACustomer
    );
}

#[test]
fn a_refresh_remembers_who_was_deleted_by_the_contact() {
    let corp = corp();
    let event = own(&OwnEvent::RefreshContact {
        external_userid: wm1(),
    });
    let later = AT.plus(Duration::from_secs(9));
    for (began, ended, by, expected) in [
        (AT, later, EndedBy::Contact, Some(later)),
        (later, AT, EndedBy::Contact, None),
        (AT, later, EndedBy::Member, None),
    ] {
        let mut facts = Facts::none(&corp);
        facts.contact_at_wecom = Some(contact(&[("ZHANG", began)]));
        facts.endings = vec![Ending {
            external_userid: wm1(),
            userid: zhang(),
            by,
            at: ended,
        }];
        let effects = decided(&event, &facts).unwrap();
        let Effect::PutContact(contact) = &effects[0] else {
            panic!("{effects:?}")
        };
        assert_eq!(contact.follow_users[0].deleted_by_contact_at, expected);
    }
}
