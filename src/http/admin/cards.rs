//! Cards that were sent and can change. Their response codes are not shown.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use url::form_urlencoded;

use crate::http::admin::access::Admin;
use crate::http::admin::frame::Frame;
use crate::http::admin::items::PAGE;
use crate::http::admin::texts::Texts;
use crate::http::admin::turned::Turned;
use crate::http::moment::Moment;
use crate::http::page::respond;
use crate::model::effect::SentCard;
use crate::store::record::Table;

struct CardRow {
    task_id: String,
    touser: String,
    sent: Moment,
    pressed: String,
    changeable: bool,
}

#[derive(Template)]
#[template(path = "admin/cards.html")]
struct CardsPage {
    t: &'static Texts,
    frame: Frame,
    rows: Vec<CardRow>,
    next: Option<String>,
}

/// The list, by `task_id`.
pub(in crate::http::admin) async fn list(admin: Admin) -> Result<HttpResponse, Turned> {
    let t = admin.t;
    let after = Some(admin.asked("after")).filter(|after| !after.is_empty());
    let records = admin
        .doors
        .store
        .list(&admin.corp, Table::Cards, after, PAGE)
        .await?;
    let last = records.last().filter(|_| records.len() == PAGE);
    let next = last.map(|last| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("after", &last.key.key).finish()
    });
    let mut rows = Vec::with_capacity(records.len());
    for record in &records {
        rows.extend(record.parse::<SentCard>()?.map(|card| CardRow {
            task_id: card.task_id.to_string(),
            touser: card.touser.to_string(),
            sent: Moment::to_second(card.sent_at, t.lang),
            pressed: card.pressed.unwrap_or_default(),
            changeable: card.response_code.is_some(),
        }));
    }
    let frame = Frame::of(&admin);
    Ok(respond(
        StatusCode::OK,
        &CardsPage {
            t,
            frame,
            rows,
            next,
        },
    ))
}
