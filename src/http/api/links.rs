//! The "与我协作" links of members, by state.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use crate::http::api::caller::Caller;
use crate::http::api::records::{Listed, Paging, page};
use crate::http::api::{Page, limit};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::member::{Link, LinkState};
use crate::store::record::Table;

/// How many links one request looks at. A filtered page may be shorter than asked and still have a next one.
const LOOKED_AT_MAX: usize = 5_000;

/// How many are looked at in one round trip.
const STEP: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Filter {
    corp: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
    state: Option<LinkState>,
}

/// `GET /api/v1/links`: by userid, corp by corp; with `state`, only those.
pub(in crate::http) async fn list(
    caller: Caller,
    doors: web::Data<Doors>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse, Problem> {
    let Filter {
        corp,
        limit: wanted,
        after,
        state,
    } = filter.into_inner();
    let wanted = limit(wanted)?;
    let step = state.map_or(wanted, |_| STEP);
    let mut paging = Paging {
        corp,
        limit: Some(step),
        after,
    };
    let mut items = Vec::new();
    for _ in 0..LOOKED_AT_MAX / STEP {
        let (records, next) = page(&caller, &doors, &paging, Table::Links).await?;
        let complete = next.is_none();
        let mut looked_at = 0;
        for (corp, found) in &records {
            if items.len() == wanted {
                break;
            }
            looked_at += 1;
            paging.after = Some(format!("{corp}:{}", found.key.key));
            let link = found.parse::<Link>()?;
            let fits = |link: &Link| state.is_none_or(|state| link.state == state);
            items.extend(link.filter(fits).map(|record| Listed {
                corp: corp.clone(),
                record,
            }));
        }
        if complete && looked_at == records.len() {
            paging.after = None;
        }
        if items.len() == wanted || paging.after.is_none() {
            break;
        }
    }
    let next = paging.after;
    Ok(HttpResponse::Ok().json(Page { items, next }))
}
