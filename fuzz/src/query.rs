//! The query of a callback, and the signature in it.

use wecom_bridge::callback::{Query, echo, open};

use super::wire;

/// What the message says.
const MESSAGE: &[u8] = b"<xml/>";

/// The fast reader takes what the slow one takes, and finds the same in it: a signature over what the slow one has found
/// is right for the fast one.
pub fn run(input: &[u8]) {
    let Ok(raw) = str::from_utf8(input) else {
        return;
    };
    let parsed = Query::parse(raw);
    assert_eq!(parsed.is_ok(), wire::query(raw).is_some());
    if let Ok(query) = parsed {
        // Nobody guesses a signature.
        let body = body(&ciphertext());
        assert!(open(wire::keyring(), &query, body.as_bytes()).is_err());
        assert!(echo(wire::keyring(), &query).is_err());
    }
    signed_rightly(raw);
}

/// The input without a signature, and with the one that it should have.
fn signed_rightly(rest: &str) {
    let Some(found) = wire::query(&format!("msg_signature=0&{rest}")) else {
        return;
    };
    let sign = |text: &str| {
        let signature = wire::signature(&found["timestamp"], &found["nonce"], text);
        let raw = format!("msg_signature={signature}&{rest}");
        Query::parse(&raw).ok()
    };
    let text = ciphertext();
    // With its signature it may have become too long.
    if let Some(query) = sign(&text) {
        let opened = open(wire::keyring(), &query, body(&text).as_bytes());
        let opened = opened.map(|plaintext| plaintext.as_bytes().to_vec());
        assert_eq!(opened.as_deref(), Ok(MESSAGE));
    }
    if let Some(echostr) = found.get("echostr")
        && let Some(query) = sign(echostr)
    {
        let echoed = echo(wire::keyring(), &query).map(|plaintext| plaintext.as_bytes().to_vec());
        assert_eq!(echoed, wire::decrypt(echostr));
    }
}

fn body(text: &str) -> String {
    format!("<xml><Encrypt>{text}</Encrypt></xml>")
}

/// The message, sealed.
pub fn ciphertext() -> String {
    let mut inside = vec![7; 16];
    inside.extend((MESSAGE.len() as u32).to_be_bytes());
    inside.extend(MESSAGE);
    inside.extend(wire::RECEIVE_ID.as_bytes());
    let filler = 32 - inside.len() % 32;
    inside.resize(inside.len() + filler, filler as u8);
    wire::encrypt(&inside)
}
