//! placeholder
use crate::model::delivery::{ContentKey, ItemId, Lane};
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::record::{Key, Record, Table, Write};
use crate::store::{Accepted, Claim, Entry, Health, Queue, Settle, State, StoreSettings, Ticket};
#[allow(unused_imports)]
use secrecy::SecretString;
use std::time::Duration;

#[derive(Debug)]
pub(in crate::store) struct EmbeddedStore {}

#[allow(unused_variables)]
impl EmbeddedStore {
    pub(in crate::store) async fn open(
        at: &std::path::Path,
        settings: &StoreSettings,
    ) -> Result<Self, StoreError> {
        unimplemented!()
    }
    pub(in crate::store) async fn accept(
        &self,
        corp: &CorpId,
        key: ContentKey,
        lane: Lane,
        text: String,
    ) -> Result<Accepted, StoreError> {
        unimplemented!()
    }
    pub(in crate::store) async fn claim(
        &self,
        corp: &CorpId,
        queue: Queue,
        lanes: crate::store::Lanes,
        max: usize,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Vec<Claim<String>>, StoreError> {
        unimplemented!()
    }
    pub(in crate::store) async fn commit(
        &self,
        ticket: &Ticket,
        settle: Settle<'_>,
        basis: &[Record],
        writes: &[Write],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        unimplemented!()
    }
    pub(in crate::store) async fn retry(
        &self,
        ticket: &Ticket,
        due: Timestamp,
        error: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        unimplemented!()
    }
    pub(in crate::store) async fn replay(
        &self,
        queue: Queue,
        id: &ItemId,
    ) -> Result<bool, StoreError> {
        unimplemented!()
    }
    pub(in crate::store) async fn read(
        &self,
        corp: &CorpId,
        keys: &[Key],
    ) -> Result<Vec<Record>, StoreError> {
        unimplemented!()
    }
    pub(in crate::store) async fn list(
        &self,
        corp: &CorpId,
        table: Table,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        unimplemented!()
    }
    pub(in crate::store) async fn entries(
        &self,
        corp: &CorpId,
        queue: Queue,
        state: Option<State>,
        before: Option<&ItemId>,
        limit: usize,
    ) -> Result<Vec<Entry<String>>, StoreError> {
        unimplemented!()
    }
    pub(in crate::store) async fn entry(
        &self,
        queue: Queue,
        id: &ItemId,
    ) -> Result<Option<Entry<String>>, StoreError> {
        unimplemented!()
    }
    pub(in crate::store) async fn trim(
        &self,
        corp: &CorpId,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        unimplemented!()
    }
    pub(in crate::store) async fn health(&self) -> Result<Health, StoreError> {
        unimplemented!()
    }
}
