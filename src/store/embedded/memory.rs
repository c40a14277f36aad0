//! Buckets and notes, for the one process that has the file open.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::ids::CorpId;
use crate::model::rate::{Bucket, Rate, Taken};
use crate::model::time::Timestamp;
use crate::store::shared::Swap;

/// Above this number, what is as good as gone is thrown away.
const KEPT_MAX: usize = 4096;

/// What is shared, by corp and name.
#[derive(Debug, Default)]
pub(in crate::store) struct Memory {
    buckets: Mutex<HashMap<(CorpId, String), Bucket>>,
    notes: Mutex<HashMap<(CorpId, String), Note>>,
}

struct Note {
    text: String,
    until: Timestamp,
}

// A note may be a secret.
impl std::fmt::Debug for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Note(until {})", self.until)
    }
}

impl Memory {
    /// See [`Store::take`](crate::store::Store::take).
    pub(in crate::store) fn take(
        &self,
        corp: &CorpId,
        bucket: &str,
        rate: Rate,
        want: u32,
        now: Timestamp,
    ) -> Taken {
        let mut buckets = lock(&self.buckets);
        if buckets.len() >= KEPT_MAX {
            buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        let bucket = buckets.entry((corp.clone(), bucket.to_owned()));
        bucket.or_default().take(rate, want, now)
    }

    /// See [`Store::pause`](crate::store::Store::pause).
    pub(in crate::store) fn pause(
        &self,
        corp: &CorpId,
        bucket: &str,
        length: Duration,
        now: Timestamp,
    ) {
        let mut buckets = lock(&self.buckets);
        let bucket = buckets.entry((corp.clone(), bucket.to_owned()));
        bucket.or_default().pause(length, now);
    }

    /// See [`Store::note`](crate::store::Store::note).
    pub(in crate::store) fn note(
        &self,
        corp: &CorpId,
        name: &str,
        now: Timestamp,
    ) -> Option<String> {
        let notes = lock(&self.notes);
        let note = notes.get(&(corp.clone(), name.to_owned()));
        let note = note.filter(|note| now < note.until);
        note.map(|note| note.text.clone())
    }

    /// See [`Store::swap_note`](crate::store::Store::swap_note).
    pub(in crate::store) fn swap_note(
        &self,
        corp: &CorpId,
        name: &str,
        swap: Swap<'_>,
        now: Timestamp,
    ) -> bool {
        let mut notes = lock(&self.notes);
        if notes.len() >= KEPT_MAX {
            notes.retain(|_, note| now < note.until);
        }
        let key = (corp.clone(), name.to_owned());
        let stands = notes.get(&key).filter(|note| now < note.until);
        let stands = stands.map(|note| note.text.as_str());
        if stands != swap.expected {
            return stands == swap.value;
        }
        match swap.value {
            None => drop(notes.remove(&key)),
            Some(value) => {
                let note = Note {
                    text: value.to_owned(),
                    until: now.plus(swap.keep_for),
                };
                notes.insert(key, note);
            }
        }
        true
    }
}

/// Every entry is whole at every moment, so a panic elsewhere cannot leave one half written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);
    const RATE: Rate = Rate {
        burst: 2,
        per_hour: 60,
    };

    fn corp() -> CorpId {
        CorpId::parse("ww1").unwrap()
    }

    #[test]
    fn only_what_is_full_again_is_thrown_away() {
        let memory = Memory::default();
        let later = NOW.plus(Duration::from_secs(60));
        for n in 0..KEPT_MAX - 1 {
            memory.take(&corp(), &n.to_string(), RATE, 1, NOW);
        }
        memory.take(&corp(), "used up", RATE, 2, NOW);
        assert_eq!(lock(&memory.buckets).len(), KEPT_MAX);
        assert_eq!(memory.take(&corp(), "new", RATE, 1, NOW).granted, 1);
        assert_eq!(lock(&memory.buckets).len(), KEPT_MAX + 1, "all are in use");
        assert_eq!(memory.take(&corp(), "used up", RATE, 2, later).granted, 1);
        assert_eq!(lock(&memory.buckets).len(), 1, "the others are full");
    }

    #[test]
    fn only_notes_whose_time_is_over_are_thrown_away() {
        let memory = Memory::default();
        let put = |name: &str, secs, now| {
            let swap = Swap {
                expected: None,
                value: Some("x"),
                keep_for: Duration::from_secs(secs),
            };
            assert!(memory.swap_note(&corp(), name, swap, now));
        };
        for n in 0..KEPT_MAX - 1 {
            put(&n.to_string(), 60, NOW);
        }
        put("long", 600, NOW);
        put("new", 60, NOW);
        assert_eq!(lock(&memory.notes).len(), KEPT_MAX + 1, "none is over");
        let later = NOW.plus(Duration::from_secs(60));
        put("newer", 60, later);
        assert_eq!(lock(&memory.notes).len(), 2);
        assert_eq!(memory.note(&corp(), "long", later).as_deref(), Some("x"));
    }
}
