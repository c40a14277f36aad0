//! The other side: keep-alive connections that send callbacks and time the answers.
//!
//! In the closed loop every connection sends as soon as it has its answer: that is what a server can do. In the open
//! loop requests are due at fixed times, and latency counts from then on, also while no connection is free: that is
//! what a sender sees.

use std::cell::Cell;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use futures_util::future::try_join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};

use crate::callbacks::Request;

/// How many connections there are.
pub(crate) const CONNECTIONS: usize = 64;

/// More than most pages have.
const PAGE_BYTES: usize = 128 * 1024;

/// How an answer begins that is none of the refused.
const OK: &[u8] = b"HTTP/1.1 200 ";

/// What came of a loop.
#[derive(Debug)]
pub(crate) struct Trip {
    /// How long it took.
    pub(crate) elapsed: Duration,
    /// Latencies in microseconds, in order.
    latencies: Vec<u32>,
    /// Answers other than 200.
    pub(crate) refused: usize,
}

impl Trip {
    /// How many requests were answered.
    pub(crate) fn answered(&self) -> usize {
        self.latencies.len()
    }

    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        self.answered() as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency, in milliseconds, that this share of the requests did not exceed.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let place = (self.latencies.len() as f64 * share) as usize;
        let place = place.min(self.latencies.len().saturating_sub(1));
        self.latencies
            .get(place)
            .map_or(0.0, |&us| f64::from(us) / 1000.0)
    }
}

/// Sends requests as fast as they are answered until the time is over or none is left.
pub(crate) fn closed(to: SocketAddr, requests: &[Request], time: Duration) -> anyhow::Result<Trip> {
    let next = Cell::new(0);
    trip(to, async |mut connection, began| {
        while began.elapsed() < time {
            let Some(request) = requests.get(next.replace(next.get() + 1)) else {
                break;
            };
            connection.exchange(request, Instant::now()).await?;
        }
        Ok(connection)
    })
}

/// Sends all requests, so many a second.
pub(crate) fn open(to: SocketAddr, requests: &[Request], rate: u32) -> anyhow::Result<Trip> {
    paced(to, requests, rate, Answers::Empty)
}

/// The same for requests whose answers have bodies.
pub(crate) fn pages(to: SocketAddr, requests: &[Request], rate: u32) -> anyhow::Result<Trip> {
    paced(to, requests, rate, Answers::Pages)
}

/// What the answers are.
#[derive(Debug, Clone, Copy)]
enum Answers {
    Empty,
    Pages,
}

fn paced(
    to: SocketAddr,
    requests: &[Request],
    rate: u32,
    answers: Answers,
) -> anyhow::Result<Trip> {
    let (due, queue) = mpsc::unbounded_channel();
    let queue = Mutex::new(queue);
    std::thread::scope(|scope| {
        scope.spawn(move || pace(requests, rate, &due));
        trip(to, async |mut connection, _| {
            loop {
                let due = queue.lock().await.recv().await;
                let Some((request, due)) = due else {
                    return Ok(connection);
                };
                match answers {
                    Answers::Empty => connection.exchange(request, due).await?,
                    Answers::Pages => connection.fetch(request, due).await?,
                }
            }
        })
    })
}

/// Hands out each request when it is due; late ones keep their time.
fn pace<'a>(
    requests: &'a [Request],
    rate: u32,
    due: &mpsc::UnboundedSender<(&'a Request, Instant)>,
) {
    // The connections are made meanwhile.
    let began = Instant::now() + Duration::from_millis(100);
    for (request, n) in requests.iter().zip(0..) {
        let at = began + Duration::from_secs(1) * n / rate;
        std::thread::sleep(at.saturating_duration_since(Instant::now()));
        if due.send((request, at)).is_err() {
            return;
        }
    }
}

/// Connections that rest: each has had one answer, so that it is kept alive.
#[derive(Debug)]
pub(crate) struct Idle(Vec<std::net::TcpStream>);

