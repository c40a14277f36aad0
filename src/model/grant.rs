//! Grants: which customer may see which item, and how it got to them.

use serde::{Deserialize, Serialize};

use crate::model::ids::ExternalUserId;
use crate::model::item::{Actor, ItemRef};
use crate::model::time::Timestamp;

/// That a customer may see an item. Kept before its card is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Who may see it.
    pub contact: ExternalUserId,
    /// What.
    pub item: ItemRef,
    /// Who gave it last.
    pub by: Actor,
    /// How far its card is.
    pub state: GrantState,
    /// When it was given last.
    pub given_at: Timestamp,
    /// When `state` changed last: at `given_at` when it was given then, after it when something has become of it, before
    /// it when it was given once more and nothing changed by that.
    pub changed_at: Timestamp,
}

/// How far a grant is. All but the last let the customer see the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    /// Given; the member's client is sending the card, or its answer was lost: maybe sent.
    Pending,
    /// The member's client says that the card was sent, or it needs no card.
    Confirmed,
    /// Taken back.
    Revoked,
}

impl Grant {
    /// Whether it lets the customer see the item.
    pub fn holds(&self) -> bool {
        self.state != GrantState::Revoked
    }
}

/// When a customer last had an item open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Who.
    pub contact: ExternalUserId,
    /// What.
    pub item: ItemRef,
    /// When last.
    pub at: Timestamp,
}
