//! The one door to WeChat's API, for the corp's service account (服务号): who opened a page, who follows, and reminders.
//!
//! It is made as the door to WeCom is, with the same exchange, token slots and limits: token, limit, request, `errcode`;
//! once, or twice when the token was refused. Time comes in as an argument. Nothing is stored, and no secret, token or
//! code appears in an error.

pub mod follower;
pub mod oauth;
pub mod template;

pub mod token;

mod limit;

pub mod error;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use reqwest::RequestBuilder;
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use crate::model::ids::AppId;
use crate::model::time::Timestamp;
use crate::wecom::ApiSettings;
use crate::wecom::exchange::{self, Broken, Exchange, Json, Refused};
use crate::wecom::limit::{Limits, Rate};
use crate::wecom::shared::{Shared, Sharing};
use crate::wecom::slot::{Around, Held, Slot};
use crate::wecom::tally::{CallResult, Family, Happening, Tally};
use crate::weixin::error::WeixinError;

/// Who calls.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The service account.
    pub app_id: AppId,
    /// Its secret.
    pub secret: SecretString,
}

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many calls may be under way at once (own choice).
const PLACES: usize = 8;

/// One call of WeChat's API.
struct Api {
    /// Its path; also its name in errors and of its bucket.
    path: &'static str,
    /// How often it may be made.
    rate: Rate,
}

impl Api {
    fn bad_reply(&self, what: impl Into<String>) -> WeixinError {
        WeixinError::BadReply {
            api: self.path,
            what: what.into(),
        }
    }

    fn broken(&self, broken: Broken) -> WeixinError {
        match broken {
            Broken::Network(what) => WeixinError::Network {
                api: self.path,
                what,
            },
            Broken::BadReply(what) => self.bad_reply(what),
        }
    }
}

/// When the account got no token last, and why.
type LastRefusal = Option<(Timestamp, WeixinError)>;

/// A service account's way to WeChat's API. Token and limits belong to it, so there should be one per account and
/// process.
pub struct Client {
    app_id: AppId,
    secret: SecretString,
    token: Slot<WeixinError>,
    refused: Mutex<LastRefusal>,
    limits: Limits,
    sharing: Sharing,
    tally: Tally,
    places: Semaphore,
    exchange: Exchange,
}

impl Client {
    /// Prepares a client. Nothing is called yet.
    ///
    /// # Errors
    /// [`WeixinError::Misconfigured`] when an address cannot be used.
    pub fn new(settings: &ApiSettings, credentials: Credentials) -> Result<Self, WeixinError> {
        let Credentials { app_id, secret } = credentials;
        let exchange = Exchange::new(settings).map_err(|what| WeixinError::Misconfigured {
            errcode: None,
            what,
        })?;
        Ok(Self {
            token: Slot::new("weixin token", &app_id, &secret),
            app_id,
            secret,
            refused: Mutex::default(),
            limits: Limits::default(),
            sharing: Sharing::default(),
            tally: Tally::default(),
            places: Semaphore::new(PLACES),
            exchange,
        })
    }

    /// Shares limits and the token with the account's clients in other processes.
    #[must_use]
    pub fn shared_with(mut self, others: Arc<dyn Shared>) -> Self {
        self.sharing = Sharing::with(others);
        self
    }

    /// Which account it is.
    pub const fn app_id(&self) -> &AppId {
        &self.app_id
    }

    /// What was counted since the start.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// A call without a body.
    async fn get<T: DeserializeOwned>(
        &self,
        api: &Api,
        query: &[(&str, &str)],
        now: Timestamp,
    ) -> Result<T, WeixinError> {
        let request = |token: &Held| {
            let mut all = vec![("access_token", token.expose())];
            all.extend_from_slice(query);
            self.exchange.get(api.path, &all, PATIENCE)
        };
        self.call(api, request, now).await
    }

    /// A call with a JSON body.
    async fn post<T: DeserializeOwned>(
        &self,
        api: &Api,
        body: &impl Serialize,
        now: Timestamp,
    ) -> Result<T, WeixinError> {
        let json = body_of(body);
        let request = |token: &Held| {
            let query = [("access_token", token.expose())];
            self.exchange.post(api.path, &query, json.clone(), PATIENCE)
        };
        self.call(api, request, now).await
    }

