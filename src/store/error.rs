//! What can go wrong with the store, by what the caller can do about it.

/// A question that the store could not answer or a change that it did not make.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Nothing was stored, or nobody can tell. Try again: repeating is harmless. Says what happened, without secrets.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The disk has no room left for the embedded store; told by its [`health`](crate::store::Store::health) alone. What
    /// is there can be read, and it goes on by itself when there is room.
    #[error("the disk has no room left for the store: {0}")]
    Full(String),
    /// The claim has passed to another worker; what it was for is in other hands.
    #[error("the claim has passed to another worker")]
    ClaimLost,
    /// A record changed since it was read. Read again, decide again.
    #[error("a record has changed since it was read")]
    Stale,
    /// A stored text is not what it should be.
    #[error("the store holds something unreadable: {0}")]
    Corrupt(String),
    /// Another process has the embedded store open.
    #[error(
        "{0} is in use by another process: stop it first, or give the store a redis:// URL when several processes are to share one"
    )]
    InUse(String),
    /// The store cannot be opened as configured.
    #[error("the store cannot be opened: {0}")]
    Unusable(String),
}
