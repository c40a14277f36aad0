//! Where log lines go: to standard error, for people or as JSON.
//!
//! Lines are written by a thread of their own, so that a slow reader of standard error holds nobody up; when too many
//! wait, further ones are dropped and counted. Other crates never log below `info` here: their debug lines may show
//! addresses that carry an access token.

pub mod traces;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Filter, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

use crate::telemetry::traces::{Collector, Traces};

/// This many lines may wait: a few megabytes.
const LINES_MAX: usize = 8192;

/// How long the end of the process waits for the last lines.
const FLUSH_WAIT: Duration = Duration::from_secs(1);

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

/// Logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The level is no filter.
    #[error("the log level is no filter")]
    Filter,
    /// No thread could be started.
    #[error("no thread for log lines could be started")]
    Thread(#[from] io::Error),
    /// The collector's address or header cannot be used.
    #[error("traces cannot be sent with these settings")]
    Collector,
    /// Something else logs in this process already.
    #[error("logging has been set up before")]
    Twice,
}

/// Logging as it was set up. Writes the lines and sends the spans that still wait when it is dropped: keep it until the end of `main`.
#[derive(Debug)]
#[must_use = "lines that wait are lost without it"]
pub struct Logging {
    level: reload::Handle<EnvFilter, Registry>,
    traces: Option<Traces>,
    _flush: Flush,
}

impl Drop for Logging {
    fn drop(&mut self) {
        if let Some(traces) = &self.traces {
            traces.end();
        }
    }
}

impl Logging {
    /// Chooses other lines from now on, in the words of [`EnvFilter`].
    ///
    /// # Errors
    /// [`TelemetryError::Filter`]; everything stays as it was.
    pub fn choose(&self, level: &str) -> Result<(), TelemetryError> {
        let reloaded = self.level.reload(filter(level)?);
        reloaded.map_err(|_| TelemetryError::Filter)
    }
}

#[derive(Debug)]
struct Flush(SyncSender<Message>);

impl Drop for Flush {
    fn drop(&mut self) {
        let (done, wait) = sync_channel(1);
        // A writer whose reader has stopped never gets there; the process may end nevertheless.
        if self.0.try_send(Message::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(FLUSH_WAIT);
        }
    }
}

/// Sets up logging for the whole process, and traces where somebody takes them. `level` is in the words of
/// [`EnvFilter`]; traces have what is logged at `info` whatever it is. Within the runtime that sends traces.
///
/// # Errors
/// [`TelemetryError`]; nothing is logged then.
pub fn start(
    format: Format,
    level: &str,
    collector: Option<Collector>,
) -> Result<Logging, TelemetryError> {
    let (chosen, level) = reload::Layer::new(filter(level)?);
    let lines = Lines::start(io::stderr())?;
    let _flush = Flush(lines.queue.clone());
    let traces = collector.map(Traces::to).transpose()?;
    let traced = traces.clone();
    let traced = traced.map(|traces| traces.with_filter(filter_fn(may_be_traced)));
    let subscriber = tracing_subscriber::registry()
        .with(layer(format, chosen, lines))
        .with(traced);
    subscriber.try_init().map_err(|_| TelemetryError::Twice)?;
    Ok(Logging {
        level,
        traces,
        _flush,
    })
}

fn filter(level: &str) -> Result<EnvFilter, TelemetryError> {
    let filter = EnvFilter::builder().parse(level);
    filter.map_err(|_| TelemetryError::Filter)
}

fn layer<F, W>(format: Format, level: F, writer: W) -> impl Layer<Registry>
where
    F: Filter<Registry> + Send + Sync + 'static,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    let layer = match format {
        Format::Human => layer.with_ansi(false).boxed(),
        Format::Json => layer
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
    };
    // Without the hint every callsite would count as wanted at every level.
    let shown = filter_fn(may_be_shown).with_max_level_hint(Level::TRACE);
    layer.with_filter(level.and(shown))
}

fn may_be_shown(metadata: &Metadata<'_>) -> bool {
    is_ours(metadata) || *metadata.level() <= Level::INFO
}

fn may_be_traced(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && is_ours(metadata) && *metadata.level() <= Level::INFO
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().split("::").next() == Some("wecom_bridge")
}

