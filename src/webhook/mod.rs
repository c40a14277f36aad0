//! The one door to the company's own systems: messages by Standard Webhooks, signed, each to one address.
//!
//! A message is a POST of JSON with `webhook-id`, `webhook-timestamp` and `webhook-signature`. Any 2xx takes it. A
//! redirect is not followed: the address in the settings is the one that was agreed on. What an answer says is not read.

pub mod error;
pub mod tally;

mod sign;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use reqwest::dns::{Name, Resolve, Resolving};
use reqwest::{Response, StatusCode, header};
use tokio::net::TcpStream;
use tokio::time::Instant;
use url::Url;

use crate::model::ids::WebhookName;
use crate::model::reach::{Reach, is_private};
use crate::model::signing_secret::SigningSecret;
use crate::model::time::Timestamp;
use crate::model::webhook::Webhook;

use crate::webhook::error::WebhookError;
use crate::webhook::sign::sign;
use crate::webhook::tally::{Tally, Told};
use crate::wecom::exchange;

/// How long a system may take to answer; one that works longer should take the message and work afterwards.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a connection may take to be made, when it is only looked whether one can.
const CONNECT: Duration = Duration::from_secs(5);

/// No wait that a system asks for is longer.
const WAIT_MAX: Duration = Duration::from_secs(60 * 60);

/// Where one of the company's systems is, and how it knows that a message is ours.
#[derive(Debug, Clone)]
pub struct Target {
    /// How it is called.
    pub name: WebhookName,
    /// Where messages go.
    pub url: Url,
    /// The key, and while keys are changed the one before it: a message is signed with each.
    pub secrets: Vec<SigningSecret>,
    /// Which addresses it may have.
    pub reach: Reach,
}

/// The HTTP clients, which all corps share.
#[derive(Debug, Clone)]
pub struct Https {
    public: reqwest::Client,
    anywhere: reqwest::Client,
}

/// Sends messages to the systems of one corp.
pub struct Client {
    systems: BTreeMap<WebhookName, System>,
    https: Https,
}

/// A system, and what is known of it since the start.
struct System {
    target: Target,
    /// Until then it wants to be left alone, in milliseconds since 1970.
    left_alone_until: AtomicI64,
    tally: Tally,
}

impl Https {
    /// Makes them.
    ///
    /// # Errors
    /// [`WebhookError::Unusable`] when no client for HTTPS can be made on this machine.
    pub fn new() -> Result<Self, WebhookError> {
        let client = |make: fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder| {
            let plain = || exchange::builder(None).map(make);
            exchange::with_roots(plain).map_err(WebhookError::Unusable)
        };
        Ok(Self {
            public: client(|builder| builder.dns_resolver(Arc::new(PublicOnly)))?,
            anywhere: client(|builder| builder)?,
        })
    }

    /// The one that may go to this system.
    fn to(&self, target: &Target) -> Result<&reqwest::Client, WebhookError> {
        match target.reach {
            Reach::Anywhere => Ok(&self.anywhere),
            Reach::Public if target.reach.admits(&target.url) => Ok(&self.public),
            Reach::Public => Err(WebhookError::Private),
        }
    }
}

impl Client {
    /// For these systems.
    pub fn new(https: &Https, targets: impl IntoIterator<Item = Target>) -> Self {
        let system = |target: Target| {
            let system = System {
                left_alone_until: AtomicI64::new(i64::MIN),
                tally: Tally::default(),
                target,
            };
            (system.target.name.clone(), system)
        };
        Self {
            systems: targets.into_iter().map(system).collect(),
            https: https.clone(),
        }
    }

    /// Sends a message, once; not at all while its system wants to be left alone.
    ///
    /// # Errors
    /// [`WebhookError`]; the message may have arrived.
    pub async fn send(&self, webhook: &Webhook, now: Timestamp) -> Result<(), WebhookError> {
        let known = self.systems.get(&webhook.target);
        let known = known.ok_or(WebhookError::NotConfigured)?;
        let result = known.send(&self.https, webhook, now).await;
        let told = Told::of(&result);
        known.tally.count(told);
        let (system, id) = (&webhook.target, &webhook.id);
        tracing::debug!(%system, id, result = told.name(), "A system was told.");
        result
    }

