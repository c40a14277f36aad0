//! The running service, asked through its API.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use url::Url;

use crate::app::caller::{self, Answer};
use crate::cli::sync::report::Run;
use crate::config::Config;
use crate::model::ids::CorpId;
use crate::model::sync::{SyncMode, SyncRequest};

/// A service on this machine that takes longer to answer is in trouble.
const PATIENCE: Duration = Duration::from_secs(10);

/// The service at its configured address.
pub(in crate::cli::sync) struct Service {
    client: reqwest::Client,
    base: Url,
    token: String,
}

impl Service {
    /// `None`: nobody listens there.
    pub(in crate::cli::sync) async fn find(config: &Config) -> anyhow::Result<Option<Self>> {
        let client = caller::client(PATIENCE).context("no HTTP client")?;
        let base = Url::parse(&format!("http://{}", caller::local(config.listen)))?;
        let alive = caller::ask(client.get(base.join("healthz")?)).await;
        if alive.is_err() {
            return Ok(None);
        }
        let token = config.api_tokens.first().context(
            "the service is running, but the configuration has no `[api] tokens` to ask it with",
        )?;
        Ok(Some(Self {
            client,
            base,
            token: token.expose_secret().to_owned(),
        }))
    }

    /// Has it begun.
    pub(in crate::cli::sync) async fn begin(
        &self,
        corp: &CorpId,
        request: SyncRequest,
    ) -> anyhow::Result<Run> {
        let wish = json!({
            "scope": request.scope, "dry_run": request.mode == SyncMode::DryRun, "corp": corp,
        });
        let url = self.base.join("api/v1/sync")?;
        let answer = self.ask(self.client.post(url).json(&wish)).await?;
        Run::read(read(&answer, 202)?)
    }

    /// Looks how far it is. `None`: it has not begun.
    pub(in crate::cli::sync) async fn look(
        &self,
        corp: &CorpId,
        id: &str,
    ) -> anyhow::Result<Option<Run>> {
        let url = self.base.join(&format!("api/v1/syncs/{id}?corp={corp}"))?;
        let answer = self.ask(self.client.get(url)).await?;
        match answer.status {
            404 => Ok(None),
            _ => Ok(Some(Run::read(read(&answer, 200)?)?)),
        }
    }

    async fn ask(&self, request: RequestBuilder) -> anyhow::Result<Answer> {
        let answer = caller::ask(request.bearer_auth(&self.token)).await;
        answer.map_err(|problem| anyhow::anyhow!("the service does not answer: {problem}"))
    }
}

fn read(answer: &Answer, expected: u16) -> anyhow::Result<Value> {
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.status != expected {
        let detail = json["detail"]
            .as_str()
            .unwrap_or("is another program listening there?");
        bail!("the service answers {}: {detail}", answer.status);
    }
    Ok(json)
}
