//! Figures for Prometheus, at an address of their own: they tell about a company's traffic, so the public address does
//! not have them.
//!
//! What is counted is counted where it happens, since the start of this process. What is kept is asked of the store, at a
//! cost that does not grow with it; processes on one store tell the same there. A store that does not answer leaves its
//! figures out.

pub mod links;

mod page;
mod table;

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use futures_util::future::join_all;
use serde::de::DeserializeOwned;

use crate::act::Corp;
use crate::act::tally::{End, Reminding, Welcomed};
use crate::http::arrivals::Family;
use crate::http::doors::Doors;
use crate::http::metrics::page::{CONTENT_TYPE, Page, Value};
use crate::http::metrics::table::Figure;
use crate::http::refusals::Cause;
use crate::http::sessions::Begun;
use crate::model::delivery::Lane;
use crate::model::ids::CorpId;
use crate::model::member::LinkState;
use crate::model::switches::Switches;
use crate::model::sync::{SyncRun, SyncState};
use crate::model::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::item::{Depth, Queue};
use crate::store::record::{Key, Record, Table};
use crate::store::took::Operation;
use crate::wecom::Secret;
use crate::wecom::tally::{CallResult, Family as ApiFamily, Happening, Tally as ApiTally};

/// How long the store may take for all its figures: Prometheus gives up after 10 seconds unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

/// More syncs than are ever kept.
const SYNCS_MAX: usize = 100;

const QUEUES: [(Queue, &str); 2] = [(Queue::Inbox, "inbox"), (Queue::Outbox, "outbox")];

const LANES: [(Lane, &str); 2] = [(Lane::Urgent, "urgent"), (Lane::Normal, "normal")];

/// The routes of the figures' own address.
pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/metrics", web::get().to(metrics));
}

/// `GET /metrics`.
async fn metrics(doors: web::Data<Doors>) -> HttpResponse {
    let mut page = Page::default();
    let version = env!("CARGO_PKG_VERSION");
    page.add(Figure::Build, &[version], Value::Count(1));
    at_the_door(&mut page, &doors);
    let mut corps: Vec<(&CorpId, &Corp)> = doors.corps.iter().collect();
    corps.sort_by_key(|(id, _)| *id);
    for (id, corp) in &corps {
        of_work(&mut page, id, corp);
        of_calls(&mut page, id, corp);
    }
    let now = doors.clock.now();
    let faults = corps.iter().map(|(_, corp)| corp.client.faults(now));
    let faults = join_all(faults).await;
    for ((id, _), faults) in corps.iter().zip(faults) {
        for fault in faults {
            let secret = match fault.secret {
                Secret::App => "app",
                Secret::ContactSync => "contact_sync",
            };
            let errcode = fault.errcode.to_string();
            let texts = [id.as_str(), &errcode, &fault.api, secret, &fault.console];
            page.add(Figure::Faults, &texts, Value::Count(1));
        }
    }
    let kept = corps.iter().map(|(id, _)| Kept::gather(&doors, id, now));
    let kept = tokio::time::timeout(PATIENCE, join_all(kept)).await;
    let kept: Result<Vec<Kept>, StoreError> = match kept {
        Ok(kept) => kept.into_iter().collect(),
        Err(_elapsed) => Err(StoreError::Unavailable("no answer in time".into())),
    };
    match kept {
        Ok(kept) => {
            page.add(Figure::StoreUp, &[], Value::Count(1));
            for ((id, _), kept) in corps.iter().zip(kept) {
                kept.tell(&mut page, id, now);
            }
        }
        Err(problem) => {
            tracing::warn!(%problem, "The store does not answer for the figures.");
            page.add(Figure::StoreUp, &[], Value::Count(0));
        }
    }
    match page.into_text() {
        Ok(text) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, CONTENT_TYPE))
            .body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