/// What the writing thread is told.
enum Message {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

/// The way to the thread that writes.
#[derive(Clone)]
struct Lines {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

impl Lines {
    fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let (queue, waiting) = sync_channel(LINES_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let lines = Self {
            queue,
            dropped: Arc::clone(&dropped),
        };
        thread::Builder::new()
            .name("log".into())
            .spawn(move || write_lines(&waiting, &dropped, out))?;
        Ok(lines)
    }
}

fn write_lines(waiting: &Receiver<Message>, dropped: &AtomicU64, mut out: impl Write) {
    // Nobody can be told when standard error is gone.
    for message in waiting {
        match message {
            Message::Line(line) => {
                let _ = out.write_all(&line);
            }
            Message::Flush(done) => {
                let _ = out.flush();
                let _ = done.try_send(());
            }
        }
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(
                lost,
                "Log lines were dropped: standard error is read too slowly."
            );
        }
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = &'w Self;

    fn make_writer(&'w self) -> &'w Self {
        self
    }
}

impl Write for &Lines {
    /// Called once per line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.queue.try_send(Message::Line(line.to_vec())) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(line)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written when one line is logged by a module of ours and one by another crate, both at debug and info.
    fn written(format: Format, level: &str) -> Vec<String> {
        let out = Page::default();
        let lines = Lines::start(out.clone()).unwrap();
        let flush = Flush(lines.queue.clone());
        let layer = layer(format, filter(level).unwrap(), lines);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!(target: "wecom_bridge::door", id = 7, "our info");
            tracing::debug!(target: "wecom_bridge::door", id = 7, "our debug");
            tracing::info!(target: "reqwest", "their info");
            tracing::debug!(target: "reqwest", "their debug");
            tracing::debug!(target: "wecom_bridge_not", "their debug");
        });
        drop(flush);
        let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        text.lines().map(String::from).collect()
    }

    #[test]
    fn levels_choose_lines_and_hide_the_debug_lines_of_others() {
        let cases: [(&str, &[&str]); 5] = [
            ("info", &["our info", "their info"]),
            ("trace", &["our info", "our debug", "their info"]),
            ("warn,wecom_bridge=info", &["our info"]),
            ("off,reqwest=trace", &["their info"]),
            ("error", &[]),
        ];
        for (level, expected) in cases {
            let lines = written(Format::Human, level);
            assert_eq!(lines.len(), expected.len(), "{level}: {lines:#?}");
            for (line, end) in lines.iter().zip(expected) {
                assert!(line.contains(end), "{level}: {line}");
            }
        }
    }

    #[test]
    fn json_is_one_object_per_line_with_the_fields_on_top() {
        let lines = written(Format::Json, "warn,wecom_bridge=info");
        let [line] = &lines[..] else {
            panic!("{lines:#?}");
        };
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["message"], "our info");
        assert_eq!(line["id"], 7);
        assert_eq!(line["level"], "INFO");
    }

    /// Tells that a line has come, and takes it only when it is let to.
    struct Gate {
        arrived: SyncSender<()>,
        open: Receiver<()>,
        taken: Arc<AtomicU64>,
    }

    impl Write for Gate {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            let _ = self.arrived.try_send(());
            // Disconnected: the gate stays open.
            let _ = self.open.recv();
            self.taken.fetch_add(1, Ordering::SeqCst);
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_slow_reader_costs_lines_but_no_time() {
        let (arrived, has_arrived) = sync_channel(1);
        let (let_through, open) = channel();
        let taken = Arc::new(AtomicU64::new(0));
        let gate = Gate {
            arrived,
            open,
            taken: Arc::clone(&taken),
        };
        let lines = Lines::start(gate).unwrap();
        let flush = Flush(lines.queue.clone());
        (&lines).write_all(b"first").unwrap();
        has_arrived.recv().unwrap();
        for _ in 0..LINES_MAX + 3 {
            (&lines).write_all(b"next").unwrap();
        }
        assert_eq!(lines.dropped.load(Ordering::SeqCst), 3);
        drop(let_through);
        // The queue must have room again before the flush is asked for.
        while taken.load(Ordering::SeqCst) < 2 {
            thread::yield_now();
        }
        drop(flush);
        assert_eq!(taken.load(Ordering::SeqCst), LINES_MAX as u64 + 1);
    }
}
