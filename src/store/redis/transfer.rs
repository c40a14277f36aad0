//! What goes into another store, and what comes from one.

use std::sync::LazyLock;

use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::item::Queue;
use crate::store::redis::listing::name;
use crate::store::redis::prolonged::GRAIN;
use crate::store::redis::queue::script;
use crate::store::redis::script::Script;
use crate::store::redis::{RedisStore, keys};
use crate::store::transfer::Parcel;

static WINDOWS: LazyLock<Script> = LazyLock::new(|| Script::of_corp(include_str!("windows.lua")));
static SEEN: LazyLock<Script> =
    LazyLock::new(|| Script::new("return redis.call('SMEMBERS', KEYS[1])"));
static IMPORT: LazyLock<Script> = LazyLock::new(|| script(include_str!("import.lua")));

impl RedisStore {
    /// The hours of whose contents some came.
    pub(in crate::store) async fn windows(&self, corp: &CorpId) -> Result<Vec<u32>, StoreError> {
        self.connection
            .run(&WINDOWS, &WINDOWS.corp_call(corp))
            .await
    }

    /// The hashes of the contents of an hour that came.
    pub(in crate::store) async fn fingerprints(
        &self,
        corp: &CorpId,
        window: u32,
    ) -> Result<Vec<[u8; 16]>, StoreError> {
        let call = SEEN.call(&[&keys::seen(corp, window)]);
        let found: Vec<Vec<u8>> = self.connection.run(&SEEN, &call).await?;
        let hash = |hash: Vec<u8>| {
            let hash = <[u8; 16]>::try_from(hash);
            hash.map_err(|_| StoreError::Corrupt("a fingerprint of another length".into()))
        };
        let mut hashes: Vec<[u8; 16]> = found.into_iter().map(hash).collect::<Result<_, _>>()?;
        hashes.sort_unstable();
        Ok(hashes)
    }

    /// See [`Store::import`](crate::store::Store::import).
    pub(in crate::store) async fn import(
        &self,
        corp: &CorpId,
        parcels: Vec<Parcel>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut call = IMPORT.corp_call(corp);
        let keep = self.dedupe_for + GRAIN;
        call.arg(now.millis()).arg(keep.as_secs());
        for parcel in &parcels {
            match parcel {
                Parcel::Record(key, json) => call
                    .arg("put")
                    .arg(key.table.name())
                    .arg(&key.key)
                    .arg(json),
                Parcel::Seen(key) => call.arg("seen").arg(key.window).arg(&key.hash),
                Parcel::Item(queue, id, text, standing) => {
                    let queue = match queue {
                        Queue::Inbox => "in",
                        Queue::Outbox => "out",
                    };
                    let mut failures = String::new();
                    for failure in &standing.failures {
                        let json = serde_json::to_string(failure);
                        let json = json.expect("a time and a text can be written as JSON");
                        failures.push('\n');
                        failures.push_str(&json);
                    }
                    call.arg("item").arg(queue).arg(id.place()).arg(text);
                    call.arg(name(standing.state)).arg(standing.attempts);
                    call.arg(standing.at.millis()).arg(failures)
                }
            };
        }
        let _: String = self
            .connection
            .run_kept(&IMPORT, &call, self.replicas)
            .await?;
        Ok(())
    }
}
