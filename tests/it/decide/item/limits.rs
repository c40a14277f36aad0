//! What an item may be made of: at each limit, and one beyond it.

use serde_json::json;
use wecom_bridge::decide::facts::Facts;
use wecom_bridge::decide::rejection::{Fault, Rejection, Wrong};
use wecom_bridge::decide::request::{Command, Content, Draft, Target};
use wecom_bridge::model::form::{Field, Submissions};
use wecom_bridge::model::project::Stage;

use crate::decide::item::{asked, by, draft, file, key, office};
use crate::decide::{corp, wm1};

/// What is wrong with a new item, place by place.
fn wrong(draft: Draft, facts: &Facts<'_>) -> Vec<Fault> {
    match asked(&by("Zhang"), Command::Put(Box::new(draft)), facts) {
        Ok(_) => Vec::new(),
        Err(Rejection::Invalid(faults)) => faults,
        Err(rejection) => panic!("{rejection:?}"),
    }
}

fn new(content: Content) -> Draft {
    draft(Target::New(key("x1")), content)
}

#[track_caller]
fn assert_wrong(draft: Draft, expected: &[(&str, Wrong)], case: &str) {
    let corp = corp();
    let expected: Vec<Fault> = expected
        .iter()
        .map(|(place, wrong)| Fault::new(*place, *wrong))
        .collect();
    assert_eq!(wrong(draft, &office(&corp)), expected, "{case}");
}

fn project(stages: Vec<Stage>) -> Content {
    Content::Project { stages }
}

fn form(fields: Vec<serde_json::Value>, steps: Vec<String>) -> Content {
    let fields = fields.into_iter();
    let fields = fields.map(|field| serde_json::from_value::<Field>(field).unwrap());
    Content::Form {
        fields: fields.collect(),
        submissions: Submissions::Many,
        steps,
    }
}

#[test]
fn titles_descriptions_and_pictures() {
    let picture = |length: usize| format!("https://a.example/{}", "p".repeat(length - 18));
    for (title, description, shown, expected) in [
        ("字".repeat(100), String::new(), None, None),
        (
            "字".repeat(101),
            String::new(),
            None,
            Some(("title", Wrong::TooLong(100))),
        ),
        (
            " ".into(),
            String::new(),
            None,
            Some(("title", Wrong::Missing)),
        ),
        (
            "一\n二".into(),
            String::new(),
            None,
            Some(("title", Wrong::BadCharacters)),
        ),
        ("一".into(), "字".repeat(2000), None, None),
        (
            "一".into(),
            "字".repeat(2001),
            None,
            Some(("description", Wrong::TooLong(2000))),
        ),
        ("一".into(), "a\tb\nc\r\nd".into(), None, None),
        (
            "一".into(),
            "a\u{0}b".into(),
            None,
            Some(("description", Wrong::BadCharacters)),
        ),
        ("一".into(), String::new(), Some(picture(1024)), None),
        (
            "一".into(),
            String::new(),
            Some(picture(1025)),
            Some(("picture", Wrong::NotAnAddress)),
        ),
        (
            "一".into(),
            String::new(),
            Some("http://a.example/".into()),
            Some(("picture", Wrong::NotAnAddress)),
        ),
    ] {
        let case = format!("{title} {description:?} {shown:?}");
        let draft = Draft {
            title,
            description,
            picture: shown,
            ..new(project(Vec::new()))
        };
        assert_wrong(draft, expected.as_slice(), &case);
    }
}

#[test]
fn stages_and_tasks() {
    let stage = |tasks: Vec<serde_json::Value>| -> Stage {
        serde_json::from_value(json!({"title": "部署", "tasks": tasks})).unwrap()
    };
    let task = |key: &str| json!({"key": key, "title": "装机"});
    let tasks = |count| (0..count).map(|n| task(&format!("t{n}"))).collect();
    let days = |start: &str, due: &str| {
        vec![stage(vec![
            json!({"key": "t1", "title": "装机", "start": start, "due": due}),
        ])]
    };
    let of_key = |key: &str| vec![stage(vec![task(key)])];
    let place = "stages[0].tasks[0].key";
    let due = ("stages[0].tasks[0].due", Wrong::OutsideDays);
    for (stages, expected, case) in [
        (vec![stage(vec![]); 20], None, "20 stages"),
        (
            vec![stage(vec![]); 21],
            Some(("stages", Wrong::TooMany(20))),
            "21 stages",
        ),
        (vec![stage(tasks(100))], None, "100 tasks"),
        (
            vec![stage(tasks(101))],
            Some(("stages[0].tasks", Wrong::TooMany(100))),
            "101 tasks",
        ),
        (of_key(&"k".repeat(40)), None, "a key of 40"),
        (
            of_key(&"k".repeat(41)),
            Some((place, Wrong::TooLong(40))),
            "a key of 41",
        ),
        (of_key("a-b_C9"), None, "a key"),
        (
            of_key("a b"),
            Some((place, Wrong::BadCharacters)),
            "a blank",
        ),
        (of_key(""), Some((place, Wrong::Missing)), "no key"),
        (
            vec![stage(tasks(1)), stage(tasks(1))],
            Some(("stages[1].tasks[0].key", Wrong::Twice)),
            "a key twice",
        ),
        (days("2026-11-23", "2026-11-24"), None, "two days"),
        (days("2026-11-23", "2026-11-23"), None, "one day"),
        (days("2026-11-23", "2026-11-22"), Some(due), "backwards"),
    ] {
        assert_wrong(new(project(stages)), expected.as_slice(), case);
    }
}

