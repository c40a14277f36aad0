//! What a company and its customers work on together (事项): projects, forms, records, approvals.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::approval::Approval;
use crate::model::form::Form;
use crate::model::ids::{ExternalUserId, NotAnId, UserId};
use crate::model::project::Project;
use crate::model::record::Record;
use crate::model::time::Timestamp;

/// What can be shown to a customer, by kind and id: `project:…`, `plan:…`, `form:…`, `record:…`, `approval:…`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ItemRef {
    /// Which kind.
    pub kind: ItemKind,
    /// Which one of it.
    pub id: ItemKey,
}

/// The kinds of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A project (项目): stages side by side, with tasks.
    Project,
    /// The plan (计划) of a project: its dated tasks, shown by themselves. It has the project's id and is no item of
    /// its own.
    Plan,
    /// A form (表单) that customers fill in.
    Form,
    /// A record (记录): what was filled in, and how it is handled.
    Record,
    /// An approval (审批): a customer agrees or declines.
    Approval,
}

impl ItemKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Project,
        Self::Plan,
        Self::Form,
        Self::Record,
        Self::Approval,
    ];

    /// Its word in references and addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Plan => "plan",
            Self::Form => "form",
            Self::Record => "record",
            Self::Approval => "approval",
        }
    }

    /// Reads what [`name`](Self::name) gave.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The id of an item within its kind: lower-case letters and digits, at most 40. Ids sort newest first, and cannot be
/// guessed.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ItemKey(Box<str>);

impl ItemKey {
    /// An id for an item that is made now, from 80 random bits.
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        Self(stamped(i64::MAX / 1_000_000 - now.millis(), &random).into())
    }

    /// Takes a text as an id.
    ///
    /// # Errors
    /// [`NotAnId`] when it is empty, longer than 40 characters, or has others than lower-case letters and digits.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        let fits = (1..=40).contains(&text.len());
        let clean = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        match fits && text.bytes().all(clean) {
            true => Ok(Self(text.into())),
            false => Err(NotAnId),
        }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Milliseconds and random bits in hexadecimal digits.
pub(in crate::model) fn stamped(millis: i64, random: &[u8]) -> String {
    use std::fmt::Write;

    let mut text = format!("{:011x}", millis.max(0));
    for byte in random {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ItemKey({})", self.0)
    }
}

impl TryFrom<String> for ItemKey {
    type Error = NotAnId;
    fn try_from(text: String) -> Result<Self, NotAnId> {
        Self::parse(&text)
    }
}

impl From<ItemKey> for String {
    fn from(key: ItemKey) -> Self {
        key.0.into()
    }
}

impl ItemRef {
    /// This item.
    pub const fn new(kind: ItemKind, id: ItemKey) -> Self {
        Self { kind, id }
    }

    /// The item that is kept: for a plan, its project.
    #[must_use]
    pub fn kept(&self) -> Self {
        let kind = match self.kind {
            ItemKind::Plan => ItemKind::Project,
            ItemKind::Project | ItemKind::Form | ItemKind::Record | ItemKind::Approval => self.kind,
        };
        Self::new(kind, self.id.clone())
    }
}

impl fmt::Display for ItemRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.id)
    }
}

impl FromStr for ItemRef {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let (kind, id) = text.split_once(':').ok_or(NotAnId)?;
        let kind = ItemKind::parse(kind).ok_or(NotAnId)?;
        Ok(Self::new(kind, ItemKey::parse(id)?))
    }
}

impl TryFrom<String> for ItemRef {
    type Error = NotAnId;
    fn try_from(text: String) -> Result<Self, NotAnId> {
        text.parse()
    }
}

impl From<ItemRef> for String {
    fn from(item: ItemRef) -> Self {
        item.to_string()
    }
}

/// An item as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Item {
    /// A project.
    Project(Project),
    /// A form.
    Form(Form),
    /// A record.
    Record(Record),
    /// An approval.
    Approval(Approval),
}

impl Item {
    /// What all items have in common.
    pub const fn head(&self) -> &Head {
        match self {
            Self::Project(project) => &project.head,
            Self::Form(form) => &form.head,
            Self::Record(record) => &record.head,
            Self::Approval(approval) => &approval.head,
        }
    }

    /// The same, to be changed.
    pub const fn head_mut(&mut self) -> &mut Head {
        match self {
            Self::Project(project) => &mut project.head,
            Self::Form(form) => &mut form.head,
            Self::Record(record) => &mut record.head,
            Self::Approval(approval) => &mut approval.head,
        }
    }

