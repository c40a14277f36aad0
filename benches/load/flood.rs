//! Forged callbacks as fast as they are refused, and genuine ones at a steady rate at the same time, from the same
//! address: the genuine ones must not feel it.

use std::time::Duration;

use anyhow::ensure;
use serde::Serialize;

use crate::accepting;
use crate::callbacks::{self, APART, Change, Request};
use crate::generator::{self, Trip};
use crate::ground::Keeping;
use crate::report::Failures;
use crate::servers::{Program, Server, Setup};

/// How much is measured.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Flood {
    /// How many seconds, without the flood and with it.
    #[arg(long, default_value_t = 10)]
    length: u32,
    /// Genuine callbacks a second.
    #[arg(long, default_value_t = 500)]
    rate: u32,
}

/// More than are refused in the time.
const FORGED: usize = 60_000;

/// One row.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// On which store.
    pub(crate) name: &'static str,
    /// Genuine ones without the flood: p50 and p99 in milliseconds.
    pub(crate) alone: [f64; 2],
    /// Genuine ones in the flood.
    pub(crate) flooded: [f64; 2],
    /// Genuine ones that were refused.
    pub(crate) refused: usize,
    /// Forged ones a second.
    pub(crate) forged: f64,
    /// Processor time of the service, in microseconds, for each refusal, when nothing else is going on.
    pub(crate) cpu: f64,
}

/// Measures both stores.
pub(crate) fn measure(flood: Flood, only: &str, failures: &mut Failures) -> Vec<Row> {
    let stores = [("redis", Keeping::Redis), ("embedded", Keeping::Embedded)];
    let rows = stores.into_iter().filter(|(name, _)| name.contains(only));
    let rows = rows.filter_map(|(name, keeping)| {
        eprintln!("flood: {name}");
        failures.note(&format!("flood: {name}"), row(name, keeping, flood))
    });
    rows.collect()
}

fn row(name: &'static str, keeping: Keeping, flood: Flood) -> anyhow::Result<Row> {
    let server = Server::start(&Setup::new(name, Program::DoorOnly, keeping))?;
    let time = Duration::from_secs(flood.length.into());
    let count = flood.length as usize * flood.rate as usize;
    let genuine = callbacks::make(Change::Edited, APART, 0..3 * count)?;
    let (warm_up, genuine) = genuine.split_at(count);
    let (quiet, loud) = genuine.split_at(count);
    let forged: Vec<Request> = warm_up.iter().map(callbacks::forged).collect();
    let forged: Vec<Request> = forged
        .into_iter()
        .cycle()
        .take(FORGED * flood.length as usize / 2)
        .collect();

    generator::open(server.address, warm_up, flood.rate)?;
    let alone = generator::open(server.address, quiet, flood.rate)?;
    let before = accepting::cpu(&server)?;
    let refusals = generator::closed(server.address, &forged, time / 2)?;
    let after = accepting::cpu(&server)?;
    let (flooded, noise) = std::thread::scope(|scope| {
        let noise = scope.spawn(|| generator::closed(server.address, &forged, time));
        let flooded = generator::open(server.address, loud, flood.rate);
        (flooded, noise.join())
    });
    let (flooded, noise) = (
        flooded?,
        noise.map_err(|_| anyhow::anyhow!("the flood ended"))??,
    );
    for trip in [&refusals, &noise] {
        ensure!(
            trip.refused == trip.answered(),
            "a forged callback was taken"
        );
    }
    let shares = |trip: &Trip| [trip.percentile(0.5), trip.percentile(0.99)];
    Ok(Row {
        name,
        alone: shares(&alone),
        flooded: shares(&flooded),
        refused: alone.refused + flooded.refused,
        forged: noise.rate(),
        cpu: (after[0] - before[0]).as_secs_f64() * 1e6 / refusals.answered() as f64,
    })
}
