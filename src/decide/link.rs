//! The "与我协作" link in a member's external profile (对外名片, path/92230): whether it stands there, what is to be done,
//! and what came of it.
//!
//! Every way of reading a profile leads to [`looked_at`], so all of them come to the same result and repeat nothing that
//! is right.

use std::time::Duration;

use crate::decide::facts::{Facts, LinkWriting, Need, Occasion};
use crate::decide::member;
use crate::decide::wording;
use crate::model::card::TemplateCard;
use crate::model::delivery::{Lane, Subject};
use crate::model::effect::Effect;
use crate::model::ids::UserId;
use crate::model::member::{Link, LinkState, WebAttribute};
use crate::model::outgoing::{Answer, Call, LinkCheck, Outcome, Outgoing, WriteLink};
use crate::model::time::Timestamp;

/// A link that WeCom ignored or refused is not written again so soon, unless an administrator asks: what is wrong is
/// mended by people, and events about a member come in bursts.
const AGAIN_AFTER: Duration = Duration::from_secs(60 * 60);

/// A write that has been owed for so long is lost: every attempt at it ends sooner.
const LOST_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// A member is sent the link once in this time.
const SENT_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a profile says about a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judged {
    /// Nothing new.
    AsKept,
    /// It stands there, and the service wrote it.
    Confirmed,
    /// It stands there, and somebody else wrote it.
    FilledByHand,
    /// It was written and does not stand there.
    Ignored,
    /// It does not stand there, and people are to fill it in.
    LeftToPeople,
    /// It does not stand there, and a write is to be owed.
    Write,
}

/// Judges a profile that was just read. `kept` is the link as it was before.
fn judge(
    profile: &[WebAttribute],
    url: &str,
    writing: LinkWriting,
    kept: Option<&Link>,
    occasion: Occasion,
    now: Timestamp,
) -> Judged {
    let stands = profile
        .iter()
        .any(|attribute| attribute.name == wording::LINK_NAME && attribute.url.trim() == url);
    // What came of another address says nothing about this one.
    let kept = kept.filter(|link| link.url == url);
    if stands {
        return match kept.map(|link| (link.state, link.attempt)) {
            Some((LinkState::Confirmed | LinkState::FilledByHand, _)) => Judged::AsKept,
            Some((LinkState::Wanted | LinkState::Written, 1..)) => Judged::Confirmed,
            Some((LinkState::Wanted | LinkState::Written, 0))
            | Some((LinkState::Ignored | LinkState::Failed, _))
            | None => Judged::FilledByHand,
        };
    }
    match (writing, kept) {
        (LinkWriting::ByHand, Some(link))
            if link.state == LinkState::Wanted && link.attempt == 0 =>
        {
            Judged::AsKept
        }
        (LinkWriting::ByHand, _) => Judged::LeftToPeople,
        (LinkWriting::ByService, None) => Judged::Write,
        (LinkWriting::ByService, Some(link)) => missing(link, occasion, now),
    }
}

/// The service may write a link that it knows and the profile does not show.
fn missing(link: &Link, occasion: Occasion, now: Timestamp) -> Judged {
    let waited = now.since(link.at);
    let again = match (link.state, occasion) {
        // Somebody took it away, or its write was never owed.
        (LinkState::Confirmed | LinkState::FilledByHand, _) => true,
        (LinkState::Wanted, _) if link.attempt == 0 => true,
        (LinkState::Wanted, Occasion::Asked) => waited >= AGAIN_AFTER,
        (LinkState::Wanted, Occasion::InPassing) => waited >= LOST_AFTER,
        // This is the read-back that was still to come.
        (LinkState::Written, _) => return Judged::Ignored,
        (LinkState::Ignored | LinkState::Failed, Occasion::Asked) => true,
        (LinkState::Ignored | LinkState::Failed, Occasion::InPassing) => waited >= AGAIN_AFTER,
    };
    if again { Judged::Write } else { Judged::AsKept }
}