fn at_the_door(page: &mut Page, doors: &Doors) {
    for receiver in doors.receivers.all() {
        for family in Family::ALL {
            let names = [receiver.corp.as_str(), receiver.name.as_str()];
            let texts = [names[0], names[1], family.name()];
            let (new, before) = receiver.arrivals.of(family);
            page.add(Figure::Received, &texts, Value::Count(new));
            page.add(Figure::Duplicates, &texts, Value::Count(before));
        }
    }
    for cause in Cause::ALL {
        let count = doors.refusals.of(cause);
        page.add(Figure::Refused, &[cause.name()], Value::Count(count));
    }
    let spread = doors.kept_in.spread();
    page.add(Figure::AcceptSeconds, &[], Value::Spread(spread));
    for operation in Operation::ALL {
        let took = Value::Spread(doors.store.took(operation));
        page.add(Figure::StoreSeconds, &[operation.name()], took);
    }
    for begun in Begun::ALL {
        let count = Value::Count(doors.sessions.of(begun));
        page.add(Figure::Sessions, &[begun.name()], count);
    }
}

fn of_work(page: &mut Page, id: &CorpId, corp: &Corp) {
    let (id, tally) = (id.as_str(), &corp.tally);
    page.add(Figure::UnknownEvents, &[id], Value::Count(tally.unknown()));
    for (queue, name) in QUEUES {
        for (end, outcome) in [(End::Done, "done"), (End::Dead, "dead")] {
            let count = Value::Count(tally.ends(queue, end));
            page.add(Figure::Settled, &[id, name, outcome], count);
        }
        let count = Value::Count(tally.ends(queue, End::Retry));
        page.add(Figure::Retries, &[id, name], count);
        for (lane, lane_name) in LANES {
            let took = Value::Spread(tally.took(queue, lane));
            page.add(Figure::SettleSeconds, &[id, name, lane_name], took);
        }
    }
    for welcomed in Welcomed::ALL {
        let count = Value::Count(tally.welcomes(welcomed));
        page.add(Figure::Welcomes, &[id, welcomed.name()], count);
    }
    for reminding in Reminding::ALL {
        let count = Value::Count(tally.reminders(reminding));
        page.add(Figure::Reminders, &[id, reminding.name()], count);
    }
    for (target, result, count) in corp.webhooks.told() {
        let texts = [id, target.as_str(), result];
        page.add(Figure::Webhooks, &texts, Value::Count(count));
    }
}

fn of_calls(page: &mut Page, id: &CorpId, corp: &Corp) {
    let id = id.as_str();
    let account = corp.account.as_ref();
    let account = account.map(|account| account.client.tally());
    let tallies: Vec<&ApiTally> = [Some(corp.client.tally()), account]
        .into_iter()
        .flatten()
        .collect();
    let sum = |of: &dyn Fn(&ApiTally) -> u64| tallies.iter().map(|tally| of(tally)).sum();
    for family in ApiFamily::ALL {
        for result in CallResult::ALL {
            let count = Value::Count(sum(&|tally| tally.calls(family, result)));
            page.add(Figure::ApiCalls, &[id, family.name(), result.name()], count);
        }
    }
    for (figure, happening) in [
        (Figure::ApiNotMade, Happening::OverBudget),
        (Figure::ApiNotMade, Happening::HeldBack),
        (Figure::Tokens, Happening::Fetched),
        (Figure::Tokens, Happening::TakenOver),
    ] {
        let count = Value::Count(sum(&|tally| tally.of(happening)));
        page.add(figure, &[id, happening.name()], count);
    }
}

/// What the store says about a corp.
struct Kept {
    inbox: Depth,
    outbox: Depth,
    links: Option<links::Count>,
    sync: Option<SyncRun>,
    /// When a sync of all members came to its end last.
    whole: Option<Timestamp>,
}

