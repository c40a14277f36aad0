//! Taking items into work: the index says whose turn it is, the file has the texts.
//!
//! A claim writes nothing and waits for no sync, with one exception. An item that was open already when the file was
//! opened may be the one that made the last process end; how often it was claimed is written down before it is handed
//! out. So an item that ends the process each time is claimed once without a trace, and from then on runs out of
//! attempts as any other does, while what arrives and is settled in one and the same process costs nothing more.

use std::sync::PoisonError;

use redb::ReadableTable;

use crate::model::time::Timestamp;
use crate::store::embedded::batch::Batch;
use crate::store::embedded::head::Head;
use crate::store::embedded::index::{Held, QueueIndex};
use crate::store::embedded::place::{Place, Spot};
use crate::store::embedded::settle::{claims_of, lane_of, waiting_row};
use crate::store::embedded::tables::View;
use crate::store::embedded::writer::Desk;
use crate::store::error::StoreError;
use crate::store::item::{Lanes, Leases, Queue};

/// How many items one question looks at in vain: with more of a busy subject in front, the next question goes on.
const PARKED_MAX: usize = 1024;

/// Who wants how much.
#[derive(Debug, Clone, Copy)]
pub(in crate::store::embedded) struct Want {
    /// Whose items.
    pub(in crate::store::embedded) corp: u16,
    /// From which queue.
    pub(in crate::store::embedded) queue: Queue,
    /// From which lanes.
    pub(in crate::store::embedded) lanes: Lanes,
    /// At most so many.
    pub(in crate::store::embedded) max: usize,
    /// For how long.
    pub(in crate::store::embedded) leases: Leases,
    /// The time.
    pub(in crate::store::embedded) now: Timestamp,
}

/// A claimed item.
#[derive(Debug)]
pub(in crate::store::embedded) struct Taken {
    /// Where it stands.
    pub(in crate::store::embedded) place: Place,
    /// The claim's token.
    pub(in crate::store::embedded) token: u64,
    /// 1 at the first claim.
    pub(in crate::store::embedded) attempt: u32,
    /// It was open when the file was opened, so this claim has to be [counted](count).
    pub(in crate::store::embedded) left_over: bool,
    /// The encoded item.
    pub(in crate::store::embedded) text: String,
}

/// Claims the next items. When the file cannot be read, what was claimed by then is left to its lease.
pub(in crate::store::embedded) fn claim(
    desk: &mut Desk,
    want: Want,
) -> Result<Vec<Taken>, StoreError> {
    let mut index = desk.index.lock().unwrap_or_else(PoisonError::into_inner);
    let queue = index.queue(want.corp, want.queue);
    if want.max == 0 || !queue.wake(want.now) {
        return Ok(Vec::new());
    }
    let view = desk.file.view();
    let taken = view.and_then(|view| take(want, queue, &view, &mut desk.tokens));
    taken.map_err(|problem| desk.file.failed(&problem))
}

fn take(
    want: Want,
    queue: &mut QueueIndex,
    view: &View,
    tokens: &mut u64,
) -> Result<Vec<Taken>, redb::Error> {
    let mut taken = Vec::new();
    let mut parked = 0;
    while taken.len() < want.max
        && parked < PARKED_MAX
        && let Some((lane, place)) = queue.next(want.lanes)
    {
        let (text, tries) = match stored(view, want, &place) {
            Ok(Some(found)) => found,
            // Every open item has a text; if not, there is nothing to work on.
            Ok(None) => continue,
            Err(problem) => {
                queue.put_back(lane, place);
                return Err(problem);
            }
        };
        let head = Head::of(&text);
        let subject = head
            .subject
            .map_or_else(|| place.to_string(), str::to_owned);
        let behind = head.behind().filter(|subject| queue.is_busy(subject));
        if let Some(busy) = behind.or_else(|| queue.is_busy(&subject).then_some(&subject)) {
            queue.park(busy, lane, place);
            parked += 1;
            // What it would have waited behind is free: the next that waits there must not wait for this one.
            if let Some(free) = head.behind().filter(|free| *free != busy) {
                queue.next_of(free);
            }
            continue;
        }
        *tokens = tokens.wrapping_add(1);
        let attempt = tries.max(queue.lapsed(&place)).saturating_add(1);
        let held = Held {
            token: *tokens,
            until: want.now.plus(want.leases.of(lane)),
            subject: subject.into(),
            lane,
            attempt,
            mark: head.mark().filter(|_| want.queue == Queue::Inbox),
        };
        queue.claim(place.clone(), held);
        if let Some(free) = head.behind() {
            queue.next_of(free);
        }
        taken.push(Taken {
            left_over: queue.is_left_over(&place),
            place,
            token: *tokens,
            attempt,
            text,
        });
    }
    Ok(taken)
}

