//! Events of this service as XML in WeCom's form, and back.

use std::borrow::Cow;

use crate::callback::event::EventError;
use crate::callback::event::own::{OwnEvent, SidebarOpened};
use crate::callback::node::Node;
use crate::callback::write;
use crate::model::ids::{ChatId, ExternalUserId, NotAnId, OpenId, UnionId, UserId};
use crate::model::item::ItemRef;
use crate::model::relation::{RelationKind, Rename};
use crate::model::sync::{AskedBy, SyncMode, SyncPart, SyncRequest, SyncScope};
use crate::model::time::Timestamp;

impl OwnEvent {
    /// `Millis` keeps two requests within one second apart.
    pub(in crate::callback::event) fn xml(&self, received_at: Timestamp) -> String {
        let from = if let Self::SidebarOpened(SidebarOpened { userid, .. })
        | Self::RefreshMember { userid } = self
        {
            userid.as_str()
        } else {
            "sys"
        };
        let mut xml = String::with_capacity(400);
        write::open(&mut xml, "xml");
        write::element(&mut xml, "FromUserName", from);
        write::number(&mut xml, "CreateTime", received_at.secs());
        write::element(&mut xml, "MsgType", "event");
        write::element(&mut xml, "Event", self.name());
        for (name, value) in self.fields() {
            write::element(&mut xml, name, &value);
        }
        write::number(&mut xml, "Millis", received_at.millis());
        write::close(&mut xml, "xml");
        xml
    }

    /// What tells it from others of its name.
    fn fields(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        match self {
            Self::SidebarOpened(opened) => vec![
                ("UserID", opened.userid.as_str().into()),
                ("ExternalUserID", opened.external_userid.as_str().into()),
                ("Entry", opened.entry.as_str().into()),
            ],
            Self::RefreshContact { external_userid } => {
                vec![("ExternalUserID", external_userid.as_str().into())]
            }
            Self::RefreshMember { userid } | Self::SendLink { userid } => {
                vec![("UserID", userid.as_str().into())]
            }
            Self::RefreshChat { chat_id } => vec![("ChatId", chat_id.as_str().into())],
            Self::RefreshTags => Vec::new(),
            Self::RefreshContactsOf { userid, after } => {
                let mut fields = vec![("UserID", userid.as_str().into())];
                fields.extend(after.as_ref().map(|id| ("After", id.as_str().into())));
                fields
            }
            Self::RefreshMembersOf { department, after } => {
                let mut fields = vec![("Department", department.to_string().into())];
                fields.extend(after.as_ref().map(|id| ("After", id.as_str().into())));
                fields
            }
            Self::RenameMember(rename) => {
                let mut fields = vec![
                    ("UserID", rename.from.as_str().into()),
                    ("NewUserID", rename.to.as_str().into()),
                ];
                fields.extend(rename.kind.map(|kind| ("Kind", kind.name().into())));
                fields.extend(rename.after.as_deref().map(|key| ("After", key.into())));
                fields
            }
            Self::StartSync(request) => {
                let mode = match request.mode {
                    SyncMode::Repair => "repair",
                    SyncMode::DryRun => "dry_run",
                };
                let mut fields = vec![
                    ("Scope", request.scope.name().into()),
                    ("Mode", mode.into()),
                    ("By", request.by.name().into()),
                ];
                if let Some(SyncPart { number, of }) = request.part {
                    fields.push(("Part", format!("{number}/{of}").into()));
                }
                fields
            }
            Self::HandOver {
                from,
                to,
                by,
                after,
            } => {
                let by = serde_json::to_string(by).expect("words and ids are JSON");
                let mut fields = vec![
                    ("UserID", from.as_str().into()),
                    ("NewUserID", to.as_str().into()),
                    ("By", by.into()),
                ];
                fields.extend(
                    after
                        .as_ref()
                        .map(|item| ("After", item.to_string().into())),
                );
                fields
            }
            Self::RefreshFollower { openid, unionid } => {
                let mut fields = vec![("OpenID", openid.as_str().into())];
                fields.extend(unionid.as_ref().map(|id| ("UnionID", id.as_str().into())));
                fields
            }
            Self::ItemChanged { item } => vec![("Item", item.to_string().into())],
            Self::TellMembers {
                item,
                external_userid,
            }
            | Self::RemindContact {
                item,
                external_userid,
            } => vec![
                ("Item", item.to_string().into()),
                ("ExternalUserID", external_userid.as_str().into()),
            ],
            Self::SyncStep { run } => vec![("Run", run.as_str().into())],
            Self::SwitchAutoSync { on } => vec![("On", if *on { "1" } else { "0" }.into())],
            Self::HomeChanged { former, home } => vec![
                ("Former", former.as_str().into()),
                ("Home", home.as_str().into()),
            ],
        }
    }
}

