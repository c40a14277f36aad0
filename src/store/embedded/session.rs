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
