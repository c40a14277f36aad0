//! Template messages (模板消息): the one way to tell a customer of something without a member's click.

use serde::{Deserialize, Serialize, Serializer};

use crate::model::template::{TemplateKey, TemplateMessage};
use crate::model::text::cut_chars;
use crate::model::time::Timestamp;
use crate::weixin::error::WeixinError;
use crate::weixin::limit::MESSAGES;
use crate::weixin::{Api, Client};

const SEND: Api = Api {
    path: "cgi-bin/message/template/send",
    rate: MESSAGES,
};

/// The longest `client_msg_id`, in characters.
const CLIENT_MSG_ID_CHARS: usize = 32;

/// A message that WeChat took. Whether it arrived, an event tells later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Names it in that event.
    pub msgid: Option<String>,
}

impl Client {
    /// Sends a reminder. Within ten minutes a repetition with the same `client_msg_id` is no second message.
    ///
    /// # Errors
    /// [`WeixinError::NotFollowing`] and [`WeixinError::RefusedByUser`] when it cannot reach this person,
    /// [`WeixinError::FieldFormat`] when keys and template do not go together; [`WeixinError`] otherwise.
    pub async fn remind(
        &self,
        reminder: &TemplateMessage,
        now: Timestamp,
    ) -> Result<Taken, WeixinError> {
        #[derive(Deserialize)]
        struct Reply {
            msgid: Option<u64>,
        }

        let body = Body {
            touser: reminder.openid.as_str(),
            template_id: &reminder.template_id,
            url: &reminder.url,
            client_msg_id: cut_chars(&reminder.client_msg_id, CLIENT_MSG_ID_CHARS),
            data: &reminder.values,
        };
        let reply: Reply = self.post(&SEND, &body, now).await?;
        Ok(Taken {
            msgid: reply.msgid.map(|id| id.to_string()),
        })
    }
}

#[derive(Serialize)]
struct Body<'a> {
    touser: &'a str,
    template_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    url: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    client_msg_id: &'a str,
    #[serde(serialize_with = "data")]
    data: &'a [(TemplateKey, String)],
}

/// `{key: {value}}`, each value cut to what its key holds.
fn data<S: Serializer>(values: &[(TemplateKey, String)], to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Value {
        value: String,
    }

    to.collect_map(values.iter().map(|(key, text)| {
        let value = key.fit(text);
        (key.as_str(), Value { value })
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::ids::OpenId;
    use crate::wecom::script::{NOW, errcode, reply};
    use crate::weixin::tests::{client, script};

    fn reminder() -> TemplateMessage {
        let value = |key: &str, text: &str| (TemplateKey::parse(key).unwrap(), text.to_owned());
        TemplateMessage {
            openid: OpenId::parse("oA").unwrap(),
            template_id: "T1".into(),
            values: vec![
                value("thing1", &format!("一\n{}", "字".repeat(30))),
                value("time2", "2023年11月15日 06:13"),
            ],
            url: "https://a.example/r/1?x=1&y=2".into(),
            client_msg_id: "m".repeat(40),
        }
    }

    #[tokio::test]
    async fn a_reminder_goes_out_within_the_limits() {
        let script = script(|asked, _| match asked.path.as_str() {
            "message/template/send" => reply(json!({"errcode": 0, "msgid": 200_163_840})),
            _ => None,
        })
        .await;
        let taken = client(&script).remind(&reminder(), NOW).await.unwrap();
        assert_eq!(taken.msgid.as_deref(), Some("200163840"));
        let expected = json!({
            "touser": "oA",
            "template_id": "T1",
            "url": "https://a.example/r/1?x=1&y=2",
            "client_msg_id": "m".repeat(32),
            "data": {
                "thing1": {"value": format!("一 {}…", "字".repeat(17))},
                "time2": {"value": "2023年11月15日 06:13"},
            },
        });
        assert_eq!(script.body("message/template/send"), expected);
    }

    #[tokio::test]
    async fn refusals_tell_whom_they_concern() {
        let api = "cgi-bin/message/template/send";
        let errmsg = "words".to_owned();
        for (code, expected) in [
            (43004, WeixinError::NotFollowing { api }),
            (43101, WeixinError::RefusedByUser { api }),
            (47003, WeixinError::FieldFormat { api, errmsg }),
        ] {
            let script = script(move |asked, _| {
                (asked.path == "message/template/send")
                    .then(|| errcode(code))
                    .flatten()
            })
            .await;
            let refused = client(&script).remind(&reminder(), NOW).await;
            assert_eq!(refused, Err(expected));
            assert_eq!(script.asked("message/template/send").len(), 1);
        }
    }
}