impl Idle {
    /// Opens so many.
    pub(crate) fn open(to: SocketAddr, count: usize) -> anyhow::Result<Self> {
        let open = |n: usize| {
            let mut stream = std::net::TcpStream::connect(to)?;
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")?;
            let read = stream.read(&mut [0; 1024])?;
            ensure!(read > 0, "the server closed idle connection {n}");
            stream.set_nonblocking(true)?;
            Ok(stream)
        };
        let streams: anyhow::Result<_> = (0..count).map(open).collect();
        Ok(Self(streams?))
    }

    /// Whether the server has kept them all.
    pub(crate) fn all_open(&self) -> bool {
        let open = |mut stream: &std::net::TcpStream| {
            let read = stream.read(&mut [0; 1024]);
            read.is_err_and(|problem| problem.kind() == ErrorKind::WouldBlock)
        };
        self.0.iter().all(open)
    }
}

/// Has every connection do its part.
fn trip(
    to: SocketAddr,
    part: impl AsyncFn(Connection, Instant) -> anyhow::Result<Connection>,
) -> anyhow::Result<Trip> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let connections = try_join_all((0..CONNECTIONS).map(|_| Connection::open(to))).await?;
        let began = Instant::now();
        let parts = connections
            .into_iter()
            .map(|connection| part(connection, began));
        let connections = try_join_all(parts).await?;
        let elapsed = began.elapsed();
        let refused = connections.iter().map(|connection| connection.refused);
        let refused = refused.sum();
        let latencies = connections.into_iter().flat_map(|c| c.latencies);
        let mut latencies: Vec<u32> = latencies.collect();
        latencies.sort_unstable();
        Ok(Trip {
            elapsed,
            latencies,
            refused,
        })
    })
}

struct Connection {
    stream: TcpStream,
    answer: [u8; 1024],
    page: Vec<u8>,
    latencies: Vec<u32>,
    refused: usize,
}

impl Connection {
    async fn open(to: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(to).await.context("connect")?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            answer: [0; 1024],
            page: Vec::new(),
            latencies: Vec::with_capacity(4096),
            refused: 0,
        })
    }

    /// Sends a request that was due at this time, and reads the answer.
    async fn exchange(&mut self, request: &[u8], due: Instant) -> anyhow::Result<()> {
        self.stream.write_all(request).await?;
        let mut read = 0;
        loop {
            let more = self.stream.read(&mut self.answer[read..]).await?;
            ensure!(more > 0, "the server closed a connection");
            read += more;
            if self.answer[..read].ends_with(b"\r\n\r\n") {
                break;
            }
            if read == self.answer.len() {
                bail!("an answer has a body");
            }
        }
        self.count(self.answer.starts_with(OK), due);
        Ok(())
    }

    /// The same where the answer has a body.
    async fn fetch(&mut self, request: &[u8], due: Instant) -> anyhow::Result<()> {
        self.stream.write_all(request).await?;
        self.page.clear();
        self.page.reserve(PAGE_BYTES);
        while length(&self.page)?.is_none_or(|length| self.page.len() < length) {
            let more = self.stream.read_buf(&mut self.page).await?;
            ensure!(more > 0, "the server closed a connection");
        }
        self.count(self.page.starts_with(OK), due);
        Ok(())
    }

    fn count(&mut self, is_ok: bool, due: Instant) {
        if !is_ok {
            self.refused += 1;
        }
        let latency = due.elapsed().as_micros();
        self.latencies
            .push(u32::try_from(latency).unwrap_or(u32::MAX));
    }
}

/// How long an answer is, once its head is there.
fn length(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    let end = b"\r\n\r\n";
    let Some(at) = memchr::memmem::find(answer, end) else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&answer[..at])?.to_ascii_lowercase();
    let mut lines = head.lines();
    let body = lines.find_map(|line| line.strip_prefix("content-length:"));
    let body = body.context("an answer does not tell its length")?;
    Ok(Some(at + end.len() + body.trim().parse::<usize>()?))
}
