//! What must be known before a command or a telling is decided.

use std::collections::BTreeMap;

use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::facts::Need;
use wecom_bridge::decide::input::Input;
use wecom_bridge::decide::needs;
use wecom_bridge::decide::request::{Command, Content, Request, Submission, Target};
use wecom_bridge::model::effect::Shelf;
use wecom_bridge::model::form::Value;
use wecom_bridge::model::ids::OpenId;
use wecom_bridge::model::item::Actor;
use wecom_bridge::model::outgoing::{Answer, Call, Outcome, Receipt};
use wecom_bridge::model::reminder::Reminder;

use crate::decide::item::{by, draft, file, file_id, item, key, user};
use crate::decide::{AT, callback, own, wm1};

fn of(by: Actor, command: Command) -> Vec<Need> {
    let request = Request {
        id: None,
        digest: "d".into(),
        by,
        command,
    };
    needs(&Input::Request(&request))
}

#[test]
fn what_looks_like_a_file_among_the_values_is_read() {
    let one = |text: &str| Value::One(text.into());
    let values = BTreeMap::from([
        ("a".to_owned(), one("0a")),
        ("b".to_owned(), one(&"z".repeat(32))),
        (
            "c".to_owned(),
            Value::Many(vec![file_id('1'), file_id('2')]),
        ),
        ("d".to_owned(), one(&"0".repeat(33))),
    ]);
    let submit = Command::Submit(Submission {
        form: key("f1"),
        contact: wm1(),
        record: key("r1"),
        values: values.clone(),
    });
    let expected = [
        Need::Item(item("form:f1")),
        Need::Grant(wm1(), item("form:f1")),
        Need::Contact(wm1()),
        Need::Shelved(Shelf::Submission(key("f1"), wm1())),
        Need::Attachment(file_id('1')),
        Need::Attachment(file_id('2')),
    ];
    assert_eq!(of(Actor::Contact(wm1()), submit), expected);
    let content = Content::Record {
        form: key("f1"),
        contact: None,
        values,
        project: None,
    };
    let put = Command::Put(Box::new(draft(Target::New(key("r1")), content)));
    let expected = [
        Need::Item(item("record:r1")),
        Need::Member(user("Zhang")),
        Need::Item(item("form:f1")),
        Need::Attachment(file_id('1')),
        Need::Attachment(file_id('2')),
    ];
    assert_eq!(of(by("Zhang"), put), expected);
}

#[test]
fn a_files_item_is_looked_at() {
    let attach = |by: Actor| of(by.clone(), Command::Attach(file('1', "form:f1", by)));
    let form = || Need::Item(item("form:f1"));
    let kept = || Need::Attachment(file_id('1'));
    assert_eq!(attach(by("Zhang")), [form(), kept()]);
    let given = Need::Grant(wm1(), item("form:f1"));
    assert_eq!(attach(Actor::Contact(wm1())), [form(), given, kept()]);
    let forget = Command::Forget(file('1', "form:f1", by("Zhang")));
    assert_eq!(of(Actor::System, forget), [kept(), form()]);
}

#[test]
fn the_cards_of_a_plan_follow_its_project() {
    for (reference, plan) in [("project:p1", Some("plan:p1")), ("record:r1", None)] {
        let changed = item(reference);
        let event = own(&OwnEvent::ItemChanged {
            item: changed.clone(),
        });
        let mut expected = vec![
            Need::Item(changed.clone()),
            Need::PeopleOf(changed.clone()),
            Need::CardsAbout(changed),
        ];
        expected.extend(plan.map(|plan| Need::CardsAbout(item(plan))));
        assert_eq!(needs(&Input::Event(&event, AT)), expected, "{reference}");
    }
}

#[test]
fn whoever_presses_is_looked_up_once() {
    for key in ["take record:r1 wm1", "done record:r1 wm1"] {
        let press = callback(&format!(
            "<Event>template_card_event</Event><EventKey>{key}</EventKey><TaskId>t1</TaskId>\
             <ResponseCode>R</ResponseCode>"
        ));
        let needs = needs(&Input::Event(&press, AT));
        let presser = Need::Member(user("sys"));
        let found = needs.iter().filter(|need| **need == presser).count();
        assert_eq!(found, 1, "{key}");
        for need in [
            Need::Item(item("record:r1")),
            Need::PeopleOf(item("record:r1")),
        ] {
            assert!(needs.contains(&need), "{key} {need:?}");
        }
    }
}

#[test]
fn how_a_reminder_ended_concerns_its_conversation() {
    let reminder = Reminder {
        about: (item("plan:p1"), wm1()),
        openid: OpenId::parse("oWang").unwrap(),
        title: "装机".into(),
        text: "您有1条新的回复".into(),
        member: String::new(),
        at: AT,
        url: "https://bridge.example/".into(),
        client_msg_id: "m1".into(),
    };
    let receipt = Receipt {
        call: Call::Remind(reminder),
        outcome: Outcome::Done(Answer::Reminded),
    };
    let expected = [
        Need::Item(item("project:p1")),
        Need::Thread(wm1(), item("plan:p1")),
        Need::Contact(wm1()),
    ];
    assert_eq!(needs(&Input::Receipt(&receipt)), expected);
}
