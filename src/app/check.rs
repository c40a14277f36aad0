//! Checks of a set-up: does the store do, do the secrets, does the clock, does the running service answer?
//!
//! They change nothing: no event is sent, nothing stays written, and a store or folder that does not exist yet is not
//! made. Every one ends within seconds. What is seen and advised holds no secret.

mod files;
mod service;
mod store;

mod callback;
mod certificate;
mod domain;
mod public;

mod app;
mod attribute;
mod contact_sync;
mod corp;
mod service_account;
mod standing;
mod webhook;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Client;
use serde::Serialize;

use crate::act::Corp;
use crate::app::caller;
use crate::app::check::service::Service;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::model::ids::CorpId;

/// How long the service may take to answer: as long as WeCom waits (path/90238).
const PATIENCE: Duration = Duration::from_secs(5);

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked.
    pub name: String,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// What to do about it and where; nothing when all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Well.
    Ok,
    /// It works, and something about it should change.
    Warning,
    /// It does not work.
    Fault,
}

/// Which way the service's addresses are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through {
    /// At the address that the service listens on.
    Listen,
    /// At `public_url`, through whatever stands in front.
    Public,
}

/// Who asks.
#[derive(Clone, Copy)]
enum Asker<'a> {
    /// Another process than the service.
    CommandLine,
    /// The service itself; its clients know what they met.
    Service(&'a HashMap<CorpId, Corp>),
}

impl Check {
    /// All is well.
    pub fn ok(name: impl Into<String>, seen: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            verdict: Verdict::Ok,
            seen: seen.into(),
            advice: None,
        }
    }

    /// It works, and something should change.
    pub fn warning(
        name: impl Into<String>,
        seen: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            verdict: Verdict::Warning,
            seen: seen.into(),
            advice: Some(advice.into()),
        }
    }

    /// It does not work.
    pub fn fault(
        name: impl Into<String>,
        seen: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            verdict: Verdict::Fault,
            ..Self::warning(name, seen, advice)
        }
    }
}

/// Makes every check that this configuration allows, in the order in which they are worth reading. For each corp that
/// takes some dozen calls of WeCom's API, two of them for JS-SDK tickets, of which an app has 100 an hour.
pub async fn check(config: &Config, clock: &Clock, through: Through) -> Vec<Check> {
    check_for(Asker::CommandLine, config, clock, through).await
}

/// The same, made by the service itself, which has these corps, at the address that it listens on.
pub(in crate::app) async fn check_within(
    corps: &HashMap<CorpId, Corp>,
    config: &Config,
    clock: &Clock,
) -> Vec<Check> {
    check_for(Asker::Service(corps), config, clock, Through::Listen).await
}

async fn check_for(
    asker: Asker<'_>,
    config: &Config,
    clock: &Clock,
    through: Through,
) -> Vec<Check> {
    let client = match caller::client(PATIENCE) {
        Ok(client) => client,
        Err(problem) => {
            let advice = "install the system's CA certificates";
            return vec![Check::fault("HTTPS", problem.to_string(), advice)];
        }
    };
    let service = service::look(&client, config.listen).await;
    let (store, opened) = store::look(config, &service).await;
    let opened = opened.map(Arc::new);
    let kept = attribute::kept(config, &client, opened.as_deref()).await;
    let now = clock.now();
    let standing = standing::look(config, asker, &client, &service, opened.as_ref(), now).await;
    // The service may want to start while WeCom is asked.
    drop(opened);
    let (files, own, (corps, clock_check)) = tokio::join!(
        files::check(config),
        addresses(config, clock, through, &client, &service),
        corp::check(config, clock, &kept)
    );
    let mut checks = vec![store, service.check(config.listen)];
    checks.extend(files);
    checks.extend(own);
    checks.extend(corps);
    checks.extend(standing.checks(now));
    checks.push(clock_check);
    checks
}

/// What the service itself answers, this way or that.
async fn addresses(
    config: &Config,
    clock: &Clock,
    through: Through,
    client: &Client,
    service: &Service,
) -> Vec<Check> {
    let mut checks = Vec::new();
    if through == Through::Public {
        match public::check(client, config, clock.now()).await {
            Ok(check) => checks.push(check),
            Err(check) => return vec![check],
        }
    }
    let Some(base) = callback::base(config, through, service) else {
        return checks;
    };
    let receivers = config.corps.iter().flat_map(config::Corp::all_receivers);
    let receivers = receivers.map(|receiver| callback::check(client, &base, receiver, clock.now()));
    let (files, receivers) =
        tokio::join!(domain::check(client, &base, config), join_all(receivers));
    checks.extend(files);
    checks.extend(receivers);
    checks
}
