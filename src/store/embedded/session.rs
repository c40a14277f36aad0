//! Sessions that were ended, until they would have ended by themselves.

use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::embedded::EmbeddedStore;
use crate::store::embedded::batch::Batch;
use crate::store::error::StoreError;

impl EmbeddedStore {
    /// See [`Store::end_session`](crate::store::Store::end_session).
    pub(in crate::store) async fn end_session(
        &self,
        corp: &CorpId,
        session: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (corp, session) = (self.corp(corp)?, session.to_owned());
        let write = move |batch: &mut Batch<'_>| {
            // There are as many as people have logged out within the hours that a session lasts.
            let over = |_: (u16, &str), until: i64| until <= now.millis();
            let range = (corp, "")..(corp + 1, "");
            for gone in batch.tables.ended.extract_from_if(range, over)? {
                gone?;
            }
            let row = (corp, session.as_str());
            batch.tables.ended.insert(row, until.millis())?;
            Ok(Ok(()))
        };
        self.writer.write(write).await
    }

    /// See [`Store::is_session_ended`](crate::store::Store::is_session_ended).
    pub(in crate::store) async fn is_session_ended(
        &self,
        corp: &CorpId,
        session: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (corp, session) = (self.corp(corp)?, session.to_owned());
        self.look(move |view, _| {
            let until = view.ended.get((corp, session.as_str()))?;
            Ok(until.is_some_and(|until| now.millis() < until.value()))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use redb::ReadableTableMetadata;

    use super::*;
    use crate::store::embedded::disk::{Disk, corp};

    #[tokio::test]
    async fn sessions_that_are_over_by_themselves_are_forgotten() {
        let store = Disk::new().store(Duration::from_secs(60));
        let (corp, at) = (corp(), Timestamp::from_secs);
        for (session, until, now) in [("a", 60, 0), ("b", 90, 59), ("c", 99, 60)] {
            let end = store.end_session(&corp, session, at(until), at(now));
            end.await.unwrap();
        }
        for (session, now, expected) in [("b", 89, true), ("b", 90, false), ("a", 59, false)] {
            let is_ended = store.is_session_ended(&corp, session, at(now));
            assert_eq!(is_ended.await, Ok(expected), "{session} {now}");
        }
        let left = store.look(|view, _| Ok(view.ended.len()?)).await;
        assert_eq!(left, Ok(2));
    }
}
