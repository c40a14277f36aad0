//! What is decided about commands: who may do what with items, what is refused, what follows.

mod put;

mod limits;
mod values;

mod change;
mod grants;

mod files;
mod sight;

mod needs;

use std::time::Duration;

use serde_json::json;
use wecom_bridge::decide::decide;
use wecom_bridge::decide::facts::{CorpFacts, Facts};
use wecom_bridge::decide::input::{Input, Refusal};
use wecom_bridge::decide::rejection::{Fault, Rejection, Wrong};
use wecom_bridge::decide::request::{Command, Content, Draft, Request, Target};
use wecom_bridge::model::attachment::Attachment;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::grant::{Grant, GrantState};
use wecom_bridge::model::ids::{ExternalUserId, UserId};
use wecom_bridge::model::item::{Actor, Circle, Item, ItemKey, ItemRef};
use wecom_bridge::model::thread::Thread;

use crate::decide::{AT, NOW, contact, member, wm1};

fn item(text: &str) -> ItemRef {
    text.parse().unwrap()
}

fn key(text: &str) -> ItemKey {
    ItemKey::parse(text).unwrap()
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn by(name: &str) -> Actor {
    Actor::Member(user(name))
}

fn wm2() -> ExternalUserId {
    ExternalUserId::parse("wm2").unwrap()
}

/// An item of Zhang's that was made an hour ago, with what belongs to its kind.
fn made(reference: &str, own: serde_json::Value) -> Item {
    let (kind, id) = reference.split_once(':').unwrap();
    let long_ago = AT.minus(Duration::from_secs(3600));
    let mut all = json!({
        "kind": kind, "id": id, "title": "报修", "state": "open",
        "owner": "Zhang", "owners": [{"userid": "Zhang", "since": long_ago}],
        "created_at": long_ago, "created_by": "system",
        "changed_at": long_ago, "changed_by": "system",
    });
    let serde_json::Value::Object(own) = own else {
        panic!("{own}")
    };
    all.as_object_mut().unwrap().extend(own);
    serde_json::from_value(all).unwrap()
}

fn project() -> Item {
    made("project:p1", json!({"stages": []}))
}

fn form(fields: serde_json::Value) -> Item {
    let own = json!({"fields": fields, "submissions": "many", "steps": ["待处理", "已完成"]});
    made("form:f1", own)
}

/// The first customer's record, which nobody handles beside its owner.
fn record() -> Item {
    let own = json!({
        "form": "f1", "contact": "wm1", "fields": [], "values": {},
        "step": "待处理", "steps": ["待处理", "已完成"],
    });
    made("record:r1", own)
}

fn approval() -> Item {
    made("approval:a1", json!({"contact": "wm1"}))
}

fn closed(mut item: Item) -> Item {
    item.head_mut().state = wecom_bridge::model::item::ItemState::Closed;
    item
}

fn grant(reference: &str, state: GrantState) -> Grant {
    Grant {
        contact: wm1(),
        item: item(reference),
        by: Actor::System,
        state,
        given_at: AT,
        changed_at: AT,
    }
}

/// An id of a file, of one digit.
fn file_id(digit: char) -> String {
    digit.to_string().repeat(32)
}

fn file(digit: char, of: &str, by: Actor) -> Attachment {
    Attachment {
        id: file_id(digit),
        item: item(of),
        by,
        name: "a.png".into(),
        media_type: "image/png".into(),
        bytes: 7,
        sha256: String::new(),
        thumbnail: false,
        at: AT,
    }
}

/// Zhang, whose customer the first one is, and nobody else.
fn office(corp: &CorpFacts) -> Facts<'_> {
    let mut facts = Facts::none(corp);
    facts.contact = Some(contact(&[("Zhang", AT)]));
    facts.member = Some(member(true));
    facts
}

fn asked(by: &Actor, command: Command, facts: &Facts<'_>) -> Result<Vec<Effect>, Rejection> {
    let request = Request {
        id: None,
        digest: "d".into(),
        by: by.clone(),
        command,
    };
    match decide(&Input::Request(&request), facts, NOW) {
        Ok(effects) => Ok(effects),
        Err(Refusal::Rejected(rejection)) => Err(rejection),
        Err(refusal) => panic!("{refusal:?}"),
    }
}

fn draft(target: Target, content: Content) -> Draft {
    Draft {
        target,
        title: "报修".into(),
        description: String::new(),
        picture: None,
        owner: None,
        followers: None,
        circle: Circle::Corp,
        content,
    }
}

fn invalid<T>(place: &str, wrong: Wrong) -> Result<T, Rejection> {
    Err(Rejection::Invalid(vec![Fault::new(place, wrong)]))
}

fn items(effects: &[Effect]) -> Vec<&Item> {
    let items = effects.iter().filter_map(|effect| match effect {
        Effect::PutItem(item) => Some(&**item),
        _ => None,
    });
    items.collect()
}

fn grants(effects: &[Effect]) -> Vec<&Grant> {
    let grants = effects.iter().filter_map(|effect| match effect {
        Effect::PutGrant(grant) => Some(grant),
        _ => None,
    });
    grants.collect()
}

fn threads(effects: &[Effect]) -> Vec<&Thread> {
    let threads = effects.iter().filter_map(|effect| match effect {
        Effect::PutThread(thread) => Some(thread),
        _ => None,
    });
    threads.collect()
}

fn files(effects: &[Effect]) -> Vec<&Attachment> {
    let files = effects.iter().filter_map(|effect| match effect {
        Effect::PutAttachment(file) => Some(file),
        _ => None,
    });
    files.collect()
}
