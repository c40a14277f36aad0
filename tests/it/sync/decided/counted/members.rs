//! Members and their links.

use std::time::Duration;

use wecom_bridge::decide::found::{Found, MemberFound};
use wecom_bridge::model::ids::UserId;
use wecom_bridge::model::member::{Link, LinkState, ProfiledMember, WebAttribute};
use wecom_bridge::model::sync::{AskedBy, SyncPhase};

use crate::decide::{corp, member};
use crate::sync::decided::NOW;
use crate::sync::decided::counted::{at, more, stepped};

#[test]
fn a_member_counts_as_what_became_of_it_and_of_its_link() {
    let zhang = UserId::parse("Zhang").unwrap();
    let url = corp().home.to_string();
    let kept = || Some(member(true));
    let shows = |web_attributes: Vec<WebAttribute>| {
        let member = member(true);
        Ok(Some(ProfiledMember {
            member,
            web_attributes,
        }))
    };
    let bare = || shows(vec![]);
    let linked = || {
        let name = "与我协作".into();
        let url = url.clone();
        shows(vec![WebAttribute { name, url }])
    };
    let link = |state| {
        Some(Link {
            userid: zhang.clone(),
            url: url.clone(),
            state,
            at: NOW.minus(Duration::from_secs(300)),
            attempt: 1,
            reason: (state == LinkState::Failed).then(|| "why not".into()),
            remedy: None,
            sent_at: None,
        })
    };
    let (read, sweep) = (SyncPhase::ReadMembers, SyncPhase::SweepMembers);
    let (admin, schedule) = (AskedBy::Admin, AskedBy::Schedule);
    let (confirmed, failed, wanted) = (LinkState::Confirmed, LinkState::Failed, LinkState::Wanted);
    let no_reason: &[&str] = &[];
    for ((phase, by), kept, link, at_wecom, members, links, failures) in [
        (
            (read, schedule),
            None,
            None,
            bare(),
            "added +1",
            "found +1, added +1",
            no_reason,
        ),
        (
            (read, schedule),
            kept(),
            link(confirmed),
            linked(),
            "unchanged +1",
            "found +1, unchanged +1",
            no_reason,
        ),
        (
            (read, schedule),
            kept(),
            link(wanted),
            bare(),
            "unchanged +1",
            "found +1, skipped +1",
            no_reason,
        ),
        (
            (read, schedule),
            kept(),
            link(failed),
            bare(),
            "unchanged +1",
            "found +1, failed +1",
            &["why not"],
        ),
        // Whoever asks has mended what was wrong.
        (
            (read, admin),
            kept(),
            link(failed),
            bare(),
            "unchanged +1",
            "found +1, updated +1",
            no_reason,
        ),
        (
            (sweep, schedule),
            Some(member(false)),
            link(confirmed),
            linked(),
            "found +1, updated +1",
            "found +1, unchanged +1",
            no_reason,
        ),
        (
            (sweep, schedule),
            kept(),
            None,
            Ok(None),
            "removed +1",
            "",
            no_reason,
        ),
        (
            (sweep, schedule),
            Some(member(false)),
            None,
            Ok(None),
            "skipped +1",
            "",
            no_reason,
        ),
        (
            (read, schedule),
            kept(),
            None,
            Err("not now".to_owned()),
            "failed +1",
            "",
            &["not now"],
        ),
    ] {
        let what = format!("{phase:?} {by:?} {kept:?} {link:?} {at_wecom:?}");
        let mut run = at(phase);
        run.request.by = by;
        let member = MemberFound {
            userid: zhang.clone(),
            kept,
            link,
            at_wecom,
        };
        let found = Found::Members {
            members: vec![member],
            next: Some("more".into()),
        };
        let (run, _) = stepped(run, &["Zhang"], found);
        let report = &run.report;
        let counted = (more(&report.members), more(&report.links));
        assert_eq!(counted, (members.into(), links.into()), "{what}");
        assert_eq!(report.failures, failures, "{what}");
        // Those who were listed are all that there is to read.
        let all = if phase == read { 3 } else { 10 };
        assert_eq!(run.progress, (4, all), "{what}");
    }
}
