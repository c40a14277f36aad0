//! `change_external_contact`: customers come, change and go (客户变更, path/92130).

use serde::Serialize;

use crate::callback::event::EventError;
use crate::callback::node::Node;
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::outgoing::OneTimeCode;

/// What changed between a member and a customer.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeExternalContact {
    /// `add_external_contact`: the member has added the customer.
    Add(Addition),
    /// `add_half_external_contact`: the customer has added a member who accepts without verification, and the member has
    /// not confirmed.
    AddHalf(Addition),
    /// `edit_external_contact`: the member's notes or tags on the customer changed.
    Edit {
        /// The member.
        userid: UserId,
        /// The customer.
        external_userid: ExternalUserId,
    },
    /// `del_external_contact`: the member deleted the customer.
    DelExternalContact {
        /// The member.
        userid: UserId,
        /// The customer.
        external_userid: ExternalUserId,
        /// `DELETE_BY_TRANSFER`: the customer went to another member by 在职继承.
        source: Option<String>,
    },
    /// `del_follow_user`: the customer deleted the member.
    DelFollowUser {
        /// The member.
        userid: UserId,
        /// The customer.
        external_userid: ExternalUserId,
    },
    /// `transfer_fail`: a transfer to the member failed.
    TransferFail {
        /// The member who should have taken over.
        userid: UserId,
        /// The customer.
        external_userid: ExternalUserId,
        /// `customer_refused` or `customer_limit_exceed`.
        fail_reason: Option<String>,
    },
    /// `msg_audit_approved`: the customer agreed to the chat archive (path/92005).
    MsgAuditApproved(Addition),
    /// Any other change type.
    Other {
        /// Its name.
        change_type: String,
        /// The customer, if it names one.
        external_userid: Option<ExternalUserId>,
        /// All its elements.
        fields: Vec<Node>,
    },
}

/// A relation that may begin with a welcome message.
#[derive(Debug, Clone, Serialize)]
pub struct Addition {
    /// The member.
    pub userid: UserId,
    /// The customer.
    pub external_userid: ExternalUserId,
    /// The channel's `state`, when there was a channel.
    pub state: Option<String>,
    /// Lives 20 seconds; absent when no welcome message is possible (path/92137).
    pub welcome_code: Option<OneTimeCode>,
}

pub(in crate::callback::event) fn read(
    root: &Node,
    change_type: &str,
) -> Result<ChangeExternalContact, EventError> {
    let userid = || root.id("UserID", UserId::parse);
    let external_userid = || root.id("ExternalUserID", ExternalUserId::parse);
    let change = match change_type {
        "add_external_contact" => ChangeExternalContact::Add(addition(root)?),
        "add_half_external_contact" => ChangeExternalContact::AddHalf(addition(root)?),
        "msg_audit_approved" => ChangeExternalContact::MsgAuditApproved(addition(root)?),
        "edit_external_contact" => ChangeExternalContact::Edit {
            userid: userid()?,
            external_userid: external_userid()?,
        },
        "del_external_contact" => ChangeExternalContact::DelExternalContact {
            userid: userid()?,
            external_userid: external_userid()?,
            source: root.filled("Source"),
        },
        "del_follow_user" => ChangeExternalContact::DelFollowUser {
            userid: userid()?,
            external_userid: external_userid()?,
        },
        "transfer_fail" => ChangeExternalContact::TransferFail {
            userid: userid()?,
            external_userid: external_userid()?,
            fail_reason: root.filled("FailReason"),
        },
        _ => ChangeExternalContact::Other {
            change_type: change_type.to_owned(),
            external_userid: external_userid().ok(),
            fields: root.children.clone(),
        },
    };
    Ok(change)
}

fn addition(root: &Node) -> Result<Addition, EventError> {
    Ok(Addition {
        userid: root.id("UserID", UserId::parse)?,
        external_userid: root.id("ExternalUserID", ExternalUserId::parse)?,
        state: root.filled("State"),
        welcome_code: root.filled("WelcomeCode").map(OneTimeCode::new),
    })
}
