//! Reading records. They are written by commits only.

use std::sync::LazyLock;

use crate::model::ids::CorpId;
use crate::store::Range;
use crate::store::error::StoreError;
use crate::store::record::{Key, Record, Table};
use crate::store::redis::RedisStore;
use crate::store::redis::script::Script;

static READ: LazyLock<Script> = LazyLock::new(|| Script::of_corp(include_str!("read.lua")));
static LIST: LazyLock<Script> = LazyLock::new(|| Script::of_corp(include_str!("list.lua")));
static LAST: LazyLock<Script> = LazyLock::new(|| Script::of_corp(include_str!("last.lua")));

/// What `read.lua` answers.
type Found = (Vec<Option<String>>, Vec<Vec<(String, String)>>);

/// How many records one call reads.
const PAGE: usize = 256;

impl RedisStore {
    /// See [`Store::read`](crate::store::Store::read).
    pub(in crate::store) async fn read(
        &self,
        corp: &CorpId,
        keys: &[Key],
    ) -> Result<Vec<Record>, StoreError> {
        let nothing = Range {
            tables: &[],
            after: "",
            before: "",
            limit: 0,
        };
        let (records, _) = self.read_range(corp, keys, nothing).await?;
        Ok(records)
    }

    /// Reads records, and a page of each table of the range.
    pub(in crate::store) async fn read_range(
        &self,
        corp: &CorpId,
        keys: &[Key],
        range: Range<'_>,
    ) -> Result<(Vec<Record>, Vec<Vec<Record>>), StoreError> {
        let mut call = READ.corp_call(corp);
        call.arg(keys.len());
        for key in keys {
            call.arg(key.table.name()).arg(&key.key);
        }
        call.arg(range.after).arg(range.before).arg(range.limit);
        for table in range.tables {
            call.arg(table.name());
        }
        let (found, pages): Found = self.connection.run(&READ, &call).await?;
        if (found.len(), pages.len()) != (keys.len(), range.tables.len()) {
            return Err(StoreError::Corrupt("records are missing".into()));
        }
        let records = keys.iter().cloned().zip(found);
        let records = records.map(|(key, stored)| record(key, stored));
        let pages = range.tables.iter().zip(pages);
        let pages = pages.map(|(table, found)| page(*table, found));
        Ok((
            records.collect::<Result<_, _>>()?,
            pages.collect::<Result<_, _>>()?,
        ))
    }

    /// See [`Store::list`](crate::store::Store::list).
    pub(in crate::store) async fn list(
        &self,
        corp: &CorpId,
        table: Table,
        after: Option<&str>,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let mut records: Vec<Record> = Vec::new();
        let mut after = after.unwrap_or_default().to_owned();
        while records.len() < limit {
            let page = PAGE.min(limit - records.len());
            let mut call = LIST.corp_call(corp);
            call.arg(table.name()).arg(&after).arg(page);
            call.arg(before.unwrap_or_default());
            let found: Vec<(String, String)> = self.connection.run(&LIST, &call).await?;
            let full = found.len() == page;
            if let Some((key, _)) = found.last() {
                after.clone_from(key);
            }
            records.extend(self::page(table, found)?);
            if !full {
                break;
            }
        }
        Ok(records)
    }

    /// The last records of a table between two keys, in the order of their keys.
    pub(in crate::store) async fn last(
        &self,
        corp: &CorpId,
        table: Table,
        after: &str,
        before: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let mut call = LAST.corp_call(corp);
        call.arg(table.name()).arg(after).arg(before).arg(limit);
        page(table, self.connection.run(&LAST, &call).await?)
    }
}

fn page(table: Table, found: Vec<(String, String)>) -> Result<Vec<Record>, StoreError> {
    let records = found.into_iter();
    let records = records.map(|(key, stored)| record(Key { table, key }, Some(stored)));
    records.collect()
}

/// Takes apart the commit's number and the JSON.
fn record(key: Key, stored: Option<String>) -> Result<Record, StoreError> {
    let Some(stored) = stored else {
        return Ok(Record {
            key,
            version: 0,
            json: None,
        });
    };
    let parts = stored.split_once(' ');
    let parts = parts.and_then(|(version, json)| Some((version.parse().ok()?, json)));
    let Some((version, json)) = parts else {
        let place = format!("{} {}", key.table.name(), key.key);
        return Err(StoreError::Corrupt(place));
    };
    let json = Some(json.to_owned());
    Ok(Record { key, version, json })
}
