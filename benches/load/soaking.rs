//! Whether memory grows with uptime: a steady stream of events to the whole service, each settled against a simulated
//! WeCom and forgotten seconds later, so that after a quarter of the time everything has its size.

use std::time::Duration;

use anyhow::Context;
use serde::Serialize;

use crate::callbacks::{self, About, Change};
use crate::corps;
use crate::generator;
use crate::ground::Keeping;
use crate::report::Failures;
use crate::roles::FORGOTTEN;
use crate::servers::{Program, Server, Setup};
use crate::settling::{self, CONTACTS};

/// How much is measured.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Length {
    /// How many seconds each store is under load.
    #[arg(long, default_value_t = 60)]
    length: u32,
    /// Events a second; more than are settled would pile up.
    #[arg(long, default_value_t = 500)]
    rate: u32,
}

/// One row.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// On which store.
    pub(crate) name: &'static str,
    /// MiB of the service after each quarter.
    pub(crate) memory: Vec<f64>,
    /// MiB in Redis, or the length of the file, after each quarter.
    pub(crate) store: Vec<f64>,
    /// How many events were answered.
    pub(crate) taken: usize,
    /// Answers other than 200.
    pub(crate) refused: usize,
    /// Items of both queues that were settled and forgotten.
    pub(crate) forgotten: usize,
    /// Milliseconds from the time at which a request was due, in the last quarter.
    pub(crate) p99: f64,
}

/// Measures both stores.
pub(crate) fn measure(length: Length, only: &str, failures: &mut Failures) -> Vec<Row> {
    let stores = [("redis", Keeping::Redis), ("embedded", Keeping::Embedded)];
    let rows = stores.into_iter().filter(|(name, _)| name.contains(only));
    let rows = rows.filter_map(|(name, keeping)| {
        failures.note(&format!("soak: {name}"), soak(name, keeping, length))
    });
    rows.collect()
}

fn soak(name: &'static str, keeping: Keeping, length: Length) -> anyhow::Result<Row> {
    let runtime = tokio::runtime::Runtime::new()?;
    let sim = runtime.block_on(settling::wecom(0..CONTACTS))?;
    let setup = Setup {
        api_base: sim.base().to_string(),
        ..Setup::new(name, Program::Forgetful, keeping)
    };
    let server = Server::start(&setup)?;
    runtime.block_on(sim.register(corps::registration(server.address)?))?;
    let mut row = Row {
        name,
        memory: Vec::new(),
        store: Vec::new(),
        taken: 0,
        refused: 0,
        forgotten: 0,
        p99: 0.0,
    };
    let about = About {
        corps: 1,
        contacts: CONTACTS,
    };
    let quarter = (u64::from(length.length) * u64::from(length.rate) / 4) as usize;
    for n in 0..4 {
        eprintln!("soak: {name}, quarter {} of 4", n + 1);
        let numbers = n * quarter..(n + 1) * quarter;
        let requests = callbacks::make(Change::Edited, about, numbers)?;
        let trip = generator::open(server.address, &requests, length.rate)?;
        row.memory.push(server.process.rss()?);
        row.store.push(server.ground.size()?);
        row.taken += trip.answered();
        row.refused += trip.refused;
        row.p99 = trip.percentile(0.99);
    }
    // The last ones are settled and forgotten.
    std::thread::sleep(Duration::from_secs(5));
    let ground = server.stop()?;
    let log = std::fs::read_to_string(ground.file("log"))?;
    let forgotten = log.lines().find_map(|line| line.strip_prefix(FORGOTTEN));
    row.forgotten = forgotten
        .with_context(|| format!("the service did not tell:\n{log:.2000}"))?
        .parse()?;
    Ok(row)
}
