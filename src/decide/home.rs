//! The "与我协作" address changed: links are written anew, and the code in the old ones is remembered.

use crate::callback::event::own::OwnEvent;
use crate::decide::facts::{Facts, Need};
use crate::model::effect::Effect;
use crate::model::switches::{FORMER_KEYS, FormerKey, Home, Switches};
use crate::model::sync::{AskedBy, SyncMode, SyncRequest, SyncScope};
use crate::model::time::Timestamp;

/// What a change of the address needs to know.
pub(in crate::decide) fn needs() -> Vec<Need> {
    vec![Need::Switches]
}

/// Remembers the address and starts a sync of the links, unless that was done or a later change is known.
pub(in crate::decide) fn changed(
    former: &str,
    home: &str,
    received_at: Timestamp,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let known = facts.switches.home.as_ref();
    if known.is_some_and(|known| known.url == home || known.since >= received_at) {
        return Vec::new();
    }
    let current = Home::tenant_key(home);
    let mut former_keys = facts.switches.former_keys.clone();
    let replaced = Home::tenant_key(former).map(|key| FormerKey {
        key,
        replaced_at: received_at,
    });
    if let Some(replaced) = replaced {
        former_keys.retain(|former| former.key != replaced.key);
        former_keys.push(replaced);
    }
    former_keys.retain(|former| Some(&former.key) != current.as_ref());
    former_keys.drain(..former_keys.len().saturating_sub(FORMER_KEYS));
    let request = SyncRequest {
        scope: SyncScope::Links,
        mode: SyncMode::Repair,
        by: AskedBy::Switch,
        part: None,
    };
    vec![
        Effect::PutSwitches(Switches {
            home: Some(Home {
                url: home.into(),
                since: received_at,
            }),
            former_keys,
            ..facts.switches.clone()
        }),
        Effect::Refresh(OwnEvent::StartSync(request).delivery(now).1),
    ]
}
