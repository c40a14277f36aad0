//! A sync: a chain of deliveries, each a step that reads a page, writes what differs, and asks for the next step in the
//! same commit. A crash repeats one step; all steps of a corp have one subject, so there is one sync at a time.

pub mod phases;
pub mod start;

mod contacts;
mod groups;
mod members;
mod tally;

use std::fmt::Display;

use crate::callback::event::own::OwnEvent;
use crate::decide::facts::{AutoSync, Facts, Need};
use crate::decide::found::Found;
use crate::decide::input::StepDied;
use crate::decide::sync::phases::{Kind, first_phase, phase_after};
use crate::decide::sync::start::{Start, answers, covers, joined, start};
use crate::decide::wording;
use crate::model::chat::Chat;
use crate::model::contact::Contact;
use crate::model::effect::Effect;
use crate::model::ids::UserId;
use crate::model::member::Member;
use crate::model::outgoing::Call;
use crate::model::switches::Switches;
use crate::model::sync::{
    AskedBy, Counted, Sighted, Sighting, SyncBatch, SyncMode, SyncPhase, SyncPlace, SyncReport,
    SyncRequest, SyncRun, SyncScope, SyncState,
};
use crate::model::time::Timestamp;

/// So many syncs are kept, and the last that has seen all members.
const KEPT: usize = 50;

/// So many reasons are kept, each of another kind.
const REASONS: usize = 20;

/// A list whose cursor is refused so often (60268) is given up.
const RESTARTS_MAX: u32 = 20;

/// What a start, or a switch, needs to know.
pub(in crate::decide) fn start_needs() -> Vec<Need> {
    vec![Need::Switches, Need::Syncs]
}

/// Starts a sync, unless one is running. What was asked for at `received_at` names it.
pub(in crate::decide) fn started(
    request: SyncRequest,
    received_at: Timestamp,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let Some(request) = allowed(request, facts) else {
        return Vec::new();
    };
    asked(request, received_at, facts, now)
}

/// Switches whether events change contacts. Switching on starts a full sync, after the one that is running.
pub(in crate::decide) fn switched(
    on: bool,
    received_at: Timestamp,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let switches = Switches {
        auto_sync: Some(on),
        ..facts.switches.clone()
    };
    let begins = on && facts.auto_sync() == AutoSync::Off;
    if !begins {
        return vec![Effect::PutSwitches(switches)];
    }
    let request = SyncRequest {
        scope: SyncScope::All,
        mode: SyncMode::Repair,
        by: AskedBy::Switch,
        part: None,
    };
    let mut effects = asked(request, received_at, facts, now);
    let mut put = false;
    for effect in &mut effects {
        if let Effect::PutSwitches(switches) = effect {
            switches.auto_sync = Some(on);
            put = true;
        }
    }
    if !put {
        effects.push(Effect::PutSwitches(switches));
    }
    effects
}

/// What is asked for begins, or follows the sync that is running, unless that one does it anyway.
fn asked(
    request: SyncRequest,
    received_at: Timestamp,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let Some(run) = newest(facts) else {
        return fresh(request, received_at, facts, now);
    };
    let then = match answers(run.request, request) {
        true => run.then,
        false => Some(joined(run.then, request)),
    };
    let followed = SyncRun {
        then,
        ..run.clone()
    };
    match start(request, Some(run), now) {
        Start::Runs if then == run.then => Vec::new(),
        Start::Runs => vec![Effect::PutSync(Box::new(followed))],
        Start::GoesOn => go_on(&followed, now),
        Start::New => fresh(request, received_at, facts, now),
    }
}

/// The next step of a sync.
pub(in crate::decide) fn stepped(facts: &Facts<'_>, now: Timestamp) -> Vec<Effect> {
    let Some(run) = facts.sync.clone() else {
        return Vec::new();
    };
    if matches!(facts.step.found, Found::NoStep) {
        return Vec::new();
    }
    let mut walk = Walk {
        run: SyncRun {
            state: SyncState::Running,
            ended_at: None,
            moved_at: now,
            ..run
        },
        effects: Vec::new(),
        now,
    };
    walk.run.report.calls += facts.step.calls;
    if matches!(facts.step.found, Found::NoBatch) {
        walk.next_phase();
    } else if !members::stepped(&mut walk, facts) && !groups::stepped(&mut walk, facts) {
        contacts::stepped(&mut walk, facts);
    }
    walk.ended(facts)
}

