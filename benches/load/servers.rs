//! The servers that are measured: the ceiling, the service, those of others. Each listens on a free port of 127.0.0.1.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::corps;
use crate::ground::{Ground, Keeping};
use crate::peers::Peer;
use crate::process::{self, Process};

/// Which server is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Program {
    /// actix-web with the service's settings, which reads a body and answers.
    Ceiling,
    /// The service without its loops: it accepts, nothing is settled.
    DoorOnly,
    /// The whole service, as it is shipped.
    Service,
    /// The whole service, forgetting what was settled a moment ago.
    Forgetful,
    /// Somebody else's way to do the door's work.
    Peer(&'static Peer),
}

/// What is measured.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// The row's name.
    pub(crate) name: &'static str,
    /// Which server.
    pub(crate) program: Program,
    /// On which store.
    pub(crate) keeping: Keeping,
    /// How many corps it serves.
    pub(crate) corps: usize,
    /// `log.level`.
    pub(crate) log: &'static str,
    /// `wecom.api_base` and `wecom.oauth_base`. Nobody listens on port 9.
    pub(crate) api_base: String,
}

impl Setup {
    /// A set-up with one corp that logs warnings and reaches no WeCom.
    pub(crate) fn new(name: &'static str, program: Program, keeping: Keeping) -> Self {
        Self {
            name,
            program,
            keeping,
            corps: 1,
            log: "warn",
            api_base: "http://127.0.0.1:9/".into(),
        }
    }
}

impl Setup {
    /// The stream in Redis that holds what was accepted and nothing else, if there is one.
    pub(crate) fn stream(&self) -> Option<String> {
        match (self.program, self.keeping) {
            (Program::Peer(_), _) => Some("events".into()),
            (Program::DoorOnly, Keeping::Redis | Keeping::RedisEverysec) => {
                Some(format!("wb:{{{}}}:in:log", corps::id(0)))
            }
            _ => None,
        }
    }
}

/// A running server with its store.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From the start of the process to its first answer.
    pub(crate) start: Duration,
    /// Its process. Before the ground: it is gone before its Redis.
    pub(crate) process: Process,
    /// What it stands on.
    pub(crate) ground: Ground,
    program: Program,
}

impl Server {
    /// Starts it on fresh ground.
    pub(crate) fn start(setup: &Setup) -> anyhow::Result<Self> {
        Self::start_on(Ground::lay(setup.keeping)?, setup, &[])
    }

    /// Starts it and waits for its first answer. `under` is what it runs under, such as valgrind; else empty.
    pub(crate) fn start_on(
        ground: Ground,
        setup: &Setup,
        under: &[String],
    ) -> anyhow::Result<Self> {
        let address = process::free_address()?;
        let config = ground.file("bench.toml");
        fs::write(&config, config_text(setup, address, &ground.url()))?;
        let (own, service) = (std::env::current_exe()?, env!("CARGO_BIN_EXE_wecom-bridge"));
        let (own, config) = (own.display().to_string(), config.display().to_string());
        let line: Vec<String> = match setup.program {
            Program::Ceiling => vec![own, "ceiling".into(), address.to_string()],
            Program::DoorOnly => vec![own, "door-only".into(), config],
            Program::Forgetful => vec![own, "forgetful".into(), config],
            Program::Service => vec![service.into(), "serve".into(), "--config".into(), config],
            Program::Peer(peer) => peer.line(address),
        };
        let line = [under, &line].concat();
        let log = fs::File::create(ground.file("log"))?;
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]).stderr(log);
        if let Program::Peer(_) = setup.program {
            Peer::tell(&mut command, address, &ground.url());
        }
        let began = Instant::now();
        let mut process = Process::spawn(&mut command)?;
        process::wait_for(&mut process, address, b"GET /healthz HTTP/1.0\r\n\r\n")
            .with_context(|| format!("{}\n{}", setup.name, log_of(&ground)))?;
        Ok(Self {
            address,
            start: began.elapsed(),
            process,
            ground,
            program: setup.program,
        })
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        log_of(&self.ground)
    }

    /// Stops it in order; what it stood on is left.
    pub(crate) fn stop(self) -> anyhow::Result<Ground> {
        let signal = match self.program {
            Program::Service | Program::Peer(_) => Some("TERM"),
            Program::Ceiling | Program::DoorOnly | Program::Forgetful => None,
        };
        self.process.stop(signal)?;
        Ok(self.ground)
    }
}

fn log_of(ground: &Ground) -> String {
    fs::read_to_string(ground.file("log")).unwrap_or_default()
}

/// The configuration of a service that listens there.
pub(crate) fn config_text(setup: &Setup, address: SocketAddr, store: &str) -> String {
    let (log, api_base, corps) = (setup.log, &setup.api_base, corps::config(setup.corps));
    format!(
        r#"
        public_url = "http://{address}"
        [server]
        listen = "{address}"
        [store]
        url = "{store}"
        [log]
        level = "{log}"
        [wecom]
        api_base = "{api_base}"
        oauth_base = "{api_base}"
        [sync]
        nightly = "off"
        hourly = false
        {corps}
        "#
    )
}