/// Nothing when the event is not one of ours.
pub(in crate::callback::event) fn read(root: &Node) -> Result<Option<OwnEvent>, EventError> {
    let external_userid = || root.id("ExternalUserID", ExternalUserId::parse);
    let userid = || root.id("UserID", UserId::parse);
    let item = || root.id("Item", str::parse::<ItemRef>);
    let event = match root.first("Event") {
        "sidebar_opened" => OwnEvent::SidebarOpened(SidebarOpened {
            userid: userid()?,
            external_userid: external_userid()?,
            entry: root.first("Entry").to_owned(),
        }),
        "refresh_contact" => OwnEvent::RefreshContact {
            external_userid: external_userid()?,
        },
        "refresh_member" => OwnEvent::RefreshMember { userid: userid()? },
        "refresh_chat" => OwnEvent::RefreshChat {
            chat_id: root.id("ChatId", ChatId::parse)?,
        },
        "refresh_tags" => OwnEvent::RefreshTags,
        "refresh_contacts_of" => OwnEvent::RefreshContactsOf {
            userid: userid()?,
            after: ExternalUserId::parse(root.first("After")).ok(),
        },
        "refresh_members_of" => OwnEvent::RefreshMembersOf {
            department: root
                .number("Department")
                .ok_or(EventError::Missing("Department"))?,
            after: UserId::parse(root.first("After")).ok(),
        },
        "rename_member" => OwnEvent::RenameMember(Rename {
            from: userid()?,
            to: root.id("NewUserID", UserId::parse)?,
            kind: RelationKind::parse(root.first("Kind")),
            after: root.filled("After"),
        }),
        "start_sync" => OwnEvent::StartSync(request(root).ok_or(EventError::Missing("Scope"))?),
        "sync_step" => OwnEvent::SyncStep {
            run: root.first("Run").to_owned(),
        },
        "switch_auto_sync" => OwnEvent::SwitchAutoSync {
            on: root.first("On") == "1",
        },
        "home_changed" => OwnEvent::HomeChanged {
            former: root.first("Former").to_owned(),
            home: root.first("Home").to_owned(),
        },
        "hand_over" => OwnEvent::HandOver {
            from: userid()?,
            to: root.id("NewUserID", UserId::parse)?,
            by: root.id("By", |by| serde_json::from_str(by).map_err(|_| NotAnId))?,
            after: root.first("After").parse().ok(),
        },
        "refresh_follower" => OwnEvent::RefreshFollower {
            openid: root.id("OpenID", OpenId::parse)?,
            unionid: UnionId::parse(root.first("UnionID")).ok(),
        },
        "item_changed" => OwnEvent::ItemChanged { item: item()? },
        "tell_members" => OwnEvent::TellMembers {
            item: item()?,
            external_userid: external_userid()?,
        },
        "remind_contact" => OwnEvent::RemindContact {
            item: item()?,
            external_userid: external_userid()?,
        },
        "send_link" => OwnEvent::SendLink { userid: userid()? },
        _ => return Ok(None),
    };
    Ok(Some(event))
}

fn request(root: &Node) -> Option<SyncRequest> {
    let part = match root.first("Part") {
        "" => None,
        part => {
            let (number, of) = part.split_once('/')?;
            let (number, of) = (number.parse().ok()?, of.parse().ok()?);
            Some(SyncPart { number, of })
        }
    };
    Some(SyncRequest {
        scope: SyncScope::parse(root.first("Scope"))?,
        mode: match root.first("Mode") {
            "dry_run" => SyncMode::DryRun,
            _ => SyncMode::Repair,
        },
        by: AskedBy::parse(root.first("By"))?,
        part,
    })
}
