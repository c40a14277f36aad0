//! Customer tags as they are kept.

use actix_web::{HttpResponse, web};

use crate::http::api::Page;
use crate::http::api::caller::Caller;
use crate::http::api::records::{Listed, Paging, page};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::tag::TagGroup;
use crate::store::record::Table;

/// `GET /api/v1/tags`: groups of tags by `group_id`, corp by corp; deleted ones too.
pub(in crate::http) async fn tags(
    caller: Caller,
    doors: web::Data<Doors>,
    paging: web::Query<Paging>,
) -> Result<HttpResponse, Problem> {
    let (records, next) = page(&caller, &doors, &paging, Table::TagGroups).await?;
    let mut items = Vec::with_capacity(records.len());
    for (corp, record) in records {
        let group = record.parse::<TagGroup>()?;
        items.extend(group.map(|record| Listed { corp, record }));
    }
    Ok(HttpResponse::Ok().json(Page { items, next }))
}