/// What a death needs to know.
pub(in crate::decide) fn died_needs(died: &StepDied) -> Vec<Need> {
    vec![Need::Sync(died.run.clone())]
}

/// A step was given up: its sync has failed, until the step is replayed or the same is asked for again.
pub(in crate::decide) fn died(died: &StepDied, facts: &Facts<'_>, now: Timestamp) -> Vec<Effect> {
    let running = |run: &&SyncRun| run.state == SyncState::Running;
    let Some(run) = facts.sync.as_ref().filter(running) else {
        return Vec::new();
    };
    let mut run = SyncRun {
        state: SyncState::Failed,
        ended_at: Some(now),
        moved_at: now,
        doing: wording::SYNC_FAILED.into(),
        ..run.clone()
    };
    fail(&mut run.report, &died.reason);
    let remedy = died.errcode.and_then(wording::remedy);
    if let Some(remedy) = remedy {
        warn(&mut run.report, remedy.to_owned());
    }
    vec![Effect::PutSync(Box::new(run))]
}

/// Whether a kept member has to be read by itself because the sync has not seen it.
pub fn misses_member(run: &SyncRun, member: &Member, sighting: Option<&Sighting>) -> bool {
    member.visible && is_in(run, &member.userid) && sighting.is_none_or(|seen| seen.run != run.id)
}

/// Whether a kept contact has to be read by itself because the sync has not seen all its relations.
pub fn misses_contact(run: &SyncRun, contact: &Contact, sighting: Option<&Sighting>) -> bool {
    let seen = sighting.filter(|sighting| sighting.run == run.id);
    contact
        .follow_users
        .iter()
        .filter(|follow| is_in(run, &follow.userid))
        .any(|follow| seen.is_none_or(|seen| !seen.members.contains(&follow.userid)))
}

/// Whether a kept group has to be read by itself because the sync has not seen it. A dismissed one stays as it is.
pub fn misses_chat(run: &SyncRun, chat: &Chat, sighting: Option<&Sighting>) -> bool {
    chat.dismissed_at.is_none() && sighting.is_none_or(|seen| seen.run != run.id)
}

/// Whether the member belongs to what this sync looks at.
fn is_in(run: &SyncRun, userid: &UserId) -> bool {
    run.request.part.is_none_or(|part| part.has(userid))
}

/// What is left of a request: while events change no contacts, the schedule changes none either.
fn allowed(request: SyncRequest, facts: &Facts<'_>) -> Option<SyncRequest> {
    let contacts = facts.auto_sync() == AutoSync::On || request.by != AskedBy::Schedule;
    match request.scope {
        SyncScope::All if !contacts => Some(SyncRequest {
            scope: SyncScope::Members,
            ..request
        }),
        SyncScope::Contacts if !contacts => None,
        SyncScope::All | SyncScope::Members | SyncScope::Contacts | SyncScope::Links => {
            Some(request)
        }
    }
}

fn newest<'f>(facts: &'f Facts<'_>) -> Option<&'f SyncRun> {
    let id = facts.switches.sync.as_ref()?;
    facts.syncs.iter().find(|run| run.id == *id)
}

fn go_on(run: &SyncRun, now: Timestamp) -> Vec<Effect> {
    let run = SyncRun {
        state: SyncState::Running,
        ended_at: None,
        moved_at: now,
        ..run.clone()
    };
    vec![next_step(&run, now), Effect::PutSync(Box::new(run))]
}

