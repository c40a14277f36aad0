//! Counting, each somebody once.

use crate::model::sync::{Counted, Tally};

/// Counts somebody who is at WeCom.
pub(in crate::decide::sync) fn count(tally: &mut Tally, counted: Counted) {
    tally.found += 1;
    *place(tally, counted) += 1;
}

/// Counts somebody once more who was counted before, and tells as what it counts now: a change after all is a change.
pub(in crate::decide::sync) fn recount(
    tally: &mut Tally,
    before: Counted,
    counted: Counted,
) -> Counted {
    if before != Counted::Unchanged || counted == Counted::Unchanged {
        return before;
    }
    tally.unchanged = tally.unchanged.saturating_sub(1);
    tally.updated += 1;
    Counted::Updated
}

const fn place(tally: &mut Tally, counted: Counted) -> &mut u64 {
    match counted {
        Counted::Added => &mut tally.added,
        Counted::Updated => &mut tally.updated,
        Counted::Unchanged => &mut tally.unchanged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_changed_after_all_is_counted_as_changed_once() {
        let (added, updated, unchanged) = (Counted::Added, Counted::Updated, Counted::Unchanged);
        for (before, now, expected, moved) in [
            (unchanged, updated, updated, 1),
            (unchanged, added, updated, 1),
            (unchanged, unchanged, unchanged, 0),
            (updated, updated, updated, 0),
            (updated, unchanged, updated, 0),
            (added, updated, added, 0),
        ] {
            let mut tally = Tally {
                found: 9,
                updated: 3,
                unchanged: 3,
                ..Tally::default()
            };
            let counted = recount(&mut tally, before, now);
            assert_eq!(counted, expected, "{before:?} {now:?}");
            let counts = (tally.found, tally.updated, tally.unchanged);
            assert_eq!(counts, (9, 3 + moved, 3 - moved), "{before:?} {now:?}");
        }
    }
}
