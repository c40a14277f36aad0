//! Forgetting a customer who asks for it: how far it is, and afterwards that it was done.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::ids::ExternalUserId;
use crate::model::item::Actor;
use crate::model::time::Timestamp;

/// That a customer is being forgotten, or was. What stays of it afterwards is about nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgetting {
    /// A hash of the `external_userid`.
    pub id: String,
    /// Who has asked for it.
    pub by: Actor,
    /// When.
    pub asked_at: Timestamp,
    /// When nothing was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Timestamp>,
    /// How many records, events and calls were removed or cleared so far.
    pub removed: u64,
    /// How far it is; none when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// Who is being forgotten, and how far the search for traces is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Who.
    pub contact: ExternalUserId,
    /// Other ids of theirs: unionid and openid.
    #[serde(default)]
    pub ids: Vec<String>,
    /// Items of theirs that were removed last, as `kind:id`: of the round before, until this one comes to items.
    #[serde(default)]
    pub items: Vec<String>,
    /// How often everything was looked through before.
    #[serde(default)]
    pub round: u32,
    /// What had been removed when this round began.
    #[serde(default)]
    pub removed_before: u64,
    /// Which part of the store is looked through.
    #[serde(default)]
    pub part: usize,
    /// What was looked at last of it.
    #[serde(default)]
    pub after: Option<String>,
}

impl Forgetting {
    /// By which name the forgetting of a customer is known.
    pub fn id_of(contact: &ExternalUserId) -> String {
        blake3::hash(contact.as_str().as_bytes())
            .to_hex()
            .to_string()
    }

    /// One that has just been asked for.
    pub fn asked(contact: ExternalUserId, by: Actor, now: Timestamp) -> Self {
        Self {
            id: Self::id_of(&contact),
            by,
            asked_at: now,
            done_at: None,
            removed: 0,
            place: Some(Place::of(contact)),
        }
    }
}

impl Place {
    /// Before the first step.
    pub const fn of(contact: ExternalUserId) -> Self {
        Self {
            contact,
            ids: Vec::new(),
            items: Vec::new(),
            round: 0,
            removed_before: 0,
            part: 0,
            after: None,
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place(round {}, part {})", self.round, self.part)
    }
}
