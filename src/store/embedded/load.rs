//! Building the index from the file, when it is opened.

use std::collections::HashMap;

use redb::{ReadableTable, ReadableTableMetadata};

use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::embedded::batch::{Numbers, PLACE};
use crate::store::embedded::file::File;
use crate::store::embedded::index::{Change, Index};
use crate::store::embedded::place::{ItemKey, Place, Spot, queue_number};
use crate::store::embedded::seen::Seen;
use crate::store::embedded::settle::lane_of;
use crate::store::embedded::tables::{Tables, View};
use crate::store::item::Queue;

/// Reads which items are open. Claims of `older` stay with the items that are still open; at the first opening there
/// are none, so everything is claimable.
pub(in crate::store::embedded) fn load(
    view: &View,
    corps: &[u16],
    older: &Index,
) -> Result<(Index, Numbers), redb::Error> {
    let mut index = Index::default();
    let mut numbers = Numbers::default();
    for &corp in corps {
        if let Some(last) = view.counters.get((corp, PLACE))? {
            numbers.last.insert(corp, last.value());
            index.opened_at(corp, last.value());
        }
        for queue in [Queue::Inbox, Queue::Outbox] {
            open_items(view, corp, queue, older, &mut index)?;
        }
    }
    numbers.seen = Seen::load(view)?;
    Ok((index, numbers))
}

/// Gives each corp the number by which the tables know it: its old one, or the next. Makes the tables as well.
pub(in crate::store::embedded) fn number_corps(
    file: &File,
    corps: &[CorpId],
) -> Result<HashMap<CorpId, u16>, redb::Error> {
    let transaction = file.begin_write()?;
    let mut tables = Tables::open(&transaction)?;
    let mut numbers = HashMap::new();
    for corp in corps {
        let known = tables.corps.get(corp.as_str())?.map(|row| row.value());
        let number = match known {
            Some(number) => number,
            None => {
                let next = u16::try_from(tables.corps.len()?)
                    .map_err(|_| redb::Error::Corrupted("it knows too many corps".into()))?;
                tables.corps.insert(corp.as_str(), next)?;
                next
            }
        };
        numbers.insert(corp.clone(), number);
    }
    drop(tables);
    transaction.commit()?;
    Ok(numbers)
}

fn open_items(
    view: &View,
    corp: u16,
    queue: Queue,
    older: &Index,
    index: &mut Index,
) -> Result<(), redb::Error> {
    let none: &[u8] = &[];
    let number = queue_number(queue);
    let all = || (corp, number, 0, none)..(corp, number + 1, 0, none);
    let spot = |(_, _, number, path): ItemKey<'_>| Spot {
        corp,
        queue,
        place: Place::new(number, path),
    };
    for row in view.waiting.range(all())? {
        let (key, lane) = row?;
        let spot = spot(key.value());
        if !index.keep_claim(&spot, older) {
            index.apply(Change::Arrived(spot, lane_of(lane.value())));
        }
    }
    for row in view.retrying.range(all())? {
        let (key, row) = row?;
        let (spot, (due, _, lane, _)) = (spot(key.value()), row.value());
        if !index.keep_claim(&spot, older) {
            let due = Timestamp::from_millis(due);
            index.apply(Change::Delayed(spot, lane_of(lane), due));
        }
    }
    Ok(())
}
