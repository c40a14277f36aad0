//! Outgoing calls: what is owed to WeCom, to WeChat and to the company's own systems, and what came of it. Codes and
//! texts are not shown.

use serde::Serialize;

use crate::http::api::queue::Listed;
use crate::http::search::of_call;
use crate::model::delivery::ItemId;
use crate::model::ids::CorpId;
use crate::model::outgoing::OutgoingHead;
use crate::model::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::item::{Entry, Queue, State};

/// The outbox. A call that is replayed after its deadline ends as before.
pub(in crate::http::api) struct Calls;

/// A call in a list.
#[derive(Serialize)]
pub(in crate::http::api) struct CallView {
    id: ItemId,
    corp: String,
    call: Box<str>,
    subject: String,
    state: State,
    attempts: u32,
    deadline: Option<Timestamp>,
    settled_at: Option<Timestamp>,
    error: Option<String>,
}

impl Listed for Calls {
    type Item = OutgoingHead;
    type View = CallView;

    const QUEUE: Queue = Queue::Outbox;
    const MISSING: &str = "No call has this id, or it was trimmed.";

    async fn page(
        store: &Store,
        corp: &CorpId,
        state: Option<State>,
        before: Option<&ItemId>,
        limit: usize,
    ) -> Result<Vec<Entry<OutgoingHead>>, StoreError> {
        store.outgoing(corp, state, before, limit).await
    }

    fn known(entry: &Entry<OutgoingHead>) -> (&str, Timestamp) {
        of_call(entry)
    }

    fn view(entry: Entry<OutgoingHead>) -> CallView {
        let Entry { id, item, progress } = entry;
        CallView {
            corp: id.corp().to_string(),
            call: item.call,
            subject: item.subject.to_string(),
            state: progress.state,
            attempts: progress.attempts,
            deadline: item.deadline,
            settled_at: progress.settled_at,
            error: progress
                .failures
                .last()
                .map(|failure| failure.error.clone()),
            id,
        }
    }
}
