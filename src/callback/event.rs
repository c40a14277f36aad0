//! What a message means. Everything that WeCom calls by a documented name is recognised; what the service acts on is
//! typed; nothing is dropped, because the rest keeps all its elements.

pub mod fields;

pub mod app;
pub mod card;
pub mod chat;
pub mod contact;
pub mod known;
pub mod member;
pub mod message;
pub mod own;
pub mod tag;
pub mod weixin;

use serde::Serialize;

use crate::callback::event::app::{AppLifeCycle, BatchJobResult};
use crate::callback::event::card::TemplateCardEvent;
use crate::callback::event::chat::ChangeExternalChat;
use crate::callback::event::contact::ChangeExternalContact;
use crate::callback::event::member::ChangeContact;
use crate::callback::event::message::Message;
use crate::callback::event::own::OwnEvent;
use crate::callback::event::tag::ChangeExternalTag;
use crate::callback::event::weixin::AccountEvent;
use crate::callback::glance;
use crate::callback::node::{Node, NotATree};
use crate::model::delivery::{Kind, Source};
use crate::model::ids::{AgentId, UserId};
use crate::model::time::Timestamp;

/// One message or event.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// What all of them carry, more or less.
    pub header: Header,
    /// What this one says.
    pub body: Body,
}

/// The common elements (path/90240). Third-party commands and some events lack most of them.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Header {
    /// The corp, a service account, or a downstream corp of a shared app (path/93360).
    pub to_user_name: Option<String>,
    /// A member, a follower, or `sys`.
    pub from_user_name: Option<String>,
    /// When it happened; WeCom counts whole seconds.
    pub create_time: Option<Timestamp>,
    /// The app. Absent on many events.
    pub agent_id: Option<AgentId>,
}

/// What an event says. `userid` is the member who acted (`FromUserName`).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// 客户变更 (path/92130).
    ChangeExternalContact(ChangeExternalContact),
    /// 客户群变更 (path/92130).
    ChangeExternalChat(ChangeExternalChat),
    /// 企业客户标签变更 (path/92130).
    ChangeExternalTag(ChangeExternalTag),
    /// 通讯录变更 (path/90970).
    ChangeContact(ChangeContact),
    /// 关注: the member came into the app's visible range, or joined the corp within it (path/90240).
    Subscribe {
        /// Who.
        userid: UserId,
    },
    /// 取消关注: left the visible range or the corp, or was disabled (path/90240).
    Unsubscribe {
        /// Who.
        userid: UserId,
    },
    /// 进入应用: entered the app's conversation (path/90240). Says nothing about a chat toolbar.
    EnterAgent {
        /// Who.
        userid: UserId,
    },
    /// A menu item that is a link (path/90240).
    View {
        /// Who.
        userid: UserId,
        /// The link.
        url: String,
    },
    /// A menu item that is a button (path/90240).
    Click {
        /// Who.
        userid: UserId,
        /// The menu's key.
        event_key: String,
    },
    /// A button of a template card (path/90240).
    TemplateCardEvent(TemplateCardEvent),
    /// The menu at the top right of a template card (path/90240).
    TemplateCardMenuEvent(TemplateCardEvent),
    /// 异步任务完成 (path/90973).
    BatchJobResult(BatchJobResult),
    /// The app's use and disuse (path/90240).
    AppLifeCycle(AppLifeCycle),
    /// A message that a member sent to the app (path/90239).
    Message(Message),
    /// What a follower did to the service account (服务号).
    Weixin(AccountEvent),
    /// An event of this service itself.
    Own(OwnEvent),
    /// An official event that the service does not act on.
    Known {
        /// Its name, as [`Kind`] spells it.
        name: &'static str,
        /// All its elements.
        fields: Vec<Node>,
    },
    /// Any other name.
    Unknown {
        /// Its name.
        name: Kind,
        /// All its elements.
        fields: Vec<Node>,
    },
}

