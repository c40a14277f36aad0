//! Removing what is about somebody: texts of the queues as they are stored, and records by their JSON.

use crate::model::delivery::ItemId;
use crate::model::effect::Effect;
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::item::{Entry, Queue};
use crate::store::record::Record;
use crate::store::write::{self, Write};
use crate::store::{Backend, Store, ask};

/// What became of an item that was to be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    /// It is gone, or was never there.
    Gone,
    /// It is in work: whoever works on it has to be waited for.
    InWork,
}

impl Store {
    /// Lists items of a queue as they are stored, newest first, those before `before`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn texts(
        &self,
        corp: &CorpId,
        queue: Queue,
        before: Option<&ItemId>,
        limit: usize,
    ) -> Result<Vec<Entry<String>>, StoreError> {
        ask!(self, b => b.entries(corp, queue, None, before, limit))
    }

    /// Removes an item, whatever its state, unless it is in work. A claim whose lease has run out is none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: nobody knows whether it is gone.
    pub async fn erase(
        &self,
        queue: Queue,
        id: &ItemId,
        now: Timestamp,
    ) -> Result<Erased, StoreError> {
        ask!(self, b => b.erase(queue, id, now))
    }

    /// Gives records this JSON, or none, and makes the other changes with it: all in one step, or nothing. All that is
    /// rewritten belongs to the basis.
    ///
    /// # Errors
    /// [`StoreError::Stale`]: read again. [`StoreError::Unavailable`]: it is not known to be done.
    pub async fn rewrite(
        &self,
        corp: &CorpId,
        mut basis: Vec<Record>,
        rewritten: Vec<(Record, Option<String>)>,
        effects: &[Effect],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut writes = write::writes(&ItemId::new(corp.clone(), ""), effects, now);
        for (record, json) in rewritten {
            let key = record.key.clone();
            writes.push(match json {
                Some(json) => Write::Put(key, json),
                None => Write::Drop(key),
            });
            basis.push(record);
        }
        ask!(self, b => b.carry_out(corp, &basis, &writes, now))
    }
}
