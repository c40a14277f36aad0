//! Seals what nobody else may read: tokens and tickets that processes share, and words in addresses.
//!
//! Tokens are good for two hours and open what the corp secret opens, so a dump of the store must not give them away. A
//! sealed text is `base64url(nonce, AES-256-GCM of the text)`. The key is derived (HKDF-SHA256) from the secret that the
//! token belongs to, which is not in the store; corp and kind of the text are authenticated with it, so that none passes
//! for another. Nonces are random: however many links are made, they stay far from the 2³² of one key.

use std::fmt;
use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Okm, Prk, Salt};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// Seals and opens one kind of text.
pub(crate) struct Seal {
    name: String,
    context: String,
    key: LessSafeKey,
}

impl Seal {
    /// For `what`, which this secret of a corp or an account brings.
    pub(crate) fn new(what: &str, owner: &impl fmt::Display, secret: &SecretString) -> Self {
        let context = format!("{owner}\n{what}");
        let salt = Salt::new(HKDF_SHA256, b"wecom-bridge shared");
        let secret = salt.extract(secret.expose_secret().as_bytes());
        let mut digest = [0; 32];
        expand(&secret, &[b"name\n", context.as_bytes()], HKDF_SHA256)
            .fill(&mut digest)
            .expect("an output of SHA-256 has 32 bytes");
        let mut name = format!("{what} ");
        for byte in &digest[..8] {
            // Writing into a String cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        let key = UnboundKey::from(expand(&secret, &[b"encryption"], &AES_256_GCM));
        Self {
            name,
            context,
            key: LessSafeKey::new(key),
        }
    }

    /// Names the kind of text, the corp and the secret, and gives the secret away to nobody.
    pub(in crate::wecom) fn name(&self) -> &str {
        &self.name
    }

    /// Seals a text; `None` when the system gives no random numbers.
    pub(crate) fn seal(&self, text: &str) -> Option<String> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).ok()?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + text.len() + AES_256_GCM.tag_len());
        sealed.extend(nonce);
        sealed.extend(text.as_bytes());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let body = &mut sealed[NONCE_LEN..];
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, self.context(), body)
            .ok()?;
        sealed.extend(tag.as_ref());
        Some(BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens a sealed text; `None` for anything that was not sealed with the same secret for the same use.
    pub(crate) fn open(&self, sealed: &str) -> Option<Zeroizing<String>> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut body = Zeroizing::new(body.to_vec());
        let text = self
            .key
            .open_in_place(nonce, self.context(), &mut body)
            .ok()?;
        let text = str::from_utf8(text).ok()?;
        Some(Zeroizing::new(text.to_owned()))
    }

    fn context(&self) -> Aad<&[u8]> {
        Aad::from(self.context.as_bytes())
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({})", self.name)
    }
}

fn expand<'a, L: KeyType>(secret: &'a Prk, purpose: &'a [&'a [u8]], length: L) -> Okm<'a, L> {
    secret
        .expand(purpose, length)
        .expect("a key is shorter than 255 digests")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::CorpId;

    fn seal(what: &str, corp: &str, secret: &str) -> Seal {
        Seal::new(what, &CorpId::parse(corp).unwrap(), &secret.into())
    }

    #[test]
    fn what_is_sealed_opens_again() {
        let seal = seal("token", "ww1", "secret");
        for length in [0, 1, 15, 16, 17, 512] {
            let text = "t".repeat(length);
            let sealed = seal.seal(&text).unwrap();
            assert_ne!(seal.seal(&text).unwrap(), sealed, "never twice the same");
            assert_eq!(seal.open(&sealed).unwrap().as_str(), text);
        }
    }

    #[test]
    fn nobody_else_opens_it() {
        let own = seal("token", "ww1", "secret");
        let sealed = own.seal("the token").unwrap();
        for other in [
            seal("token", "ww1", "other"),
            seal("token", "ww2", "secret"),
            seal("ticket", "ww1", "secret"),
        ] {
            assert_ne!(other.name(), own.name());
            assert!(other.open(&sealed).is_none());
            assert!(own.open(&other.seal("the token").unwrap()).is_none());
        }
        assert!(!own.name().contains("secret"));
        assert!(!format!("{own:?}").contains("secret"));
    }

    /// The key is the same for all that one secret brings; corp and kind alone keep it apart.
    #[test]
    fn a_text_of_another_context_does_not_open() {
        let own = seal("token", "ww1", "secret");
        let sealed = own.seal("the token").unwrap();
        for (what, corp, opens) in [
            ("token", "ww1", true),
            ("token", "ww2", false),
            ("ticket", "ww1", false),
        ] {
            let opened = seal(what, corp, "secret").open(&sealed);
            assert_eq!(opened.is_some(), opens, "{what} {corp}");
        }
    }

    /// Sealed by another implementation of HKDF and AES-GCM: processes of two releases must understand each other.
    #[test]
    fn the_form_stays() {
        let seal = seal("token", "ww1", "secret");
        assert_eq!(seal.name(), "token 971ff044dd9511f6");
        let sealed = "AAECAwQFBgcICQoLDoTi28GKGjkYUK7QoQfHnpR3W87qCPPpbQ";
        assert_eq!(seal.open(sealed).unwrap().as_str(), "the token");
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let seal = seal("token", "ww1", "secret");
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(seal.seal("the token").unwrap());
        let sealed = sealed.unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            let changed = BASE64_URL_SAFE_NO_PAD.encode(changed);
            assert!(seal.open(&changed).is_none(), "{at}");
        }
        for length in 0..sealed.len() {
            let cut = BASE64_URL_SAFE_NO_PAD.encode(&sealed[..length]);
            assert!(seal.open(&cut).is_none(), "{length}");
        }
        assert!(seal.open("与").is_none());
    }
}
