//! What the processes of one installation share about WeCom, through whatever joins them.
//!
//! Sharing saves calls; it is never needed for one. Without it, or while it does not answer, every process goes by what
//! it knows itself.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::model::rate::{Rate, Taken};
use crate::model::time::Timestamp;

/// Joins the clients of one corp in all processes. Names and texts are the client's own; a text may be secret.
pub trait Shared: fmt::Debug + Send + Sync {
    /// Takes up to `want` permits out of a bucket, which is full when it is first named.
    fn take<'a>(
        &'a self,
        bucket: &'a str,
        rate: Rate,
        want: u32,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Taken, Unshared>>;

    /// Lets a bucket give nothing out for this long.
    fn pause<'a>(
        &'a self,
        bucket: &'a str,
        length: Duration,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<(), Unshared>>;

    /// Reads a note.
    fn note<'a>(
        &'a self,
        name: &'a str,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<String>, Unshared>>;

    /// Writes a note that says what is `expected` (or is not there), or removes it; tells whether it says what it should.
    fn swap<'a>(
        &'a self,
        name: &'a str,
        expected: Option<&'a str>,
        value: Option<&'a str>,
        keep_for: Duration,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<bool, Unshared>>;
}

/// The other processes cannot be reached. Says why, without secrets.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unshared(pub String);

/// How long an answer may take: a call to WeCom takes about a tenth of a second.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long nothing is asked after a question went unanswered.
const SILENCE: Duration = Duration::from_secs(5);

/// Asks the others, if there are any. Every answer is `None` when there is nobody or nobody answers. Clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sharing(Option<Arc<Line>>);

#[derive(Debug)]
struct Line {
    with: Arc<dyn Shared>,
    silent_since: Mutex<Option<Timestamp>>,
}

impl Sharing {
    pub(crate) fn with(shared: Arc<dyn Shared>) -> Self {
        Self(Some(Arc::new(Line {
            with: shared,
            silent_since: Mutex::default(),
        })))
    }

    /// Whether there is anybody to share with.
    pub(crate) const fn is_shared(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) async fn take(
        &self,
        bucket: &str,
        rate: Rate,
        want: u32,
        now: Timestamp,
    ) -> Option<Taken> {
        let line = self.line(now)?;
        let question = line.with.take(bucket, rate, want, now);
        line.answer(question, now).await
    }

    pub(crate) async fn pause(&self, bucket: &str, length: Duration, now: Timestamp) {
        if let Some(line) = self.line(now) {
            let question = line.with.pause(bucket, length, now);
            line.answer(question, now).await;
        }
    }

    pub(crate) async fn note(&self, name: &str, now: Timestamp) -> Option<Option<String>> {
        let line = self.line(now)?;
        line.answer(line.with.note(name, now), now).await
    }

    pub(crate) async fn swap(
        &self,
        name: &str,
        expected: Option<&str>,
        value: Option<&str>,
        keep_for: Duration,
        now: Timestamp,
    ) -> Option<bool> {
        let line = self.line(now)?;
        let question = line.with.swap(name, expected, value, keep_for, now);
        line.answer(question, now).await
    }

    /// Nobody is asked for a while after an answer stayed out.
    fn line(&self, now: Timestamp) -> Option<&Line> {
        let line = self.0.as_deref()?;
        let silent = *line.lock();
        // A clock that was set back must not make the silence longer.
        let silent = silent.is_some_and(|since| now >= since && now.since(since) < SILENCE);
        (!silent).then_some(line)
    }
}

impl Line {
    async fn answer<T>(
        &self,
        question: BoxFuture<'_, Result<T, Unshared>>,
        now: Timestamp,
    ) -> Option<T> {
        let problem = match tokio::time::timeout(PATIENCE, question).await {
            Ok(Ok(answer)) => {
                if self.lock().take().is_some() {
                    tracing::info!("Limits and tokens are shared between processes again.");
                }
                return Some(answer);
            }
            Ok(Err(problem)) => problem,
            Err(_elapsed) => Unshared("no answer in time".into()),
        };
        if self.lock().replace(now).is_none() {
            tracing::warn!(%problem, "Limits and tokens are not shared between processes; each goes by its own.");
        }
        None
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Timestamp>> {
        self.silent_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
