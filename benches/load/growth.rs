//! How much slower it is with more of something: the same row without and with it, in turn, so that a noisy minute hits
//! both. Each turn has a server of its own on a store of its own.
//!
//! Each turn takes the same number of callbacks, not the same time: the embedded store begins a round of filing hashes
//! with the 65,536th event and after every 49,152 more, so every turn has the work of two such rounds in it.

use std::time::Duration;

use anyhow::ensure;
use serde::Serialize;

use crate::accepting;
use crate::callbacks::{self, About, Change, Request};
use crate::fill;
use crate::generator::{self, Idle};
use crate::ground::{Ground, Keeping};
use crate::report::Failures;
use crate::servers::{Program, Server, Setup};
use crate::settling;

/// How many callbacks are measured in a turn.
const EACH: usize = 2 * 49_152;

/// How many come before; a fresh embedded store has no round until it has taken in so many.
const WARM_UP: usize = 65_536;

/// How long these may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much there is of each thing.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Amounts {
    /// Events that wait in the inbox.
    #[arg(long, default_value_t = 1_000_000)]
    queued: usize,
    /// Contacts in the state.
    #[arg(long, default_value_t = 1_000_000)]
    contacts: usize,
    /// Open connections; 64 are busy.
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// Corps in one process; each gets callbacks.
    #[arg(long, default_value_t = 100)]
    corps: usize,
}

/// One row.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// What there was more of, and where.
    pub(crate) name: &'static str,
    /// Without.
    pub(crate) plain: Side,
    /// With.
    pub(crate) grown: Side,
    /// Rate with over rate without: the median of the rounds.
    pub(crate) rate_ratio: f64,
    /// Processor time of server and Redis with over without: the median of the rounds.
    pub(crate) cpu_ratio: f64,
    /// Answers other than 200, in all rounds.
    pub(crate) refused: usize,
}

/// One side of a row: the medians of the rounds.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Side {
    /// Requests accepted, or events settled, a second.
    pub(crate) rate: f64,
    /// Microseconds of the server's processor time for each.
    pub(crate) cpu: f64,
    /// The same for Redis.
    pub(crate) redis_cpu: f64,
    /// Milliseconds.
    pub(crate) p99: f64,
    /// MiB at most.
    pub(crate) loaded: f64,
    /// Milliseconds from the start of the process to its first answer.
    pub(crate) start: f64,
    /// Answers other than 200.
    #[serde(skip)]
    refused: usize,
}

/// What there is more of.
#[derive(Debug, Clone, Copy)]
enum Growth {
    Queued,
    Contacts,
    ContactsSettling,
    Connections,
    Corps,
}

const CASES: [(&str, Growth, Keeping); 10] = [
    ("queued, redis", Growth::Queued, Keeping::Redis),
    ("queued, embedded", Growth::Queued, Keeping::Embedded),
    ("contacts, redis", Growth::Contacts, Keeping::Redis),
    ("contacts, embedded", Growth::Contacts, Keeping::Embedded),
    (
        "contacts, settling, redis",
        Growth::ContactsSettling,
        Keeping::Redis,
    ),
    (
        "contacts, settling, embedded",
        Growth::ContactsSettling,
        Keeping::Embedded,
    ),
    ("connections, redis", Growth::Connections, Keeping::Redis),
    (
        "connections, embedded",
        Growth::Connections,
        Keeping::Embedded,
    ),
    ("corps, redis", Growth::Corps, Keeping::Redis),
    ("corps, embedded", Growth::Corps, Keeping::Embedded),
];

/// Measures the rows whose name has this text.
pub(crate) fn measure(
    amounts: Amounts,
    rounds: usize,
    only: &str,
    failures: &mut Failures,
) -> Vec<Row> {
    let cases = CASES.iter().filter(|(name, _, _)| name.contains(only));
    let rows = cases.filter_map(|&(name, growth, keeping)| {
        let case = Case {
            name,
            growth,
            keeping,
            amounts,
        };
        let row = case.measure(rounds);
        failures.note(name, row)
    });
    rows.collect()
}

struct Case {
    name: &'static str,
    growth: Growth,
    keeping: Keeping,
    amounts: Amounts,
}

impl Case {
    fn measure(&self, rounds: usize) -> anyhow::Result<Row> {
        let mut sides = Vec::new();
        for round in 0..rounds {
            eprintln!("growth: {}, round {} of {rounds}", self.name, round + 1);
            // Who goes first has a machine that was quiet.
            let (plain, grown);
            if round % 2 == 0 {
                plain = self.plain()?;
                grown = self.grown()?;
            } else {
                grown = self.grown()?;
                plain = self.plain()?;
            }
            sides.push((plain, grown));
        }
        Ok(row(self.name, &sides))
    }

