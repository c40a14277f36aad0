//! Syncs and the switch of `auto_sync`. Both are asked for by events of our own; the worker does the rest.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::callback::event::own::OwnEvent;
use crate::decide::facts::AutoSync;
use crate::http::admin::access::{Admin, Posted};
use crate::http::admin::frame::{Frame, go};
use crate::http::admin::items::Choice;
use crate::http::admin::show::took;
use crate::http::admin::texts::Texts;
use crate::http::admin::turned::Turned;
use crate::http::moment::Moment;
use crate::http::page::respond;
use crate::model::switches::Switches;
use crate::model::sync::{AskedBy, SyncMode, SyncRequest, SyncRun, SyncScope, SyncState, Tally};
use crate::store::item::Accepted;
use crate::store::record::{Key, Record, Table};

/// A sync as pages show it.
pub(in crate::http::admin) struct Run {
    pub(in crate::http::admin) state: &'static str,
    pub(in crate::http::admin) class: &'static str,
    pub(in crate::http::admin) running: bool,
    pub(in crate::http::admin) failed: bool,
    pub(in crate::http::admin) scope: &'static str,
    pub(in crate::http::admin) dry: bool,
    pub(in crate::http::admin) by: &'static str,
    pub(in crate::http::admin) started: Moment,
    pub(in crate::http::admin) took: Option<String>,
    pub(in crate::http::admin) doing: String,
    pub(in crate::http::admin) at: u64,
    pub(in crate::http::admin) of: u64,
    pub(in crate::http::admin) rows: Vec<TallyRow>,
    pub(in crate::http::admin) calls: u64,
    pub(in crate::http::admin) without_member: u64,
    pub(in crate::http::admin) warnings: Vec<String>,
    pub(in crate::http::admin) failures: Vec<String>,
}

/// What a sync did to one kind of record.
pub(in crate::http::admin) struct TallyRow {
    pub(in crate::http::admin) name: &'static str,
    pub(in crate::http::admin) tally: Tally,
}

#[derive(Template)]
#[template(path = "admin/sync.html")]
struct SyncPage {
    t: &'static Texts,
    frame: Frame,
    scopes: Vec<Choice>,
    auto_sync: bool,
    running: bool,
    runs: Vec<Run>,
}

/// The page.
pub(in crate::http::admin) async fn page(admin: Admin) -> Result<HttpResponse, Turned> {
    let t = admin.t;
    let (store, corp) = (&admin.doors.store, &admin.corp);
    // Only the newest are kept.
    let records = store.all(corp, Table::Syncs).await?;
    let mut runs = Vec::new();
    for record in records.iter().rev() {
        runs.extend(record.parse::<SyncRun>()?.map(|run| self::run(run, t)));
    }
    let scopes = SyncScope::ALL.map(|scope| Choice {
        name: scope.name(),
        title: title(scope, t),
        chosen: false,
    });
    Ok(respond(
        StatusCode::OK,
        &SyncPage {
            t,
            frame: Frame::of(&admin),
            scopes: scopes.into(),
            auto_sync: is_auto(&admin, &switches(&admin).await?),
            running: runs.iter().any(|run| run.running),
            runs,
        },
    ))
}

/// Asks for a sync.
pub(in crate::http::admin) async fn start(posted: Posted) -> Result<HttpResponse, Turned> {
    let admin = &posted.admin;
    let scope = SyncScope::parse(posted.field("scope"));
    let request = SyncRequest {
        scope: scope.ok_or(Turned::Malformed)?,
        mode: match posted.field("dry") {
            "1" => SyncMode::DryRun,
            _ => SyncMode::Repair,
        },
        by: AskedBy::Admin,
        part: None,
    };
    // Whoever asks has put right what was wrong, or wants to see whether it still is.
    admin.doors.try_again(&admin.corp).await?;
    accept(admin, &OwnEvent::StartSync(request)).await?;
    tracing::info!(corp = %admin.corp, scope = request.scope.name(), by = admin.name(), "A sync was asked for.");
    Ok(go(admin, "/sync", "sync", 1))
}

