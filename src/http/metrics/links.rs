//! How many links are in each state, counted a piece at a time.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::model::ids::CorpId;
use crate::model::member::{Link, LinkState};
use crate::model::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::record::Table;

/// A count that is older is made anew.
const FRESH: Duration = Duration::from_secs(60);

/// How many links are looked at for one question. A corp of more members takes several.
const LOOKED_AT_MAX: usize = 5_000;

/// How many are looked at in one round trip.
const STEP: usize = 500;

/// How many links are in each state, in the order of [`LinkState::ALL`].
pub(in crate::http::metrics) type Count = [u64; LinkState::ALL.len()];

/// The counts of every corp, made while somebody asks for them.
#[derive(Debug, Default)]
pub struct LinkStates(Mutex<HashMap<CorpId, Counted>>);

/// How far a count is.
#[derive(Debug, Default)]
struct Counted {
    /// The last whole count.
    last: Option<(Count, Timestamp)>,
    /// The one under way, and where it goes on.
    so_far: Count,
    after: Option<String>,
}

impl LinkStates {
    /// The last whole count of a corp, and a piece of the next one if it is due. `None`: none is whole yet.
    pub(in crate::http::metrics) async fn of(
        &self,
        store: &Store,
        corp: &CorpId,
        now: Timestamp,
    ) -> Result<Option<Count>, StoreError> {
        let mut all = self.0.lock().await;
        let counted = all.entry(corp.clone()).or_default();
        let is_fresh = |at: Timestamp| now >= at && now.since(at) < FRESH;
        if !counted.last.is_some_and(|(_, at)| is_fresh(at)) {
            counted.go_on(store, corp, now).await?;
        }
        Ok(counted.last.map(|(count, _)| count))
    }
}

impl Counted {
    async fn go_on(
        &mut self,
        store: &Store,
        corp: &CorpId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for _ in 0..LOOKED_AT_MAX / STEP {
            let page = store.list(corp, Table::Links, self.after.as_deref(), STEP);
            let page = page.await?;
            for record in &page {
                // One that cannot be read is in no state.
                if let Ok(Some(link)) = record.parse::<Link>() {
                    self.so_far[link.state as usize] += 1;
                }
            }
            if page.len() < STEP {
                *self = Self {
                    last: Some((self.so_far, now)),
                    ..Self::default()
                };
                return Ok(());
            }
            self.after = page.last().map(|record| record.key.key.clone());
        }
        Ok(())
    }
}
