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
//! use wecom_bridge::callback::Plaintext;
//!
//! fn store(message: &Plaintext) -> usize {
//!     message.as_bytes().len()
//! }
//!
//! store(&Plaintext { buffer: b"<xml/>".to_vec(), message: 0..6, receive_id: 6..6 });
//! ```

mod query;

mod crypt;
mod envelope;
mod scan;
mod signature;

pub mod event;
mod glance;
pub mod node;
pub(crate) mod write;

pub mod error;

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

/// One token and its prepared key.
struct Pair {
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
        let pair = |keys: CallbackKeys| Pair {
            cipher: Cipher::new(&keys.aes_key),
            token: keys.token,
        };
        Self {
            pairs: [Some(current), previous]
                .into_iter()
                .flatten()
                .map(pair)
                .collect(),
            receive_ids,
        }
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
    let text = String::from_utf8_lossy(plaintext);
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
