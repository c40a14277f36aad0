//! `change_contact`: members, departments and member tags (通讯录变更, path/90970).

use serde::Serialize;

use crate::callback::event::EventError;
use crate::callback::event::fields::Personal;
use crate::callback::node::Node;
use crate::model::ids::UserId;

/// What changed in the address book.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeContact {
    /// `create_user` (path/90970).
    CreateUser(Box<MemberChange>),
    /// `update_user` (path/90970).
    UpdateUser(Box<MemberChange>),
    /// `delete_user` (path/90970).
    DeleteUser {
        /// Who.
        userid: UserId,
    },
    /// `create_party` (path/90971).
    CreateParty(PartyChange),
    /// `update_party` (path/90971).
    UpdateParty(PartyChange),
    /// `delete_party` (path/90971).
    DeleteParty {
        /// The department.
        id: String,
    },
    /// `update_tag` (path/90972). Not ordered with the events about the members in it.
    UpdateTag(MemberTagChange),
    /// Any other change type.
    Other {
        /// Its name.
        change_type: String,
        /// All its elements.
        fields: Vec<Node>,
    },
}

/// A member as the event tells it. What is absent is unchanged, not empty; receivers saved after 2022-08-15 are told only
/// the userid and the departments (path/96079).
#[derive(Debug, Clone, Serialize)]
pub struct MemberChange {
    /// Who.
    pub userid: UserId,
    /// The userid from now on.
    pub new_userid: Option<UserId>,
    /// Name.
    pub name: Option<Personal>,
    /// Departments by number.
    pub department: Option<Vec<i64>>,
    /// The main one.
    pub main_department: Option<i64>,
    /// 1 where the member leads; as long as `department`.
    pub is_leader_in_dept: Option<Vec<i64>>,
    /// Direct superiors.
    pub direct_leader: Option<Vec<UserId>>,
    /// Job title.
    pub position: Option<Personal>,
    /// Mobile number.
    pub mobile: Option<Personal>,
    /// 0 unknown, 1 male, 2 female.
    pub gender: Option<i64>,
    /// E-mail.
    pub email: Option<Personal>,
    /// E-mail of the corp.
    pub biz_mail: Option<Personal>,
    /// 1 active, 2 disabled, 4 not activated, 5 left.
    pub status: Option<i64>,
    /// Picture.
    pub avatar: Option<Personal>,
    /// Second name.
    pub alias: Option<Personal>,
    /// Telephone.
    pub telephone: Option<Personal>,
    /// Address.
    pub address: Option<Personal>,
    /// Attributes that the corp defined.
    pub ext_attr: Option<Vec<ExtAttr>>,
}

/// One attribute that the corp defined.
#[derive(Debug, Clone, Serialize)]
pub struct ExtAttr {
    /// Its name in the console.
    pub name: String,
    /// What it holds.
    pub value: ExtAttrValue,
}

/// What an attribute holds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtAttrValue {
    /// Type 0, or an older item without a type.
    Text(Personal),
    /// Type 1.
    Web {
        /// What is shown.
        title: Personal,
        /// Where it leads.
        url: Personal,
    },
    /// A type that is not documented.
    Other,
}

/// A department.
#[derive(Debug, Clone, Serialize)]
pub struct PartyChange {
    /// Which.
    pub id: String,
    /// Name, if told.
    pub name: Option<String>,
    /// The department above, if told.
    pub parent_id: Option<String>,
    /// Its place among its siblings, if told.
    pub order: Option<i64>,
}

/// A member tag and who came and went.
#[derive(Debug, Clone, Serialize)]
pub struct MemberTagChange {
    /// Which tag.
    pub tag_id: String,
    /// Members who have it now.
    pub add_user_items: Vec<UserId>,
    /// Members who have lost it.
    pub del_user_items: Vec<UserId>,
    /// Departments that have it now.
    pub add_party_items: Vec<String>,
    /// Departments that have lost it.
    pub del_party_items: Vec<String>,
}

pub(in crate::callback::event) fn read(
    root: &Node,
    change_type: &str,
) -> Result<ChangeContact, EventError> {
    let change = match change_type {
        "create_user" => ChangeContact::CreateUser(Box::new(member(root)?)),
        "update_user" => ChangeContact::UpdateUser(Box::new(member(root)?)),
        "delete_user" => ChangeContact::DeleteUser {
            userid: root.id("UserID", UserId::parse)?,
        },
        "create_party" => ChangeContact::CreateParty(party(root)?),
        "update_party" => ChangeContact::UpdateParty(party(root)?),
        "delete_party" => ChangeContact::DeleteParty {
            id: root.required("Id")?.to_owned(),
        },
        "update_tag" => ChangeContact::UpdateTag(tag(root)?),
        _ => ChangeContact::Other {
            change_type: change_type.to_owned(),
            fields: root.children.clone(),
        },
    };
    Ok(change)
}

fn member(root: &Node) -> Result<MemberChange, EventError> {
    let numbers = |name| root.list(name, |part| part.parse().ok());
    Ok(MemberChange {
        userid: root.id("UserID", UserId::parse)?,
        new_userid: UserId::parse(root.first("NewUserID")).ok(),
        name: root.personal("Name"),
        department: numbers("Department"),
        main_department: root.number("MainDepartment"),
        is_leader_in_dept: numbers("IsLeaderInDept"),
        direct_leader: root.list("DirectLeader", |id| UserId::parse(id).ok()),
        position: root.personal("Position"),
        mobile: root.personal("Mobile"),
        gender: root.number("Gender"),
        email: root.personal("Email"),
        biz_mail: root.personal("BizMail"),
        status: root.number("Status"),
        avatar: root.personal("Avatar"),
        alias: root.personal("Alias"),
        telephone: root.personal("Telephone"),
        address: root.personal("Address"),
        ext_attr: root
            .child("ExtAttr")
            .map(|list| list.named("Item").map(ext_attr).collect()),
    })
}

fn ext_attr(item: &Node) -> ExtAttr {
    let inner = |node: &str, name: &str| {
        let text = item.child(node).map_or("", |node| node.first(name));
        Personal::new(text)
    };
    let value = match item.first("Type") {
        "1" => ExtAttrValue::Web {
            title: inner("Web", "Title"),
            url: inner("Web", "Url"),
        },
        "" | "0" if item.child("Text").is_some() => ExtAttrValue::Text(inner("Text", "Value")),
        "" | "0" => ExtAttrValue::Text(Personal::new(item.first("Value"))),
        _ => ExtAttrValue::Other,
    };
    ExtAttr {
        name: item.first("Name").to_owned(),
        value,
    }
}

fn party(root: &Node) -> Result<PartyChange, EventError> {
    Ok(PartyChange {
        id: root.required("Id")?.to_owned(),
        name: root.present("Name"),
        parent_id: root.filled("ParentId"),
        order: root.number("Order"),
    })
}

fn tag(root: &Node) -> Result<MemberTagChange, EventError> {
    let members = |name| {
        root.list(name, |id| UserId::parse(id).ok())
            .unwrap_or_default()
    };
    let parties = |name| {
        root.list(name, |id| Some(id.to_owned()))
            .unwrap_or_default()
    };
    Ok(MemberTagChange {
        tag_id: root.required("TagId")?.to_owned(),
        add_user_items: members("AddUserItems"),
        del_user_items: members("DelUserItems"),
        add_party_items: parties("AddPartyItems"),
        del_party_items: parties("DelPartyItems"),
    })
}
