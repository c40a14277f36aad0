//! Events of this service itself, written and read in WeCom's form so that they take the same way through the inbox.

pub(in crate::callback::event) mod written;

use serde::Serialize;

use crate::callback::peek;
use crate::model::delivery::{ContentKey, Delivery, Kind, Lane, Source, Subject};
use crate::model::ids::{ChatId, ExternalUserId, OpenId, ReceiverName, UnionId, UserId};
use crate::model::item::{Actor, ItemRef};
use crate::model::relation::{RelationKind, Rename};
use crate::model::sync::SyncRequest;
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
    /// `refresh_follower`: ask WeChat whether this person follows the service account, and who that is.
    RefreshFollower {
        /// Who.
        openid: OpenId,
        /// What the person has told by agreeing to a login.
        unionid: Option<UnionId>,
    },
    /// `hand_over`: what one member owns or handles passes to another, page by page.
    HandOver {
        /// Whose it is.
        from: UserId,
        /// Whose it shall be.
        to: UserId,
        /// Who has asked for it.
        by: Actor,
        /// What comes after this item.
        after: Option<ItemRef>,
    },
    /// `item_changed`: the cards that were sent about an item say what it was.
    ItemChanged {
        /// Which.
        item: ItemRef,
    },
    /// `tell_members`: tell the members who follow an item what the customer has done.
    TellMembers {
        /// Which item.
        item: ItemRef,
        /// Which customer.
        external_userid: ExternalUserId,
    },
    /// `remind_contact`: remind the customer of what the company has answered.
    RemindContact {
        /// About which item.
        item: ItemRef,
        /// Whom.
        external_userid: ExternalUserId,
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
            Self::RefreshFollower { .. } => "refresh_follower",
            Self::HandOver { .. } => "hand_over",
            Self::ItemChanged { .. } => "item_changed",
            Self::TellMembers { .. } => "tell_members",
            Self::RemindContact { .. } => "remind_contact",
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
            Self::RefreshFollower { openid, .. } => {
                Subject::new("refresh-follower", openid.as_str())
            }
            Self::HandOver {
                from, to, after, ..
            } => {
                let after = after.as_ref().map(ToString::to_string).unwrap_or_default();
                Subject::new("hand-over", &format!("{} {} {after}", from.key(), to.key()))
            }
            Self::ItemChanged { item } => Subject::new("item", &item.to_string()),
            Self::TellMembers {
                item,
                external_userid,
            } => Subject::new("tell-members", &format!("{item} {external_userid}")),
            Self::RemindContact {
                item,
                external_userid,
            } => Subject::new("remind-contact", &format!("{item} {external_userid}")),
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
            cause: None,
            xml,
        };
        (key, delivery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::event::{Body, parse};
    use crate::model::sync::{AskedBy, SyncMode, SyncPart, SyncScope};

    fn events() -> [OwnEvent; 20] {
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
            OwnEvent::RefreshContact {
                external_userid: external_userid.clone(),
            },
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
            OwnEvent::HandOver {
                from: userid.clone(),
                to: UserId::parse("li").unwrap(),
                by: Actor::Member(userid.clone()),
                after: Some("form:0a".parse().unwrap()),
            },
            OwnEvent::HandOver {
                from: userid.clone(),
                to: UserId::parse("li").unwrap(),
                by: Actor::Admin,
                after: None,
            },
            OwnEvent::RefreshFollower {
                openid: OpenId::parse("oA]]>").unwrap(),
                unionid: UnionId::parse("uA").ok(),
            },
            OwnEvent::ItemChanged {
                item: "project:0a".parse().unwrap(),
            },
            OwnEvent::TellMembers {
                item: "record:0a".parse().unwrap(),
                external_userid: external_userid.clone(),
            },
            OwnEvent::RemindContact {
                item: "plan:0a".parse().unwrap(),
                external_userid: external_userid.clone(),
            },
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
                "hand-over",
                "hand-over",
                "refresh-follower",
                "item",
                "tell-members",
                "remind-contact",
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
