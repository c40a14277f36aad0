//! Customer tags as they are kept, and their names where contacts are shown.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};

use crate::http::api::records::{Listed, Paging, page};
use crate::http::api::{Caller, Page};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::contact::{Contact, Tag};
use crate::model::ids::CorpId;
use crate::model::tag::{TagGroup, TagNames};
use crate::store::record::Table;

/// `GET /api/v1/tags`: groups of tags by `group_id`, corp by corp; deleted ones too.
pub(in crate::http) async fn tags(
    _: Caller,
    doors: web::Data<Doors>,
    paging: web::Query<Paging>,
) -> Result<HttpResponse, Problem> {
    let (records, next) = page(&doors, &paging, Table::TagGroups).await?;
    let mut items = Vec::with_capacity(records.len());
    for (corp, record) in records {
        let group = record.parse::<TagGroup>()?;
        items.extend(group.map(|record| Listed { corp, record }));
    }
    Ok(HttpResponse::Ok().json(Page { items, next }))
}

/// The names of tags, for each corp that was asked for. Contacts keep the names that their tags had when they were
/// read; these are the ones of now.
#[derive(Default)]
pub(in crate::http::api) struct NamesOfNow(HashMap<CorpId, TagNames>);

impl NamesOfNow {
    /// Gives a contact's tags the names of now, and takes away those that were deleted.
    pub(in crate::http::api) async fn apply(
        &mut self,
        doors: &Doors,
        corp: &CorpId,
        contact: &mut Contact,
    ) -> Result<(), Problem> {
        let mut tags = contact.follow_users.iter().flat_map(|follow| &follow.tags);
        if tags.all(|tag| tag.tag_id.is_none()) {
            return Ok(());
        }
        if !self.0.contains_key(corp) {
            self.0.insert(corp.clone(), read(doors, corp).await?);
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

async fn read(doors: &Doors, corp: &CorpId) -> Result<TagNames, Problem> {
    let records = doors.store.all(corp, Table::TagGroups).await?;
    let mut groups: Vec<TagGroup> = Vec::with_capacity(records.len());
    for record in &records {
        groups.extend(record.parse::<TagGroup>()?);
    }
    Ok(TagNames::of(groups))
}
