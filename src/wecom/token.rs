//! Access tokens and tickets: fetched when needed, by one caller at a time, renewed before they end (path/91039).

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::fault::GETTOKEN;
use crate::wecom::limit::{BASE, FORCED_TOKENS};
use crate::wecom::slot::{Fetched, Held};
use crate::wecom::wire::{Api, Lane};
use crate::wecom::{Client, Secret};

/// The bucket of the tokens that are fetched because one was refused.
const FORCED: &str = "gettoken forced";

/// The call that brings a token for this secret.
const fn gettoken(secret: Secret) -> Api {
    Api {
        path: GETTOKEN,
        secret,
        lane: Lane::Usual,
        rate: BASE,
        bucket: GETTOKEN,
    }
}

/// What [`Client::check_token`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenCheck {
    /// WeCom's time, to the second, where the answer told it. A clock that is off breaks signatures.
    pub server_time: Option<Timestamp>,
}

impl Client {
    /// Fetches a fresh token with this secret: proves corp id, secret and connection. Whether the caller's address is
    /// trusted only a business call can tell (60020).
    ///
    /// # Errors
    /// [`ApiError::Misconfigured`] for a wrong or missing secret, within ten minutes without asking again; any error of
    /// the connection.
    pub async fn check_token(
        &self,
        secret: Secret,
        now: Timestamp,
    ) -> Result<TokenCheck, ApiError> {
        let mut server_time = None;
        let fetch = async {
            let (fetched, date) = self.fetch_token(secret, now).await?;
            server_time = date;
            Ok(fetched)
        };
        self.slot(secret)?.renew(self.around(), now, fetch).await?;
        Ok(TokenCheck { server_time })
    }

    /// The token of this secret.
    pub(in crate::wecom) async fn token(
        &self,
        secret: Secret,
        now: Timestamp,
    ) -> Result<Arc<Held>, ApiError> {
        let fetch = async { Ok(self.fetch_token(secret, now).await?.0) };
        self.slot(secret)?.current(self.around(), now, fetch).await
    }

    /// Another token than the one that WeCom has just refused.
    pub(in crate::wecom) async fn token_instead_of(
        &self,
        refused: &Held,
        secret: Secret,
        now: Timestamp,
    ) -> Result<Arc<Held>, ApiError> {
        let fetch = async {
            let api = gettoken(secret);
            self.take(&api, FORCED, FORCED_TOKENS, now).await?;
            Ok(self.fetch_token(secret, now).await?.0)
        };
        let slot = self.slot(secret)?;
        slot.instead_of(self.around(), refused, now, fetch).await
    }

