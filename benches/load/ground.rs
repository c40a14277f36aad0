//! Where a server keeps what it takes in: a folder of its own, and a Redis of its own if it uses one. It outlives the
//! server, so that another one can start on what is there.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use tempfile::TempDir;

use crate::process::{self, Process};

/// Which kind of ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// Nothing: for the ceiling.
    Nothing,
    /// Redis, in memory only.
    Redis,
    /// Redis with `appendfsync everysec`.
    RedisEverysec,
    /// The embedded store.
    Embedded,
}

/// A laid ground.
#[derive(Debug)]
pub(crate) struct Ground {
    folder: TempDir,
    redis: Option<(Process, SocketAddr)>,
}

impl Ground {
    /// Makes the folder and starts what is needed.
    pub(crate) fn lay(keeping: Keeping) -> anyhow::Result<Self> {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?;
        let redis = match keeping {
            Keeping::Nothing | Keeping::Embedded => None,
            Keeping::Redis => Some(redis(&folder, &["--appendonly", "no"])?),
            Keeping::RedisEverysec => {
                let options = ["--appendonly", "yes", "--appendfsync", "everysec"];
                Some(redis(&folder, &options)?)
            }
        };
        Ok(Self { folder, redis })
    }

    /// A file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What `store.url` is to be.
    pub(crate) fn url(&self) -> String {
        match &self.redis {
            Some((_, address)) => format!("redis://{address}"),
            None => format!("embedded:{}", self.database().display()),
        }
    }

    /// Where the embedded store is.
    pub(crate) fn database(&self) -> PathBuf {
        self.file("bench.redb")
    }

    /// Processor time of Redis so far.
    pub(crate) fn redis_cpu(&self) -> anyhow::Result<Duration> {
        let redis = self.redis.as_ref();
        redis.map_or(Ok(Duration::ZERO), |(redis, _)| redis.cpu())
    }

    /// MiB that the store takes up: memory of Redis, or the length of the file.
    pub(crate) fn size(&self) -> anyhow::Result<f64> {
        match &self.redis {
            Some((redis, _)) => redis.rss(),
            None => Ok(fs::metadata(self.database())?.len() as f64 / 1024.0 / 1024.0),
        }
    }

    /// How many entries a stream in Redis has.
    pub(crate) fn stream_length(&self, stream: &str) -> anyhow::Result<usize> {
        self.count(&format!("XLEN {stream}"))
    }

    /// Asks Redis for a number.
    fn count(&self, command: &str) -> anyhow::Result<usize> {
        let (_, address) = self.redis.as_ref().context("there is no Redis")?;
        let mut connection = TcpStream::connect(address)?;
        connection.write_all(format!("{command}\r\n").as_bytes())?;
        let mut answer = [0; 64];
        let read = connection.read(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        let count = answer.strip_prefix(':').map(str::trim);
        count
            .and_then(|count| count.parse().ok())
            .with_context(|| format!("Redis answered {answer}"))
    }
}

fn redis(folder: &TempDir, options: &[&str]) -> anyhow::Result<(Process, SocketAddr)> {
    let address = process::free_address()?;
    let mut command = Command::new("redis-server");
    command
        .args(["--port", &address.port().to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--loglevel", "warning", "--dir"])
        .arg(folder.path())
        .args(options);
    let mut redis = Process::spawn(&mut command)?;
    process::wait_for(&mut redis, address, b"PING\r\n").context("redis-server")?;
    Ok((redis, address))
}
