//! Dead letters of both queues: what went wrong, once more, or never again.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::http::admin::access::{Admin, Posted};
use crate::http::admin::frame::{Frame, base};
use crate::http::admin::items::{self, Filter, PAGE, Past, Row, folder};
use crate::http::admin::texts::Texts;
use crate::http::admin::turned::Turned;
use crate::http::page::{respond, see};
use crate::http::search::{Found, STEP, of_call, of_delivery, search};
use crate::model::delivery::ItemId;
use crate::model::time::Timestamp;
use crate::store::item::{Progress, Queue, State};

/// How many items one replay of many takes up.
const REPLAYED_MAX: usize = 5_000;

struct Letter {
    row: Row,
    failures: Vec<Past>,
}

#[derive(Template)]
#[template(path = "admin/dead.html")]
struct DeadPage {
    t: &'static Texts,
    frame: Frame,
    folder: &'static str,
    filter: Filter,
    rows: Vec<Letter>,
    next: Option<String>,
}

/// What both queues' items have, as far as it is shown.
struct Known {
    id: ItemId,
    kind: String,
    subject: String,
    at: Timestamp,
    progress: Progress,
}

/// The list, newest first.
pub(in crate::http::admin) async fn list(admin: Admin) -> Result<HttpResponse, Turned> {
    let t = admin.t;
    let queue = queue(admin.asked("queue"));
    let filter = Filter::read(|name| admin.asked(name), queue, t)?;
    let (found, next) = find(&admin, queue, &filter, items::after(&admin)?, PAGE).await?;
    let rows = found.into_iter().map(|known| Letter {
        row: items::row(
            &known.id,
            (&known.kind, &known.subject),
            known.at,
            &known.progress,
            t,
        ),
        failures: items::history(known.progress.failures, t),
    });
    Ok(respond(
        StatusCode::OK,
        &DeadPage {
            rows: rows.collect(),
            next: next.map(|next| filter.after(&next, &[("queue", folder(queue))])),
            filter,
            t,
            frame: Frame::of(&admin),
            folder: folder(queue),
        },
    ))
}

/// Replays everything dead that fits the filter.
pub(in crate::http::admin) async fn replay_all(posted: Posted) -> Result<HttpResponse, Turned> {
    let admin = &posted.admin;
    let queue = queue(posted.field("queue"));
    let filter = Filter::read(|name| posted.field(name), queue, admin.t)?;
    let (mut replayed, mut after) = (0, None);
    for _ in 0..REPLAYED_MAX / STEP {
        let (found, next) = find(admin, queue, &filter, after, STEP).await?;
        for known in found {
            replayed += usize::from(admin.doors.store.replay(queue, &known.id).await?);
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    tracing::info!(corp = %admin.corp, queue = folder(queue), replayed, by = admin.name(), "Dead items were replayed.");
    let said = if after.is_some() { "more" } else { "replayed" };
    let to = format!(
        "{}/dead?queue={}&said={said}&count={replayed}",
        base(admin),
        folder(queue)
    );
    Ok(see(&to))
}

fn queue(name: &str) -> Queue {
    match name {
        "outgoing" => Queue::Outbox,
        _ => Queue::Inbox,
    }
}

async fn find(
    admin: &Admin,
    queue: Queue,
    filter: &Filter,
    before: Option<ItemId>,
    limit: usize,
) -> Result<(Vec<Known>, Option<ItemId>), Turned> {
    let (store, corp, dead) = (&admin.doors.store, &admin.corp, Some(State::Dead));
    Ok(match queue {
        Queue::Inbox => {
            let page = async |before: Option<&ItemId>, limit| {
                store.deliveries(corp, dead, before, limit).await
            };
            let found = search(page, of_delivery, &filter.wanted, before, limit).await?;
            known(found, |entry| {
                let kind = entry.item.kind.to_string();
                (kind, entry.item.subject.to_string(), entry.item.received_at)
            })
        }
        Queue::Outbox => {
            let page = async |before: Option<&ItemId>, limit| {
                store.outgoing(corp, dead, before, limit).await
            };
            let found = search(page, of_call, &filter.wanted, before, limit).await?;
            known(found, |entry| {
                let at = Timestamp::from_millis(entry.id.millis());
                (
                    entry.item.call.to_string(),
                    entry.item.subject.to_string(),
                    at,
                )
            })
        }
    })
}

fn known<T>(
    found: Found<T>,
    facts: impl Fn(&crate::store::item::Entry<T>) -> (String, String, Timestamp),
) -> (Vec<Known>, Option<ItemId>) {
    let known = found.entries.into_iter().map(|entry| {
        let (kind, subject, at) = facts(&entry);
        Known {
            id: entry.id,
            kind,
            subject,
            at,
            progress: entry.progress,
        }
    });
    (known.collect(), found.next)
}
