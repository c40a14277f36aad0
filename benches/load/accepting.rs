//! How fast callbacks are taken in. The servers take turns, a fresh process each time, so that a noisy minute of the
//! machine hits them all.

use std::time::Duration;

use anyhow::ensure;
use serde::Serialize;

use crate::callbacks::{self, APART, Change, Request};
use crate::generator::{self, Trip};
use crate::ground::Keeping;
use crate::report::Failures;
use crate::servers::{Program, Server, Setup};

/// Sent before anything is measured.
const WARM_UP: usize = 2_000;

/// More than the fastest set-up accepts in a second on two cores.
const CLOSED_A_SECOND: usize = 45_000;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// How often each server has its turn.
    pub(crate) rounds: usize,
    /// How long each loop takes.
    pub(crate) time: Duration,
    /// Requests a second in the open loop.
    pub(crate) open_rate: u32,
}

/// One row: the medians of the rounds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) name: &'static str,
    /// Closed loop, answers a second.
    pub(crate) rate: f64,
    /// The rate over that of the ceiling in the same round, if the ceiling was measured.
    pub(crate) ratio: Option<f64>,
    /// Closed loop, milliseconds.
    pub(crate) p50: f64,
    /// Closed loop, milliseconds.
    pub(crate) p99: f64,
    /// Closed loop, microseconds of the server's processor time for each answer.
    pub(crate) cpu: f64,
    /// The same for Redis.
    pub(crate) redis_cpu: f64,
    /// Open loop, milliseconds from the time at which a request was due.
    pub(crate) open_p50: f64,
    /// Open loop, milliseconds from the time at which a request was due.
    pub(crate) open_p99: f64,
    /// MiB after the start.
    pub(crate) idle: f64,
    /// MiB at most.
    pub(crate) loaded: f64,
    /// Milliseconds from the start of the process to its first answer.
    pub(crate) start: f64,
    /// Answers other than 200, in all rounds.
    pub(crate) refused: usize,
}

/// The rows in the order in which they take turns; the ceiling is the first.
pub(crate) fn setups() -> Vec<Setup> {
    let setup = Setup::new;
    vec![
        setup("ceiling", Program::Ceiling, Keeping::Nothing),
        setup("redis, door only", Program::DoorOnly, Keeping::Redis),
        setup("redis", Program::Service, Keeping::Redis),
        Setup {
            log: "info",
            ..setup("redis, log info", Program::Service, Keeping::Redis)
        },
        setup("redis everysec", Program::Service, Keeping::RedisEverysec),
        setup("embedded, door only", Program::DoorOnly, Keeping::Embedded),
        setup("embedded", Program::Service, Keeping::Embedded),
    ]
}

/// Measures these set-ups. One that fails has no further turn; its row tells of the turns it had.
pub(crate) fn measure(
    setups: &[Setup],
    extent: Extent,
    failures: &mut Failures,
) -> anyhow::Result<Vec<Row>> {
    let time = extent.time.as_secs_f64();
    let open = (f64::from(extent.open_rate) * time) as usize;
    let closed = (CLOSED_A_SECOND as f64 * time) as usize;
    let requests = callbacks::make(Change::Edited, APART, 0..WARM_UP + open + closed)?;
    let mut measured: Vec<Vec<Row>> = vec![Vec::new(); setups.len()];
    for round in 1..=extent.rounds {
        let mut ceiling = None;
        for (setup, rows) in setups.iter().zip(&mut measured) {
            if rows.len() + 1 < round {
                continue;
            }
            eprintln!("round {round} of {}: {}", extent.rounds, setup.name);
            let turn = turn(setup, &requests, open, extent);
            let Some(mut row) = failures.note(setup.name, turn) else {
                continue;
            };
            if let Program::Ceiling = setup.program {
                ceiling = Some(row.rate);
            }
            row.ratio = ceiling.map(|ceiling| row.rate / ceiling);
            rows.push(row);
        }
    }
    measured.retain(|rows| !rows.is_empty());
    Ok(measured.iter().map(|rows| median(rows)).collect())
}

/// One server's turn, from start to end.
fn turn(setup: &Setup, requests: &[Request], open: usize, extent: Extent) -> anyhow::Result<Row> {
    let time = extent.time;
    let (warm_up, rest) = requests.split_at(WARM_UP);
    let (open, closed) = rest.split_at(open);
    let server = Server::start(setup)?;
    std::thread::sleep(Duration::from_millis(300));
    let idle = server.process.rss()?;
    let warm = generator::closed(server.address, warm_up, time)?;
    let paced = generator::open(server.address, open, extent.open_rate)?;
    let before = cpu(&server)?;
    let fast = generator::closed(server.address, closed, time)?;
    let after = cpu(&server)?;
    ensure!(fast.answered() > 0, "{} answered nothing", setup.name);
    let each = |n: usize| (after[n] - before[n]).as_secs_f64() * 1e6 / fast.answered() as f64;
    let accepted = |trip: &Trip| trip.answered() - trip.refused;
    if let Some(stream) = setup.stream() {
        let length = server.ground.stream_length(&stream)?;
        let answered = accepted(&warm) + accepted(&paced) + accepted(&fast);
        ensure!(
            length == answered,
            "{answered} were accepted, {length} are stored"
        );
    }
    Ok(Row {
        name: setup.name,
        rate: fast.rate(),
        ratio: None,
        p50: fast.percentile(0.5),
        p99: fast.percentile(0.99),
        cpu: each(0),
        redis_cpu: each(1),
        open_p50: paced.percentile(0.5),
        open_p99: paced.percentile(0.99),
        idle,
        loaded: server.process.peak_rss()?,
        start: server.start.as_secs_f64() * 1000.0,
        refused: paced.refused + fast.refused,
    })
}

/// Processor time of the server and of its Redis.
pub(crate) fn cpu(server: &Server) -> anyhow::Result<[Duration; 2]> {
    Ok([server.process.cpu()?, server.ground.redis_cpu()?])
}

fn median(rows: &[Row]) -> Row {
    let of = |field: fn(&Row) -> f64| {
        let mut values: Vec<f64> = rows.iter().map(field).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Row {
        name: rows[0].name,
        rate: of(|row| row.rate),
        ratio: rows[0]
            .ratio
            .map(|_| of(|row| row.ratio.unwrap_or_default())),
        p50: of(|row| row.p50),
        p99: of(|row| row.p99),
        cpu: of(|row| row.cpu),
        redis_cpu: of(|row| row.redis_cpu),
        open_p50: of(|row| row.open_p50),
        open_p99: of(|row| row.open_p99),
        idle: of(|row| row.idle),
        loaded: of(|row| row.loaded),
        start: of(|row| row.start),
        refused: rows.iter().map(|row| row.refused).sum(),
    }
}
