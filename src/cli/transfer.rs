//! `export` and `import`: out of one store into another.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use crate::app;
use crate::app::transfer;
use crate::cli::service::Service;
use crate::cli::{ConfigArgs, Exit, complain, there_is_a_store};
use crate::clock::Clock;
use crate::config::Config;
use crate::model::ids::CorpId;
use crate::store::Store;

/// Writes what the store holds as lines of JSON, to be imported into another one.
///
/// Records, what is not settled, what is dead, and the fingerprints of events that came; what is settled stays behind.
/// Stop the service first. The file holds personal data. Attachments stay where they are.
#[derive(Debug, Args)]
pub(in crate::cli) struct Export {
    #[command(flatten)]
    config: ConfigArgs,

    /// The file to make, which must not be there yet; `-` is standard output.
    #[arg(value_name = "FILE")]
    to: PathBuf,
}

/// Reads what `export` wrote into the configured store, which has to be empty.
///
/// Stop the service first, change `[store] url`, and import before it is started again.
#[derive(Debug, Args)]
pub(in crate::cli) struct Import {
    #[command(flatten)]
    config: ConfigArgs,

    /// The file; `-` is standard input.
    #[arg(value_name = "FILE")]
    from: PathBuf,
}

impl Export {
    pub(in crate::cli) async fn run(self) -> Exit {
        let config = match self.config.load_or_complain() {
            Ok(config) => config,
            Err(exit) => return exit,
        };
        told("exported", export(&config, &self.to).await)
    }
}

impl Import {
    pub(in crate::cli) async fn run(self) -> Exit {
        let config = match self.config.load_or_complain() {
            Ok(config) => config,
            Err(exit) => return exit,
        };
        told("imported", import(&config, &self.from).await)
    }
}

/// Standard output may be the export.
fn told(what: &str, done: anyhow::Result<u64>) -> Exit {
    match done {
        Ok(count) => {
            complain(&format!("{count} pieces were {what}."));
            Exit::Done
        }
        Err(problem) => {
            complain(&format!("{problem:#}"));
            Exit::Failed
        }
    }
}

async fn export(config: &Config, to: &Path) -> anyhow::Result<u64> {
    there_is_a_store(config)?;
    let (store, corps) = open(config).await?;
    if to.as_os_str() == "-" {
        let mut out = BufWriter::new(io::stdout().lock());
        return Ok(transfer::export(&store, &corps, &mut out).await?);
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(to).with_context(|| to.display().to_string())?;
    let mut out = BufWriter::new(file);
    let count = transfer::export(&store, &corps, &mut out).await?;
    out.flush()?;
    out.get_ref().sync_all()?;
    Ok(count)
}

async fn import(config: &Config, from: &Path) -> anyhow::Result<u64> {
    let (store, corps) = open(config).await?;
    let now = Clock::system().now();
    if from.as_os_str() == "-" {
        let lines = io::stdin().lock();
        return Ok(transfer::import(&store, &corps, lines, now).await?);
    }
    let file = File::open(from).with_context(|| from.display().to_string())?;
    Ok(transfer::import(&store, &corps, BufReader::new(file), now).await?)
}

async fn open(config: &Config) -> anyhow::Result<(Store, Vec<CorpId>)> {
    if Service::listens(config).await? {
        bail!("the service is running: stop it first, the store has to rest meanwhile");
    }
    let settings = app::store_settings(config);
    let store = Store::open(&settings).await?;
    Ok((store, settings.corps))
}
