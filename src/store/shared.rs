//! What processes share besides the queues: buckets of permits, and notes that are kept for a while.
//!
//! Neither is worth a disk's sync, and both may be lost: whoever uses them goes on without. In the embedded store,
//! which has one process, they live in its memory.

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
}
