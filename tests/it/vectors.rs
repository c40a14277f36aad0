//! Published and constructed vectors of the callback crypto: every one must come out as it says.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::Deserialize;
use sha1::{Digest, Sha1};
use url::form_urlencoded::byte_serialize;
use wecom_bridge::callback::error::CallbackError;
use wecom_bridge::callback::{Keyring, Plaintext, Query, echo, open, seal};
use wecom_bridge::model::keys::{AesKey, CallbackKeys};
use wecom_bridge::model::time::Timestamp;

/// How many there are of each kind; a new one has to be counted here.
const COUNTS: [(&str, usize); 6] = [
    ("DECRYPT", 1),
    ("ENCRYPT", 4),
    ("GET", 6),
    ("KEY", 5),
    ("POST", 28),
    ("SIGNATURE", 6),
];

#[derive(Deserialize)]
struct Vector {
    id: String,
    kind: String,
    format: String,
    #[serde(default)]
    token: String,
    encoding_aes_key: Option<String>,
    #[serde(default)]
    receiveid: String,
    #[serde(default)]
    timestamp: String,
    #[serde(default)]
    nonce: String,
    random16: Option<String>,
    plaintext: Option<String>,
    #[serde(default)]
    encrypt: String,
    msg_signature: Option<String>,
    envelope: Option<String>,
    raw_query: Option<String>,
    expect: String,
}

#[test]
fn every_vector_comes_out_as_it_says() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../../fixtures/crypto-vectors.json")).unwrap();
    let mut counts = BTreeMap::new();
    for vector in &vectors {
        match vector.kind.as_str() {
            "GET" | "POST" | "DECRYPT" => vector.opens(),
            "ENCRYPT" => vector.encrypts(),
            "SIGNATURE" => vector.signs(),
            "KEY" => vector.has_no_key(),
            other => panic!("{}: no kind {other}", vector.id),
        }
        *counts.entry(vector.kind.as_str()).or_default() += 1;
    }
    assert_eq!(counts, BTreeMap::from(COUNTS));
}

impl Vector {
    fn opens(&self) {
        for keyring in [self.keyring(), self.rotated()] {
            let result = self.attempt(&keyring, &self.query());
            let expected = result.as_ref().map(Plaintext::text).map_err(|p| p.code());
            match self.expect.as_str() {
                "ok" => {
                    let plaintext = self.plaintext.as_deref().unwrap();
                    assert_eq!(expected.as_deref(), Ok(plaintext), "{}", self.id);
                    assert_eq!(result.unwrap().receive_id(), self.receiveid, "{}", self.id);
                }
                "bad_signature" => assert_eq!(expected, Err(-40001), "{}", self.id),
                "bad_receiveid" => assert_eq!(expected, Err(-40005), "{}", self.id),
                "bad_decrypt" => {
                    let code = expected.unwrap_err();
                    assert!(
                        [-40007, -40008, -40010].contains(&code),
                        "{}: {code}",
                        self.id
                    );
                }
                other => panic!("{}: nothing ends as {other}", self.id),
            }
        }
    }

    fn encrypts(&self) {
        assert_eq!(self.expect, "ok_encrypt", "{}", self.id);
        let random = self
            .random16
            .as_deref()
            .unwrap()
            .as_bytes()
            .try_into()
            .unwrap();
        let plaintext = self.plaintext.as_deref().unwrap().as_bytes();
        let now = Timestamp::from_secs(self.timestamp.parse().unwrap_or(0));
        let sealed = seal(&self.keys(), &self.receiveid, plaintext, now, "n", random);
        assert!(
            sealed.body.contains(&format!("[{}]", self.encrypt)),
            "{}",
            self.id
        );
        let query = Query::parse(&sealed.query).unwrap();
        let opened = open(&self.keyring(), &query, sealed.body.as_bytes()).unwrap();
        assert_eq!(opened.as_bytes(), plaintext, "{}", self.id);
    }

    /// The key may be unknown: whatever comes after the signature is right.
    fn signs(&self) {
        assert!(
            ["ok", "sig_only"].contains(&self.expect.as_str()),
            "{}",
            self.id
        );
        let result = self.attempt(&self.keyring(), &self.query());
        assert_ne!(result.err(), Some(CallbackError::Signature), "{}", self.id);
        let damaged = self.query_with(&self.signature().replace(['0', 'a', '8'], "1"));
        let result = self.attempt(&self.keyring(), &damaged);
        assert_eq!(result.err(), Some(CallbackError::Signature), "{}", self.id);
    }

    fn has_no_key(&self) {
        assert_eq!(self.expect, "bad_key", "{}", self.id);
        let key = self.encoding_aes_key.as_deref().unwrap();
        assert!(AesKey::parse(key).is_err(), "{}", self.id);
    }

    fn attempt(&self, keyring: &Keyring, query: &Query) -> Result<Plaintext, CallbackError> {
        if self.format == "echostr" {
            return echo(keyring, query);
        }
        let envelope = match (&self.envelope, self.format.as_str()) {
            (Some(envelope), _) => envelope,
            (None, "json") => r#"{"encrypt": "<encrypt>"}"#,
            (None, _) => "<xml><Encrypt><![CDATA[<encrypt>]]></Encrypt></xml>",
        };
        open(
            keyring,
            query,
            envelope.replace("<encrypt>", &self.encrypt).as_bytes(),
        )
    }

    fn query(&self) -> Query {
        match &self.raw_query {
            Some(raw) => Query::parse(raw).unwrap(),
            None => self.query_with(&self.signature()),
        }
    }

    fn query_with(&self, signature: &str) -> Query {
        let encoded = |value: &str| byte_serialize(value.as_bytes()).collect::<String>();
        let mut raw = format!(
            "msg_signature={signature}&timestamp={}&nonce={}",
            encoded(&self.timestamp),
            encoded(&self.nonce),
        );
        if self.format == "echostr" {
            raw += &format!("&echostr={}", encoded(&self.encrypt));
        }
        Query::parse(&raw).unwrap()
    }

    fn signature(&self) -> String {
        if let Some(signature) = &self.msg_signature {
            return signature.clone();
        }
        let mut values = [&self.token, &self.timestamp, &self.nonce, &self.encrypt];
        values.sort();
        let digest = Sha1::digest(values.map(String::as_str).concat());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn keyring(&self) -> Keyring {
        Keyring::new(
            self.keys(),
            None,
            vec!["another".into(), self.receiveid.clone()],
        )
    }

    /// The vector's keys are the previous ones.
    fn rotated(&self) -> Keyring {
        let current = CallbackKeys {
            token: SecretString::from("new"),
            aes_key: AesKey::parse(&"n".repeat(43)).unwrap(),
        };
        Keyring::new(current, Some(self.keys()), vec![self.receiveid.clone()])
    }

    fn keys(&self) -> CallbackKeys {
        let key = self
            .encoding_aes_key
            .clone()
            .unwrap_or_else(|| "k".repeat(43));
        CallbackKeys {
            token: SecretString::from(self.token.clone()),
            aes_key: AesKey::parse(&key).unwrap(),
        }
    }
}
