//! `sync`: bring everything up to date with WeCom, and tell what came of it.

mod alone;
mod report;
mod service;

use std::time::Duration;

use anyhow::bail;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::service::Service;
use crate::cli::sync::alone::Alone;
use crate::cli::sync::report::Run;
use crate::cli::{ConfigArgs, Exit, complain, one_corp, say};
use crate::config::Config;
use crate::model::ids::CorpId;
use crate::model::sync::{AskedBy, SyncMode, SyncRequest, SyncScope, SyncState};

/// How often the service is asked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// A sync that nothing is seen of for so long has not begun.
const BEGINS_WITHIN: Duration = Duration::from_secs(120);

/// Reads members, contacts and links from WeCom and puts right what differs here.
///
/// The running service does it. Where none is running, this command does it itself with the service's store. Ctrl-C
/// leaves a sync that goes on when the same is asked for again. Exit code 1 when something failed.
#[derive(Debug, Args)]
pub(in crate::cli) struct Sync {
    #[command(flatten)]
    config: ConfigArgs,

    /// What is brought up to date.
    #[arg(value_enum, default_value_t = What::All)]
    what: What,

    /// Whose. Needed when the configuration has several corps.
    #[arg(long, value_name = "ID")]
    corp: Option<String>,

    /// Only count what differs.
    #[arg(long)]
    dry_run: bool,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// Members, contacts, customer groups and links
    All,
    /// Contacts with their relations and tags, and customer groups
    Contacts,
    /// Members and their links
    Members,
    /// The links of the members who are kept
    Links,
}

impl Sync {
    pub(in crate::cli) async fn run(self) -> Exit {
        let config = match self.config.load_or_complain() {
            Ok(config) => config,
            Err(exit) => return exit,
        };
        match self.sync(&config).await {
            Ok(run) => {
                say(&match self.json {
                    true => run.json.to_string(),
                    false => run.to_string(),
                });
                match run.state == SyncState::Done && run.failed() == 0 {
                    true => Exit::Done,
                    false => Exit::Failed,
                }
            }
            Err(problem) => {
                complain(&format!("{problem:#}"));
                Exit::Failed
            }
        }
    }

    async fn sync(&self, config: &Config) -> anyhow::Result<Run> {
        let corp = one_corp(config, self.corp.as_deref())?;
        let request = SyncRequest {
            scope: match self.what {
                What::All => SyncScope::All,
                What::Contacts => SyncScope::Contacts,
                What::Members => SyncScope::Members,
                What::Links => SyncScope::Links,
            },
            mode: match self.dry_run {
                true => SyncMode::DryRun,
                false => SyncMode::Repair,
            },
            by: AskedBy::Admin,
            part: None,
        };
        let bar = Bar::new()?;
        let run = match Service::find(config).await? {
            Some(service) => follow(&service, corp, request, &bar).await,
            None => {
                complain("No service is running here: this command does the work itself.");
                Alone::open(config).await?.sync(corp, request, &bar).await
            }
        };
        bar.0.finish_and_clear();
        run
    }
}

/// Has the service do it, and looks on.
async fn follow(
    service: &Service,
    corp: &CorpId,
    request: SyncRequest,
    bar: &Bar,
) -> anyhow::Result<Run> {
    let mut run = service::begin(service, corp, request).await?;
    if run.request() != (request.scope, request.mode) || run.is_part() {
        complain(
            "Another sync is running; this is what comes of that one. What it does not do itself follows it.",
        );
    }
    let mut unseen = Duration::ZERO;
    loop {
        bar.show(&run);
        if run.state != SyncState::Running {
            return Ok(run);
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = tokio::signal::ctrl_c() => {
                bail!("not waited for: the service goes on with sync {}", run.id);
            }
        }
        match service::look(service, corp, &run.id).await? {
            Some(now) => run = now,
            None if unseen < BEGINS_WITHIN => unseen += LOOK_EVERY,
            None => bail!("the sync has not begun; look at the service's log"),
        }
    }
}

/// The progress, for people at a terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> anyhow::Result<Self> {
        let style = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}")?;
        let bar = ProgressBar::new_spinner().with_style(style);
        bar.enable_steady_tick(Duration::from_millis(200));
        Ok(Self(bar))
    }

    fn show(&self, run: &Run) {
        let (done, all) = run.progress;
        let seen = run.seen();
        let rate = seen as f64 / self.0.elapsed().as_secs_f64().max(1.0);
        let width = 24;
        let filled = match all {
            0 => 0,
            all => usize::try_from(done.min(all) * width / all).unwrap_or(0),
        };
        let of = match all {
            0 => format!("{done}"),
            all => format!("{done}/{all}"),
        };
        let drawn = "█".repeat(filled) + &"░".repeat(width as usize - filled);
        self.0
            .set_message(format!("{drawn} {}  {of}  {seen} ({rate:.0}/s)", run.doing));
    }
}
