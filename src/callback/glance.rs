//! What the door must know of a message before it stores it: what it is called, what it is about, how soon it is due,
//! and what recognises it when it comes again.

use std::borrow::Cow;

use crate::callback::node::Node;
use crate::callback::scan::{children, is_json};
use crate::model::delivery::{ContentKey, Kind, Lane, Subject};
use crate::model::ids::{ExternalUserId, OpenId, ReceiverName, UserId};
use crate::model::time::Timestamp;

/// Recognises a repetition of this message, which happened at `at`.
pub(in crate::callback) fn content_key(
    receiver: &ReceiverName,
    plaintext: &[u8],
    at: Timestamp,
) -> ContentKey {
    let mut content = blake3::Hasher::new();
    content.update(receiver.as_str().as_bytes());
    content.update(&[0]);
    content.update(plaintext);
    let mut hash = [0; 16];
    content.finalize_xof().fill(&mut hash);
    ContentKey {
        window: u32::try_from(at.secs().div_euclid(3600)).unwrap_or(0),
        hash,
    }
}

/// The name of a message: `Event/ChangeType`, `command/InfoType` or `message/MsgType`.
pub(in crate::callback) fn kind(
    event: &str,
    change_type: &str,
    info_type: &str,
    msg_type: &str,
) -> Kind {
    match (event, change_type, info_type, msg_type) {
        ("", _, "", "") => Kind::new("unknown"),
        ("", _, "", _) => Kind::new(&["message/", msg_type].concat()),
        ("", _, _, _) => Kind::new(&["command/", info_type].concat()),
        (_, "", _, _) => Kind::new(event),
        _ => Kind::new(&[event, "/", change_type].concat()),
    }
}

/// The same for what a service account is sent. WeCom has events of the same names about its members.
pub(in crate::callback) fn account_kind(event: &str, msg_type: &str) -> Kind {
    Kind::new(&["weixin/", kind(event, "", "", msg_type).as_str()].concat())
}

/// The time in one of the elements that carry it: seconds, or RFC 3339 in the 对外收款 messages (path/97478).
pub(in crate::callback) fn time(text: &str) -> Option<Timestamp> {
    match text.parse() {
        Ok(secs) => Some(Timestamp::from_secs(secs)),
        Err(_) => Timestamp::parse(text),
    }
}

/// The texts that the glance looks at; empty where there is none. Of a doubled element the first counts.
#[derive(Default)]
pub(in crate::callback) struct Seen<'a> {
    event: Cow<'a, str>,
    change_type: Cow<'a, str>,
    info_type: Cow<'a, str>,
    msg_type: Cow<'a, str>,
    create_time: Cow<'a, str>,
    from_user_name: Cow<'a, str>,
    user_id: Cow<'a, str>,
    external_user_id: Cow<'a, str>,
    chat_id: Cow<'a, str>,
    id: Cow<'a, str>,
    task_id: Cow<'a, str>,
    welcome_code: Cow<'a, str>,
}

impl<'a> Seen<'a> {
    /// Takes the glance. What cannot be read is not seen.
    pub(in crate::callback) fn read(text: &'a str) -> Self {
        let mut seen = Self::default();
        if is_json(text) {
            // Rare (robots, 对外收款), so a whole tree may be built for it.
            for child in Node::parse(text)
                .map(|root| root.children)
                .unwrap_or_default()
            {
                seen.note(&child.name, child.text.into());
            }
        } else {
            // What stood before the fault is what can be known.
            let _ = children(text, |child| seen.note(child.name, child.text));
        }
        seen
    }

    /// What the message is called.
    pub(in crate::callback) fn kind(&self) -> Kind {
        kind(
            &self.event,
            &self.change_type,
            &self.info_type,
            &self.msg_type,
        )
    }

    /// What the message is called that a service account was sent.
    pub(in crate::callback) fn account_kind(&self) -> Kind {
        account_kind(&self.event, &self.msg_type)
    }

