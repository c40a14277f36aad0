//! The same without a service: the store is opened here, and worked on until the sync has ended.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::callback::event::own::OwnEvent;
use crate::cli::serve::stop_on_signal;
use crate::cli::sync::Bar;
use crate::cli::sync::report::Run;
use crate::clock::Clock;
use crate::config::Config;
use crate::model::ids::CorpId;
use crate::model::switches::Switches;
use crate::model::sync::{SyncRequest, SyncRun, SyncState};
use crate::store::item::{Accepted, Queue};
use crate::store::record::{Key, Record};

/// How long to wait when nothing is due: a step that failed comes back later.
const QUIET: Duration = Duration::from_millis(300);

/// What it is done with: the service without its doors and loops.
pub(in crate::cli::sync) struct Alone {
    app: App,
    clock: Clock,
}

impl Alone {
    /// Opens the store.
    pub(in crate::cli::sync) async fn open(config: &Config) -> anyhow::Result<Self> {
        let config = Config {
            // Nobody is to be served meanwhile.
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            ..config.clone()
        };
        let clock = Clock::system();
        let app = App::build(&config, clock.clone()).await?;
        Ok(Self { app, clock })
    }

    /// Works until the sync has ended. What it owes to WeCom is sent as well.
    pub(in crate::cli::sync) async fn sync(
        &self,
        corp: &CorpId,
        request: SyncRequest,
        bar: &Bar,
    ) -> anyhow::Result<Run> {
        let (store, worker) = (self.app.store(), self.app.worker());
        let before = self.newest(corp).await?;
        let (key, delivery) = OwnEvent::StartSync(request).delivery(self.clock.now());
        if let Accepted::Duplicate = store.accept(corp, key, &delivery).await? {
            bail!("the same was asked for at the same moment");
        }
        let stop = CancellationToken::new();
        let signal = tokio::spawn(stop_on_signal(stop.clone()));
        let mut begun = false;
        let run = loop {
            let mut worked = 0;
            for queue in [Queue::Inbox, Queue::Outbox] {
                worked += worker.step(corp, queue).await?;
            }
            let run = self.newest(corp).await?;
            // The start itself is the first that is worked on.
            begun |= run != before;
            if let Some(run) = run.filter(|_| begun) {
                bar.show(&Run::of(run.clone())?);
                if run.state != SyncState::Running && worked == 0 {
                    break run;
                }
            }
            if stop.is_cancelled() {
                bail!("stopped: the sync goes on when the same is asked for again");
            }
            if worked == 0 {
                tokio::time::sleep(QUIET).await;
            }
        };
        signal.abort();
        Run::of(run)
    }

    async fn newest(&self, corp: &CorpId) -> anyhow::Result<Option<SyncRun>> {
        let store = self.app.store();
        let switches = store.read(corp, &[Key::switches()]).await?;
        let switches: Option<Switches> = switches.first().map(Record::parse).transpose()?.flatten();
        let Some(id) = switches.and_then(|switches| switches.sync) else {
            return Ok(None);
        };
        let runs = store.read(corp, &[Key::sync(&id)]).await?;
        let run = runs.first().context("the store gave no answer")?;
        Ok(run.parse()?)
    }
}
