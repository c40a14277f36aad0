//! Callbacks for the service's receivers, ready to be posted again and again.

use std::sync::atomic::{AtomicU64, Ordering};

use aes::cipher::typenum::U16;
use aes::cipher::{Array, BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;
use sha1::{Digest, Sha1};
use wecom_bridge::callback::{SealedRequest, seal, seal_echo};
use wecom_bridge::clock::Clock;
use wecom_bridge::model::keys::{AesKey, CallbackKeys};

use crate::service::{APP_KEY, APP_TOKEN, CORP, SYNC_KEY, SYNC_TOKEN};

/// A sealed callback: the same bytes at every try.
#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) receiver: &'static str,
    pub(crate) query: String,
    pub(crate) body: String,
}

impl Letter {
    /// For the app's receiver.
    pub(crate) fn to_app(xml: &str) -> Self {
        Self::sealed(&app_keys(), CORP, xml)
    }

    /// With keys and a receive id that may be wrong.
    pub(crate) fn sealed(keys: &CallbackKeys, receive_id: &str, xml: &str) -> Self {
        let now = Clock::system().now();
        let (nonce, random) = (nonce(), random());
        let SealedRequest { query, body } =
            seal(keys, receive_id, xml.as_bytes(), now, &nonce, random);
        let receiver = "app";
        Self {
            receiver,
            query,
            body,
        }
    }
}

/// The query that signs this ciphertext, whatever it is.
pub(crate) fn signed_query(keys: &CallbackKeys, encrypt: &str) -> String {
    let timestamp = Clock::system().now().secs().to_string();
    let mut parts = [keys.token.expose_secret(), &timestamp, "1", encrypt];
    parts.sort_unstable();
    let signature = Sha1::digest(parts.concat());
    let signature: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("msg_signature={signature}&timestamp={timestamp}&nonce=1")
}

/// Encrypts these bytes as they are, padded to 32.
pub(crate) fn encrypted(keys: &CallbackKeys, mut bytes: Vec<u8>) -> String {
    let filler = 32 - bytes.len() % 32;
    bytes.resize(bytes.len() + filler, filler as u8);
    let key = keys.aes_key.bytes();
    let iv: [u8; 16] = *key.first_chunk().unwrap();
    let (blocks, _) = Array::<u8, U16>::slice_as_chunks_mut(&mut bytes);
    cbc::Encryptor::<aes::Aes256Enc>::new(key.into(), &iv.into()).encrypt_blocks(blocks);
    STANDARD.encode(&bytes)
}

/// The query of a URL check.
pub(crate) fn echo_query(echo: &str) -> String {
    let (now, nonce, random) = (Clock::system().now(), nonce(), random());
    seal_echo(&app_keys(), CORP, echo.as_bytes(), now, &nonce, random)
}

pub(crate) fn app_keys() -> CallbackKeys {
    keys(APP_TOKEN, APP_KEY)
}

pub(crate) fn sync_keys() -> CallbackKeys {
    keys(SYNC_TOKEN, SYNC_KEY)
}

pub(crate) fn keys(token: &str, aes_key: &str) -> CallbackKeys {
    CallbackKeys {
        token: token.into(),
        aes_key: AesKey::parse(aes_key).unwrap(),
    }
}

/// The XML of an event that nothing follows from, no two alike: each from a member of its own.
pub(crate) fn plain_event() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let now = Clock::system().now().secs();
    format!(
        "<xml><ToUserName>{CORP}</ToUserName><FromUserName>member-{number}</FromUserName>\
         <CreateTime>{now}</CreateTime><MsgType>event</MsgType><AgentID>1000002</AgentID>\
         <Event>enter_agent</Event><EventKey></EventKey></xml>"
    )
}

/// The XML of an event that makes a contact due for a refresh.
pub(crate) fn edit_event(userid: &str, external_userid: &str) -> String {
    let now = Clock::system().now().secs();
    format!(
        "<xml><ToUserName>{CORP}</ToUserName><FromUserName>sys</FromUserName><CreateTime>{now}</CreateTime>\
         <MsgType>event</MsgType><Event>change_external_contact</Event>\
         <ChangeType>edit_external_contact</ChangeType><UserID>{userid}</UserID>\
         <ExternalUserID>{external_userid}</ExternalUserID></xml>"
    )
}

fn nonce() -> String {
    getrandom::u32().unwrap().to_string()
}

fn random() -> [u8; 16] {
    let mut random = [0; 16];
    getrandom::fill(&mut random).unwrap();
    random
}
