//! Who opened a page in WeChat: the account's OAuth (网页授权).
//!
//! When a page starts the login with consent in a way that WeChat does not like, such as at once on its first load, it
//! shows a snapshot (快照页) of the page with an invented user. Such a user is [`Opened::Snapshot`] here and has no ids
//! that anybody could keep: show a button, and start the login when it is pressed.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use crate::model::ids::{AppId, OpenId, UnionId};
use crate::model::time::Timestamp;
use crate::wecom::exchange::below;
use crate::weixin::error::WeixinError;
use crate::weixin::follower::unionid;
use crate::weixin::limit::PAGES;
use crate::weixin::{Api, Client, PATIENCE};

const ACCESS_TOKEN: Api = Api {
    path: "sns/oauth2/access_token",
    rate: PAGES,
};

const USERINFO: Api = Api {
    path: "sns/userinfo",
    rate: PAGES,
};

/// The longest code, in bytes.
const CODE_BYTES: usize = 512;

/// The code is none.
const BAD_CODE: i64 = 40029;

/// What a login asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `snsapi_base`: the openid alone; nobody notices.
    Base,
    /// `snsapi_userinfo`: the unionid too; the person has to agree. Start it only when somebody has pressed something.
    UserInfo,
}

impl Scope {
    const fn name(self) -> &'static str {
        match self {
            Self::Base => "snsapi_base",
            Self::UserInfo => "snsapi_userinfo",
        }
    }
}

/// Who opened a page.
#[derive(Debug)]
pub enum Opened {
    /// A person.
    Person(Person),
    /// Nobody: WeChat shows a snapshot of the page with an invented user.
    Snapshot,
}

/// A person as the account knows it.
#[derive(Debug)]
pub struct Person {
    /// The id in this account.
    pub openid: OpenId,
    /// The id in the open platform; only with [`Scope::UserInfo`], and when the account is bound to it.
    pub unionid: Option<UnionId>,
    /// Opens the person's profile; only with [`Scope::UserInfo`].
    pub consent: Option<Consent>,
}

/// The web token of somebody who agreed; not the account's own token.
pub struct Consent {
    openid: OpenId,
    token: SecretString,
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Consent({})", self.openid)
    }
}

/// What a person shows of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Profile {
    /// The nickname.
    pub nickname: String,
    /// The address of the avatar.
    pub headimgurl: Option<String>,
    /// The id in the open platform, when the account is bound to it.
    pub unionid: Option<UnionId>,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("unionid", &self.unionid)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Uses up a code: tells who came back with it. It lives 5 minutes and works once.
    ///
    /// # Errors
    /// [`WeixinError::BadCode`] for a code that is unknown, used or too old: begin again once. [`WeixinError`] otherwise.
    pub async fn opened(&self, code: &str, now: Timestamp) -> Result<Opened, WeixinError> {
        #[derive(Deserialize)]
        struct Reply {
            access_token: SecretString,
            openid: String,
            scope: String,
            unionid: Option<String>,
            is_snapshotuser: Option<u8>,
        }

        let api = &ACCESS_TOKEN;
        if code.is_empty() || code.len() > CODE_BYTES {
            return Err(WeixinError::BadCode {
                api: api.path,
                errcode: BAD_CODE,
            });
        }
        let query = [
            ("appid", self.app_id.as_str()),
            ("secret", self.secret.expose_secret()),
            ("code", code),
            ("grant_type", "authorization_code"),
        ];
        let request = self.exchange.get(api.path, &query, PATIENCE);
        let answer = self.attempt(api, request, now).await?;
        let reply: Reply = answer.read().map_err(|what| api.bad_reply(what))?;
        if reply.is_snapshotuser == Some(1) {
            return Ok(Opened::Snapshot);
        }
        let openid = OpenId::parse(&reply.openid);
        let openid = openid.map_err(|_| api.bad_reply("its openid is not an id"))?;
        let mut granted = reply.scope.split(',').map(str::trim);
        let consent = granted
            .any(|scope| scope == Scope::UserInfo.name())
            .then(|| Consent {
                openid: openid.clone(),
                token: reply.access_token,
            });
        Ok(Opened::Person(Person {
            unionid: unionid(api, reply.unionid)?,
            openid,
            consent,
        }))
    }

    /// What somebody who agreed shows.
    ///
    /// # Errors
    /// [`WeixinError::BadCode`] when the agreement is no longer good: begin again once. [`WeixinError`] otherwise.
    pub async fn profile(&self, consent: &Consent, now: Timestamp) -> Result<Profile, WeixinError> {
        #[derive(Deserialize)]
        struct Reply {
            #[serde(default)]
            nickname: String,
            headimgurl: Option<String>,
            unionid: Option<String>,
        }

        let api = &USERINFO;
        let query = [
            ("access_token", consent.token.expose_secret()),
            ("openid", consent.openid.as_str()),
            ("lang", "zh_CN"),
        ];
        let request = self.exchange.get(api.path, &query, PATIENCE);
        let answer = match self.attempt(api, request, now).await {
            // It is not the account's token that was refused.
            Err(WeixinError::TokenRejected { api, errcode }) => {
                return Err(WeixinError::BadCode { api, errcode });
            }
            other => other?,
        };
        let reply: Reply = answer.read().map_err(|what| api.bad_reply(what))?;
        Ok(Profile {
            nickname: reply.nickname,
            headimgurl: reply.headimgurl.filter(|url| !url.is_empty()),
            unionid: unionid(api, reply.unionid)?,
        })
    }
}

