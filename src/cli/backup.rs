//! `backup`: copy the embedded store while it is in use.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use reqwest::Method;

use crate::app;
use crate::app::caller::Answer;
use crate::cli::service::{Service, read};
use crate::cli::{ConfigArgs, Exit, complain, say, there_is_a_store};
use crate::config::Config;
use crate::store::Store;

/// A copy of a large store may take this long.
const PATIENCE: Duration = Duration::from_secs(3600);

/// No refusal that is looked at is longer.
const REFUSAL_MAX: usize = 64 * 1024;

/// Copies the embedded store into a file, as it is at one moment.
///
/// The running service makes the copy; where none is running, this command does. All that was answered before it began is
/// in it. To restore it, stop the service and put the file in the place of the store's. Attachments are not in it: copy
/// their folder afterwards.
#[derive(Debug, Args)]
pub(in crate::cli) struct Backup {
    #[command(flatten)]
    config: ConfigArgs,

    /// The file to make. It must not be there yet.
    #[arg(value_name = "FILE")]
    to: PathBuf,
}

impl Backup {
    pub(in crate::cli) async fn run(self) -> Exit {
        let config = match self.config.load_or_complain() {
            Ok(config) => config,
            Err(exit) => return exit,
        };
        match copy(&config, &self.to).await {
            Ok(bytes) => {
                say(&format!("{}: {bytes} bytes", self.to.display()));
                Exit::Done
            }
            Err(problem) => {
                complain(&format!("{problem:#}"));
                Exit::Failed
            }
        }
    }
}

async fn copy(config: &Config, to: &Path) -> anyhow::Result<u64> {
    match Service::find(config).await? {
        Some(service) => fetched(&service, to).await?,
        None => {
            there_is_a_store(config)?;
            let store = Store::open(&app::store_settings(config)).await?;
            store.backup(to).await?;
        }
    }
    Ok(fs::metadata(to)?.len())
}

/// Has the service make the copy.
async fn fetched(service: &Service, to: &Path) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(to).with_context(|| to.display().to_string())?;
    let fetched = fetch(service, file).await;
    if fetched.is_err() {
        let _ = fs::remove_file(to);
    }
    fetched
}

async fn fetch(service: &Service, mut file: File) -> anyhow::Result<()> {
    let request = service.request(Method::POST, "backup")?.timeout(PATIENCE);
    let answer = request.send().await;
    let mut answer = answer.map_err(reqwest::Error::without_url)?;
    let status = answer.status().as_u16();
    if status != 200 {
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
            body.extend_from_slice(&part);
            if body.len() >= REFUSAL_MAX {
                break;
            }
        }
        let refused = Answer {
            status,
            body,
            took: Duration::ZERO,
            certificate: None,
        };
        read(&refused, 200)?;
        bail!("the service gives no backup");
    }
    while let Some(part) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
        file.write_all(&part)?;
    }
    Ok(file.sync_all()?)
}