    /// A new token, and WeCom's time where the answer tells it.
    async fn fetch_token(
        &self,
        secret: Secret,
        now: Timestamp,
    ) -> Result<(Fetched, Option<Timestamp>), ApiError> {
        #[derive(Deserialize)]
        struct Reply {
            access_token: SecretString,
            expires_in: u64,
        }

        let query = [
            ("corpid", self.corp.as_str()),
            ("corpsecret", self.secret(secret)?.expose_secret()),
        ];
        let api = gettoken(secret);
        let request = self.wire.get(&api, &query);
        let answer = self.attempt(&api, request, now).await?;
        let reply: Reply = answer.read(&api)?;
        if reply.access_token.expose_secret().is_empty() {
            return Err(api.bad_reply("the token is empty"));
        }
        let fetched = Fetched {
            value: reply.access_token,
            lifetime: Duration::from_secs(reply.expires_in),
        };
        Ok((fetched, answer.date))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use serde_json::json;

    use super::*;
    use crate::model::ids::UserId;
    use crate::wecom::fault::BREAK;
    use crate::wecom::script::{NOW, Reply, SYNC_SECRET, Script, errcode, reply};

    /// Some call that needs the app's token.
    async fn read(client: &Client, now: Timestamp) -> Result<(), ApiError> {
        let id = UserId::parse("zhang").unwrap();
        client.external_profile(&id, now).await.map(|_| ())
    }

    #[tokio::test]
    async fn many_callers_fetch_one_token() {
        let script = Script::start(|_, _| None).await;
        let client = script.client();
        for result in join_all((0..32).map(|_| read(&client, NOW))).await {
            result.unwrap();
        }
        assert_eq!(script.asked("gettoken").len(), 1);
        assert_eq!(script.asked("user/get").len(), 32);
    }

    #[tokio::test]
    async fn many_callers_replace_a_refused_token_once() {
        let script = Script::start(|asked, _| {
            let refused = asked.query.get("access_token");
            refused?.contains("-0-").then(|| errcode(40014)).flatten()
        })
        .await;
        let client = script.client();
        for result in join_all((0..32).map(|_| read(&client, NOW))).await {
            result.unwrap();
        }
        assert_eq!(script.asked("gettoken").len(), 2);
    }

    #[tokio::test]
    async fn waiters_share_a_failure() {
        let script =
            Script::start(|asked, _| (asked.path == "gettoken").then_some(Reply::Cut)).await;
        let client = script.client();
        for result in join_all((0..8).map(|_| read(&client, NOW))).await {
            assert!(
                matches!(result, Err(ApiError::Network { .. })),
                "{result:?}"
            );
        }
        assert_eq!(script.asked("gettoken").len(), 1);
        read(&client, NOW).await.unwrap_err();
        assert_eq!(script.asked("gettoken").len(), 2);
    }

    #[tokio::test]
    async fn an_expired_token_is_replaced_and_the_call_repeated() {
        for expired in [40014, 42001] {
            let script = Script::start(move |asked, before| {
                (asked.path == "user/get" && before == 0)
                    .then(|| errcode(expired))
                    .flatten()
            })
            .await;
            read(&script.client(), NOW).await.unwrap();
            assert_eq!(script.asked("gettoken").len(), 2);
            assert_eq!(script.asked("user/get").len(), 2);
        }
    }

    #[tokio::test]
    async fn a_token_that_is_always_refused_is_replaced_once() {
        let script =
            Script::start(|asked, _| (asked.path == "user/get").then(|| errcode(40014)).flatten())
                .await;
        let refused = read(&script.client(), NOW).await;
        let expected = ApiError::TokenRejected {
            api: "user/get",
            errcode: 40014,
        };
        assert_eq!(refused, Err(expected));
        assert_eq!(script.asked("gettoken").len(), 2);
        assert_eq!(script.asked("user/get").len(), 2);
    }

    #[tokio::test]
    async fn a_token_is_renewed_five_minutes_early() {
        for (lifetime, renewed_after) in [(7200, 6900), (600, 300), (400, 200)] {
            let script = Script::start(move |asked, _| {
                let token = json!({"access_token": "t", "expires_in": lifetime});
                (asked.path == "gettoken").then(|| reply(token)).flatten()
            })
            .await;
            let client = script.client();
            read(&client, NOW).await.unwrap();
            let at = NOW.plus(Duration::from_secs(renewed_after));
            read(&client, at.minus(Duration::from_millis(1)))
                .await
                .unwrap();
            assert_eq!(script.asked("gettoken").len(), 1, "{lifetime}");
            read(&client, at).await.unwrap();
            assert_eq!(script.asked("gettoken").len(), 2, "{lifetime}");
        }
    }

    #[tokio::test]
    async fn a_wrong_secret_is_not_tried_again_for_ten_minutes() {
        for code in [40001, 40013, 40091] {
            let script = Script::start(move |asked, before| {
                (asked.path == "gettoken" && before == 0)
                    .then(|| errcode(code))
                    .flatten()
            })
            .await;
            let client = script.client();
            let cause = read(&client, NOW).await.unwrap_err();
            assert_eq!(cause.errcode(), Some(code));
            let almost = NOW.plus(BREAK).minus(Duration::from_millis(1));
            for now in [NOW, almost] {
                assert_eq!(read(&client, now).await, Err(cause.clone()));
                assert_eq!(
                    client.check_token(Secret::App, now).await,
                    Err(cause.clone())
                );
            }
            assert_eq!(script.asked("gettoken").len(), 1);
            read(&client, NOW.plus(BREAK)).await.unwrap();
            assert_eq!(script.asked("gettoken").len(), 2);
        }
    }

    #[tokio::test]
    async fn two_secrets_have_two_tokens_and_two_breakers() {
        let script = Script::start(|asked, _| {
            let sync = asked.query.get("corpsecret").map(String::as_str) == Some(SYNC_SECRET);
            sync.then(|| errcode(40001)).flatten()
        })
        .await;
        let client = script.client();
        client
            .check_token(Secret::ContactSync, NOW)
            .await
            .unwrap_err();
        read(&client, NOW).await.unwrap();
        assert_eq!(script.asked("gettoken").len(), 2);
    }

    #[tokio::test]
    async fn an_empty_token_is_never_used() {
        let script = Script::start(|asked, _| {
            let token = json!({"access_token": "", "expires_in": 7200});
            (asked.path == "gettoken").then(|| reply(token)).flatten()
        })
        .await;
        let result = read(&script.client(), NOW).await;
        assert!(
            matches!(result, Err(ApiError::BadReply { .. })),
            "{result:?}"
        );
        assert!(script.asked("user/get").is_empty());
    }

    #[tokio::test]
    async fn checking_fetches_a_fresh_token_and_the_time() {
        let script = Script::start(|_, _| None).await;
        let client = script.client();
        for _ in 0..2 {
            let check = client.check_token(Secret::App, NOW).await.unwrap();
            assert_eq!(check.server_time, Some(Timestamp::from_secs(1_700_000_000)));
        }
        assert_eq!(script.asked("gettoken").len(), 2);
    }
}
