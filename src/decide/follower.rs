//! A person began or ceased to follow the corp's service account (服务号).

use crate::callback::event::weixin::{AccountChange, AccountEvent};
use crate::decide::facts::{Facts, Need};
use crate::model::effect::Effect;
use crate::model::follower::Follower;
use crate::model::time::Timestamp;

/// What an event of the account needs to know.
pub(in crate::decide) fn needs(event: &AccountEvent) -> Vec<Need> {
    match following(&event.change) {
        Some(_) => vec![Need::Follower(event.openid.clone())],
        None => Vec::new(),
    }
}

/// Keeps whether the person follows. Events may come late: what happened last counts.
pub(in crate::decide) fn changed(
    event: &AccountEvent,
    at: Timestamp,
    facts: &Facts<'_>,
) -> Vec<Effect> {
    let Some(following) = following(&event.change) else {
        return Vec::new();
    };
    let kept = facts.follower.as_ref();
    if kept.is_some_and(|kept| kept.told_at > at) {
        return Vec::new();
    }
    let same = kept.filter(|kept| kept.following == following);
    vec![Effect::PutFollower(Follower {
        openid: event.openid.clone(),
        unionid: kept.and_then(|kept| kept.unionid.clone()),
        external_userid: kept.and_then(|kept| kept.external_userid.clone()),
        following,
        since: same.map_or(at, |kept| kept.since),
        told_at: at,
    })]
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
