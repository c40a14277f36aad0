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
    use std::time::Duration;

    use futures_util::future::join_all;

    use crate::model::delivery::{ContentKey, Lane};
    use crate::model::ids::CorpId;
    use crate::store::embedded::disk::Disk;
    use crate::store::item::Accepted;

    /// Takes in 50 rounds of 64 deliveries each, one corp's after the other's; tells how much that wrote.
    async fn written_for(corps: usize) -> usize {
        let corp = |n: usize| CorpId::parse(&format!("ww{}", n % corps)).unwrap();
        let disk = Disk::new();
        let corps = (0..corps).map(corp).collect();
        let store = disk.store_of(corps, Duration::from_secs(3600));
        let before = disk.written();
        for round in 0..50_usize {
            let accepts = (0..64_usize).map(async |n| {
                let mut hash = [0; 16];
                hash[..8].copy_from_slice(&(round * 64 + n).to_le_bytes());
                let key = ContentKey { window: 0, hash };
                let xml = "<xml/>".repeat(100);
                let text = format!("{round}\tcallback\tapp\tkind\tcontact:{n}\tn\n{xml}");
                store.accept(&corp(n), key, Lane::Normal, text).await
            });
            for accepted in join_all(accepts).await {
                assert!(matches!(accepted, Ok(Accepted::New(_))), "{accepted:?}");
            }
        }
        disk.written() - before
    }

    #[tokio::test]
    async fn what_comes_for_many_corps_shares_pages() {
        let (one, many) = (written_for(1).await, written_for(64).await);
        assert!(many < one * 11 / 10, "{many} bytes instead of {one}");
    }
}
