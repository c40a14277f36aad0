//! Events: what came in, how far it is, and once more.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use crate::http::admin::access::{Admin, Posted};
use crate::http::admin::frame::Frame;
use crate::http::admin::items::{self, Filter, ItemPage, PAGE};
use crate::http::admin::turned::Turned;
use crate::http::masked::masked;
use crate::http::page::respond;
use crate::http::search::{of_delivery, search};
use crate::model::delivery::{ItemId, Lane, Source};
use crate::store::item::Queue;

/// The list, newest first.
pub(in crate::http::admin) async fn list(admin: Admin) -> Result<HttpResponse, Turned> {
    let t = admin.t;
    let filter = Filter::read(|name| admin.asked(name), Queue::Inbox, t)?;
    let before = items::after(&admin)?;
    let page = async |before: Option<&ItemId>, limit| {
        let store = &admin.doors.store;
        store
            .deliveries(&admin.corp, filter.state, before, limit)
            .await
    };
    let found = search(page, of_delivery, &filter.wanted, before, PAGE).await?;
    let rows = found.entries.iter().map(|entry| {
        let names = (entry.item.kind.as_str(), entry.item.subject.as_str());
        items::row(&entry.id, names, entry.item.received_at, &entry.progress, t)
    });
    let names = (t.events, "events");
    let next = found.next.as_ref();
    Ok(items::list(&admin, names, filter, rows.collect(), next))
}

/// An event with its XML and everything that went wrong.
pub(in crate::http::admin) async fn show(
    admin: Admin,
    place: web::Path<(String, String)>,
) -> Result<HttpResponse, Turned> {
    let t = admin.t;
    let id = admin.item(&place.1)?;
    let entry = admin.doors.store.delivery(&id).await?;
    let entry = entry.ok_or(Turned::Missing)?;
    let (item, progress) = (entry.item, entry.progress);
    let source = match item.source {
        Source::Callback => "callback",
        Source::ServiceAccount => "service_account",
        Source::Beacon => "beacon",
        Source::Service => "service",
    };
    let mut facts = vec![
        (t.source, source.to_owned()),
        (t.receiver, item.receiver.to_string()),
    ];
    if item.lane == Lane::Urgent {
        facts.push((t.urgent, t.yes.to_owned()));
    }
    let names = (item.kind.as_str(), item.subject.as_str());
    Ok(respond(
        StatusCode::OK,
        &ItemPage {
            t,
            frame: Frame::of(&admin),
            folder: "events",
            folder_title: t.events,
            row: items::row(&id, names, item.received_at, &progress, t),
            contact: items::contact_of(item.subject.as_str()),
            facts,
            failures: items::history(progress.failures, t),
            xml: Some(masked(&item.xml)),
        },
    ))
}

/// Makes it due again.
pub(in crate::http::admin) async fn replay(
    posted: Posted,
    place: web::Path<(String, String)>,
) -> Result<HttpResponse, Turned> {
    items::replay(&posted, Queue::Inbox, &place.1).await
}

/// Ends a dead one for good.
pub(in crate::http::admin) async fn discard(
    posted: Posted,
    place: web::Path<(String, String)>,
) -> Result<HttpResponse, Turned> {
    items::discard(&posted, Queue::Inbox, &place.1).await
}
