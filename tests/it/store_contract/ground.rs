//! What a promise stands on: a fresh store, and short ways to put things into it and take them out.

use std::any::Any;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use wecom_bridge::model::delivery::{ContentKey, Delivery, ItemId, Kind, Lane, Source, Subject};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::ids::{CorpId, ExternalUserId, ReceiverName, UserId, WebhookName};
use wecom_bridge::model::outgoing::{Call, Outgoing, WriteLink};
use wecom_bridge::model::time::Timestamp;
use wecom_bridge::model::visit::Visit;
use wecom_bridge::model::webhook::Webhook;
use wecom_bridge::store::Store;
use wecom_bridge::store::error::StoreError;
use wecom_bridge::store::item::{Accepted, Claim, Lanes, Leases, Progress, Queue, Settle, Ticket};
use wecom_bridge::store::record::{Key, Record};

/// Longer than any promise lasts.
pub(crate) const LEASE: Duration = Duration::from_secs(3600);

/// The same in both lanes.
pub(crate) const LEASES: Leases = Leases {
    urgent: LEASE,
    normal: LEASE,
};

/// A fresh store with one or more handles on it.
pub(crate) struct Ground {
    handles: Vec<Store>,
    _keep: Box<dyn Any + Send + Sync>,
}

/// One of the corps that the store serves: 1 or 2.
pub(crate) fn corp(n: usize) -> &'static CorpId {
    static CORPS: LazyLock<[CorpId; 2]> =
        LazyLock::new(|| ["ww1", "ww2"].map(|id| CorpId::parse(id).unwrap()));
    &CORPS[n - 1]
}

/// A time on the promise's own clock.
pub(crate) fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000 + secs)
}

/// The key of the `n`th content.
pub(crate) fn content(n: u32) -> ContentKey {
    let mut hash = [7; 16];
    hash[..4].copy_from_slice(&n.to_be_bytes());
    let window = u32::try_from(at(0).secs() / 3600).unwrap();
    ContentKey { window, hash }
}

/// A delivery about a contact.
pub(crate) fn delivery(subject: &str, lane: Lane) -> Delivery {
    Delivery {
        receiver: ReceiverName::parse("app").unwrap(),
        source: Source::Callback,
        kind: Kind::new("change_external_contact/edit_external_contact"),
        subject: Subject::new("contact", subject),
        lane,
        received_at: at(0),
        cause: None,
        xml: format!("<xml><ExternalUserID>{subject}</ExternalUserID></xml>"),
    }
}

/// The effect that asks for a refresh of a contact.
pub(crate) fn refresh(subject: &str) -> Effect {
    Effect::Refresh(Delivery {
        receiver: ReceiverName::parse("service").unwrap(),
        source: Source::Service,
        kind: Kind::new("refresh_contact"),
        ..delivery(subject, Lane::Normal)
    })
}

/// The effect that owes a call about a member.
pub(crate) fn send(member: &str, lane: Lane) -> Effect {
    let userid = UserId::parse(member).unwrap();
    Effect::Send(Outgoing {
        subject: Subject::member(&userid),
        lane,
        deadline: None,
        cause: None,
        call: Call::WriteLink(WriteLink {
            userid,
            name: "与我协作".into(),
            url: "https://example.com/home".into(),
        }),
    })
}

/// The effect that owes one of the company's systems a message.
pub(crate) fn tell(target: &str, id: &str) -> Effect {
    Effect::Send(Outgoing {
        subject: Subject::new("webhook", target),
        lane: Lane::Normal,
        deadline: None,
        cause: None,
        call: Call::Webhook(Webhook {
            target: WebhookName::parse(target).unwrap(),
            id: id.into(),
            body: "{}".into(),
        }),
    })
}

/// The effect that keeps a record, and where it keeps it.
pub(crate) fn put_visit(contact: &str, count: u64) -> Effect {
    Effect::PutVisit(Visit {
        userid: UserId::parse("zhangsan").unwrap(),
        external_userid: ExternalUserId::parse(contact).unwrap(),
        entry: "single_chat_tools".into(),
        last_at: at(0),
        count,
    })
}

