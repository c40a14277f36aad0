//! Why a callback is refused.

/// A refusal, by meaning. Its text repeats nothing of what came in and nothing secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// The query is not what WeCom sends.
    #[error("the query is malformed: {0}")]
    Malformed(&'static str),
    /// The body is not what WeCom sends.
    #[error("the envelope is malformed: {0}")]
    Envelope(&'static str),
    /// The signature was not made with a token of this receiver.
    #[error("the signature is wrong")]
    Signature,
    /// The signed text is not Base64.
    #[error("the ciphertext is not Base64")]
    Base64,
    /// The key does not fit, or the sender pads in another way.
    #[error("the ciphertext has a wrong length or padding")]
    Decrypt,
    /// What was decrypted is not laid out as random bytes, length, message, receive id.
    #[error("the decrypted bytes are not laid out as a message")]
    Buffer,
    /// The message is for somebody else.
    #[error("the message is for another receive id")]
    ReceiveId,
}

impl CallbackError {
    /// The code that WeCom's own libraries give for this (path/90307).
    pub const fn code(self) -> i32 {
        match self {
            Self::Signature => -40001,
            Self::Malformed(_) | Self::Envelope(_) => -40002,
            Self::ReceiveId => -40005,
            Self::Decrypt => -40007,
            Self::Buffer => -40008,
            Self::Base64 => -40010,
        }
    }

    /// Whether the request has not even the form of a callback. If it has, it is not WeCom's word to this receiver.
    pub const fn is_malformed(self) -> bool {
        match self {
            Self::Malformed(_) | Self::Envelope(_) => true,
            Self::Signature | Self::Base64 | Self::Decrypt | Self::Buffer | Self::ReceiveId => {
                false
            }
        }
    }
}
