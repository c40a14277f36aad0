//! WeCom's callback protocol: bytes in, a message out that WeCom signed and sealed for this receiver; and back, for the
//! simulator and for replies.
//!
//! Pure: no I/O, no clock, no HTTP. The steps of [`open`] are types: the envelope gives `Sealed`, the signature makes
//! `Verified` of it, decryption makes [`Plaintext`] of that, and nobody else can make one. The door then takes a
//! [`peek()`] and stores the message; what it means is read later, by [`event::parse`].
//!
//! A handler that skips the check does not compile, because a [`Plaintext`] cannot be made by hand:
//!
//! ```
//! use wecom_bridge::callback::Plaintext;
//!
//! fn store(message: &Plaintext) -> usize {
//!     message.as_bytes().len()
//! }
//! ```
//!
//! ```compile_fail
//! use wecom_bridge::callback::{KeyPair, Plaintext};
//!
//! fn store(message: &Plaintext) -> usize {
//!     message.as_bytes().len()
//! }
//!
//! store(&Plaintext { buffer: b"<xml/>".to_vec(), message: 0..6, receive_id: 6..6, pair: KeyPair::Current });
//! ```

mod query;

mod crypt;
mod envelope;
mod scan;
mod signature;

pub mod event;
mod glance;
pub mod node;
pub mod reply;
pub(crate) mod write;

pub mod error;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use secrecy::SecretString;

use crate::callback::crypt::Cipher;
use crate::callback::envelope::{Sealed, request_json, request_xml};
use crate::callback::error::CallbackError;
use crate::callback::glance::{Seen, content_key};
use crate::callback::signature::{sign, verify};
use crate::model::delivery::{ContentKey, Kind, Lane, Subject};
use crate::model::ids::ReceiverName;
use crate::model::keys::CallbackKeys;
use crate::model::time::Timestamp;

/// All that one receiver verifies and decrypts with; made once, used for every call.
pub struct Keyring {
    pairs: Vec<Pair>,
    receive_ids: Vec<String>,
}

/// Which of a receiver's two pairs of token and key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPair {
    /// The one that is configured now.
    Current,
    /// The one before it.
    Previous,
}

/// One token and its prepared key.
struct Pair {
    which: KeyPair,
    token: SecretString,
    cipher: Cipher,
}

impl Keyring {
    /// With a previous pair, both verify. `receive_ids` are matched byte for byte; the empty one must be listed to be
    /// accepted, and an empty list accepts nothing.
    pub fn new(
        current: CallbackKeys,
        previous: Option<CallbackKeys>,
        receive_ids: Vec<String>,
    ) -> Self {
        let pair = |which, keys: CallbackKeys| Pair {
            which,
            cipher: Cipher::new(&keys.aes_key),
            token: keys.token,
        };
        let previous = previous.map(|keys| pair(KeyPair::Previous, keys));
        let mut pairs = vec![pair(KeyPair::Current, current)];
        pairs.extend(previous);
        Self { pairs, receive_ids }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(…)")
    }
}

/// What WeCom appends to the callback URL: `msg_signature`, `timestamp`, `nonce` and, for a URL check, `echostr`
/// (path/90930). All are texts: a nonce need not be a number.
pub struct Query {
    msg_signature: Box<str>,
    timestamp: Box<str>,
    nonce: Box<str>,
    echostr: Option<Box<str>>,
}

/// A message that WeCom signed and sealed for this receiver. Made by decryption alone.
pub struct Plaintext {
    buffer: Vec<u8>,
    message: Range<usize>,
    receive_id: Range<usize>,
    pair: KeyPair,
}

/// A glance at a message: what the door must know of it before it stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peek {
    /// What it is called.
    pub kind: Kind,
    /// What it is about.
    pub subject: Subject,
    /// How soon it is due.
    pub lane: Lane,
    /// Recognises a repetition.
    pub key: ContentKey,
    /// When it happened, if it says so.
    pub create_time: Option<Timestamp>,
}

/// A callback as its sender puts it on the wire.
#[derive(Debug, Clone)]
pub struct SealedRequest {
    /// The raw query, percent-encoded.
    pub query: String,
    /// The body.
    pub body: String,
}

/// Checks a GET: the plaintext is the answer that WeCom waits for (path/90930).
///
/// # Errors
/// Any [`CallbackError`].
pub fn echo(keyring: &Keyring, query: &Query) -> Result<Plaintext, CallbackError> {
    unseal(keyring, query, &Sealed::from_echostr(query)?)
}

