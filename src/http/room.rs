//! Room for bodies that are longer than what WeCom is known to send: without a bound, strangers could fill the memory
//! before a signature is looked at.

use tokio::sync::{Semaphore, SemaphorePermit};

/// How many may be under way, in 64 MiB at most. Shorter ones have 64 KiB at most, and there is one to a connection.
const LONG_BODIES: usize = 64;

/// Places for long bodies.
#[derive(Debug)]
pub struct Room(Semaphore);

impl Default for Room {
    fn default() -> Self {
        Self(Semaphore::new(LONG_BODIES))
    }
}

impl Room {
    /// A place until it is dropped; none when all are taken.
    pub(in crate::http) fn enter(&self) -> Option<SemaphorePermit<'_>> {
        self.0.try_acquire().ok()
    }
}
