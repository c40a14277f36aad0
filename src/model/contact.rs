//! Contacts and who follows them.

use serde::{Deserialize, Serialize};

use crate::model::ids::{ExternalUserId, UserId};
use crate::model::time::Timestamp;

/// A customer of the corp (客户), as `externalcontact/get` tells it (path/92114).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Who it is.
    pub external_userid: ExternalUserId,
    /// WeChat nickname, or the public name of a WeCom user. Personal text: never logged.
    pub name: String,
    /// 1: a WeChat user, 2: a WeCom user of another corp. Other values are kept.
    #[serde(rename = "type")]
    pub kind: i64,
    /// 0 unknown, 1 male, 2 female.
    #[serde(default)]
    pub gender: i64,
    /// Picture, where WeCom gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// Joins this contact with a service account's user; needs a bound WeChat developer id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unionid: Option<String>,
    /// Job title; WeCom users only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// Company; WeCom users only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corp_name: Option<String>,
    /// Every member who has this contact. Empty: the last member left.
    pub follow_users: Vec<FollowUser>,
    /// When this was last read from WeCom and found different.
    pub changed_at: Timestamp,
}

impl Contact {
    /// The relation to this member, if they have the contact.
    pub fn follow_of(&self, userid: &UserId) -> Option<&FollowUser> {
        let mut follows = self.follow_users.iter();
        follows.find(|follow| follow.userid == *userid)
    }

    /// Whether the member has the contact since a handing over to it failed.
    pub fn has_since(&self, failure: &TransferFailure) -> bool {
        let follow = self.follow_of(&failure.userid);
        follow.is_some_and(|follow| follow.createtime > failure.at)
    }
}

/// The relation between a member and a contact (`follow_user`, path/92114).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUser {
    /// The member.
    pub userid: UserId,
    /// The member's name for the contact.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// The member's notes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// When the relation began.
    pub createtime: Timestamp,
    /// Tags of the corp and of the member.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// How the contact was added (path/92114 lists the numbers; unknown ones are kept).
    #[serde(default)]
    pub add_way: i64,
    /// Who started it: a userid, or an `external_userid` when the contact did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oper_userid: Option<String>,
    /// The channel's `state`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The member's name for the contact's company; WeChat users only. Personal text: never logged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark_corp_name: Option<String>,
    /// Telephone numbers that the member noted. Personal text: never logged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remark_mobiles: Vec<String>,
    /// When the contact deleted this member. WeCom goes on listing the relation, so only the event tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_by_contact_at: Option<Timestamp>,
}

/// A customer tag (客户标签) on a relation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Absent on personal tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_id: Option<String>,
    /// The group's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group_name: String,
    /// The tag's name.
    pub tag_name: String,
    /// 1 corp, 2 personal, 3 rule group.
    #[serde(rename = "type", default)]
    pub kind: i64,
}

/// What has been done to welcome a contact whom a member has added: exactly one of a welcome message and a card to the
/// member, whatever the order and number of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeting {
    /// The contact who was added.
    pub external_userid: ExternalUserId,
    /// The member who has the contact.
    pub userid: UserId,
    /// How far it is.
    pub step: GreetingStep,
    /// The `CreateTime` of the event it came from; a later deletion of the relation ends it.
    pub added_at: Timestamp,
}

/// The steps of a [`Greeting`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GreetingStep {
    /// A welcome message is on its way.
    Sending,
    /// The contact has got a welcome message (ours, or 41051 says so).
    Welcomed,
    /// No welcome message was possible: the member is to get a card once the contact has been read.
    CardOwed,
    /// The member has got the card.
    Carded,
}

/// The end of a relation, which only its event tells: WeCom goes on listing a member whom the contact has deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The contact.
    pub external_userid: ExternalUserId,
    /// The member.
    pub userid: UserId,
    /// Who ended it.
    pub by: EndedBy,
    /// The event's `CreateTime`. A relation that began later is not meant.
    pub at: Timestamp,
}

/// Who ended a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The member deleted the contact (`del_external_contact`).
    Member,
    /// WeCom moved the contact to another member (`del_external_contact` with `DELETE_BY_TRANSFER`).
    Transfer,
    /// The contact deleted the member (`del_follow_user`).
    Contact,
}

/// A customer could not be handed over to this member (`transfer_fail`, path/92130): only the event tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferFailure {
    /// The contact.
    pub external_userid: ExternalUserId,
    /// The member who should have taken over.
    pub userid: UserId,
    /// `customer_refused`, `customer_limit_exceed`, or whatever WeCom says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The event's `CreateTime`.
    pub at: Timestamp,
}
