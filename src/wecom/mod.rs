//! The one door to WeCom's API.
//!
//! Every call takes the same path: token, limit, request, `errcode`. It goes out once, or twice when the token was
//! refused; waiting and further attempts are the caller's. Time comes in as an argument, never from a clock, except for
//! how long an answer may take. Nothing is stored, and no secret, token, ticket or code appears in an error.

pub mod chat;
pub mod contact;
pub mod member;
pub mod tag;

pub mod customers;
pub mod directory;
pub mod group;

pub mod link;
pub mod message;
pub mod welcome;

pub mod jssdk;
pub mod oauth;

pub mod probe;

pub mod token;

mod breaker;
mod call;
mod crowd;
pub(crate) mod limit;
mod places;
pub(crate) mod portion;
pub(crate) mod seal;
pub(crate) mod slot;
mod wire;

pub(crate) mod exchange;

pub mod shared;
pub mod tally;

pub mod codes;
pub mod error;
pub mod fault;

#[cfg(test)]
pub(crate) mod script;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::RequestBuilder;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use url::Url;

use crate::model::ids::{AgentId, CorpId};
use crate::model::outgoing::{Answer, Call};
use crate::model::time::Timestamp;
use crate::wecom::breaker::Breaker;
use crate::wecom::error::ApiError;
use crate::wecom::limit::Limits;
use crate::wecom::places::Rooms;
use crate::wecom::seal::Seal;
use crate::wecom::shared::{Shared, Sharing};
use crate::wecom::slot::{Around, Held, Slot};
use crate::wecom::tally::Tally;
use crate::wecom::wire::{Api, Wire};

/// How WeCom is reached.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// `https://qyapi.weixin.qq.com`, or a simulator.
    pub api_base: Url,
    /// An outbound proxy; without one, calls go out directly, whatever the environment says.
    pub proxy: Option<Url>,
}

/// Who calls.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The corp.
    pub corp: CorpId,
    /// Its self-built app (自建应用).
    pub app: AppSecret,
    /// The secret of the contact-sync assistant (通讯录同步助手): the only one that may write profiles.
    pub contact_sync: Option<SecretString>,
}

/// An app and its secret; WeCom refuses any other pair (301002).
#[derive(Debug, Clone)]
pub struct AppSecret {
    /// Which app.
    pub agent_id: AgentId,
    /// Its secret.
    pub secret: SecretString,
}

/// One of a corp's two secrets; each has a token of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Secret {
    /// The self-built app's: reads, sends, logs in.
    App,
    /// The contact-sync assistant's: writes profiles.
    ContactSync,
}

/// How many calls may be under way at once; more brings 45033. Urgent ones have places of their own, so that slow
/// answers do not use up a welcome code's 20 seconds.
const USUAL_PLACES: usize = 12;
const URGENT_PLACES: usize = 4;

/// A corp's way to WeCom's API. Tokens, tickets and limits belong to it, so there should be one per corp and process.
pub struct Client {
    corp: CorpId,
    agent_id: AgentId,
    app: SecretString,
    contact_sync: Option<SecretString>,
    /// Names of agent id and secrets that give none of them away.
    app_credentials: String,
    contact_sync_credentials: String,
    app_token: Slot<ApiError>,
    contact_sync_token: Option<Slot<ApiError>>,
    corp_ticket: Slot<ApiError>,
    app_ticket: Slot<ApiError>,
    limits: Arc<Limits>,
    rooms: Rooms,
    sharing: Sharing,
    breaker: Breaker,
    tally: Tally,
    usual: Semaphore,
    urgent: Semaphore,
    wire: Wire,
}

impl Client {
    /// Prepares a client. Nothing is called yet.
    ///
    /// # Errors
    /// [`ApiError::Misconfigured`] when an address cannot be used.
    pub fn new(settings: &ApiSettings, credentials: Credentials) -> Result<Self, ApiError> {
        let Credentials {
            corp,
            app,
            contact_sync,
        } = credentials;
        let slot = |what: &str, secret: &SecretString| Slot::new(what, &corp, secret);
        let app_token = slot("token", &app.secret);
        let corp_ticket = slot("corp ticket", &app.secret);
        let app_ticket = slot("app ticket", &app.secret);
        let contact_sync_token = contact_sync.as_ref();
        let contact_sync_token = contact_sync_token.map(|secret| slot("token", secret));
        let name = |what: &str, secret| Seal::new(what, &corp, secret).name().to_owned();
        let app_credentials = name(&format!("app {}", app.agent_id), &app.secret);
        let contact_sync_credentials = contact_sync.as_ref();
        let contact_sync_credentials = contact_sync_credentials
            .map_or_else(String::new, |secret| name("contact-sync", secret));
        Ok(Self {
            corp,
            agent_id: app.agent_id,
            app: app.secret,
            contact_sync,
            app_credentials,
            contact_sync_credentials,
            app_token,
            contact_sync_token,
            corp_ticket,
            app_ticket,
            limits: Arc::default(),
            rooms: Rooms::default(),
            sharing: Sharing::default(),
            breaker: Breaker::default(),
            tally: Tally::default(),
            usual: Semaphore::new(USUAL_PLACES),
            urgent: Semaphore::new(URGENT_PLACES),
            wire: Wire::new(settings)?,
        })
    }

