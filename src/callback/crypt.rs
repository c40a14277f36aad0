//! AES-256-CBC and the layout inside: `random(16) | length(4) | message | receive id`, padded to 32 (path/90968).

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use aes::cipher::{Array, typenum::U16};
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit, KeyIvInit};
use aes::{Aes256Dec, Aes256Enc};
use base64::Engine;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use base64::engine::Simd;
use base64::engine::general_purpose::PAD;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
use base64::{alphabet::STANDARD, engine::GeneralPurpose};
use zeroize::Zeroizing;

use crate::callback::error::CallbackError;
use crate::callback::signature::Verified;
use crate::callback::{KeyPair, Plaintext, lossy};
use crate::model::keys::AesKey;

/// WeCom pads to twice the cipher's block, so a filler of 17 to 32 bytes is as common as a shorter one.
const PAD_BLOCK: usize = 32;

/// Random bytes and length in front of the message.
const HEAD: usize = 20;

impl Plaintext {
    /// The message, byte for byte.
    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer[self.message.clone()]
    }

    /// The message as text. Bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        lossy(self.as_bytes())
    }

    /// The same, without a copy where nothing has to be mended.
    pub fn into_text(self) -> String {
        let mut bytes = self.buffer;
        bytes.truncate(self.message.end);
        bytes.drain(..self.message.start);
        String::from_utf8(bytes)
            .unwrap_or_else(|fault| String::from_utf8_lossy(fault.as_bytes()).into_owned())
    }

    /// What it was sealed with, and what a reply to it is sealed with.
    pub const fn pair(&self) -> KeyPair {
        self.pair
    }

    /// Whom it is for; one of the receiver's list.
    pub fn receive_id(&self) -> &str {
        str::from_utf8(&self.buffer[self.receive_id.clone()])
            .expect("it was found equal to a configured text")
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plaintext({} bytes)", self.message.len())
    }
}

/// The key, ready for decryption: the key schedule costs as much as a short message.
pub(in crate::callback) struct Cipher {
    schedule: Aes256Dec,
    iv: Zeroizing<[u8; 16]>,
}

impl Cipher {
    /// Prepares the key.
    pub(in crate::callback) fn new(key: &AesKey) -> Self {
        Self {
            schedule: Aes256Dec::new(key.bytes().into()),
            iv: iv(key),
        }
    }
}

/// Decrypts in place and checks padding, layout and receive id, in that order.
///
/// # Errors
/// [`CallbackError::Base64`], [`Decrypt`](CallbackError::Decrypt), [`Buffer`](CallbackError::Buffer) or
/// [`ReceiveId`](CallbackError::ReceiveId).
pub(in crate::callback) fn open(
    verified: &Verified<'_>,
    receive_ids: &[String],
) -> Result<Plaintext, CallbackError> {
    let mut buffer = base64()
        .decode(verified.ciphertext())
        .map_err(|_| CallbackError::Base64)?;
    decrypt(&verified.pair().cipher, &mut buffer)?;
    let end = unpadded(&buffer).ok_or(CallbackError::Decrypt)?;
    let message = message(&buffer[..end]).ok_or(CallbackError::Buffer)?;
    let receive_id = message.end..end;
    let listed = |id: &String| id.as_bytes() == &buffer[receive_id.clone()];
    if !receive_ids.iter().any(listed) {
        return Err(CallbackError::ReceiveId);
    }
    Ok(Plaintext {
        buffer,
        message,
        receive_id,
        pair: verified.pair().which,
    })
}

/// Lays out, pads to 32, encrypts and encodes. A message of 4 GiB or more gives a text that every receiver refuses.
pub(in crate::callback) fn seal(
    key: &AesKey,
    receive_id: &str,
    message: &[u8],
    random: [u8; 16],
) -> String {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut buffer = Vec::with_capacity(HEAD + message.len() + receive_id.len() + PAD_BLOCK);
    buffer.extend(random);
    buffer.extend(length.to_be_bytes());
    buffer.extend(message);
    buffer.extend(receive_id.as_bytes());
    let filler = PAD_BLOCK - buffer.len() % PAD_BLOCK;
    buffer.resize(buffer.len() + filler, filler as u8);
    let (blocks, _) = Array::<u8, U16>::slice_as_chunks_mut(&mut buffer);
    cbc::Encryptor::<Aes256Enc>::new(key.bytes().into(), (&*iv(key)).into()).encrypt_blocks(blocks);
    base64().encode(&buffer)
}

