//! Messages of the app to members: `message/send` (path/90236) and `update_template_card` (path/94888).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::card::TemplateCard;
use crate::model::card::change::{CardChange, ShownCard};
use crate::model::ids::{AgentId, UserId};
use crate::model::outgoing::{Answer, CardMessage, CardUpdate, OneTimeCode};
use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::limit::{BASE, TO_ONE_MEMBER};
use crate::wecom::wire::{Api, Lane};
use crate::wecom::{Client, Secret};

const SEND: Api = Api {
    path: "message/send",
    secret: Secret::App,
    lane: Lane::Usual,
    rate: BASE,
    bucket: "message/send",
};

const UPDATE_CARD: Api = Api {
    path: "message/update_template_card",
    secret: Secret::App,
    lane: Lane::Urgent,
    rate: BASE,
    bucket: "message/update_template_card",
};

/// Every recipient is invalid or outside the app's visible range (81013).
const NO_RECIPIENT: i64 = 81013;

/// The response code was used before, or is older than 72 hours (path/94888). The call's deadline rules out the second,
/// and nobody but this call has the code, so an earlier try has changed the card already.
const CODE_USED: i64 = 60140;

/// How long WeCom recognises the same card, in seconds: its default.
const DUPLICATE_CHECK_INTERVAL: u32 = 1800;

impl Client {
    /// Sends a card. WeCom recognises a repetition by its JSON, so the same card is always the same bytes.
    pub(in crate::wecom) async fn send_card(
        &self,
        message: &CardMessage,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        let touser = &message.touser;
        only_one(touser)?;
        let bucket = format!("{} {}", SEND.bucket, touser.key());
        self.take(&SEND, &bucket, TO_ONE_MEMBER, now).await?;
        let body = SendBody {
            touser,
            msgtype: "template_card",
            agentid: self.agent_id,
            template_card: &message.card,
            enable_duplicate_check: 1,
            duplicate_check_interval: DUPLICATE_CHECK_INTERVAL,
        };
        match self.post::<SendReply>(&SEND, &body, now).await {
            Ok(reply) if reply.missed.names(touser) => Ok(Answer::NotDelivered),
            Ok(reply) => Ok(Answer::CardSent {
                response_code: reply.response_code.filter(|code| !code.expose().is_empty()),
            }),
            Err(ApiError::State {
                errcode: NO_RECIPIENT,
                ..
            }) => Ok(Answer::NotDelivered),
            Err(error) => Err(error),
        }
    }

    /// Changes a card that was sent. A repetition answers 60140, which counts as done.
    pub(in crate::wecom) async fn update_card(
        &self,
        update: &CardUpdate,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        let body = UpdateBody {
            userids: [&update.userid],
            agentid: self.agent_id,
            response_code: update.response_code.expose(),
            change: match &update.change {
                CardChange::ReplaceName(text) => Change::Button { replace_name: text },
                CardChange::TemplateCard(shown) => Change::TemplateCard(template_card(shown)),
            },
        };
        match self.post::<Missed>(&UPDATE_CARD, &body, now).await {
            Ok(missed) if missed.names(&update.userid) => Ok(Answer::NotDelivered),
            Ok(_)
            | Err(ApiError::State {
                errcode: CODE_USED, ..
            }) => Ok(Answer::CardUpdated),
            Err(error) => Err(error),
        }
    }
}

/// `touser` takes lists (`a|b`) and everybody (`@all`); a card for one member must not become either.
fn only_one(touser: &UserId) -> Result<(), ApiError> {
    let text = touser.as_str();
    if text.starts_with('@') || text.contains('|') {
        return Err(ApiError::Refused {
            api: SEND.path,
            errcode: 40003,
            errmsg: "not the id of one member".into(),
        });
    }
    Ok(())
}

#[derive(Serialize)]
struct SendBody<'a> {
    touser: &'a UserId,
    msgtype: &'static str,
    agentid: AgentId,
    template_card: &'a TemplateCard,
    enable_duplicate_check: u8,
    duplicate_check_interval: u32,
}

#[derive(Deserialize)]
struct SendReply {
    #[serde(flatten)]
    missed: Missed,
    response_code: Option<OneTimeCode>,
}

