//! Attachments (附件): files that are part of a record, an approval or a form's answer. Their bytes are kept elsewhere.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::item::{Actor, ItemRef};
use crate::model::time::Timestamp;

/// A file that was taken in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id: 32 hexadecimal digits that cannot be guessed.
    pub id: String,
    /// The item that it belongs to, which may still have to be made; for a file of a form's answer first the form, then
    /// the record.
    pub item: ItemRef,
    /// Who brought it.
    pub by: Actor,
    /// The name it came with, without a path; at most 120 characters. Personal text: never logged.
    pub name: String,
    /// What it is, as its content shows.
    pub media_type: String,
    /// How large it is.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
    /// Whether there is a small picture of it.
    #[serde(default)]
    pub thumbnail: bool,
    /// When it came.
    pub at: Timestamp,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attachment({}, {} bytes)", self.id, self.bytes)
    }
}
