//! Records (记录): what was filled into a form, and how the company handles it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::form::{Field, Value};
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::item::{Actor, Head, ItemKey};
use crate::model::time::Timestamp;

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What all items have in common.
    #[serde(flatten)]
    pub head: Head,
    /// The form.
    pub form: ItemKey,
    /// The customer whose record it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ExternalUserId>,
    /// The form's fields when it was filled in, so that a later change of the form bends no record.
    pub fields: Vec<Field>,
    /// What was filled in, by the field's key.
    pub values: BTreeMap<String, Value>,
    /// The step that it has reached, one of `steps`.
    pub step: String,
    /// The form's steps when it was filled in.
    pub steps: Vec<String>,
    /// Who handles it now, beside its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<UserId>,
    /// The project to whose plan it belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ItemKey>,
    /// What was done about it (跟进), oldest first; the last 200.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follow_ups: Vec<FollowUp>,
}

/// One entry of what was done about a record (跟进).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// At most 2000 characters. Personal text: never logged.
    pub text: String,
    /// Whether customers do not see it.
    #[serde(default)]
    pub internal: bool,
}

impl std::fmt::Debug for FollowUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FollowUp(at {})", self.at)
    }
}
