//! The records of a form, page by page.

use crate::http::items::access::Reader;
use crate::http::items::list::{Row, row};
use crate::http::items::names::{Names, Wanted};
use crate::http::items::turned::Turned;
use crate::model::effect::Shelf;
use crate::model::item::{Item, ItemKey, ItemKind, ItemRef};
use crate::store::record::Key;

/// How many records a page shows.
const PAGE: usize = 20;

/// Records as they were read.
pub(in crate::http::items) struct Found {
    form: ItemRef,
    items: Vec<Item>,
    next: Option<ItemKey>,
}

/// Records on the page.
pub(in crate::http::items) struct Records {
    pub(in crate::http::items) rows: Vec<Row>,
    pub(in crate::http::items) next: Option<String>,
    pub(in crate::http::items) new: String,
    pub(in crate::http::items) csv: String,
}

/// Reads those of a form that the reader sees, after the one that the query names. Other kinds have none.
pub(in crate::http::items) async fn find(
    reader: &Reader,
    item: &Item,
    wanted: &mut Wanted,
) -> Result<Option<Found>, Turned> {
    let Item::Form(form) = item else {
        return Ok(None);
    };
    let after = ItemKey::parse(reader.asked("after")).ok();
    let (items, next) = some(reader, &form.head.id, after, PAGE).await?;
    let items: Vec<Item> = items.into_iter().filter(|item| reader.sees(item)).collect();
    items.iter().for_each(|item| wanted.row(item));
    Ok(Some(Found {
        form: item.item_ref(),
        items,
        next,
    }))
}

/// Some records of a form, newest first, and after which one the next ones are.
pub(in crate::http::items) async fn some(
    reader: &Reader,
    form: &ItemKey,
    after: Option<ItemKey>,
    limit: usize,
) -> Result<(Vec<Item>, Option<ItemKey>), Turned> {
    let (store, corp) = (&reader.doors.store, &reader.corp);
    let shelf = Shelf::Form(form.clone());
    let after = after.map(|id| ItemRef::new(ItemKind::Record, id));
    let found = store.on_shelf(corp, &shelf, after.as_ref(), limit).await?;
    let next = found.last().filter(|_| found.len() == limit);
    let next = next.map(|item| item.id.clone());
    let keys: Vec<Key> = found.iter().map(Key::item).collect();
    let mut items = Vec::with_capacity(keys.len());
    for record in store.read(corp, &keys).await? {
        items.extend(record.parse::<Item>()?);
    }
    Ok((items, next))
}

/// Them on the page.
pub(in crate::http::items) fn rows(reader: &Reader, found: Found, names: &Names) -> Records {
    let form = format!("/form/{}", found.form.id);
    let next = |id: &ItemKey| reader.place.with(&form, &[("after", id.as_str())]);
    Records {
        rows: found
            .items
            .iter()
            .map(|item| row(reader, item, names))
            .collect(),
        next: found.next.as_ref().map(next),
        new: reader
            .place
            .with("/new/record", &[("form", found.form.id.as_str())]),
        csv: reader.place.to(&format!("{form}/records.csv")),
    }
}
