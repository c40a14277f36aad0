//! Taking deliveries in, once each.

use crate::model::delivery::{ContentKey, Lane};
use crate::model::time::Timestamp;
use crate::store::embedded::batch::Batch;
use crate::store::embedded::head::Head;
use crate::store::embedded::place::Place;
use crate::store::embedded::seen;

/// Stores a delivery; `None` when its content came before.
pub(in crate::store::embedded) fn accept(
    batch: &mut Batch<'_>,
    corp: u16,
    key: ContentKey,
    lane: Lane,
    text: &str,
) -> Result<Option<Place>, redb::Error> {
    let now = Timestamp::from_millis(Head::of(text).millis);
    if !seen::note(batch, (corp, key.window, key.hash), now)? {
        return Ok(None);
    }
    batch.append(corp, lane, text).map(Some)
}
