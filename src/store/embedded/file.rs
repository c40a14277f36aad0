//! The file on disk: opened, read from, and opened again after a failure.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase, WriteTransaction};

use crate::store::embedded::tables::View;
use crate::store::error::StoreError;

/// How much of the file redb keeps in memory. The system's own cache holds the rest.
const CACHE_BYTES: usize = 24 * 1024 * 1024;

/// How the database is opened, at first and again.
pub(in crate::store::embedded) type Opener =
    Box<dyn Fn() -> Result<Database, redb::Error> + Send + Sync>;

/// An open store file.
pub(in crate::store::embedded) struct File {
    name: String,
    opener: Opener,
    /// `None` while it cannot be opened.
    database: RwLock<Option<Database>>,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({})", self.name)
    }
}

impl File {
    /// Opens the file; makes it and its folder, readable by nobody else, if they do not exist.
    pub(in crate::store::embedded) fn open(path: &Path) -> Result<Self, StoreError> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder {
            fs::create_dir_all(folder).map_err(|problem| unusable(folder, &problem.into()))?;
        }
        let owned = path.to_owned();
        let opener = Box::new(move || database(&owned));
        Self::with(path.display().to_string(), opener).map_err(|problem| unusable(path, &problem))
    }

    /// Opens a database that is called `name` in messages.
    pub(in crate::store::embedded) fn with(
        name: String,
        opener: Opener,
    ) -> Result<Self, redb::Error> {
        let database = RwLock::new(Some(opener()?));
        Ok(Self {
            name,
            opener,
            database,
        })
    }

    /// For people.
    pub(in crate::store::embedded) fn name(&self) -> &str {
        &self.name
    }

    /// The tables as they are now.
    pub(in crate::store::embedded) fn view(&self) -> Result<View, redb::Error> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or(redb::Error::DatabaseClosed)?;
        View::open(&database.begin_read()?)
    }

    /// Begins a transaction whose commit is on disk when it returns. Waits for the one that is open.
    pub(in crate::store::embedded) fn begin_write(&self) -> Result<WriteTransaction, redb::Error> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or(redb::Error::DatabaseClosed)?;
        Ok(database.begin_write()?)
    }

    /// Closes the database and opens it again: after an I/O error redb refuses everything until then.
    pub(in crate::store::embedded) fn reopen(&self) -> Result<(), redb::Error> {
        let mut database = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *database = None;
        *database = Some((self.opener)()?);
        Ok(())
    }

    /// Closes the database, whoever still reads from it.
    pub(in crate::store::embedded) fn close(&self) {
        let mut database = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *database = None;
    }

    /// Says what happened in words that help.
    pub(in crate::store::embedded) fn failed(&self, problem: &redb::Error) -> StoreError {
        let name = &self.name;
        if matches!(problem, redb::Error::Corrupted(_)) {
            return StoreError::Corrupt(format!("{name}: {problem}"));
        }
        StoreError::Unavailable(format!("{name}: {problem}"))
    }
}

fn database(path: &Path) -> Result<Database, redb::Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let backend = FileBackend::new(options.open(path)?)?;
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    Ok(builder.create_with_backend(backend)?)
}

/// Says what to do about a path that cannot be opened.
fn unusable(path: &Path, problem: &redb::Error) -> StoreError {
    let name = path.display();
    let remedy = match problem {
        redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => {
            return StoreError::InUse(name.to_string());
        }
        redb::Error::Io(problem) => match problem.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "let the service's user write there, or name another file"
            }
            io::ErrorKind::IsADirectory => "this is a folder: name a file in it",
            io::ErrorKind::StorageFull => "make room on the disk",
            io::ErrorKind::InvalidData => "this is another kind of file: name another one",
            _ => "name a file that the service's user can write",
        },
        _ => "if no backup can replace the file, move it away to begin with an empty store",
    };
    StoreError::Unusable(format!("{name}: {problem}; {remedy}"))
}
