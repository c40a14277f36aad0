//! The protocol once more, in the plainest way: what the service does fast is held against it.

use std::collections::HashMap;
use std::sync::LazyLock;

use aes::Aes256;
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use secrecy::SecretString;
use sha1::{Digest, Sha1};
use sha2::Sha256;
use wecom_bridge::callback::Keyring;
use wecom_bridge::callback::error::CallbackError;
use wecom_bridge::model::keys::{AesKey, CallbackKeys};
use wecom_bridge::model::time::Timestamp;

/// The time of every message.
pub const NOW: Timestamp = Timestamp::from_secs(1_795_305_600);

/// Whom every message is for.
pub const RECEIVE_ID: &str = "ww1";

const TOKEN: &str = "QDG6eK";
const AES_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const BLOCK: usize = 16;

/// The receiver's pair.
pub fn keys() -> CallbackKeys {
    CallbackKeys {
        token: SecretString::from(TOKEN),
        aes_key: AesKey::parse(AES_KEY).expect("it is a key"),
    }
}

/// The same, ready for use.
pub fn keyring() -> &'static Keyring {
    static KEYRING: LazyLock<Keyring> =
        LazyLock::new(|| Keyring::new(keys(), None, vec![RECEIVE_ID.to_owned()]));
    &KEYRING
}

/// The signature of a text.
pub fn signature(timestamp: &str, nonce: &str, text: &str) -> String {
    let mut values = [TOKEN, timestamp, nonce, text];
    values.sort_unstable();
    hex(&Sha1::digest(values.concat()))
}

/// A query that signs a text.
pub fn signed(text: &str) -> String {
    format!(
        "msg_signature={}&timestamp=1&nonce=n",
        signature("1", "n", text)
    )
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Encrypts whole blocks, chained, and encodes them.
pub fn encrypt(blocks: &[u8]) -> String {
    let cipher = cipher();
    let mut before: [u8; BLOCK] = iv();
    let mut sealed = Vec::with_capacity(blocks.len());
    for block in blocks.chunks_exact(BLOCK) {
        let mut mixed = Array::from(before);
        for (byte, plain) in mixed.iter_mut().zip(block) {
            *byte ^= plain;
        }
        cipher.encrypt_block(&mut mixed);
        before = mixed.into();
        sealed.extend(before);
    }
    BASE64_STANDARD.encode(sealed)
}

/// Opens a signed text.
///
/// # Errors
/// Those of the service.
pub fn decrypt(text: &str) -> Result<Vec<u8>, CallbackError> {
    let sealed = BASE64_STANDARD
        .decode(text)
        .map_err(|_| CallbackError::Base64)?;
    if sealed.len() < 2 * BLOCK || !sealed.len().is_multiple_of(BLOCK) {
        return Err(CallbackError::Decrypt);
    }
    let cipher = cipher();
    let mut before: &[u8] = &iv();
    let mut plain = Vec::with_capacity(sealed.len());
    for block in sealed.chunks_exact(BLOCK) {
        let mut opened = Array::try_from(block).expect("a chunk is a block");
        cipher.decrypt_block(&mut opened);
        plain.extend(opened.iter().zip(before).map(|(byte, mixed)| byte ^ mixed));
        before = block;
    }
    let filler = *plain.last().expect("there are two blocks");
    let length = usize::from(filler);
    if !(1..=32).contains(&length) || !plain.iter().rev().take(length).all(|&b| b == filler) {
        return Err(CallbackError::Decrypt);
    }
    plain.truncate(plain.len() - length);
    if plain.len() < 20 {
        return Err(CallbackError::Buffer);
    }
    let length = plain[16..20]
        .iter()
        .fold(0, |length, &byte| length * 256 + usize::from(byte));
    let (message, receive_id) = plain[20..]
        .split_at_checked(length)
        .ok_or(CallbackError::Buffer)?;
    match receive_id == RECEIVE_ID.as_bytes() {
        true => Ok(message.to_vec()),
        false => Err(CallbackError::ReceiveId),
    }
}

/// Reads a query: what is asked about, each once.
pub fn query(raw: &str) -> Option<HashMap<&'static str, String>> {
    let known = [
        ("msg_signature", 64),
        ("timestamp", 32),
        ("nonce", 256),
        ("echostr", 4096),
    ];
    let mut found = HashMap::new();
    for pair in raw.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some((name, most)) = known.into_iter().find(|(known, _)| *known == name) else {
            continue;
        };
        let value = percent(value)?;
        let fits = (1..=most).contains(&value.len());
        if !fits || found.insert(name, value).is_some() {
            return None;
        }
    }
    let complete = known
        .iter()
        .take(3)
        .all(|(name, _)| found.contains_key(name));
    (complete && raw.len() <= 8192).then_some(found)
}

fn percent(value: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// HMAC-SHA256.
pub fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("any key will do");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn key() -> [u8; 32] {
    *keys().aes_key.bytes()
}

fn iv() -> [u8; BLOCK] {
    *key().first_chunk().expect("a key is longer")
}

fn cipher() -> Aes256 {
    Aes256::new(&key().into())
}
