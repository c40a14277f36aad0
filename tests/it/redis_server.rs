//! A real `redis-server` of a test's own: on a free port of this machine, in a folder of its own, gone with the test.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tempfile::TempDir;
use wecom_bridge::store::StoreUrl;

use crate::service::free_port;

/// How long a server may take to start.
const START_MAX: Duration = Duration::from_secs(20);

/// A running server.
#[derive(Debug)]
pub(crate) struct RedisServer {
    child: Child,
    port: u16,
    bus: u16,
    folder: TempDir,
    options: Vec<String>,
}

impl RedisServer {
    /// Starts a server that keeps nothing.
    pub(crate) fn start() -> Self {
        Self::with(&["--appendonly", "no"])
    }

    /// Starts a server that has every write on disk before it answers.
    pub(crate) fn durable() -> Self {
        Self::with(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    /// Starts a server that has every write on disk before it answers, in this folder.
    pub(crate) fn durable_in(folder: &Path) -> Self {
        let folder = folder.to_str().unwrap();
        Self::with(&[
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
            "--dir",
            folder,
        ])
    }

    /// Starts a node of a Cluster, with these options besides.
    pub(crate) fn cluster_node(options: &[&str]) -> Self {
        let bus = free_port();
        let port = bus.to_string();
        let own = ["--cluster-enabled", "yes", "--cluster-port", &port];
        let mut server = Self::with(&[&own[..], options].concat());
        server.bus = bus;
        server
    }

    /// Starts a Cluster of one node.
    pub(crate) fn cluster() -> Self {
        let server = Self::cluster_node(&[]);
        server.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
        let started = Instant::now();
        while !server
            .cli(&["CLUSTER", "INFO"])
            .contains("cluster_state:ok")
        {
            assert!(started.elapsed() < START_MAX, "the cluster gets ready");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// Starts a Sentinel that calls this server `bridge` and takes it for dead after `down_after`.
    pub(crate) fn sentinel(master: &Self, down_after: Duration) -> Self {
        let folder = TempDir::new().unwrap();
        let settings = [
            format!("sentinel monitor bridge 127.0.0.1 {} 1", master.port),
            format!(
                "sentinel down-after-milliseconds bridge {}",
                down_after.as_millis()
            ),
            "sentinel failover-timeout bridge 3000".to_owned(),
        ];
        // A Sentinel keeps what it knows in its configuration file.
        let file = folder.path().join("sentinel.conf");
        std::fs::write(&file, settings.join("\n")).unwrap();
        Self::within(folder, &[file.to_str().unwrap(), "--sentinel"])
    }

    /// Starts a server with these options.
    pub(crate) fn with(options: &[&str]) -> Self {
        Self::within(TempDir::new().unwrap(), options)
    }

    fn within(folder: TempDir, options: &[&str]) -> Self {
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        // Another process may take the port between the look and the start; then the next one is tried.
        for _ in 0..10 {
            let port = free_port();
            let mut child = spawn(port, &folder, &options);
            if answers(port, &mut child) {
                return Self {
                    child,
                    port,
                    bus: 0,
                    folder,
                    options,
                };
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("redis-server does not start: is it installed?");
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where the nodes of a Cluster talk to each other.
    pub(crate) fn bus(&self) -> u16 {
        self.bus
    }

    /// Its URL as a store's setting.
    pub(crate) fn url(&self) -> StoreUrl {
        let url = format!("redis://127.0.0.1:{}", self.port);
        StoreUrl::Redis(SecretString::from(url))
    }

    /// Kills it, as a power failure would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again after [`kill`](Self::kill), on the same port and folder.
    pub(crate) fn start_again(&mut self) {
        self.child = spawn(self.port, &self.folder, &self.options);
        assert!(
            answers(self.port, &mut self.child),
            "it starts a second time"
        );
    }

    /// Stops it from doing anything; its connections stay open.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on after [`freeze`](Self::freeze).
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Sends a command as words and gives the answer as `redis-cli` prints it.
    pub(crate) fn cli(&self, words: &[&str]) -> String {
        let port = self.port.to_string();
        let mut command = Command::new("redis-cli");
        command.args(["-p", &port]).args(words);
        let output = command.output().unwrap();
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(port: u16, folder: &TempDir, options: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command
        .args(options)
        .args(["--bind", "127.0.0.1", "--port"])
        .arg(port.to_string());
    if !options.iter().any(|option| option == "--dir") {
        command.arg("--dir").arg(folder.path());
    }
    if !options.iter().any(|option| option == "--sentinel") {
        // A master waits for no second replica before it sends the first one what it has.
        command.args(["--save", "", "--repl-diskless-sync-delay", "0"]);
    }
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is installed")
}

/// Waits until it answers commands; false when it ends or takes too long. It may first have to read what it kept.
fn answers(port: u16, child: &mut Child) -> bool {
    let started = Instant::now();
    while started.elapsed() < START_MAX {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if ping(port)
            .is_ok_and(|answer| answer.starts_with("+PONG") || answer.starts_with("-NOAUTH"))
        {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

fn ping(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 64];
    let length = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}