    /// Once, and once more with another token when WeChat refuses the first.
    async fn call<T: DeserializeOwned>(
        &self,
        api: &Api,
        request: impl Fn(&Held) -> RequestBuilder,
        now: Timestamp,
    ) -> Result<T, WeixinError> {
        let token = self.token(now).await?;
        let answer = match self.attempt(api, request(&token), now).await {
            Err(WeixinError::TokenRejected { .. }) => {
                let token = self.token_instead_of(&token, now).await?;
                self.attempt(api, request(&token), now).await?
            }
            other => other?,
        };
        answer.read().map_err(|what| api.bad_reply(what))
    }

    /// Limit, place, request, `errcode`.
    async fn attempt(
        &self,
        api: &Api,
        request: RequestBuilder,
        now: Timestamp,
    ) -> Result<Json, WeixinError> {
        self.take(api.path, api.path, api.rate, now).await?;
        let place = self.places.acquire().await;
        let _place = place.expect("the semaphore lives as long as the client and is never closed");
        let answer = exchange::send(request).await;
        let answer = answer.map_err(|broken| api.broken(broken));
        let answer = answer.and_then(|answer| check(api, answer));
        let result = answer
            .as_ref()
            .map_or_else(WeixinError::counts_as, |_| CallResult::Ok);
        self.tally.count_call(Family::ServiceAccount, result);
        tracing::debug!(api = api.path, result = result.name(), "WeChat was asked.");
        match answer {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.heed(api, error, now).await),
        }
    }

    /// Draws the consequences of a refusal.
    async fn heed(&self, api: &Api, error: WeixinError, now: Timestamp) -> WeixinError {
        if let WeixinError::RateLimited { api: path, after } = error {
            self.tally.count(Happening::LimitedByWecom);
            let after = self.pause(path, after, now).await;
            return WeixinError::RateLimited { api: path, after };
        }
        if let WeixinError::Misconfigured { .. } = error {
            self.tally.count(Happening::Misconfigured);
            self.note_refused(api, &error, now);
        }
        error
    }

    const fn around(&self) -> Around<'_> {
        Around {
            sharing: &self.sharing,
            tally: &self.tally,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.app_id)
    }
}

fn body_of(body: &impl Serialize) -> Bytes {
    let json = serde_json::to_vec(body).expect("bodies are plain structs with text keys");
    Bytes::from(json)
}