    fn plain(&self) -> anyhow::Result<Side> {
        let ground = Ground::lay(self.keeping)?;
        if let Growth::ContactsSettling = self.growth {
            return self.settle(ground);
        }
        self.turn(ground, self.about(1), 0)
    }

    fn grown(&self) -> anyhow::Result<Side> {
        let Amounts {
            queued,
            contacts,
            connections,
            corps,
        } = self.amounts;
        let ground = Ground::lay(self.keeping)?;
        match self.growth {
            Growth::Queued => {
                fill::queue(&ground, queued)?;
                self.turn(ground, self.about(1), 0)
            }
            Growth::Contacts => {
                fill::contacts(&ground, contacts)?;
                self.turn(ground, self.about(1), 0)
            }
            Growth::ContactsSettling => {
                fill::contacts(&ground, contacts)?;
                self.settle(ground)
            }
            Growth::Connections => {
                let idle = connections.saturating_sub(generator::CONNECTIONS);
                self.turn(ground, self.about(1), idle)
            }
            Growth::Corps => self.turn(ground, self.about(corps.max(1)), 0),
        }
    }

    fn about(&self, corps: usize) -> About {
        let contacts = usize::MAX;
        About { corps, contacts }
    }

    fn turn(&self, ground: Ground, about: About, idle: usize) -> anyhow::Result<Side> {
        let setup = Setup {
            corps: about.corps,
            ..Setup::new(self.name, Program::DoorOnly, self.keeping)
        };
        let warm_up = match self.keeping {
            Keeping::Embedded => WARM_UP,
            Keeping::Nothing | Keeping::Redis | Keeping::RedisEverysec => 2_000,
        };
        let first = match self.growth {
            Growth::Contacts | Growth::ContactsSettling => fill::FIRST_CONTACT,
            Growth::Queued | Growth::Connections | Growth::Corps => 0,
        };
        let requests = callbacks::make(Change::Edited, about, first..first + warm_up + EACH)?;
        let server = Server::start_on(ground, &setup, &[])?;
        let idle = Idle::open(server.address, idle)?;
        let side = load(&server, requests.split_at(warm_up))?;
        ensure!(idle.all_open(), "the server closed an idle connection");
        Ok(side)
    }

    fn settle(&self, ground: Ground) -> anyhow::Result<Side> {
        let row = settling::settle(self.name, ground, 0..settling::CONTACTS)?;
        Ok(Side {
            rate: row.rate,
            cpu: row.cpu,
            redis_cpu: row.redis_cpu,
            ..Side::default()
        })
    }
}

fn load(server: &Server, (warm_up, requests): (&[Request], &[Request])) -> anyhow::Result<Side> {
    generator::closed(server.address, warm_up, PATIENCE)?;
    let before = accepting::cpu(server)?;
    let trip = generator::closed(server.address, requests, PATIENCE)?;
    let after = accepting::cpu(server)?;
    ensure!(trip.answered() > 0, "nothing was answered");
    let each = |n: usize| (after[n] - before[n]).as_secs_f64() * 1e6 / trip.answered() as f64;
    Ok(Side {
        rate: trip.rate(),
        cpu: each(0),
        redis_cpu: each(1),
        p99: trip.percentile(0.99),
        loaded: server.process.peak_rss()?,
        start: server.start.as_secs_f64() * 1000.0,
        refused: trip.refused,
    })
}

fn row(name: &'static str, sides: &[(Side, Side)]) -> Row {
    let (plain, grown): (Vec<Side>, Vec<Side>) = sides.iter().cloned().unzip();
    let ratio = |of: fn(&Side) -> f64| {
        let ratios = sides.iter().map(|(plain, grown)| of(grown) / of(plain));
        median(ratios.collect())
    };
    Row {
        name,
        rate_ratio: ratio(|side| side.rate),
        cpu_ratio: ratio(|side| side.cpu + side.redis_cpu),
        refused: plain.iter().chain(&grown).map(|side| side.refused).sum(),
        plain: middle(&plain),
        grown: middle(&grown),
    }
}

fn middle(sides: &[Side]) -> Side {
    let of = |field: fn(&Side) -> f64| median(sides.iter().map(field).collect());
    Side {
        rate: of(|side| side.rate),
        cpu: of(|side| side.cpu),
        redis_cpu: of(|side| side.redis_cpu),
        p99: of(|side| side.p99),
        loaded: of(|side| side.loaded),
        start: of(|side| side.start),
        refused: 0,
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
