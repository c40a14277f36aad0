//! Which of a queue's items stand in a table, in the order of their places.

use std::ops::Range;

use redb::ReadableTable;

use crate::store::embedded::place::{ArrivalKey, ItemKey, Place};
use crate::store::embedded::tables::View;

/// The places of a corp's own table within a range of its keys.
pub(in crate::store::embedded) fn places<'t, T, V>(
    table: &'t T,
    range: Range<ItemKey<'_>>,
) -> Result<impl DoubleEndedIterator<Item = Result<Place, redb::Error>> + use<'t, T, V>, redb::Error>
where
    T: ReadableTable<ItemKey<'static>, V>,
    V: redb::Value + 'static,
{
    let rows = table.range(range)?;
    Ok(rows.map(|row| {
        let (key, _) = row?;
        let (_, _, number, path) = key.value();
        Ok(Place::new(number, path))
    }))
}

/// The places of a corp's waiting items within a range of keys. Those of all corps in it are looked through.
pub(in crate::store::embedded) fn waiting(
    view: &View,
    corp: u16,
    range: Range<ArrivalKey<'_>>,
) -> Result<impl DoubleEndedIterator<Item = Result<Place, redb::Error>>, redb::Error> {
    let rows = view.waiting.range(range)?;
    Ok(rows.filter_map(move |row| {
        let place = row.map(|(key, _)| {
            let (_, number, its_corp, path) = key.value();
            (its_corp == corp).then(|| Place::new(number, path))
        });
        place.map_err(redb::Error::from).transpose()
    }))
}
