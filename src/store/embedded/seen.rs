//! Recognising what came before.
//!
//! ```text
//! a hash ──► fresh: the latest ones, in the order of arrival, and in memory
//!              └── in rounds ──► seen: all others, by corp, window and hash
//! ```
//!
//! Hashes are random: filing each by itself would rewrite a page of `seen` per event. Filed in rounds and in their own
//! order, several share a page. A window is an hour of the events' own time, which a repetition shares; it is forgotten
//! as a whole when nothing was added to it for long enough. Rounds and forgetting go on a little with each transaction.

use std::collections::BTreeMap;
use std::time::Duration;

use redb::ReadableTable;

use crate::model::time::Timestamp;
use crate::store::embedded::batch::Batch;
use crate::store::embedded::tables::View;

/// A corp's number, a window, a hash.
pub(in crate::store::embedded) type Hash = (u16, u32, [u8; 16]);

/// How many hashes are fresh when a round begins: about 4 MB in memory.
const FRESH_MAX: usize = 64 * 1024;

/// How much a transaction does for each new hash in it: more than one, so that rounds end and forgetting keeps up.
const STEPS: usize = 8;

/// How exactly it is known when a window was last added to. Finer would only write more.
const GRAIN: Duration = Duration::from_secs(3600);

/// What is known about hashes without looking into the file.
#[derive(Debug, Default)]
pub(in crate::store::embedded) struct Seen {
    /// The fresh ones, with their numbers in the order of arrival.
    fresh: BTreeMap<Hash, u64>,
    next: u64,
    round: Option<Round>,
    /// When each window was last added to, within [`GRAIN`].
    windows: BTreeMap<(u16, u32), Timestamp>,
    /// How many hashes are new in this transaction.
    new: usize,
}

/// A round: the fresh hashes below a number are filed, and then no longer fresh.
#[derive(Debug)]
struct Round {
    end: u64,
    /// The next one to file; `None` when all are.
    from: Option<Hash>,
}

impl Seen {
    /// Reads what is fresh, and the windows.
    pub(in crate::store::embedded) fn load(view: &View) -> Result<Self, redb::Error> {
        let mut seen = Self::default();
        for row in view.windows.iter()? {
            let (key, last) = row?;
            let last = Timestamp::from_millis(last.value());
            seen.windows.insert(key.value(), last);
        }
        for row in view.fresh.iter()? {
            let (number, hash) = row?;
            let (corp, window, hash) = hash.value();
            seen.next = number.value() + 1;
            if seen.windows.contains_key(&(corp, window)) {
                seen.fresh.insert((corp, window, *hash), number.value());
            }
        }
        Ok(seen)
    }
}

/// Notes a hash; tells whether it is new.
pub(in crate::store::embedded) fn note(
    batch: &mut Batch<'_>,
    hash: Hash,
    now: Timestamp,
) -> Result<bool, redb::Error> {
    let seen = &mut batch.numbers.seen;
    let (corp, window, bytes) = &hash;
    let row = (*corp, *window, bytes);
    if seen.fresh.contains_key(&hash) || batch.tables.seen.get(row)?.is_some() {
        return Ok(false);
    }
    batch.tables.fresh.insert(seen.next, row)?;
    seen.fresh.insert(hash, seen.next);
    seen.next += 1;
    seen.new += 1;
    let row = (*corp, *window);
    if seen
        .windows
        .get(&row)
        .is_none_or(|last| last.plus(GRAIN) < now)
    {
        batch.tables.windows.insert(row, now.millis())?;
        seen.windows.insert(row, now);
    }
    Ok(true)
}

/// Goes on with the round and with forgetting, as far as fits the new hashes of this transaction.
pub(in crate::store::embedded) fn tidy(
    batch: &mut Batch<'_>,
    dedupe_for: Duration,
) -> Result<(), redb::Error> {
    let steps = std::mem::take(&mut batch.numbers.seen.new) * STEPS;
    if steps > 0 {
        file(batch, steps)?;
        forget(batch, dedupe_for, steps)?;
    }
    Ok(())
}

fn file(batch: &mut Batch<'_>, steps: usize) -> Result<(), redb::Error> {
    let seen = &mut batch.numbers.seen;
    let Some(round) = &mut seen.round else {
        if seen.fresh.len() >= FRESH_MAX {
            let from = seen.fresh.keys().next().copied();
            let end = seen.next;
            seen.round = Some(Round { end, from });
        }
        return Ok(());
    };
    if let Some(from) = round.from {
        let mut rest = seen.fresh.range(from..);
        for ((corp, window, hash), number) in rest.by_ref().take(steps) {
            if *number < round.end {
                batch.tables.seen.insert((*corp, *window, hash), ())?;
            }
        }
        round.from = rest.next().map(|(hash, _)| *hash);
        return Ok(());
    }
    let mut filed = 0;
    for row in batch
        .tables
        .fresh
        .extract_from_if(..round.end, |_, _| true)?
        .take(steps)
    {
        let (number, hash) = row?;
        let (corp, window, hash) = hash.value();
        let hash = (corp, window, *hash);
        if seen.fresh.get(&hash) == Some(&number.value()) {
            seen.fresh.remove(&hash);
        }
        filed += 1;
    }
    if filed < steps {
        seen.round = None;
    }
    Ok(())
}