/// Writes down how often an item was claimed.
pub(in crate::store::embedded) fn count(
    batch: &mut Batch<'_>,
    spot: &Spot,
    attempt: u32,
) -> Result<(), redb::Error> {
    let waiting = batch.tables.waiting.get(spot.arrival())?;
    let waiting = waiting.map(|row| lane_of(row.value()));
    if let Some(lane) = waiting {
        let row = waiting_row(lane, attempt);
        batch.tables.waiting.insert(spot.arrival(), row.as_str())?;
        return Ok(());
    }
    let retrying = batch.tables.retrying.get(spot.key())?;
    let retrying = retrying.map(|row| {
        let (due, _, lane, failures) = row.value();
        (due, lane.to_owned(), failures.to_owned())
    });
    if let Some((due, lane, failures)) = retrying {
        let row = (due, attempt, lane.as_str(), failures.as_str());
        batch.tables.retrying.insert(spot.key(), row)?;
    }
    Ok(())
}

/// The item's text, and how many earlier claims the file knows.
fn stored(view: &View, want: Want, place: &Place) -> Result<Option<(String, u32)>, redb::Error> {
    let spot = Spot {
        corp: want.corp,
        queue: want.queue,
        place: place.clone(),
    };
    let Some(text) = view.items.get(spot.arrival())? else {
        return Ok(None);
    };
    let tries = match view.retrying.get(spot.key())? {
        Some(row) => row.value().1,
        None => view
            .waiting
            .get(spot.arrival())?
            .map_or(0, |row| claims_of(row.value())),
    };
    Ok(Some((text.value().to_owned(), tries)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use super::*;
    use crate::model::delivery::{ContentKey, Delivery, Kind, Lane, Source, Subject};
    use crate::model::ids::ReceiverName;
    use crate::store::embedded::disk::{Disk, corp};
    use crate::store::took::Took;
    use crate::store::{Backend, Store};

    #[tokio::test]
    async fn one_question_looks_at_so_many_in_vain_and_the_next_goes_on() {
        let (corp, minute) = (corp(), Duration::from_secs(60));
        let store = Disk::new().store(minute);
        let crowd = 2 * PARKED_MAX + 10;
        let accepts = (0..=crowd).map(async |n| {
            let subject = if n == crowd { "lisi" } else { "crowd" };
            let mut hash = [0; 16];
            hash[..8].copy_from_slice(&n.to_be_bytes());
            let key = ContentKey { window: 0, hash };
            let text = format!("1\tcallback\tapp\tkind\tmember:{subject}\tn\n<xml/>");
            store.accept(&corp, key, Lane::Normal, text).await
        });
        for accepted in futures_util::future::join_all(accepts).await {
            accepted.unwrap();
        }
        let leases = Leases {
            urgent: minute,
            normal: minute,
        };
        let mut counts = Vec::new();
        for _ in 0..4 {
            let now = Timestamp::from_secs(2);
            let claims = store.claim(&corp, Queue::Inbox, Lanes::All, 9, leases, now);
            counts.push(claims.await.unwrap().len());
        }
        assert_eq!(counts, [1, 0, 1, 0]);
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_buried_and_stops_nobody() {
        let (corp, minute) = (corp(), Duration::from_secs(60));
        let embedded = Disk::new().store(minute);
        let leases = Leases {
            urgent: minute,
            normal: minute,
        };
        let good = Delivery {
            receiver: ReceiverName::parse("app").unwrap(),
            source: Source::Callback,
            kind: Kind::new("subscribe"),
            subject: Subject::new("member", "lisi"),
            lane: Lane::Normal,
            received_at: Timestamp::from_secs(1),
            cause: None,
            xml: "<xml/>".into(),
        };
        let texts = [
            "",
            "what?",
            "1\tnobody\tapp\tkind\tmember:lisi\tn\n",
            &good.encode(),
        ];
        for (text, n) in texts.into_iter().zip(0..) {
            let key = ContentKey {
                window: 0,
                hash: [n; 16],
            };
            let accepted = embedded.accept(&corp, key, Lane::Normal, text.to_owned());
            accepted.await.unwrap();
        }
        let store = Store {
            backend: Backend::Embedded(embedded),
            bells: HashMap::new(),
            arriving: AtomicUsize::new(0),
            took: Took::default(),
        };
        let now = Timestamp::from_secs(2);
        let mut claimed = Vec::new();
        // The third unreadable one is of the good one's subject, which comes next time.
        for _ in 0..2 {
            let claims = store.claim_deliveries(&corp, Lanes::All, 9, leases, now);
            claimed.extend(claims.await.unwrap());
        }
        let items: Vec<_> = claimed.into_iter().map(|claim| claim.item).collect();
        assert_eq!(items, [good]);
        let Backend::Embedded(embedded) = &store.backend else {
            panic!("it was made above");
        };
        let dead = Some(crate::store::item::State::Dead);
        let dead = embedded.entries(&corp, Queue::Inbox, dead, None, 9).await;
        let dead = dead.unwrap();
        assert_eq!(dead.len(), 3);
        assert!(dead.iter().all(|entry| entry.progress.failures.len() == 1));
    }
}