#[test]
fn fields_and_what_they_take() {
    let steps = || vec!["新建".to_owned()];
    let options = |count| (0..count).map(|n| format!("o{n}")).collect::<Vec<_>>();
    for (kind, expected) in [
        (json!({"type": "text", "max": 500}), None),
        (
            json!({"type": "text", "max": 501}),
            Some(("fields[0].max", Wrong::Above(500))),
        ),
        (json!({"type": "long_text", "max": 10_000}), None),
        (
            json!({"type": "long_text", "max": 10_001}),
            Some(("fields[0].max", Wrong::Above(10_000))),
        ),
        (json!({"type": "attachment", "max": 9}), None),
        (
            json!({"type": "attachment", "max": 10}),
            Some(("fields[0].max", Wrong::Above(9))),
        ),
        (json!({"type": "number", "decimals": 6}), None),
        (
            json!({"type": "number", "decimals": 7}),
            Some(("fields[0].decimals", Wrong::Above(6))),
        ),
        (json!({"type": "number", "min": 3, "max": 4}), None),
        (json!({"type": "number", "min": 3, "max": 3}), None),
        (
            json!({"type": "number", "min": 3, "max": 2}),
            Some(("fields[0].max", Wrong::Below(3))),
        ),
        (
            json!({"type": "date", "min": "2026-11-23", "max": "2026-11-24"}),
            None,
        ),
        (
            json!({"type": "date", "min": "2026-11-23", "max": "2026-11-23"}),
            None,
        ),
        (
            json!({"type": "date", "min": "2026-11-23", "max": "2026-11-22"}),
            Some(("fields[0].max", Wrong::OutsideDays)),
        ),
        (json!({"type": "choice", "options": options(100)}), None),
        (
            json!({"type": "choice", "options": options(101)}),
            Some(("fields[0].options", Wrong::TooMany(100))),
        ),
        (
            json!({"type": "choices", "options": []}),
            Some(("fields[0].options", Wrong::Missing)),
        ),
        (
            json!({"type": "choices", "options": ["门", " 窗"]}),
            Some(("fields[0].options[1]", Wrong::BadCharacters)),
        ),
        (
            json!({"type": "choices", "options": ["门", "门"]}),
            Some(("fields[0].options[1]", Wrong::Twice)),
        ),
    ] {
        let mut field = json!({"key": "a", "label": "一"});
        let kind = kind.as_object().unwrap().clone();
        let case = format!("{kind:?}");
        field.as_object_mut().unwrap().extend(kind);
        let form = form(vec![field], steps());
        assert_wrong(new(form), expected.as_slice(), &case);
    }
    let fields = |count| {
        let fields = 0..count;
        let fields =
            fields.map(|n| json!({"key": format!("f{n}"), "label": "一", "type": "phone"}));
        new(form(fields.collect(), steps()))
    };
    assert_wrong(fields(60), &[], "60 fields");
    assert_wrong(fields(61), &[("fields", Wrong::TooMany(60))], "61 fields");
    let twice = vec![json!({"key": "a", "label": "一", "type": "phone"}); 2];
    let expected = [("fields[1].key", Wrong::Twice)];
    assert_wrong(new(form(twice, steps())), &expected, "a key twice");
}

#[test]
fn steps() {
    let steps = |count| (0..count).map(|n| format!("s{n}")).collect::<Vec<_>>();
    for (steps, expected) in [
        (steps(20), None),
        (steps(21), Some(("steps", Wrong::TooMany(20)))),
        (steps(0), Some(("steps", Wrong::Missing))),
        (vec!["字".repeat(30)], None),
        (
            vec!["新\t建".into()],
            Some(("steps[0]", Wrong::BadCharacters)),
        ),
        (
            vec!["字".repeat(31)],
            Some(("steps[0]", Wrong::TooLong(30))),
        ),
    ] {
        let case = format!("{steps:?}");
        assert_wrong(new(form(Vec::new(), steps)), expected.as_slice(), &case);
    }
}

#[test]
fn files_of_an_approval_were_brought_for_it() {
    let corp = corp();
    let mut facts = office(&corp);
    facts.attachments = ('0'..='9')
        .map(|digit| file(digit, "approval:x1", by("Zhang")))
        .collect();
    facts
        .attachments
        .push(file('a', "approval:x2", by("Zhang")));
    for (digits, expected) in [
        ("", None),
        ("012345678", None),
        ("0123456789", Some(Wrong::TooMany(9))),
        ("00", Some(Wrong::Twice)),
        ("0a", Some(Wrong::NotAFile)),
        ("a", Some(Wrong::NotAFile)),
        ("b", Some(Wrong::NotAFile)),
    ] {
        let approval = Content::Approval {
            contact: wm1(),
            about: None,
            attachments: digits.chars().map(crate::decide::item::file_id).collect(),
        };
        let seen = wrong(new(approval), &facts);
        let expected = expected.map(|wrong| Fault::new("attachments", wrong));
        assert_eq!(seen, Vec::from_iter(expected), "{digits}");
    }
}
