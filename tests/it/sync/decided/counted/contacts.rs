//! Contacts and their relations, on pages and by themselves.

use std::time::Duration;

use wecom_bridge::decide::found::{ContactFound, CustomerFound};
use wecom_bridge::model::contact::Contact;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::ids::UserId;
use wecom_bridge::model::sync::{Counted, Sighted, Sighting, SyncMode, SyncPhase};
use wecom_bridge::model::time::Timestamp;

use crate::sync::decided::counted::{BEFORE, at, customers, more, stepped, swept};
use crate::sync::decided::{NOW, OLD, contact};

/// What this sync, or another one, has seen of the contact before.
fn seen(run: &str, members: &[&str], written: Option<Timestamp>) -> Sighting {
    let members = members.iter().map(|id| UserId::parse(id).unwrap());
    Sighting {
        who: Sighted::Contact(contact("Zhang", "", vec![]).external_userid),
        run: run.into(),
        members: members.collect(),
        counted: Counted::Unchanged,
        written,
    }
}

/// A contact of Zhang and Li.
fn of_both() -> Contact {
    let mut contact = contact("Zhang", "", vec![]);
    let li = self::contact("Li", "", vec![]);
    contact.follow_users.extend(li.follow_users);
    contact
}

#[test]
fn whom_the_pages_have_missed_counts_as_what_became_of_it() {
    let zhangs = || contact("Zhang", "", vec![]);
    let renamed = || contact("Zhang", "新", vec![]);
    for (kept, sighting, at_wecom, contacts, relations, without_member) in [
        (
            zhangs(),
            None,
            Ok(Some(zhangs())),
            "found +1, unchanged +1",
            "",
            0,
        ),
        (
            zhangs(),
            None,
            Ok(Some(renamed())),
            "found +1, updated +1",
            "",
            0,
        ),
        (
            zhangs(),
            None,
            Ok(Some(of_both())),
            "found +1, updated +1",
            "found +1, added +1",
            0,
        ),
        (
            of_both(),
            None,
            Ok(Some(zhangs())),
            "found +1, updated +1",
            "removed +1",
            0,
        ),
        (of_both(), None, Ok(None), "removed +1", "removed +2", 1),
        (
            of_both(),
            Some(seen(OLD, &["Zhang"], None)),
            Ok(Some(zhangs())),
            "updated +1, unchanged -1",
            "removed +1",
            0,
        ),
        (
            of_both(),
            Some(seen("another", &["Zhang"], None)),
            Ok(Some(zhangs())),
            "found +1, updated +1",
            "removed +1",
            0,
        ),
        (
            of_both(),
            Some(seen(OLD, &["Zhang"], None)),
            Ok(Some(of_both())),
            "",
            "",
            0,
        ),
        (of_both(), None, Err("why".to_owned()), "failed +1", "", 0),
    ] {
        let what = format!("{kept:?} {sighting:?} {at_wecom:?}");
        let failures = at_wecom.clone().err().into_iter().collect::<Vec<_>>();
        let found = swept(vec![ContactFound {
            kept,
            sighting,
            greetings: vec![],
            endings: vec![],
            at_wecom,
        }]);
        let report = stepped(at(SyncPhase::SweepContacts), &[], found).0.report;
        let counted = (more(&report.contacts), more(&report.relations));
        assert_eq!(counted, (contacts.into(), relations.into()), "{what}");
        assert_eq!(report.without_member, BEFORE + without_member, "{what}");
        assert_eq!(report.failures, failures, "{what}");
    }
}

#[test]
fn whoever_is_on_several_pages_is_counted_once() {
    let zhangs = |remark: &str| contact("Zhang", remark, vec![]);
    for (kept, sighting, rows, contacts, relations) in [
        (
            None,
            None,
            vec![zhangs("")],
            "found +1, added +1",
            "found +1, added +1",
        ),
        (
            Some(zhangs("")),
            None,
            vec![zhangs("")],
            "found +1, unchanged +1",
            "found +1, unchanged +1",
        ),
        (
            Some(zhangs("")),
            None,
            vec![zhangs("新")],
            "found +1, updated +1",
            "found +1, updated +1",
        ),
        (
            Some(zhangs("")),
            None,
            vec![zhangs(""), zhangs("")],
            "found +1, unchanged +1",
            "found +1, unchanged +1",
        ),
        (
            Some(zhangs("")),
            Some(seen(OLD, &["Zhang"], None)),
            vec![zhangs("")],
            "",
            "",
        ),
        (
            Some(zhangs("")),
            Some(seen(OLD, &["Li"], None)),
            vec![zhangs("新")],
            "updated +1, unchanged -1",
            "found +1, updated +1",
        ),
    ] {
        let what = format!("{kept:?} {sighting:?} {rows:?}");
        let found = CustomerFound {
            rows,
            kept,
            sighting,
            greetings: vec![],
            endings: vec![],
        };
        let found = customers(vec![found], None);
        let report = stepped(at(SyncPhase::ReadContacts), &["Zhang"], found)
            .0
            .report;
        let counted = (more(&report.contacts), more(&report.relations));
        assert_eq!(counted, (contacts.into(), relations.into()), "{what}");
    }
}

#[test]
fn a_sync_knows_what_it_has_written_itself() {
    let ago = |secs| NOW.minus(Duration::from_secs(secs));
    let (repair, dry_run) = (SyncMode::Repair, SyncMode::DryRun);
    for (mode, remark, changed_at, written, expected) in [
        (repair, "新", ago(3600), None, (true, Some(NOW))),
        (repair, "", ago(3600), None, (false, None)),
        (repair, "", ago(5), Some(ago(5)), (false, Some(ago(5)))),
        (repair, "新", ago(5), Some(ago(5)), (true, Some(NOW))),
        // Another hand has just written it.
        (repair, "新", ago(60), None, (true, Some(NOW))),
        (repair, "新", ago(59), None, (false, None)),
        (repair, "新", ago(5), Some(ago(6)), (false, Some(ago(6)))),
        (dry_run, "新", ago(3600), None, (false, None)),
    ] {
        let kept = Contact {
            changed_at,
            ..contact("Zhang", "", vec![])
        };
        let found = CustomerFound {
            rows: vec![contact("Zhang", remark, vec![])],
            kept: Some(kept),
            sighting: written.map(|at| seen(OLD, &["Li"], Some(at))),
            greetings: vec![],
            endings: vec![],
        };
        let mut run = at(SyncPhase::ReadContacts);
        run.request.mode = mode;
        let (_, effects) = stepped(run, &["Zhang"], customers(vec![found], None));
        let (mut puts, mut known) = (false, None);
        for effect in effects {
            match effect {
                Effect::PutContact(_) => puts = true,
                Effect::PutSighting(sighting) => known = sighting.written,
                _ => {}
            }
        }
        assert_eq!(
            (puts, known),
            expected,
            "{mode:?} {remark} {changed_at:?} {written:?}"
        );
    }
}
