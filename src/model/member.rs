//! Members and the state of their "与我协作" link.

use serde::{Deserialize, Serialize};

use crate::model::ids::UserId;
use crate::model::time::Timestamp;

/// An employee (成员), as `user/get` tells it (path/90196).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who it is.
    pub userid: UserId,
    /// Personal text: never logged.
    pub name: String,
    /// Departments by number.
    #[serde(default)]
    pub department: Vec<i64>,
    /// 1 active, 2 disabled, 4 not activated, 5 left. Other values are kept.
    pub status: i64,
    /// Job title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// False once WeCom no longer knows or shows this member.
    pub visible: bool,
    /// When this was last read from WeCom and found different.
    pub changed_at: Timestamp,
}

/// A member with the part of the external profile (对外名片, path/92230) that links are looked for in: one read tells both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfiledMember {
    /// The member.
    pub member: Member,
    /// The attributes of type "web", in their order.
    pub web_attributes: Vec<WebAttribute>,
}

/// An attribute of type "web" in an external profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAttribute {
    /// The attribute's name in the console.
    pub name: String,
    /// Where it leads.
    pub url: String,
}

/// The "与我协作" link in a member's external profile (对外名片): what is wanted and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Whose profile.
    pub userid: UserId,
    /// The address that should stand there.
    pub url: String,
    /// How far it is.
    pub state: LinkState,
    /// When that was seen.
    pub at: Timestamp,
    /// What to do, or why it failed. For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The states of a [`Link`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// To be written, or (without a contact-sync secret) to be filled in by hand.
    Wanted,
    /// Written; the read-back has not shown it yet.
    Written,
    /// Read back and found.
    Confirmed,
    /// WeCom answered "ok" and did not keep it: the attribute does not exist in the console (path/92230).
    Ignored,
    /// Found in the profile although the service did not write it.
    FilledByHand,
    /// Not written; the reason says why.
    Failed,
}