    /// What came of the messages to each system, by name.
    pub fn tallies(&self) -> impl Iterator<Item = (&WebhookName, &Tally)> {
        let systems = self.systems.iter();
        systems.map(|(name, system)| (name, &system.tally))
    }
}

impl System {
    async fn send(
        &self,
        https: &Https,
        webhook: &Webhook,
        now: Timestamp,
    ) -> Result<(), WebhookError> {
        let Self { target, .. } = self;
        let http = https.to(target)?;
        let until = Timestamp::from_millis(self.left_alone_until.load(Ordering::Relaxed));
        if now < until {
            let after = until.since(now);
            return Err(WebhookError::LeftAlone { after });
        }
        let seconds = now.secs();
        let signatures: Vec<String> = target
            .secrets
            .iter()
            .map(|secret| sign(secret, &webhook.id, seconds, &webhook.body))
            .collect();
        let request = http
            .post(target.url.clone())
            .timeout(PATIENCE)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", &webhook.id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signatures.join(" "))
            .body(webhook.body.clone());
        let begun = Instant::now();
        let answer = request.send().await.map_err(failed)?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            StatusCode::GONE => Err(WebhookError::Gone),
            status => {
                let (status, after) = (status.as_u16(), wait(&answer));
                if let Some(after) = after {
                    let until = now.plus(begun.elapsed()).plus(after).millis();
                    self.left_alone_until.fetch_max(until, Ordering::Relaxed);
                }
                Err(WebhookError::Refused { status, after })
            }
        }
    }
}

impl Target {
    /// Whether a connection to it can be made. Nothing is sent.
    ///
    /// # Errors
    /// [`WebhookError::Private`] or [`WebhookError::Network`].
    pub async fn reach(&self) -> Result<(), WebhookError> {
        let network = |what: &str| WebhookError::Network(what.to_owned());
        if !self.reach.admits(&self.url) {
            return Err(WebhookError::Private);
        }
        let url = self.url.clone();
        // It asks the system's resolver, which blocks.
        let found = tokio::task::spawn_blocking(move || url.socket_addrs(|| None)).await;
        let found = found.ok().and_then(Result::ok);
        let mut found = found.ok_or_else(|| network("its name leads to no address"))?;
        if self.reach == Reach::Public {
            found.retain(|found| !is_private(found.ip()));
        }
        if found.is_empty() {
            return Err(WebhookError::Private);
        }
        let connected = TcpStream::connect(found.as_slice());
        match tokio::time::timeout(CONNECT, connected).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(problem)) => Err(network(&format!("no connection: {problem}"))),
            Err(_elapsed) => Err(network("no connection in time")),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.systems.keys().collect();
        f.debug_struct("Client")
            .field("systems", &names)
            .finish_non_exhaustive()
    }
}

/// What the system asks for with `Retry-After`, in seconds.
fn wait(answer: &Response) -> Option<Duration> {
    let asked = answer.headers().get(header::RETRY_AFTER)?;
    let seconds = asked.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(WAIT_MAX))
}

fn failed(error: reqwest::Error) -> WebhookError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if inner.is::<OnlyPrivate>() {
            return WebhookError::Private;
        }
        cause = inner.source();
    }
    WebhookError::Network(exchange::broken(error))
}

/// Finds the addresses of a name, without the private ones. The client connects to what was found here, so a name
/// that has another address a moment later leads nowhere else.
struct PublicOnly;

/// A name has private addresses alone.
#[derive(Debug, thiserror::Error)]
#[error("the name has only private addresses")]
struct OnlyPrivate;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| !is_private(found.ip())).collect();
            match public.is_empty() {
                true => Err(OnlyPrivate.into()),
                false => Ok(Box::new(public.into_iter()) as _),
            }
        })
    }
}
