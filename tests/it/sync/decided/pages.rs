//! What a page of customers brings.

use std::time::Duration;

use wecom_bridge::callback::event;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::decide;
use wecom_bridge::decide::facts::Facts;
use wecom_bridge::decide::found::{CustomerFound, Found};
use wecom_bridge::decide::input::Input;
use wecom_bridge::model::contact::{Contact, Tag};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::sync::{SyncBatch, SyncPhase, SyncState};
use wecom_bridge::model::tag::{CorpTag, TagGroup, TagNames};

use crate::decide::corp;
use crate::sync::decided::{NOW, OLD, contact, run};

fn tag(tag_id: Option<&str>, name: &str, kind: i64) -> Tag {
    Tag {
        tag_id: tag_id.map(Into::into),
        group_name: if name.is_empty() { "" } else { "组" }.into(),
        tag_name: name.into(),
        kind,
    }
}

/// A page with one row about one contact: what is written, and what else is asked for.
fn paged(row: Contact, kept: Option<Contact>) -> (Option<Contact>, Vec<String>) {
    let corp = corp();
    let mut facts = Facts::none(&corp);
    let mut run = run(SyncState::Running, NOW);
    run.place.phase = SyncPhase::ReadContacts;
    facts.sync = Some(run);
    facts.step.batch = Some(SyncBatch {
        key: format!("{OLD} f 0"),
        ids: vec!["Zhang".into()],
    });
    let tag = |tag_id: &str, tag_name: &str| CorpTag {
        tag_id: tag_id.into(),
        tag_name: tag_name.into(),
        order: 0,
        create_time: NOW,
        deleted_at: None,
    };
    let groups = [TagGroup {
        group_id: "g1".into(),
        group_name: "组".into(),
        order: 0,
        create_time: NOW,
        tags: vec![tag("et1", "一"), tag("et2", "二")],
        deleted_at: None,
        changed_at: NOW,
    }];
    facts.step.found = Found::Customers {
        customers: vec![CustomerFound {
            rows: vec![row],
            kept,
            sighting: None,
            greetings: vec![],
            endings: vec![],
        }],
        unreadable: 0,
        next: None,
        names: TagNames::of(groups),
    };
    let step = OwnEvent::SyncStep { run: OLD.into() };
    let (_, delivery) = step.delivery(NOW);
    let event = event::parse(delivery.source, &delivery.xml).unwrap();
    let effects = decide(&Input::Event(&event, NOW), &facts, NOW).unwrap();
    let mut written = None;
    let mut asked = Vec::new();
    for effect in effects {
        match effect {
            Effect::PutContact(contact) => written = Some(contact),
            Effect::Refresh(delivery) => asked.push(delivery.kind.to_string()),
            _ => {}
        }
    }
    (written, asked)
}

#[test]
fn a_page_names_tags_by_id_and_leaves_personal_ones_alone() {
    let (one, two) = (tag(Some("et1"), "一", 1), tag(Some("et2"), "二", 1));
    let own = tag(None, "自己的", 2);
    let of_a_rule = tag(Some("etRule"), "规则", 3);
    let bare = |id: &str| tag(Some(id), "", 0);
    let old = tag(Some("et1"), "旧名", 1);
    for (listed, kept, expected) in [
        (vec![bare("et1")], None, Some(vec![one.clone()])),
        (
            vec![bare("et2"), bare("et1")],
            Some(vec![one.clone(), two.clone()]),
            None,
        ),
        (
            vec![bare("et1")],
            Some(vec![one.clone(), own.clone()]),
            None,
        ),
        (
            vec![],
            Some(vec![one.clone(), own.clone()]),
            Some(vec![own]),
        ),
        (vec![bare("et1")], Some(vec![old]), Some(vec![one.clone()])),
        (vec![bare("etRule")], Some(vec![of_a_rule]), None),
        (
            vec![bare("etNew")],
            None,
            Some(vec![tag(Some("etNew"), "", 3)]),
        ),
    ] {
        let kept = kept.map(|tags| contact("Zhang", "", tags));
        let (written, _) = paged(contact("Zhang", "", listed.clone()), kept);
        let tags = written.map(|contact| contact.follow_users[0].tags.clone());
        assert_eq!(tags, expected, "{listed:?}");
    }
}

#[test]
fn a_page_tells_of_one_relation_and_leaves_the_others() {
    let kept = contact("Li", "李的", vec![]);
    let (written, asked) = paged(contact("Zhang", "张的", vec![]), Some(kept.clone()));
    let remarks = written.map(|contact| {
        let follows = contact.follow_users.into_iter();
        follows.map(|follow| follow.remark).collect::<Vec<_>>()
    });
    assert_eq!(remarks, Some(vec!["李的".into(), "张的".into()]));
    assert_eq!(asked, ["sync_step"]);
    let spelled_otherwise = contact("LI", "李的", vec![]);
    let written = paged(spelled_otherwise, Some(kept)).0.unwrap();
    let follows: Vec<_> = written
        .follow_users
        .iter()
        .map(|it| it.userid.as_str())
        .collect();
    assert_eq!(follows, ["LI"]);
}

#[test]
fn what_another_hand_has_just_written_is_read_by_itself() {
    let just_written = Contact {
        changed_at: NOW.minus(Duration::from_secs(10)),
        ..contact("Zhang", "新", vec![])
    };
    let (written, asked) = paged(contact("Zhang", "旧", vec![]), Some(just_written.clone()));
    assert_eq!(written, None);
    assert_eq!(asked, ["refresh_contact", "sync_step"]);
    let same = paged(contact("Zhang", "新", vec![]), Some(just_written));
    assert_eq!(same, (None, vec!["sync_step".to_owned()]));
}
