//! Syncs: started, looked at; and whether events change contacts.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::callback::event::own::OwnEvent;
use crate::decide::facts::AutoSync;
use crate::decide::sync::id;
use crate::decide::sync::start::{Start, answers, start};
use crate::http::api::caller::Caller;
use crate::http::api::{About, Nothing, Page, limit};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::ids::CorpId;
use crate::model::switches::Switches;
use crate::model::sync::{
    AskedBy, SyncMode, SyncPart, SyncReport, SyncRequest, SyncRun, SyncScope, SyncState,
};
use crate::model::time::Timestamp;
use crate::store::record::{Key, Record, Table};

/// More syncs than a corp ever keeps.
const KEPT_MAX: usize = 200;

/// What a sync that waits for its first step is doing.
const WAITS: &str = "等待开始";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::http) struct Wish {
    scope: SyncScope,
    dry_run: bool,
    corp: Option<String>,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            scope: SyncScope::All,
            dry_run: false,
            corp: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Paging {
    corp: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Switch {
    on: bool,
}

/// A sync as it is shown: without what only its steps need.
#[derive(Serialize)]
struct RunView {
    corp: CorpId,
    id: String,
    scope: SyncScope,
    mode: SyncMode,
    by: AskedBy,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<SyncPart>,
    state: SyncState,
    started_at: Timestamp,
    moved_at: Timestamp,
    ended_at: Option<Timestamp>,
    doing: String,
    progress: (u64, u64),
    report: SyncReport,
}

impl RunView {
    fn of(corp: &CorpId, run: SyncRun) -> Self {
        Self {
            corp: corp.clone(),
            id: run.id,
            scope: run.request.scope,
            mode: run.request.mode,
            by: run.request.by,
            part: run.request.part,
            state: run.state,
            started_at: run.started_at,
            moved_at: run.moved_at,
            ended_at: run.ended_at,
            doing: run.doing,
            progress: run.progress,
            report: run.report,
        }
    }
}

#[derive(Serialize)]
struct AutoSyncView {
    corp: CorpId,
    /// As it is now.
    on: bool,
    /// As it is before anybody has switched it.
    configured: bool,
}

/// `POST /api/v1/sync`: starts a sync and answers with it, or with the one that is running. What that one does not do
/// itself follows it.
pub(in crate::http) async fn begin(
    caller: Caller,
    _: web::Query<Nothing>,
    doors: web::Data<Doors>,
    wish: web::Json<Wish>,
) -> Result<HttpResponse, Problem> {
    let corp = caller.one_corp(wish.corp.as_deref())?;
    let request = SyncRequest {
        scope: wish.scope,
        mode: match wish.dry_run {
            true => SyncMode::DryRun,
            false => SyncMode::Repair,
        },
        by: AskedBy::Admin,
        part: None,
    };
    let now = doors.clock.now();
    let newest = newest(&doors, corp).await?;
    let what = start(request, newest.as_ref(), now);
    let runs = newest.as_ref().filter(|_| what == Start::Runs);
    if runs.is_none_or(|run| !answers(run.request, request)) {
        // Whoever asks has put right what was wrong, or wants to see whether it still is.
        doors.try_again(corp).await?;
        let (key, delivery) = OwnEvent::StartSync(request).delivery(now);
        doors.store.accept(corp, key, &delivery).await?;
    }
    let run = match newest {
        Some(run) if what != Start::New => run,
        newest => SyncRun {
            id: id(now, newest.as_ref().map_or("", |run| &run.id), now),
            request,
            state: SyncState::Running,
            started_at: now,
            moved_at: now,
            ended_at: None,
            doing: WAITS.into(),
            progress: (0, 0),
            report: SyncReport::default(),
            place: Default::default(),
            first: false,
            then: None,
        },
    };
    tracing::info!(%corp, run = run.id, ?what, "A sync was asked for.");
    Ok(HttpResponse::Accepted().json(RunView::of(corp, run)))
}

/// `GET /api/v1/syncs`: corp by corp, newest first.
pub(in crate::http) async fn list(
    caller: Caller,
    doors: web::Data<Doors>,
    paging: web::Query<Paging>,
) -> Result<HttpResponse, Problem> {
    let limit = limit(paging.limit)?;
    let cursor = match paging.after.as_deref().map(|after| after.split_once(':')) {
        Some(None) => {
            return Err(Problem::bad_request(
                "`after` is the `next` of the page before.",
            ));
        }
        cursor => cursor.flatten(),
    };
    let mut items: Vec<RunView> = Vec::new();
    for corp in caller.corps(paging.corp.as_deref())? {
        let records = doors.store.list(corp, Table::Syncs, None, KEPT_MAX).await?;
        for record in records.iter().rev() {
            let after = match cursor {
                Some((at, _)) if corp.as_str() < at => false,
                Some((at, id)) if corp.as_str() == at => record.key.key.as_str() < id,
                _ => true,
            };
            if after && let Some(run) = record.parse::<SyncRun>()? {
                items.push(RunView::of(corp, run));
            }
        }
    }
    let more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| more);
    let next = last.map(|run| format!("{}:{}", run.corp, run.id));
    Ok(HttpResponse::Ok().json(Page { items, next }))
}

/// `GET /api/v1/syncs/{id}`: how far it is, or what came of it.
pub(in crate::http) async fn show(
    caller: Caller,
    doors: web::Data<Doors>,
    id: web::Path<String>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    for corp in caller.corps(about.corp())? {
        if let Some(run) = run(&doors, corp, &id).await? {
            return Ok(HttpResponse::Ok().json(RunView::of(corp, run)));
        }
    }
    Err(Problem::not_found(
        "No sync has this id, or it has not begun.",
    ))
}

/// `GET /api/v1/corps/{corp}/auto-sync`.
pub(in crate::http) async fn auto_sync(
    caller: Caller,
    _: web::Query<Nothing>,
    doors: web::Data<Doors>,
    corp: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (corp, configured) = known_corp(&caller, &doors, &corp)?;
    let switched = switches(&doors, corp).await?.auto_sync;
    Ok(HttpResponse::Ok().json(AutoSyncView {
        corp: corp.clone(),
        on: switched.unwrap_or(configured),
        configured,
    }))
}

/// `PUT /api/v1/corps/{corp}/auto-sync`: switched in a moment, after what is in work. Switching on starts a full sync.
pub(in crate::http) async fn switch_auto_sync(
    caller: Caller,
    _: web::Query<Nothing>,
    doors: web::Data<Doors>,
    corp: web::Path<String>,
    switch: web::Json<Switch>,
) -> Result<HttpResponse, Problem> {
    let (corp, configured) = known_corp(&caller, &doors, &corp)?;
    let on = switch.on;
    let (key, delivery) = OwnEvent::SwitchAutoSync { on }.delivery(doors.clock.now());
    doors.store.accept(corp, key, &delivery).await?;
    tracing::info!(%corp, on, "Auto-sync was switched.");
    Ok(HttpResponse::Accepted().json(AutoSyncView {
        corp: corp.clone(),
        on,
        configured,
    }))
}

/// The corp that an address names, and whether auto-sync is on in its configuration.
fn known_corp<'c>(
    caller: &'c Caller,
    doors: &Doors,
    wanted: &str,
) -> Result<(&'c CorpId, bool), Problem> {
    let missing = || Problem::not_found("The configuration has no such corp.");
    let id = caller.one_corp(Some(wanted)).map_err(|_| missing())?;
    let corp = doors.corps.get(id).ok_or_else(missing)?;
    Ok((id, corp.facts.auto_sync == AutoSync::On))
}

async fn switches(doors: &Doors, corp: &CorpId) -> Result<Switches, Problem> {
    let records = doors.store.read(corp, &[Key::switches()]).await?;
    let switches = records.first().map(Record::parse::<Switches>).transpose()?;
    Ok(switches.flatten().unwrap_or_default())
}

async fn newest(doors: &Doors, corp: &CorpId) -> Result<Option<SyncRun>, Problem> {
    match switches(doors, corp).await?.sync {
        Some(id) => run(doors, corp, &id).await,
        None => Ok(None),
    }
}

async fn run(doors: &Doors, corp: &CorpId, id: &str) -> Result<Option<SyncRun>, Problem> {
    let records = doors.store.read(corp, &[Key::sync(id)]).await?;
    let run = records.first().map(Record::parse::<SyncRun>).transpose()?;
    Ok(run.flatten())
}
