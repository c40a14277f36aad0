//! The account's access token (`stable_token`): fetched when needed, by one caller at a time, renewed before it ends.
//!
//! The stable token is the one that other systems of the company may fetch as well without making ours invalid.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::model::time::Timestamp;
use crate::wecom::limit::FORCED_TOKENS;
use crate::wecom::slot::{Fetched, Held};
use crate::wecom::tally::Happening;
use crate::weixin::error::WeixinError;
use crate::weixin::limit::TOKENS;
use crate::weixin::{Api, Client, LastRefusal, PATIENCE, body_of};

const STABLE_TOKEN: Api = Api {
    path: "cgi-bin/stable_token",
    rate: TOKENS,
};

/// The bucket of the tokens that are fetched because one was refused.
const FORCED: &str = "cgi-bin/stable_token forced";

/// How long an account that gets no token is not tried again.
const BREAK: Duration = Duration::from_secs(600);

/// What [`Client::check_token`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenCheck {
    /// WeChat's time, to the second, where the answer told it.
    pub server_time: Option<Timestamp>,
}

impl Client {
    /// Fetches the token: proves appid, secret, the list of addresses that may call, and the connection.
    ///
    /// # Errors
    /// [`WeixinError::Misconfigured`] for a wrong appid or secret, within ten minutes without asking again; any error of
    /// the connection.
    pub async fn check_token(&self, now: Timestamp) -> Result<TokenCheck, WeixinError> {
        let mut server_time = None;
        let fetch = async {
            let (fetched, date) = self.fetch_token(now).await?;
            server_time = date;
            Ok(fetched)
        };
        self.token.renew(self.around(), now, fetch).await?;
        Ok(TokenCheck { server_time })
    }

    /// A token is asked for again at once: somebody says that what was set up wrongly is put right. Other processes take
    /// the token over.
    pub fn try_again(&self) {
        *self.refused() = None;
    }

    /// The token.
    pub(in crate::weixin) async fn token(&self, now: Timestamp) -> Result<Arc<Held>, WeixinError> {
        let fetch = async { Ok(self.fetch_token(now).await?.0) };
        self.token.current(self.around(), now, fetch).await
    }

    /// Another token than the one that WeChat has just refused.
    pub(in crate::weixin) async fn token_instead_of(
        &self,
        refused: &Held,
        now: Timestamp,
    ) -> Result<Arc<Held>, WeixinError> {
        let fetch = async {
            self.take(STABLE_TOKEN.path, FORCED, FORCED_TOKENS, now)
                .await?;
            Ok(self.fetch_token(now).await?.0)
        };
        let around = self.around();
        self.token.instead_of(around, refused, now, fetch).await
    }

    /// Keeps that the account itself is refused.
    pub(in crate::weixin) fn note_refused(&self, api: &Api, error: &WeixinError, now: Timestamp) {
        if api.path == STABLE_TOKEN.path {
            *self.refused() = Some((now, error.clone()));
        }
    }

    /// A new token, and WeChat's time where the answer tells it.
    async fn fetch_token(
        &self,
        now: Timestamp,
    ) -> Result<(Fetched, Option<Timestamp>), WeixinError> {
        #[derive(Serialize)]
        struct Body<'a> {
            grant_type: &'static str,
            appid: &'a str,
            secret: &'a str,
        }

        #[derive(Deserialize)]
        struct Reply {
            access_token: SecretString,
            expires_in: u64,
        }

        self.still_refused(now)?;
        let api = &STABLE_TOKEN;
        let body = body_of(&Body {
            grant_type: "client_credential",
            appid: self.app_id.as_str(),
            secret: self.secret.expose_secret(),
        });
        let request = self.exchange.post(api.path, &[], body, PATIENCE);
        let answer = self.attempt(api, request, now).await?;
        let reply: Reply = answer.read().map_err(|what| api.bad_reply(what))?;
        if reply.access_token.expose_secret().is_empty() {
            return Err(api.bad_reply("the token is empty"));
        }
        let fetched = Fetched {
            value: reply.access_token,
            lifetime: Duration::from_secs(reply.expires_in),
        };
        Ok((fetched, answer.date))
    }

    fn still_refused(&self, now: Timestamp) -> Result<(), WeixinError> {
        match &*self.refused() {
            // A clock that was set back must not make the break longer.
            Some((since, error)) if now >= *since && now.since(*since) < BREAK => {
                self.tally.count(Happening::HeldBack);
                Err(error.clone())
            }
            _ => Ok(()),
        }
    }

    fn refused(&self) -> MutexGuard<'_, LastRefusal> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
