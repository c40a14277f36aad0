//! What processes share besides the queues: buckets of permits, notes that are kept for a while, and which sessions were
//! ended.
//!
//! Buckets and notes are not worth a disk's sync and may be lost: whoever uses them goes on without. In the embedded
//! store, which has one process, they live in its memory. An ended session must not come back with a restart: it is kept
//! as everything else is.

use std::time::Duration;

use crate::model::ids::CorpId;
use crate::model::rate::{Rate, Taken};
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::{Backend, Store};

/// A change of a note that is made only if the note is as expected.
#[derive(Debug, Clone, Copy)]
pub struct Swap<'a> {
    /// What the note has to say; `None`: there must be none.
    pub expected: Option<&'a str>,
    /// What it says then; `None`: it goes.
    pub value: Option<&'a str>,
    /// How long it is kept.
    pub keep_for: Duration,
}

impl Store {
    /// Takes up to `want` permits out of a corp's bucket, which is full when it is first named.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: nothing was taken, or nobody knows.
    pub async fn take(
        &self,
        corp: &CorpId,
        bucket: &str,
        rate: Rate,
        want: u32,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        match &self.backend {
            Backend::Redis(redis) => redis.take(corp, bucket, rate, want, now).await,
            Backend::Embedded(embedded) => Ok(embedded.memory.take(corp, bucket, rate, want, now)),
        }
    }

    /// Lets a bucket give nothing out for this long. A pause that ends later stays.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn pause(
        &self,
        corp: &CorpId,
        bucket: &str,
        length: Duration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Redis(redis) => redis.pause(corp, bucket, length, now).await,
            Backend::Embedded(embedded) => {
                embedded.memory.pause(corp, bucket, length, now);
                Ok(())
            }
        }
    }

    /// Reads a note of a corp, unless its time is over.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn note(
        &self,
        corp: &CorpId,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        match &self.backend {
            Backend::Redis(redis) => redis.note(corp, name, now).await,
            Backend::Embedded(embedded) => Ok(embedded.memory.note(corp, name, now)),
        }
    }

    /// Changes a note if it is as expected; tells whether it says now what it should. With a text that only the caller
    /// has, this is a lease.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: nobody knows whether it was changed.
    pub async fn swap_note(
        &self,
        corp: &CorpId,
        name: &str,
        swap: Swap<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        match &self.backend {
            Backend::Redis(redis) => redis.swap_note(corp, name, swap, now).await,
            Backend::Embedded(embedded) => Ok(embedded.memory.swap_note(corp, name, swap, now)),
        }
    }

    /// Keeps the name of a session that was ended, until it would have ended by itself.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: nobody knows whether it was kept.
    pub async fn end_session(
        &self,
        corp: &CorpId,
        session: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Redis(redis) => {
                let swap = Swap {
                    expected: None,
                    value: Some(""),
                    keep_for: until.since(now),
                };
                let name = ended(session);
                redis.swap_note(corp, &name, swap, now).await.map(drop)
            }
            Backend::Embedded(embedded) => embedded.end_session(corp, session, until, now).await,
        }
    }

    /// Whether a session was ended.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn is_session_ended(
        &self,
        corp: &CorpId,
        session: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        match &self.backend {
            Backend::Redis(redis) => {
                let note = redis.note(corp, &ended(session), now).await?;
                Ok(note.is_some())
            }
            Backend::Embedded(embedded) => embedded.is_session_ended(corp, session, now).await,
        }
    }
}

fn ended(session: &str) -> String {
    format!("ended {session}")
}