/// Where a page sends a browser that it does not know; it comes back to `redirect` with a code. `oauth_base` is
/// `https://open.weixin.qq.com` or a simulator; `state` is `[a-zA-Z0-9]`, at most 128 bytes. The host of `redirect` must be
/// the account's 网页授权域名. WeCom's own browser cannot open it.
pub fn authorize_url(
    oauth_base: &Url,
    app_id: &AppId,
    scope: Scope,
    redirect: &Url,
    state: &str,
) -> Url {
    let mut url = below(oauth_base, &["connect", "oauth2"], "authorize");
    url.query_pairs_mut()
        .clear()
        .append_pair("appid", app_id.as_str())
        .append_pair("redirect_uri", redirect.as_str())
        .append_pair("response_type", "code")
        .append_pair("scope", scope.name())
        .append_pair("state", state);
    url.set_fragment(Some("wechat_redirect"));
    url
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::wecom::script::{NOW, errcode, reply};
    use crate::weixin::tests::{SECRET, client, script};

    async fn opened(answer: Value) -> Result<Opened, WeixinError> {
        let script = script(move |asked, _| {
            assert_eq!(asked.path, "/sns/oauth2/access_token");
            assert_eq!(asked.query["code"], "a&b=c");
            assert_eq!(asked.query["secret"], SECRET);
            reply(answer.clone())
        })
        .await;
        client(&script).opened("a&b=c", NOW).await
    }

    #[tokio::test]
    async fn a_snapshot_is_nobody() {
        let answer = |more: Value| {
            let mut answer = json!({
                "access_token": "W", "expires_in": 7200, "refresh_token": "R",
                "openid": "oA", "scope": "snsapi_userinfo", "unionid": "uA",
            });
            for (name, value) in more.as_object().unwrap() {
                answer[name] = value.clone();
            }
            answer
        };
        for (more, expected) in [
            (json!({}), Some((true, true))),
            (json!({"is_snapshotuser": 0}), Some((true, true))),
            (
                json!({"scope": "snsapi_base", "unionid": ""}),
                Some((false, false)),
            ),
            (json!({"is_snapshotuser": 1}), None),
        ] {
            let found = match opened(answer(more)).await.unwrap() {
                Opened::Snapshot => None,
                Opened::Person(person) => {
                    assert_eq!(person.openid.as_str(), "oA");
                    Some((person.unionid.is_some(), person.consent.is_some()))
                }
            };
            assert_eq!(found, expected);
        }
        let bad = opened(answer(json!({"openid": "two words"}))).await;
        assert!(matches!(bad, Err(WeixinError::BadReply { .. })), "{bad:?}");
    }

    #[tokio::test]
    async fn bad_codes_are_an_outcome() {
        let script = script(|_, _| errcode(40163)).await;
        let client = client(&script);
        for (code, expected, asked) in [
            ("", 40029, 0),
            (&"c".repeat(513), 40029, 0),
            ("c", 40163, 1),
        ] {
            let error = client.opened(code, NOW).await.unwrap_err();
            assert!(matches!(error, WeixinError::BadCode { .. }), "{error}");
            assert_eq!(error.errcode(), Some(expected));
            let path = "/sns/oauth2/access_token";
            assert_eq!(script.asked(path).len(), asked);
        }
    }

    #[tokio::test]
    async fn a_profile_is_read_with_the_web_token_alone() {
        let script = script(|asked, before| match asked.path.as_str() {
            "/sns/userinfo" if before == 0 => {
                assert_eq!(asked.query["access_token"], "web-token");
                reply(
                    json!({"openid": "oA", "nickname": "安娜", "headimgurl": "", "unionid": "uA"}),
                )
            }
            _ => errcode(40001),
        })
        .await;
        let client = client(&script);
        let consent = Consent {
            openid: OpenId::parse("oA").unwrap(),
            token: "web-token".into(),
        };
        let profile = client.profile(&consent, NOW).await.unwrap();
        assert_eq!(profile.nickname, "安娜");
        assert_eq!(profile.unionid, UnionId::parse("uA").ok());
        let shown = format!("{profile:?} {consent:?}");
        assert!(
            !shown.contains("安娜") && !shown.contains("web-token"),
            "{shown}"
        );
        let again = client.profile(&consent, NOW).await;
        assert!(
            matches!(again, Err(WeixinError::BadCode { .. })),
            "{again:?}"
        );
        assert!(script.asked("stable_token").is_empty());
    }

    #[test]
    fn the_login_address_has_everything_in_its_place() {
        let url = authorize_url(
            &Url::parse("https://open.weixin.qq.com").unwrap(),
            &AppId::parse("wx1").unwrap(),
            Scope::UserInfo,
            &Url::parse("https://a.example/login?back=1&x=2").unwrap(),
            "STATE1",
        );
        assert_eq!(
            url.as_str(),
            "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx1&redirect_uri=https%3A%2F%2Fa.example%2Flogin\
             %3Fback%3D1%26x%3D2&response_type=code&scope=snsapi_userinfo&state=STATE1#wechat_redirect"
        );
    }
}
