//! A message of the app in its members' windows, and what became of a card there.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::ids::{TaskId, UserId};
use crate::model::time::Timestamp;

/// A message of the app as it arrived, and as it stands in the members' windows.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its number; `msgid` is made from it.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// To whom it was delivered.
    pub to: Vec<UserId>,
    /// Such as `template_card`.
    pub msgtype: String,
    /// The object under the name of the msgtype.
    pub content: Value,
    /// What its window shows now, by the member's filing key, where that differs from `content`.
    pub shown: BTreeMap<String, Shown>,
}

impl Message {
    /// `msgid`.
    pub fn msgid(&self) -> String {
        format!("MSG{:010}", self.number)
    }

    /// The `task_id` of a template card that has one.
    pub fn task_id(&self) -> Option<TaskId> {
        let card = (self.msgtype == "template_card").then_some(&self.content)?;
        TaskId::parse(card.get("task_id")?.as_str()?).ok()
    }

    /// Whether the member has this message.
    pub fn reached(&self, userid: &UserId) -> bool {
        self.to.contains(userid)
    }

    /// The card as one member sees it, and the text on its dead buttons if they are dead.
    pub fn card_for(&self, userid: &UserId) -> (&Value, Option<&str>) {
        match self.shown.get(&userid.key()) {
            Some(Shown::Greyed(text)) => (&self.content, Some(text)),
            Some(Shown::Replaced(card)) => (card, card.get("replace_text").and_then(Value::as_str)),
            None => (&self.content, None),
        }
    }

    /// The event that a click of this member causes; none without such a button, or when the buttons are dead. The
    /// menu stays alive.
    pub(crate) fn click(&self, userid: &UserId, key: &str) -> Option<&'static str> {
        let (card, dead) = self.card_for(userid);
        event_of(card, key).filter(|event| dead.is_none() || *event == "template_card_menu_event")
    }
}

/// What an update made of a card.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// The buttons are grey and show this text.
    Greyed(String),
    /// Another card took its place.
    Replaced(Value),
}

/// The event that a button, submit button or menu entry with this key causes.
fn event_of(card: &Value, key: &str) -> Option<&'static str> {
    let has_key = |item: &Value| item.get("key").and_then(Value::as_str) == Some(key);
    let among = |list: Option<&Value>| {
        let list = list.and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(has_key))
    };
    if among(card.get("button_list")) || card.get("submit_button").is_some_and(has_key) {
        Some("template_card_event")
    } else if among(
        card.get("action_menu")
            .and_then(|menu| menu.get("action_list")),
    ) {
        Some("template_card_menu_event")
    } else {
        None
    }
}