    /// Shares limits, faults, tokens and tickets with the corp's clients in other processes.
    #[must_use]
    pub fn shared_with(mut self, others: Arc<dyn Shared>) -> Self {
        self.sharing = Sharing::with(others);
        self
    }

    /// What was counted since the start.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Makes a call that is owed.
    ///
    /// # Errors
    /// [`ApiError`]; its [`retry`](ApiError::retry) says whether to try again. Repeating a call that may have gone through
    /// is harmless: welcome codes and response codes work once, cards are checked for duplicates, links are read first.
    pub async fn perform(&self, call: &Call, now: Timestamp) -> Result<Answer, ApiError> {
        match call {
            Call::Welcome(welcome) => self.welcome(welcome, now).await,
            Call::Card(card) => self.send_card(card, now).await,
            Call::UpdateCard(update) => self.update_card(update, now).await,
            Call::WriteLink(link) => self.write_link(link, now).await,
            Call::Remind(_) => Err(ApiError::Misconfigured {
                errcode: None,
                what: "customers are reminded by a service account (服务号), not by WeCom".into(),
            }),
            Call::Webhook(_) => Err(ApiError::Misconfigured {
                errcode: None,
                what: "the company's own systems are not WeCom".into(),
            }),
        }
    }

    /// A call without a body.
    async fn get<T: DeserializeOwned>(
        &self,
        api: &Api,
        query: &[(&str, &str)],
        now: Timestamp,
    ) -> Result<T, ApiError> {
        let request = |token: &Held| {
            let mut all = vec![("access_token", token.expose())];
            all.extend_from_slice(query);
            self.wire.get(api, &all)
        };
        self.call(api, request, now).await
    }

    /// A call with a JSON body.
    async fn post<T: DeserializeOwned>(
        &self,
        api: &Api,
        body: &impl Serialize,
        now: Timestamp,
    ) -> Result<T, ApiError> {
        let json = serde_json::to_vec(body).expect("bodies are plain structs with text keys");
        let json = Bytes::from(json);
        let request = |token: &Held| {
            let query = [("access_token", token.expose())];
            self.wire.post(api, &query, json.clone())
        };
        self.call(api, request, now).await
    }

    /// Once, and once more with another token when WeCom refuses the first.
    async fn call<T: DeserializeOwned>(
        &self,
        api: &Api,
        request: impl Fn(&Held) -> RequestBuilder,
        now: Timestamp,
    ) -> Result<T, ApiError> {
        let token = self.token(api.secret, now).await?;
        let answer = match self.attempt(api, request(&token), now).await {
            Err(ApiError::TokenRejected { .. }) => {
                let token = self.token_instead_of(&token, api.secret, now).await?;
                let again = self.attempt(api, request(&token), now).await;
                self.note_refused_token(api, &again, now).await;
                again?
            }
            other => other?,
        };
        answer.read(api)
    }

    /// What slots use.
    const fn around(&self) -> Around<'_> {
        Around {
            sharing: &self.sharing,
            tally: &self.tally,
        }
    }

    fn slot(&self, secret: Secret) -> Result<&Slot<ApiError>, ApiError> {
        match secret {
            Secret::App => Ok(&self.app_token),
            Secret::ContactSync => self.contact_sync_token.as_ref().ok_or_else(no_contact_sync),
        }
    }

    /// Names a secret, and the agent id that belongs to it.
    fn credentials(&self, secret: Secret) -> &str {
        match secret {
            Secret::App => &self.app_credentials,
            Secret::ContactSync => &self.contact_sync_credentials,
        }
    }

    fn secret(&self, secret: Secret) -> Result<&SecretString, ApiError> {
        match secret {
            Secret::App => Ok(&self.app),
            Secret::ContactSync => self.contact_sync.as_ref().ok_or_else(no_contact_sync),
        }
    }
}

/// Only one of the two secrets can write profiles (path/90195, path/90197).
const NO_CONTACT_SYNC: &str = "without the contact-sync secret profiles cannot be written: configure the one of \
                               管理工具 → 通讯录同步, with \"API 编辑通讯录\" on, or fill in the attribute by hand";

