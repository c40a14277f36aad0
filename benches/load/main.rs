//! The service under load, beside the same web server doing nothing: how fast callbacks are taken in, at what cost, and
//! how fast they are settled. `benches/README.md` tells how to run it and what the figures mean.
//!
//! Everything stays on 127.0.0.1. The servers are processes of their own: the real `wecom-bridge serve`, or this program
//! as a child. The generator shares the machine with them.

#![expect(clippy::print_stdout, reason = "the table is the result")]
#![expect(clippy::print_stderr, reason = "progress")]

mod callbacks;
mod generator;

mod roles;
mod servers;

mod accepting;
mod instructions;
mod settling;

mod report;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::accepting::Extent;
use crate::report::Report;

#[derive(Debug, Parser)]
struct Arguments {
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// How often each server has its turn.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many seconds each loop takes.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Measure only rows with this text in their name, and the ceiling.
    #[arg(long)]
    only: Option<String>,
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
    #[command(hide = true)]
    Ceiling { listen: SocketAddr },
    #[command(hide = true)]
    DoorOnly { config: PathBuf },
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut report = Report {
        accepting: Vec::new(),
        settling: Vec::new(),
        instructions: Vec::new(),
    };
    match &arguments.role {
        Some(Role::Ceiling { listen }) => return roles::ceiling(*listen),
        Some(Role::DoorOnly { config }) => return roles::door_only(config),
        Some(Role::Instructions) => report.instructions = instructions::measure()?,
        Some(Role::Settling) => report.settling = settling::measure()?,
        None => {
            report.accepting = accept(&arguments)?;
            report.settling = settling::measure()?;
        }
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report.print();
    }
    Ok(())
}

fn accept(arguments: &Arguments) -> anyhow::Result<Vec<accepting::Row>> {
    let mut setups = accepting::setups();
    if let Some(only) = &arguments.only {
        setups.retain(|setup| setup.name == "ceiling" || setup.name.contains(only));
    }
    let extent = Extent {
        rounds: arguments.rounds.max(1),
        time: Duration::from_secs_f64(arguments.seconds),
    };
    accepting::measure(&setups, extent)
}
