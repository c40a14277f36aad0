//! Customer groups.

use serde::{Deserialize, Serialize};

use crate::model::ids::{ChatId, ExternalUserId, UserId};
use crate::model::time::Timestamp;

/// A customer group (客户群), as `externalcontact/groupchat/get` tells it (path/92122).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// Which.
    pub chat_id: ChatId,
    /// Its name; empty when it has none, or was never read. Personal text: never logged.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Whose group it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// The group's notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// Who is in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<ChatMember>,
    /// The members who may administer it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admins: Vec<UserId>,
    /// The version of the list of members; opaque.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_version: Option<String>,
    /// When it was dismissed, as the event tells, or when a sync found it gone; the group is kept as it was last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissed_at: Option<Timestamp>,
    /// What events have told and no reading has shown yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub news: Option<ChatNews>,
    /// When this was last read from WeCom and found different; absent before it was read at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
}

impl Chat {
    /// A group of which nothing is known but that there is one.
    pub const fn unread(chat_id: ChatId) -> Self {
        Self {
            chat_id,
            name: String::new(),
            owner: None,
            create_time: None,
            notice: None,
            members: Vec::new(),
            admins: Vec::new(),
            member_version: None,
            dismissed_at: None,
            news: None,
            changed_at: None,
        }
    }
}

/// A [`Chat`] as the app may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatView {
    /// It is shown.
    Shown(Box<Chat>),
    /// Its owner is outside what the app may see (60011).
    OutOfRange,
}

/// Somebody in a [`Chat`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMember {
    /// Who.
    #[serde(flatten)]
    pub who: ChatPerson,
    /// 1 a member of the corp, 2 somebody from outside. Other values are kept.
    #[serde(rename = "type")]
    pub kind: i64,
    /// Of WeChat users, whether or not anybody has added them; needs a bound WeChat developer id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unionid: Option<String>,
    /// Since when.
    pub join_time: Timestamp,
    /// 1 invited, 2 by a link, 3 by QR code. Other values are kept.
    #[serde(default)]
    pub join_scene: i64,
    /// Which member invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitor: Option<UserId>,
    /// The name in this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_nickname: Option<String>,
    /// Personal text: never logged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The id of somebody in a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ChatPerson {
    /// A member of the corp.
    #[serde(rename = "userid")]
    Member(UserId),
    /// Somebody from outside, customer or not.
    #[serde(rename = "external_userid")]
    Outside(ExternalUserId),
}

/// Changes of a group that events have told. What WeCom shows follows some seconds later (path/92122).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatNews {
    /// When the first of them was taken in.
    pub since: Timestamp,
    /// When the last of them was.
    pub last: Timestamp,
    /// The version of the list of members after it, if it told one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_version: Option<String>,
}
