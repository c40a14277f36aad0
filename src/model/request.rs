//! Requests of people and systems, remembered so that each is carried out once.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::ids::NotAnId;
use crate::model::item::ItemRef;
use crate::model::time::Timestamp;

/// Names a request: the hidden number of a form on a page, or an API client's `Idempotency-Key` with its token's hash.
/// 8 to 120 printable ASCII characters without blanks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(Box<str>);

impl RequestId {
    /// Takes a text as a request's name.
    ///
    /// # Errors
    /// [`NotAnId`] when it is too short, too long or holds other characters.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        let fits = (8..=120).contains(&text.len());
        match fits && text.bytes().all(|c| c.is_ascii_graphic()) {
            true => Ok(Self(text.into())),
            false => Err(NotAnId),
        }
    }

    /// A name for a request that came without one.
    pub fn of_random(random: [u8; 16]) -> Self {
        Self(random.map(|byte| format!("{byte:02x}")).concat().into())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RequestId {
    type Error = NotAnId;
    fn try_from(text: String) -> Result<Self, NotAnId> {
        Self::parse(&text)
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0.into()
    }
}

/// That a request was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// Which.
    pub id: RequestId,
    /// A hash of what it asked for: the same name with another content is a mistake of the caller.
    pub digest: String,
    /// The item that it made or changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemRef>,
    /// When.
    pub at: Timestamp,
}
