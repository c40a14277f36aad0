//! What a customer and the company say to each other about an item, and who is still to be told.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::grant::Seen;
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::item::{Actor, ItemRef, stamped};
use crate::model::time::Timestamp;

/// A comment (评论). One customer's comments on an item are theirs and the company's alone, even where others have the
/// item too.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Sorts oldest first.
    pub id: String,
    /// On what.
    pub item: ItemRef,
    /// With which customer.
    pub contact: ExternalUserId,
    /// By whom.
    pub by: Actor,
    /// 1 to 2000 characters. Personal text: never logged.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

impl Comment {
    /// An id for a comment that is made now.
    pub fn new_id(now: Timestamp, random: [u8; 8]) -> String {
        stamped(now.millis(), &random)
    }
}

impl fmt::Debug for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Comment({} on {})", self.id, self.item)
    }
}

/// The conversation with one customer about one item: what is new for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// About what.
    pub item: ItemRef,
    /// With whom.
    pub contact: ExternalUserId,
    /// How many comments it has.
    #[serde(default)]
    pub comments: u32,
    /// When the customer last did something here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_at: Option<Timestamp>,
    /// When the company last did something here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_at: Option<Timestamp>,
    /// The member who did it; none when a system did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_by: Option<UserId>,
    /// What the customer has done that members were not told of yet.
    #[serde(default, skip_serializing_if = "News::is_none")]
    pub for_members: News,
    /// When members were last told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members_told_at: Option<Timestamp>,
    /// What the company has done that the customer was not reminded of yet.
    #[serde(default, skip_serializing_if = "News::is_none")]
    pub for_contact: News,
    /// When the customer was last reminded, or a member in their stead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_told_at: Option<Timestamp>,
    /// How the last reminder of the customer ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminder: Option<Reminded>,
}

impl Thread {
    /// One in which nothing has happened yet.
    pub fn new(item: ItemRef, contact: ExternalUserId) -> Self {
        Self {
            item,
            contact,
            comments: 0,
            contact_at: None,
            company_at: None,
            company_by: None,
            for_members: News::default(),
            members_told_at: None,
            for_contact: News::default(),
            contact_told_at: None,
            reminder: None,
        }
    }
}

/// When the customer last looked at the item: whoever has done something there has seen it.
pub fn last_seen(seen: Option<&Seen>, thread: Option<&Thread>) -> Option<Timestamp> {
    let acted = thread.and_then(|thread| thread.contact_at);
    seen.map(|seen| seen.at).max(acted)
}

/// What somebody is to be told of, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct News {
    /// Comments.
    #[serde(default)]
    pub comments: u32,
    /// Forms that were submitted.
    #[serde(default)]
    pub submissions: u32,
    /// Approvals that were answered.
    #[serde(default)]
    pub answers: u32,
    /// Follow-ups and steps of a record.
    #[serde(default)]
    pub follow_ups: u32,
}

impl News {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// How a reminder of a customer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reminded {
    /// It was sent by the service account (服务号).
    Sent,
    /// No way to reach them: no service account, or they do not follow it.
    NoChannel,
    /// The service account refused it, or every attempt failed.
    Failed,
}
