//! The signature: SHA-1 over the token and what it signs. The ciphertext has no other protection, so nothing is
//! decrypted before this.

use secrecy::{ExposeSecret, SecretString};
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use crate::callback::envelope::Sealed;
use crate::callback::error::CallbackError;
use crate::callback::{Pair, Query};

/// A ciphertext that this pair's token has signed. Made by [`verify`] alone.
pub(in crate::callback) struct Verified<'a> {
    sealed: &'a Sealed<'a>,
    pair: &'a Pair,
}

impl<'a> Verified<'a> {
    /// The signed text.
    pub(in crate::callback) fn ciphertext(&self) -> &'a str {
        self.sealed.ciphertext()
    }

    /// The pair whose token signed.
    pub(in crate::callback) fn pair(&self) -> &'a Pair {
        self.pair
    }
}

/// Compares the signature in constant time. It must be lower-case hexadecimal, as WeCom sends it.
///
/// # Errors
/// [`CallbackError::Signature`].
pub(in crate::callback) fn verify<'a>(
    sealed: &'a Sealed<'a>,
    query: &Query,
    pair: &'a Pair,
) -> Result<Verified<'a>, CallbackError> {
    let expected = sign(
        &pair.token,
        &query.timestamp,
        &query.nonce,
        sealed.ciphertext(),
    );
    if bool::from(expected.ct_eq(query.msg_signature.as_bytes())) {
        Ok(Verified { sealed, pair })
    } else {
        Err(CallbackError::Signature)
    }
}

/// Lower-case hexadecimal of SHA-1 over the four values in byte order (path/90968).
pub(in crate::callback) fn sign(
    token: &SecretString,
    timestamp: &str,
    nonce: &str,
    ciphertext: &str,
) -> [u8; 40] {
    let mut values = [token.expose_secret(), timestamp, nonce, ciphertext];
    values.sort_unstable();
    let mut hash = Sha1::new();
    for value in values {
        hash.update(value);
    }
    hex(&hash.finalize().into())
}

fn hex(digest: &[u8; 20]) -> [u8; 40] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 40];
    for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}