impl Kept {
    async fn gather(doors: &Doors, corp: &CorpId, now: Timestamp) -> Result<Self, StoreError> {
        let store = &doors.store;
        let (inbox, outbox, links, sync, whole) = tokio::join!(
            store.depth(corp, Queue::Inbox),
            store.depth(corp, Queue::Outbox),
            doors.link_states.of(store, corp, now),
            newest_sync(store, corp),
            last_whole_sync(store, corp)
        );
        Ok(Self {
            inbox: inbox?,
            outbox: outbox?,
            links: links?,
            sync: sync?,
            whole: whole?,
        })
    }

    fn tell(self, page: &mut Page, id: &CorpId, now: Timestamp) {
        let id = id.as_str();
        for ((_, name), depth) in QUEUES.into_iter().zip([self.inbox, self.outbox]) {
            for ((_, lane_name), lane) in LANES.into_iter().zip([depth.urgent, depth.normal]) {
                let texts = [id, name, lane_name];
                page.add(Figure::QueueItems, &texts, Value::Count(lane.waiting));
                let age = lane
                    .oldest
                    .map_or(0.0, |oldest| now.since(oldest).as_secs_f64());
                page.add(Figure::QueueOldest, &texts, Value::Number(age));
            }
            page.add(
                Figure::QueueRetrying,
                &[id, name],
                Value::Count(depth.retrying),
            );
            page.add(Figure::QueueDead, &[id, name], Value::Count(depth.dead));
        }
        if let Some(count) = self.links {
            for (state, count) in LinkState::ALL.into_iter().zip(count) {
                page.add(Figure::Links, &[id, name(state)], Value::Count(count));
            }
        }
        if let Some(run) = self.sync {
            tell_sync(page, id, &run, now);
        }
        if let Some(ended) = self.whole {
            let age = now.since(ended).as_secs_f64();
            page.add(Figure::SyncWholeAge, &[id], Value::Number(age));
        }
    }
}

async fn newest_sync(store: &Store, corp: &CorpId) -> Result<Option<SyncRun>, StoreError> {
    let records = store.read(corp, &[Key::switches()]).await?;
    let Some(id) = readable(&records).and_then(|switches: Switches| switches.sync) else {
        return Ok(None);
    };
    Ok(readable(&store.read(corp, &[Key::sync(&id)]).await?))
}

/// However many light passes came after it, the last whole sync is kept.
async fn last_whole_sync(store: &Store, corp: &CorpId) -> Result<Option<Timestamp>, StoreError> {
    let runs = store.list(corp, Table::Syncs, None, SYNCS_MAX).await?;
    let runs = runs
        .iter()
        .filter_map(|run| run.parse::<SyncRun>().ok().flatten());
    let whole = runs.filter(SyncRun::has_seen_all_members);
    Ok(whole.filter_map(|run| run.ended_at).max())
}

/// The one record, if it can be read. One that cannot is a trouble of its own; all other figures are good.
fn readable<T: DeserializeOwned>(records: &[Record]) -> Option<T> {
    records.first()?.parse().ok().flatten()
}

fn tell_sync(page: &mut Page, id: &str, run: &SyncRun, now: Timestamp) {
    let state = match run.state {
        SyncState::Running => "running",
        SyncState::Done => "done",
        SyncState::Failed => "failed",
    };
    let age = now.since(run.moved_at).as_secs_f64();
    page.add(Figure::SyncAge, &[id, state], Value::Number(age));
    let report = &run.report;
    for (what, tally) in [
        ("members", &report.members),
        ("contacts", &report.contacts),
        ("relations", &report.relations),
        ("chats", &report.chats),
        ("links", &report.links),
    ] {
        page.add(Figure::SyncFound, &[id, what], Value::Count(tally.found));
        page.add(Figure::SyncFailed, &[id, what], Value::Count(tally.failed));
    }
}

const fn name(state: LinkState) -> &'static str {
    match state {
        LinkState::Wanted => "wanted",
        LinkState::Written => "written",
        LinkState::Confirmed => "confirmed",
        LinkState::Ignored => "ignored",
        LinkState::FilledByHand => "filled_by_hand",
        LinkState::Failed => "failed",
    }
}
