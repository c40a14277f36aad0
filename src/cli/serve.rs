//! `serve`: run until a signal.

use std::convert::Infallible;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::app::caller;
use crate::app::reload::Reload;
use crate::app::{App, AppError, Loops};
use crate::cli::{ConfigArgs, Exit, complain};
use crate::clock::Clock;
use crate::config::{Config, LogFormat};
use crate::model::version::version;
use crate::telemetry::traces::Collector;
use crate::telemetry::{self, Format, Logging};

/// A collector stands nearby.
const COLLECTOR_PATIENCE: Duration = Duration::from_secs(5);

/// Runs the service until SIGTERM or SIGINT.
///
/// At SIGHUP the configuration is read again: receivers, their keys and the log level change without a connection being
/// dropped; a configuration with a problem changes nothing. Everything else takes a restart.
#[derive(Debug, Args)]
pub(in crate::cli) struct Serve {
    #[command(flatten)]
    config: ConfigArgs,
}

impl Serve {
    pub(in crate::cli) async fn run(self) -> Exit {
        // From here on a SIGHUP does not end the process. One that comes while it starts is heeded when it has started.
        let hangup = match signal(SignalKind::hangup()) {
            Ok(hangup) => hangup,
            Err(problem) => {
                complain(&format!("SIGHUP cannot be waited for: {problem}"));
                return Exit::Failed;
            }
        };
        let config = match self.config.load_or_complain() {
            Ok(config) => config,
            Err(exit) => return exit,
        };
        let logging = match logging(&config) {
            Ok(logging) => logging,
            Err(problem) => {
                complain(&format!("{problem:#}"));
                return Exit::Failed;
            }
        };
        match serve(&config, &self.config, hangup, &logging).await {
            Ok(()) => Exit::Done,
            Err(problem) => {
                complain(&problem.to_string());
                Exit::Failed
            }
        }
    }
}

/// The setting in the words of the logging.
pub(in crate::cli) const fn format(format: LogFormat) -> Format {
    match format {
        LogFormat::Human => Format::Human,
        LogFormat::Json => Format::Json,
    }
}

fn logging(config: &Config) -> anyhow::Result<Logging> {
    let collector = config.traces.as_ref().map(|traces| {
        anyhow::Ok(Collector {
            endpoint: traces.endpoint.clone(),
            authorization: traces.authorization.clone(),
            client: caller::client(COLLECTOR_PATIENCE).context("no HTTP client for traces")?,
        })
    });
    let (format, level) = (format(config.log_format), &config.log_level);
    Ok(telemetry::start(format, level, collector.transpose()?)?)
}

async fn serve(
    config: &Config,
    args: &ConfigArgs,
    hangup: Signal,
    logging: &Logging,
) -> Result<(), AppError> {
    let app = App::build(config, Clock::system()).await?;
    let (address, public_url) = (app.address()?, &config.public_url);
    tracing::info!(%address, %public_url, version = version(), "Listening.");
    if let Some(address) = app.metrics_address()? {
        tracing::info!(%address, "Figures for Prometheus are at /metrics.");
    }
    for corp in &config.corps {
        for receiver in corp.all_receivers() {
            let url = format!("{public_url}callback/{}", receiver.name);
            tracing::info!(corp = %corp.id, receiver = %receiver.name, url, "Callback URL for the console.");
        }
    }
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    let reload = app.reload();
    tokio::select! {
        ended = app.run(Loops::Running, stop) => ended?,
        never = reload_on_signal(hangup, args, &reload, logging) => match never {},
    }
    tracing::info!("Stopped.");
    Ok(())
}

/// Reads the configuration again at each SIGHUP.
async fn reload_on_signal(
    mut hangup: Signal,
    args: &ConfigArgs,
    reload: &Reload,
    logging: &Logging,
) -> Infallible {
    loop {
        hangup.recv().await;
        match again(args, reload, logging) {
            Ok(()) => tracing::info!(
                "The configuration was read again: receivers, keys and log level are its own. Everything else takes a restart."
            ),
            Err(problem) => {
                tracing::error!(%problem, "The configuration was read again and not taken over.")
            }
        }
    }
}

fn again(args: &ConfigArgs, reload: &Reload, logging: &Logging) -> anyhow::Result<()> {
    let config = args.load()?;
    reload.receivers(&config)?;
    logging.choose(&config.log_level)?;
    Ok(())
}

/// Cancels at the first SIGTERM or SIGINT.
pub(in crate::cli) async fn stop_on_signal(stop: CancellationToken) {
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("Stopping: nothing new is taken in, what is in work is finished.");
    stop.cancel();
}
