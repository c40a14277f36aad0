//! A file comes; a file that nothing shows goes.

use std::time::Duration;

use serde_json::json;
use wecom_bridge::decide::item::file::{WAITS, comes_first};
use wecom_bridge::decide::rejection::{Denied, Rejection};
use wecom_bridge::decide::request::Command;
use wecom_bridge::model::attachment::Attachment;
use wecom_bridge::model::grant::GrantState;
use wecom_bridge::model::item::{Actor, Item};

use crate::decide::item::{
    approval, asked, by, closed, file, file_id, form, grant, item, office, project, record,
};
use crate::decide::{NOW, corp, told, wm1};

#[test]
fn files_are_brought_for_what_is_theirs() {
    let corp = corp();
    let me = || Actor::Contact(wm1());
    let form = || form(json!([]));
    let kept = |reference: &str| Ok(vec![format!("file of {reference}")]);
    let for_forms = Rejection::NotAllowed(Denied::FilesComeWithForms);
    let not_theirs = Rejection::NotAllowed(Denied::NotTheirItem);
    for (by, of, there, expected) in [
        (by("Zhang"), "record:r1", Some(record()), kept("record:r1")),
        (by("Li"), "record:r1", Some(record()), Err(not_theirs)),
        (
            by("Zhang"),
            "record:r1",
            Some(closed(record())),
            Err(Rejection::Closed),
        ),
        (by("Zhang"), "form:f1", Some(form()), kept("form:f1")),
        // What is made with files may still be typed.
        (by("Zhang"), "record:r9", None, kept("record:r9")),
        (Actor::System, "approval:a9", None, kept("approval:a9")),
        (by("Zhang"), "project:p9", None, Err(Rejection::NotFound)),
        (by("Zhang"), "form:f9", None, Err(Rejection::NotFound)),
        (me(), "form:f1", Some(form()), kept("form:f1")),
        (
            me(),
            "form:f1",
            Some(closed(form())),
            Err(Rejection::Closed),
        ),
        (me(), "record:r1", Some(record()), Err(for_forms)),
        (me(), "record:r9", None, Err(Rejection::NotFound)),
        (me(), "form:f2", Some(form()), Err(Rejection::NotFound)),
    ] {
        let mut facts = office(&corp);
        facts.items.extend(there);
        facts.grants.push(grant("form:f1", GrantState::Confirmed));
        facts.grants.push(grant("record:r1", GrantState::Confirmed));
        let attach = Command::Attach(file('1', of, by.clone()));
        let done = asked(&by, attach, &facts).map(|effects| told(&effects));
        assert_eq!(done, expected, "{by:?} {of}");
    }
}

#[test]
fn a_file_that_comes_again_is_the_same_or_refused() {
    let corp = corp();
    let mut facts = office(&corp);
    facts.items.push(record());
    let mine = file('1', "record:r1", by("Zhang"));
    let attach = |file: &Attachment| Command::Attach(file.clone());
    // In somebody else's name.
    let refused = asked(&Actor::System, attach(&mine), &facts);
    assert_eq!(refused.unwrap_err(), Rejection::NotFound);
    facts.attachments.push(mine.clone());
    let again = asked(&by("Zhang"), attach(&mine), &facts).unwrap();
    assert_eq!(told(&again), [""; 0]);
    let other = Attachment {
        sha256: "other".into(),
        ..mine
    };
    let refused = asked(&by("Zhang"), attach(&other), &facts);
    assert_eq!(refused.unwrap_err(), Rejection::NotFound);
}

#[test]
fn a_file_is_forgotten_when_it_has_waited_in_vain() {
    let corp = corp();
    let milli = Duration::from_millis(1);
    let shown = |mut item: Item, digit: char| {
        match &mut item {
            Item::Record(record) => {
                let value = serde_json::from_value(json!([file_id(digit)])).unwrap();
                record.values.insert("a".into(), value);
            }
            Item::Approval(approval) => approval.attachments = vec![file_id(digit)],
            Item::Project(_) | Item::Form(_) => {}
        }
        item
    };
    let (needed, gone) = (false, true);
    for (of, looked_at, age, there, expected) in [
        ("record:r1", "record:r1", WAITS, None, gone),
        ("record:r1", "record:r1", WAITS + milli, None, gone),
        ("record:r1", "record:r1", WAITS - milli, None, needed),
        ("record:r1", "form:f1", WAITS, None, needed),
        (
            "record:r1",
            "record:r1",
            WAITS,
            Some(shown(record(), '1')),
            needed,
        ),
        (
            "record:r1",
            "record:r1",
            WAITS,
            Some(shown(record(), '2')),
            gone,
        ),
        (
            "approval:a1",
            "approval:a1",
            WAITS,
            Some(shown(approval(), '1')),
            needed,
        ),
        (
            "approval:a1",
            "approval:a1",
            WAITS,
            Some(shown(approval(), '2')),
            gone,
        ),
        ("project:p1", "project:p1", WAITS, Some(project()), needed),
        ("form:f1", "form:f1", WAITS, Some(form(json!([]))), gone),
    ] {
        let file = |of: &str| Attachment {
            at: NOW.minus(age),
            ..file('1', of, by("Zhang"))
        };
        let mut facts = office(&corp);
        facts.items.extend(there);
        facts.attachments.push(file(of));
        let forget = || Command::Forget(file(looked_at));
        let done = asked(&Actor::System, forget(), &facts).map(|effects| told(&effects));
        let expected = match expected {
            true => Ok(vec!["drop file".to_owned()]),
            false => Err(Rejection::NotAllowed(Denied::FileIsNeeded)),
        };
        assert_eq!(done, expected, "{of} {looked_at} {age:?}");
        let by_member = asked(&by("Zhang"), forget(), &facts).map(|effects| told(&effects));
        assert_eq!(by_member, Err(Rejection::NotFound), "{of}");
        facts.attachments.clear();
        let none = asked(&Actor::System, forget(), &facts).map(|effects| told(&effects));
        assert_eq!(none, Err(Rejection::NotFound), "{of}");
    }
}

#[test]
fn files_come_before_what_is_made_with_them() {
    let first: Vec<_> = ["project:x", "plan:x", "form:x", "record:x", "approval:x"]
        .into_iter()
        .filter(|reference| comes_first(item(reference).kind))
        .collect();
    assert_eq!(first, ["record:x", "approval:x"]);
}
