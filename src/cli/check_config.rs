//! `check-config`: is the configuration complete, and what does it come to?

use std::fmt::Write;

use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::cli::{ConfigArgs, Exit, say};
use crate::config::problem::ConfigProblems;
use crate::config::{Config, Corp, EXAMPLE, ItemKinds, Receiver, ServiceAccount, StoreChoice};
use crate::model::quiet::QuietHours;

/// Checks the configuration and shows what it comes to, without secrets.
#[derive(Debug, Args)]
pub(in crate::cli) struct CheckConfig {
    #[command(flatten)]
    config: ConfigArgs,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
    /// Print the commented example file instead, with every setting and default.
    #[arg(long, conflicts_with = "json")]
    example: bool,
}

impl CheckConfig {
    pub(in crate::cli) fn run(&self) -> Exit {
        if self.example {
            say(EXAMPLE);
            return Exit::Done;
        }
        let outcome = self.config.load();
        let exit = match outcome {
            Ok(_) => Exit::Done,
            Err(_) => Exit::Misused,
        };
        match outcome.map(|config| Summary::of(&config)) {
            Ok(summary) if self.json => say(&json!({"ok": true, "config": summary}).to_string()),
            Ok(summary) => say(&in_words(&summary)),
            Err(problems) if self.json => say(&as_json(&problems)),
            Err(problems) => self.config.complain_of(&problems),
        }
        exit
    }
}

fn as_json(problems: &ConfigProblems) -> String {
    let problems: Vec<_> = problems.iter().collect();
    json!({"ok": false, "problems": problems}).to_string()
}

/// What a configuration comes to; no secrets.
#[derive(Serialize)]
struct Summary {
    public_url: String,
    listen: String,
    store: String,
    api_tokens: usize,
    corps: Vec<CorpSummary>,
}

#[derive(Serialize)]
struct CorpSummary {
    id: String,
    name: Option<String>,
    link: String,
    auto_sync: bool,
    sidebar_card: bool,
    items: Vec<&'static str>,
    agent_id: u64,
    contact_sync: bool,
    service_account: Option<AccountSummary>,
    receivers: Vec<ReceiverSummary>,
}

#[derive(Serialize)]
struct AccountSummary {
    app_id: String,
    name: Option<String>,
    qr_code: Option<String>,
    reply_template: Option<String>,
    quiet_hours: Option<String>,
    bundle_seconds: u64,
}

#[derive(Serialize)]
struct ReceiverSummary {
    callback_url: String,
    receive_ids: Vec<String>,
    previous: bool,
}

impl Summary {
    fn of(config: &Config) -> Self {
        let public_url = config.public_url.as_str();
        Self {
            public_url: public_url.into(),
            listen: config.listen.to_string(),
            store: match &config.store {
                StoreChoice::Embedded(path) => format!("embedded:{}", path.display()),
                StoreChoice::Redis(_) => "redis".into(),
            },
            api_tokens: config.api_tokens.len(),
            corps: config
                .corps
                .iter()
                .map(|corp| CorpSummary::of(corp, public_url))
                .collect(),
        }
    }
}

impl CorpSummary {
    fn of(corp: &Corp, public_url: &str) -> Self {
        Self {
            id: corp.id.to_string(),
            name: corp.name.clone(),
            link: format!("{public_url}home?tenantKey={}", corp.tenant_key),
            auto_sync: corp.auto_sync,
            sidebar_card: corp.sidebar_card,
            items: items(corp.items),
            agent_id: corp.app.agent_id.0,
            contact_sync: corp.contact_sync_secret.is_some(),
            service_account: corp.service_account.as_ref().map(AccountSummary::of),
            receivers: corp
                .all_receivers()
                .map(|receiver| ReceiverSummary::of(receiver, public_url))
                .collect(),
        }
    }
}

fn items(kinds: ItemKinds) -> Vec<&'static str> {
    let named = [
        ("projects", kinds.projects),
        ("forms", kinds.forms),
        ("approvals", kinds.approvals),
    ];
    let on = named.into_iter().filter(|(_, on)| *on);
    on.map(|(name, _)| name).collect()
}

impl AccountSummary {
    fn of(account: &ServiceAccount) -> Self {
        let reply = account.reply.as_ref();
        Self {
            app_id: account.app_id.to_string(),
            name: account.name.clone(),
            qr_code: account.qr_code.as_ref().map(ToString::to_string),
            reply_template: reply.map(|reply| reply.template_id.clone()),
            quiet_hours: account.quiet_hours.map(quiet_hours),
            bundle_seconds: account.bundle.as_secs(),
        }
    }
}

/// As it is configured, such as `22:00-08:00`.
fn quiet_hours(hours: QuietHours) -> String {
    let [from, to] = [hours.from(), hours.to()].map(|time| {
        let minutes = time.as_secs() / 60;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    });
    format!("{from}-{to}")
}

impl ReceiverSummary {
    fn of(receiver: &Receiver, public_url: &str) -> Self {
        Self {
            callback_url: format!("{public_url}callback/{}", receiver.name),
            receive_ids: receiver.receive_ids.clone(),
            previous: receiver.previous.is_some(),
        }
    }
}

fn in_words(summary: &Summary) -> String {
    let mut text = String::from("ok\n");
    // Writing into a String cannot fail.
    let _ = write_words(&mut text, summary);
    text
}

fn write_words(text: &mut String, summary: &Summary) -> std::fmt::Result {
    writeln!(text, "public_url    {}", summary.public_url)?;
    writeln!(text, "listens on    {}", summary.listen)?;
    writeln!(text, "store         {}", summary.store)?;
    writeln!(text, "API tokens    {}", summary.api_tokens)?;
    for corp in &summary.corps {
        let name = corp.name.as_deref().unwrap_or("no name");
        writeln!(text, "\ncorp {} ({name})", corp.id)?;
        writeln!(text, "  app           {}", corp.agent_id)?;
        writeln!(text, "  auto-sync     {}", on_or_off(corp.auto_sync))?;
        writeln!(text, "  sidebar card  {}", on_or_off(corp.sidebar_card))?;
        writeln!(text, "  items         {}", corp.items.join(", "))?;
        writeln!(text, "  contact sync  {}", on_or_off(corp.contact_sync))?;
        writeln!(text, "  与我协作      {}", corp.link)?;
        if let Some(account) = &corp.service_account {
            write_account(text, account)?;
        }
        for receiver in &corp.receivers {
            let ids = receiver.receive_ids.join("\", \"");
            let previous = match receiver.previous {
                true => ", two key pairs",
                false => "",
            };
            writeln!(
                text,
                "  callback URL  {}  (receive id \"{ids}\"{previous})",
                receiver.callback_url
            )?;
        }
    }
    Ok(())
}

fn write_account(text: &mut String, account: &AccountSummary) -> std::fmt::Result {
    let AccountSummary {
        app_id,
        name,
        qr_code,
        reply_template,
        quiet_hours,
        bundle_seconds,
    } = account;
    let name = name.as_deref().unwrap_or("no name");
    writeln!(text, "  service account {app_id} ({name})")?;
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".into());
    writeln!(text, "    QR code       {}", or_none(qr_code))?;
    writeln!(text, "    reply         {}", or_none(reply_template))?;
    writeln!(text, "    quiet hours   {}", or_none(quiet_hours))?;
    writeln!(text, "    bundle        {bundle_seconds} s")
}

const fn on_or_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
