//! Removing an item.

use std::sync::LazyLock;

use crate::model::delivery::ItemId;
use crate::model::time::Timestamp;
use crate::store::erase::Erased;
use crate::store::error::StoreError;
use crate::store::item::Queue;
use crate::store::redis::RedisStore;
use crate::store::redis::queue::{queue_call, script};
use crate::store::redis::script::Script;

static ERASE: LazyLock<Script> = LazyLock::new(|| script(include_str!("erase.lua")));

impl RedisStore {
    /// See [`Store::erase`](crate::store::Store::erase).
    pub(in crate::store) async fn erase(
        &self,
        queue: Queue,
        id: &ItemId,
        now: Timestamp,
    ) -> Result<Erased, StoreError> {
        let mut call = queue_call(&ERASE, id.corp(), queue);
        call.arg(id.place()).arg(now.millis());
        Ok(match self.connection.run(&ERASE, &call).await? {
            true => Erased::Gone,
            false => Erased::InWork,
        })
    }
}
