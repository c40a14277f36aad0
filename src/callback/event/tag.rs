//! `change_external_tag`: the corp's customer tags (企业客户标签变更, path/92130).

use serde::Serialize;

use crate::callback::event::EventError;
use crate::callback::node::Node;

/// What happened to a tag or a group of tags.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeExternalTag {
    /// `create`.
    Create(TagChange),
    /// `update`.
    Update(TagChange),
    /// `delete`. A deleted group takes its tags along without further events.
    Delete(TagChange),
    /// `shuffle`: the order changed.
    Shuffle {
        /// The group within which; absent: the order of all groups.
        id: Option<String>,
        /// The rule group.
        strategy_id: Option<String>,
    },
    /// Any other change type.
    Other {
        /// Its name.
        change_type: String,
        /// All its elements.
        fields: Vec<Node>,
    },
}

/// A tag or a group of tags.
#[derive(Debug, Clone, Serialize)]
pub struct TagChange {
    /// Which.
    pub id: String,
    /// `tag` or `tag_group`.
    pub tag_type: Option<String>,
    /// The rule group; only the system app 客户联系 is told.
    pub strategy_id: Option<String>,
}

pub(in crate::callback::event) fn read(
    root: &Node,
    change_type: &str,
) -> Result<ChangeExternalTag, EventError> {
    let tag = || -> Result<TagChange, EventError> {
        Ok(TagChange {
            id: root.required("Id")?.to_owned(),
            tag_type: root.filled("TagType"),
            strategy_id: root.filled("StrategyId"),
        })
    };
    let change = match change_type {
        "create" => ChangeExternalTag::Create(tag()?),
        "update" => ChangeExternalTag::Update(tag()?),
        "delete" => ChangeExternalTag::Delete(tag()?),
        "shuffle" => ChangeExternalTag::Shuffle {
            id: root.filled("Id"),
            strategy_id: root.filled("StrategyId"),
        },
        _ => ChangeExternalTag::Other {
            change_type: change_type.to_owned(),
            fields: root.children.clone(),
        },
    };
    Ok(change)
}
