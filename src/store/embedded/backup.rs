//! A copy of the file while it is in use: one moment of it, table by table, into a fresh file. Pages that were freed are
//! not in it, so neither is what they held.

use std::fs::{self, File as OsFile, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::store::embedded::EmbeddedStore;
use crate::store::embedded::file::File;
use crate::store::error::StoreError;

/// What the names of copies on their way out have behind the store's own.
const COPY: &str = ".copy-";

impl EmbeddedStore {
    /// See [`Store::backup`](crate::store::Store::backup).
    pub(in crate::store) async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let one = Arc::clone(&self.file.copying).lock_owned().await;
        let (file, to) = (Arc::clone(&self.file), to.to_owned());
        in_time_of_its_own(move || {
            let _one = one;
            copy(&file, &to)
        })
        .await
    }

    /// See [`Store::snapshot`](crate::store::Store::snapshot).
    pub(in crate::store) async fn snapshot(&self) -> Result<OsFile, StoreError> {
        let random = getrandom::u64().unwrap_or_default();
        // The file is called by its path.
        let at = PathBuf::from(format!("{}{COPY}{random:016x}", self.file.name()));
        let one = Arc::clone(&self.file.copying).lock_owned().await;
        let file = Arc::clone(&self.file);
        in_time_of_its_own(move || {
            let _one = one;
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

/// Removes copies of this file that a process has left which ended in the middle. The file is open, so nobody else is at
/// it.
pub(in crate::store::embedded) fn remove_left_over(at: &Path) {
    let (Some(folder), Some(name)) = (at.parent(), at.file_name()) else {
        return;
    };
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let begins = format!("{}{COPY}", name.to_string_lossy());
    // Somebody may call a copy of their own like that, but hardly with such a number.
    let is_ours = |name: &str| {
        let number = name.strip_prefix(&begins);
        number.is_some_and(|it| it.len() == 16 && it.bytes().all(|c| c.is_ascii_hexdigit()))
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !is_ours(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let path = entry.path();
        if let Err(problem) = fs::remove_file(&path) {
            tracing::warn!(path = %path.display(), %problem, "What is left of a backup could not be removed.");
        }
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
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(to).map_err(|problem| failed(to, &problem))?;
    file.copy_to(to).map_err(|problem| {
        let _ = fs::remove_file(to);
        failed(to, &problem)
    })
}

fn failed(to: &Path, problem: &dyn std::error::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {problem}", to.display()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::{StoreSettings, StoreUrl};

    fn settings(path: &Path) -> StoreSettings {
        StoreSettings {
            url: StoreUrl::Embedded(path.to_owned()),
            corps: Vec::new(),
            dedupe_for: Duration::from_secs(3600),
            replicas: 0,
        }
    }

    #[tokio::test]
    async fn copies_are_read_by_nobody_else_and_left_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.redb");
        let left = folder.path().join("store.redb.copy-00112233445566ff");
        let others = [
            "store.redb.copy-friday",
            "store.redb.copy-before-the-change",
            "store.redb.copy-20260101",
            "other.redb.copy-00112233445566ff",
        ]
        .map(|name| folder.path().join(name));
        for file in others.iter().chain([&left]) {
            fs::write(file, "x").unwrap();
        }
        let store = EmbeddedStore::open(&path, &settings(&path)).await.unwrap();
        assert!(!left.exists());
        assert!(others.iter().all(|file| file.exists()));
        let copy = folder.path().join("copy.redb");
        let both = tokio::join!(store.backup(&copy), store.snapshot());
        let snapshot = both.1.unwrap();
        both.0.unwrap();
        #[cfg(unix)]
        for file in [fs::File::open(&copy).unwrap(), snapshot] {
            let mode = std::os::unix::fs::MetadataExt::mode(&file.metadata().unwrap());
            assert_eq!(mode & 0o777, 0o600);
        }
        File::open(&copy).unwrap();
    }

    #[tokio::test]
    async fn one_copy_is_made_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.redb");
        let store = EmbeddedStore::open(&path, &settings(&path)).await.unwrap();
        let other = Arc::clone(&store.file.copying).lock_owned().await;
        let mut snapshot = Box::pin(store.snapshot());
        assert!(futures_util::poll!(&mut snapshot).is_pending());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        drop(other);
        snapshot.await.unwrap();
    }
}
