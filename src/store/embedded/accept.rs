//! Taking deliveries in, once each.

use crate::model::delivery::{ContentKey, Lane};
use crate::model::time::Timestamp;
use crate::store::embedded::batch::Batch;
use crate::store::embedded::head::Head;
use crate::store::embedded::place::Place;
use crate::store::embedded::seen;

/// Stores a delivery; `None` when its content came before.
pub(in crate::store::embedded) fn accept(
    batch: &mut Batch<'_>,
    corp: u16,
    key: ContentKey,
    lane: Lane,
    text: &str,
) -> Result<Option<Place>, redb::Error> {
    let now = Timestamp::from_millis(Head::of(text).millis);
    if !seen::note(batch, (corp, key.window, key.hash), now)? {
        return Ok(None);
    }
    batch.append(corp, lane, text).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::embedded::batch::Numbers;
    use crate::store::embedded::disk::Disk;
    use crate::store::embedded::index::Index;
    use crate::store::embedded::tables::Tables;

    /// Takes in 50 transactions of 64 deliveries each, one corp's after the other's; tells how much that wrote.
    fn written_for(corps: u16) -> usize {
        let disk = Disk::new();
        let (file, index) = (disk.file(), Index::default());
        let mut numbers = Numbers::default();
        let before = disk.written();
        for round in 0..50_u64 {
            let transaction = file.begin_write().unwrap();
            let tables = Tables::open(&transaction).unwrap();
            let mut batch = Batch::new(tables, &mut numbers, &index);
            for (n, corp) in (0..64_u64).zip((0..corps).cycle()) {
                let mut hash = [0; 16];
                hash[..8].copy_from_slice(&(round * 64 + n).to_le_bytes());
                let key = ContentKey { window: 0, hash };
                let xml = "<xml/>".repeat(100);
                let text = format!("{round}\tcallback\tapp\tkind\tcontact:{n}\tn\n{xml}");
                let place = accept(&mut batch, corp, key, Lane::Normal, &text).unwrap();
                assert!(place.is_some());
            }
            batch.finish().unwrap();
            transaction.commit().unwrap();
        }
        disk.written() - before
    }

    #[test]
    fn what_comes_for_many_corps_shares_pages() {
        let (one, many) = (written_for(1), written_for(64));
        assert!(many < one * 11 / 10, "{many} bytes instead of {one}");
    }
}
