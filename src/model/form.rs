//! Forms (表单): fields of their own, filled in by customers or by members for them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::ids::UserId;
use crate::model::item::{Circle, Head};

/// A form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// What all items have in common. While it is closed it takes no submissions.
    #[serde(flatten)]
    pub head: Head,
    /// At most 60, in their order.
    pub fields: Vec<Field>,
    /// How often one customer may submit it.
    #[serde(default)]
    pub submissions: Submissions,
    /// The steps (步骤) that its records go through, the first one first; at least one, at most 20, each at most 30
    /// characters.
    pub steps: Vec<String>,
}

impl Form {
    /// Who follows a record of this form that belongs to this member: those who follow the form; and when it is for
    /// followers only, whose form it is sees its records still.
    pub fn followers_of_record(&self, owner: Option<&UserId>) -> Vec<UserId> {
        let form_owner = match self.head.circle {
            Circle::Corp => None,
            Circle::Followers => Some(&self.head.owner),
        };
        let mut followers: Vec<UserId> = Vec::new();
        for userid in form_owner.into_iter().chain(&self.head.followers) {
            if Some(userid) != owner && !followers.contains(userid) {
                followers.push(userid.clone());
            }
        }
        followers
    }
}

/// How often one customer may submit a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Submissions {
    /// Once.
    #[default]
    One,
    /// As often as they like.
    Many,
}

/// A field (字段).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Tells it from the form's other fields: 1 to 40 letters, digits, `-` or `_`.
    pub key: String,
    /// At most 60 characters.
    pub label: String,
    /// What it takes.
    #[serde(flatten)]
    pub kind: FieldKind,
    /// Whether it may be left empty.
    #[serde(default)]
    pub required: bool,
    /// Below the label; at most 200 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// What stands in it before it is filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// What customers have to do with it.
    #[serde(default)]
    pub customer: CustomerUse,
}

/// What customers have to do with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerUse {
    /// They fill it in, and see it in the record.
    #[default]
    FillsIn,
    /// They see in the record what members write there.
    Sees,
    /// It is the company's own.
    Nothing,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldKind {
    /// One line.
    Text {
        /// Characters; at most 500.
        #[serde(default = "text_max")]
        max: usize,
    },
    /// Several lines.
    LongText {
        /// Characters; at most 10,000.
        #[serde(default = "long_text_max")]
        max: usize,
    },
    /// A decimal number.
    Number {
        /// Not below.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<i64>,
        /// Not above.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<i64>,
        /// Digits behind the point; at most 6.
        #[serde(default)]
        decimals: u8,
    },
    /// A day.
    Date {
        /// Not before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<Date>,
        /// Not after.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<Date>,
    },
    /// One of several.
    Choice {
        /// At most 100, each at most 60 characters.
        options: Vec<String>,
    },
    /// Any of several.
    Choices {
        /// At most 100, each at most 60 characters.
        options: Vec<String>,
        /// At most so many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<usize>,
    },
    /// A member of the company who follows the customer, by userid.
    Member,
    /// A telephone number.
    Phone,
    /// Files.
    Attachment {
        /// At most so many; at most 9.
        #[serde(default = "files_max")]
        max: usize,
    },
}

const fn text_max() -> usize {
    100
}

const fn long_text_max() -> usize {
    2000
}

const fn files_max() -> usize {
    3
}

impl FieldKind {
    /// Its word in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::LongText { .. } => "long_text",
            Self::Number { .. } => "number",
            Self::Date { .. } => "date",
            Self::Choice { .. } => "choice",
            Self::Choices { .. } => "choices",
            Self::Member => "member",
            Self::Phone => "phone",
            Self::Attachment { .. } => "attachment",
        }
    }
}

/// What was filled into a field.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// One text: also numbers, `2026-11-23`, a userid.
    One(String),
    /// Several: chosen options, or the ids of attachments.
    Many(Vec<String>),
}

impl Value {
    /// Every text in it.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Value({} texts)", self.texts().len())
    }
}