/// What follows for the link from the member's profile as it was just read.
pub(in crate::decide) fn looked_at(
    userid: &UserId,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let url = facts.corp.home.to_string();
    let (profile, kept) = (&facts.web_attributes, facts.link.as_ref());
    let writing = facts.corp.links;
    let judged = judge(profile, &url, writing, kept, facts.occasion, now);
    let link = Link {
        at: now,
        ..kept_or_new(userid, url, kept, now)
    };
    let link = match judged {
        Judged::AsKept => return Vec::new(),
        Judged::Write => return write(link),
        Judged::Confirmed => in_state(link, LinkState::Confirmed),
        Judged::FilledByHand => in_state(link, LinkState::FilledByHand),
        Judged::Ignored => ignored(link),
        Judged::LeftToPeople => left_to_people(link),
    };
    vec![Effect::PutLink(link)]
}

/// Owes the write of a link.
fn write(link: Link) -> Vec<Effect> {
    let link = in_state(
        Link {
            attempt: link.attempt.saturating_add(1),
            ..link
        },
        LinkState::Wanted,
    );
    let write = Outgoing {
        subject: Subject::new("link", &link.userid.key()),
        lane: Lane::Normal,
        deadline: None,
        cause: None,
        call: Call::WriteLink(WriteLink {
            userid: link.userid.clone(),
            name: wording::LINK_NAME.into(),
            url: link.url.clone(),
        }),
    };
    vec![Effect::PutLink(link), Effect::Send(write)]
}

/// What the receipt of a written link needs to know.
pub(in crate::decide) fn needs(write: &WriteLink) -> Vec<Need> {
    vec![Need::Link(write.userid.clone())]
}

/// Keeps what came of writing a link, unless another address is wanted by now.
pub(in crate::decide) fn written(
    write: &WriteLink,
    outcome: &Outcome,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let wanted = facts.link.as_ref().filter(|link| link.url == write.url);
    let Some(kept) = wanted else {
        return Vec::new();
    };
    let link = Link {
        at: now,
        ..kept.clone()
    };
    let (link, read_back) = match outcome {
        // It was seen there meanwhile, which says more than how one write ended.
        Outcome::Done(Answer::Link(
            LinkCheck::Confirmed | LinkCheck::AlreadyThere | LinkCheck::Unseen,
        ))
        | Outcome::Failed { .. }
        | Outcome::TooLate
            if kept.state.stands() =>
        {
            return Vec::new();
        }
        Outcome::Done(Answer::Link(LinkCheck::Confirmed | LinkCheck::AlreadyThere)) => {
            (in_state(link, LinkState::Confirmed), None)
        }
        Outcome::Done(Answer::Link(LinkCheck::Ignored)) => (ignored(link), None),
        Outcome::Done(_) => {
            let read_back = member::refresh(&write.userid, now);
            (in_state(link, LinkState::Written), Some(read_back))
        }
        Outcome::Failed { reason, errcode } => (failed(link, reason, *errcode), None),
        Outcome::TooLate => (failed(link, wording::LINK_TOO_LATE, None), None),
    };
    [Effect::PutLink(link)]
        .into_iter()
        .chain(read_back)
        .collect()
}

/// What sending the link to a member needs to know.
pub(in crate::decide) fn send_needs(userid: &UserId) -> Vec<Need> {
    vec![Need::Member(userid.clone()), Need::Link(userid.clone())]
}

/// Sends a member the link with the steps to fill it in, unless it stands there or was sent a short while ago.
pub(in crate::decide) fn sent(userid: &UserId, facts: &Facts<'_>, now: Timestamp) -> Vec<Effect> {
    if !facts.member.as_ref().is_some_and(|member| member.visible) {
        return Vec::new();
    }
    let url = facts.corp.home.to_string();
    let kept = facts.link.as_ref().filter(|link| link.url == url);
    let recently = |link: &Link| {
        link.sent_at
            .is_some_and(|sent_at| now.since(sent_at) < SENT_EVERY)
    };
    if kept.is_some_and(|link| link.state.stands() || recently(link)) {
        return Vec::new();
    }
    let link = match (kept, facts.corp.links) {
        (None, LinkWriting::ByHand) => left_to_people(kept_or_new(userid, url, None, now)),
        (kept, LinkWriting::ByHand | LinkWriting::ByService) => kept_or_new(userid, url, kept, now),
    };
    let card = wording::fill_in_link(userid, now, &facts.corp.home);
    vec![
        Effect::PutLink(Link {
            sent_at: Some(now),
            ..link
        }),
        wording::send(userid, card),
    ]
}

