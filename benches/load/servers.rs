//! The processes that are measured: the ceiling, the service, Redis. Each listens on a free port of 127.0.0.1, has a
//! folder of its own, and is gone when it is dropped.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::callbacks::{AES_KEY, CORP, TOKEN};

/// How long a server may take to start; under valgrind it takes seconds.
const START_MAX: Duration = Duration::from_secs(60);

/// Which server is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// actix-web with the service's settings, which reads a body and answers.
    Ceiling,
    /// The service without its loops: it accepts, nothing is settled.
    DoorOnly,
    /// The whole service, as it is shipped.
    Service,
}

/// Where the service keeps events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// Nowhere: for the ceiling.
    Nothing,
    /// Redis, in memory only.
    Redis,
    /// Redis with `appendfsync everysec`.
    RedisEverysec,
    /// The embedded store.
    Embedded,
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
    /// `log.level`.
    pub(crate) log: &'static str,
    /// `wecom.api_base`. Nobody listens on port 9.
    pub(crate) api_base: String,
}

impl Setup {
    /// A set-up that logs warnings and reaches no WeCom.
    pub(crate) fn new(name: &'static str, program: Program, keeping: Keeping) -> Self {
        Self {
            name,
            program,
            keeping,
            log: "warn",
            api_base: "http://127.0.0.1:9/".into(),
        }
    }
}

/// A running server with its store.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From the start of the process to its first answer.
    pub(crate) start: Duration,
    /// Its process.
    pub(crate) process: Process,
    /// Its Redis.
    pub(crate) redis: Option<Process>,
    folder: TempDir,
}

impl Server {
    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Starts it and waits for its first answer. `under` is what it runs under, such as valgrind; else empty.
    pub(crate) fn start(setup: &Setup, under: &[String]) -> anyhow::Result<Self> {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?;
        let (redis, store) = match setup.keeping {
            Keeping::Nothing => (None, String::new()),
            Keeping::Embedded => {
                let path = folder.path().join("bench.redb");
                (None, format!("embedded:{}", path.display()))
            }
            Keeping::Redis => redis(&folder, &["--appendonly", "no"])?,
            Keeping::RedisEverysec => {
                let options = ["--appendonly", "yes", "--appendfsync", "everysec"];
                redis(&folder, &options)?
            }
        };
        let address = free_address()?;
        let config = folder.path().join("bench.toml");
        fs::write(&config, config_text(setup, address, &store))?;
        let config = config.display().to_string();
        let (own, service) = (std::env::current_exe()?, env!("CARGO_BIN_EXE_wecom-bridge"));
        let own = own.display().to_string();
        let line = match setup.program {
            Program::Ceiling => vec![own, "ceiling".into(), address.to_string()],
            Program::DoorOnly => vec![own, "door-only".into(), config],
            Program::Service => vec![service.into(), "serve".into(), "--config".into(), config],
        };
        let line = [under, &line].concat();
        let log = fs::File::create(folder.path().join("log"))?;
        let began = Instant::now();
        let process = Process::spawn(Command::new(&line[0]).args(&line[1..]).stderr(log))?;
        wait_for(address, b"GET /healthz HTTP/1.0\r\n\r\n")
            .with_context(|| setup.name)
            .with_context(|| fs::read_to_string(folder.path().join("log")).unwrap_or_default())?;
        Ok(Self {
            address,
            start: began.elapsed(),
            process,
            redis,
            folder,
        })
    }
}

fn config_text(setup: &Setup, address: SocketAddr, store: &str) -> String {
    let (log, api_base) = (setup.log, &setup.api_base);
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
        [sync]
        nightly = "off"
        hourly = false
        [[corp]]
        id = "{CORP}"
        tenant_key = "bench"
        [corp.app]
        agent_id = 1000002
        secret = "bench"
        [[corp.receiver]]
        name = "app"
        token = "{TOKEN}"
        aes_key = "{AES_KEY}"
        "#
    )
}

fn redis(folder: &TempDir, options: &[&str]) -> anyhow::Result<(Option<Process>, String)> {
    let address = free_address()?;
    let mut command = Command::new("redis-server");
    command
        .args(["--port", &address.port().to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--loglevel", "warning", "--dir"])
        .arg(folder.path())
        .args(options);
    let process = Process::spawn(&mut command).context("redis-server")?;
    wait_for(address, b"PING\r\n").context("redis-server")?;
    Ok((Some(process), format!("redis://{address}")))
}

/// A child process and what the system tells about it.
pub(crate) struct Process(Child);

impl Process {
    fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::null());
        Ok(Self(command.spawn()?))
    }

    /// Processor time so far.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        // Fields 14 and 15; the second one, the name, may hold blanks and ends with the last parenthesis.
        let (_, fields) = stat.rsplit_once(')').context("/proc/…/stat")?;
        let fields = fields.split_whitespace().skip(11).take(2);
        let ticks: u64 = fields.map(|ticks| ticks.parse().unwrap_or(0)).sum();
        // The kernel tells times in hundredths of a second, whatever its own tick is.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Memory in use, in MiB.
    pub(crate) fn rss(&self) -> anyhow::Result<f64> {
        self.status("VmRSS:")
    }

    /// The most memory that was in use, in MiB.
    pub(crate) fn peak_rss(&self) -> anyhow::Result<f64> {
        self.status("VmHWM:")
    }

    /// Has a server of this program stop in order, and waits for that.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        drop(self.0.stdin.take());
        let deadline = Instant::now() + START_MAX;
        while self.0.try_wait()?.is_none() {
            if Instant::now() > deadline {
                bail!("a server does not stop");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn status(&self, name: &str) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next());
        let kib: f64 = kib.context("/proc/…/status")?.parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}

/// Waits until somebody answers at the address.
fn wait_for(address: SocketAddr, question: &[u8]) -> anyhow::Result<()> {
    let began = Instant::now();
    let ask = || -> std::io::Result<usize> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(question)?;
        stream.read(&mut [0; 16])
    };
    while !ask().is_ok_and(|read| read > 0) {
        if began.elapsed() > START_MAX {
            bail!("it does not answer at {address}");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
