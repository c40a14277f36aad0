//! One thread's way into the store.

use std::sync::Arc;

use crate::model::delivery::{ContentKey, Delivery};
use crate::model::ids::CorpId;
use crate::store::error::StoreError;
use crate::store::item::{Accepted, Queue};
use crate::store::redis::accept::Lines;
use crate::store::took::Operation;
use crate::store::{Arriving, Backend, Store};

/// Takes deliveries in for one thread that runs an executor of its own, as each of the web server's workers does.
///
/// They share round trips among themselves, over a connection of the thread's own: neither on the way to Redis nor on
/// the way back is another thread woken, which costs more than the rest of the way. The embedded store has one thread
/// that writes, whoever asks.
#[derive(Debug)]
pub struct Entrance {
    store: Arc<Store>,
    lines: Option<Lines>,
}

impl Entrance {
    /// Opens a way in for the current thread. Must be called within its executor, and ends with that.
    pub fn open(store: Arc<Store>) -> Self {
        let lines = match &store.backend {
            Backend::Redis(redis) => Some(redis.own_lines()),
            Backend::Embedded(_) => None,
        };
        Self { store, lines }
    }

    /// See [`Store::accept`].
    ///
    /// # Errors
    /// See [`Store::accept`].
    pub async fn accept(
        &self,
        corp: &CorpId,
        key: ContentKey,
        delivery: &Delivery,
    ) -> Result<Accepted, StoreError> {
        let Some(lines) = &self.lines else {
            return self.store.accept(corp, key, delivery).await;
        };
        let _arriving = Arriving::count(&self.store.arriving);
        let accepted = lines.accept(corp, key, delivery.lane, delivery.encode());
        let accepted = self.store.took.time(Operation::Accept, accepted).await?;
        if let Accepted::New(_) = accepted {
            self.store.ring(corp, Queue::Inbox);
        }
        Ok(accepted)
    }
}
