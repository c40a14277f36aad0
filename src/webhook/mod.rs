//! The one door to the company's own systems: messages by Standard Webhooks, signed, each to one address.
//!
//! A message is a POST of JSON with `webhook-id`, `webhook-timestamp` and `webhook-signature`. Any 2xx takes it. A
//! redirect is not followed: the address in the settings is the one that was agreed on. What an answer says is not read.

pub mod address;
pub mod error;

mod sign;

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Name, Resolve, Resolving};
use reqwest::{Response, StatusCode, header};
use tokio::net::TcpStream;
use url::Url;

use crate::model::ids::WebhookName;
use crate::model::signing_secret::SigningSecret;
use crate::model::time::Timestamp;
use crate::model::webhook::Webhook;
use crate::webhook::address::{Reach, is_private};
use crate::webhook::error::WebhookError;
use crate::webhook::sign::sign;
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

/// Sends messages to the systems of one corp.
pub struct Client {
    targets: HashMap<WebhookName, Target>,
    public: reqwest::Client,
    anywhere: reqwest::Client,
}

impl Client {
    /// For these systems.
    ///
    /// # Errors
    /// [`WebhookError::Unusable`] when no client for HTTPS can be made on this machine.
    pub fn new(targets: impl IntoIterator<Item = Target>) -> Result<Self, WebhookError> {
        let client = |make: fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder| {
            let plain = || exchange::builder(None).map(make);
            exchange::with_roots(plain).map_err(WebhookError::Unusable)
        };
        let targets = targets.into_iter();
        Ok(Self {
            targets: targets.map(|it| (it.name.clone(), it)).collect(),
            public: client(|builder| builder.dns_resolver(Arc::new(PublicOnly)))?,
            anywhere: client(|builder| builder)?,
        })
    }

    /// Sends a message, once.
    ///
    /// # Errors
    /// [`WebhookError`]; the message may have arrived.
    pub async fn send(&self, webhook: &Webhook, now: Timestamp) -> Result<(), WebhookError> {
        let target = self.targets.get(&webhook.target);
        let target = target.ok_or(WebhookError::NotConfigured)?;
        let http = match target.reach {
            Reach::Anywhere => &self.anywhere,
            Reach::Public if target.reach.admits(&target.url) => &self.public,
            Reach::Public => return Err(WebhookError::Private),
        };
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
        let answer = request.send().await.map_err(failed)?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            StatusCode::GONE => Err(WebhookError::Gone),
            status => Err(WebhookError::Refused {
                status: status.as_u16(),
                after: wait(&answer),
            }),
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
        let names: Vec<_> = self.targets.keys().collect();
        f.debug_struct("Client")
            .field("targets", &names)
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
