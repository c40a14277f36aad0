//! Items are given to a customer, and taken back.

use std::time::Duration;

use serde_json::json;
use wecom_bridge::decide::facts::Authorised;
use wecom_bridge::decide::rejection::{Denied, Rejection, Wrong};
use wecom_bridge::decide::request::Command;
use wecom_bridge::model::grant::{Grant, GrantState};
use wecom_bridge::model::item::{Actor, ItemKind};
use wecom_bridge::model::time::Timestamp;

use crate::decide::item::{
    asked, by, closed, grant, grants, invalid, item, made, office, project, record, wm2,
};
use crate::decide::{AT, NOW, corp, told, wm1};

const MILLI: Duration = Duration::from_millis(1);

#[test]
fn so_many_items_are_given_at_once() {
    let corp = corp();
    for (count, expected) in [
        (0, invalid("items", Wrong::Missing)),
        (1, Ok(1)),
        (9, Ok(9)),
        (10, invalid("items", Wrong::TooMany(9))),
        (11, invalid("items", Wrong::TooMany(9))),
    ] {
        let mut facts = office(&corp);
        let references: Vec<String> = (0..count).map(|n| format!("project:p{n}")).collect();
        let projects = references.iter();
        facts.items = projects
            .map(|reference| made(reference, json!({"stages": []})))
            .collect();
        let shown = references.iter().map(|reference| item(reference));
        let share = Command::Share(wm1(), shown.collect());
        let given = asked(&by("Zhang"), share, &facts);
        let given = given.map(|effects| grants(&effects).len());
        assert_eq!(given, expected, "{count}");
    }
}

#[test]
fn what_can_be_given() {
    let corp = corp();
    let mut forms_only = corp.clone();
    forms_only.authorised = Authorised {
        projects: false,
        forms: true,
        approvals: true,
    };
    let mut of_another = record();
    if let wecom_bridge::model::item::Item::Record(record) = &mut of_another {
        record.contact = Some(wm2());
    }
    for (corp, shown, kept, expected) in [
        (
            &corp,
            "project:p1",
            project(),
            Ok(vec!["grant project:p1 Pending"]),
        ),
        (
            &corp,
            "plan:p1",
            project(),
            Ok(vec!["grant plan:p1 Pending"]),
        ),
        (
            &forms_only,
            "plan:p1",
            project(),
            Err(Rejection::NotAuthorised(ItemKind::Plan)),
        ),
        (
            &forms_only,
            "record:r1",
            record(),
            Ok(vec!["grant record:r1 Pending"]),
        ),
        (
            &corp,
            "record:r1",
            of_another,
            Err(Rejection::NotAllowed(Denied::OfAnotherCustomer)),
        ),
        (&corp, "record:r1", closed(record()), Err(Rejection::Closed)),
        (&corp, "record:r2", record(), Err(Rejection::NotFound)),
    ] {
        let mut facts = office(corp);
        facts.items.push(kept);
        let share = Command::Share(wm1(), vec![item(shown)]);
        let given = asked(&by("Zhang"), share, &facts).map(|effects| told(&effects));
        let expected = expected.map(|words| words.into_iter().map(str::to_owned).collect());
        assert_eq!(given, expected, "{shown}");
    }
}

#[test]
fn each_item_has_a_grant_of_its_own() {
    let corp = corp();
    let mut facts = office(&corp);
    facts.items = vec![project(), record()];
    facts
        .grants
        .push(grant("project:p1", GrantState::Confirmed));
    let share = Command::Share(wm1(), vec![item("project:p1"), item("record:r1")]);
    let effects = asked(&by("Zhang"), share, &facts).unwrap();
    let given = ["grant project:p1 Confirmed", "grant record:r1 Pending"];
    assert_eq!(told(&effects), given);
}

#[test]
fn what_is_done_to_a_grant_last_is_told_apart() {
    let corp = corp();
    let share = || Command::Share(wm1(), vec![item("project:p1")]);
    let confirm = || Command::ConfirmShare(wm1(), item("project:p1"));
    let revoke = || Command::Revoke(wm1(), item("project:p1"));
    let (pending, confirmed, revoked) = (
        GrantState::Pending,
        GrantState::Confirmed,
        GrantState::Revoked,
    );
    let later = NOW.plus(MILLI);
    type Case = (
        Command,
        GrantState,
        Timestamp,
        Option<(GrantState, Timestamp, Timestamp)>,
    );
    let table: Vec<Case> = vec![
        // What the customer has already stays as it is.
        (share(), confirmed, AT, Some((confirmed, NOW, AT))),
        (share(), confirmed, NOW, Some((confirmed, later, NOW))),
        (share(), revoked, AT, Some((pending, NOW, NOW))),
        (share(), revoked, NOW, Some((pending, later, later))),
        (confirm(), pending, AT, Some((confirmed, AT, NOW))),
        (confirm(), pending, NOW, Some((confirmed, NOW, later))),
        (confirm(), confirmed, AT, None),
        (confirm(), revoked, AT, None),
        (revoke(), pending, AT, Some((revoked, AT, NOW))),
        (revoke(), confirmed, NOW, Some((revoked, NOW, later))),
        (revoke(), revoked, AT, None),
    ];
    for (command, state, at, expected) in table {
        let case = format!("{command:?} {state:?} {at}");
        let mut facts = office(&corp);
        facts.items.push(project());
        facts.grants.push(Grant {
            given_at: at,
            changed_at: at,
            ..grant("project:p1", state)
        });
        let effects = asked(&by("Zhang"), command, &facts).unwrap();
        let kept = grants(&effects).first().map(|grant| {
            assert_eq!(grant.item, item("project:p1"));
            (grant.state, grant.given_at, grant.changed_at)
        });
        assert_eq!(kept, expected, "{case}");
    }
}

#[test]
fn a_customer_has_what_they_see_open() {
    let corp = corp();
    for (state, expected) in [
        (GrantState::Pending, Ok(vec!["project:p1 seen".to_owned()])),
        (GrantState::Revoked, Err(Rejection::NotFound)),
    ] {
        let mut facts = office(&corp);
        facts.items.push(project());
        facts.grants.push(grant("project:p1", state));
        let seen = || Command::MarkSeen(wm1(), item("project:p1"));
        let done = asked(&Actor::Contact(wm1()), seen(), &facts);
        assert_eq!(done.map(|effects| told(&effects)), expected, "{state:?}");
        let other = asked(&Actor::Contact(wm2()), seen(), &facts);
        assert_eq!(
            other.map(|effects| told(&effects)),
            Err(Rejection::NotFound)
        );
    }
}