fn no_contact_sync() -> ApiError {
    ApiError::Misconfigured {
        errcode: None,
        what: NO_CONTACT_SYNC.into(),
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({} app {})", self.corp, self.agent_id)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use tokio::task::JoinSet;

    use super::*;
    use crate::model::card::change::CardChange;
    use crate::model::ids::{TaskId, UserId};
    use crate::model::outgoing::{CardUpdate, OneTimeCode, WriteLink};
    use crate::wecom::script::{
        APP_SECRET, Asked, NOW, Reply, SYNC_SECRET, Script, errcode, reply,
    };

    fn someone() -> UserId {
        UserId::parse("zhang").unwrap()
    }

    /// Some call that needs the app's token.
    async fn read(client: &Client, now: Timestamp) -> Result<(), ApiError> {
        client.external_profile(&someone(), now).await.map(|_| ())
    }

    #[tokio::test]
    async fn a_call_carries_its_token_in_the_query_alone() {
        let script = Script::start(|_, _| None).await;
        read(&script.client(), NOW).await.unwrap();
        let asked = &script.asked("user/get")[0];
        let token = "token-app--0-of-some-length-0123456789";
        assert_eq!(asked.query["access_token"], token);
        assert_eq!(asked.query["userid"], "zhang");
        assert_eq!(asked.head.matches(token).count(), 1);
        let agent = concat!("user-agent: wecom-bridge/", env!("CARGO_PKG_VERSION"));
        assert!(asked.head.contains(agent), "{}", asked.head);
    }

    #[tokio::test]
    async fn an_absent_errcode_is_success() {
        let script = Script::start(|asked, _| match asked.path.as_str() {
            "user/get" => reply(json!({"userid": "zhang", "new": [1]})),
            _ => None,
        })
        .await;
        assert_eq!(read(&script.client(), NOW).await, Ok(()));
    }

    #[tokio::test]
    async fn a_refused_limit_pauses_its_api_alone() {
        let script = Script::start(|asked, before| match asked.path.as_str() {
            "user/get" if before == 0 => errcode(45009),
            _ => None,
        })
        .await;
        let client = script.client();
        let limited = |secs| {
            Err(ApiError::RateLimited {
                api: "user/get",
                after: Duration::from_secs(secs),
            })
        };
        assert_eq!(read(&client, NOW).await, limited(60));
        let later = NOW.plus(Duration::from_secs(59));
        assert_eq!(read(&client, later).await, limited(1));
        assert_eq!(script.asked("user/get").len(), 1);
        let other = client.visitor("code", later).await;
        assert_eq!(other, Ok(oauth::Visitor::Stranger));
        let after = NOW.plus(Duration::from_secs(60));
        assert_eq!(read(&client, after).await, Ok(()));
    }

    #[tokio::test]
    async fn slow_answers_keep_places_free_for_urgent_calls() {
        let script = Script::start(|asked, _| match asked.path.as_str() {
            "user/get" => Some(Reply::Hang),
            _ => None,
        })
        .await;
        let client = Arc::new(script.client());
        client.check_token(Secret::App, NOW).await.unwrap();
        let mut slow = JoinSet::new();
        for _ in 0..2 * USUAL_PLACES {
            let client = Arc::clone(&client);
            slow.spawn(async move { read(&client, NOW).await });
        }
        while script.asked("user/get").len() < USUAL_PLACES {
            tokio::task::yield_now().await;
        }
        let update = CardUpdate {
            userid: someone(),
            task_id: TaskId::parse("t1").unwrap(),
            response_code: OneTimeCode::new("R"),
            contact: None,
            change: CardChange::ReplaceName("完成".into()),
        };
        client.update_card(&update, NOW).await.unwrap();
        assert_eq!(script.asked("user/get").len(), USUAL_PLACES);
    }

    /// WeCom repeats what it got, in every place it can; nothing of it may be kept.
    #[tokio::test]
    async fn no_error_tells_a_secret() {
        fn echo(asked: &Asked, errcode: i64) -> Option<Reply> {
            let mut heard: Vec<&str> = asked.query.values().map(String::as_str).collect();
            heard.push(APP_SECRET);
            heard.push(SYNC_SECRET);
            let errmsg = format!("from ip: 203.0.113.7 {}", heard.join(" & x="));
            reply(json!({"errcode": errcode, "errmsg": errmsg, "access_token": 7}))
        }
        for (code, shown) in [
            (60020, "203.0.113.7"),
            (40014, ""),
            (-1, ""),
            (40003, ""),
            (0, ""),
        ] {
            for failing in ["gettoken", "user/get", "user/update"] {
                let script = Script::start(move |asked, _| {
                    (asked.path == failing).then(|| echo(asked, code)).flatten()
                })
                .await;
                let client = script.client();
                let link = WriteLink {
                    userid: someone(),
                    name: "与我协作".into(),
                    url: "https://a.example/".into(),
                };
                let Err(error) = client.write_link(&link, NOW).await else {
                    assert_eq!(code, 0, "{failing}");
                    continue;
                };
                for text in [
                    error.to_string(),
                    format!("{error:?}"),
                    format!("{client:?}"),
                ] {
                    for secret in ["token-", "of-some-length", "app-secret", "sync-secret"] {
                        assert!(!text.contains(secret), "{text}");
                    }
                }
                assert!(error.to_string().contains(shown), "{error}");
            }
        }
    }
}
