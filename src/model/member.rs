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
    /// How often a write of this address has been owed; 0 while it is left to people.
    #[serde(default)]
    pub attempt: u32,
    /// Why it stands so. For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What to do about it. For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// When the member was last sent this address, to fill it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
}

/// The states of a [`Link`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// To be written, or (without a contact-sync secret) to be filled in by hand.
    Wanted,
    /// Written, and the profile could not be read back yet.
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

impl LinkState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Wanted,
        Self::Written,
        Self::Confirmed,
        Self::Ignored,
        Self::FilledByHand,
        Self::Failed,
    ];

    /// Whether the link stands in the profile, whoever wrote it.
    pub const fn stands(self) -> bool {
        match self {
            Self::Confirmed | Self::FilledByHand => true,
            Self::Wanted | Self::Written | Self::Ignored | Self::Failed => false,
        }
    }
}
