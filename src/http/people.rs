//! Members and customers: what they are called, and looking through all of them. The work of one look is bounded.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use serde::de::DeserializeOwned;

use crate::http::search::{LOOKED_AT_MAX, STEP};
use crate::model::ids::{CorpId, UserId};
use crate::model::member::Member;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::record::{Key, Record, Table};

/// The names of members, as far as they are kept.
#[derive(Debug, Default)]
pub(in crate::http) struct MemberNames(HashMap<UserId, String>);

impl MemberNames {
    /// Out of the records of members, each wanted once.
    pub(in crate::http) fn of(records: &[Record]) -> Result<Self, StoreError> {
        let mut names = HashMap::new();
        for record in records {
            let member = record.parse::<Member>()?;
            names.extend(
                member
                    .filter(|member| !member.name.is_empty())
                    .map(|member| (member.userid, member.name)),
            );
        }
        Ok(Self(names))
    }

    /// Reads them in one round trip.
    pub(in crate::http) async fn read<'a>(
        store: &Store,
        corp: &CorpId,
        members: impl Iterator<Item = &'a UserId>,
    ) -> Result<Self, StoreError> {
        let members: HashSet<&UserId> = members.collect();
        let keys: Vec<Key> = members.into_iter().map(Key::member).collect();
        Self::of(&store.read(corp, &keys).await?)
    }

    /// Of one member.
    pub(in crate::http) fn of_member(&self, userid: &UserId) -> Option<&str> {
        self.0.get(userid).map(String::as_str)
    }
}

/// Shows what is kept in a table one by one, until enough was seen or as many as one look takes; whether there may be
/// more.
pub(in crate::http) async fn look_through<T: DeserializeOwned>(
    store: &Store,
    corp: &CorpId,
    table: Table,
    mut see: impl FnMut(T) -> ControlFlow<()>,
) -> Result<bool, StoreError> {
    let mut after: Option<String> = None;
    for _ in 0..LOOKED_AT_MAX / STEP {
        let records = store.list(corp, table, after.as_deref(), STEP).await?;
        for record in &records {
            if let Some(kept) = record.parse()?
                && see(kept).is_break()
            {
                return Ok(true);
            }
        }
        if records.len() < STEP {
            return Ok(false);
        }
        after = records.last().map(|record| record.key.key.clone());
    }
    Ok(true)
}
