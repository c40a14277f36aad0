//! Looking through a queue, newest first, for what fits a filter. The work of one look is bounded.

use crate::model::delivery::{Delivery, ItemId};
use crate::model::outgoing::OutgoingHead;
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::item::Entry;

/// How many stored items one search looks at. A page may be shorter than asked and still have a next one.
pub(in crate::http) const LOOKED_AT_MAX: usize = 5_000;

/// How many are looked at in one round trip.
pub(in crate::http) const STEP: usize = 250;

/// What is wanted, apart from the state, which the store itself looks for.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct Wanted {
    /// A whole kind, or the part before its slash.
    pub(in crate::http) kind: Option<String>,
    /// Received at this time or later.
    pub(in crate::http) since: Option<Timestamp>,
    /// Received before this time.
    pub(in crate::http) until: Option<Timestamp>,
}

/// What a search found.
#[derive(Debug)]
pub(in crate::http) struct Found<T> {
    /// At most as many as asked for.
    pub(in crate::http) entries: Vec<Entry<T>>,
    /// From where to go on, if there may be more.
    pub(in crate::http) next: Option<ItemId>,
}

impl Wanted {
    fn is_of(&self, kind: &str) -> bool {
        let wanted = self.kind.as_deref();
        wanted.is_none_or(|wanted| kind == wanted || kind.split('/').next() == Some(wanted))
    }
}

/// Items before `before` that fit, at most `limit`. `page` asks the store for the next so many; `known` tells an item's
/// kind and when it was received.
pub(in crate::http) async fn search<T>(
    page: impl AsyncFn(Option<&ItemId>, usize) -> Result<Vec<Entry<T>>, StoreError>,
    known: impl Fn(&Entry<T>) -> (&str, Timestamp),
    wanted: &Wanted,
    mut before: Option<ItemId>,
    limit: usize,
) -> Result<Found<T>, StoreError> {
    let mut entries = Vec::new();
    let mut looked_at = 0;
    loop {
        let found = page(before.as_ref(), STEP).await?;
        let mut complete = found.len() < STEP;
        for entry in found {
            let (kind, at) = known(&entry);
            if wanted.since.is_some_and(|since| at < since) {
                complete = true;
                break;
            }
            looked_at += 1;
            before = Some(entry.id.clone());
            if wanted.until.is_none_or(|until| at < until) && wanted.is_of(kind) {
                entries.push(entry);
            }
            if entries.len() == limit || looked_at == LOOKED_AT_MAX {
                let next = before;
                return Ok(Found { entries, next });
            }
        }
        if complete {
            let next = None;
            return Ok(Found { entries, next });
        }
    }
}

/// What a filter looks at, of a delivery.
pub(in crate::http) fn of_delivery(entry: &Entry<Delivery>) -> (&str, Timestamp) {
    (entry.item.kind.as_str(), entry.item.received_at)
}

/// What a filter looks at, of a call.
pub(in crate::http) fn of_call(entry: &Entry<OutgoingHead>) -> (&str, Timestamp) {
    (&entry.item.call, Timestamp::from_millis(entry.id.millis()))
}
