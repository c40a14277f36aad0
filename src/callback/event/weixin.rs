//! What followers do to the corp's service account (服务号). Some events have the names of WeCom's own about members; by
//! which receiver they came tells them apart.

use serde::Serialize;

use crate::callback::event::EventError;
use crate::callback::glance;
use crate::callback::node::Node;
use crate::model::delivery::Kind;
use crate::model::ids::OpenId;

/// One event and whom it is about.
#[derive(Debug, Clone, Serialize)]
pub struct AccountEvent {
    /// The follower (`FromUserName`).
    pub openid: OpenId,
    /// What happened.
    pub change: AccountChange,
}

/// What happened.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountChange {
    /// `subscribe`: began to follow.
    Subscribe {
        /// Of the QR code by which, if it was one.
        event_key: Option<String>,
    },
    /// `unsubscribe`: follows no more.
    Unsubscribe,
    /// `SCAN`: scanned a QR code of the account as a follower.
    Scan {
        /// Of the QR code.
        event_key: Option<String>,
    },
    /// `TEMPLATESENDJOBFINISH`: what became of a template message.
    TemplateSendJobFinish {
        /// Which message.
        msgid: Option<String>,
        /// What became of it.
        status: Delivered,
    },
    /// `VIEW`: a menu item that is a link.
    View {
        /// The link.
        url: Option<String>,
    },
    /// `CLICK`: a menu item that is a button.
    Click {
        /// The menu's key.
        event_key: Option<String>,
    },
    /// Any other event, or a message of the follower.
    Other {
        /// Its name.
        name: Kind,
        /// All its elements.
        fields: Vec<Node>,
    },
}

/// `Status` of a template message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivered {
    /// `success`.
    Success,
    /// `failed:user block`: the follower refuses the account's messages.
    UserBlock,
    /// `failed: system failed`.
    SystemFailed,
    /// Anything else.
    Unknown,
}

pub(in crate::callback::event) fn read(root: Node) -> Result<AccountEvent, EventError> {
    let openid = root.id("FromUserName", OpenId::parse)?;
    let event_key = root.filled("EventKey");
    let change = match root.first("Event") {
        "subscribe" => AccountChange::Subscribe { event_key },
        "unsubscribe" => AccountChange::Unsubscribe,
        "SCAN" => AccountChange::Scan { event_key },
        "TEMPLATESENDJOBFINISH" => AccountChange::TemplateSendJobFinish {
            msgid: root.filled("MsgID"),
            status: delivered(root.first("Status")),
        },
        "VIEW" => AccountChange::View { url: event_key },
        "CLICK" => AccountChange::Click { event_key },
        event => AccountChange::Other {
            name: glance::account_kind(event, root.first("MsgType")),
            fields: root.children,
        },
    };
    Ok(AccountEvent { openid, change })
}

/// WeChat writes the failures with and without a blank.
fn delivered(status: &str) -> Delivered {
    let failure = |status: &str| match status.trim() {
        "user block" => Delivered::UserBlock,
        "system failed" => Delivered::SystemFailed,
        _ => Delivered::Unknown,
    };
    match status.split_once(':') {
        None if status == "success" => Delivered::Success,
        Some(("failed", why)) => failure(why),
        _ => Delivered::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::event::{Body, parse};
    use crate::model::delivery::Source;

    #[test]
    fn the_receiver_tells_followers_from_members() {
        let xml = "<xml><FromUserName>oA</FromUserName><Event>subscribe</Event></xml>";
        let body = |source| parse(source, xml).unwrap().body;
        assert!(matches!(body(Source::Callback), Body::Subscribe { .. }));
        let Body::Weixin(event) = body(Source::ServiceAccount) else {
            panic!("it is a follower's");
        };
        assert_eq!(event.openid.as_str(), "oA");
    }

    #[test]
    fn what_became_of_a_message_is_read_with_any_blanks() {
        for (status, expected) in [
            ("success", Delivered::Success),
            ("failed:user block", Delivered::UserBlock),
            ("failed: user block", Delivered::UserBlock),
            ("failed: system failed", Delivered::SystemFailed),
            ("failed:other", Delivered::Unknown),
            ("", Delivered::Unknown),
        ] {
            assert_eq!(delivered(status), expected, "{status}");
        }
    }
}
