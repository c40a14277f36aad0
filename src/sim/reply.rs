//! Passive replies (被动回复, path/90241): what the answer to a callback brings into the window of the member who caused it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::callback::event;
use crate::callback::node::Node;
use crate::callback::reply::{Addressee, open};
use crate::callback::{Keyring, Plaintext};
use crate::model::delivery::Source;
use crate::model::ids::UserId;
use crate::sim::Sim;
use crate::sim::message::Message;
use crate::sim::receiver::Receiver;

impl Sim {
    /// Shows a reply to the callback with this text. What is empty, unreadable, not sealed for this receiver, or not to
    /// the member who caused the callback, shows nothing, and neither does a reply to what takes none. Of the types only
    /// `text` is shown with its content.
    pub(crate) fn show_reply(&self, receiver: &Receiver, xml: &str, reply: &[u8]) {
        let Some(plaintext) = opened(receiver, reply) else {
            return;
        };
        let cause = event::parse(Source::Callback, xml);
        let cause = cause.ok().filter(|event| Addressee::of(event).is_some());
        let sender = cause.and_then(|event| event.header.from_user_name);
        let node = Node::parse(&plaintext.text()).ok();
        let Some((node, sender)) = node.zip(sender) else {
            return;
        };
        let to = node.text_of("ToUserName").unwrap_or_default();
        let Ok(userid) = UserId::parse(to) else {
            return;
        };
        if to != sender || node.text_of("FromUserName") != Some(self.settings().corp.as_str()) {
            return;
        }
        let msgtype = node.text_of("MsgType").unwrap_or_default().to_owned();
        let content = match node.text_of("Content") {
            Some(text) if msgtype == "text" => json!({ "content": text }),
            _ => Value::Null,
        };
        let at = self.now();
        let ledger = &mut self.corp().ledger;
        ledger.deliver(Message {
            number: ledger.next_message(),
            at,
            to: vec![userid],
            msgtype,
            content,
            shown: BTreeMap::new(),
        });
    }
}

fn opened(receiver: &Receiver, reply: &[u8]) -> Option<Plaintext> {
    let xml = str::from_utf8(reply).ok().filter(|xml| !xml.is_empty())?;
    let ids = vec![receiver.receive_id.clone()];
    let keyring = Keyring::new(receiver.keys.clone(), None, ids);
    open(&keyring, xml).ok()
}
