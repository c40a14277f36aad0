//! `forget-customer`: remove all that is kept about a customer.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use crate::app::App;
use crate::cli::service::{Service, ask, read};
use crate::cli::{ConfigArgs, Exit, complain, one_corp, say, there_is_a_store};
use crate::clock::Clock;
use crate::config::Config;
use crate::model::ids::CorpId;
use crate::model::item::Actor;

/// How often it is looked whether it is done.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// After so long without a step nobody works on what has to be waited for: it is longer than a lease.
const STUCK: Duration = Duration::from_secs(60);

/// Counting looks through the whole store, which may take this long.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Removes all that is kept about a customer, for good.
///
/// The running service does it. Where none is running, this command does it itself with the service's store. What WeCom
/// keeps stays there; a customer who is heard of again is a new one. Asking twice makes no difference.
#[derive(Debug, Args)]
pub(in crate::cli) struct ForgetCustomer {
    #[command(flatten)]
    config: ConfigArgs,

    /// Who, by `external_userid`.
    #[arg(value_name = "EXTERNAL_USERID")]
    contact: String,

    /// Whose. Needed when the configuration has several corps.
    #[arg(long, value_name = "ID")]
    corp: Option<String>,

    /// Only count what would be removed.
    #[arg(long)]
    dry_run: bool,

    /// Print what came of it as JSON.
    #[arg(long)]
    json: bool,
}

impl ForgetCustomer {
    pub(in crate::cli) async fn run(self) -> Exit {
        let config = match self.config.load_or_complain() {
            Ok(config) => config,
            Err(exit) => return exit,
        };
        match self.forget(&config).await {
            Ok(done) => {
                say(&match self.json {
                    true => done.to_string(),
                    false => told(&done),
                });
                Exit::Done
            }
            Err(problem) => {
                complain(&format!("{problem:#}"));
                Exit::Failed
            }
        }
    }

    async fn forget(&self, config: &Config) -> anyhow::Result<Value> {
        let corp = one_corp(config, self.corp.as_deref())?;
        match (Service::find(config).await?, self.dry_run) {
            (Some(service), true) => counted(&service, corp, &self.contact).await,
            (Some(service), false) => asked(&service, corp, &self.contact).await,
            (None, true) => counted_alone(config, corp, &self.contact).await,
            (None, false) => done_alone(config, corp, &self.contact).await,
        }
    }
}

fn told(done: &Value) -> String {
    match (&done["count"], &done["removed"]) {
        (Value::Number(count), _) => format!("{count} records, events and calls would be removed."),
        (_, removed) => format!(
            "The customer is forgotten: {removed} records, events and calls were removed or cleared."
        ),
    }
}

fn path(contact: &str) -> String {
    let id: String = byte_serialize(contact.as_bytes()).collect();
    format!("contacts/{id}")
}

async fn counted(service: &Service, corp: &CorpId, contact: &str) -> anyhow::Result<Value> {
    let path = format!("{}/traces", path(contact));
    let request = service.about(corp, Method::GET, &path)?;
    read(&ask(request.timeout(PATIENCE)).await?, 200)
}

/// Has the service do it, and looks on.
async fn asked(service: &Service, corp: &CorpId, contact: &str) -> anyhow::Result<Value> {
    let answer = ask(service.about(corp, Method::DELETE, &path(contact))?).await?;
    let mut now = read(&answer, 202)?;
    let id = now["id"].as_str().context("the service names no id")?;
    let path = format!("forgettings/{id}");
    let mut removed = 0;
    while now["done_at"].is_null() {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = tokio::signal::ctrl_c() => bail!("not waited for: the service goes on with it"),
        }
        now = read(&ask(service.about(corp, Method::GET, &path)?).await?, 200)?;
        let so_far = now["removed"].as_u64().unwrap_or(removed);
        if now["done_at"].is_null() && so_far != removed {
            removed = so_far;
            complain(&going_on(removed));
        }
    }
    Ok(now)
}

fn going_on(removed: u64) -> String {
    format!("Going on: {removed} removed or cleared so far.")
}

/// Counts without a service.
async fn counted_alone(config: &Config, corp: &CorpId, contact: &str) -> anyhow::Result<Value> {
    let clock = Clock::system();
    let app = alone(config, &clock).await?;
    let customer = app.act().customer(corp, contact).await?;
    let count = app.act().count_traces(corp, &customer, clock.now());
    let count = count.await?;
    Ok(json!({ "count": count }))
}

/// Does it without a service.
async fn done_alone(config: &Config, corp: &CorpId, contact: &str) -> anyhow::Result<Value> {
    let clock = Clock::system();
    let app = alone(config, &clock).await?;
    let (act, files) = (app.act(), app.files().map(AsRef::as_ref));
    let customer = act.customer(corp, contact).await?;
    let asked = act.forget(corp, &customer, &Actor::System, clock.now());
    let mut now = asked.await?;
    let mut moved_at = Instant::now();
    loop {
        let gone_on = app.worker().forget_customers(corp, files).await;
        let found = act.forgetting(corp, &now.id).await?;
        let found = found.context("the store has lost what was to be done")?;
        if found.done_at.is_some() {
            now = found;
            break;
        }
        // It may have been another customer that this is about.
        gone_on?;
        if found != now {
            (now, moved_at) = (found, Instant::now());
            complain(&going_on(now.removed));
        } else if moved_at.elapsed() > STUCK {
            bail!(
                "events that are about others as well have to be worked on first: start the service, it goes on with it"
            );
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(json!({
        "id": now.id, "corp": corp, "by": now.by, "asked_at": now.asked_at, "done_at": now.done_at,
        "removed": now.removed,
    }))
}

/// The service without its doors and loops.
async fn alone(config: &Config, clock: &Clock) -> anyhow::Result<App> {
    there_is_a_store(config)?;
    let config = Config {
        // Nobody is to be served meanwhile.
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        ..config.clone()
    };
    Ok(App::build(&config, clock.clone()).await?)
}
