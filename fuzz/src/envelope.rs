//! The outer XML or JSON of a callback, and of a reply.

use serde_json::{Map, Value};
use wecom_bridge::callback::error::CallbackError;
use wecom_bridge::callback::node::Node;
use wecom_bridge::callback::{Query, open, reply};

use super::wire;

/// What the reader of the envelope takes, a whole parser takes as well, and finds the same text in it.
pub fn run(body: &[u8]) {
    match opened("msg_signature=0&timestamp=1&nonce=n", body) {
        Err(CallbackError::Envelope(_)) => {}
        Err(CallbackError::Signature) => found_twice(body),
        other => panic!("a body that nobody has signed gave {other:?}"),
    }
    if let Ok(text) = str::from_utf8(body) {
        let problem = reply::open(wire::keyring(), text).map(|_| ());
        assert!(problem.is_err(), "a reply that nobody has signed is opened");
    }
}

fn found_twice(body: &[u8]) {
    let text = str::from_utf8(body).expect("only UTF-8 is an envelope");
    assert!(text.len() <= 1 << 20, "a long body is taken");
    let found = match text.trim_ascii_start().starts_with('{') {
        true => in_json(text),
        false => in_xml(text),
    };
    // A parser makes one line end of another (XML 1.0, 2.11), where the signature is over what was sent.
    if !text.contains('\r') {
        let signed = opened(&wire::signed(&found), body);
        assert_ne!(signed, Err(CallbackError::Signature), "another text");
    }
}

fn in_xml(text: &str) -> String {
    let root = Node::parse(text).expect("what the scan takes is well-formed");
    let mut found = root.children.iter().filter(|c| c.name == "Encrypt");
    let encrypt = found.next().expect("there is an Encrypt");
    assert!(found.next().is_none(), "there are two");
    assert!(encrypt.children.is_empty(), "there is something inside");
    assert!(!encrypt.text.is_empty(), "it is empty");
    encrypt.text.clone()
}

fn in_json(text: &str) -> String {
    let root: Map<String, Value> = serde_json::from_str(text).expect("it is an object");
    let mut found = root
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("encrypt"));
    let (_, encrypt) = found.next().expect("there is an Encrypt");
    assert!(found.next().is_none(), "there are two");
    encrypt.as_str().expect("it is a text").to_owned()
}

fn opened(query: &str, body: &[u8]) -> Result<(), CallbackError> {
    let query = Query::parse(query).expect("the query is right");
    open(wire::keyring(), &query, body).map(|_| ())
}
