//! Ids in WeCom's own words. All are opaque strings: digits are no numbers, leading zeros matter.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The longest id that is accepted, in bytes. WeCom documents at most 64 for a userid; others have no figure.
const MAX_ID_BYTES: usize = 128;

/// A text that cannot be an id: empty, longer than 128 bytes, or with control characters or blanks in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: 1 to 128 bytes without blanks or control characters are expected")]
pub struct NotAnId;

fn check(text: &str) -> Result<&str, NotAnId> {
    let fits = !text.is_empty() && text.len() <= MAX_ID_BYTES;
    // Nearly all are ASCII, and finding that out first costs less than looking at characters.
    let clean = text.bytes().all(|b| b.is_ascii_graphic())
        || !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if fits && clean {
        Ok(text)
    } else {
        Err(NotAnId)
    }
}

// Shared, not copied: a callback's way in clones three of them.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a text as this id.
            ///
            /// # Errors
            /// [`NotAnId`] when the text is empty, too long, or holds blanks or control characters.
            pub fn parse(text: &str) -> Result<Self, NotAnId> {
                check(text).map(|text| Self(text.into()))
            }

            /// The id as WeCom spelled it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;
            fn try_from(text: String) -> Result<Self, NotAnId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                (*id.0).into()
            }
        }
    };
}

id! {
    /// A company (企业): `corpid`, shown in the console under 我的企业 → 企业信息.
    CorpId
}
id! {
    /// A customer or other outside contact (外部联系人): `external_userid` (path/92114).
    ExternalUserId
}
id! {
    /// A customer group (客户群): `chat_id` (path/92122).
    ChatId
}
id! {
    /// One callback configuration of a corp; the last part of its callback URL.
    ReceiverName
}

/// A map by name can be asked by a text that nobody has looked at.
impl Borrow<str> for ReceiverName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

id! {
    /// One of the company's own systems that is told what happens.
    WebhookName
}

id! {
    /// The team identification code (`tenantKey`) that the "与我协作" link carries.
    TenantKey
}
id! {
    /// The `task_id` of a template card, unique per app (path/90236).
    TaskId
}

id! {
    /// A WeChat account of the corp, such as its service account (服务号): `appid`.
    AppId
}
id! {
    /// A person as one WeChat account knows it: `openid`, another one in every account.
    OpenId
}
id! {
    /// A person as all accounts of one open-platform account (微信开放平台) know it: `unionid`.
    UnionId
}

/// A member (成员): `userid`. Its first spelling is kept; comparison ignores case, as WeCom's does (path/90195).
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId(Box<str>);

impl UserId {
    /// Takes a text as a userid.
    ///
    /// # Errors
    /// [`NotAnId`] when the text is empty, too long, or holds blanks or control characters.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        check(text).map(|text| Self(text.into()))
    }

    /// The id as WeCom spelled it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The spelling under which the member is filed: lower case.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl PartialEq for UserId {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for UserId {}

impl Hash for UserId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialOrd for UserId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for UserId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserId({})", self.0)
    }
}

impl TryFrom<String> for UserId {
    type Error = NotAnId;
    fn try_from(text: String) -> Result<Self, NotAnId> {
        Self::parse(&text)
    }
}

impl From<UserId> for String {
    fn from(id: UserId) -> String {
        id.0.into()
    }
}

/// A self-built app (自建应用): `agentid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AgentId(pub u64);

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn userids_differ_only_by_more_than_case() {
        let (a, b) = (
            UserId::parse("ZhangSan").unwrap(),
            UserId::parse("zhangsan").unwrap(),
        );
        assert_eq!(a, b);
        assert_eq!(a.as_str(), "ZhangSan");
        assert_ne!(UserId::parse("007").unwrap(), UserId::parse("7").unwrap());
    }

    #[test]
    fn external_userids_keep_their_case() {
        assert_ne!(
            ExternalUserId::parse("wmA").unwrap(),
            ExternalUserId::parse("wma").unwrap()
        );
    }

    #[test]
    fn blanks_and_controls_are_no_ids() {
        for bad in ["", " ", "a b", "a\n", "a\u{0}"] {
            assert_eq!(CorpId::parse(bad), Err(NotAnId), "{bad:?}");
        }
        assert_eq!(CorpId::parse(&"x".repeat(129)), Err(NotAnId));
    }
}
