//! Reminders: what a customer is told by the corp's service account (服务号).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::ids::{ExternalUserId, OpenId};
use crate::model::item::ItemRef;
use crate::model::time::Timestamp;

/// That the company has answered, for one follower. What of it a template shows is settled when it is sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    /// The conversation: its item and its customer.
    pub about: (ItemRef, ExternalUserId),
    /// The customer, as the service account knows them.
    pub openid: OpenId,
    /// The item's title. Personal text: never logged.
    pub title: String,
    /// What happened, in a few words.
    pub text: String,
    /// Who answered, by name; empty when a system did. Personal text: never logged.
    pub member: String,
    /// When.
    pub at: Timestamp,
    /// What a tap opens.
    pub url: String,
    /// Recognises a repetition: 32 hexadecimal digits.
    pub client_msg_id: String,
}

impl fmt::Debug for Reminder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reminder({}, {})", self.client_msg_id, self.about.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_text() {
        let reminder = Reminder {
            about: (
                "record:0a".parse().unwrap(),
                ExternalUserId::parse("wm1").unwrap(),
            ),
            openid: OpenId::parse("oA").unwrap(),
            title: "private".into(),
            text: "private".into(),
            member: "private".into(),
            at: Timestamp::from_secs(1),
            url: "https://a.example/private".into(),
            client_msg_id: "m".into(),
        };
        assert_eq!(format!("{reminder:?}"), "Reminder(m, record:0a)");
    }
}
