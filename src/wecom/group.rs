//! Calls that syncs make: a few at once, within their own share of the limits.

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::model::time::Timestamp;
use crate::wecom::Client;
use crate::wecom::error::ApiError;
use crate::wecom::limit::Rate;
use crate::wecom::wire::Api;

/// So many calls of a sync are under way at once; others find places as well.
const AT_ONCE: usize = 5;

/// One of many reads: what was found, `None` when WeCom shows nothing, or why this one cannot be read.
pub type Read<T> = Result<Option<T>, ApiError>;

/// Makes the calls, a few at once, and gives their answers in order.
///
/// # Errors
/// The first [`ApiError`] that is not about its one subject.
pub(in crate::wecom) async fn together<T>(
    calls: Vec<BoxFuture<'_, Read<T>>>,
) -> Result<Vec<Read<T>>, ApiError> {
    let settled = |read: Read<T>| match read {
        Err(error) if !error.concerns_one() => Err(error),
        read => Ok(read),
    };
    stream::iter(calls)
        .buffered(AT_ONCE)
        .map(settled)
        .try_collect()
        .await
}

impl Client {
    /// Takes a call, or a group of them, out of the share that syncs have.
    ///
    /// # Errors
    /// [`ApiError::RateLimited`].
    pub(in crate::wecom) async fn share(
        &self,
        api: &Api,
        bucket: &str,
        rate: Rate,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        self.take(api, bucket, rate, now).await
    }
}
