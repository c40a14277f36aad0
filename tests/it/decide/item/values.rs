//! What is filled into a form, by customers and by the company.

use std::collections::BTreeMap;

use serde_json::json;
use wecom_bridge::decide::facts::Facts;
use wecom_bridge::decide::rejection::{Fault, Rejection, Wrong};
use wecom_bridge::decide::request::{Command, Content, Submission, Target};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::form::Value;
use wecom_bridge::model::grant::GrantState;
use wecom_bridge::model::item::{Actor, Item};

use crate::decide::item::{
    asked, by, closed, draft, file, file_id, files, form, grant, item, items, key, office, threads,
    wm2,
};
use crate::decide::{NOW, corp, wm1};

/// What is kept of the field, or what is wrong with it.
fn kept(done: Result<Vec<Effect>, Rejection>) -> Result<Option<Value>, Wrong> {
    match done {
        Ok(effects) => match items(&effects)[..] {
            [Item::Record(record)] => Ok(record.values.get("a").cloned()),
            _ => panic!("{effects:?}"),
        },
        Err(Rejection::Invalid(faults)) => {
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert_eq!(faults[0].place, "a");
            Err(faults[0].wrong)
        }
        Err(rejection) => panic!("{rejection:?}"),
    }
}

fn filled_in(values: BTreeMap<String, Value>) -> Command {
    Command::Submit(Submission {
        form: key("f1"),
        contact: wm1(),
        record: key("r1"),
        values,
    })
}

/// A field that takes this, in a form that the customer has.
fn field(kind: serde_json::Value) -> Item {
    let mut field = json!({"key": "a", "label": "一"});
    let kind = kind.as_object().unwrap().clone();
    field.as_object_mut().unwrap().extend(kind);
    form(json!([field]))
}

