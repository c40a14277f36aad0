//! Events of this service itself, written and read in WeCom's form so that they take the same way through the inbox.

use std::borrow::Cow;

use serde::Serialize;

use crate::callback::event::EventError;
use crate::callback::node::Node;
use crate::callback::peek;
use crate::callback::write;
use crate::model::delivery::{ContentKey, Delivery, Kind, Lane, Source, Subject};
use crate::model::ids::{ChatId, ExternalUserId, ReceiverName, UserId};
use crate::model::relation::{RelationKind, Rename};
use crate::model::sync::{AskedBy, SyncMode, SyncPart, SyncRequest, SyncScope};
use crate::model::time::Timestamp;

/// What a page of ours reports or the service asks of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnEvent {
    /// `sidebar_opened`: a member has the toolbar page open for a contact. WeCom has no callback for this; it is what the
    /// member's client claims.
    SidebarOpened(SidebarOpened),
    /// `refresh_contact`: read the contact and keep what it is now.
    RefreshContact {
        /// Which.
        external_userid: ExternalUserId,
    },
    /// `refresh_member`: read the member and keep what it is now.
    RefreshMember {
        /// Which.
        userid: UserId,
    },
    /// `refresh_chat`: read the customer group (客户群) and keep what it is now.
    RefreshChat {
        /// Which.
        chat_id: ChatId,
    },
    /// `refresh_tags`: read the corp's customer tags and keep what they are now.
    RefreshTags,
    /// `refresh_contacts_of`: make every contact of this member due for a refresh, page by page.
    RefreshContactsOf {
        /// Whose contacts.
        userid: UserId,
        /// Those after this one.
        after: Option<ExternalUserId>,
    },
    /// `refresh_members_of`: make every member of this department due for a refresh, page by page.
    RefreshMembersOf {
        /// Which department.
        department: i64,
        /// Those after this one.
        after: Option<UserId>,
    },
    /// `rename_member`: what is kept under a member's former id passes to the new one, page by page.
    RenameMember(Rename),
    /// `start_sync`: bring everything up to date with WeCom, unless a sync is running.
    StartSync(SyncRequest),
    /// `sync_step`: the next step of a sync.
    SyncStep {
        /// Which, by its id.
        run: String,
    },
    /// `switch_auto_sync`: whether events change contacts from now on.
    SwitchAutoSync {
        /// On or off.
        on: bool,
    },
    /// `home_changed`: the "与我协作" address in the configuration is another one.
    HomeChanged {
        /// The address that links carry.
        former: String,
        /// The address that they should carry.
        home: String,
    },
    /// `send_link`: send this member the "与我协作" link with the steps to fill it in.
    SendLink {
        /// Who gets it.
        userid: UserId,
    },
}

/// Who had the toolbar page open for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SidebarOpened {
    /// The member whose session it is.
    pub userid: UserId,
    /// The contact of that chat.
    pub external_userid: ExternalUserId,
    /// The `entry` that `getContext` gave (path/94315).
    pub entry: String,
}

