//! A member was created, changed or lost (通讯录, path/90970), and the "与我协作" link in their profile.

use crate::callback::event::member::ChangeContact;
use crate::callback::event::own::OwnEvent;
use crate::decide::directory;
use crate::decide::facts::{Facts, LinkWriting, Need};
use crate::decide::wording;
use crate::model::delivery::{Lane, Subject};
use crate::model::effect::Effect;
use crate::model::ids::UserId;
use crate::model::member::{Link, LinkState, Member};
use crate::model::outgoing::{Answer, Call, LinkCheck, Outcome, Outgoing, WriteLink};
use crate::model::time::Timestamp;

/// What follows from a change in the directory.
pub(in crate::decide) fn changed(change: &ChangeContact, now: Timestamp) -> Vec<Effect> {
    match change {
        ChangeContact::CreateUser(user) => vec![refresh(&user.userid, now)],
        ChangeContact::UpdateUser(user) => match &user.new_userid {
            Some(new) => directory::renamed(&user.userid, new, now),
            None => vec![refresh(&user.userid, now)],
        },
        ChangeContact::DeleteUser { userid } => directory::deleted(userid, now),
        ChangeContact::CreateParty(party) | ChangeContact::UpdateParty(party) => {
            directory::party(party, now)
        }
        ChangeContact::DeleteParty { id } => directory::department(id, now),
        ChangeContact::UpdateTag(tag) => directory::tagged(tag, now),
        ChangeContact::Other { .. } => Vec::new(),
    }
}

/// Makes the member due for a refresh. All ways of hearing about a member lead here.
pub(in crate::decide) fn refresh(userid: &UserId, now: Timestamp) -> Effect {
    Effect::Refresh(
        OwnEvent::RefreshMember {
            userid: userid.clone(),
        }
        .delivery(now)
        .1,
    )
}

/// What a refresh needs to know.
pub(in crate::decide) fn refresh_needs(userid: &UserId) -> Vec<Need> {
    vec![
        Need::Member(userid.clone()),
        Need::Link(userid.clone()),
        Need::MemberAtWecom(userid.clone()),
    ]
}

/// Brings the member up to date with what WeCom says now; a new one gets the link and a card.
pub(in crate::decide) fn refreshed(
    userid: &UserId,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let kept = facts.member.as_ref();
    let Some(fresh) = &facts.member_at_wecom else {
        return match kept {
            Some(kept) if kept.visible => {
                vec![Effect::PutMember(Member {
                    visible: false,
                    changed_at: now,
                    ..kept.clone()
                })]
            }
            _ => Vec::new(),
        };
    };
    debug_assert_eq!(&fresh.userid, userid);
    let mut effects = Vec::new();
    let unchanged = kept.is_some_and(|kept| {
        // Ids are equal in every spelling; WeCom's is kept.
        let spelled = kept.userid.as_str() == fresh.userid.as_str();
        spelled
            && *kept
                == Member {
                    changed_at: kept.changed_at,
                    ..fresh.clone()
                }
    });
    if !unchanged {
        effects.push(Effect::PutMember(Member {
            changed_at: now,
            ..fresh.clone()
        }));
    }
    effects.extend(want_link(&fresh.userid, facts, now));
    if kept.is_none_or(|kept| !kept.visible) {
        effects.push(wording::send(
            &fresh.userid,
            wording::new_member(&facts.corp.home),
        ));
    }
    effects
}

/// Wants the link unless this address was wanted before; what came of it then is in its state.
fn want_link(userid: &UserId, facts: &Facts<'_>, now: Timestamp) -> Vec<Effect> {
    let url = facts.corp.home.to_string();
    if facts.link.as_ref().is_some_and(|link| link.url == url) {
        return Vec::new();
    }
    let wanted = |reason: Option<&str>| {
        Effect::PutLink(Link {
            userid: userid.clone(),
            url: url.clone(),
            state: LinkState::Wanted,
            at: now,
            reason: reason.map(Into::into),
        })
    };
    match facts.corp.links {
        LinkWriting::ByHand => vec![wanted(Some(wording::LINK_BY_HAND))],
        LinkWriting::ByService => {
            let call = Call::WriteLink(WriteLink {
                userid: userid.clone(),
                name: wording::LINK_NAME.into(),
                url: url.clone(),
            });
            let write = Outgoing {
                subject: Subject::new("link", &userid.key()),
                lane: Lane::Normal,
                deadline: None,
                call,
            };
            vec![wanted(None), Effect::Send(write)]
        }
    }
}

/// What the receipt of a written link needs to know.
pub(in crate::decide) fn link_needs(write: &WriteLink) -> Vec<Need> {
    vec![Need::Link(write.userid.clone())]
}

/// Keeps what came of writing a link, unless another address is wanted by now.
pub(in crate::decide) fn link_written(
    write: &WriteLink,
    outcome: &Outcome,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let wanted = facts.link.as_ref().filter(|link| link.url == write.url);
    let Some(link) = wanted else {
        return Vec::new();
    };
    let (state, reason) = match outcome {
        Outcome::Done(Answer::Link(LinkCheck::Confirmed | LinkCheck::AlreadyThere)) => {
            (LinkState::Confirmed, None)
        }
        Outcome::Done(Answer::Link(LinkCheck::Ignored)) => {
            (LinkState::Ignored, Some(wording::LINK_IGNORED.to_owned()))
        }
        Outcome::Done(_) => (LinkState::Written, None),
        Outcome::Failed { reason } => (LinkState::Failed, Some(reason.clone())),
        Outcome::TooLate => (LinkState::Failed, None),
    };
    vec![Effect::PutLink(Link {
        state,
        reason,
        at: now,
        ..link.clone()
    })]
}
