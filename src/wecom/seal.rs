//! Seals what processes share and nobody else may read: tokens and tickets.
//!
//! They are good for two hours and open what the corp secret opens, so a dump of the store must not give them away. A
//! sealed text is `base64(iv, AES-256-CBC of the text, HMAC-SHA256 of name, iv and ciphertext)`; both keys and the name
//! are derived from the secret that the token belongs to, which is not in the store.

use std::fmt;
use std::fmt::Write;

use aes::cipher::{Array, typenum::U16};
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use aes::{Aes256Dec, Aes256Enc};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The cipher's block; also the length of the initialisation vector.
const BLOCK: usize = 16;

/// The length of the HMAC.
const TAG: usize = 32;

/// Seals and opens one kind of text.
pub(crate) struct Seal {
    name: String,
    cipher: Zeroizing<[u8; 32]>,
    tag: Zeroizing<[u8; 32]>,
}

impl Seal {
    /// For `what`, which this secret of a corp or an account brings.
    pub(in crate::wecom) fn new(
        what: &str,
        owner: &impl fmt::Display,
        secret: &SecretString,
    ) -> Self {
        let derive = |purpose: &str| {
            let mut mac = hmac(secret.expose_secret().as_bytes());
            mac.update(format!("wecom-bridge shared {purpose}\n{owner}\n{what}").as_bytes());
            Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()))
        };
        let mut name = format!("{what} ");
        for byte in &derive("name")[..8] {
            // Writing into a String cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        Self {
            name,
            cipher: derive("encryption"),
            tag: derive("authentication"),
        }
    }

    /// Names the kind of text, the corp and the secret, and gives the secret away to nobody.
    pub(in crate::wecom) fn name(&self) -> &str {
        &self.name
    }

    /// Seals a text; `None` when the system gives no random numbers.
    pub(in crate::wecom) fn seal(&self, text: &str) -> Option<String> {
        let mut iv = [0; BLOCK];
        getrandom::fill(&mut iv).ok()?;
        let filler = BLOCK - text.len() % BLOCK;
        let mut sealed = Vec::with_capacity(BLOCK + text.len() + filler + TAG);
        sealed.extend(iv);
        sealed.extend(text.as_bytes());
        sealed.resize(sealed.len() + filler, filler as u8);
        let (blocks, _) = Array::<u8, U16>::slice_as_chunks_mut(&mut sealed[BLOCK..]);
        cbc::Encryptor::<Aes256Enc>::new((&*self.cipher).into(), (&iv).into())
            .encrypt_blocks(blocks);
        let tag = self.tagged(&sealed).finalize().into_bytes();
        sealed.extend(tag);
        Some(BASE64_STANDARD.encode(sealed))
    }

    /// Opens a sealed text; `None` for anything that was not sealed with the same secret.
    pub(in crate::wecom) fn open(&self, sealed: &str) -> Option<Zeroizing<String>> {
        let sealed = BASE64_STANDARD.decode(sealed).ok()?;
        let (body, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG)?)?;
        self.tagged(body).verify_slice(tag).ok()?;
        let (iv, text) = body.split_first_chunk::<BLOCK>()?;
        let mut text = Zeroizing::new(text.to_vec());
        let (blocks, rest) = Array::<u8, U16>::slice_as_chunks_mut(&mut text);
        if !rest.is_empty() {
            return None;
        }
        cbc::Decryptor::<Aes256Dec>::new((&*self.cipher).into(), iv.into()).decrypt_blocks(blocks);
        // What is authentic was padded by `seal`.
        let filler = usize::from(*text.last()?);
        let end = text.len().checked_sub(filler)?;
        let text = str::from_utf8(text.get(..end)?).ok()?;
        Some(Zeroizing::new(text.to_owned()))
    }

    fn tagged(&self, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = hmac(self.tag.as_slice());
        mac.update(self.name.as_bytes());
        mac.update(body);
        mac
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({})", self.name)
    }
}

fn hmac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
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
        }
        assert!(!own.name().contains("secret"));
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let seal = seal("token", "ww1", "secret");
        let sealed = BASE64_STANDARD.decode(seal.seal("the token").unwrap());
        let sealed = sealed.unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            let changed = BASE64_STANDARD.encode(changed);
            assert!(seal.open(&changed).is_none(), "{at}");
        }
        for length in 0..sealed.len() {
            let cut = BASE64_STANDARD.encode(&sealed[..length]);
            assert!(seal.open(&cut).is_none(), "{length}");
        }
        assert!(seal.open("与").is_none());
    }
}
