//! A child process with the processes that it starts itself, and what the system tells about them.

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// How long a server may take to start; under valgrind, or with a full store, it takes seconds.
const START_MAX: Duration = Duration::from_secs(60);

/// A child process. It and its own children are gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts it with an open standard input.
    pub(crate) fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        let name = command.get_program().display().to_string();
        let command = command.stdin(Stdio::piped()).stdout(Stdio::null());
        Ok(Self(command.spawn().context(name)?))
    }

    /// Processor time so far, of all that still run.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        // The kernel tells times in hundredths of a second, whatever its own tick is.
        let ticks = self.family()?.into_iter().map(|member| member.ticks);
        Ok(Duration::from_millis(ticks.sum::<u64>() * 10))
    }

    /// Memory in use, in MiB. What several processes share counts for each.
    pub(crate) fn rss(&self) -> anyhow::Result<f64> {
        self.status("VmRSS:")
    }

    /// The most memory that was in use, in MiB.
    pub(crate) fn peak_rss(&self) -> anyhow::Result<f64> {
        self.status("VmHWM:")
    }

    /// Whether it has not ended.
    pub(crate) fn runs(&mut self) -> anyhow::Result<bool> {
        Ok(self.0.try_wait()?.is_none())
    }

    /// Has it stop in order, by the end of its standard input or by this signal, and waits for that.
    pub(crate) fn stop(mut self, signal: Option<&str>) -> anyhow::Result<()> {
        drop(self.0.stdin.take());
        if let Some(signal) = signal {
            send(signal, &[self.0.id()]);
        }
        let deadline = Instant::now() + START_MAX;
        while self.runs()? {
            if Instant::now() > deadline {
                bail!("a server does not stop");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn status(&self, name: &str) -> anyhow::Result<f64> {
        let mut kib = 0.0;
        for member in self.family()? {
            let status = fs::read_to_string(format!("/proc/{}/status", member.id))?;
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let value = line.and_then(|line| line.split_whitespace().next());
            kib += value.context("/proc/…/status")?.parse::<f64>()?;
        }
        Ok(kib / 1024.0)
    }

    /// The process itself, then its children and theirs.
    fn family(&self) -> anyhow::Result<Vec<Member>> {
        let mut children: HashMap<u32, Vec<Member>> = HashMap::new();
        let mut family = vec![Member::read(self.0.id()).context("a server has ended")?];
        for entry in fs::read_dir("/proc")? {
            let id = entry?.file_name().to_str().and_then(|id| id.parse().ok());
            if let Some(member) = id.and_then(Member::read) {
                children.entry(member.parent).or_default().push(member);
            }
        }
        let mut at = 0;
        while let Some(member) = family.get(at) {
            family.extend(children.remove(&member.id).unwrap_or_default());
            at += 1;
        }
        Ok(family)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let family = self.family().unwrap_or_default();
        let _ = self.0.kill();
        let _ = self.0.wait();
        let children: Vec<u32> = family.iter().skip(1).map(|member| member.id).collect();
        if !children.is_empty() {
            send("KILL", &children);
        }
    }
}

/// What `/proc/ID/stat` tells of a process.
#[derive(Debug)]
struct Member {
    id: u32,
    parent: u32,
    ticks: u64,
}

impl Member {
    fn read(id: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The second field, the name, may hold blanks and ends with the last parenthesis.
        let (_, fields) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let number = |place: usize| fields.get(place - 3)?.parse::<u64>().ok();
        Some(Self {
            id,
            parent: u32::try_from(number(4)?).ok()?,
            ticks: number(14)? + number(15)?,
        })
    }
}

fn send(signal: &str, to: &[u32]) {
    let ids = to.iter().map(u32::to_string);
    let mut kill = Command::new("kill");
    // One that has ended meanwhile is no matter.
    let kill = kill.arg(format!("-{signal}")).args(ids);
    let _ = kill.stderr(Stdio::null()).status();
}

/// An address that nobody listens at.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}

/// Waits until the process answers at the address.
pub(crate) fn wait_for(
    process: &mut Process,
    address: SocketAddr,
    question: &[u8],
) -> anyhow::Result<()> {
    let began = Instant::now();
    let ask = || -> std::io::Result<usize> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(START_MAX))?;
        stream.write_all(question)?;
        stream.read(&mut [0; 16])
    };
    while !ask().is_ok_and(|read| read > 0) {
        if !process.runs()? {
            bail!("it ended at once");
        }
        if began.elapsed() > START_MAX {
            bail!("it does not answer at {address}");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
