//! Taking deliveries in, once each.
//!
//! Hashes of what came are kept per window: an hour of the events' own time, which a repetition shares. A window is
//! forgotten as a whole when nothing was added to it for long enough, a few hashes with each transaction.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::delivery::{ContentKey, Lane};
use crate::model::time::Timestamp;
use crate::store::embedded::batch::Batch;
use crate::store::embedded::head::Head;
use crate::store::embedded::place::Place;

/// How exactly it is known when a window was last added to. Finer would only write more.
const GRAIN: Duration = Duration::from_secs(3600);

/// How many hashes are forgotten with one transaction; more than come with it, so that the sweep keeps up.
const SWEEP_MAX: usize = 512;

/// When events were last added to each corp's windows, within [`GRAIN`].
pub(in crate::store::embedded) type Windows = BTreeMap<(u16, u32), Timestamp>;

/// Stores a delivery; `None` when its content came before.
pub(in crate::store::embedded) fn accept(
    batch: &mut Batch<'_>,
    corp: u16,
    key: ContentKey,
    lane: Lane,
    text: &str,
) -> Result<Option<Place>, redb::Error> {
    let row = (corp, key.window, &key.hash);
    if batch.tables.seen.insert(row, ())?.is_some() {
        return Ok(None);
    }
    let now = Timestamp::from_millis(Head::of(text).millis);
    let known = batch.numbers.windows.get(&(corp, key.window));
    if known.is_none_or(|last| last.plus(GRAIN) < now) {
        let row = (corp, key.window);
        batch.tables.windows.insert(row, now.millis())?;
        batch.numbers.windows.insert(row, now);
    }
    batch.append(corp, lane, text).map(Some)
}

/// Forgets some of a window that nothing was added to for `dedupe_for` before the newest event of any corp.
pub(in crate::store::embedded) fn sweep(
    batch: &mut Batch<'_>,
    dedupe_for: Duration,
) -> Result<(), redb::Error> {
    let windows = &batch.numbers.windows;
    let newest = windows.values().max().copied().unwrap_or_default();
    let before = newest.minus(dedupe_for.saturating_add(GRAIN));
    let Some((&(corp, window), _)) = windows.iter().find(|(_, last)| **last < before) else {
        return Ok(());
    };
    let (first, last) = ([0; 16], [u8::MAX; 16]);
    let range = (corp, window, &first)..=(corp, window, &last);
    let old = batch.tables.seen.extract_from_if(range, |_, ()| true)?;
    let mut forgotten = 0;
    for row in old.take(SWEEP_MAX) {
        row?;
        forgotten += 1;
    }
    if forgotten < SWEEP_MAX {
        batch.tables.windows.remove((corp, window))?;
        batch.numbers.windows.remove(&(corp, window));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Accepted;
    use crate::store::embedded::disk::{Disk, corp};

    #[tokio::test]
    async fn windows_are_forgotten_when_nothing_came_for_long_enough() {
        let store = Disk::new().store(Duration::from_secs(7200));
        let accept = async |hours: i64, window: u32, hash: u8| {
            let millis = hours * 3_600_000;
            let text = format!("{millis}\tcallback\tapp\tkind\tcontact:1\tn\n<xml/>");
            let key = ContentKey {
                window,
                hash: [hash; 16],
            };
            let accepted = store.accept(&corp(), key, Lane::Normal, text).await;
            matches!(accepted.unwrap(), Accepted::New(_))
        };
        assert!(accept(100, 7, 1).await);
        assert!(accept(100, 7, 2).await);
        assert!(accept(100, 8, 1).await, "another window");
        // However old its own time is, an event is known for two hours, and each new one of its window prolongs that.
        assert!(!accept(102, 7, 1).await);
        assert!(accept(102, 8, 2).await);
        assert!(accept(104, 50, 1).await);
        assert!(accept(104, 7, 1).await, "forgotten");
        assert!(accept(104, 7, 2).await, "forgotten as well");
        assert!(!accept(104, 8, 1).await, "prolonged");
        assert!(accept(106, 50, 2).await);
        assert!(accept(106, 8, 1).await);
    }
}
