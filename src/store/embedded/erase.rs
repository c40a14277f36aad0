//! Removing an item.

use redb::ReadableTable;

use crate::model::delivery::ItemId;
use crate::model::time::Timestamp;
use crate::store::embedded::EmbeddedStore;
use crate::store::embedded::batch::Batch;
use crate::store::embedded::head::Head;
use crate::store::embedded::index::Change;
use crate::store::embedded::place::Spot;
use crate::store::embedded::settle::Answer;
use crate::store::erase::Erased;
use crate::store::error::StoreError;
use crate::store::item::Queue;

impl EmbeddedStore {
    /// See [`Store::erase`](crate::store::Store::erase).
    pub(in crate::store) async fn erase(
        &self,
        queue: Queue,
        id: &ItemId,
        now: Timestamp,
    ) -> Result<Erased, StoreError> {
        let Some(spot) = self.spot(queue, id) else {
            return Ok(Erased::Gone);
        };
        let write = move |batch: &mut Batch<'_>| erase(batch, &spot, now);
        self.writer.write(write).await
    }
}

fn erase(batch: &mut Batch<'_>, spot: &Spot, now: Timestamp) -> Answer<Erased> {
    let held = batch.held(spot);
    if held.is_some_and(|held| !held.has_lapsed(now)) {
        return Ok(Ok(Erased::InWork));
    }
    let Some(text) = batch.tables.items.remove(spot.arrival())? else {
        return Ok(Ok(Erased::Gone));
    };
    let head = Head::of(text.value());
    let (subject, mark) = (head.subject.map(str::to_owned), head.mark());
    let behind = head.behind().map(str::to_owned);
    drop(text);
    if held.is_some() {
        batch.change(Change::Released(spot.clone()));
    }
    batch.tables.waiting.remove(spot.arrival())?;
    batch.tables.retrying.remove(spot.key())?;
    batch.tables.dead.remove(spot.key())?;
    let done = batch.tables.done.remove(spot.key())?;
    let done = done.map(|row| row.value().0);
    let discarded = batch.tables.discarded.remove(spot.key())?;
    let settled = done.or_else(|| Some(discarded?.value().0));
    let (corp, queue, number, path) = spot.key();
    if let Some(settled) = settled {
        let row = (corp, queue, settled, number, path);
        batch.tables.done_at.remove(row)?;
    }
    if let Some(mark) = mark {
        let row = (corp, mark.as_str());
        let newest = batch.tables.marks.get(row)?.map(|row| row.value());
        if newest == Some(number) {
            batch.tables.marks.remove(row)?;
        }
    }
    let subject = subject.unwrap_or_else(|| spot.place.to_string());
    let waited_for = [subject].into_iter().chain(behind).collect();
    batch.change(Change::Erased(spot.clone(), waited_for));
    Ok(Ok(Erased::Gone))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use redb::ReadableTableMetadata;

    use super::*;
    use crate::model::delivery::{Delivery, Kind, Lane, Source, Subject};
    use crate::model::ids::ReceiverName;
    use crate::store::embedded::disk::{Disk, corp};
    use crate::store::embedded::tables::Tables;
    use crate::store::item::{Lanes, Leases, Settle};
    use crate::store::write::Write;

    fn refresh(contact: &str) -> Write {
        let delivery = Delivery {
            receiver: ReceiverName::parse("service").unwrap(),
            source: Source::Service,
            kind: Kind::new("refresh_contact"),
            subject: Subject::new("refresh-contact", contact),
            lane: Lane::Normal,
            received_at: Timestamp::from_secs(1),
            cause: None,
            xml: "<xml/>".into(),
        };
        Write::Refresh {
            mark: format!("refresh_contact refresh-contact:{contact}"),
            text: delivery.encode(),
            lane: Lane::Normal,
        }
    }

    /// A mark names whom the refresh is about.
    #[tokio::test]
    async fn no_refresh_that_is_settled_or_gone_leaves_its_mark() {
        let (corp, now) = (corp(), Timestamp::from_secs(2));
        let lease = Duration::from_secs(60);
        let store = Disk::new().store(lease);
        let marks = || {
            let transaction = store.file.begin_write().unwrap();
            let tables = Tables::open(&transaction).unwrap();
            tables.marks.len().unwrap()
        };
        let writes = ["wm1", "wm2", "wm3"].map(refresh);
        store.carry_out(&corp, &[], &writes, now).await.unwrap();
        assert_eq!(marks(), 3);
        let leases = Leases {
            urgent: lease,
            normal: lease,
        };
        let claims = store.claim(&corp, Queue::Inbox, Lanes::All, 2, leases, now);
        let claims = claims.await.unwrap();
        for (claim, end) in claims.iter().zip([Settle::Done, Settle::Dead("no")]) {
            let commit = store.commit(&claim.ticket, end, &[], &[], now);
            commit.await.unwrap();
        }
        assert_eq!(marks(), 1);
        let entries = store.entries(&corp, Queue::Inbox, None, None, 9).await;
        for entry in entries.unwrap() {
            let erased = store.erase(Queue::Inbox, &entry.id, now).await;
            assert_eq!(erased, Ok(Erased::Gone));
        }
        assert_eq!(marks(), 0);
    }
}
