//! What holds of the callback protocol for every input.

use proptest::prelude::*;
use secrecy::SecretString;
use wecom_bridge::callback::error::CallbackError;
use wecom_bridge::callback::node::Node;
use wecom_bridge::callback::reply::{Addressee, Reply};
use wecom_bridge::callback::{Keyring, Query, SealedRequest, event, open, peek, reply, seal};
use wecom_bridge::model::delivery::Source;
use wecom_bridge::model::ids::ReceiverName;
use wecom_bridge::model::keys::{AesKey, CallbackKeys};
use wecom_bridge::model::time::Timestamp;

const NOW: Timestamp = Timestamp::from_secs(1_795_305_600);

fn keys() -> CallbackKeys {
    CallbackKeys {
        token: SecretString::from("QDG6eK"),
        aes_key: AesKey::parse("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C").unwrap(),
    }
}

fn keyring() -> Keyring {
    Keyring::new(keys(), None, vec!["ww1".into()])
}

fn sealed(message: &[u8]) -> SealedRequest {
    seal(&keys(), "ww1", message, NOW, "n0nce", [7; 16])
}

fn opened(query: &str, body: &[u8]) -> Result<Vec<u8>, CallbackError> {
    let query = Query::parse(query)?;
    open(&keyring(), &query, body).map(|plaintext| plaintext.as_bytes().to_vec())
}

#[test]
fn messages_of_every_length_come_back() {
    let message: Vec<u8> = (0..4096).map(|n: usize| (n % 251) as u8).collect();
    let keyring = keyring();
    for length in 0..=message.len() {
        let SealedRequest { query, body } = sealed(&message[..length]);
        let query = Query::parse(&query).unwrap();
        let plaintext = open(&keyring, &query, body.as_bytes()).unwrap();
        assert_eq!(plaintext.as_bytes(), &message[..length]);
    }
}

#[test]
fn a_change_of_any_signed_byte_is_refused() {
    let SealedRequest { query, body } = sealed(b"<xml><Event>subscribe</Event></xml>");
    assert!(opened(&query, body.as_bytes()).is_ok());
    let mut changed = query.clone().into_bytes();
    for place in 0..changed.len() {
        for bit in 0..7 {
            changed[place] ^= 1 << bit;
            let result = opened(str::from_utf8(&changed).unwrap(), body.as_bytes());
            assert!(result.is_err(), "bit {bit} of byte {place} of the query");
            changed[place] ^= 1 << bit;
        }
    }
    let start = body.find("<Encrypt><![CDATA[").unwrap() + "<Encrypt><![CDATA[".len();
    let end = start + body[start..].find(']').unwrap();
    let mut changed = body.into_bytes();
    for place in start..end {
        for bit in 0..8 {
            changed[place] ^= 1 << bit;
            assert!(
                opened(&query, &changed).is_err(),
                "bit {bit} of byte {place}"
            );
            changed[place] ^= 1 << bit;
        }
    }
}

#[test]
fn a_change_of_any_byte_of_a_reply_is_refused() {
    let click = "<xml><ToUserName>ww1</ToUserName><FromUserName>Lin</FromUserName><Event>click</Event>\
        <EventKey>k</EventKey></xml>";
    let click = event::parse(Source::Callback, click).unwrap();
    let text = Reply::Text {
        content: "x".into(),
    };
    let addressee = Addressee::of(&click).unwrap();
    let body = addressee.seal(&text, &keys(), "ww1", NOW, "n0nce", [7; 16]);
    assert!(reply::open(&keyring(), &body).is_ok());
    let mut changed = body.into_bytes();
    for place in 0..changed.len() {
        for bit in 0..7 {
            changed[place] ^= 1 << bit;
            let result = reply::open(&keyring(), str::from_utf8(&changed).unwrap());
            assert!(result.is_err(), "bit {bit} of byte {place}");
            changed[place] ^= 1 << bit;
        }
    }
}

/// Something between the elements of a message: well-formed more often than not.
fn piece() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "<",
        ">",
        "&",
        "&x;",
        "&amp",
        "<!DOCTYPE xml>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?",
        "</A>",
        "<A>",
        "{",
        "\"",
        "<A b=\"",
        "<A <B>",
        "</ A>",
        "<A/",
        "\u{feff}",
        "\u{0}",
        "<!ENTITY a 'b'>",
    ]);
    let text = prop_oneof![
        prop::sample::select(vec![
            "x",
            " ",
            "\n",
            "sys",
            "Lin",
            "event",
            "&amp;",
            "&#65;",
            "&#x4f60;",
            "<![CDATA[x]]>",
            "<![CDATA[<A>&x;]]>",
            "<![CDATA[]]>",
            "<!-- <A> -->",
            "<?a b?>",
            "<B/>",
            "<B a='>'/>",
            "<B>y</B>",
            "协作",
        ])
        .prop_map(str::to_owned),
    ];
    let name = prop::sample::select(vec![
        "Encrypt",
        "Event",
        "ChangeType",
        "MsgType",
        "InfoType",
        "event",
        "FromUserName",
        "UserID",
        "WelcomeCode",
        "A",
    ]);
    let inside = prop::collection::vec(text, 0..3).prop_map(|parts| parts.concat());
    let element = (name, inside).prop_map(|(name, inside)| format!("<{name}>{inside}</{name} >"));
    prop_oneof![12 => element, 1 => odd.prop_map(str::to_owned)]
}

fn message() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..6).prop_map(|parts| format!("<xml>{}</xml>", parts.concat()))
}

proptest! {
    #[test]
    fn no_bytes_stop_the_door(query in ".{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = Query::parse(&query);
        let _ = Query::parse(&text);
        let _ = opened("msg_signature=a&timestamp=1&nonce=n", &bytes);
        let _ = reply::open(&keyring(), &text);
        let _ = Node::parse(&text);
        let _ = event::parse(Source::Callback, &text);
        let _ = event::parse(Source::Service, &text);
        peek(&ReceiverName::parse("app").unwrap(), &bytes, NOW);
    }

    #[test]
    fn what_is_signed_and_sealed_comes_back_whatever_it_is(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let SealedRequest { query, body } = sealed(&bytes);
        prop_assert_eq!(opened(&query, body.as_bytes()), Ok(bytes));
    }

    /// The scan of the envelope lets nothing pass that a parser would refuse, and finds the same text.
    #[test]
    fn the_envelope_is_as_strict_as_a_parser(body in message()) {
        let accepted = opened("msg_signature=a&timestamp=1&nonce=n", body.as_bytes());
        if accepted == Err(CallbackError::Signature) {
            let root = Node::parse(&body);
            prop_assert!(root.is_ok(), "{:?}", root);
            let encrypts: Vec<_> = root.unwrap().children.into_iter().filter(|c| c.name == "Encrypt").collect();
            prop_assert_eq!(encrypts.len(), 1);
            prop_assert!(!encrypts[0].text.is_empty() && encrypts[0].children.is_empty());
        }
    }

    /// What the door calls a message and what the parser makes of it are the same.
    #[test]
    fn the_glance_agrees_with_the_parser(text in message()) {
        let seen = peek(&ReceiverName::parse("app").unwrap(), text.as_bytes(), NOW);
        if let Ok(event::Event { body, .. }) = event::parse(Source::Callback, &text)
            && let event::Body::Known { .. } | event::Body::Unknown { .. } = &body
        {
            let name = serde_json::to_value(&body).unwrap();
            let name = name.pointer("/unknown/name").or(name.pointer("/known/name")).unwrap();
            prop_assert_eq!(name.as_str(), Some(seen.kind.as_str()));
        }
    }
}
