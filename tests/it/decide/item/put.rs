//! An item is made, or becomes something else.

use std::collections::BTreeMap;

use serde_json::json;
use wecom_bridge::decide::rejection::{Rejection, Wrong};
use wecom_bridge::decide::request::{Command, Content, Draft, Target};
use wecom_bridge::model::item::{ExternalRef, Item};
use wecom_bridge::model::member::Member;

use crate::decide::item::{
    approval, asked, by, draft, form, invalid, item, items, key, office, project, user,
};
use crate::decide::{corp, member, wm1};

fn reference() -> ExternalRef {
    ExternalRef::parse("CRM-7").unwrap()
}

fn stages() -> Content {
    Content::Project { stages: Vec::new() }
}

fn values() -> Content {
    Content::Record {
        form: key("f1"),
        contact: None,
        values: BTreeMap::new(),
        project: None,
    }
}

fn named(mut item: Item) -> Item {
    item.head_mut().external_ref = Some(reference());
    item
}

#[test]
fn a_draft_meets_the_item_that_it_is_for() {
    let corp = corp();
    let about = || Content::Approval {
        contact: wm1(),
        about: Some(item("approval:a1")),
        attachments: Vec::new(),
    };
    let by_ref = |id: &str| Target::ByRef(reference(), key(id), None);
    let no_fields = || form(json!([]));
    for (target, content, there, expected) in [
        (
            Target::New(key("p1")),
            stages(),
            project(),
            Err(Rejection::IdTaken),
        ),
        (
            Target::New(key("p2")),
            stages(),
            project(),
            Ok("project:p2"),
        ),
        // Ids are the kind's own.
        (
            Target::New(key("f1")),
            values(),
            no_fields(),
            Ok("record:f1"),
        ),
        (
            Target::Existing(key("f1"), None),
            values(),
            no_fields(),
            Err(Rejection::NotFound),
        ),
        (
            Target::Existing(key("p2"), None),
            stages(),
            project(),
            Err(Rejection::NotFound),
        ),
        (
            Target::Existing(key("p1"), None),
            stages(),
            project(),
            Ok("project:p1"),
        ),
        (by_ref("p2"), stages(), named(project()), Ok("project:p1")),
        // So are the company's own names, and what an item names is another one.
        (by_ref("r1"), values(), named(no_fields()), Ok("record:r1")),
        (by_ref("a2"), about(), approval(), Ok("approval:a2")),
    ] {
        let case = format!("{target:?}");
        let mut facts = office(&corp);
        facts.items.push(there);
        let put = Command::Put(Box::new(draft(target, content)));
        let done = asked(&by("Zhang"), put, &facts);
        let done = done.map(|effects| items(&effects)[0].item_ref());
        assert_eq!(done, expected.map(item), "{case}");
    }
}

#[test]
fn an_owner_is_somebody_known_and_is_remembered() {
    let corp = corp();
    let nobody = || invalid("owner", Wrong::NotAMember);
    for (target, owner, expected) in [
        (Target::New(key("p2")), Some("Li"), Ok("Li")),
        (Target::New(key("p2")), None, Ok("Zhang")),
        (Target::New(key("p2")), Some("Lii"), nobody()),
        (
            Target::Existing(key("p1"), None),
            Some("Li"),
            Ok("Zhang+Li"),
        ),
        (
            Target::Existing(key("p1"), None),
            Some("Zhang"),
            Ok("Zhang"),
        ),
        (Target::Existing(key("p1"), None), None, Ok("Zhang")),
        (Target::Existing(key("p1"), None), Some("Lii"), nobody()),
    ] {
        let case = format!("{target:?} {owner:?}");
        let mut facts = office(&corp);
        facts.people.push(Member {
            userid: user("Li"),
            ..member(true)
        });
        facts.items.push(project());
        let put = Draft {
            owner: owner.map(user),
            ..draft(target, stages())
        };
        let done = asked(&by("Zhang"), Command::Put(Box::new(put)), &facts);
        let done = done.map(|effects| {
            let head = items(&effects)[0].head();
            assert_eq!(head.owners.last().unwrap().userid, head.owner);
            let owners = head.owners.iter().map(|owner| owner.userid.as_str());
            owners.collect::<Vec<_>>().join("+")
        });
        assert_eq!(done, expected.map(str::to_owned), "{case}");
    }
}