/// A message that cannot be acted on. The text names elements, never their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// It is neither XML nor JSON as WeCom writes it.
    #[error("the event cannot be read: {0}")]
    Unreadable(#[from] NotATree),
    /// An element that the event always has is not there, or empty.
    #[error("the event has no {0}")]
    Missing(&'static str),
    /// An element is not the id that it should be.
    #[error("the event's {0} is not an id")]
    NotAnId(&'static str),
}

/// Reads a message. Names of our own events count only when the source is ours.
///
/// # Errors
/// [`EventError`] when the text is no tree, or when an event that is acted on lacks what it is about.
pub fn parse(source: Source, xml: &str) -> Result<Event, EventError> {
    let root = Node::parse(xml)?;
    let header = Header::read(&root);
    let body = match source {
        Source::Beacon | Source::Service => own::written::read(&root)?,
        Source::Callback | Source::ServiceAccount => None,
    };
    let body = match body {
        Some(own) => Body::Own(own),
        None if source == Source::ServiceAccount => Body::Weixin(weixin::read(root)?),
        None => body_of(root)?,
    };
    Ok(Event { header, body })
}

impl Header {
    fn read(root: &Node) -> Self {
        Self {
            to_user_name: root.filled("ToUserName"),
            from_user_name: root.filled("FromUserName"),
            create_time: ["CreateTime", "TimeStamp", "create_time"]
                .into_iter()
                .find_map(|name| glance::time(root.first(name))),
            agent_id: root.first("AgentID").parse().ok().map(AgentId),
        }
    }
}

fn body_of(root: Node) -> Result<Body, EventError> {
    let (event, change_type) = (root.first("Event"), root.first("ChangeType"));
    let member = || root.id("FromUserName", UserId::parse);
    let body = match event {
        "change_external_contact" => {
            Body::ChangeExternalContact(contact::read(&root, change_type)?)
        }
        "change_external_chat" => Body::ChangeExternalChat(chat::read(&root, change_type)?),
        "change_external_tag" => Body::ChangeExternalTag(tag::read(&root, change_type)?),
        "change_contact" => Body::ChangeContact(member::read(&root, change_type)?),
        "subscribe" => Body::Subscribe { userid: member()? },
        "unsubscribe" => Body::Unsubscribe { userid: member()? },
        "enter_agent" => Body::EnterAgent { userid: member()? },
        "view" => Body::View {
            userid: member()?,
            url: root.required("EventKey")?.to_owned(),
        },
        "click" => Body::Click {
            userid: member()?,
            event_key: root.required("EventKey")?.to_owned(),
        },
        "template_card_event" => Body::TemplateCardEvent(card::read(&root)?),
        "template_card_menu_event" => Body::TemplateCardMenuEvent(card::read(&root)?),
        "batch_job_result" => Body::BatchJobResult(app::batch_job_result(&root)?),
        "" => match message::read(&root)? {
            Some(message) => Body::Message(message),
            None => by_name(root),
        },
        _ => match app::life_cycle(&root, event)? {
            Some(change) => Body::AppLifeCycle(change),
            None => by_name(root),
        },
    };
    Ok(body)
}

fn by_name(root: Node) -> Body {
    let name = glance::kind(
        root.first("Event"),
        root.first("ChangeType"),
        root.first("InfoType"),
        root.first("MsgType"),
    );
    let fields = root.children;
    match known::name(name.as_str()) {
        Some(name) => Body::Known { name, fields },
        None => Body::Unknown { name, fields },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(source: Source, xml: &str) -> String {
        parse(source, xml).unwrap_err().to_string()
    }

    #[test]
    fn an_event_without_what_it_is_about_is_named_without_its_values() {
        let contact =
            "<Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType>";
        for (inside, expected) in [
            (
                format!("{contact}<UserID>Lin</UserID>"),
                "the event has no ExternalUserID",
            ),
            (
                format!("{contact}<UserID> </UserID>"),
                "the event has no UserID",
            ),
            (
                format!("{contact}<UserID>secret name</UserID>"),
                "the event's UserID is not an id",
            ),
            (
                "<Event>subscribe</Event>".into(),
                "the event has no FromUserName",
            ),
            (
                "<MsgType>text</MsgType><FromUserName>Lin</FromUserName>".into(),
                "the event has no Content",
            ),
            (
                "<Event>batch_job_result</Event>".into(),
                "the event has no BatchJob",
            ),
            (
                "<A>&x;</A>".into(),
                "the event cannot be read: it has an entity beyond the five",
            ),
        ] {
            let xml = format!("<xml>{inside}</xml>");
            assert_eq!(problem(Source::Callback, &xml), expected);
        }
    }

    #[test]
    fn names_of_ours_count_only_from_us() {
        let xml = "<xml><Event>refresh_member</Event><UserID>Lin</UserID></xml>";
        let body = |source| parse(source, xml).unwrap().body;
        assert!(matches!(body(Source::Callback), Body::Unknown { .. }));
        assert!(matches!(body(Source::Service), Body::Own(_)));
        let xml = "<xml><Event>refresh_member</Event></xml>";
        assert_eq!(problem(Source::Service, xml), "the event has no UserID");
    }

    #[test]
    fn debug_shows_no_personal_text_and_no_code() {
        let message = "<xml><MsgType>text</MsgType><FromUserName>Lin</FromUserName><Content>private</Content></xml>";
        let added = "<xml><Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType>\
            <UserID>Lin</UserID><ExternalUserID>wm1</ExternalUserID><WelcomeCode>private</WelcomeCode></xml>";
        let member = "<xml><Event>change_contact</Event><ChangeType>create_user</ChangeType><UserID>Lin</UserID>\
            <Name>private</Name><Mobile>private</Mobile><ExtAttr><Item><Name>a</Name><Value>private</Value></Item></ExtAttr></xml>";
        let unknown = "<xml><Event>new</Event><Note>private</Note></xml>";
        for xml in [message, added, member, unknown] {
            let event = parse(Source::Callback, xml).unwrap();
            let (shown, whole) = (format!("{event:?}"), serde_json::to_string(&event).unwrap());
            assert!(!shown.contains("private"), "{shown}");
            assert!(whole.contains("private"), "{whole}");
        }
    }
}
