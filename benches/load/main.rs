//! The service under load, beside the same web server doing nothing: how fast callbacks are taken in, at what cost, and
//! how fast they are settled. `benches/README.md` tells how to run it and what the figures mean.
//!
//! Everything stays on 127.0.0.1. The servers are processes of their own: the real `wecom-bridge serve`, or this program
//! as a child. The generator shares the machine with them.

#![expect(clippy::print_stdout, reason = "the table is the result")]
#![expect(clippy::print_stderr, reason = "progress")]

mod callbacks;
mod corps;
mod generator;

mod customer;
mod fill;
mod ground;
mod login;
mod process;
mod roles;
mod servers;

mod accepting;
mod flood;
mod growth;
mod instructions;
mod outage;
mod pages;
mod peers;
mod settling;
mod soaking;

mod report;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::ensure;
use clap::{Parser, Subcommand};

use crate::accepting::Extent;
use crate::report::{Failures, Report};

/// Requests a second in the open loop.
const OPEN_RATE: u32 = 3_000;

/// The same beside peers: the slowest takes in about twice as many.
const PEERS_OPEN_RATE: u32 = 500;

/// Files that may be open: 10,000 connections have two ends in two processes.
const OPEN_FILES: u32 = 16_384;

#[derive(Debug, Parser)]
struct Arguments {
    /// Print JSON instead of tables.
    #[arg(long, global = true)]
    json: bool,
    /// How often each server has its turn.
    #[arg(long, global = true, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    rounds: u8,
    /// How many seconds each loop takes.
    #[arg(long, global = true, default_value_t = 2.0)]
    seconds: f64,
    /// Measure only rows with this text in their name, and the ceiling.
    #[arg(long, global = true, default_value = "")]
    only: String,
    /// What `cargo bench` adds.
    #[arg(long, hide = true, global = true)]
    bench: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Count instructions with callgrind.
    Instructions,
    /// Measure settlement alone.
    Settling,
    /// Refuse forged callbacks beside genuine ones.
    Flood(flood::Flood),
    /// Compare with many queued events, contacts, connections, corps.
    Growth(growth::Amounts),
    /// Let WeCom be away, and measure how fast is caught up.
    Outage(outage::Outage),
    /// Measure pages with and without callbacks beside them.
    Pages(pages::Load),
    /// Compare with the same work in Go, Node and Python.
    Peers,
    /// Watch memory under a steady load.
    Soak(soaking::Length),
    #[command(hide = true)]
    Ceiling { listen: SocketAddr },
    #[command(hide = true)]
    DoorOnly { config: PathBuf },
    #[command(hide = true)]
    Forgetful { config: PathBuf },
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    match &arguments.role {
        Some(Role::Ceiling { listen }) => roles::ceiling(*listen)?,
        Some(Role::DoorOnly { config }) => roles::door_only(config)?,
        Some(Role::Forgetful { config }) => roles::forgetful(config)?,
        _ => return measure(&arguments),
    }
    Ok(ExitCode::SUCCESS)
}

/// Measures and prints what could be measured.
fn measure(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let only = arguments.only.as_str();
    let mut failures = Failures::default();
    let mut report = Report::default();
    let rounds = usize::from(arguments.rounds);
    let extent = |open_rate| Extent {
        rounds,
        time: Duration::from_secs_f64(arguments.seconds),
        open_rate,
    };
    match &arguments.role {
        Some(Role::Instructions) => report.instructions = instructions::measure(&mut failures),
        Some(Role::Settling) => report.settling = settling::measure(&mut failures),
        Some(Role::Flood(flood)) => report.flood = flood::measure(*flood, only, &mut failures),
        Some(Role::Outage(length)) => report.outage = outage::measure(*length, only, &mut failures),
        Some(Role::Growth(amounts)) => {
            // Children inherit it.
            failures.note("open files", raise_open_files());
            report.growth = growth::measure(*amounts, rounds, only, &mut failures);
        }
        Some(Role::Pages(load)) => report.pages = pages::measure(*load, only, &mut failures),
        Some(Role::Peers) => {
            let rows = peers::measure(extent(PEERS_OPEN_RATE), only, &mut failures);
            report.accepting = failures.note("peers", rows).unwrap_or_default();
            report.leads = peers::leads(&report.accepting);
        }
        Some(Role::Soak(length)) => report.soaking = soaking::measure(*length, only, &mut failures),
        None | Some(Role::Ceiling { .. } | Role::DoorOnly { .. } | Role::Forgetful { .. }) => {
            let mut setups = accepting::setups();
            setups.retain(|setup| setup.name == "ceiling" || setup.name.contains(only));
            let rows = accepting::measure(&setups, extent(OPEN_RATE), &mut failures);
            report.accepting = failures.note("callbacks", rows).unwrap_or_default();
            report.settling = settling::measure(&mut failures);
        }
    }
    report.failures = failures;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report.print();
    }
    Ok(if report.failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// By the system's own tool: the call behind it is not safe Rust.
fn raise_open_files() -> anyhow::Result<()> {
    let (own, limit) = (
        std::process::id().to_string(),
        format!("--nofile={OPEN_FILES}:"),
    );
    let mut raise = Command::new("prlimit");
    let status = raise.args(["--pid", &own, &limit]).status()?;
    ensure!(status.success(), "prlimit: {status}");
    Ok(())
}
