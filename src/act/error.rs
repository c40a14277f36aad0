//! Why nothing changed.

use crate::decide::input::Refusal;
use crate::store::error::StoreError;
use crate::wecom::error::ApiError;

/// Joins the three ways in which acting fails.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// A normal answer that is no change.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// WeCom could not be asked, or refused.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The store could not be asked, or the claim is lost.
    #[error(transparent)]
    Store(#[from] StoreError),
}
