//! Looking at what is kept: records, items and how many there are.

use crate::model::delivery::{Delivery, ItemId};
use crate::model::effect::Shelf;
use crate::model::ids::{CorpId, ExternalUserId, TaskId};
use crate::model::item::ItemRef;
use crate::model::outgoing::OutgoingHead;
use crate::model::thread::Comment;
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::item::{Counts, Depth, Entry, HOURS_COUNTED, Queue, State};
use crate::store::record::{self, Key, Record, Table};
use crate::store::took::Operation;
use crate::store::{Backend, Range, Store, ask};

/// How many records of a small table are read in one round trip.
const ALL_PAGE: usize = 200;

/// How many relations of a contact are read in one round trip; few contacts have more.
const RELATIONS_PAGE: usize = 64;

impl Store {
    /// Counts the items of a queue by state, and what was settled in the last hours.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn counts(
        &self,
        corp: &CorpId,
        queue: Queue,
        now: Timestamp,
    ) -> Result<Counts, StoreError> {
        let hour = now.secs().div_euclid(3600) - (HOURS_COUNTED as i64 - 1);
        ask!(self, b => b.counts(corp, queue, Timestamp::from_secs(hour * 3600)))
    }

    /// Tells how deep a queue is, at a cost that does not grow with it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn depth(&self, corp: &CorpId, queue: Queue) -> Result<Depth, StoreError> {
        ask!(self, b => b.depth(corp, queue))
    }

    /// Reads records, in the order of their keys, in one round trip.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn read(&self, corp: &CorpId, keys: &[Key]) -> Result<Vec<Record>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        ask!(self, Operation::Read, b => b.read(corp, keys))
    }

    /// Lists records of a table by key, those after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn list(
        &self,
        corp: &CorpId,
        table: Table,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        ask!(self, b => b.list(corp, table, after, None, limit))
    }

    /// Reads a whole table, for those that hold little.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn all(&self, corp: &CorpId, table: Table) -> Result<Vec<Record>, StoreError> {
        let mut all: Vec<Record> = Vec::new();
        loop {
            let after = all.last().map(|record| record.key.key.clone());
            let page = self.list(corp, table, after.as_deref(), ALL_PAGE).await?;
            let is_last = page.len() < ALL_PAGE;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// Reads records and, behind them, what these tables keep about a contact's relations, one record per member: one
    /// round trip unless a contact has very many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn of_contact(
        &self,
        corp: &CorpId,
        keys: &[Key],
        tables: &[Table],
        contact: &ExternalUserId,
    ) -> Result<Vec<Record>, StoreError> {
        let (after, before) = record::relations(contact);
        let range = Range {
            tables,
            after: &after,
            before: &before,
            limit: RELATIONS_PAGE,
        };
        let (mut found, pages) = ask!(self, Operation::Read, b => b.read_range(corp, keys, range))?;
        for mut page in pages {
            while let Some(Record { key, .. }) = page.last()
                && page.len() == RELATIONS_PAGE
            {
                let (table, after) = (key.table, key.key.clone());
                found.append(&mut page);
                page = ask!(self, b => b.list(corp, table, Some(&after), Some(&before), RELATIONS_PAGE))?;
            }
            found.append(&mut page);
        }
        Ok(found)
    }

    /// Lists the items on a shelf, newest first within their kind, those after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn on_shelf(
        &self,
        corp: &CorpId,
        shelf: &Shelf,
        after: Option<&ItemRef>,
        limit: usize,
    ) -> Result<Vec<ItemRef>, StoreError> {
        let (first, before) = record::on_shelf(shelf);
        let after = after.map_or(first.clone(), |item| format!("{first}{item}"));
        self.between(corp, Table::Shelves, &after, &before, limit)
            .await
    }

    /// Lists who has an item, those after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn holders(
        &self,
        corp: &CorpId,
        item: &ItemRef,
        after: Option<&ExternalUserId>,
        limit: usize,
    ) -> Result<Vec<ExternalUserId>, StoreError> {
        let (first, before) = record::about(item);
        let after = after.map_or(first.clone(), |contact| format!("{first}{contact}"));
        self.between(corp, Table::Holders, &after, &before, limit)
            .await
    }

    /// Lists what was said about an item with a customer, oldest first, what came after the comment `after`, at most
    /// `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn comments(
        &self,
        corp: &CorpId,
        item: &ItemRef,
        contact: &ExternalUserId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Comment>, StoreError> {
        let (first, before) = record::between(item, contact);
        let after = after.map_or(first.clone(), |id| format!("{first}{id}"));
        self.between(corp, Table::Comments, &after, &before, limit)
            .await
    }

    /// Lists what was said last about an item with a customer, oldest first, of what came before the comment `before`,
    /// at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn last_comments(
        &self,
        corp: &CorpId,
        item: &ItemRef,
        contact: &ExternalUserId,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Comment>, StoreError> {
        let (after, end) = record::between(item, contact);
        let before = before.map_or(end, |id| format!("{after}{id}"));
        parsed(ask!(self, b => b.last(corp, Table::Comments, &after, &before, limit))?)
    }

    /// Lists the cards about an item that can still be changed, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn cards_about(
        &self,
        corp: &CorpId,
        item: &ItemRef,
        limit: usize,
    ) -> Result<Vec<TaskId>, StoreError> {
        let (after, before) = record::about(item);
        self.between(corp, Table::ItemCards, &after, &before, limit)
            .await
    }

    async fn between<T: serde::de::DeserializeOwned>(
        &self,
        corp: &CorpId,
        table: Table,
        after: &str,
        before: &str,
        limit: usize,
    ) -> Result<Vec<T>, StoreError> {
        parsed(ask!(self, b => b.list(corp, table, Some(after), Some(before), limit))?)
    }

    /// Lists deliveries, newest first, those before `before`, at most `limit`; with `state`, only those.
    /// A list that is shorter than `limit` is complete.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn deliveries(
        &self,
        corp: &CorpId,
        state: Option<State>,
        before: Option<&ItemId>,
        limit: usize,
    ) -> Result<Vec<Entry<Delivery>>, StoreError> {
        let entries = ask!(self, b => b.entries(corp, Queue::Inbox, state, before, limit))?;
        Ok(entries
            .into_iter()
            .map(|entry| shown(entry, Delivery::shown))
            .collect())
    }

    /// Lists outgoing calls like [`deliveries`](Self::deliveries).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn outgoing(
        &self,
        corp: &CorpId,
        state: Option<State>,
        before: Option<&ItemId>,
        limit: usize,
    ) -> Result<Vec<Entry<OutgoingHead>>, StoreError> {
        let entries = ask!(self, b => b.entries(corp, Queue::Outbox, state, before, limit))?;
        Ok(entries
            .into_iter()
            .map(|entry| shown(entry, OutgoingHead::of))
            .collect())
    }

    /// One delivery.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn delivery(&self, id: &ItemId) -> Result<Option<Entry<Delivery>>, StoreError> {
        let entry = ask!(self, b => b.entry(Queue::Inbox, id))?;
        Ok(entry.map(|entry| shown(entry, Delivery::shown)))
    }

    /// One outgoing call.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn call(&self, id: &ItemId) -> Result<Option<Entry<OutgoingHead>>, StoreError> {
        let entry = ask!(self, b => b.entry(Queue::Outbox, id))?;
        Ok(entry.map(|entry| shown(entry, OutgoingHead::of)))
    }
}

fn parsed<T: serde::de::DeserializeOwned>(records: Vec<Record>) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::with_capacity(records.len());
    for record in records {
        found.extend(record.parse::<T>()?);
    }
    Ok(found)
}

fn shown<T>(entry: Entry<String>, show: impl Fn(&str) -> T) -> Entry<T> {
    let Entry { id, item, progress } = entry;
    Entry {
        id,
        item: show(&item),
        progress,
    }
}