/// A new sync: old ones and what they have left are forgotten.
fn fresh(
    request: SyncRequest,
    received_at: Timestamp,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let last = facts.syncs.last().map_or("", |run| run.id.as_str());
    // What was to follow a sync that has failed follows this one.
    let then = newest(facts).and_then(|run| run.then);
    let run = SyncRun {
        then: then.filter(|then| !covers(request, *then)),
        ..begun(request, facts, id(received_at, last, now), now)
    };
    let mut effects: Vec<Effect> = facts
        .batches
        .iter()
        .cloned()
        .map(Effect::DropBatch)
        .collect();
    let too_many = (facts.syncs.len() + 1).saturating_sub(KEPT);
    // However long ago it was: that all members were seen once is known by it alone.
    let seen_all = facts.syncs.iter().rfind(|run| run.has_seen_all_members());
    let old = facts.syncs.iter().take(too_many);
    let old = old.filter(|run| seen_all.is_none_or(|kept| kept.id != run.id));
    effects.extend(old.map(|run| Effect::DropSync(run.id.clone())));
    effects.push(Effect::PutSwitches(Switches {
        sync: Some(run.id.clone()),
        ..facts.switches.clone()
    }));
    effects.push(next_step(&run, now));
    effects.push(Effect::PutSync(Box::new(run)));
    effects
}

fn begun(request: SyncRequest, facts: &Facts<'_>, id: String, now: Timestamp) -> SyncRun {
    let phase = first_phase(request.scope, facts);
    SyncRun {
        id,
        request,
        state: SyncState::Running,
        started_at: now,
        moved_at: now,
        ended_at: None,
        doing: wording::doing(phase).into(),
        progress: (0, 0),
        report: SyncReport::default(),
        place: SyncPlace {
            phase,
            ..SyncPlace::default()
        },
        first: !facts.syncs.iter().any(SyncRun::has_seen_all_members),
        then: None,
    }
}

/// When it was asked for; moved on where that would not be later than every other, as when a start is replayed.
pub fn id(received_at: Timestamp, last: &str, now: Timestamp) -> String {
    let after_last = last.parse::<i64>().map_or(0, |last| last.saturating_add(1));
    let asked = [received_at.millis(), now.millis()]
        .into_iter()
        .find(|millis| *millis >= after_last);
    format!("{:013}", asked.unwrap_or(after_last))
}

fn next_step(run: &SyncRun, now: Timestamp) -> Effect {
    let step = OwnEvent::SyncStep {
        run: run.id.clone(),
    };
    Effect::Refresh(step.delivery(now).1)
}

/// Keeps a reason, the first of each kind.
fn fail(report: &mut SyncReport, reason: &str) {
    let known = report.failures.iter().any(|known| known == reason);
    if !known && report.failures.len() < REASONS {
        report.failures.push(reason.to_owned());
    }
}

/// Keeps what to look at, once.
fn warn(report: &mut SyncReport, warning: String) {
    if !report.warnings.contains(&warning) {
        report.warnings.push(warning);
    }
}

/// A step under way: the sync as it will be, and what follows.
struct Walk {
    run: SyncRun,
    effects: Vec<Effect>,
    now: Timestamp,
}

impl Walk {
    /// What is found at WeCom and different here, which a dry run only counts. Nobody is told that they are new by the
    /// first sync of all: it is the service that is new then.
    fn change(&mut self, effects: Vec<Effect>) {
        if self.run.request.mode == SyncMode::DryRun {
            return;
        }
        let is_card = |effect: &Effect| matches!(effect, Effect::Send(out) if matches!(out.call, Call::Card(_)));
        let of_members = matches!(
            self.run.place.phase,
            SyncPhase::ReadMembers | SyncPhase::SweepMembers | SyncPhase::CheckLinks
        );
        let silent = self.run.first && of_members;
        let kept = effects
            .into_iter()
            .filter(|effect| !(silent && is_card(effect)));
        self.effects.extend(kept);
    }