/// Forgets some of a window that nothing was added to for `dedupe_for` before the newest event of any corp.
fn forget(batch: &mut Batch<'_>, dedupe_for: Duration, steps: usize) -> Result<(), redb::Error> {
    let seen = &mut batch.numbers.seen;
    let newest = seen.windows.values().max().copied().unwrap_or_default();
    let before = newest.minus(dedupe_for.saturating_add(GRAIN));
    let Some((&(corp, window), _)) = seen.windows.iter().find(|(_, last)| **last < before) else {
        return Ok(());
    };
    let (first, last) = ((corp, window, [0; 16]), (corp, window, [u8::MAX; 16]));
    let range = (corp, window, &first.2)..=(corp, window, &last.2);
    let mut forgotten = 0;
    for row in batch
        .tables
        .seen
        .extract_from_if(range, |_, ()| true)?
        .take(steps)
    {
        row?;
        forgotten += 1;
    }
    if forgotten < steps {
        let fresh: Vec<Hash> = seen
            .fresh
            .range(first..=last)
            .map(|(hash, _)| *hash)
            .collect();
        for hash in fresh {
            seen.fresh.remove(&hash);
        }
        batch.tables.windows.remove((corp, window))?;
        seen.windows.remove(&(corp, window));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::model::delivery::{ContentKey, Lane};
    use crate::store::embedded::batch::Numbers;
    use crate::store::embedded::disk::{Disk, corp};
    use crate::store::embedded::file::File;
    use crate::store::embedded::index::Index;
    use crate::store::embedded::tables::Tables;
    use crate::store::item::Accepted;

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
        assert!(accept(110, 9, 1).await);
        assert!(accept(111, 9, 2).await);
        assert!(accept(113, 50, 3).await);
        assert!(!accept(113, 9, 2).await, "two hours ago to the moment");
    }

    /// A hash of its own for every number, in no order.
    fn hash(n: u64) -> Hash {
        let mut hash = [0; 16];
        hash[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
        (1, 5, hash)
    }

    /// Notes each of these, which are new, and then some again: one just noted, one in the round, one long filed.
    fn noted(file: &File, numbers: &mut Numbers, new: Range<u64>, now: Timestamp) {
        let index = Index::default();
        let transaction = file.begin_write().unwrap();
        let tables = Tables::open(&transaction).unwrap();
        let mut batch = Batch::new(tables, numbers, &index);
        let again = [new.start, new.start / 2, 0];
        for n in new {
            assert!(note(&mut batch, hash(n), now).unwrap(), "{n}");
        }
        for n in again {
            assert!(!note(&mut batch, hash(n), now).unwrap(), "{n}");
        }
        tidy(&mut batch, Duration::MAX).unwrap();
        batch.finish().unwrap();
        transaction.commit().unwrap();
    }

    #[test]
    fn rounds_file_everything_and_lose_nothing() {
        let file = Disk::new().file();
        let mut numbers = Numbers::default();
        let now = Timestamp::from_secs(5 * 3600);
        let (mut all, mut most) = (0, 0);
        // Whether much is new at once or little, rounds keep up with it and are followed by others.
        for (times, each) in [(32, 2000), (101, 200), (40, 2000)] {
            for _ in 0..times {
                noted(&file, &mut numbers, all..all + each, now);
                all += each;
                most = most.max(numbers.seen.fresh.len());
            }
            let loaded = Seen::load(&file.view().unwrap()).unwrap();
            assert_eq!(loaded.fresh, numbers.seen.fresh);
            assert_eq!(loaded.next, numbers.seen.next);
            if all == 64_000 {
                assert_eq!(loaded.fresh.len(), 64_000, "too few to be filed together");
                numbers.seen = loaded;
            }
        }
        assert!(most < FRESH_MAX * 5 / 4, "{most} are fresh");
        let fresh = u64::try_from(numbers.seen.fresh.len()).unwrap();
        assert!(fresh < all, "a round has ended");
    }

    #[test]
    fn a_large_window_is_forgotten_little_by_little_and_whole() {
        let file = Disk::new().file();
        let mut numbers = Numbers::default();
        let now = Timestamp::from_secs(5 * 3600);
        for n in 0..45 {
            noted(&file, &mut numbers, n * 2000..(n + 1) * 2000, now);
        }
        let later = now.plus(Duration::from_secs(7 * 24 * 3600));
        let mut of_another = (0..).map(|n| {
            let (corp, window, hash) = hash(n);
            (corp, window + 1, hash)
        });
        let index = Index::default();
        let mut times = 0;
        while numbers.seen.windows.contains_key(&(1, 5)) {
            let transaction = file.begin_write().unwrap();
            let tables = Tables::open(&transaction).unwrap();
            let mut batch = Batch::new(tables, &mut numbers, &index);
            for hash in of_another.by_ref().take(1000) {
                assert!(note(&mut batch, hash, later).unwrap());
            }
            tidy(&mut batch, Duration::from_secs(3600)).unwrap();
            batch.finish().unwrap();
            transaction.commit().unwrap();
            times += 1;
            assert!(times < 100);
        }
        assert!(times > 2, "it was not much");
        let view = file.view().unwrap();
        let (first, last) = ((1, 5, &[0; 16]), (1, 5, &[u8::MAX; 16]));
        assert_eq!(view.seen.range(first..=last).unwrap().count(), 0);
        assert!(numbers.seen.fresh.keys().all(|(_, window, _)| *window == 6));
        let seen = Seen::load(&view).unwrap();
        assert_eq!(seen.fresh, numbers.seen.fresh);
    }
}
