//! Outgoing calls: what is owed to WeCom and what came of it. Their codes and texts are not shown.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use crate::http::admin::access::{Admin, Posted};
use crate::http::admin::frame::Frame;
use crate::http::admin::items::{self, Filter, ItemPage, PAGE};
use crate::http::admin::turned::Turned;
use crate::http::moment::Moment;
use crate::http::page::respond;
use crate::http::search::{of_call, search};
use crate::model::delivery::{ItemId, Lane};
use crate::model::time::Timestamp;
use crate::store::item::Queue;

/// The list, newest first.
pub(in crate::http::admin) async fn list(admin: Admin) -> Result<HttpResponse, Turned> {
    let t = admin.t;
    let filter = Filter::read(|name| admin.asked(name), Queue::Outbox, t)?;
    let before = items::after(&admin)?;
    let page = async |before: Option<&ItemId>, limit| {
        let store = &admin.doors.store;
        store
            .outgoing(&admin.corp, filter.state, before, limit)
            .await
    };
    let found = search(page, of_call, &filter.wanted, before, PAGE).await?;
    let rows = found.entries.iter().map(|entry| {
        let names = (&*entry.item.call, entry.item.subject.as_str());
        let at = Timestamp::from_millis(entry.id.millis());
        items::row(&entry.id, names, at, &entry.progress, t)
    });
    let names = (t.outgoing, "outgoing");
    let next = found.next.as_ref();
    Ok(items::list(&admin, names, filter, rows.collect(), next))
}

/// A call with everything that went wrong.
pub(in crate::http::admin) async fn show(
    admin: Admin,
    place: web::Path<(String, String)>,
) -> Result<HttpResponse, Turned> {
    let t = admin.t;
    let id = admin.item(&place.1)?;
    let entry = admin.doors.store.call(&id).await?;
    let entry = entry.ok_or(Turned::Missing)?;
    let (item, progress) = (entry.item, entry.progress);
    let mut facts = Vec::new();
    if let Some(deadline) = item.deadline {
        facts.push((t.deadline, Moment::to_second(deadline, t.lang).to_string()));
    }
    if item.lane == Lane::Urgent {
        facts.push((t.urgent, t.yes.to_owned()));
    }
    let names = (&*item.call, item.subject.as_str());
    let at = Timestamp::from_millis(id.millis());
    Ok(respond(
        StatusCode::OK,
        &ItemPage {
            t,
            frame: Frame::of(&admin),
            folder: "outgoing",
            folder_title: t.outgoing,
            row: items::row(&id, names, at, &progress, t),
            contact: items::contact_of(item.subject.as_str()),
            facts,
            failures: items::history(progress.failures, t),
            xml: None,
        },
    ))
}

/// Makes it due again.
pub(in crate::http::admin) async fn replay(
    posted: Posted,
    place: web::Path<(String, String)>,
) -> Result<HttpResponse, Turned> {
    items::replay(&posted, Queue::Outbox, &place.1).await
}

/// Ends a dead one for good.
pub(in crate::http::admin) async fn discard(
    posted: Posted,
    place: web::Path<(String, String)>,
) -> Result<HttpResponse, Turned> {
    items::discard(&posted, Queue::Outbox, &place.1).await
}
