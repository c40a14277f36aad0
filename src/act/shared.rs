//! Joins the clients of a corp in all processes through the store.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::model::ids::CorpId;
use crate::model::rate::{Rate, Taken};
use crate::model::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::shared::Swap;
use crate::wecom::shared::{Shared, Unshared};

/// What the clients of a corp share, kept in the store.
#[derive(Debug)]
pub struct ThroughStore {
    store: Arc<Store>,
    corp: CorpId,
}

impl ThroughStore {
    /// For the clients of this corp.
    pub const fn new(store: Arc<Store>, corp: CorpId) -> Self {
        Self { store, corp }
    }
}

impl Shared for ThroughStore {
    fn take<'a>(
        &'a self,
        bucket: &'a str,
        rate: Rate,
        want: u32,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Taken, Unshared>> {
        let take = self.store.take(&self.corp, bucket, rate, want, now);
        take.map(|taken| taken.map_err(unshared)).boxed()
    }

    fn pause<'a>(
        &'a self,
        bucket: &'a str,
        length: Duration,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<(), Unshared>> {
        let pause = self.store.pause(&self.corp, bucket, length, now);
        pause.map(|paused| paused.map_err(unshared)).boxed()
    }

    fn note<'a>(
        &'a self,
        name: &'a str,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<String>, Unshared>> {
        let note = self.store.note(&self.corp, name, now);
        note.map(|note| note.map_err(unshared)).boxed()
    }

    fn swap<'a>(
        &'a self,
        name: &'a str,
        expected: Option<&'a str>,
        value: Option<&'a str>,
        keep_for: Duration,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<bool, Unshared>> {
        let swap = Swap {
            expected,
            value,
            keep_for,
        };
        let swap = self.store.swap_note(&self.corp, name, swap, now);
        swap.map(|swapped| swapped.map_err(unshared)).boxed()
    }
}

fn unshared(problem: StoreError) -> Unshared {
    Unshared(problem.to_string())
}
