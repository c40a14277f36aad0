//! `change_external_chat`: customer groups (客户群变更, path/92130).

use serde::Serialize;

use crate::callback::event::EventError;
use crate::callback::node::Node;

/// What happened to a customer group.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeExternalChat {
    /// `create`.
    Create {
        /// The group.
        chat_id: String,
    },
    /// `update`.
    Update(ChatUpdate),
    /// `dismiss`; the group's details settle about two seconds later.
    Dismiss {
        /// The group.
        chat_id: String,
    },
    /// Any other change type.
    Other {
        /// Its name.
        change_type: String,
        /// All its elements.
        fields: Vec<Node>,
    },
}

/// A change within a group. These events get lost and overtake each other: apply one only when `last_mem_ver` is the
/// version that is known, else read the group.
#[derive(Debug, Clone, Serialize)]
pub struct ChatUpdate {
    /// The group.
    pub chat_id: String,
    /// `add_member`, `del_member`, `change_owner`, `change_name` or `change_notice`. This alone says what happened: the
    /// other elements may be there without meaning.
    pub update_detail: Option<String>,
    /// How members joined: 0 invited, 3 by QR code.
    pub join_scene: Option<i64>,
    /// How members left: 0 by themselves, 1 removed.
    pub quit_scene: Option<i64>,
    /// How many members changed.
    pub mem_change_cnt: Option<i64>,
    /// Userids and external userids, mixed.
    pub mem_change_list: Vec<String>,
    /// The list's version before.
    pub last_mem_ver: Option<String>,
    /// The list's version now.
    pub cur_mem_ver: Option<String>,
}

pub(in crate::callback::event) fn read(
    root: &Node,
    change_type: &str,
) -> Result<ChangeExternalChat, EventError> {
    let chat_id = || root.required("ChatId").map(str::to_owned);
    let change = match change_type {
        "create" => ChangeExternalChat::Create {
            chat_id: chat_id()?,
        },
        "update" => ChangeExternalChat::Update(ChatUpdate {
            chat_id: chat_id()?,
            update_detail: root.filled("UpdateDetail"),
            join_scene: root.number("JoinScene"),
            quit_scene: root.number("QuitScene"),
            mem_change_cnt: root.number("MemChangeCnt"),
            mem_change_list: root
                .named("MemChangeList")
                .flat_map(|list| list.named("Item"))
                .map(|item| item.text.clone())
                .collect(),
            last_mem_ver: root.filled("LastMemVer"),
            cur_mem_ver: root.filled("CurMemVer"),
        }),
        "dismiss" => ChangeExternalChat::Dismiss {
            chat_id: chat_id()?,
        },
        _ => ChangeExternalChat::Other {
            change_type: change_type.to_owned(),
            fields: root.children.clone(),
        },
    };
    Ok(change)
}
