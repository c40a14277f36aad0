//! The people of the corp: members, contacts, and who follows whom.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::model::ids::{ExternalUserId, UserId};
use crate::model::time::Timestamp;

/// A member (成员) as the contacts hold it.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its id in first spelling.
    pub userid: UserId,
    /// Its name.
    pub name: String,
    /// Job title.
    pub position: String,
    /// Whether the account can be used.
    pub status: MemberStatus,
    /// The app's visible range (可见范围).
    pub app_range: Range,
    /// The range of 客户联系 (使用范围): only members inside have customers.
    pub follow_range: Range,
    /// The external profile (对外名片) as it was written.
    pub external_profile: Map<String, Value>,
    /// Public job title.
    pub external_position: String,
    /// Departments by number.
    pub department: Vec<i64>,
}

impl Member {
    /// An active member of department 1, inside every range.
    pub fn new(userid: UserId, name: &str) -> Self {
        Self {
            userid,
            name: name.into(),
            position: String::new(),
            status: MemberStatus::Active,
            app_range: Range::Inside,
            follow_range: Range::Inside,
            external_profile: Map::new(),
            external_position: String::new(),
            department: vec![1],
        }
    }

    /// Whether the app may see this member.
    pub fn visible(&self) -> bool {
        self.app_range == Range::Inside
    }

    /// Whether the app's messages reach this member.
    pub(crate) fn receives(&self) -> bool {
        self.visible() && self.status == MemberStatus::Active
    }

    /// Whether this member can have customers that the app may see.
    pub(crate) fn serves(&self) -> bool {
        self.visible() && self.follow_range == Range::Inside
    }
}

/// `status` of `user/get` (path/90196).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberStatus {
    /// 1.
    Active,
    /// 2.
    Disabled,
    /// 4.
    NotActivated,
    /// 5.
    Left,
}

impl MemberStatus {
    /// The number in answers.
    pub const fn code(self) -> i64 {
        match self {
            Self::Active => 1,
            Self::Disabled => 2,
            Self::NotActivated => 4,
            Self::Left => 5,
        }
    }
}

/// Inside or outside of a range that the console sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Inside.
    Inside,
    /// Outside.
    Outside,
}

/// An outside person (外部联系人).
#[derive(Debug, Clone)]
pub struct Contact {
    /// Its id.
    pub external_userid: ExternalUserId,
    /// Its nickname.
    pub name: String,
    /// Where the account is.
    pub account: Account,
    /// Whether WeCom counts this person as a customer at all.
    pub counts: Counts,
    /// For corps that have bound a WeChat developer id.
    pub unionid: Option<String>,
    /// What OAuth tells of strangers, unique per corp.
    pub openid: String,
    /// Who follows, by the member's filing key.
    follows: BTreeMap<String, Follow>,
}

impl Contact {
    /// A WeChat user whom nobody follows yet.
    pub fn new(external_userid: ExternalUserId, name: &str) -> Self {
        Self {
            openid: format!("o-{}", external_userid.as_str()),
            external_userid,
            name: name.into(),
            account: Account::WeChat,
            counts: Counts::Customer,
            unionid: None,
            follows: BTreeMap::new(),
        }
    }

    /// The relations by the member's filing key.
    pub fn follows(&self) -> &BTreeMap<String, Follow> {
        &self.follows
    }

    /// The same, to change them. Only the corp adds and removes relations.
    pub(crate) fn follows_mut(&mut self) -> &mut BTreeMap<String, Follow> {
        &mut self.follows
    }
}

/// `external_contact.type` (path/92114).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// 1.
    WeChat,
    /// 2: a member of another corp.
    WeCom,
}

impl Account {
    /// The number in answers.
    pub const fn code(self) -> i64 {
        match self {
            Self::WeChat => 1,
            Self::WeCom => 2,
        }
    }
}

/// Who is a customer is decided at WeCom; tests may take the standing away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// A customer as soon as a member follows.
    Customer,
    /// Nobody's customer: 84061, and a stranger to OAuth.
    Stranger,
}

/// One member's relation to one contact.
#[derive(Debug, Clone)]
pub struct Follow {
    /// What the member calls the contact.
    pub remark: String,
    /// The member's note.
    pub description: String,
    /// Since when.
    pub created_at: Timestamp,
    /// How it came about (path/92114).
    pub add_way: i64,
    /// The channel (渠道) of the contact way or link.
    pub state: Option<String>,
    /// Telephone numbers that the member noted.
    pub remark_mobiles: Vec<String>,
    /// Tags on this relation.
    pub tags: Vec<Tag>,
    /// How far it is.
    pub stage: Stage,
}

impl Follow {
    /// A relation of both sides that began now by QR code.
    pub fn new(created_at: Timestamp) -> Self {
        Self {
            remark: String::new(),
            description: String::new(),
            created_at,
            add_way: 1,
            state: None,
            remark_mobiles: Vec::new(),
            tags: Vec::new(),
            stage: Stage::Both,
        }
    }

    /// Whether the API shows it.
    pub(crate) fn shown(&self) -> bool {
        self.stage != Stage::Half
    }
}

/// How far a relation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The contact added the member, who has not confirmed yet (免验证): 84061 until then.
    Half,
    /// Both have each other.
    Both,
    /// The two have written to each other; welcome codes are spent (41051).
    Chatting,
    /// The contact deleted the member. The member still has the contact.
    LeftByContact,
}

/// A corp tag (企业标签) on a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its id.
    pub tag_id: String,
    /// Its group.
    pub group_name: String,
    /// Its name.
    pub tag_name: String,
}