/// Opens a POST: envelope, signature, ciphertext, in that order.
///
/// # Errors
/// Any [`CallbackError`].
pub fn open(keyring: &Keyring, query: &Query, body: &[u8]) -> Result<Plaintext, CallbackError> {
    unseal(keyring, query, &Sealed::from_body(body)?)
}

/// Two pairs may share a token, so the next one is tried after a failed decryption as well.
fn unseal(
    keyring: &Keyring,
    query: &Query,
    sealed: &Sealed<'_>,
) -> Result<Plaintext, CallbackError> {
    let mut refusal = CallbackError::Signature;
    for pair in &keyring.pairs {
        let Ok(verified) = verify(sealed, query, pair) else {
            continue;
        };
        match crypt::open(&verified, &keyring.receive_ids) {
            Ok(plaintext) => return Ok(plaintext),
            Err(problem) => refusal = problem,
        }
    }
    Err(refusal)
}

/// Takes a glance at a message. It never fails: what cannot be read is called `unknown`. Only elements directly below
/// the root count.
pub fn peek(receiver: &ReceiverName, plaintext: &[u8], received_at: Timestamp) -> Peek {
    let text = lossy(plaintext);
    let seen = Seen::read(&text);
    let (kind, create_time) = (seen.kind(), seen.create_time());
    Peek {
        subject: seen.subject(&kind),
        lane: seen.lane(),
        key: content_key(receiver, plaintext, create_time.unwrap_or(received_at)),
        create_time,
        kind,
    }
}

/// The same for what the receiver of a service account was sent: it is about a follower, and none of it is urgent.
pub fn peek_account(receiver: &ReceiverName, plaintext: &[u8], received_at: Timestamp) -> Peek {
    let text = lossy(plaintext);
    let seen = Seen::read(&text);
    let (kind, create_time) = (seen.account_kind(), seen.create_time());
    Peek {
        subject: seen.follower(&kind),
        lane: Lane::Normal,
        key: content_key(receiver, plaintext, create_time.unwrap_or(received_at)),
        create_time,
        kind,
    }
}

/// Nearly all is UTF-8, and finding that out first costs less than decoding character by character.
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// Makes the POST that [`open`] reads, with an XML envelope. `random` must be fresh.
pub fn seal(
    keys: &CallbackKeys,
    receive_id: &str,
    plaintext: &[u8],
    timestamp: Timestamp,
    nonce: &str,
    random: [u8; 16],
) -> SealedRequest {
    let encrypt = crypt::seal(&keys.aes_key, receive_id, plaintext, random);
    SealedRequest {
        query: signed(keys, &encrypt, timestamp, nonce).render(),
        body: request_xml(receive_id, &encrypt),
    }
}

/// Like [`seal`], with a JSON envelope.
pub fn seal_json(
    keys: &CallbackKeys,
    receive_id: &str,
    plaintext: &[u8],
    timestamp: Timestamp,
    nonce: &str,
    random: [u8; 16],
) -> SealedRequest {
    let encrypt = crypt::seal(&keys.aes_key, receive_id, plaintext, random);
    SealedRequest {
        query: signed(keys, &encrypt, timestamp, nonce).render(),
        body: request_json(receive_id, &encrypt),
    }
}

/// Makes the raw query of the GET that [`echo`] reads.
pub fn seal_echo(
    keys: &CallbackKeys,
    receive_id: &str,
    plaintext: &[u8],
    timestamp: Timestamp,
    nonce: &str,
    random: [u8; 16],
) -> String {
    let encrypt = crypt::seal(&keys.aes_key, receive_id, plaintext, random);
    let mut query = signed(keys, &encrypt, timestamp, nonce);
    query.echostr = Some(encrypt.into());
    query.render()
}