    /// What it is about, its kind if it is about nothing else.
    pub(in crate::callback) fn subject(&self, kind: &Kind) -> Subject {
        let contact = ExternalUserId::parse(&self.external_user_id).ok();
        let about = |what, id: &str| (!id.is_empty()).then(|| Subject::new(what, id));
        let member = |id: &str| UserId::parse(id).ok().map(|id| Subject::member(&id));
        contact
            .map(|id| Subject::contact(&id))
            .or_else(|| about("chat", &self.chat_id))
            .or_else(|| match &*self.event {
                "change_external_tag" => about("tag", &self.id),
                "change_contact" => member(&self.user_id).or_else(|| about("party", &self.id)),
                _ => None,
            })
            .or_else(|| about("card", &self.task_id))
            .or_else(|| match &*self.from_user_name {
                "sys" => None,
                id => member(id),
            })
            .unwrap_or_else(|| Subject::new("kind", kind.as_str()))
    }

    /// The follower whom an event of a service account is about, its kind if it is about nobody.
    pub(in crate::callback) fn follower(&self, kind: &Kind) -> Subject {
        match OpenId::parse(&self.from_user_name) {
            Ok(openid) => Subject::follower(&openid),
            Err(_) => Subject::new("kind", kind.as_str()),
        }
    }

    /// Urgent with a welcome code (20 seconds, path/92137) or a press on a card.
    pub(in crate::callback) fn lane(&self) -> Lane {
        match &*self.event {
            "template_card_event" | "template_card_menu_event" => Lane::Urgent,
            _ if !self.welcome_code.is_empty() => Lane::Urgent,
            _ => Lane::Normal,
        }
    }

    /// When it happened, if it says so.
    pub(in crate::callback) fn create_time(&self) -> Option<Timestamp> {
        time(&self.create_time)
    }

