//! The clock of a service alone, by libfaketime: it jumps while everything around it keeps its time.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

/// Where Debian's package `libfaketime` puts it, by architecture.
const LIBRARIES: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
];

/// A clock that goes as the system's does, some seconds before or behind it.
pub(crate) struct FalseClock {
    library: &'static str,
    folder: TempDir,
    ahead: i64,
}

impl FalseClock {
    /// A clock that is right; `None` where the library is not installed.
    pub(crate) fn right() -> Option<Self> {
        let library = LIBRARIES
            .into_iter()
            .find(|path| Path::new(path).exists())?;
        let clock = Self {
            library,
            folder: TempDir::new().unwrap(),
            ahead: 0,
        };
        clock.write();
        Some(clock)
    }

    /// Jumps forward.
    pub(crate) fn forward(&mut self, by: Duration) {
        self.ahead += by.as_secs().cast_signed();
        self.write();
    }

    /// Jumps back.
    pub(crate) fn back(&mut self, by: Duration) {
        self.ahead -= by.as_secs().cast_signed();
        self.write();
    }

    /// What a process must have in its environment.
    pub(crate) fn environment(&self) -> [(&'static str, PathBuf); 4] {
        [
            ("LD_PRELOAD", self.library.into()),
            ("FAKETIME_TIMESTAMP_FILE", self.file()),
            ("FAKETIME_NO_CACHE", "1".into()),
            // Steady clocks do not jump.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ]
    }

    fn write(&self) {
        // In one step: a half-written offset would be read as another one.
        let new = self.folder.path().join("new");
        fs::write(&new, format!("{:+}\n", self.ahead)).unwrap();
        fs::rename(new, self.file()).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("offset")
    }
}
