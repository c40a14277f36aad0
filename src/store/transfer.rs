//! Taking everything along into another store: records, what is not settled, what is dead, and what came before.
//!
//! Settled items stay behind; they are history. An item keeps its place, so its calls keep their names; what waited for
//! another attempt is due at once in the new store. Both stores must rest meanwhile.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::delivery::{ContentKey, ItemId};
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::item::{Entry, Failure, Queue, State};
use crate::store::record::{Key, Table};
use crate::store::{Backend, Store, ask};

/// How much is read in one step.
const STEP: usize = 200;

/// How many fingerprints a piece has.
const HASHES: usize = 500;

/// What is open or dead.
const STATES: [State; 3] = [State::Waiting, State::Retrying, State::Dead];

/// One line of an export.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Piece {
    /// A record.
    Record {
        /// The name of its table.
        table: String,
        /// Its key.
        key: String,
        /// Its JSON.
        json: String,
    },
    /// An item.
    Item {
        /// In which queue.
        queue: Queue,
        /// Where it stands.
        place: String,
        /// As it is stored.
        text: String,
        /// Waiting, retrying or dead.
        state: State,
        /// How often it was tried.
        attempts: u32,
        /// When it died.
        settled_at: Option<Timestamp>,
        /// The failed attempts.
        failures: Vec<Failure>,
    },
    /// That these contents came.
    Seen {
        /// In which hour of their own time.
        window: u32,
        /// Their hashes, in hexadecimal digits.
        hashes: Vec<String>,
    },
}

/// A piece as the stores take it in.
#[derive(Debug, Clone)]
pub(in crate::store) enum Parcel {
    /// A record.
    Record(Key, String),
    /// An item: its queue, its place, its text, how far it is.
    Item(Queue, ItemId, String, Standing),
    /// That a content came.
    Seen(ContentKey),
}

/// How far an item is that is taken along.
#[derive(Debug, Clone)]
pub(in crate::store) struct Standing {
    pub(in crate::store) state: State,
    pub(in crate::store) attempts: u32,
    /// When it died; when it is due again.
    pub(in crate::store) at: Timestamp,
    pub(in crate::store) failures: Vec<Failure>,
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record { table, .. } => write!(f, "Record({table})"),
            Self::Item { place, .. } => write!(f, "Item({place})"),
            Self::Seen { hashes, .. } => write!(f, "Seen({})", hashes.len()),
        }
    }
}

