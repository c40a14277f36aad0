//! The corp's customer tags.

use std::collections::HashMap;

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

/// The names of tags by `tag_id`, where WeCom names tags by id alone or a kept name may have changed.
#[derive(Debug, Clone, Default)]
pub struct TagNames(HashMap<String, TagName>);

/// A tag's name and its group's.
#[derive(Debug, Clone)]
pub struct TagName {
    /// The group.
    pub group_name: String,
    /// The tag.
    pub tag_name: String,
    /// Whether WeCom has it no longer.
    pub is_deleted: bool,
}

impl TagNames {
    /// The names in these groups.
    pub fn of(groups: impl IntoIterator<Item = TagGroup>) -> Self {
        let named = |group: TagGroup| {
            let group_name = group.group_name;
            group.tags.into_iter().map(move |tag| {
                let name = TagName {
                    group_name: group_name.clone(),
                    tag_name: tag.tag_name,
                    is_deleted: tag.deleted_at.is_some(),
                };
                (tag.tag_id, name)
            })
        };
        Self(groups.into_iter().flat_map(named).collect())
    }

    /// The name of this tag, if it is known.
    pub fn get(&self, tag_id: &str) -> Option<&TagName> {
        self.0.get(tag_id)
    }
}
