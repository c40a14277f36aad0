//! Servers as others build them, for the same work: verify, decrypt, parse, refuse duplicates by a hash, append to a
//! Redis stream in one round trip, then answer. Their sources are in `benches/peers`; what they need is installed below
//! `target/peers`.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde::Serialize;

use crate::accepting::{self, Extent, Row};
use crate::callbacks::{self, APART, Change, Request};
use crate::corps;
use crate::ground::Keeping;
use crate::report::Failures;
use crate::servers::{Program, Server, Setup};

/// The service's own rows.
const DOOR: &str = "redis, door only";
const SERVICE: &str = "redis";

/// One of them.
#[derive(Debug)]
pub(crate) struct Peer {
    name: &'static str,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Go,
    Node,
    FastApi,
    Flask,
}

const PEERS: [Peer; 4] = [
    Peer {
        name: "go net/http",
        kind: Kind::Go,
    },
    Peer {
        name: "node fastify",
        kind: Kind::Node,
    },
    Peer {
        name: "python fastapi",
        kind: Kind::FastApi,
    },
    Peer {
        name: "python flask",
        kind: Kind::Flask,
    },
];

/// How far the service is ahead of a peer.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Lead {
    /// The peer.
    pub(crate) name: &'static str,
    /// The rate of the service without its loops, which does what the peer does, over the peer's.
    pub(crate) door: Option<f64>,
    /// The rate of the whole service, which settles as well, over the peer's.
    pub(crate) service: Option<f64>,
    /// Processor time of the peer and its Redis for each request, over that of the service without its loops.
    pub(crate) cpu: Option<f64>,
}

/// How long an answer may take while it is checked what a server stores.
const PATIENCE: Duration = Duration::from_secs(10);

/// Installs them, checks that they do the work, and measures them beside the service and the ceiling.
pub(crate) fn measure(
    extent: Extent,
    only: &str,
    failures: &mut Failures,
) -> anyhow::Result<Vec<Row>> {
    let setup = Setup::new;
    let mut setups = vec![
        setup("ceiling", Program::Ceiling, Keeping::Nothing),
        setup(DOOR, Program::DoorOnly, Keeping::Redis),
        setup(SERVICE, Program::Service, Keeping::Redis),
    ];
    copy_sources()?;
    let peers = PEERS.iter().filter(|peer| peer.name.contains(only));
    for peer in peers {
        eprintln!("installing {}", peer.name);
        if failures.note(peer.name, peer.install()).is_some() {
            setups.push(setup(peer.name, Program::Peer(peer), Keeping::Redis));
        }
    }
    setups.retain(|setup| {
        eprintln!("checking {}", setup.name);
        failures.note(setup.name, check(setup)).is_some()
    });
    accepting::measure(&setups, extent, failures)
}

/// The leads that follow from these rows.
pub(crate) fn leads(rows: &[Row]) -> Vec<Lead> {
    let row = |name: &str| rows.iter().find(|row| row.name == name);
    let (door, service) = (row(DOOR), row(SERVICE));
    let work = |row: &Row| row.cpu + row.redis_cpu;
    let peers = PEERS.iter().filter_map(|peer| row(peer.name));
    let lead = |peer: &Row| Lead {
        name: peer.name,
        door: door.map(|door| door.rate / peer.rate),
        service: service.map(|service| service.rate / peer.rate),
        cpu: door.map(|door| work(peer) / work(door)),
    };
    peers.map(lead).collect()
}

impl Peer {
    /// The command line that starts it at the address.
    pub(crate) fn line(&self, address: SocketAddr) -> Vec<String> {
        let port = address.port().to_string();
        let venv = |name: &str| home().join("venv/bin").join(name).display().to_string();
        let file = |name: &str| home().join(name).display().to_string();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let (first, rest): (String, Vec<String>) = match self.kind {
            Kind::Go => (file("nethttp"), Vec::new()),
            Kind::Node => ("node".into(), vec![file("fastify.mjs")]),
            Kind::FastApi => {
                let options = [
                    "--workers",
                    "2",
                    "--no-access-log",
                    "--log-level",
                    "warning",
                ];
                let app = ["--app-dir", &file(""), "--port", &port, "fastapi_peer:app"];
                // Longer than connections rest between two loops.
                let keep_alive = ["--timeout-keep-alive", "75"];
                let all = [&options[..], &keep_alive, &app].concat();
                (venv("uvicorn"), words(&all))
            }
            Kind::Flask => {
                // Only this kind of worker keeps connections alive.
                let options = [
                    "--workers",
                    "2",
                    "--worker-class",
                    "gthread",
                    "--threads",
                    "8",
                ];
                let (bind, keep_alive) = (format!("127.0.0.1:{port}"), ["--keep-alive", "75"]);
                let app = ["--chdir", &file(""), "--bind", &bind, "flask_peer:app"];
                let all = [&options[..], &keep_alive, &app].concat();
                (venv("gunicorn"), words(&all))
            }
        };
        [vec![first], rest].concat()
    }

