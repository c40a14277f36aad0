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
