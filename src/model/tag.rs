//! The corp's customer tags.

use serde::{Deserialize, Serialize};

use crate::model::time::Timestamp;

/// A group of customer tags (企业客户标签组), as `get_corp_tag_list` tells it (path/92117).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagGroup {
    /// Which.
    pub group_id: String,
    /// Its name.
    pub group_name: String,
    /// Its place among the groups; larger ones come first.
    #[serde(default)]
    pub order: i64,
    /// When it was made.
    pub create_time: Timestamp,
    /// Its tags.
    pub tags: Vec<CorpTag>,
    /// When it was first missing at WeCom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// When this was last read from WeCom and found different.
    pub changed_at: Timestamp,
}

/// A tag of a [`TagGroup`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorpTag {
    /// Which.
    pub tag_id: String,
    /// Its name.
    pub tag_name: String,
    /// Its place in the group; larger ones come first.
    #[serde(default)]
    pub order: i64,
    /// When it was made.
    pub create_time: Timestamp,
    /// When it was first missing at WeCom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
}