    /// Tells a peer what it has to know.
    pub(crate) fn tell(command: &mut Command, address: SocketAddr, redis: &str) {
        command
            .env("PEER_PORT", address.port().to_string())
            .env("PEER_REDIS", redis)
            .env("PEER_LUA", home().join("accept.lua"))
            .env("PEER_CORP", corps::id(0))
            .env("PEER_TOKEN", corps::TOKEN)
            .env("PEER_AES_KEY", corps::AES_KEY);
    }

    fn install(&self) -> anyhow::Result<()> {
        match self.kind {
            Kind::Go => {
                let mut go = tool("go");
                // Debian's packages of Go libraries lie there.
                go.env("GO111MODULE", "off")
                    .env("GOPATH", "/usr/share/gocode");
                go.env("GOCACHE", home().join("go-cache"));
                run(go.args(["build", "-o", "nethttp", "nethttp.go"]))
            }
            Kind::Node => once("package.json", "node_modules", || {
                let options = ["--no-package-lock", "--no-audit", "--no-fund"];
                run(tool("npm").arg("install").args(options))
            }),
            Kind::FastApi | Kind::Flask => once("requirements.txt", "venv", || {
                run(tool("python3").args(["-m", "venv", "venv"]))?;
                let pip = home().join("venv/bin/pip");
                run(tool(pip).args(["install", "--quiet", "-r", "requirements.txt"]))
            }),
        }
    }
}

/// Where everything is put.
fn home() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers")
}

fn copy_sources() -> anyhow::Result<()> {
    fs::create_dir_all(home())?;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers"))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), home().join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Installs into a folder unless that was done with the same list.
fn once(
    list: &str,
    folder: &str,
    install: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let installed = home().join(folder).join("installed");
    let list = fs::read_to_string(home().join(list))?;
    if fs::read_to_string(&installed).is_ok_and(|it| it == list) {
        return Ok(());
    }
    install()?;
    Ok(fs::write(installed, list)?)
}

fn tool(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(home()).stdin(Stdio::null());
    // The tables alone belong on the standard output.
    command.stdout(Stdio::null());
    command
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().display().to_string();
    let status = command.status().context(name.clone())?;
    ensure!(status.success(), "{name}: {status}");
    Ok(())
}

/// Does it really store what it answers for, once, and refuse what nobody signed?
fn check(setup: &Setup) -> anyhow::Result<()> {
    let Some(stream) = setup.stream() else {
        return Ok(());
    };
    let server = Server::start(setup)?;
    let requests = callbacks::make(Change::Edited, APART, 0..3)?;
    let forged = callbacks::forged(&requests[2]);
    let sent = [
        (&requests[0], 200, 1, "a callback"),
        (&requests[1], 200, 2, "another callback"),
        (&requests[0], 200, 2, "a callback that came before"),
        (&forged, 403, 2, "a forged callback"),
    ];
    for (request, status, stored, what) in sent {
        let answer = post(server.address, request).with_context(|| server.log())?;
        ensure!(
            answer == status,
            "{what} is answered {answer}\n{}",
            server.log()
        );
        let length = server.ground.stream_length(&stream)?;
        ensure!(length == stored, "after {what}, {length} are stored");
    }
    Ok(())
}

/// The status of the answer.
fn post(to: SocketAddr, request: &Request) -> anyhow::Result<u16> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request)?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    match answer.strip_prefix("HTTP/1.1 ") {
        Some(status) => Ok(status.parse()?),
        None => bail!("an answer begins with {answer}"),
    }
}