fn check(api: &Api, answer: Json) -> Result<Json, WeixinError> {
    let window = api.rate.window;
    match answer.refusal().map_err(|what| api.bad_reply(what))? {
        None => Ok(answer),
        Some(Refused { errcode, errmsg }) => {
            Err(WeixinError::from_code(api.path, errcode, &errmsg, window))
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use serde_json::json;

    use super::*;
    use crate::model::ids::OpenId;
    use crate::wecom::script::{Asked, NOW, Reply, Script, Together, errcode, reply};

    pub(in crate::weixin) const SECRET: &str = "account-secret-01234567890123456";

    pub(in crate::weixin) fn client(script: &Script) -> Client {
        let settings = ApiSettings {
            api_base: script.base().clone(),
            proxy: None,
        };
        let credentials = Credentials {
            app_id: AppId::parse("wx1").unwrap(),
            secret: SECRET.into(),
        };
        Client::new(&settings, credentials).unwrap()
    }

    /// The usual answer where the script has none: tokens are numbered.
    pub(in crate::weixin) async fn script(
        plot: impl Fn(&Asked, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Script {
        Script::start(move |asked, before| {
            plot(asked, before).or_else(|| match asked.path.as_str() {
                "stable_token" => {
                    let token = format!("token-{before}-of-some-length-0123456789");
                    reply(json!({"access_token": token, "expires_in": 7200}))
                }
                "user/info" => reply(json!({"subscribe": 1, "unionid": "uA"})),
                _ => None,
            })
        })
        .await
    }

    async fn read(client: &Client, now: Timestamp) -> Result<(), WeixinError> {
        let openid = OpenId::parse("oA").unwrap();
        client.follows(&openid, now).await.map(|_| ())
    }

    #[tokio::test]
    async fn many_callers_fetch_one_token_by_post() {
        let script = script(|_, _| None).await;
        let client = client(&script);
        for result in join_all((0..16).map(|_| read(&client, NOW))).await {
            result.unwrap();
        }
        let expected = json!({"grant_type": "client_credential", "appid": "wx1", "secret": SECRET});
        assert_eq!(script.body("stable_token"), expected);
        let asked = &script.asked("user/info")[0];
        let token = "token-0-of-some-length-0123456789";
        assert_eq!(asked.query["access_token"], token);
        assert_eq!(asked.query["openid"], "oA");
    }

    #[tokio::test]
    async fn a_refused_token_is_replaced_once() {
        for (code, refusals, tokens) in [(40001, 1, 2), (42001, 1, 2), (40001, 9, 2)] {
            let script = script(move |asked, before| {
                (asked.path == "user/info" && before < refusals)
                    .then(|| errcode(code))
                    .flatten()
            })
            .await;
            let result = read(&client(&script), NOW).await;
            assert_eq!(result.is_ok(), refusals == 1, "{result:?}");
            assert_eq!(script.asked("stable_token").len(), tokens);
        }
    }

    #[tokio::test]
    async fn processes_share_one_token_and_keep_it_sealed() {
        let script = script(|_, _| None).await;
        let together = Arc::new(Together::default());
        let joined = |_| client(&script).shared_with(Arc::clone(&together) as Arc<_>);
        for client in &[0, 1].map(joined) {
            read(client, NOW).await.unwrap();
        }
        assert_eq!(script.asked("stable_token").len(), 1);
        for text in together.texts() {
            assert!(
                !text.contains("token-0") && !text.contains(SECRET),
                "{text}"
            );
        }
    }

    #[tokio::test]
    async fn a_refused_secret_is_not_tried_again_for_ten_minutes() {
        for code in [40001, 40013, 40125, 40164] {
            let script = script(move |asked, before| {
                (asked.path == "stable_token" && before == 0)
                    .then(|| errcode(code))
                    .flatten()
            })
            .await;
            let client = client(&script);
            let cause = read(&client, NOW).await.unwrap_err();
            assert_eq!(cause.errcode(), Some(code));
            let almost = NOW.plus(Duration::from_secs(599));
            assert_eq!(read(&client, almost).await, Err(cause));
            assert_eq!(script.asked("stable_token").len(), 1);
            let after = NOW.plus(Duration::from_secs(600));
            read(&client, after).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_refused_secret_is_tried_again_when_somebody_says_so() {
        let script = script(|asked, before| {
            (asked.path == "stable_token" && before == 0)
                .then(|| errcode(40125))
                .flatten()
        })
        .await;
        let client = client(&script);
        assert!(read(&client, NOW).await.is_err());
        client.try_again();
        read(&client, NOW).await.unwrap();
        let calls = |result| client.tally().calls(Family::ServiceAccount, result);
        // A token that is refused, a token, and the call.
        assert_eq!(
            (calls(CallResult::Misconfigured), calls(CallResult::Ok)),
            (1, 2)
        );
    }

    #[tokio::test]
    async fn a_used_up_limit_pauses_its_api() {
        let script = script(|asked, before| {
            (asked.path == "user/info" && before == 0)
                .then(|| errcode(45009))
                .flatten()
        })
        .await;
        let client = client(&script);
        let limited = read(&client, NOW).await.unwrap_err();
        let WeixinError::RateLimited { after, .. } = limited else {
            panic!("{limited:?}");
        };
        assert!(read(&client, NOW).await.is_err());
        assert_eq!(script.asked("user/info").len(), 1);
        read(&client, NOW.plus(after)).await.unwrap();
    }

    #[tokio::test]
    async fn no_error_tells_a_secret() {
        for failing in ["stable_token", "user/info"] {
            let script = script(move |asked, _| {
                let heard: Vec<_> = asked.query.values().map(String::as_str).collect();
                let errmsg = format!("{} {}", heard.join(" "), asked.body);
                let answer = json!({"errcode": 40013, "errmsg": errmsg});
                (asked.path == failing).then(|| reply(answer)).flatten()
            })
            .await;
            let client = client(&script);
            let error = read(&client, NOW).await.unwrap_err();
            let text = format!("{error} {error:?} {client:?}");
            assert!(!text.contains("token-") && !text.contains(SECRET), "{text}");
        }
    }
}