impl Store {
    /// Whether nothing of a corp is kept here.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn is_empty(&self, corp: &CorpId) -> Result<bool, StoreError> {
        for table in Table::ALL {
            if !self.list(corp, table, None, 1).await?.is_empty() {
                return Ok(false);
            }
        }
        for queue in [Queue::Inbox, Queue::Outbox] {
            if !self.texts(corp, queue, None, 1).await?.is_empty() {
                return Ok(false);
            }
        }
        Ok(ask!(self, b => b.windows(corp))?.is_empty())
    }

    /// Notes that an import of this corp begins: until it [is whole](Self::import_is_whole), what is here is half a store.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn import_begins(&self, corp: &CorpId, now: Timestamp) -> Result<(), StoreError> {
        let begun = Parcel::Record(Key::importing(), "true".into());
        ask!(self, b => b.import(corp, vec![begun], now))
    }

    /// Notes that all of an import is here.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn import_is_whole(&self, corp: &CorpId, now: Timestamp) -> Result<(), StoreError> {
        let begun = self.read(corp, &[Key::importing()]).await?;
        let ended = begun.into_iter().map(|record| (record, None)).collect();
        self.rewrite(corp, Vec::new(), ended, &[], now).await
    }

    /// Whether an import of this corp goes on, or has ended in the middle.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn is_half_imported(&self, corp: &CorpId) -> Result<bool, StoreError> {
        let begun = self.read(corp, &[Key::importing()]).await?;
        Ok(begun.iter().any(|record| record.json.is_some()))
    }

    /// Gives everything of a corp that is to be taken along, piece by piece, to `take`, until that says no.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or what `take` says.
    pub async fn export<E: From<StoreError>>(
        &self,
        corp: &CorpId,
        mut take: impl FnMut(Piece) -> Result<(), E>,
    ) -> Result<(), E> {
        for table in Table::ALL {
            let mut after: Option<String> = None;
            loop {
                let page = self.list(corp, table, after.as_deref(), STEP).await?;
                let more = page.len() == STEP;
                after = page.last().map(|record| record.key.key.clone());
                for record in page {
                    take(Piece::Record {
                        table: table.name().into(),
                        key: record.key.key,
                        json: record.json.unwrap_or_default(),
                    })?;
                }
                if !more {
                    break;
                }
            }
        }
        for queue in [Queue::Inbox, Queue::Outbox] {
            for id in self.open_items(corp, queue).await? {
                if let Some(entry) = ask!(self, b => b.entry(queue, &id))? {
                    take(item(queue, entry))?;
                }
            }
        }
        for window in ask!(self, b => b.windows(corp))? {
            let hashes: Vec<[u8; 16]> = ask!(self, b => b.fingerprints(corp, window))?;
            for hashes in hashes.chunks(HASHES) {
                let hashes = hashes.iter().map(hex).collect();
                take(Piece::Seen { window, hashes })?;
            }
        }
        Ok(())
    }

    /// Takes pieces in, which come in the order in which they were exported: all in one step. A step that is done twice
    /// makes no difference.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for what is no piece of ours; [`StoreError::Unavailable`].
    pub async fn import(
        &self,
        corp: &CorpId,
        pieces: Vec<Piece>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut parcels = Vec::with_capacity(pieces.len());
        for piece in pieces {
            unpack(corp, piece, now, &mut parcels)?;
        }
        ask!(self, b => b.import(corp, parcels, now))
    }

    /// The items that are open or dead, oldest first.
    async fn open_items(&self, corp: &CorpId, queue: Queue) -> Result<Vec<ItemId>, StoreError> {
        let mut ids: Vec<ItemId> = Vec::new();
        for state in STATES {
            let mut before: Option<ItemId> = None;
            loop {
                let asked = Some(state);
                let page = ask!(self, b => b.entries(corp, queue, asked, before.as_ref(), STEP))?;
                let more = page.len() == STEP;
                ids.extend(page.into_iter().map(|entry| entry.id));
                before = ids.last().cloned();
                if !more {
                    break;
                }
            }
        }
        ids.sort_by_key(ItemId::order);
        Ok(ids)
    }
}

fn item(queue: Queue, entry: Entry<String>) -> Piece {
    let Entry { id, item, progress } = entry;
    Piece::Item {
        queue,
        place: id.place().to_owned(),
        text: item,
        state: progress.state,
        attempts: progress.attempts,
        settled_at: progress.settled_at,
        failures: progress.failures,
    }
}

fn unpack(
    corp: &CorpId,
    piece: Piece,
    now: Timestamp,
    parcels: &mut Vec<Parcel>,
) -> Result<(), StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(what.to_owned());
    match piece {
        Piece::Record { table, key, json } => {
            let mut tables = Table::ALL.into_iter();
            let table = tables.find(|known| known.name() == table);
            let table = table.ok_or_else(|| corrupt("a table of another version"))?;
            serde_json::from_str::<serde::de::IgnoredAny>(&json)
                .map_err(|_| corrupt("a record that is no JSON"))?;
            parcels.push(Parcel::Record(Key { table, key }, json));
        }
        Piece::Item {
            queue,
            place,
            text,
            state,
            attempts,
            settled_at,
            failures,
        } => {
            let id: ItemId = format!("{corp}:{place}")
                .parse()
                .map_err(|_| corrupt("a place that is none"))?;
            if !STATES.contains(&state) {
                return Err(corrupt("an item that is settled"));
            }
            let standing = Standing {
                state,
                attempts,
                at: settled_at.unwrap_or(now),
                failures,
            };
            parcels.push(Parcel::Item(queue, id, text, standing));
        }
        Piece::Seen { window, hashes } => {
            for hash in hashes {
                let hash = unhex(&hash).ok_or_else(|| corrupt("a fingerprint that is none"))?;
                parcels.push(Parcel::Seen(ContentKey { window, hash }));
            }
        }
    }
    Ok(())
}

fn hex(hash: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*hash))
}

fn unhex(text: &str) -> Option<[u8; 16]> {
    let number = u128::from_str_radix(text, 16).ok()?;
    (text.len() == 32).then(|| number.to_be_bytes())
}
