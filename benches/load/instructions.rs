//! How many instructions a request takes in user space, counted by callgrind with one worker. Neighbours on the machine
//! do not change the count.

use std::fs;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use tempfile::TempDir;

use crate::callbacks::{self, APART, Change};
use crate::generator;
use crate::ground::{Ground, Keeping};
use crate::report::Failures;
use crate::servers::{Program, Server, Setup};

/// Two runs of different length; the difference leaves out start and stop.
const COUNTS: [usize; 2] = [2_000, 6_000];

/// Longer than the longer run takes.
const PATIENCE: Duration = Duration::from_secs(300);

/// One row.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// What was counted.
    pub(crate) name: &'static str,
    /// Instructions for each request.
    pub(crate) instructions: u64,
}

/// Counts for the ceiling and for the service without its loops.
pub(crate) fn measure(failures: &mut Failures) -> Vec<Row> {
    let setup = Setup::new;
    let setups = [
        setup("ceiling", Program::Ceiling, Keeping::Nothing),
        setup("redis, door only", Program::DoorOnly, Keeping::Redis),
        Setup {
            log: "info",
            ..setup(
                "redis, door only, log info",
                Program::DoorOnly,
                Keeping::Redis,
            )
        },
    ];
    let rows = setups
        .iter()
        .filter_map(|setup| failures.note(setup.name, row(setup)));
    rows.collect()
}

fn row(setup: &Setup) -> anyhow::Result<Row> {
    let few = count_instructions(setup, COUNTS[0])?;
    let many = count_instructions(setup, COUNTS[1])?;
    let events = (COUNTS[1] - COUNTS[0]) as u64;
    Ok(Row {
        name: setup.name,
        instructions: many.saturating_sub(few) / events,
    })
}

fn count_instructions(setup: &Setup, count: usize) -> anyhow::Result<u64> {
    eprintln!("instructions: {}, {count} requests", setup.name);
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?;
    let report = folder.path().join("callgrind");
    let out = format!("--callgrind-out-file={}", report.display());
    // One processor for the server means one worker.
    let under = ["taskset", "-c", "0", "valgrind", "--tool=callgrind", &out];
    let ground = Ground::lay(setup.keeping)?;
    let server = Server::start_on(ground, setup, &under.map(str::to_owned))?;
    generator::closed(
        server.address,
        &callbacks::make(Change::Edited, APART, 0..count)?,
        PATIENCE,
    )?;
    server.process.stop(None)?;
    let report = fs::read_to_string(report).context("callgrind's report")?;
    let totals = report
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    Ok(totals.context("callgrind's totals")?.trim().parse()?)
}
