//! Ciphertexts with a right signature, and messages that are sealed and opened again.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use wecom_bridge::callback::error::CallbackError;
use wecom_bridge::callback::{
    Plaintext, Query, SealedRequest, echo, open, seal, seal_echo, seal_json,
};

use super::wire;

/// The first byte tells what the rest is: a ciphertext in any spelling, a ciphertext in Base64, what is inside one, the
/// same with a right padding, or a message.
pub fn run(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else {
        return;
    };
    match first % 5 {
        0 => opened_as_told(&String::from_utf8_lossy(rest)),
        1 => opened_as_told(&BASE64_STANDARD.encode(rest)),
        2 => opened_as_told(&wire::encrypt(rest)),
        3 => {
            let mut padded = rest.to_vec();
            let filler = 32 - padded.len() % 32;
            padded.resize(padded.len() + filler, filler as u8);
            opened_as_told(&wire::encrypt(&padded));
        }
        _ => comes_back(rest),
    }
}

/// Opens what was signed, fast and slowly.
fn opened_as_told(text: &str) {
    if text.is_empty() {
        return;
    }
    let query = Query::parse(&wire::signed(text)).expect("the query is right");
    let body = json!({"encrypt": text}).to_string();
    let opened = open(wire::keyring(), &query, body.as_bytes());
    let opened = opened.map(|plaintext| {
        assert_eq!(plaintext.receive_id(), wire::RECEIVE_ID);
        plaintext.as_bytes().to_vec()
    });
    assert_eq!(opened, wire::decrypt(text));
}

fn comes_back(message: &[u8]) {
    let random = [7; 16];
    for seal in [seal, seal_json] {
        let SealedRequest { query, body } = seal(
            &wire::keys(),
            wire::RECEIVE_ID,
            message,
            wire::NOW,
            "n",
            random,
        );
        let query = Query::parse(&query).expect("what was written is read");
        assert_same(open(wire::keyring(), &query, body.as_bytes()), message);
    }
    // A longer one fits into no query.
    if message.len() < 2048 {
        let raw = seal_echo(
            &wire::keys(),
            wire::RECEIVE_ID,
            message,
            wire::NOW,
            "n",
            random,
        );
        let query = Query::parse(&raw).expect("what was written is read");
        assert_same(echo(wire::keyring(), &query), message);
    }
}

fn assert_same(opened: Result<Plaintext, CallbackError>, message: &[u8]) {
    let plaintext = opened.expect("what was sealed is opened");
    assert_eq!(plaintext.as_bytes(), message);
    assert_eq!(plaintext.into_text(), String::from_utf8_lossy(message));
}