/// Where [`put_visit`] keeps its record.
pub(crate) fn visit_key(contact: &str) -> Key {
    Key::visit(
        &ExternalUserId::parse(contact).unwrap(),
        &UserId::parse("zhangsan").unwrap(),
    )
}

/// What the claimed deliveries are about, without `contact:`.
pub(crate) fn subjects(claims: &[Claim<Delivery>]) -> Vec<&str> {
    claims
        .iter()
        .map(|claim| claim.item.subject.as_str().trim_start_matches("contact:"))
        .collect()
}

impl Ground {
    /// A ground over handles on one and the same store, and whatever must outlive them.
    pub(crate) fn new(handles: Vec<Store>, keep: impl Any + Send + Sync) -> Self {
        Self {
            handles,
            _keep: Box::new(keep),
        }
    }

    /// The store.
    pub(crate) fn store(&self) -> &Store {
        &self.handles[0]
    }

    /// The store as another process sees it; the same handle where only one process may open it.
    pub(crate) fn other(&self) -> &Store {
        &self.handles[self.handles.len() - 1]
    }

    /// Accepts a delivery whose content never came before.
    pub(crate) async fn accept_in(&self, lane: Lane, subject: &str) -> ItemId {
        static CONTENTS: AtomicU32 = AtomicU32::new(1_000_000);
        let n = CONTENTS.fetch_add(1, Ordering::Relaxed);
        let delivery = delivery(subject, lane);
        match self.store().accept(corp(1), content(n), &delivery).await {
            Ok(Accepted::New(id)) => id,
            other => panic!("not accepted: {other:?}"),
        }
    }

    /// Accepts a delivery in the normal lane.
    pub(crate) async fn accept(&self, subject: &str) -> ItemId {
        self.accept_in(Lane::Normal, subject).await
    }

    /// Claims deliveries.
    pub(crate) async fn claim(&self, max: usize, now: Timestamp) -> Vec<Claim<Delivery>> {
        let claims = self
            .store()
            .claim_deliveries(corp(1), Lanes::All, max, LEASES, now);
        claims.await.unwrap()
    }

    /// Claims the one delivery that is due.
    pub(crate) async fn claim_one(&self, now: Timestamp) -> Ticket {
        let mut claims = self.claim(10, now).await;
        assert_eq!(claims.len(), 1, "one item is due: {claims:?}");
        claims.remove(0).ticket
    }

    /// Claims outgoing calls.
    pub(crate) async fn claim_calls(&self, max: usize, now: Timestamp) -> Vec<Claim<Outgoing>> {
        let claims = self
            .store()
            .claim_outgoing(corp(1), Lanes::All, max, LEASES, now);
        claims.await.unwrap()
    }

    /// Settles an item as done, with effects.
    pub(crate) async fn done(
        &self,
        ticket: &Ticket,
        effects: &[Effect],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.store()
            .commit(ticket, Settle::Done, &[], effects, now)
            .await
    }

    /// Accepts and settles a delivery of its own, only for these effects; tells which.
    pub(crate) async fn decide(&self, effects: &[Effect], now: Timestamp) -> ItemId {
        let id = self.accept_in(Lane::Urgent, "the cause").await;
        let claims = self.claim(1, now).await;
        assert_eq!(claims[0].ticket.id, id, "urgent ones come first");
        self.done(&claims[0].ticket, effects, now).await.unwrap();
        id
    }

    /// How far a delivery is.
    pub(crate) async fn progress(&self, id: &ItemId) -> Progress {
        let entry = self.store().delivery(id).await.unwrap();
        entry.expect("the delivery is known").progress
    }

    /// Reads one record.
    pub(crate) async fn record(&self, key: Key) -> Record {
        let mut records = self.store().read(corp(1), &[key]).await.unwrap();
        records.remove(0)
    }

    /// Replays a delivery.
    pub(crate) async fn replay(&self, id: &ItemId) -> bool {
        self.store().replay(Queue::Inbox, id).await.unwrap()
    }
}