impl OwnEvent {
    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SidebarOpened(_) => "sidebar_opened",
            Self::RefreshContact { .. } => "refresh_contact",
            Self::RefreshMember { .. } => "refresh_member",
            Self::RefreshChat { .. } => "refresh_chat",
            Self::RefreshTags => "refresh_tags",
            Self::RefreshContactsOf { .. } => "refresh_contacts_of",
            Self::RefreshMembersOf { .. } => "refresh_members_of",
            Self::RenameMember(_) => "rename_member",
            Self::StartSync(_) => "start_sync",
            Self::SyncStep { .. } => "sync_step",
            Self::SwitchAutoSync { .. } => "switch_auto_sync",
            Self::HomeChanged { .. } => "home_changed",
            Self::SendLink { .. } => "send_link",
        }
    }

    /// The event as the inbox takes it. Refreshes have subjects of their own, so that nothing urgent about the same contact
    /// waits for one. Each page of a walk is a subject, so that a walk from the start is asked for even while another of
    /// the same is under way. All steps of all syncs of a corp have one subject: one at a time, whichever process takes it.
    pub fn delivery(&self, received_at: Timestamp) -> (ContentKey, Delivery) {
        let source = if matches!(self, Self::SidebarOpened(_)) {
            Source::Beacon
        } else {
            Source::Service
        };
        let subject = match self {
            Self::SidebarOpened(opened) => Subject::contact(&opened.external_userid),
            Self::RefreshContact { external_userid } => {
                Subject::new("refresh-contact", external_userid.as_str())
            }
            Self::RefreshMember { userid } => Subject::new("refresh-member", &userid.key()),
            Self::RefreshChat { chat_id } => Subject::new("refresh-chat", chat_id.as_str()),
            Self::RefreshTags => Subject::new("refresh-tags", ""),
            Self::RefreshContactsOf { userid, after } => {
                let after = after.as_ref().map_or("", ExternalUserId::as_str);
                Subject::new("contacts-of", &format!("{} {after}", userid.key()))
            }
            Self::RefreshMembersOf { department, after } => {
                let after = after.as_ref().map(UserId::key).unwrap_or_default();
                Subject::new("members-of", &format!("{department} {after}"))
            }
            Self::RenameMember(rename) => {
                let kind = rename.kind.map_or("", RelationKind::name);
                let after = rename.after.as_deref().unwrap_or_default();
                let (from, to) = (rename.from.key(), rename.to.key());
                Subject::new("rename", &format!("{from} {to} {kind} {after}"))
            }
            Self::StartSync(_) | Self::SyncStep { .. } | Self::SwitchAutoSync { .. } => {
                Subject::new("sync", "")
            }
            Self::HomeChanged { .. } => Subject::new("home", ""),
            Self::SendLink { userid } => Subject::new("send-link", &userid.key()),
        };
        let receiver = ReceiverName::parse("service").expect("the word has no blanks");
        let xml = self.xml(received_at);
        let key = peek(&receiver, xml.as_bytes(), received_at).key;
        let delivery = Delivery {
            receiver,
            source,
            kind: Kind::new(self.name()),
            subject,
            lane: Lane::Normal,
            received_at,
            xml,
        };
        (key, delivery)
    }

    /// `Millis` keeps two requests within one second apart.
    fn xml(&self, received_at: Timestamp) -> String {
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
            (of > 0).then_some(())?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::event::{Body, parse};

    fn events() -> [OwnEvent; 14] {
        let userid = UserId::parse("Lin&<b>]]>").unwrap();
        let external_userid = ExternalUserId::parse("wm1]]><Event>x</Event>").unwrap();
        let request = SyncRequest {
            scope: SyncScope::All,
            mode: SyncMode::Repair,
            by: AskedBy::Admin,
            part: None,
        };
        [
            OwnEvent::SidebarOpened(SidebarOpened {
                userid: userid.clone(),
                external_userid: external_userid.clone(),
                entry: "single_chat_tools".into(),
            }),
            OwnEvent::RefreshContact { external_userid },
            OwnEvent::RefreshMember {
                userid: userid.clone(),
            },
            OwnEvent::RefreshChat {
                chat_id: ChatId::parse("wr1").unwrap(),
            },
            OwnEvent::RefreshTags,
            OwnEvent::StartSync(request),
            OwnEvent::StartSync(SyncRequest {
                scope: SyncScope::Links,
                mode: SyncMode::DryRun,
                by: AskedBy::Schedule,
                part: Some(SyncPart { number: 3, of: 24 }),
            }),
            OwnEvent::SyncStep {
                run: "1795305600123".into(),
            },
            OwnEvent::SwitchAutoSync { on: true },
            OwnEvent::SendLink {
                userid: userid.clone(),
            },
            OwnEvent::RefreshContactsOf {
                userid: userid.clone(),
                after: Some(ExternalUserId::parse("wm1").unwrap()),
            },
            OwnEvent::RefreshMembersOf {
                department: 7,
                after: None,
            },
            OwnEvent::RenameMember(Rename {
                from: userid,
                to: UserId::parse("Lin2").unwrap(),
                kind: Some(RelationKind::TransferFailure),
                after: Some("wm1 lin&<b>]]>".into()),
            }),
            OwnEvent::HomeChanged {
                former: "https://a.example/home?tenantKey=1&x=<]]>".into(),
                home: "https://b.example/home?tenantKey=2".into(),
            },
        ]
    }

    #[test]
    fn written_and_read_back() {
        let now = Timestamp::from_millis(1_795_305_600_123);
        for event in events() {
            let (key, delivery) = event.delivery(now);
            assert_eq!(delivery.kind.as_str(), event.name());
            assert_eq!(delivery.receiver.as_str(), "service");
            assert_eq!(key.window, 1_795_305_600 / 3600);
            let read = parse(delivery.source, &delivery.xml).unwrap();
            assert_eq!(read.header.create_time.unwrap().secs(), 1_795_305_600);
            assert!(matches!(read.body, Body::Own(read) if read == event));
            let seen = peek(&delivery.receiver, delivery.xml.as_bytes(), now);
            assert_eq!(seen.kind, delivery.kind);
        }
    }

    #[test]
    fn a_page_reports_and_the_service_asks() {
        for event in events() {
            let is_beacon = event.delivery(Timestamp::default()).1.source == Source::Beacon;
            assert_eq!(is_beacon, matches!(event, OwnEvent::SidebarOpened(_)));
        }
    }

    #[test]
    fn a_refresh_stands_in_nobodys_way() {
        let subjects = events().map(|event| event.delivery(Timestamp::default()).1.subject);
        let what = subjects
            .each_ref()
            .map(|subject| subject.as_str().split(':').next().unwrap());
        assert_eq!(
            what,
            [
                "contact",
                "refresh-contact",
                "refresh-member",
                "refresh-chat",
                "refresh-tags",
                "sync",
                "sync",
                "sync",
                "sync",
                "send-link",
                "contacts-of",
                "members-of",
                "rename",
                "home"
            ]
        );
        let lower = OwnEvent::RefreshMember {
            userid: UserId::parse("lin&<B>]]>").unwrap(),
        };
        assert_eq!(lower.delivery(Timestamp::default()).1.subject, subjects[2]);
    }

    #[test]
    fn two_refreshes_within_a_second_are_two() {
        let refresh = &events()[1];
        let key = |millis| refresh.delivery(Timestamp::from_millis(millis)).0;
        assert_ne!(key(1000), key(1001));
        assert_eq!(key(1000), key(1000));
    }
}