    /// What the sync keeps for itself.
    fn note(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    fn failed(&mut self, reason: &str) {
        fail(&mut self.run.report, reason);
    }

    fn warned(&mut self, warning: String) {
        warn(&mut self.run.report, warning);
    }

    /// Goes on with the next page, else the next batch, else the next phase.
    fn go_on(&mut self, next: Option<&String>, batch: Option<&SyncBatch>) {
        match (next, batch) {
            (Some(cursor), _) => self.run.place.cursor.clone_from(cursor),
            (None, Some(batch)) => self.batch_done(batch),
            (None, None) => self.next_phase(),
        }
    }

    /// The list has changed since its cursor was given (60268): it begins anew. `false`: that has happened too often.
    fn restarts(&mut self) -> bool {
        self.run.place.cursor.clear();
        self.run.place.restarts += 1;
        self.run.place.restarts <= RESTARTS_MAX
    }

    /// Notes what WeCom lists and the sync has not seen listed: it is to be read, `size` at once. Tells how many are found
    /// with these, where there were `before`.
    fn listed<I: Clone + Display>(
        &mut self,
        (kind, size): (Kind, usize),
        new: &[&I],
        sighted: fn(I) -> Sighted,
        before: u64,
    ) -> u64 {
        for id in new {
            self.note(Effect::PutSighting(Sighting {
                who: sighted((*id).clone()),
                run: self.run.id.clone(),
                members: Vec::new(),
                counted: Counted::Unchanged,
                written: None,
            }));
        }
        let ids: Vec<String> = new.iter().map(ToString::to_string).collect();
        self.batches(kind, before, &ids, size);
        let all = before + ids.len() as u64;
        self.run.progress = (0, all);
        all
    }

    fn next_phase(&mut self) {
        self.go_to(phase_after(&self.run));
    }

    fn go_to(&mut self, phase: SyncPhase) {
        self.run.place = SyncPlace {
            phase,
            ..SyncPlace::default()
        };
        self.run.progress = (0, 0);
        self.run.doing = wording::doing(phase).into();
    }

    /// Writes ids down, `size` of them a batch, to be worked off later; `before` are there already.
    fn batches(&mut self, kind: Kind, before: u64, ids: &[String], size: usize) {
        for (number, ids) in ids.chunks(size).enumerate() {
            let key = format!("{}{before:09} {number:06}", kind.prefix(&self.run.id));
            let ids = ids.to_vec();
            self.note(Effect::PutBatch(SyncBatch { key, ids }));
        }
    }

    /// The batch is worked off.
    fn batch_done(&mut self, batch: &SyncBatch) {
        self.run.place = SyncPlace {
            phase: self.run.place.phase,
            ..SyncPlace::default()
        };
        self.note(Effect::DropBatch(batch.key.clone()));
    }

    /// One of the batch spoils the call for all: they are asked about by halves until it stands alone.
    fn halve(&mut self, batch: &SyncBatch) {
        let (one, other) = batch.ids.split_at(batch.ids.len() / 2);
        for (half, ids) in [("0", one), ("1", other)] {
            self.note(Effect::PutBatch(SyncBatch {
                key: format!("{}.{half}", batch.key),
                ids: ids.to_vec(),
            }));
        }
        self.batch_done(batch);
    }

    /// Ends the step: the next one is asked for, or the sync is done.
    fn ended(mut self, facts: &Facts<'_>) -> Vec<Effect> {
        if self.run.place.phase != SyncPhase::End {
            self.effects.push(next_step(&self.run, self.now));
            self.effects.push(Effect::PutSync(Box::new(self.run)));
            return self.effects;
        }
        self.run.state = SyncState::Done;
        self.run.ended_at = Some(self.now);
        let contacts = matches!(self.run.request.scope, SyncScope::All | SyncScope::Contacts);
        let whole = self.run.request.part.is_none();
        if contacts && whole && self.run.report.contacts.found == 0 {
            self.warned(wording::NO_CONTACTS.into());
        }
        if let Some(request) = self.run.then.take() {
            let id = id(self.now, &self.run.id, self.now);
            let next = SyncRun {
                // A step knows of no other sync.
                first: self.run.first && !self.run.has_seen_all_members(),
                ..begun(request, facts, id, self.now)
            };
            self.effects.push(Effect::PutSwitches(Switches {
                sync: Some(next.id.clone()),
                ..facts.switches.clone()
            }));
            self.effects.push(next_step(&next, self.now));
            self.effects.push(Effect::PutSync(Box::new(next)));
        }
        self.effects.push(Effect::PutSync(Box::new(self.run)));
        self.effects
    }
}