    /// Which kind; never a plan.
    pub const fn kind(&self) -> ItemKind {
        match self {
            Self::Project(_) => ItemKind::Project,
            Self::Form(_) => ItemKind::Form,
            Self::Record(_) => ItemKind::Record,
            Self::Approval(_) => ItemKind::Approval,
        }
    }

    /// Its reference.
    pub fn item_ref(&self) -> ItemRef {
        ItemRef::new(self.kind(), self.head().id.clone())
    }

    /// The customer whose item it is: of a record, who filled it in or for whom it was made; of an approval, who is asked.
    pub const fn contact(&self) -> Option<&ExternalUserId> {
        match self {
            Self::Project(_) | Self::Form(_) => None,
            Self::Record(record) => record.contact.as_ref(),
            Self::Approval(approval) => Some(&approval.contact),
        }
    }

    /// Everybody who is told of what customers do with it: owner, handler, followers; each once.
    pub fn told(&self) -> Vec<&UserId> {
        let head = self.head();
        let handler = match self {
            Self::Record(record) => record.handler.as_ref(),
            Self::Project(_) | Self::Form(_) | Self::Approval(_) => None,
        };
        let mut told = vec![&head.owner];
        for userid in handler.into_iter().chain(&head.followers) {
            if !told.contains(&userid) {
                told.push(userid);
            }
        }
        told
    }
}

/// What all items have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its id within its kind.
    pub id: ItemKey,
    /// What the company's own system calls it; one item of a kind has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_ref: Option<ExternalRef>,
    /// At most 100 characters, never empty. Personal text: never logged.
    pub title: String,
    /// At most 2000 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// An `https` address of a picture for cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Whose it is at the company.
    pub owner: UserId,
    /// Everybody whose it was and is, oldest first; the last 200.
    pub owners: Vec<Ownership>,
    /// Members who follow it beside its owner; at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub followers: Vec<UserId>,
    /// Which members may see it and send it.
    #[serde(default)]
    pub circle: Circle,
    /// Whether anything still happens to it.
    pub state: ItemState,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: Actor,
    /// When it changed last.
    pub changed_at: Timestamp,
    /// Who changed it.
    pub changed_by: Actor,
}

/// Whose an item was, from when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ownership {
    /// Who.
    pub userid: UserId,
    /// From then on.
    pub since: Timestamp,
}

/// Which members may see an item and send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Circle {
    /// Every member.
    #[default]
    Corp,
    /// Its owner, handler and followers.
    Followers,
}

/// Whether anything still happens to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Work goes on; a form takes submissions.
    Open,
    /// It is over. It stays visible to those who have it.
    Closed,
}

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The company's own system, by the API.
    System,
    /// Who has logged in to the admin pages by password.
    Admin,
    /// A member.
    Member(UserId),
    /// A customer.
    Contact(ExternalUserId),
}

/// What the company's own system calls an item: 1 to 120 printable characters without blanks.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExternalRef(Box<str>);

impl ExternalRef {
    /// Takes a text as a reference.
    ///
    /// # Errors
    /// [`NotAnId`] when it is empty, too long, or holds blanks or control characters.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        let fits = (1..=120).contains(&text.chars().count());
        match fits && !text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            true => Ok(Self(text.into())),
            false => Err(NotAnId),
        }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ExternalRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExternalRef({})", self.0)
    }
}

impl TryFrom<String> for ExternalRef {
    type Error = NotAnId;
    fn try_from(text: String) -> Result<Self, NotAnId> {
        Self::parse(&text)
    }
}

impl From<ExternalRef> for String {
    fn from(reference: ExternalRef) -> Self {
        reference.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_they_are_written() {
        for text in ["project:0a", "plan:0a", "form:f", "record:9", "approval:zz"] {
            assert_eq!(text.parse::<ItemRef>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "project",
            "project:",
            "task:1",
            "project:A",
            "project:a b",
            "form:a:b",
        ] {
            assert_eq!(bad.parse::<ItemRef>(), Err(NotAnId), "{bad}");
        }
        let plan: ItemRef = "plan:7".parse().unwrap();
        assert_eq!(plan.kept().to_string(), "project:7");
    }

    #[test]
    fn newer_ids_come_first() {
        let id = |secs| ItemKey::new(Timestamp::from_secs(secs), [7; 10]);
        assert!(id(1_790_000_001) < id(1_790_000_000));
        assert_eq!(ItemKey::parse(id(5).as_str()), Ok(id(5)));
    }
}
