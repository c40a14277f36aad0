//! A person began or ceased to follow the corp's service account (服务号), or has opened a page of it.

use crate::callback::event::own::OwnEvent;
use crate::callback::event::weixin::{AccountChange, AccountEvent};
use crate::decide::facts::{Facts, Need};
use crate::model::effect::Effect;
use crate::model::follower::{Follower, Standing};
use crate::model::ids::{OpenId, UnionId};
use crate::model::time::Timestamp;

/// What an event of the account needs to know.
pub(in crate::decide) fn needs(event: &AccountEvent) -> Vec<Need> {
    match following(&event.change) {
        Some(_) => vec![Need::Follower(event.openid.clone())],
        None => Vec::new(),
    }
}

/// Keeps whether the person follows. Events may come late: what happened last counts. Who a new follower is for the open
/// platform has to be asked.
pub(in crate::decide) fn changed(
    event: &AccountEvent,
    at: Timestamp,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let Some(following) = following(&event.change) else {
        return Vec::new();
    };
    let kept = facts.follower.as_ref();
    if kept.is_some_and(|kept| kept.told_at > at) {
        return Vec::new();
    }
    let same = kept.filter(|kept| kept.following == following);
    let follower = Follower {
        openid: event.openid.clone(),
        unionid: kept.and_then(|kept| kept.unionid.clone()),
        following,
        since: same.map_or(at, |kept| kept.since),
        told_at: at,
    };
    let is_unknown = following && follower.unionid.is_none();
    let mut effects = vec![Effect::PutFollower(follower)];
    if is_unknown {
        let ask = OwnEvent::RefreshFollower {
            openid: event.openid.clone(),
            unionid: None,
        };
        effects.push(Effect::Refresh(ask.delivery(now).1));
    }
    effects
}

/// What a look at a follower needs to know.
pub(in crate::decide) fn refresh_needs(openid: &OpenId) -> Vec<Need> {
    vec![
        Need::Follower(openid.clone()),
        Need::FollowerAtWeixin(openid.clone()),
    ]
}

/// Keeps who the person is for the open platform, and whether they follow. `unionid` is what the person has told by
/// agreeing to a login.
pub(in crate::decide) fn refreshed(
    openid: &OpenId,
    unionid: Option<&UnionId>,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let kept = facts.follower.as_ref();
    let (following, told) = match &facts.follower_at_weixin {
        Some(Standing::Following { unionid }) => (true, unionid.as_ref()),
        Some(Standing::NotFollowing) => (false, None),
        None => return Vec::new(),
    };
    let before = kept.and_then(|kept| kept.unionid.as_ref());
    let same = kept.filter(|kept| kept.following == following);
    let follower = Follower {
        openid: openid.clone(),
        unionid: told.or(unionid).or(before).cloned(),
        following,
        since: same.map_or(now, |kept| kept.since),
        told_at: same.map_or(now, |kept| kept.told_at),
    };
    match kept == Some(&follower) {
        true => Vec::new(),
        false => vec![Effect::PutFollower(follower)],
    }
}

/// What the event says about following, if anything. Scans and menus are kept and shown, no more.
const fn following(change: &AccountChange) -> Option<bool> {
    match change {
        AccountChange::Subscribe { .. } => Some(true),
        AccountChange::Unsubscribe => Some(false),
        AccountChange::Scan { .. }
        | AccountChange::TemplateSendJobFinish { .. }
        | AccountChange::View { .. }
        | AccountChange::Click { .. }
        | AccountChange::Other { .. } => None,
    }
}