/// Switches `auto_sync`.
pub(in crate::http::admin) async fn switch(posted: Posted) -> Result<HttpResponse, Turned> {
    let admin = &posted.admin;
    let on = match posted.field("to") {
        "on" => true,
        "off" => false,
        _ => return Err(Turned::Malformed),
    };
    accept(admin, &OwnEvent::SwitchAutoSync { on }).await?;
    tracing::info!(corp = %admin.corp, on, by = admin.name(), "auto_sync is to be switched.");
    Ok(go(admin, "/sync", "switched", 1))
}

/// Puts an event of our own into the corp's inbox. One that came a millisecond before is the same.
pub(in crate::http::admin) async fn accept(admin: &Admin, event: &OwnEvent) -> Result<(), Turned> {
    let (key, delivery) = event.delivery(admin.doors.clock.now());
    let accepted = admin
        .doors
        .store
        .accept(&admin.corp, key, &delivery)
        .await?;
    if let Accepted::New(event) = accepted {
        tracing::info!(%event, kind = %delivery.kind, subject = %delivery.subject, "received");
    }
    Ok(())
}

/// What is switched on.
pub(in crate::http::admin) async fn switches(admin: &Admin) -> Result<Switches, Turned> {
    let records = admin
        .doors
        .store
        .read(&admin.corp, &[Key::switches()])
        .await?;
    let switches = records.first().map(Record::parse::<Switches>).transpose()?;
    Ok(switches.flatten().unwrap_or_default())
}

/// Whether events change contacts: as switched, else as configured.
pub(in crate::http::admin) fn is_auto(admin: &Admin, switches: &Switches) -> bool {
    let corp = admin.doors.corps.get(&admin.corp);
    let configured = corp.is_some_and(|corp| corp.facts.auto_sync == AutoSync::On);
    switches.auto_sync.unwrap_or(configured)
}

/// The newest sync.
pub(in crate::http::admin) async fn newest(
    admin: &Admin,
    switches: &Switches,
) -> Result<Option<Run>, Turned> {
    let Some(id) = &switches.sync else {
        return Ok(None);
    };
    let records = admin
        .doors
        .store
        .read(&admin.corp, &[Key::sync(id)])
        .await?;
    let found = records.first().map(Record::parse::<SyncRun>).transpose()?;
    Ok(found.flatten().map(|run| self::run(run, admin.t)))
}

const fn title(scope: SyncScope, t: &Texts) -> &'static str {
    match scope {
        SyncScope::All => t.scope_all,
        SyncScope::Members => t.scope_members,
        SyncScope::Contacts => t.scope_contacts,
        SyncScope::Links => t.scope_links,
    }
}

fn run(run: SyncRun, t: &'static Texts) -> Run {
    let (state, class) = match run.state {
        SyncState::Running => (t.sync_running, "retrying"),
        SyncState::Done => (t.sync_done, "done"),
        SyncState::Failed => (t.sync_failed, "dead"),
    };
    let report = run.report;
    let rows = [
        (t.members, report.members),
        (t.contacts, report.contacts),
        (t.relations, report.relations),
        (t.chats, report.chats),
        (t.links, report.links),
    ];
    let (at, of) = run.progress;
    Run {
        state,
        class,
        running: run.state == SyncState::Running,
        failed: run.state == SyncState::Failed,
        scope: title(run.request.scope, t),
        dry: run.request.mode == SyncMode::DryRun,
        by: match run.request.by {
            AskedBy::Admin => t.by_admin,
            AskedBy::Schedule => t.by_schedule,
            AskedBy::Switch => t.by_switch,
        },
        started: Moment::to_second(run.started_at, t.lang),
        took: run
            .ended_at
            .map(|ended| took(ended.since(run.started_at), t)),
        doing: run.doing,
        at,
        of: of.max(1),
        rows: rows
            .into_iter()
            .filter(|(_, tally)| *tally != Tally::default())
            .map(|(name, tally)| TallyRow { name, tally })
            .collect(),
        calls: report.calls,
        without_member: report.without_member,
        warnings: report.warnings,
        failures: report.failures,
    }
}
