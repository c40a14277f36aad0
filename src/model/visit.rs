//! Openings of the chat toolbar.

use serde::{Deserialize, Serialize};

use crate::model::ids::{ExternalUserId, UserId};
use crate::model::time::Timestamp;

/// A member had the toolbar page open for a contact (聊天工具栏). What the member's client claims, bound to a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The member whose session it was.
    pub userid: UserId,
    /// The contact of that chat.
    pub external_userid: ExternalUserId,
    /// The `entry` that `getContext` gave, such as `single_chat_tools` (path/94315).
    pub entry: String,
    /// When it was last opened.
    pub last_at: Timestamp,
    /// How often.
    pub count: u64,
}
