//! The names that customer tags have now, where contacts are shown.

use std::collections::HashMap;

use crate::model::contact::{Contact, Tag};
use crate::model::ids::CorpId;
use crate::model::tag::{TagGroup, TagNames};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::record::Table;

/// The names of tags, for each corp that was asked for. Contacts keep the names that their tags had when they were
/// read; these are the ones of now.
#[derive(Default)]
pub(in crate::http) struct NamesOfNow(HashMap<CorpId, TagNames>);

impl NamesOfNow {
    /// Gives a contact's tags the names of now, and takes away those that were deleted.
    pub(in crate::http) async fn apply(
        &mut self,
        store: &Store,
        corp: &CorpId,
        contact: &mut Contact,
    ) -> Result<(), StoreError> {
        let mut tags = contact.follow_users.iter().flat_map(|follow| &follow.tags);
        if tags.all(|tag| tag.tag_id.is_none()) {
            return Ok(());
        }
        if !self.0.contains_key(corp) {
            self.0.insert(corp.clone(), read(store, corp).await?);
        }
        if let Some(names) = self.0.get(corp) {
            for follow in &mut contact.follow_users {
                follow.tags.retain_mut(|tag| renamed(tag, names));
            }
        }
        Ok(())
    }
}

/// `false` for a tag that was deleted. A tag that is not known keeps the name it has.
fn renamed(tag: &mut Tag, names: &TagNames) -> bool {
    let id = tag.tag_id.as_ref();
    let Some(name) = id.and_then(|id| names.get(id)) else {
        return true;
    };
    tag.group_name.clone_from(&name.group_name);
    tag.tag_name.clone_from(&name.tag_name);
    !name.is_deleted
}

async fn read(store: &Store, corp: &CorpId) -> Result<TagNames, StoreError> {
    let records = store.all(corp, Table::TagGroups).await?;
    let mut groups: Vec<TagGroup> = Vec::with_capacity(records.len());
    for record in &records {
        groups.extend(record.parse::<TagGroup>()?);
    }
    Ok(TagNames::of(groups))
}
