//! The file on disk: opened, read from, and opened again after a failure.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase, WriteTransaction};
use tokio::sync::Mutex;

use crate::store::embedded::tables::{self, View};
use crate::store::error::StoreError;

/// How much of the file redb keeps in memory. The system's own cache holds the rest.
const CACHE_BYTES: usize = 14 * 1024 * 1024;

/// How the database is opened, at first and again.
pub(in crate::store::embedded) type Opener =
    Box<dyn Fn() -> Result<Database, redb::Error> + Send + Sync>;

/// An open store file.
pub(in crate::store::embedded) struct File {
    name: String,
    opener: Opener,
    /// `None` while it cannot be opened.
    database: RwLock<Option<Database>>,
    /// One copy is made at a time.
    pub(in crate::store::embedded) copying: Arc<Mutex<()>>,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({})", self.name)
    }
}

impl File {
    /// Opens the file; makes it and its folder, readable by nobody else, if they do not exist.
    pub(in crate::store::embedded) fn open(path: &Path) -> Result<Self, StoreError> {
        let folder = path.parent().unwrap_or(path);
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        fs::create_dir_all(folder).map_err(|problem| unusable(folder, &problem.into()))?;
        let is_new = !path.exists();
        let owned = path.to_owned();
        let opener = Box::new(move || database(&owned));
        let file = Self::with(path.display().to_string(), opener)
            .map_err(|problem| unusable(path, &problem))?;
        if is_new {
            // Its contents are synced with each transaction; that it exists is known to the folder.
            let synced = fs::File::open(folder).and_then(|folder| folder.sync_all());
            synced.map_err(|problem| unusable(folder, &problem.into()))?;
        }
        Ok(file)
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
            copying: Arc::default(),
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

    /// Copies the tables, as they are now, into the empty file at `to`. Who writes meanwhile is not waited for.
    pub(in crate::store::embedded) fn copy_to(&self, to: &Path) -> Result<(), redb::Error> {
        let moment = {
            let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
            let database = database.as_ref().ok_or(redb::Error::DatabaseClosed)?;
            database.begin_read()?
        };
        let copy = database(to)?;
        let transaction = copy.begin_write()?;
        tables::copy(&moment, &transaction)?;
        Ok(transaction.commit()?)
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
        if is_of_another_version(problem) {
            return StoreError::Unusable(format!("{name}: {ANOTHER_VERSION}"));
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

/// What to do when the path cannot be opened, by what the system says about it.
const REMEDIES: [(io::ErrorKind, &str); 5] = [
    (
        io::ErrorKind::PermissionDenied,
        "let the service's user write there, or name another file",
    ),
    (
        io::ErrorKind::ReadOnlyFilesystem,
        "name a file on a disk that can be written",
    ),
    (
        io::ErrorKind::IsADirectory,
        "this is a folder: name a file in it",
    ),
    (io::ErrorKind::StorageFull, "make room on the disk"),
    (
        io::ErrorKind::InvalidData,
        "this is a file of another kind: name another one",
    ),
];

const ANOTHER_VERSION: &str = "another version of the service wrote this file in another form: `export` it with that \
     version and `import` it with this one";

fn is_of_another_version(problem: &redb::Error) -> bool {
    use redb::Error::{TableTypeMismatch, TypeDefinitionChanged, UpgradeRequired};
    matches!(
        problem,
        TableTypeMismatch { .. } | TypeDefinitionChanged { .. } | UpgradeRequired(_)
    )
}

/// Says why a path cannot be opened and what to do.
fn unusable(path: &Path, problem: &redb::Error) -> StoreError {
    let name = path.display();
    if matches!(
        problem,
        redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch
    ) {
        return StoreError::InUse(name.to_string());
    }
    if is_of_another_version(problem) {
        return StoreError::Unusable(format!("{name}: {ANOTHER_VERSION}"));
    }
    let remedy = if let redb::Error::Io(problem) = problem {
        let known = REMEDIES.iter().find(|(kind, _)| *kind == problem.kind());
        known.map_or(
            "name a file that the service's user can write",
            |(_, remedy)| remedy,
        )
    } else {
        "put a backup in its place, or move it away to begin with an empty store"
    };
    StoreError::Unusable(format!("{name}: {problem}; {remedy}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_and_its_folder_are_made_for_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/of/wecom-bridge/store.redb");
        let file = File::open(&path).unwrap();
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&path).unwrap());
            assert_eq!(mode & 0o777, 0o600);
        }
        let twice = File::open(&path).unwrap_err();
        assert!(matches!(&twice, StoreError::InUse(name) if *name == path.display().to_string()));
        file.close();
        File::open(&path).unwrap();
    }

    #[test]
    fn unusable_paths_say_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("notes.txt");
        fs::write(&text, "These are notes and no database. ".repeat(200)).unwrap();
        let truncated = folder.path().join("truncated");
        drop(File::open(&truncated).unwrap());
        let half = fs::metadata(&truncated).unwrap().len() / 2;
        OpenOptions::new()
            .write(true)
            .open(&truncated)
            .unwrap()
            .set_len(half)
            .unwrap();
        for (path, remedy) in [
            (folder.path().to_owned(), "this is a folder"),
            (text.clone(), "this is a file of another kind"),
            (text.join("store.redb"), "name a file that"),
            ("/proc/store.redb".into(), "name a file that"),
            (truncated, "put a backup in its place"),
        ] {
            let problem = File::open(&path).unwrap_err();
            assert!(
                matches!(&problem, StoreError::Unusable(text) if text.contains(remedy)),
                "{problem}"
            );
        }
    }
}
