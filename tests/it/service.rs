//! The real program as a process of its own: started on a port of this machine, killed, stopped, frozen, started again.
//!
//! It logs at level `debug` into a file that outlives its process, so that a test can look for what must never be there.

pub(crate) mod api;
pub(crate) mod callback;
pub(crate) mod disk;
pub(crate) mod false_clock;
pub(crate) mod flow;
pub(crate) mod store;
pub(crate) mod wecom;

use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use url::Url;

use crate::service::api::Door;
use crate::service::false_clock::FalseClock;

pub(crate) const CORP: &str = "ww1000";
pub(crate) const APP_SECRET: &str = "q7ZkAppSecretOfTheTests";
pub(crate) const SYNC_SECRET: &str = "q7ZkSyncSecretOfTheTests";
pub(crate) const API_TOKEN: &str = "q7ZkTokenOfTheReadApi";
pub(crate) const APP_TOKEN: &str = "q7ZkAppToken";
pub(crate) const APP_KEY: &str = "q7ZkmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2A";
pub(crate) const SYNC_TOKEN: &str = "q7ZkSyncToken";
pub(crate) const SYNC_KEY: &str = "q7ZkR6q2BmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykk";

/// How long a start may take on a busy machine.
const START_MAX: Duration = Duration::from_secs(30);

/// How long anything may take that comes at once on an idle machine.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// Where a service keeps its state.
pub(crate) enum Keeps {
    /// In a file of its own folder.
    ItsOwnFile,
    /// Where this setting says.
    At(String),
}

/// A service. It is killed when it is dropped.
pub(crate) struct Service {
    child: Option<Child>,
    folder: TempDir,
    door: Door,
    clock: Option<FalseClock>,
}

impl Service {
    /// Starts a service and waits until it is ready.
    pub(crate) async fn start(keeps: &Keeps, wecom: &Url) -> Self {
        let mut service = Self::prepare(keeps, wecom);
        service.start_again().await;
        service
    }

    /// Writes the configuration of a service that does not run yet.
    pub(crate) fn prepare(keeps: &Keeps, wecom: &Url) -> Self {
        let folder = TempDir::new().unwrap();
        let port = free_port();
        let store = match keeps {
            Keeps::ItsOwnFile => format!("embedded:{}", folder.path().join("store.redb").display()),
            Keeps::At(url) => url.clone(),
        };
        std::fs::write(
            folder.path().join("bridge.toml"),
            configuration(port, &store, wecom),
        )
        .unwrap();
        let service = Self {
            child: None,
            folder,
            door: Door::new(port),
            clock: None,
        };
        File::create(service.log_file()).unwrap();
        service
    }

    /// Has the next process go by a clock of its own, where that can be had.
    pub(crate) fn go_by(&mut self, clock: Option<FalseClock>) {
        self.clock = clock;
    }

    pub(crate) const fn has_own_clock(&self) -> bool {
        self.clock.is_some()
    }

    /// The clock of its own.
    pub(crate) fn clock(&mut self) -> &mut FalseClock {
        self.clock.as_mut().expect("it has a clock of its own")
    }

    /// Starts the process, on the port and folder that it had before.
    pub(crate) fn launch(&mut self) {
        let log = OpenOptions::new().append(true).open(self.log_file());
        let child = Command::new(env!("CARGO_BIN_EXE_wecom-bridge"))
            .args(["serve", "--config"])
            .arg(self.folder.path().join("bridge.toml"))
            .env_clear()
            .envs(self.clock.iter().flat_map(FalseClock::environment))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.unwrap())
            .spawn();
        self.child = Some(child.unwrap());
    }

    /// Starts the process and waits until it is ready.
    pub(crate) async fn start_again(&mut self) {
        self.launch();
        let ready = until(START_MAX, async || self.door.is_ready().await);
        assert!(ready.await, "the service does not start:\n{}", self.log());
    }

    /// What it is asked through.
    pub(crate) fn door(&self) -> &Door {
        &self.door
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("the service runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM; it may finish what it has in work.
    pub(crate) async fn terminate(&mut self, patience: Duration) -> ExitStatus {
        self.signal("-TERM");
        self.ended(patience).await
    }

    /// How the process ended by itself.
    pub(crate) async fn ended(&mut self, patience: Duration) -> ExitStatus {
        let child = self.child.as_mut().expect("the service was started");
        let ended = until(patience, async || child.try_wait().unwrap().is_some());
        assert!(
            ended.await,
            "the service does not end:\n{}",
            self.end_of_log()
        );
        let mut child = self.child.take().expect("the service was started");
        child.wait().unwrap()
    }

    /// SIGHUP: it reads its configuration again.
    pub(crate) fn hang_up(&self) {
        self.signal("-HUP");
    }

    /// SIGSTOP: it does nothing any more; its connections stay open.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Everything that it logged, in all its lives.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read(self.log_file()).unwrap();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// The last lines of the log, for messages.
    pub(crate) fn end_of_log(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Looks through the whole log for panics, secrets, and whatever else must not be in it.
    #[track_caller]
    pub(crate) fn assert_log_tells_no_secrets(&self, more: &[String]) {
        let log = self.log();
        assert!(log.contains("Listening."), "there is no log: {log}");
        let known = ["panicked", "q7Zk", "<xml>", "CDATA"].map(str::to_owned);
        for secret in known.iter().chain(more) {
            let line = log.lines().find(|line| line.contains(secret.as_str()));
            assert_eq!(line, None, "{secret:?} stands in the log");
        }
    }

    /// What it is configured by.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.folder.path().join("bridge.toml")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().expect("the service runs").id();
        let kill = Command::new("kill")
            .args([signal, &pid.to_string()])
            .status();
        assert!(kill.unwrap().success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Asks until the answer is yes; `false` when it is not by then.
pub(crate) async fn until(patience: Duration, mut probe: impl AsyncFnMut() -> bool) -> bool {
    let started = Instant::now();
    loop {
        if probe().await {
            return true;
        }
        if started.elapsed() > patience {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Ports below those that the system hands out by itself: nobody takes one while its service is dead.
pub(crate) fn free_port() -> u16 {
    let first = getrandom::u32().unwrap() as u16 % 10_000;
    (0..10_000)
        .map(|n| 20_000 + (first + n) % 10_000)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("one of ten thousand ports is free")
}

fn configuration(port: u16, store: &str, wecom: &Url) -> String {
    format!(
        r#"
public_url = "http://127.0.0.1:{port}"
server.listen = "127.0.0.1:{port}"
store.url = "{store}"
api.tokens = ["{API_TOKEN}"]
log.level = "debug"
sync = {{ nightly = "off", hourly = false }}
wecom = {{ api_base = "{wecom}", oauth_base = "{wecom}" }}

[[corp]]
id = "{CORP}"
tenant_key = "team-1"
app = {{ agent_id = {agent}, secret = "{APP_SECRET}" }}
contact_sync.secret = "{SYNC_SECRET}"
[[corp.receiver]]
name = "app"
token = "{APP_TOKEN}"
aes_key = "{APP_KEY}"
[[corp.receiver]]
name = "sync"
token = "{SYNC_TOKEN}"
aes_key = "{SYNC_KEY}"
"#,
        agent = wecom::AGENT.0,
    )
}
