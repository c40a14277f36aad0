//! Followers of the corp's service account.

use serde::{Deserialize, Serialize};

use crate::model::ids::{ExternalUserId, OpenId, UnionId};
use crate::model::time::Timestamp;

/// A person who follows the service account (服务号), or did: only followers get template messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follower {
    /// Who, as the account knows it.
    pub openid: OpenId,
    /// Who, as the open platform knows it; joins the follower with a customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unionid: Option<UnionId>,
    /// The customer that this is, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_userid: Option<ExternalUserId>,
    /// Whether this person follows the account now.
    pub following: bool,
    /// Since when.
    pub since: Timestamp,
    /// When the newest event came about that told so; older ones say nothing any more.
    pub told_at: Timestamp,
}
