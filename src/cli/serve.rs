//! `serve`: run until a signal.

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::app::{App, AppError, Loops};
use crate::cli::{ConfigArgs, Exit, complain};
use crate::clock::Clock;
use crate::config::{Config, LogFormat};
use crate::model::version::version;
use crate::telemetry::{self, Format};

/// Runs the service until SIGTERM or SIGINT.
#[derive(Debug, Args)]
pub(in crate::cli) struct Serve {
    #[command(flatten)]
    config: ConfigArgs,
}

impl Serve {
    pub(in crate::cli) async fn run(self) -> Exit {
        let config = match self.config.load_or_complain() {
            Ok(config) => config,
            Err(exit) => return exit,
        };
        let _flush = match telemetry::start(format(config.log_format), &config.log_level) {
            Ok(flush) => flush,
            Err(problem) => {
                complain(&problem.to_string());
                return Exit::Failed;
            }
        };
        match serve(&config).await {
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

async fn serve(config: &Config) -> Result<(), AppError> {
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
    app.run(Loops::Running, stop).await?;
    tracing::info!("Stopped.");
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
