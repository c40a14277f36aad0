//! Buckets and notes, shared by every process.

use std::sync::LazyLock;
use std::time::Duration;

use crate::model::ids::CorpId;
use crate::model::rate::{CLOCKS_DIFFER, Rate, Taken};
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::redis::RedisStore;
use crate::store::redis::script::Script;
use crate::store::shared::Swap;

static TAKE: LazyLock<Script> = LazyLock::new(|| Script::of_corp(include_str!("take.lua")));
static PAUSE: LazyLock<Script> = LazyLock::new(|| Script::of_corp(include_str!("pause.lua")));
static NOTE: LazyLock<Script> = LazyLock::new(|| Script::of_corp(include_str!("note.lua")));
static SWAP: LazyLock<Script> = LazyLock::new(|| Script::of_corp(include_str!("swap.lua")));

impl RedisStore {
    /// See [`Store::take`](crate::store::Store::take).
    pub(in crate::store) async fn take(
        &self,
        corp: &CorpId,
        bucket: &str,
        rate: Rate,
        want: u32,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        let mut call = TAKE.corp_call(corp);
        call.arg(bucket).arg(rate.one_micros());
        call.arg(rate.whole_micros()).arg(want);
        call.arg(micros(now)).arg(CLOCKS_DIFFER.as_micros() as u64);
        let (granted, wait): (u32, u64) = self.connection.run(&TAKE, &call).await?;
        let wait = Duration::from_micros(wait);
        Ok(Taken { granted, wait })
    }

    /// See [`Store::pause`](crate::store::Store::pause).
    pub(in crate::store) async fn pause(
        &self,
        corp: &CorpId,
        bucket: &str,
        length: Duration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut call = PAUSE.corp_call(corp);
        call.arg(bucket).arg(micros(now));
        call.arg(micros(now.plus(length)));
        let _: u8 = self.connection.run(&PAUSE, &call).await?;
        Ok(())
    }

    /// See [`Store::note`](crate::store::Store::note).
    pub(in crate::store) async fn note(
        &self,
        corp: &CorpId,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let mut call = NOTE.corp_call(corp);
        call.arg(name).arg(now.millis());
        self.connection.run(&NOTE, &call).await
    }

    /// See [`Store::swap_note`](crate::store::Store::swap_note).
    pub(in crate::store) async fn swap_note(
        &self,
        corp: &CorpId,
        name: &str,
        swap: Swap<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let until = now.plus(swap.keep_for);
        let mut call = SWAP.corp_call(corp);
        call.arg(name);
        for text in [swap.expected, swap.value] {
            call.arg(u8::from(text.is_some()))
                .arg(text.unwrap_or_default());
        }
        call.arg(until.millis()).arg(now.millis());
        let swapped: u8 = self.connection.run(&SWAP, &call).await?;
        Ok(swapped == 1)
    }
}

fn micros(at: Timestamp) -> i64 {
    at.millis().saturating_mul(1000)
}
