//! What a receiver answers to members who write to the app, where that is configured (被动回复, path/90241).

use crate::callback::event::{self, Body};
use crate::callback::reply::{Addressee, Reply};
use crate::callback::{KeyPair, Plaintext};
use crate::model::delivery::{Kind, Source};
use crate::model::keys::CallbackKeys;
use crate::model::time::Timestamp;

/// Answers messages with one text.
#[derive(Debug)]
pub struct Replier {
    reply: Reply,
    current: CallbackKeys,
    previous: Option<CallbackKeys>,
}

impl Replier {
    /// Answers with this text, sealed with the pair that the message came with.
    pub const fn text(
        content: String,
        current: CallbackKeys,
        previous: Option<CallbackKeys>,
    ) -> Self {
        Self {
            reply: Reply::Text { content },
            current,
            previous,
        }
    }

    /// The body of the answer to a message that a member wrote. Anything else has none, and neither has a message while
    /// there are no random numbers: it is kept all the same.
    pub(in crate::http) fn answer(
        &self,
        kind: &Kind,
        plaintext: &Plaintext,
        now: Timestamp,
    ) -> Option<String> {
        if !kind.as_str().starts_with("message/") {
            return None;
        }
        let event = event::parse(Source::Callback, &plaintext.text()).ok()?;
        let Body::Message(_) = event.body else {
            return None;
        };
        let keys = match plaintext.pair() {
            KeyPair::Current => &self.current,
            KeyPair::Previous => self.previous.as_ref()?,
        };
        let (mut random, mut nonce) = ([0; 16], [0; 8]);
        getrandom::fill(&mut random).ok()?;
        getrandom::fill(&mut nonce).ok()?;
        let nonce = u64::from_be_bytes(nonce).to_string();
        let (to, receive_id) = (Addressee::of(&event)?, plaintext.receive_id());
        Some(to.seal(&self.reply, keys, receive_id, now, &nonce, random))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::{self, Keyring, Query, reply};
    use crate::model::ids::ReceiverName;
    use crate::model::keys::AesKey;

    const NOW: Timestamp = Timestamp::from_secs(1_795_305_600);

    fn keys(key: char) -> CallbackKeys {
        CallbackKeys {
            token: "QDG6eK".to_owned().into(),
            aes_key: AesKey::parse(&key.to_string().repeat(43)).unwrap(),
        }
    }

    /// The answer to this, sealed with these keys, as WeCom reads it with the same.
    fn answered(keys: &CallbackKeys, receive_id: &str, fields: &str) -> Option<String> {
        let (current, previous) = (self::keys('a'), Some(self::keys('b')));
        let ids = || vec!["ww1".to_owned(), String::new()];
        let keyring = Keyring::new(current.clone(), previous.clone(), ids());
        let xml = format!(
            "<xml><ToUserName>ww1</ToUserName><FromUserName>Lin</FromUserName><CreateTime>1</CreateTime>{fields}</xml>"
        );
        let sealed = callback::seal(keys, receive_id, xml.as_bytes(), NOW, "n", [7; 16]);
        let query = Query::parse(&sealed.query).unwrap();
        let plaintext = callback::open(&keyring, &query, sealed.body.as_bytes()).unwrap();
        let receiver = ReceiverName::parse("app").unwrap();
        let kind = callback::peek(&receiver, plaintext.as_bytes(), NOW).kind;
        let replier = Replier::text("稍等".into(), current, previous);
        let body = replier.answer(&kind, &plaintext, NOW)?;
        let wecom = Keyring::new(keys.clone(), None, vec![receive_id.to_owned()]);
        Some(reply::open(&wecom, &body).unwrap().into_text())
    }

    #[test]
    fn only_what_a_member_wrote_is_answered() {
        let table = [
            ("<MsgType>text</MsgType><Content>x</Content>", true),
            ("<MsgType>image</MsgType><MediaId>m</MediaId>", true),
            ("<MsgType>voice</MsgType><MediaId>m</MediaId>", true),
            ("<MsgType>invented</MsgType>", false),
            ("<MsgType>event</MsgType><Event>enter_agent</Event>", false),
            ("<MsgType>event</MsgType><Event>subscribe</Event>", false),
            ("<InfoType>suite_ticket</InfoType>", false),
            ("", false),
        ];
        for (fields, is_answered) in table {
            let answer = answered(&keys('a'), "ww1", fields);
            assert_eq!(answer.is_some(), is_answered, "{fields}");
        }
    }

    #[test]
    fn it_is_sealed_as_the_message_was() {
        let message = "<MsgType>text</MsgType><Content>x</Content>";
        for key in ['a', 'b'] {
            for receive_id in ["ww1", ""] {
                let answer = answered(&keys(key), receive_id, message).unwrap();
                for part in ["<ToUserName><![CDATA[Lin]]>", "<Content><![CDATA[稍等]]>"] {
                    assert!(answer.contains(part), "{answer}");
                }
            }
        }
    }
}
