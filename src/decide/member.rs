//! A member was created, changed or lost (通讯录, path/90970).

use crate::callback::event::member::ChangeContact;
use crate::callback::event::own::OwnEvent;
use crate::decide::directory;
use crate::decide::facts::{Facts, Need};
use crate::decide::link;
use crate::decide::wording;
use crate::model::effect::Effect;
use crate::model::ids::UserId;
use crate::model::member::Member;
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
    effects.extend(link::looked_at(&fresh.userid, facts, now));
    if kept.is_none_or(|kept| !kept.visible) {
        effects.push(wording::send(
            &fresh.userid,
            wording::new_member(&facts.corp.home),
        ));
    }
    effects
}
