//! Customer groups as they are kept.

use actix_web::{HttpResponse, web};

use crate::http::api::caller::Caller;
use crate::http::api::records::{Listed, Paging, page};
use crate::http::api::{About, Page};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::chat::Chat;
use crate::model::ids::ChatId;
use crate::store::record::{Key, Record, Table};

/// `GET /api/v1/chats`: by `chat_id`, corp by corp; dismissed ones too.
pub(in crate::http) async fn chats(
    caller: Caller,
    doors: web::Data<Doors>,
    paging: web::Query<Paging>,
) -> Result<HttpResponse, Problem> {
    let (records, next) = page(&caller, &doors, &paging, Table::Chats).await?;
    let mut items = Vec::with_capacity(records.len());
    for (corp, record) in records {
        let chat = record.parse::<Chat>()?;
        items.extend(chat.map(|record| Listed { corp, record }));
    }
    Ok(HttpResponse::Ok().json(Page { items, next }))
}

/// `GET /api/v1/chats/{chat_id}`.
pub(in crate::http) async fn chat(
    caller: Caller,
    doors: web::Data<Doors>,
    id: web::Path<String>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::not_found("No customer group has this chat_id.");
    let id = ChatId::parse(&id).map_err(|_| missing())?;
    for corp in caller.corps(about.corp())? {
        let records = doors.store.read(corp, &[Key::chat(&id)]).await?;
        let chat = records.first().map(Record::parse::<Chat>).transpose()?;
        if let Some(record) = chat.flatten() {
            let corp = corp.clone();
            return Ok(HttpResponse::Ok().json(Listed { corp, record }));
        }
    }
    Err(missing())
}
