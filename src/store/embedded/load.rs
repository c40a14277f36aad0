//! Building the index from the file, when it is opened.

use std::collections::HashMap;

use redb::{ReadableTable, ReadableTableMetadata};

use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::embedded::batch::{NO_CORP, Numbers, PLACE};
use crate::store::embedded::file::File;
use crate::store::embedded::index::{Change, Index};
use crate::store::embedded::place::{ItemKey, Place, Spot, queue_of};
use crate::store::embedded::seen::Seen;
use crate::store::embedded::settle::lane_of;
use crate::store::embedded::tables::{Tables, View};

/// Reads which items are open. Claims of `older` stay with the items that are still open; at the first opening there
/// are none, so everything is claimable.
pub(in crate::store::embedded) fn load(
    view: &View,
    corps: &[u16],
    older: &Index,
) -> Result<(Index, Numbers), redb::Error> {
    let mut index = Index::default();
    let last = view.counters.get(PLACE)?.map_or(0, |last| last.value());
    for &corp in corps {
        index.opened_at(corp, last);
    }
    open_items(view, corps, older, &mut index)?;
    let seen = Seen::load(view)?;
    Ok((index, Numbers { last, seen }))
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
                let next = u16::try_from(tables.corps.len()?).ok();
                let next = next
                    .filter(|number| *number != NO_CORP)
                    .ok_or_else(|| redb::Error::Corrupted("it knows too many corps".into()))?;
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
    corps: &[u16],
    older: &Index,
    index: &mut Index,
) -> Result<(), redb::Error> {
    let spot = |(corp, queue, number, path): ItemKey<'_>| {
        let place = Place::new(number, path);
        let queue = queue_of(queue).filter(|_| corps.contains(&corp))?;
        Some(Spot { corp, queue, place })
    };
    for row in view.waiting.iter()? {
        let (key, lane) = row?;
        let (queue, number, corp, path) = key.value();
        if let Some(spot) = spot((corp, queue, number, path))
            && !index.keep_claim(&spot, older)
        {
            index.apply(Change::Arrived(spot, lane_of(lane.value())));
        }
    }
    for row in view.retrying.iter()? {
        let (key, row) = row?;
        let (due, _, lane, _) = row.value();
        if let Some(spot) = spot(key.value())
            && !index.keep_claim(&spot, older)
        {
            let due = Timestamp::from_millis(due);
            index.apply(Change::Delayed(spot, lane_of(lane), due));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use redb::TableDefinition;

    use super::*;
    use crate::store::embedded::disk::{Disk, corp};
    use crate::store::error::StoreError;

    #[test]
    fn a_file_in_another_form_says_what_to_do() {
        let file = Disk::new().file();
        let transaction = file.begin_write().unwrap();
        let items: TableDefinition<'_, u64, u64> = TableDefinition::new("items");
        transaction.open_table(items).unwrap();
        transaction.commit().unwrap();
        let problem = number_corps(&file, &[corp()]).unwrap_err();
        let problem = file.failed(&problem);
        assert!(
            matches!(&problem, StoreError::Unusable(text) if text.contains("`export` it with that version")),
            "{problem}"
        );
    }
}
