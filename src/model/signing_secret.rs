//! The key that messages to one of the company's systems are signed with.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretSlice};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// What the text of a key begins with.
const PREFIX: &str = "whsec_";

/// The lengths of keys, in bytes (Standard Webhooks).
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// A key. Never printed, wiped when dropped.
#[derive(Debug, Clone, ZeroizeOnDrop)]
pub struct SigningSecret(SecretSlice<u8>);

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key: `whsec_` and the base64 of 24 to 64 bytes are expected")]
pub struct NotASecret;

impl SigningSecret {
    /// Reads `whsec_` and base64.
    ///
    /// # Errors
    /// [`NotASecret`] when it has another form or length.
    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        let bytes = text.strip_prefix(PREFIX).ok_or(NotASecret)?;
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(bytes).map_err(|_| NotASecret)?);
        match LENGTHS.contains(&bytes.len()) {
            // A copy that is as long as its room: to shorten one would leave another.
            true => Ok(Self(bytes.to_vec().into())),
            false => Err(NotASecret),
        }
    }

    /// The key itself, to sign with.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_of_a_good_length_are_taken() {
        let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLhSw";
        let secret = SigningSecret::parse(text).unwrap();
        assert_eq!(secret.expose().len(), 24);
        assert!(!format!("{secret:?}").contains("49"), "{secret:?}");
        let long = format!("whsec_{}", BASE64_STANDARD.encode([7; 65]));
        for bad in [
            "",
            "whsec_",
            "whsec_c2hvcnQ=",
            &text[6..],
            "whsec_!fKQ9r8GKYqrTwjUPD8ILPZIo2LaLhSw",
            &long,
        ] {
            assert!(SigningSecret::parse(bad).is_err(), "{bad}");
        }
    }
}
