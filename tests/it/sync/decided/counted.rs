//! What a step counts, for the report and while people look on, and what it leaves to be worked off.

mod contacts;
mod members;

use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::facts::Facts;
use wecom_bridge::decide::found::{ContactFound, CustomerFound, Found};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::sync::{
    SyncBatch, SyncPhase, SyncPlace, SyncReport, SyncRun, SyncState, Tally,
};
use wecom_bridge::model::tag::TagNames;

use crate::decide::corp;
use crate::sync::decided::{NOW, OLD, effects, put, run};

/// So many were counted before, of each.
const BEFORE: u64 = 3;

/// A sync that has come to this phase, has worked off three of ten, and has counted three of each.
fn at(phase: SyncPhase) -> SyncRun {
    let tally = || Tally {
        found: BEFORE,
        added: BEFORE,
        updated: BEFORE,
        unchanged: BEFORE,
        skipped: BEFORE,
        removed: BEFORE,
        failed: BEFORE,
    };
    SyncRun {
        progress: (3, 10),
        report: SyncReport {
            members: tally(),
            contacts: tally(),
            relations: tally(),
            chats: tally(),
            links: tally(),
            without_member: BEFORE,
            ..SyncReport::default()
        },
        place: SyncPlace {
            phase,
            cursor: "page".into(),
            restarts: 0,
        },
        ..run(SyncState::Running, NOW)
    }
}

/// The sync after a step that finds this, and what else follows.
fn stepped(run: SyncRun, batch: &[&str], found: Found) -> (SyncRun, Vec<Effect>) {
    let corp = corp();
    let mut facts = Facts::none(&corp);
    facts.sync = Some(run);
    facts.step.batch = (!batch.is_empty()).then(|| SyncBatch {
        key: "batch".into(),
        ids: batch.iter().map(ToString::to_string).collect(),
    });
    facts.step.found = found;
    let effects = effects(&OwnEvent::SyncStep { run: OLD.into() }, &facts);
    (put(effects.clone()).remove(0), effects)
}

/// What has changed of a tally, in a few words.
fn more(tally: &Tally) -> String {
    let counts = [
        ("found", tally.found),
        ("added", tally.added),
        ("updated", tally.updated),
        ("unchanged", tally.unchanged),
        ("skipped", tally.skipped),
        ("removed", tally.removed),
        ("failed", tally.failed),
    ];
    let changed = counts.into_iter().filter(|(_, count)| *count != BEFORE);
    let words = changed.map(|(name, count)| format!("{name} {:+}", count as i64 - BEFORE as i64));
    words.collect::<Vec<_>>().join(", ")
}

fn customers(customers: Vec<CustomerFound>, next: Option<&str>) -> Found {
    Found::Customers {
        customers,
        unreadable: 0,
        next: next.map(Into::into),
        names: TagNames::of([]),
    }
}

fn swept(contacts: Vec<ContactFound>) -> Found {
    Found::Kept {
        looked_at: 4,
        without_member: 0,
        contacts,
        next: Some("more".into()),
    }
}

#[test]
fn whoever_spoils_a_call_is_found_by_halves() {
    let halves = |all: &[&str]| -> Vec<String> { all.iter().map(ToString::to_string).collect() };
    for (phase, worked_off) in [(SyncPhase::ReadContacts, 4), (SyncPhase::ListGroups, 3)] {
        for (ids, progress, failed, expected) in [
            (&["a"][..], worked_off, 1, halves(&["batch done"])),
            (
                &["a", "b"],
                3,
                0,
                halves(&["batch.0 a", "batch.1 b", "batch done"]),
            ),
            (
                &["a", "b", "c"],
                3,
                0,
                halves(&["batch.0 a", "batch.1 b c", "batch done"]),
            ),
        ] {
            let found = Found::BadMember("not in sight".into());
            let (run, effects) = stepped(at(phase), ids, found);
            let mut batches = Vec::new();
            for effect in effects {
                match effect {
                    Effect::PutBatch(batch) => {
                        batches.push(format!("{} {}", batch.key, batch.ids.join(" ")));
                    }
                    Effect::DropBatch(key) => batches.push(format!("{key} done")),
                    _ => {}
                }
            }
            assert_eq!(batches, expected, "{phase:?} {ids:?}");
            assert_eq!(run.progress, (progress, 10), "{phase:?} {ids:?}");
            assert_eq!(
                (run.place.phase, run.place.cursor.as_str()),
                (phase, ""),
                "{ids:?}"
            );
            let tally = match phase {
                SyncPhase::ReadContacts => &run.report.relations,
                _ => &run.report.chats,
            };
            assert_eq!(tally.failed, BEFORE + failed, "{phase:?} {ids:?}");
            assert_eq!(run.report.failures.len() as u64, failed);
        }
    }
}

#[test]
fn a_batch_counts_as_worked_off_with_its_last_page() {
    let phase = SyncPhase::ReadContacts;
    let refused = |restarts| SyncRun {
        place: SyncPlace {
            restarts,
            ..at(phase).place
        },
        ..at(phase)
    };
    for (run, found, progress, cursor, reasons) in [
        (at(phase), customers(vec![], Some("more")), 3, "more", 0),
        (at(phase), customers(vec![], None), 5, "", 0),
        (refused(19), Found::Stale, 3, "", 0),
        (refused(20), Found::Stale, 5, "", 1),
    ] {
        let what = format!("{found:?}");
        let (run, effects) = stepped(run, &["Zhang", "Li"], found);
        assert_eq!(run.progress, (progress, 10), "{what}");
        assert_eq!(run.place.cursor, cursor, "{what}");
        assert_eq!(run.report.failures.len(), reasons, "{what}");
        let done = effects.iter().any(|it| matches!(it, Effect::DropBatch(_)));
        assert_eq!(done, progress == 5, "{what}");
    }
    let (run, _) = stepped(at(SyncPhase::SweepContacts), &[], swept(vec![]));
    assert_eq!(run.progress, (7, 10));
}

#[test]
fn a_list_of_members_that_changes_all_the_time_is_given_up() {
    for (restarts, phase, warnings) in [
        (19, SyncPhase::ListIds, 0),
        (20, SyncPhase::ListDepartments, 1),
    ] {
        let mut run = at(SyncPhase::ListIds);
        run.place.restarts = restarts;
        let (run, effects) = stepped(run, &[], Found::Stale);
        assert_eq!((run.place.phase, run.place.cursor.as_str()), (phase, ""));
        assert_eq!(run.report.warnings.len(), warnings);
        assert!(effects.iter().any(|it| matches!(it, Effect::Refresh(_))));
    }
}

#[test]
fn groups_are_read_out_of_all_that_were_listed() {
    for (phase, all) in [(SyncPhase::ReadGroups, 3), (SyncPhase::SweepGroups, 10)] {
        let found = Found::Chats {
            looked_at: 4,
            chats: vec![],
            next: Some("more".into()),
        };
        let (run, _) = stepped(at(phase), &["wr1"], found);
        assert_eq!(run.progress, (7, all), "{phase:?}");
    }
}
