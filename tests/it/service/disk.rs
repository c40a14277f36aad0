//! A small disk in memory, for full disks. Only root can mount one.

use std::fs::{File, remove_file};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A mounted disk. It is gone with the test.
pub(crate) struct Disk(TempDir);

impl Disk {
    /// A disk of this size, in the words of tmpfs; `None` when this process may not mount.
    pub(crate) fn mount(size: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]);
        let mounted = command.arg(folder.path()).output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then_some(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn grow(&self, size: &str) {
        let mut command = Command::new("mount");
        command.args(["-o", &format!("remount,size={size}")]);
        assert!(command.arg(self.path()).status().unwrap().success());
    }

    /// Takes all the room that is left.
    pub(crate) fn fill(&self) {
        let mut file = File::create(self.filler()).unwrap();
        for block in [1 << 20, 1 << 12, 1] {
            let block = vec![0; block];
            while file.write_all(&block).is_ok() {}
        }
    }

    /// Gives the room back.
    pub(crate) fn free(&self) {
        remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a file may still be open when a test fails.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
