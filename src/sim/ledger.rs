//! What arrived at WeCom and what it sent out, in order, for tests and pages to look at. The people are invented, so
//! their texts may be printed. Each list keeps its newest entries.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde_json::{Map, Value};

use crate::model::ids::{ExternalUserId, TaskId, UserId};
use crate::model::time::Timestamp;
use crate::sim::event_xml::EventXml;
use crate::sim::message::{Message, Shown};
use crate::sim::push::PushReport;
use crate::sim::weixin::TemplateMessage;

/// How many entries of each kind are kept.
const KEPT: usize = 50_000;

/// One call of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCall {
    /// When.
    pub at: Timestamp,
    /// The path without `/cgi-bin/`.
    pub api: String,
    /// What it was answered; none when a fault left it without an answer.
    pub errcode: Option<i64>,
}

/// Something that reached people.
#[derive(Debug, Clone, PartialEq)]
pub enum Sent {
    /// A welcome message (path/92137).
    Welcome(WelcomeMessage),
    /// A message of the app (path/90236).
    Message(Message),
    /// A change to a card (path/94888).
    CardUpdate(CardUpdate),
    /// A write of a member's external profile (path/90197).
    Profile(ProfileWrite),
    /// A message that a member sent from the toolbar (path/100749).
    Chat(ChatMessage),
    /// A template message of the service account.
    Template(TemplateMessage),
}

/// A welcome message as it arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct WelcomeMessage {
    /// When.
    pub at: Timestamp,
    /// In whose name.
    pub userid: UserId,
    /// To whom.
    pub external_userid: ExternalUserId,
    /// `text.content`, empty when there was none.
    pub text: String,
    /// `attachments`.
    pub attachments: Vec<Value>,
}

/// A change to a card as it arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct CardUpdate {
    /// When.
    pub at: Timestamp,
    /// Which message, by number.
    pub message: u64,
    /// Whose windows changed.
    pub userids: Vec<UserId>,
    /// What became of it.
    pub shown: Shown,
}

/// A write of a member's external profile as it arrived, whatever WeCom then kept of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileWrite {
    /// When.
    pub at: Timestamp,
    /// Whose.
    pub userid: UserId,
    /// `external_profile` of the request.
    pub external_profile: Map<String, Value>,
}

/// A message in the chat of a member with a contact.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatMessage {
    /// When.
    pub at: Timestamp,
    /// The member.
    pub userid: UserId,
    /// The contact.
    pub external_userid: ExternalUserId,
    /// What `sendChatMessage` was given.
    pub content: Value,
}

/// The lists.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) calls: VecDeque<ApiCall>,
    pub(crate) sent: VecDeque<Sent>,
    pub(crate) pushes: VecDeque<PushReport>,
    /// Welcome and chat messages of one chat.
    pub(crate) chats: HashMap<(String, ExternalUserId), Vec<Sent>>,
    /// What became of template messages, not told yet.
    pub(crate) template_jobs: Vec<EventXml>,
    messages: BTreeMap<u64, Message>,
    tasks: HashMap<TaskId, u64>,
    /// Messages of one member, by filing key.
    windows: HashMap<String, BTreeSet<u64>>,
    next: u64,
}

impl Ledger {
    /// Notes a call.
    pub(crate) fn called(&mut self, call: ApiCall) {
        keep(&mut self.calls, call);
    }

    /// Notes a push.
    pub(crate) fn pushed(&mut self, report: PushReport) {
        keep(&mut self.pushes, report);
    }

    /// Notes what reached a profile or a card.
    pub(crate) fn arrived(&mut self, sent: Sent) {
        keep(&mut self.sent, sent);
    }

    /// Notes what reached a chat.
    pub(crate) fn said(&mut self, userid: &UserId, id: &ExternalUserId, sent: Sent) {
        let chat = self.chats.entry((userid.key(), id.clone())).or_default();
        if chat.len() < KEPT {
            chat.push(sent.clone());
        }
        keep(&mut self.sent, sent);
    }

    /// The number that the next message gets.
    pub(crate) const fn next_message(&self) -> u64 {
        self.next + 1
    }

    /// Delivers a message.
    pub(crate) fn deliver(&mut self, message: Message) {
        self.next = message.number;
        for userid in &message.to {
            let window = self.windows.entry(userid.key()).or_default();
            window.insert(message.number);
        }
        if let Some(task_id) = message.task_id() {
            self.tasks.insert(task_id, message.number);
        }
        keep(&mut self.sent, Sent::Message(message.clone()));
        self.messages.insert(message.number, message);
        if self.messages.len() > KEPT {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((number, message)) = self.messages.pop_first() else {
            return;
        };
        if let Some(task_id) = message.task_id() {
            self.tasks.remove(&task_id);
        }
        for userid in &message.to {
            if let Some(window) = self.windows.get_mut(&userid.key()) {
                window.remove(&number);
            }
        }
    }

    /// One message.
    pub(crate) fn message(&self, number: u64) -> Option<&Message> {
        self.messages.get(&number)
    }

    /// The message with a `task_id`.
    pub(crate) fn task(&self, task_id: &TaskId) -> Option<&Message> {
        self.messages.get(self.tasks.get(task_id)?)
    }

    /// The newest messages in a member's window, newest first.
    pub(crate) fn window(&self, userid: &UserId) -> impl Iterator<Item = &Message> {
        let numbers = self.windows.get(&userid.key());
        let newest_first = numbers.into_iter().flat_map(|n| n.iter().rev());
        newest_first.filter_map(|number| self.messages.get(number))
    }

    /// Changes a card in some windows.
    pub(crate) fn update_card(&mut self, update: CardUpdate) {
        if let Some(message) = self.messages.get_mut(&update.message) {
            for userid in &update.userids {
                message.shown.insert(userid.key(), update.shown.clone());
            }
        }
        self.arrived(Sent::CardUpdate(update));
    }
}

fn keep<T>(list: &mut VecDeque<T>, entry: T) {
    if list.len() == KEPT {
        list.pop_front();
    }
    list.push_back(entry);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message(number: u64) -> Message {
        Message {
            number,
            at: Timestamp::from_secs(1),
            to: vec![UserId::parse("A").unwrap()],
            msgtype: "template_card".into(),
            content: json!({"task_id": format!("t{number}")}),
            shown: BTreeMap::new(),
        }
    }

    #[test]
    fn windows_show_the_newest_message_first_and_its_update() {
        let mut ledger = Ledger::default();
        let (upper, lower) = (UserId::parse("A").unwrap(), UserId::parse("a").unwrap());
        for _ in 0..2 {
            ledger.deliver(message(ledger.next_message()));
        }
        ledger.update_card(CardUpdate {
            at: Timestamp::from_secs(2),
            message: 2,
            userids: vec![upper],
            shown: Shown::Greyed("已完成".into()),
        });
        let window: Vec<_> = ledger.window(&lower).map(|m| m.number).collect();
        assert_eq!(window, [2, 1]);
        let card = ledger.task(&TaskId::parse("t2").unwrap()).unwrap();
        assert_eq!(card.card_for(&lower).1, Some("已完成"));
        assert_eq!(ledger.sent.len(), 3);
    }
}