    fn note(&mut self, name: &str, text: Cow<'a, str>) {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let place = match name.len() {
            2 if is("Id") => &mut self.id,
            5 if is("Event") => &mut self.event,
            6 if is("UserID") => &mut self.user_id,
            6 if is("ChatId") => &mut self.chat_id,
            6 if is("TaskId") => &mut self.task_id,
            7 if is("MsgType") => &mut self.msg_type,
            8 if is("InfoType") => &mut self.info_type,
            9 if is("TimeStamp") => &mut self.create_time,
            10 if is("CreateTime") => &mut self.create_time,
            10 if is("ChangeType") => &mut self.change_type,
            11 if is("create_time") => &mut self.create_time,
            11 if is("WelcomeCode") => &mut self.welcome_code,
            12 if is("FromUserName") => &mut self.from_user_name,
            14 if is("ExternalUserID") => &mut self.external_user_id,
            _ => return,
        };
        if place.is_empty() {
            *place = text;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::callback::peek;
    use crate::model::delivery::Lane;
    use crate::model::ids::ReceiverName;
    use crate::model::time::Timestamp;

    const RECEIVED: Timestamp = Timestamp::from_secs(3600 * 500_000 + 1800);

    #[track_caller]
    fn assert_peek(text: &str, kind: &str, subject: &str, lane: Lane) {
        let peek = peek(
            &ReceiverName::parse("app").unwrap(),
            text.as_bytes(),
            RECEIVED,
        );
        let found = (peek.kind.as_str(), peek.subject.as_str(), peek.lane);
        assert_eq!(found, (kind, subject, lane), "{text}");
    }

    #[test]
    fn only_what_stands_below_the_root_counts() {
        let normal = Lane::Normal;
        assert_peek(
            "<xml><A><Event>template_card_event</Event><WelcomeCode>c</WelcomeCode></A><Event>x</Event></xml>",
            "x",
            "kind:x",
            normal,
        );
        assert_peek(
            "<xml><B><![CDATA[<Event>y</Event>]]></B><!-- <Event>z</Event> --><Event> <![CDATA[x]]> </Event></xml>",
            "x",
            "kind:x",
            normal,
        );
        assert_peek(
            "<xml><Event>x</Event><Event>y</Event><TaskId/><TaskId>t 1</TaskId></xml>",
            "x",
            "card:t 1",
            normal,
        );
    }

    #[test]
    fn names_of_the_same_length_are_told_apart() {
        // As long as those of the glance: none of them is what a message is about, or when it was sent.
        let others = "<No>1</No><Other>x</Other><Others>x</Others><Another>x</Another><AnotherX>x</AnotherX>\
                      <SomeThing>1</SomeThing><SomeThings>1</SomeThings><SomeThingXX>1</SomeThingXX>\
                      <FromSomebody>li</FromSomebody><SomethingElse1>wm2</SomethingElse1>";
        let seen = format!(
            "<xml>{others}<Event>change_external_tag</Event><Id>et1</Id><CreateTime>3600</CreateTime></xml>"
        );
        assert_peek(&seen, "change_external_tag", "tag:et1", Lane::Normal);
        let receiver = ReceiverName::parse("app").unwrap();
        assert_eq!(peek(&receiver, seen.as_bytes(), RECEIVED).key.window, 1);
        let said =
            format!("<xml>{others}<MsgType>text</MsgType><FromUserName>Lin</FromUserName></xml>");
        assert_peek(&said, "message/text", "member:lin", Lane::Normal);
    }

    #[test]
    fn what_cannot_be_read_is_unknown() {
        let normal = Lane::Normal;
        for text in [
            "",
            "x",
            "{",
            "[1]",
            "<",
            "<xml",
            "<!DOCTYPE x><xml><Event>x</Event></xml>",
        ] {
            assert_peek(text, "unknown", "kind:unknown", normal);
        }
        assert_peek("<xml><Event>x</Event><Chat", "x", "kind:x", normal);
        assert_peek("<xml><Event>a b\n</Event></xml>", "a_b", "kind:a_b", normal);
        let from = "<xml><MsgType>text</MsgType><FromUserName>no id</FromUserName></xml>";
        assert_peek(from, "message/text", "kind:message/text", normal);
    }

    #[test]
    fn json_is_glanced_at_too() {
        assert_peek(
            r#"{"MsgType": "text", "FromUserName": "Lin", "MsgId": 7000000000000000017}"#,
            "message/text",
            "member:lin",
            Lane::Normal,
        );
        assert_peek(
            r#"{"event": "x", "welcomecode": "c", "from": {"event": "y"}}"#,
            "x",
            "kind:x",
            Lane::Urgent,
        );
    }

    #[test]
    fn the_key_is_the_content_within_the_receiver() {
        let of = |receiver: &str, text: &str, at| {
            peek(&ReceiverName::parse(receiver).unwrap(), text.as_bytes(), at).key
        };
        let late = Timestamp::from_secs(RECEIVED.secs() + 7200);
        let dated = "<xml><CreateTime>1800003599</CreateTime></xml>";
        assert_eq!(of("app", dated, RECEIVED), of("app", dated, late));
        assert_eq!(of("app", dated, RECEIVED).window, 500_000);
        assert_ne!(of("app", dated, RECEIVED), of("sync", dated, RECEIVED));
        assert_ne!(
            of("app", dated, RECEIVED),
            of("app", &format!("{dated} "), RECEIVED)
        );
        for undated in [
            "<xml/>",
            "<xml><CreateTime>soon</CreateTime></xml>",
            "\u{0}",
        ] {
            assert_eq!(of("app", undated, late).window, 500_002, "{undated}");
        }
        let command = "<xml><TimeStamp>3600</TimeStamp></xml>";
        assert_eq!(of("app", command, late).window, 1);
        let pay = "<xml><create_time>1970-01-01T02:00:00+00:00</create_time></xml>";
        assert_eq!(of("app", pay, late).window, 2);
        // BLAKE3 of "app", a zero byte and "x" begins so.
        assert_eq!(of("app", "x", late).hash[..4], [0xce, 0xfc, 0x78, 0x42]);
    }
}
