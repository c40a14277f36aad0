//! A sync as the service's API tells it, and as a table.

use std::fmt;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

use crate::model::sync::{SyncMode, SyncPart, SyncReport, SyncRun, SyncScope, SyncState, Tally};

/// How far a sync is, or what came of it.
#[derive(Debug)]
pub(in crate::cli::sync) struct Run {
    pub(in crate::cli::sync) id: String,
    pub(in crate::cli::sync) state: SyncState,
    pub(in crate::cli::sync) doing: String,
    pub(in crate::cli::sync) progress: (u64, u64),
    /// The whole answer, for scripts.
    pub(in crate::cli::sync) json: Value,
    scope: SyncScope,
    mode: SyncMode,
    part: Option<SyncPart>,
    report: SyncReport,
}

#[derive(Deserialize)]
struct Answer {
    id: String,
    scope: SyncScope,
    mode: SyncMode,
    part: Option<SyncPart>,
    state: SyncState,
    doing: String,
    progress: (u64, u64),
    report: SyncReport,
}

impl Run {
    /// Reads an answer of the API.
    pub(in crate::cli::sync) fn read(json: Value) -> anyhow::Result<Self> {
        let answer: Answer =
            serde_json::from_value(json.clone()).context("the service's answer is no sync")?;
        Ok(Self {
            id: answer.id,
            state: answer.state,
            doing: answer.doing,
            progress: answer.progress,
            json,
            scope: answer.scope,
            mode: answer.mode,
            part: answer.part,
            report: answer.report,
        })
    }

    /// The same from the store.
    pub(in crate::cli::sync) fn of(run: SyncRun) -> anyhow::Result<Self> {
        let request = run.request;
        let mut json = serde_json::to_value(&run)?;
        if let Value::Object(fields) = &mut json {
            for own in ["request", "place", "first", "then"] {
                fields.remove(own);
            }
            fields.insert("scope".into(), serde_json::to_value(request.scope)?);
            fields.insert("mode".into(), serde_json::to_value(request.mode)?);
        }
        Ok(Self {
            id: run.id,
            state: run.state,
            doing: run.doing,
            progress: run.progress,
            json,
            scope: request.scope,
            mode: request.mode,
            part: request.part,
            report: run.report,
        })
    }

    pub(in crate::cli::sync) const fn request(&self) -> (SyncScope, SyncMode) {
        (self.scope, self.mode)
    }

    pub(in crate::cli::sync) const fn is_part(&self) -> bool {
        self.part.is_some()
    }

    /// How many members, contacts and groups were compared so far.
    pub(in crate::cli::sync) fn seen(&self) -> u64 {
        let SyncReport {
            members,
            contacts,
            chats,
            ..
        } = &self.report;
        let read = |tally: &Tally| tally.added + tally.updated + tally.unchanged;
        read(members) + contacts.found + read(chats)
    }

    /// How much failed.
    pub(in crate::cli::sync) fn failed(&self) -> u64 {
        self.rows().iter().map(|(_, tally)| tally.failed).sum()
    }

    fn rows(&self) -> [(&'static str, &Tally); 5] {
        let report = &self.report;
        [
            ("members", &report.members),
            ("contacts", &report.contacts),
            ("relations", &report.relations),
            ("groups", &report.chats),
            ("links", &report.links),
        ]
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dry = match self.mode {
            SyncMode::DryRun => ", nothing was changed",
            SyncMode::Repair => "",
        };
        let state = match self.state {
            SyncState::Running => "is running",
            SyncState::Done => "is done",
            SyncState::Failed => "has failed; ask for it again to go on",
        };
        writeln!(
            f,
            "sync {} of {} {state}{dry}\n",
            self.id,
            self.scope.name()
        )?;
        writeln!(
            f,
            "{:<10}{:>9}{:>9}{:>9}{:>11}{:>9}{:>9}{:>9}",
            "", "found", "added", "updated", "unchanged", "skipped", "removed", "failed"
        )?;
        for (name, tally) in self.rows() {
            if *tally == Tally::default() {
                continue;
            }
            let Tally {
                found,
                added,
                updated,
                unchanged,
                skipped,
                removed,
                failed,
            } = tally;
            writeln!(
                f,
                "{name:<10}{found:>9}{added:>9}{updated:>9}{unchanged:>11}{skipped:>9}{removed:>9}{failed:>9}"
            )?;
        }
        let SyncReport {
            without_member,
            calls,
            warnings,
            failures,
            ..
        } = &self.report;
        writeln!(
            f,
            "\ncustomers without a member: {without_member}, calls to WeCom: {calls}"
        )?;
        for warning in warnings {
            writeln!(f, "warning: {warning}")?;
        }
        for failure in failures {
            writeln!(f, "failed: {failure}")?;
        }
        Ok(())
    }
}
