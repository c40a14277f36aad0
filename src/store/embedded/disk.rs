//! A disk for tests: it counts its syncs and fails when it is told to.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redb::{Database, StorageBackend};

use crate::model::ids::CorpId;
use crate::store::embedded::EmbeddedStore;
use crate::store::embedded::file::File;
use crate::store::{StoreSettings, StoreUrl};

/// What a disk can do wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::embedded) enum Fault {
    /// Nothing.
    None,
    /// It is full: what is there can be read, and nothing written.
    Full,
    /// What was written is there, but the sync says that it failed.
    SyncFails,
    /// Nothing can be read or written.
    Gone,
}

/// Clones are the same disk.
#[derive(Debug, Clone)]
pub(in crate::store::embedded) struct Disk {
    bytes: Arc<Mutex<Vec<u8>>>,
    fault: Arc<Mutex<Fault>>,
    syncs: Arc<AtomicUsize>,
    written: Arc<AtomicUsize>,
}

impl Disk {
    /// An empty disk.
    pub(in crate::store::embedded) fn new() -> Self {
        Self {
            bytes: Arc::default(),
            fault: Arc::new(Mutex::new(Fault::None)),
            syncs: Arc::default(),
            written: Arc::default(),
        }
    }

    /// The store file on this disk.
    pub(in crate::store::embedded) fn file(&self) -> File {
        let disk = self.clone();
        let opener = move || Ok(Database::builder().create_with_backend(disk.clone())?);
        File::with("test disk".into(), Box::new(opener)).unwrap()
    }

    /// A store on this disk for the corp `ww1`.
    pub(in crate::store::embedded) fn store(&self, dedupe_for: Duration) -> EmbeddedStore {
        let settings = StoreSettings {
            url: StoreUrl::Embedded("test disk".into()),
            corps: vec![corp()],
            dedupe_for,
            replicas: 0,
        };
        EmbeddedStore::over(self.file(), &settings).unwrap()
    }

    /// Makes it fail from now on.
    pub(in crate::store::embedded) fn fail(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    /// How often it was synced.
    pub(in crate::store::embedded) fn syncs(&self) -> usize {
        self.syncs.load(Ordering::SeqCst)
    }

    /// How many bytes were written to it.
    pub(in crate::store::embedded) fn written(&self) -> usize {
        self.written.load(Ordering::SeqCst)
    }

    fn unless(&self, faults: &[Fault]) -> io::Result<()> {
        let fault = *self.fault.lock().unwrap();
        if !faults.contains(&fault) {
            return Ok(());
        }
        Err(match fault {
            Fault::Full => io::ErrorKind::StorageFull.into(),
            Fault::None | Fault::SyncFails | Fault::Gone => io::Error::other("a faulty disk"),
        })
    }
}

/// The corp that the stores on test disks serve.
pub(in crate::store::embedded) fn corp() -> CorpId {
    CorpId::parse("ww1").unwrap()
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.unless(&[Fault::Gone])?;
        Ok(self.bytes.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.unless(&[Fault::Gone])?;
        let offset = usize::try_from(offset).unwrap();
        out.copy_from_slice(&self.bytes.lock().unwrap()[offset..offset + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.unless(&[Fault::Gone, Fault::Full])?;
        let len = usize::try_from(len).unwrap();
        self.bytes.lock().unwrap().resize(len, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        self.unless(&[Fault::Gone, Fault::SyncFails])
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.unless(&[Fault::Gone, Fault::Full])?;
        self.written.fetch_add(data.len(), Ordering::SeqCst);
        let offset = usize::try_from(offset).unwrap();
        self.bytes.lock().unwrap()[offset..offset + data.len()].copy_from_slice(data);
        Ok(())
    }
}
