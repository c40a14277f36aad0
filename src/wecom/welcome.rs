//! Welcome messages to contacts: `externalcontact/send_welcome_msg` (发送新客户欢迎语, path/92137).

use serde::Serialize;
use serde::de::IgnoredAny;

use crate::model::outgoing::{Answer, Welcome};
use crate::model::text::cut_bytes;
use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::limit::BASE;
use crate::wecom::wire::{Api, Lane};
use crate::wecom::{Client, Secret};

const WELCOME: Api = Api {
    path: "externalcontact/send_welcome_msg",
    secret: Secret::App,
    lane: Lane::Urgent,
    rate: BASE,
    bucket: "externalcontact/send_welcome_msg",
};

/// The welcome message went out before (41051).
const WELCOMED_BEFORE: i64 = 41051;

impl Client {
    /// Sends a welcome message with its link card. A repetition answers 41051, which counts as sent.
    pub(in crate::wecom) async fn welcome(
        &self,
        welcome: &Welcome,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        let body = WelcomeBody::new(welcome);
        match self.post::<IgnoredAny>(&WELCOME, &body, now).await {
            Ok(_) => Ok(Answer::Welcomed),
            Err(ApiError::State {
                errcode: WELCOMED_BEFORE,
                ..
            }) => Ok(Answer::WelcomedBefore),
            Err(error) => Err(error),
        }
    }
}

#[derive(Serialize)]
struct WelcomeBody<'a> {
    welcome_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Text<'a>>,
    attachments: [Attachment<'a>; 1],
}

#[derive(Serialize)]
struct Text<'a> {
    content: &'a str,
}

#[derive(Serialize)]
struct Attachment<'a> {
    msgtype: &'static str,
    link: Link<'a>,
}

#[derive(Serialize)]
struct Link<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    desc: &'a str,
    url: &'a str,
}

impl<'a> WelcomeBody<'a> {
    fn new(welcome: &'a Welcome) -> Self {
        let content = cut_bytes(&welcome.text, 4000);
        Self {
            welcome_code: welcome.welcome_code.expose(),
            text: (!content.is_empty()).then_some(Text { content }),
            attachments: [Attachment {
                msgtype: "link",
                link: Link {
                    title: cut_bytes(&welcome.title, 128),
                    desc: cut_bytes(&welcome.desc, 512),
                    url: &welcome.url,
                },
            }],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::model::ids::{ExternalUserId, UserId};
    use crate::model::outgoing::{Call, OneTimeCode};
    use crate::wecom::error::Retry;
    use crate::wecom::script::{NOW, Script, errcode};

    fn welcome() -> Welcome {
        Welcome {
            welcome_code: OneTimeCode::new("CODE"),
            userid: UserId::parse("zhang").unwrap(),
            external_userid: ExternalUserId::parse("wmA").unwrap(),
            text: "您好".into(),
            title: "与我协作".into(),
            desc: "您的主页".into(),
            url: "https://a.example/home?tenantKey=1".into(),
        }
    }

    #[tokio::test]
    async fn a_welcome_message_is_text_and_link() {
        let script = Script::start(|_, _| None).await;
        let answer = script
            .client()
            .perform(&Call::Welcome(welcome()), NOW)
            .await;
        assert!(matches!(answer, Ok(Answer::Welcomed)), "{answer:?}");
        let expected = json!({
            "welcome_code": "CODE",
            "text": {"content": "您好"},
            "attachments": [{"msgtype": "link", "link": {
                "title": "与我协作", "desc": "您的主页", "url": "https://a.example/home?tenantKey=1",
            }}],
        });
        assert_eq!(script.body(WELCOME.path), expected);
    }

    #[test]
    fn welcome_texts_are_cut_by_bytes_and_left_out_when_empty() {
        let body = |text: &str, title: &str, desc: &str| {
            let welcome = Welcome {
                text: text.into(),
                title: title.into(),
                desc: desc.into(),
                ..welcome()
            };
            serde_json::to_value(WelcomeBody::new(&welcome)).unwrap()
        };
        let long = "字".repeat(2000);
        let cut = body(&long, &long, &long);
        let bytes = |pointer| cut.pointer(pointer).and_then(Value::as_str).unwrap().len();
        assert_eq!(bytes("/text/content"), 3999);
        assert_eq!(bytes("/attachments/0/link/title"), 126);
        assert_eq!(bytes("/attachments/0/link/desc"), 510);
        let expected = json!({
            "welcome_code": "CODE",
            "attachments": [{"msgtype": "link", "link": {
                "title": "t", "url": "https://a.example/home?tenantKey=1",
            }}],
        });
        assert_eq!(body("", "t", ""), expected);
    }

    #[tokio::test]
    async fn a_welcome_code_ends_in_one_of_four_ways() {
        let soon = Retry::Again {
            after: Some(Duration::from_secs(1)),
        };
        for (code, expected) in [
            (41051, Ok(())),
            (41096, Err(soon)),
            (41050, Err(Retry::Never)),
            (41053, Err(Retry::Never)),
        ] {
            let script = Script::start(move |asked, _| {
                (asked.path == WELCOME.path)
                    .then(|| errcode(code))
                    .flatten()
            })
            .await;
            let call = Call::Welcome(welcome());
            let result = script.client().perform(&call, NOW).await;
            assert_eq!(
                result.map(|_| ()).map_err(|error| error.retry()),
                expected,
                "{code}"
            );
        }
    }
}