/// Whom the message did not reach. Ids come back in lower case, as one text with `|` or as a list.
#[derive(Deserialize)]
struct Missed {
    invaliduser: Option<Names>,
    unlicenseduser: Option<Names>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    Text(String),
    List(Vec<String>),
}

impl Missed {
    fn names(&self, userid: &UserId) -> bool {
        let same = |name: &str| name.eq_ignore_ascii_case(userid.as_str());
        [&self.invaliduser, &self.unlicenseduser]
            .into_iter()
            .flatten()
            .any(|names| match names {
                Names::Text(text) => text.split('|').any(same),
                Names::List(list) => list.iter().any(|name| same(name)),
            })
    }
}

#[derive(Serialize)]
struct UpdateBody<'a> {
    userids: [&'a UserId; 1],
    agentid: AgentId,
    response_code: &'a str,
    #[serde(flatten)]
    change: Change<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Change<'a> {
    Button { replace_name: &'a str },
    TemplateCard(Value),
}

/// The card as an update takes it: the response code names it, so that it has no `task_id`; a text on dead buttons is
/// part of it.
fn template_card(shown: &ShownCard) -> Value {
    let mut card =
        serde_json::to_value(&shown.card).expect("cards are plain structs with text keys");
    if let Value::Object(blocks) = &mut card {
        blocks.remove("task_id");
        if let Some(text) = &shown.replace_text {
            blocks.insert("replace_text".into(), Value::from(text.as_str()));
        }
    }
    card
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::model::card::actions::CardAction;
    use crate::model::card::blocks::MainTitle;
    use crate::model::card::interactions::ButtonInteraction;
    use crate::model::card::notices::TextNotice;
    use crate::model::card::questions::Button;
    use crate::model::ids::TaskId;
    use crate::model::outgoing::Call;
    use crate::wecom::error::Retry;
    use crate::wecom::script::{NOW, Script, errcode, reply};

    fn userid(id: &str) -> UserId {
        UserId::parse(id).unwrap()
    }

    fn card(touser: &str) -> CardMessage {
        let notice = TextNotice::new(
            MainTitle::new("新客户"),
            CardAction::Url("https://a.example/1".into()),
        );
        CardMessage {
            touser: userid(touser),
            card: TemplateCard::new(notice).unwrap(),
            about: None,
            contact: None,
        }
    }

    fn update() -> CardUpdate {
        CardUpdate {
            userid: userid("Zhang"),
            task_id: TaskId::parse("t1").unwrap(),
            response_code: OneTimeCode::new("RESPONSE"),
            contact: None,
            change: CardChange::ReplaceName("已完成".into()),
        }
    }

    /// What comes of `call` when WeCom answers it with `answer`.
    async fn perform(call: Call, answer: Value) -> Result<Answer, ApiError> {
        let script = Script::start(move |asked, _| match asked.path.as_str() {
            "gettoken" => None,
            _ => reply(answer.clone()),
        })
        .await;
        script.client().perform(&call, NOW).await
    }

    #[tokio::test]
    async fn a_card_is_sent_with_a_duplicate_check_and_always_as_the_same_bytes() {
        let script = Script::start(|_, _| None).await;
        let client = script.client();
        let call = Call::Card(card("Zhang"));
        let stored = serde_json::to_string(&call).unwrap();
        client.perform(&call, NOW).await.unwrap();
        client
            .perform(&serde_json::from_str(&stored).unwrap(), NOW)
            .await
            .unwrap();
        let asked = script.asked(SEND.path);
        assert_eq!(asked[0].body, asked[1].body);
        let expected = json!({
            "touser": "Zhang",
            "msgtype": "template_card",
            "agentid": 1_000_002,
            "template_card": {
                "card_type": "text_notice",
                "main_title": {"title": "新客户"},
                "card_action": {"type": 1, "url": "https://a.example/1"},
            },
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 1800,
        });
        assert_eq!(
            serde_json::from_str::<Value>(&asked[0].body).unwrap(),
            expected
        );
        assert!(asked[0].body.contains("新客户"), "raw UTF-8, no escapes");
    }

    #[tokio::test]
    async fn an_answer_tells_whether_the_card_arrived() {
        for (answer, expected) in [
            (
                json!({"errcode": 0, "msgid": "m"}),
                "CardSent { response_code: None }",
            ),
            (
                json!({"errcode": 0, "response_code": "R", "invaliduser": ""}),
                "CardSent { response_code: Some(OneTimeCode(…)) }",
            ),
            (
                json!({"errcode": 0, "response_code": ""}),
                "CardSent { response_code: None }",
            ),
            (
                json!({"errcode": 0, "invaliduser": "li|zhang"}),
                "NotDelivered",
            ),
            (
                json!({"errcode": 0, "invaliduser": "li|wang"}),
                "CardSent { response_code: None }",
            ),
            (
                json!({"errcode": 0, "invaliduser": ["zhang"]}),
                "NotDelivered",
            ),
            (
                json!({"errcode": 0, "unlicenseduser": "zhang"}),
                "NotDelivered",
            ),
            (json!({"errcode": 81013, "errmsg": "words"}), "NotDelivered"),
        ] {
            let result = perform(Call::Card(card("Zhang")), answer.clone()).await;
            assert_eq!(format!("{:?}", result.unwrap()), expected, "{answer}");
        }
    }

    #[tokio::test]
    async fn a_card_never_goes_to_more_than_one() {
        let script = Script::start(|_, _| None).await;
        let client = script.client();
        for id in ["@all", "zhang|wang"] {
            let error = client
                .perform(&Call::Card(card(id)), NOW)
                .await
                .unwrap_err();
            assert_eq!(error.retry(), Retry::Never);
        }
        assert!(script.asked(SEND.path).is_empty());
    }

    #[tokio::test]
    async fn more_cards_than_wecom_delivers_to_one_member_wait() {
        let script = Script::start(|_, _| None).await;
        let client = script.client();
        for _ in 0..15 {
            client
                .perform(&Call::Card(card("Zhang")), NOW)
                .await
                .unwrap();
        }
        let error = client
            .perform(&Call::Card(card("zhang")), NOW)
            .await
            .unwrap_err();
        let after = Some(Duration::from_secs(4));
        assert_eq!(error.retry(), Retry::Again { after });
        client
            .perform(&Call::Card(card("wang")), NOW)
            .await
            .unwrap();
        assert_eq!(script.asked(SEND.path).len(), 16);
    }

    #[tokio::test]
    async fn a_card_is_changed_for_one_member() {
        let script = Script::start(|_, _| None).await;
        let answer = script
            .client()
            .perform(&Call::UpdateCard(update()), NOW)
            .await;
        assert!(matches!(answer, Ok(Answer::CardUpdated)), "{answer:?}");
        let expected = json!({
            "userids": ["Zhang"],
            "agentid": 1_000_002,
            "response_code": "RESPONSE",
            "button": {"replace_name": "已完成"},
        });
        assert_eq!(script.body(UPDATE_CARD.path), expected);

        let button = Button::callback("接手", "take");
        let card = ButtonInteraction::new(
            MainTitle::new("新评论"),
            TaskId::parse("t1").unwrap(),
            vec![button],
        );
        let whole = CardUpdate {
            change: CardChange::TemplateCard(ShownCard {
                card: TemplateCard::new(card).unwrap(),
                replace_text: Some("张三已接手".into()),
            }),
            ..update()
        };
        let stored = serde_json::to_string(&Call::UpdateCard(whole)).unwrap();
        let script = Script::start(|_, _| None).await;
        let call: Call = serde_json::from_str(&stored).unwrap();
        script.client().perform(&call, NOW).await.unwrap();
        let expected = json!({
            "card_type": "button_interaction",
            "main_title": {"title": "新评论"},
            "button_list": [{"type": 0, "text": "接手", "key": "take"}],
            "replace_text": "张三已接手",
        });
        assert_eq!(script.body(UPDATE_CARD.path)["template_card"], expected);

        let missed = json!({"errcode": 0, "invaliduser": ["zhang"]});
        let answer = perform(Call::UpdateCard(update()), missed).await;
        assert!(matches!(answer, Ok(Answer::NotDelivered)), "{answer:?}");
        let used_up = Script::start(|asked, _| {
            (asked.path == UPDATE_CARD.path)
                .then(|| errcode(60140))
                .flatten()
        })
        .await;
        let answer = used_up
            .client()
            .perform(&Call::UpdateCard(update()), NOW)
            .await;
        assert!(matches!(answer, Ok(Answer::CardUpdated)), "{answer:?}");
    }
}