fn given(form: Item, mut facts: Facts<'_>) -> Facts<'_> {
    facts.items.push(form);
    facts.grants.push(grant("form:f1", GrantState::Confirmed));
    facts
}

fn by_customer(kind: serde_json::Value, value: Value) -> Result<Option<Value>, Wrong> {
    let corp = corp();
    let mut facts = given(field(kind), office(&corp));
    let me = Actor::Contact(wm1());
    facts.attachments = vec![
        file('1', "form:f1", me.clone()),
        file('2', "form:f1", Actor::Contact(wm2())),
        file('3', "form:f2", me.clone()),
        file('4', "form:f1", me.clone()),
    ];
    let values = BTreeMap::from([("a".to_owned(), value)]);
    kept(asked(&me, filled_in(values), &facts))
}

fn by_company(kind: serde_json::Value, value: Value) -> Result<Option<Value>, Wrong> {
    let corp = corp();
    let mut facts = office(&corp);
    facts.items.push(field(kind));
    facts.attachments = vec![
        file('1', "record:r1", by("Li")),
        file('2', "record:r2", by("Zhang")),
    ];
    let content = Content::Record {
        form: key("f1"),
        contact: None,
        values: BTreeMap::from([("a".to_owned(), value)]),
        project: None,
    };
    let put = draft(Target::New(key("r1")), content);
    kept(asked(&by("Zhang"), Command::Put(Box::new(put)), &facts))
}

#[test]
fn one_text_is_kept_as_it_should_be() {
    let days = || json!({"type": "date", "min": "2026-11-10", "max": "2026-11-20"});
    let number = || json!({"type": "number", "min": -5, "max": 100, "decimals": 2});
    let text = || json!({"type": "text", "max": 3});
    let lines = || json!({"type": "long_text", "max": 5});
    let choice = || json!({"type": "choice", "options": ["门", "窗"]});
    let member = || json!({"type": "member"});
    let phone = || json!({"type": "phone"});
    let not = Err(Wrong::NotANumber(2));
    for (kind, value, expected) in [
        (text(), " 门窗灯 ", Ok("门窗灯")),
        (text(), "门窗灯门", Err(Wrong::TooLong(3))),
        (text(), "a\tb", Err(Wrong::BadCharacters)),
        (lines(), "a\tb\r\nc", Ok("a\tb\nc")),
        (lines(), "a\tb\nc\td", Err(Wrong::TooLong(5))),
        (lines(), "a\u{7}b", Err(Wrong::BadCharacters)),
        (number(), "-5", Ok("-5")),
        (number(), "-5.01", Err(Wrong::Below(-5))),
        (number(), "100", Ok("100")),
        (number(), "99.99", Ok("99.99")),
        (number(), "100.01", Err(Wrong::Above(100))),
        (number(), "1.234", not),
        (number(), "+5", not),
        (number(), "-", not),
        (number(), "1.x", not),
        (
            json!({"type": "number"}),
            "999999999999999",
            Ok("999999999999999"),
        ),
        (
            json!({"type": "number"}),
            "9999999999999999",
            Err(Wrong::NotANumber(0)),
        ),
        (days(), "2026-11-10", Ok("2026-11-10")),
        (days(), "2026-11-15", Ok("2026-11-15")),
        (days(), "2026-11-20", Ok("2026-11-20")),
        (days(), "2026-11-09", Err(Wrong::OutsideDays)),
        (days(), "2026-11-21", Err(Wrong::OutsideDays)),
        (days(), "2026-11-31", Err(Wrong::NotADay)),
        (choice(), "窗", Ok("窗")),
        (choice(), "灯", Err(Wrong::NotAnOption)),
        (member(), "Zhang", Ok("Zhang")),
        (member(), "Li", Err(Wrong::NotAMember)),
        (member(), "Li Si", Err(Wrong::NotAMember)),
        (phone(), "（010", Err(Wrong::NotAPhone)),
        (phone(), "(010) 8888-8888", Ok("(010) 8888-8888")),
        (
            phone(),
            "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5",
            Ok("1 2 3 4 5 6 7 8 9 0 1 2 3 4 5"),
        ),
        (
            phone(),
            "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6",
            Err(Wrong::NotAPhone),
        ),
    ] {
        let case = format!("{kind} {value:?}");
        let seen = by_customer(kind, Value::One(value.into()));
        let expected = expected.map(|text| Some(Value::One(text.into())));
        assert_eq!(seen, expected, "{case}");
    }
}

#[test]
fn several_texts_are_kept_each_once() {
    let options = || json!({"type": "choices", "options": ["门", "窗"]});
    let two = || json!({"type": "choices", "options": ["门", "窗", "灯"], "max": 2});
    let (own, others, elsewhere, second) = (file_id('1'), file_id('2'), file_id('3'), file_id('4'));
    let unknown = file_id('9');
    let files = || json!({"type": "attachment", "max": 1});
    let more = || json!({"type": "attachment", "max": 2});
    for (kind, texts, expected) in [
        (options(), vec!["窗", "门"], Ok(())),
        (options(), vec!["门", "门"], Err(Wrong::Twice)),
        (options(), vec!["灯"], Err(Wrong::NotAnOption)),
        (options(), vec!["门", "窗", "门"], Err(Wrong::TooMany(2))),
        (two(), vec!["门"], Ok(())),
        (two(), vec!["门", "灯"], Ok(())),
        (two(), vec!["门", "窗", "灯"], Err(Wrong::TooMany(2))),
        (
            json!({"type": "phone"}),
            vec!["12345", "123456"],
            Err(Wrong::TooMany(1)),
        ),
        (files(), vec![own.as_str()], Ok(())),
        (files(), vec![own.as_str(), &second], Err(Wrong::TooMany(1))),
        (more(), vec![own.as_str(), &second], Ok(())),
        (files(), vec![others.as_str()], Err(Wrong::NotAFile)),
        (files(), vec![elsewhere.as_str()], Err(Wrong::NotAFile)),
        (files(), vec![unknown.as_str()], Err(Wrong::NotAFile)),
    ] {
        let case = format!("{kind} {texts:?}");
        let value = Value::Many(texts.into_iter().map(str::to_owned).collect());
        let seen = by_customer(kind, value.clone());
        assert_eq!(seen, expected.map(|()| Some(value)), "{case}");
    }
}

#[test]
fn the_company_may_leave_things_out_and_name_any_member() {
    let required = json!({"type": "phone", "required": true});
    let empty = || Value::One(" ".into());
    assert_eq!(by_customer(required.clone(), empty()), Err(Wrong::Missing));
    assert_eq!(by_customer(json!({"type": "phone"}), empty()), Ok(None));
    assert_eq!(by_company(required, empty()), Ok(None));
    let li = || Value::One("Li".into());
    assert_eq!(by_company(json!({"type": "member"}), li()), Ok(Some(li())));
    let not_theirs = || json!({"type": "member", "customer": "sees"});
    assert_eq!(by_customer(not_theirs(), li()), Err(Wrong::Unknown));
    assert_eq!(by_company(not_theirs(), li()), Ok(Some(li())));
    let files = || json!({"type": "attachment"});
    for (digit, fits) in [('1', true), ('2', false), ('3', false)] {
        let value = Value::Many(vec![file_id(digit)]);
        let expected = match fits {
            true => Ok(Some(value.clone())),
            false => Err(Wrong::NotAFile),
        };
        assert_eq!(by_company(files(), value), expected, "{digit}");
    }
}

#[test]
fn what_belongs_to_no_field_is_refused() {
    let corp = corp();
    let facts = given(field(json!({"type": "phone"})), office(&corp));
    let value = || Value::One("12345".into());
    let values = BTreeMap::from([("a".into(), value()), ("b".into(), value())]);
    let refused = asked(&Actor::Contact(wm1()), filled_in(values), &facts);
    let faults = vec![Fault::new("b", Wrong::Unknown)];
    assert_eq!(refused.unwrap_err(), Rejection::Invalid(faults));
}

#[test]
fn a_submission_takes_its_files_along_and_is_news() {
    let corp = corp();
    let me = Actor::Contact(wm1());
    let form = field(json!({"type": "attachment"}));
    let mut facts = given(form.clone(), office(&corp));
    facts.attachments = vec![
        file('1', "form:f1", me.clone()),
        file('2', "form:f1", me.clone()),
    ];
    let value = Value::Many(vec![file_id('2')]);
    let submit = || filled_in(BTreeMap::from([("a".into(), value.clone())]));
    let effects = asked(&me, submit(), &facts).unwrap();
    let moved: Vec<_> = files(&effects)
        .into_iter()
        .map(|file| (file.id.clone(), file.item.clone()))
        .collect();
    assert_eq!(moved, [(file_id('2'), item("record:r1"))]);
    let threads = threads(&effects);
    assert_eq!(threads.len(), 1);
    assert_eq!(threads[0].item, item("record:r1"));
    assert_eq!(threads[0].for_members.submissions, 1);
    assert_eq!(threads[0].contact_at, Some(NOW));
    facts.items = vec![closed(form)];
    let refused = asked(&me, submit(), &facts).unwrap_err();
    assert_eq!(refused, Rejection::Closed);
}
