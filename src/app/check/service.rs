//! The running service: who answers at the address that this configuration names?

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Client;
use serde::Deserialize;

use crate::app::caller::{ask, local};
use crate::app::check::Check;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is at the listen address.
#[derive(Debug)]
pub(in crate::app::check) enum Service {
    /// The service, and it can take events in.
    Ready {
        version: String,
        /// How long it took to ask its store.
        took: Duration,
        /// How many faults of the set-up stand, if it tells.
        faults: Option<usize>,
    },
    /// The service, and its store does not answer.
    NotReady,
    /// Another program.
    Other(String),
    /// Nobody; why.
    Absent(String),
}

/// Asks.
pub(in crate::app::check) async fn look(client: &Client, listen: SocketAddr) -> Service {
    #[derive(Deserialize)]
    struct Alive {
        version: String,
    }

    #[derive(Deserialize)]
    struct Ready {
        faults: usize,
    }

    let url = |path| format!("http://{}/{path}", local(listen));
    let alive = match ask(client.get(url("healthz"))).await {
        Ok(answer) => answer,
        Err(problem) => return Service::Absent(problem),
    };
    if alive.status != 200 {
        return Service::Other(format!("HTTP status {}", alive.status));
    }
    let Ok(Alive { version }) = serde_json::from_slice(&alive.body) else {
        return Service::Other("another answer than this service's".into());
    };
    match ask(client.get(url("readyz"))).await {
        Ok(answer) if answer.status == 200 => Service::Ready {
            version,
            took: answer.took,
            faults: serde_json::from_slice(&answer.body)
                .ok()
                .map(|Ready { faults }| faults),
        },
        Ok(_) | Err(_) => Service::NotReady,
    }
}

impl Service {
    /// Whether it is worth asking more.
    pub(in crate::app::check) const fn answers(&self) -> bool {
        match self {
            Self::Ready { .. } | Self::NotReady => true,
            Self::Other(_) | Self::Absent(_) => false,
        }
    }

    /// What is to be said about it.
    pub(in crate::app::check) fn check(&self, listen: SocketAddr) -> Check {
        let name = "service";
        match self {
            Self::Ready { version, .. } if version == VERSION => Check::ok(
                name,
                format!("version {version} is ready at {}", local(listen)),
            ),
            Self::Ready { version, .. } => Check::warning(
                name,
                format!("version {version} runs, and this program is version {VERSION}"),
                "restart the service to run the same version",
            ),
            Self::NotReady => Check::fault(
                name,
                "it answers and says that its store does not, so WeCom gets 503 and sends again",
                "see what the store needs, and the service's log",
            ),
            Self::Other(seen) => Check::fault(
                name,
                format!("another program answers at {}: {seen}", local(listen)),
                "stop that program, or choose another `server.listen`",
            ),
            Self::Absent(seen) => Check::fault(
                name,
                format!("nobody answers at {}: {seen}", local(listen)),
                "start it with `wecom-bridge serve`, and run the doctor where it runs",
            ),
        }
    }
}
