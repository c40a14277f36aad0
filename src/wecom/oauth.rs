//! Who opened a page: corp OAuth (网页授权, path/91335, path/91022) and its code (path/91023).

use serde::Deserialize;
use url::Url;

use crate::model::ids::{AgentId, CorpId, ExternalUserId, UserId};
use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::exchange::below;
use crate::wecom::limit::BASE;
use crate::wecom::wire::{Api, Lane};
use crate::wecom::{Client, Secret};

const GETUSERINFO: Api = Api {
    path: "auth/getuserinfo",
    secret: Secret::App,
    lane: Lane::Usual,
    rate: BASE,
    bucket: "auth/getuserinfo",
};

/// The longest code, in bytes.
const CODE_BYTES: usize = 512;

/// The code is invalid, used, or older than 5 minutes (40029).
const BAD_CODE: i64 = 40029;

/// Who opened a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visitor {
    /// A member of the corp, in the app's visible range or not.
    Member(UserId),
    /// A customer with a follower in the app's visible range.
    Contact(ExternalUserId),
    /// Anybody else; also a member of a linked corp (上下游).
    Stranger,
}

impl Client {
    /// Uses up a code: tells who came back with it. It lives 5 minutes.
    ///
    /// # Errors
    /// [`ApiError::State`] for a code that is unknown, used or too old: begin again once. [`ApiError`] otherwise.
    pub async fn visitor(&self, code: &str, now: Timestamp) -> Result<Visitor, ApiError> {
        if code.is_empty() || code.len() > CODE_BYTES {
            return Err(ApiError::State {
                api: GETUSERINFO.path,
                errcode: BAD_CODE,
                errmsg: "not a code".into(),
            });
        }
        let reply: Reply = self.get(&GETUSERINFO, &[("code", code)], now).await?;
        reply
            .visitor()
            .ok_or_else(|| GETUSERINFO.bad_reply("its id is not an id"))
    }
}

/// Where a page sends a browser that it does not know: silent login (`snsapi_base`), then back to `redirect` with a
/// code. `oauth_base` is `https://open.weixin.qq.com` or a simulator; `state` is `[a-zA-Z0-9]`, at most 128 bytes (84025).
/// `redirect` must be on the app's trusted domain, host and port exactly.
pub fn authorize_url(
    oauth_base: &Url,
    corp: &CorpId,
    agent: AgentId,
    redirect: &Url,
    state: &str,
) -> Url {
    let mut url = below(oauth_base, &["connect", "oauth2"], "authorize");
    url.query_pairs_mut()
        .clear()
        .append_pair("appid", corp.as_str())
        .append_pair("redirect_uri", redirect.as_str())
        .append_pair("response_type", "code")
        .append_pair("scope", "snsapi_base")
        .append_pair("state", state)
        .append_pair("agentid", &agent.to_string());
    url.set_fragment(Some("wechat_redirect"));
    url
}

/// The aliases are the spellings of the call's predecessor, `user/getuserinfo`.
#[derive(Deserialize)]
struct Reply {
    #[serde(alias = "UserId")]
    userid: Option<String>,
    external_userid: Option<String>,
}

impl Reply {
    /// `None` when what should be an id is none.
    fn visitor(self) -> Option<Visitor> {
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        if let Some(userid) = filled(self.userid) {
            // A member of a linked corp comes as `CorpId/userid`.
            if userid.contains('/') {
                return Some(Visitor::Stranger);
            }
            return UserId::parse(&userid).ok().map(Visitor::Member);
        }
        let Some(external_userid) = filled(self.external_userid) else {
            return Some(Visitor::Stranger);
        };
        ExternalUserId::parse(&external_userid)
            .ok()
            .map(Visitor::Contact)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::wecom::script::{NOW, Script, errcode, reply};

    async fn visitor(answer: Value) -> Result<Visitor, ApiError> {
        let script = Script::start(move |asked, _| match asked.path.as_str() {
            "auth/getuserinfo" => {
                assert_eq!(asked.query["code"], "a&b=c");
                reply(answer.clone())
            }
            _ => None,
        })
        .await;
        script.client().visitor("a&b=c", NOW).await
    }

    #[tokio::test]
    async fn a_visitor_is_a_member_a_contact_or_a_stranger() {
        let member = |id| Visitor::Member(UserId::parse(id).unwrap());
        let contact = |id| Visitor::Contact(ExternalUserId::parse(id).unwrap());
        for (answer, expected) in [
            (
                json!({"errcode": 0, "userid": "Zhang", "user_ticket": "t"}),
                member("Zhang"),
            ),
            (json!({"UserId": "zhang", "DeviceId": "d"}), member("zhang")),
            (
                json!({"openid": "o", "external_userid": "wmA"}),
                contact("wmA"),
            ),
            (
                json!({"OpenId": "o", "external_userid": "wmA", "userid": ""}),
                contact("wmA"),
            ),
            (json!({"openid": "o"}), Visitor::Stranger),
            (
                json!({"openid": "o", "external_userid": ""}),
                Visitor::Stranger,
            ),
            (json!({"userid": "ww2/zhang"}), Visitor::Stranger),
        ] {
            assert_eq!(visitor(answer.clone()).await, Ok(expected), "{answer}");
        }
        let bad = visitor(json!({"userid": "two words"})).await;
        assert!(matches!(bad, Err(ApiError::BadReply { .. })), "{bad:?}");
    }

    #[tokio::test]
    async fn bad_codes_are_an_outcome() {
        let script = Script::start(|asked, _| {
            (asked.path == "auth/getuserinfo")
                .then(|| errcode(42022))
                .flatten()
        })
        .await;
        let client = script.client();
        for (code, expected, asked) in [
            ("", 40029, 0),
            (&"c".repeat(513), 40029, 0),
            ("c", 42022, 1),
        ] {
            let error = client.visitor(code, NOW).await.unwrap_err();
            assert!(matches!(error, ApiError::State { .. }), "{error}");
            assert_eq!(error.errcode(), Some(expected));
            assert_eq!(script.asked("auth/getuserinfo").len(), asked);
        }
    }

    #[test]
    fn the_login_address_has_everything_in_its_place() {
        let url = authorize_url(
            &Url::parse("https://open.weixin.qq.com").unwrap(),
            &CorpId::parse("ww1").unwrap(),
            AgentId(1_000_002),
            &Url::parse("https://a.example/login?back=1&x=2").unwrap(),
            "STATE1",
        );
        assert_eq!(
            url.as_str(),
            "https://open.weixin.qq.com/connect/oauth2/authorize?appid=ww1&redirect_uri=https%3A%2F%2Fa.example%2Flogin\
             %3Fback%3D1%26x%3D2&response_type=code&scope=snsapi_base&state=STATE1&agentid=1000002#wechat_redirect"
        );
    }
}
