//! Who sees which item, and which of its files.

use serde_json::json;
use wecom_bridge::decide::facts::Authorised;
use wecom_bridge::decide::item::sight::{
    contact_sees, contact_sees_file, is_authorised, may_be_shown_to, member_sees, member_works_on,
};
use wecom_bridge::model::grant::{Grant, GrantState};
use wecom_bridge::model::item::{Actor, Circle, Item, ItemKind};

use crate::decide::item::{
    approval, by, file, file_id, form, grant, item, made, project, record, user, wm2,
};
use crate::decide::wm1;

#[test]
fn kinds_are_authorised_separately() {
    let none = Authorised {
        projects: false,
        forms: false,
        approvals: false,
    };
    let projects = Authorised {
        projects: true,
        ..none
    };
    let forms = Authorised {
        forms: true,
        ..none
    };
    let approvals = Authorised {
        approvals: true,
        ..none
    };
    use ItemKind::{Approval, Form, Plan, Project, Record};
    for (authorised, expected) in [
        (none, vec![]),
        (projects, vec![Project, Plan]),
        (forms, vec![Form, Record]),
        (approvals, vec![Approval]),
        (Authorised::ALL, ItemKind::ALL.to_vec()),
    ] {
        let kinds = ItemKind::ALL.into_iter();
        let kinds = kinds.filter(|kind| is_authorised(authorised, *kind));
        assert_eq!(kinds.collect::<Vec<_>>(), expected, "{authorised:?}");
    }
}

#[test]
fn a_customer_sees_what_was_given_to_them() {
    let (pending, revoked) = (GrantState::Pending, GrantState::Revoked);
    let given = |reference: &str| Some(grant(reference, pending));
    let of_another = |reference: &str| Grant {
        contact: wm2(),
        ..grant(reference, pending)
    };
    for (kept, shown, grant, expected) in [
        (project(), "project:p1", given("project:p1"), true),
        (project(), "plan:p1", given("plan:p1"), true),
        (project(), "project:p1", None, false),
        (
            project(),
            "project:p1",
            Some(grant("project:p1", revoked)),
            false,
        ),
        (
            project(),
            "project:p1",
            Some(of_another("project:p1")),
            false,
        ),
        // A plan and its project are given each by itself.
        (project(), "plan:p1", given("project:p1"), false),
        (project(), "project:p1", given("plan:p1"), false),
        (project(), "project:p2", given("project:p2"), false),
        (record(), "record:r1", given("record:r1"), true),
        (approval(), "approval:a1", given("approval:a1"), true),
    ] {
        let seen = contact_sees(&wm1(), &kept, &item(shown), grant.as_ref());
        assert_eq!(seen, expected, "{shown} {grant:?}");
    }
    // What belongs to one customer is never another's, whatever was given.
    for (kept, expected) in [
        (project(), true),
        (form(json!([])), true),
        (record(), false),
        (approval(), false),
    ] {
        let own = kept.item_ref();
        let given = of_another(&own.to_string());
        assert_eq!(may_be_shown_to(&wm2(), &kept), expected, "{own}");
        assert!(may_be_shown_to(&wm1(), &kept), "{own}");
        let seen = contact_sees(&wm2(), &kept, &own, Some(&given));
        assert_eq!(seen, expected, "{own}");
    }
}

#[test]
fn a_customer_sees_the_files_of_what_they_see() {
    let filled = |customer: &str| {
        let field = |key: &str, customer: &str| json!({"key": key, "label": "一", "type": "attachment", "customer": customer});
        let own = json!({
            "form": "f1", "contact": "wm1",
            "fields": [field("a", customer), field("b", "fills_in")],
            "values": {"a": [file_id('1')], "b": [file_id('2')]},
            "step": "待处理", "steps": ["待处理"],
        });
        made("record:r1", own)
    };
    let asked = made(
        "approval:a1",
        json!({"contact": "wm1", "attachments": [file_id('1')]}),
    );
    let (me, other) = (Actor::Contact(wm1()), Actor::Contact(wm2()));
    let form = || form(json!([]));
    for (kept, file, given, expected) in [
        (form(), file('1', "form:f1", me), "form:f1", true),
        (form(), file('1', "form:f1", other), "form:f1", false),
        (
            filled("fills_in"),
            file('1', "record:r1", by("Li")),
            "record:r1",
            true,
        ),
        (
            filled("sees"),
            file('1', "record:r1", by("Li")),
            "record:r1",
            true,
        ),
        (
            filled("nothing"),
            file('1', "record:r1", by("Li")),
            "record:r1",
            false,
        ),
        (
            filled("nothing"),
            file('2', "record:r1", by("Li")),
            "record:r1",
            true,
        ),
        (
            filled("sees"),
            file('3', "record:r1", by("Li")),
            "record:r1",
            false,
        ),
        (
            filled("sees"),
            file('1', "record:r1", by("Li")),
            "record:r2",
            false,
        ),
        (
            asked.clone(),
            file('1', "approval:a1", by("Li")),
            "approval:a1",
            true,
        ),
        (
            asked,
            file('2', "approval:a1", by("Li")),
            "approval:a1",
            false,
        ),
        (
            project(),
            file('1', "project:p1", by("Li")),
            "project:p1",
            true,
        ),
        (
            project(),
            file('1', "project:p1", by("Li")),
            "project:p2",
            false,
        ),
    ] {
        let grant = grant(given, GrantState::Confirmed);
        let seen = contact_sees_file(&wm1(), &kept, Some(&grant), &file);
        assert_eq!(seen, expected, "{file:?} {given}");
    }
}

#[test]
fn members_see_what_is_everybodys_and_what_they_work_on() {
    let mut record = record();
    if let Item::Record(record) = &mut record {
        record.handler = Some(user("Li"));
        record.head.followers = vec![user("Zhao")];
    }
    let stages = json!([{"title": "部署", "tasks": [
        {"key": "t1", "title": "装机", "handler": {"member": "Wu"}},
        {"key": "t2", "title": "验收", "handler": "customer"},
    ]}]);
    let project = made("project:p1", json!({"stages": stages}));
    for (kept, works) in [
        (record, ["Zhang", "Li", "Zhao"].as_slice()),
        (project, &["Zhang", "Wu"]),
    ] {
        for name in ["Zhang", "Li", "Zhao", "Wu", "Chen"] {
            let expected = works.contains(&name);
            assert_eq!(member_works_on(&user(name), &kept), expected, "{name}");
            let mut kept = kept.clone();
            kept.head_mut().circle = Circle::Followers;
            assert_eq!(member_sees(&user(name), &kept), expected, "{name}");
            kept.head_mut().circle = Circle::Corp;
            assert!(member_sees(&user(name), &kept), "{name}");
        }
    }
}
