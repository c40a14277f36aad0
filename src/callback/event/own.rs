//! Events of this service itself, written and read in WeCom's form so that they take the same way through the inbox.

use serde::Serialize;

use crate::callback::event::EventError;
use crate::callback::node::Node;
use crate::callback::peek;
use crate::callback::write;
use crate::model::delivery::{ContentKey, Delivery, Kind, Lane, Source, Subject};
use crate::model::ids::{ExternalUserId, ReceiverName, UserId};
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
        }
    }

    /// The event as the inbox takes it. Refreshes have subjects of their own, so that nothing urgent about the same contact
    /// waits for one.
    pub fn delivery(&self, received_at: Timestamp) -> (ContentKey, Delivery) {
        let (source, subject) = match self {
            Self::SidebarOpened(opened) => {
                (Source::Beacon, Subject::contact(&opened.external_userid))
            }
            Self::RefreshContact { external_userid } => (
                Source::Service,
                Subject::new("refresh-contact", external_userid.as_str()),
            ),
            Self::RefreshMember { userid } => (
                Source::Service,
                Subject::new("refresh-member", &userid.key()),
            ),
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
        let (userid, external_userid, entry) = match self {
            Self::SidebarOpened(SidebarOpened {
                userid,
                external_userid,
                entry,
            }) => (Some(userid), Some(external_userid), Some(entry)),
            Self::RefreshContact { external_userid } => (None, Some(external_userid), None),
            Self::RefreshMember { userid } => (Some(userid), None, None),
        };
        let mut xml = String::with_capacity(400);
        write::open(&mut xml, "xml");
        write::element(
            &mut xml,
            "FromUserName",
            userid.map_or("sys", UserId::as_str),
        );
        write::number(&mut xml, "CreateTime", received_at.secs());
        write::element(&mut xml, "MsgType", "event");
        write::element(&mut xml, "Event", self.name());
        if let Some(userid) = userid {
            write::element(&mut xml, "UserID", userid.as_str());
        }
        if let Some(external_userid) = external_userid {
            write::element(&mut xml, "ExternalUserID", external_userid.as_str());
        }
        if let Some(entry) = entry {
            write::element(&mut xml, "Entry", entry);
        }
        write::number(&mut xml, "Millis", received_at.millis());
        write::close(&mut xml, "xml");
        xml
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
        _ => return Ok(None),
    };
    Ok(Some(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::event::{Body, parse};

    fn events() -> [OwnEvent; 3] {
        let userid = UserId::parse("Lin&<b>]]>").unwrap();
        let external_userid = ExternalUserId::parse("wm1]]><Event>x</Event>").unwrap();
        [
            OwnEvent::SidebarOpened(SidebarOpened {
                userid: userid.clone(),
                external_userid: external_userid.clone(),
                entry: "single_chat_tools".into(),
            }),
            OwnEvent::RefreshContact { external_userid },
            OwnEvent::RefreshMember { userid },
        ]
    }

    #[test]
    fn written_and_read_back() {
        let now = Timestamp::from_millis(1_795_305_600_123);
        let sources = [Source::Beacon, Source::Service, Source::Service];
        for (event, source) in events().into_iter().zip(sources) {
            let (key, delivery) = event.delivery(now);
            assert_eq!(delivery.source, source);
            assert_eq!(delivery.kind.as_str(), event.name());
            assert_eq!(delivery.receiver.as_str(), "service");
            assert_eq!(key.window, 1_795_305_600 / 3600);
            let read = parse(source, &delivery.xml).unwrap();
            assert_eq!(read.header.create_time.unwrap().secs(), 1_795_305_600);
            assert!(matches!(read.body, Body::Own(read) if read == event));
            let seen = peek(&delivery.receiver, delivery.xml.as_bytes(), now);
            assert_eq!(seen.kind, delivery.kind);
        }
    }

    #[test]
    fn a_refresh_stands_in_nobodys_way() {
        let subjects = events().map(|event| event.delivery(Timestamp::default()).1.subject);
        let what = subjects
            .each_ref()
            .map(|subject| subject.as_str().split(':').next().unwrap());
        assert_eq!(what, ["contact", "refresh-contact", "refresh-member"]);
        let lower = OwnEvent::RefreshMember {
            userid: UserId::parse("lin&<B>]]>").unwrap(),
        };
        assert_eq!(lower.delivery(Timestamp::default()).1.subject, subjects[2]);
    }

    #[test]
    fn two_refreshes_within_a_second_are_two() {
        let [_, refresh, _] = events();
        let key = |millis| refresh.delivery(Timestamp::from_millis(millis)).0;
        assert_ne!(key(1000), key(1001));
        assert_eq!(key(1000), key(1000));
    }
}
