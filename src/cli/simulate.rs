//! `simulate`: the service and a small WeCom side by side on this machine, and a story that shows the main job.

mod stage;

mod browser;
mod step;
mod story;
mod together;

mod report;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::cli::serve::stop_on_signal;
use crate::cli::simulate::stage::Stage;
use crate::cli::{Exit, complain, say};
use crate::config::log_level;
use crate::telemetry::{self, Format};

/// Runs the service with a simulated WeCom on loopback, plays a short story, and shows what came of it.
///
/// A customer is added and welcomed; a form, a project and a record are sent from the chat toolbar; the customer fills in
/// and comments, a member replies, the service account reminds, and everything is handed over. Each step is checked.
/// Then the pages stay open until Ctrl-C: WeCom and WeChat have chats and windows to click through.
#[derive(Debug, Args)]
pub(in crate::cli) struct Simulate {
    /// Stop after the story instead of leaving the pages open.
    #[arg(long)]
    once: bool,

    /// Where the service listens; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// Where the simulated WeCom listens; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    wecom_listen: SocketAddr,

    /// Use this store instead of a temporary embedded one: `embedded:PATH` or `redis://…`. It has to be empty: people whom
    /// it knows are not welcomed again.
    #[arg(long, value_name = "URL")]
    store: Option<String>,

    /// What the service logs to standard error, such as `info`, or a list by module.
    #[arg(long, value_name = "LEVEL", default_value = "warn", value_parser = log_level)]
    log: String,

    /// Print what came of the story as JSON.
    #[arg(long)]
    json: bool,
}

impl Simulate {
    pub(in crate::cli) async fn run(self) -> Exit {
        let _flush = match telemetry::start(Format::Human, &self.log, None) {
            Ok(flush) => flush,
            Err(problem) => {
                complain(&problem.to_string());
                return Exit::Misused;
            }
        };
        match self.play().await {
            Ok(exit) => exit,
            Err(problem) => {
                complain(&format!("{problem:#}"));
                Exit::Failed
            }
        }
    }

    async fn play(&self) -> anyhow::Result<Exit> {
        let folder = Folder::new()?;
        let store = self.store.clone().unwrap_or_else(|| folder.store());
        let stop = CancellationToken::new();
        let stage = Stage::set(self.listen, self.wecom_listen, &store, stop.clone()).await?;
        let steps = story::play(&stage).await?;
        let report = report::Report::of(&stage, steps).await?;
        let exit = report.exit();
        if exit == Exit::Failed {
            complain("The story did not come to its end: a step did not happen.");
        }
        if self.json {
            say(&serde_json::to_string_pretty(&report)?);
        } else {
            say(&report.to_string());
        }
        if !self.once {
            complain(&stage.invitation());
            stop_on_signal(stop.clone()).await;
        }
        stop.cancel();
        stage.strike().await?;
        Ok(exit)
    }
}

/// A folder of this run's own, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("wecom-bridge-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn store(&self) -> String {
        format!("embedded:{}", self.0.join("story.redb").display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed now, the system clears away later.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