/// Strict Base64, a whole register at a time where there is an engine for that.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn base64() -> &'static impl Engine {
    // It looks for the processor's abilities when it is made.
    static ENGINE: std::sync::LazyLock<Simd> = std::sync::LazyLock::new(|| Simd::standard(PAD));
    &*ENGINE
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn base64() -> &'static impl Engine {
    static ENGINE: GeneralPurpose = GeneralPurpose::new(&STANDARD, PAD);
    &ENGINE
}

/// The first 16 bytes of the key.
fn iv(key: &AesKey) -> Zeroizing<[u8; 16]> {
    let mut iv = Zeroizing::new([0; 16]);
    iv.copy_from_slice(&key.bytes()[..16]);
    iv
}

fn decrypt(cipher: &Cipher, buffer: &mut [u8]) -> Result<(), CallbackError> {
    let (blocks, rest) = Array::<u8, U16>::slice_as_chunks_mut(buffer);
    if blocks.len() < 2 || !rest.is_empty() {
        return Err(CallbackError::Decrypt);
    }
    cbc::Decryptor::inner_iv_init(&cipher.schedule, (&*cipher.iv).into()).decrypt_blocks(blocks);
    Ok(())
}

/// Where the padding begins. All filler bytes count, not only the last.
fn unpadded(buffer: &[u8]) -> Option<usize> {
    let filler = *buffer.last()?;
    let length = usize::from(filler);
    let end = buffer.len().checked_sub(length)?;
    let fits = (1..=PAD_BLOCK).contains(&length);
    (fits && buffer[end..].iter().all(|&byte| byte == filler)).then_some(end)
}

/// Where the message is.
fn message(body: &[u8]) -> Option<Range<usize>> {
    let length = u32::from_be_bytes(*body.get(16..)?.first_chunk()?);
    let end = HEAD.checked_add(usize::try_from(length).ok()?)?;
    (end <= body.len()).then_some(HEAD..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_of_1_to_32_equal_bytes_is_taken_off() {
        for filler in 1..=32u8 {
            let mut buffer = vec![b'x'; 32];
            buffer.resize(32 + usize::from(filler), filler);
            assert_eq!(unpadded(&buffer), Some(32), "{filler}");
            buffer[32] ^= 1;
            let whole = filler == 1 && unpadded(&buffer).is_none();
            assert!(
                whole || filler > 1 && unpadded(&buffer).is_none(),
                "{filler}"
            );
        }
        for (last, length) in [(0, 32), (33, 64), (255, 320), (32, 31), (1, 0)] {
            assert_eq!(unpadded(&vec![last; length]), None, "{last} in {length}");
        }
    }

    #[test]
    fn only_whole_blocks_are_decrypted() {
        let key = AesKey::parse(&"A".repeat(43)).unwrap();
        for (length, fits) in [
            (0, false),
            (16, false),
            (31, false),
            (32, true),
            (33, false),
        ] {
            let result = decrypt(&Cipher::new(&key), &mut vec![0; length]);
            let expected = if fits {
                Ok(())
            } else {
                Err(CallbackError::Decrypt)
            };
            assert_eq!(result, expected, "{length} bytes");
        }
    }

    #[test]
    fn a_length_beyond_the_end_is_no_layout() {
        let body = |length: u32, rest: usize| {
            let mut body = vec![0; 16];
            body.extend(length.to_be_bytes());
            body.resize(20 + rest, b'x');
            body
        };
        assert_eq!(message(&body(3, 3)), Some(20..23));
        assert_eq!(message(&body(0, 0)), Some(20..20));
        for (length, rest) in [(4, 3), (1, 0), (u32::MAX, 9)] {
            assert_eq!(message(&body(length, rest)), None, "{length}");
        }
        assert_eq!(message(&[0; 19]), None);
    }
}
