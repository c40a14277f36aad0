//! Copies of the embedded store while it is in use. A Redis is backed up by its own means.

use std::fs::File;
use std::path::Path;

use crate::store::error::StoreError;
use crate::store::{Backend, Store};

impl Store {
    /// Copies the store, as it is at one moment, into a file that must not be there yet. All that was answered before is
    /// in it.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] for a Redis; [`StoreError::Unavailable`]: there is no copy.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Embedded(embedded) => embedded.backup(to).await,
            Backend::Redis(_) => Err(StoreError::Unusable(
                "the state is in a Redis: back that up by its own means".into(),
            )),
        }
    }

    /// The same into a file without a name, which is gone when it is closed. `None`: the state is in a Redis.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: there is no copy.
    pub async fn snapshot(&self) -> Result<Option<File>, StoreError> {
        match &self.backend {
            Backend::Embedded(embedded) => embedded.snapshot().await.map(Some),
            Backend::Redis(_) => Ok(None),
        }
    }
}
