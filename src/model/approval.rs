//! Approvals (审批): a named customer agrees or declines, with a remark.

use serde::{Deserialize, Serialize};

use crate::model::ids::ExternalUserId;
use crate::model::item::{Head, ItemRef};
use crate::model::time::Timestamp;

/// An approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// What all items have in common; the description is what is to be agreed to.
    #[serde(flatten)]
    pub head: Head,
    /// Who is asked.
    pub contact: ExternalUserId,
    /// The item that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<ItemRef>,
    /// Files to look at, by their ids; at most [`Self::FILES_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
    /// What the customer has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<ApprovalAnswer>,
}

impl Approval {
    /// The most files of one.
    pub const FILES_MAX: usize = 9;
}

/// What a customer has answered to an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalAnswer {
    /// Which.
    pub verdict: Consent,
    /// At most 500 characters. Personal text: never logged.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// When.
    pub at: Timestamp,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// The customer agrees (同意).
    Agreed,
    /// The customer declines (不同意).
    Declined,
}