/// A card did not reach its member: if it carried the link, that may be sent again at once.
pub(in crate::decide) fn not_sent(card: &TemplateCard, facts: &Facts<'_>) -> Vec<Effect> {
    let sent = facts.link.as_ref().filter(|link| link.sent_at.is_some());
    let Some(link) = sent.filter(|_| wording::is_fill_in_link(card)) else {
        return Vec::new();
    };
    vec![Effect::PutLink(Link {
        sent_at: None,
        ..link.clone()
    })]
}

/// The link to this address as it is kept, or else as it begins.
fn kept_or_new(userid: &UserId, url: String, kept: Option<&Link>, now: Timestamp) -> Link {
    let same = kept.filter(|link| link.url == url).cloned();
    same.unwrap_or_else(|| Link {
        userid: userid.clone(),
        url,
        state: LinkState::Wanted,
        at: now,
        attempt: 0,
        reason: None,
        remedy: None,
        sent_at: None,
    })
}

fn in_state(link: Link, state: LinkState) -> Link {
    Link {
        state,
        reason: None,
        remedy: None,
        ..link
    }
}

fn ignored(link: Link) -> Link {
    Link {
        reason: Some(wording::LINK_IGNORED.into()),
        remedy: Some(wording::LINK_IGNORED_REMEDY.into()),
        ..in_state(link, LinkState::Ignored)
    }
}

fn failed(link: Link, reason: &str, errcode: Option<i64>) -> Link {
    Link {
        reason: Some(reason.into()),
        remedy: Some(wording::link_remedy(errcode).into()),
        ..in_state(link, LinkState::Failed)
    }
}

