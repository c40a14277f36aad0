//! A copy of the file while it is in use: one moment of it, table by table, into a fresh file. Pages that were freed are
//! not in it, so neither is what they held.

use std::fs::{self, File as OsFile, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::store::embedded::EmbeddedStore;
use crate::store::embedded::file::File;
use crate::store::error::StoreError;

impl EmbeddedStore {
    /// See [`Store::backup`](crate::store::Store::backup).
    pub(in crate::store) async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let (file, to) = (Arc::clone(&self.file), to.to_owned());
        in_time_of_its_own(move || copy(&file, &to)).await
    }

    /// See [`Store::snapshot`](crate::store::Store::snapshot).
    pub(in crate::store) async fn snapshot(&self) -> Result<OsFile, StoreError> {
        let random = getrandom::u64().unwrap_or_default();
        // The file is called by its path.
        let at = PathBuf::from(format!("{}.copy-{random:016x}", self.file.name()));
        let file = Arc::clone(&self.file);
        in_time_of_its_own(move || {
            copy(&file, &at)?;
            let opened = OsFile::open(&at);
            // Who has it open can read it on; no other trace stays.
            let removed = fs::remove_file(&at);
            let opened = opened.and_then(|opened| removed.map(|()| opened));
            opened.map_err(|problem| failed(&at, &problem))
        })
        .await
    }
}

async fn in_time_of_its_own<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, StoreError> + Send + 'static,
) -> Result<R, StoreError> {
    let done = spawn_blocking(work).await;
    done.map_err(|_| StoreError::Unavailable("the service is stopping".into()))?
}

/// Copies into a file that must not be there yet; when that fails, it is not there afterwards.
fn copy(file: &File, to: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).open(to);
    made.map_err(|problem| failed(to, &problem))?;
    file.copy_to(to).map_err(|problem| {
        let _ = fs::remove_file(to);
        failed(to, &problem)
    })
}

fn failed(to: &Path, problem: &dyn std::error::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {problem}", to.display()))
}
