//! The secrets of one callback configuration.

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::SecretString;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// 43 characters carry 258 bits for a 256-bit key. WeCom sets the two spare bits freely (its own sample key does), so a
/// strict decoder would refuse three keys out of four.
const KEY_ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// `EncodingAESKey` decoded: 32 bytes (path/90968). Never printed, wiped when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct AesKey(Zeroizing<[u8; 32]>);

/// The text is no EncodingAESKey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an EncodingAESKey has exactly 43 characters out of a-z, A-Z and 0-9; copy it from the console once more"
)]
pub struct NotAnAesKey;

impl AesKey {
    /// Takes the 43 characters that the console shows. `+` and `/` are accepted as well: they are valid Base64.
    ///
    /// # Errors
    /// [`NotAnAesKey`] for any other text; it does not repeat the text.
    pub fn parse(text: &str) -> Result<Self, NotAnAesKey> {
        if text.len() != 43 {
            return Err(NotAnAesKey);
        }
        let bytes = Zeroizing::new(KEY_ENGINE.decode(text).map_err(|_| NotAnAesKey)?);
        let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| NotAnAesKey)?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// The key's bytes, for the cipher.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for AesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AesKey(…)")
    }
}

/// One Token and EncodingAESKey pair, as the console's 接收消息 → 设置API接收 page shows them.
#[derive(Debug, Clone)]
pub struct CallbackKeys {
    /// Signs.
    pub token: SecretString,
    /// Encrypts.
    pub aes_key: AesKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_four_spellings_of_a_key_are_one_key() {
        let stem = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2";
        let keys: Vec<_> = ["A", "B", "C", "D"]
            .iter()
            .map(|last| *AesKey::parse(&format!("{stem}{last}")).unwrap().bytes())
            .collect();
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn other_texts_are_refused_without_repeating_them() {
        let good = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
        for bad in [
            "",
            &good[1..],
            &format!("{good}="),
            &format!("{good}C"),
            &good.replace('j', "!"),
        ] {
            let problem = AesKey::parse(bad).unwrap_err().to_string();
            assert!(bad.is_empty() || !problem.contains(bad));
        }
        assert_eq!(format!("{:?}", AesKey::parse(good).unwrap()), "AesKey(…)");
    }
}
