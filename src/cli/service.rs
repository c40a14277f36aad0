//! The running service, asked through its API.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Method, RequestBuilder};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use crate::app::caller::{self, Answer};
use crate::config::Config;
use crate::model::ids::CorpId;

/// A service on this machine that takes longer to answer is in trouble.
const PATIENCE: Duration = Duration::from_secs(10);

/// The service at its configured address.
pub(in crate::cli) struct Service {
    client: reqwest::Client,
    base: Url,
    token: String,
}

impl Service {
    /// Whether somebody listens there.
    pub(in crate::cli) async fn listens(config: &Config) -> anyhow::Result<bool> {
        Ok(answering(config).await?.is_some())
    }

    /// `None`: nobody listens there.
    pub(in crate::cli) async fn find(config: &Config) -> anyhow::Result<Option<Self>> {
        let Some((client, base)) = answering(config).await? else {
            return Ok(None);
        };
        let token = config.token_of_everything().context(
            "the service is running, but the configuration has no `[api] tokens` to ask it with",
        )?;
        Ok(Some(Self {
            client,
            base,
            token: token.expose_secret().to_owned(),
        }))
    }

    /// A request to an address below `/api/v1/`.
    pub(in crate::cli) fn request(
        &self,
        method: Method,
        path: &str,
    ) -> anyhow::Result<RequestBuilder> {
        let url = self.base.join(&format!("api/v1/{path}"))?;
        Ok(self.client.request(method, url).bearer_auth(&self.token))
    }

    /// The same about a corp.
    pub(in crate::cli) fn about(
        &self,
        corp: &CorpId,
        method: Method,
        path: &str,
    ) -> anyhow::Result<RequestBuilder> {
        Ok(self.request(method, path)?.query(&[("corp", corp)]))
    }
}

/// How the service is reached, if it answers.
async fn answering(config: &Config) -> anyhow::Result<Option<(reqwest::Client, Url)>> {
    let client = caller::client(PATIENCE).context("no HTTP client")?;
    let base = Url::parse(&format!("http://{}", caller::local(config.listen)))?;
    let alive = caller::ask(client.get(base.join("healthz")?)).await;
    Ok(alive.is_ok().then_some((client, base)))
}

/// Asks, whatever the answer is.
pub(in crate::cli) async fn ask(request: RequestBuilder) -> anyhow::Result<Answer> {
    let answer = caller::ask(request).await;
    answer.map_err(|problem| anyhow::anyhow!("the service does not answer: {problem}"))
}

/// The answer as JSON, if it has the expected status.
pub(in crate::cli) fn read(answer: &Answer, expected: u16) -> anyhow::Result<Value> {
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.status != expected {
        let detail = json["detail"]
            .as_str()
            .unwrap_or("is another program listening there?");
        bail!("the service answers {}: {detail}", answer.status);
    }
    Ok(json)
}
