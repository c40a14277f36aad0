//! WeCom is away for a while: how fast what piled up is settled when it is back, while callbacks keep coming.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use serde::Serialize;
use wecom_bridge::sim::faults::Fault;

use crate::callbacks::{self, APART, Change};
use crate::corps;
use crate::generator;
use crate::ground::Keeping;
use crate::report::Failures;
use crate::servers::{Program, Server, Setup};
use crate::settling;

/// How much is measured.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Outage {
    /// For how many seconds' worth of callbacks WeCom is away. They are posted as fast as they are taken.
    #[arg(long, default_value_t = 3600)]
    length: u32,
    /// Callbacks a second before, during and after it.
    #[arg(long, default_value_t = 3)]
    rate: u32,
}

/// What the service asks for on the way from callback to card.
const APIS: [&str; 3] = ["gettoken", "externalcontact/get", "message/send"];

/// What came in so many seconds may be under way.
const UNDER_WAY: usize = 10;

/// Nobody waits longer.
const PATIENCE: Duration = Duration::from_secs(3600);

/// One row.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// On which store.
    pub(crate) name: &'static str,
    /// How many callbacks had piled up.
    pub(crate) piled: usize,
    /// Callbacks a second that kept coming.
    pub(crate) rate: u32,
    /// Seconds until every callback that had come by then had its card.
    pub(crate) seconds: f64,
    /// Cards a second meanwhile, over the callbacks a second that kept coming.
    pub(crate) times: f64,
}

/// Measures both stores.
pub(crate) fn measure(outage: Outage, only: &str, failures: &mut Failures) -> Vec<Row> {
    let stores = [("redis", Keeping::Redis), ("embedded", Keeping::Embedded)];
    let rows = stores.into_iter().filter(|(name, _)| name.contains(only));
    let rows = rows.filter_map(|(name, keeping)| {
        eprintln!("outage: {name}");
        failures.note(&format!("outage: {name}"), row(name, keeping, outage))
    });
    rows.collect()
}

fn row(name: &'static str, keeping: Keeping, outage: Outage) -> anyhow::Result<Row> {
    let piled = outage.length as usize * outage.rate as usize;
    // As many again may come while it catches up.
    let runtime = tokio::runtime::Runtime::new()?;
    let sim = runtime.block_on(settling::wecom(0..2 * piled))?;
    let setup = Setup {
        api_base: sim.base().to_string(),
        ..Setup::new(name, Program::Service, keeping)
    };
    let server = Server::start(&setup)?;
    runtime.block_on(sim.register(corps::registration(server.address)?))?;
    for api in APIS {
        sim.faults().always(api, Fault::Cut);
    }
    let requests = callbacks::make(Change::Added, APART, 0..2 * piled)?;
    let (during, after) = requests.split_at(piled);
    let trip = generator::closed(server.address, during, PATIENCE)?;
    ensure!(
        trip.refused == 0 && trip.answered() == piled,
        "not all were taken in"
    );
    // The service has noticed.
    thread::sleep(Duration::from_secs(10));
    ensure!(sim.sent().is_empty(), "WeCom was not away");

    sim.faults().clear();
    let (back, mut told) = (Instant::now(), 10);
    let over = AtomicBool::new(false);
    let seconds = thread::scope(|scope| {
        let more = scope.spawn(|| {
            let mut parts = after.chunks(outage.rate as usize);
            while !over.load(Ordering::Relaxed)
                && let Some(part) = parts.next()
            {
                let trip = generator::open(server.address, part, outage.rate)?;
                ensure!(trip.refused == 0, "not all that came later were taken in");
            }
            anyhow::Ok(())
        });
        let seconds = loop {
            thread::sleep(Duration::from_millis(200));
            let (sent, after) = (sim.sent().len(), back.elapsed());
            let come = (after.as_secs_f64() * f64::from(outage.rate)) as usize;
            if sent + UNDER_WAY * outage.rate as usize >= piled + come {
                break Some(after.as_secs_f64());
            }
            if come > piled {
                break None;
            }
            if after.as_secs() >= told {
                eprintln!("outage: {name}, {sent} of {} settled", piled + come);
                told += 10;
            }
        };
        over.store(true, Ordering::Relaxed);
        let more = more.join();
        more.map_err(|_panic| anyhow!("a fault while callbacks kept coming"))??;
        anyhow::Ok(seconds)
    });
    let seconds = seconds?.with_context(|| {
        format!(
            "not caught up: {} cards\n{:.2000}",
            sim.sent().len(),
            server.log()
        )
    })?;
    Ok(Row {
        name,
        piled,
        rate: outage.rate,
        seconds,
        times: (piled as f64 / seconds + f64::from(outage.rate)) / f64::from(outage.rate),
    })
}