fn signed(keys: &CallbackKeys, encrypt: &str, timestamp: Timestamp, nonce: &str) -> Query {
    let timestamp = timestamp.secs().to_string();
    let signature = sign(&keys.token, &timestamp, nonce, encrypt);
    Query {
        msg_signature: signature.iter().copied().map(char::from).collect(),
        timestamp: timestamp.into(),
        nonce: nonce.into(),
        echostr: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::keys::AesKey;

    const NOW: Timestamp = Timestamp::from_secs(1_795_305_600);

    fn keys(token: &str, key: char) -> CallbackKeys {
        CallbackKeys {
            token: token.to_owned().into(),
            aes_key: AesKey::parse(&key.to_string().repeat(43)).unwrap(),
        }
    }

    fn sealed(keys: &CallbackKeys, receive_id: &str) -> SealedRequest {
        seal(keys, receive_id, b"<xml/>", NOW, "n", [7; 16])
    }

    fn opened(keyring: &Keyring, request: &SealedRequest) -> Result<String, CallbackError> {
        let query = Query::parse(&request.query)?;
        let plaintext = open(keyring, &query, request.body.as_bytes())?;
        Ok(format!(
            "{} for {:?}",
            plaintext.text(),
            plaintext.receive_id()
        ))
    }

    #[test]
    fn both_pairs_open_even_with_one_token() {
        for previous in [keys("old", 'b'), keys("new", 'b'), keys("old", 'a')] {
            let current = keys("new", 'a');
            let keyring = Keyring::new(current.clone(), Some(previous.clone()), vec!["ww1".into()]);
            for pair in [current, previous] {
                let request = sealed(&pair, "ww1");
                assert_eq!(opened(&keyring, &request), Ok("<xml/> for \"ww1\"".into()));
            }
            let other = sealed(&keys("other", 'a'), "ww1");
            assert_eq!(opened(&keyring, &other), Err(CallbackError::Signature));
        }
    }

    #[test]
    fn receive_ids_must_be_listed_the_empty_one_too() {
        let pair = keys("t", 'a');
        for (listed, id, accepted) in [
            (vec!["ww1", ""], "ww1", true),
            (vec!["ww1", ""], "", true),
            (vec!["ww1"], "", false),
            (vec!["ww1"], "ww12", false),
            (vec!["ww1"], "WW1", false),
            (vec![], "ww1", false),
            (vec![], "", false),
        ] {
            let ids = listed.iter().map(|&id| id.to_owned()).collect();
            let keyring = Keyring::new(pair.clone(), None, ids);
            let result = opened(&keyring, &sealed(&pair, id));
            assert_eq!(result.is_ok(), accepted, "{id:?} in {listed:?}");
            if !accepted {
                assert_eq!(result, Err(CallbackError::ReceiveId));
            }
        }
    }

    #[test]
    fn the_url_check_and_the_json_form_come_back() {
        let pair = keys("t", 'a');
        let keyring = Keyring::new(pair.clone(), None, vec![String::new()]);
        let raw = seal_echo(&pair, "", b"12345678901234567890123", NOW, "a+b", [7; 16]);
        let echoed = echo(&keyring, &Query::parse(&raw).unwrap()).unwrap();
        assert_eq!(echoed.as_bytes(), b"12345678901234567890123");
        let request = seal_json(&pair, "", b"{}", NOW, "n", [7; 16]);
        assert!(request.body.starts_with('{'));
        assert_eq!(opened(&keyring, &request), Ok("{} for \"\"".into()));

        let post = Query::parse(&request.query).unwrap();
        let problem = echo(&keyring, &post).unwrap_err();
        assert!(problem.is_malformed(), "{problem}");
    }

    #[test]
    fn nothing_is_decrypted_before_the_signature_is_right() {
        let keyring = Keyring::new(keys("t", 'a'), None, vec!["ww1".into()]);
        let query = Query::parse("msg_signature=00&timestamp=1&nonce=n").unwrap();
        let body = b"<xml><Encrypt>not Base64</Encrypt></xml>";
        let problem = open(&keyring, &query, body).unwrap_err();
        assert_eq!(problem, CallbackError::Signature);
        let problem = open(&keyring, &query, b"<xml/>").unwrap_err();
        assert!(
            problem.is_malformed(),
            "the envelope comes first: {problem}"
        );
    }

    #[test]
    fn debug_shows_nothing() {
        let pair = keys("t0ken", 'a');
        let request = sealed(&pair, "ww1");
        let query = Query::parse(&request.query).unwrap();
        let keyring = Keyring::new(pair, None, vec!["ww1".into()]);
        let plaintext = open(&keyring, &query, request.body.as_bytes()).unwrap();
        let shown = format!("{keyring:?} {query:?} {plaintext:?}");
        assert_eq!(shown, "Keyring(…) Query(…) Plaintext(6 bytes)");
    }
}