fn left_to_people(link: Link) -> Link {
    Link {
        attempt: 0,
        reason: Some(wording::LINK_BY_HAND.into()),
        remedy: Some(wording::LINK_BY_HAND_REMEDY.into()),
        ..in_state(link, LinkState::Wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://a.example/home?tenantKey=1";
    const AT: Timestamp = Timestamp::from_secs(1_700_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn link(state: LinkState, attempt: u32) -> Link {
        let userid = UserId::parse("zhang").unwrap();
        Link {
            attempt,
            ..in_state(kept_or_new(&userid, URL.into(), None, AT), state)
        }
    }

    fn profile(attributes: &[(&str, &str)]) -> Vec<WebAttribute> {
        let attribute = |(name, url): &(&str, &str)| WebAttribute {
            name: (*name).into(),
            url: (*url).into(),
        };
        attributes.iter().map(attribute).collect()
    }

    #[test]
    fn a_link_that_stands_there_is_left_alone() {
        use LinkState::{Confirmed, Failed, FilledByHand, Ignored, Wanted, Written};
        for (kept, expected) in [
            (None, Judged::FilledByHand),
            (Some(link(Wanted, 0)), Judged::FilledByHand),
            (Some(link(Wanted, 1)), Judged::Confirmed),
            (Some(link(Written, 2)), Judged::Confirmed),
            (Some(link(Confirmed, 1)), Judged::AsKept),
            (Some(link(FilledByHand, 0)), Judged::AsKept),
            (Some(link(Ignored, 1)), Judged::FilledByHand),
            (Some(link(Failed, 3)), Judged::FilledByHand),
            (
                Some(Link {
                    url: "https://old.example/".into(),
                    ..link(Confirmed, 1)
                }),
                Judged::FilledByHand,
            ),
        ] {
            let padded = format!(" {URL}\n");
            for shown in [
                profile(&[("微博", "https://b.example/"), (wording::LINK_NAME, URL)]),
                profile(&[(wording::LINK_NAME, &padded)]),
            ] {
                for writing in [LinkWriting::ByService, LinkWriting::ByHand] {
                    for occasion in [Occasion::InPassing, Occasion::Asked] {
                        let now = AT.plus(48 * HOUR);
                        let judged = judge(&shown, URL, writing, kept.as_ref(), occasion, now);
                        assert_eq!(judged, expected, "{kept:?} {writing:?} {occasion:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_link_that_is_missing_is_written_and_not_hammered() {
        use Judged::{AsKept, Ignored as NowIgnored, LeftToPeople, Write};
        use LinkState::{Confirmed, Failed, FilledByHand, Ignored, Wanted, Written};
        let (soon, later, much_later) = (HOUR / 2, HOUR, 24 * HOUR);
        // Kept, and what follows after half an hour, an hour and a day: in passing, asked, left to people.
        type Row = (Option<Link>, [Judged; 3], [Judged; 3], Judged);
        let table: [Row; 9] = [
            (None, [Write; 3], [Write; 3], LeftToPeople),
            (Some(link(Wanted, 0)), [Write; 3], [Write; 3], AsKept),
            (
                Some(link(Wanted, 1)),
                [AsKept, AsKept, Write],
                [AsKept, Write, Write],
                LeftToPeople,
            ),
            (
                Some(link(Written, 1)),
                [NowIgnored; 3],
                [NowIgnored; 3],
                LeftToPeople,
            ),
            (
                Some(link(Confirmed, 1)),
                [Write; 3],
                [Write; 3],
                LeftToPeople,
            ),
            (
                Some(link(FilledByHand, 0)),
                [Write; 3],
                [Write; 3],
                LeftToPeople,
            ),
            (
                Some(link(Ignored, 1)),
                [AsKept, Write, Write],
                [Write; 3],
                LeftToPeople,
            ),
            (
                Some(link(Failed, 1)),
                [AsKept, Write, Write],
                [Write; 3],
                LeftToPeople,
            ),
            (
                Some(Link {
                    url: "https://old.example/".into(),
                    ..link(Failed, 1)
                }),
                [Write; 3],
                [Write; 3],
                LeftToPeople,
            ),
        ];
        for (kept, in_passing, asked, by_hand) in table {
            for shown in [
                profile(&[]),
                profile(&[(wording::LINK_NAME, "https://old.example/"), ("微博", URL)]),
            ] {
                for (n, waited) in [soon, later, much_later].into_iter().enumerate() {
                    let ask = |writing, occasion| {
                        let now = AT.plus(waited);
                        judge(&shown, URL, writing, kept.as_ref(), occasion, now)
                    };
                    let service = LinkWriting::ByService;
                    let told = format!("{kept:?} after {waited:?}");
                    assert_eq!(ask(service, Occasion::InPassing), in_passing[n], "{told}");
                    assert_eq!(ask(service, Occasion::Asked), asked[n], "{told}");
                    for occasion in [Occasion::InPassing, Occasion::Asked] {
                        assert_eq!(ask(LinkWriting::ByHand, occasion), by_hand, "{told}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_state_that_needs_people_says_what_to_do() {
        for link in [
            left_to_people(link(LinkState::Confirmed, 1)),
            ignored(link(LinkState::Wanted, 1)),
            failed(link(LinkState::Wanted, 1), "48002", Some(48002)),
            failed(link(LinkState::Wanted, 1), "cut", None),
        ] {
            assert!(link.reason.is_some() && link.remedy.is_some(), "{link:?}");
            // Who fills it in then is no attempt of ours.
            let by_hand = link.reason.as_deref() == Some(wording::LINK_BY_HAND);
            assert_eq!(link.attempt == 0, by_hand, "{link:?}");
            let better = in_state(link, LinkState::Confirmed);
            assert_eq!((better.reason, better.remedy), (None, None));
        }
        for (errcode, page) in [
            (48002, "API 编辑通讯录"),
            (60020, "企业可信IP"),
            (40001, "重新复制 Secret"),
            (60111, "可见范围"),
            (90102, "对外资料"),
        ] {
            assert!(wording::link_remedy(Some(errcode)).contains(page));
        }
    }
}
