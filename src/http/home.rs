//! The customer's home page "与我协作": the address that members' profiles and welcome messages carry.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use crate::http::doors::Doors;
use crate::http::page::notice;

/// The page's query.
#[derive(Deserialize)]
pub(in crate::http) struct Place {
    #[serde(rename = "tenantKey")]
    tenant_key: Option<String>,
}

/// The page. With a code that was replaced a short while ago: the way to the address that took its place. Without a code
/// that is known: an explanation and no data.
pub(in crate::http) async fn page(
    doors: web::Data<Doors>,
    place: Option<web::Query<Place>>,
) -> HttpResponse {
    let code = place.and_then(|place| place.into_inner().tenant_key);
    let known = code.as_deref().and_then(|code| doors.tenant(Some(code)));
    let former = code.as_deref().and_then(|code| doors.former_home(code));
    match (known, former) {
        (None, Some(home)) => HttpResponse::Found()
            .insert_header((LOCATION, home.as_str()))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish(),
        (None, None) => {
            let text = "链接不完整或已失效。请从对方的企业微信名片中重新打开“与我协作”。";
            notice(&doors, StatusCode::NOT_FOUND, "链接无效", text)
        }
        (Some(_), _) => {
            let text = "还没有与您共享的事项。对方发来项目、表单或审批后，会显示在这里。";
            notice(&doors, StatusCode::OK, "与我协作", text)
        }
    }
}
