//! Faults of the set-up that WeCom has told of: what they stand against, and until when no call is made because of them.
//! Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::time::Timestamp;
use crate::wecom::Secret;
use crate::wecom::codes::{Class, class, place};

/// How long a call that would fail for a known fault is not made. Several wrong secrets from one address bring an hour's
/// ban (45009).
pub(in crate::wecom) const BREAK: Duration = Duration::from_secs(600);

/// A fault that nothing has met for so long may be gone.
pub(in crate::wecom) const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// A fault that concerns one subject is not ended by success with another, so it ends with time.
const SUBJECT_KEPT: Duration = Duration::from_secs(24 * 3600);

/// No more are kept; the APIs that are called are fewer.
const FAULTS_MAX: usize = 64;

/// The call that makes tokens. It works from any address and for every right secret.
pub(in crate::wecom) const GETTOKEN: &str = "gettoken";

/// What a fault stands against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every call with this secret.
    Secret,
    /// One API.
    Api,
    /// One member or contact; other calls of the API go on.
    Subject,
}

/// Something that an administrator has to put right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What it stands against.
    pub scope: Scope,
    /// With whose secret.
    pub secret: Secret,
    /// Which call met it last.
    pub api: String,
    /// WeCom's code.
    pub errcode: i64,
    /// What is wrong and what to do about it, with WeCom's words, cleaned and cut.
    pub what: String,
    /// The page of the console where that is done.
    pub console: String,
    /// When it was first met.
    pub since: Timestamp,
    /// When it was last met.
    pub last_seen: Timestamp,
    /// How often it was met.
    pub count: u32,
    /// Names the agent id and secret that it was met with, and gives neither away; empty when it is shown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(in crate::wecom) credentials: String,
    /// When calls are made again to see whether it is gone; absent when none is held back.
    pub try_at: Option<Timestamp>,
}

/// A refusal as it was met.
#[derive(Debug, Clone, Copy)]
pub(in crate::wecom) struct Met<'a> {
    pub(in crate::wecom) api: &'a str,
    pub(in crate::wecom) secret: Secret,
    pub(in crate::wecom) credentials: &'a str,
    pub(in crate::wecom) errcode: i64,
    pub(in crate::wecom) what: &'a str,
}

/// What a code of the class "configuration" stands against; also that of a fresh token that is refused.
pub const fn scope(errcode: i64) -> Scope {
    match errcode {
        40001 | 40013 | 40091 | 45031 | 2000002 => Scope::Secret,
        48006 | 48010 | 50003 | 60020 | 60031 | 301007 => Scope::Secret,
        60011 | 60030 | 81011 | 84074 => Scope::Subject,
        _ => Scope::Api,
    }
}

/// Whether calls are held back. A fresh token that is refused may be a matter of seconds; that no more than a few are
/// fetched, a budget sees to.
const fn holds_back(scope: Scope, errcode: i64) -> bool {
    match scope {
        Scope::Secret => true,
        Scope::Api => !matches!(class(errcode), Class::Token),
        Scope::Subject => false,
    }
}

/// Keeps a fault that was met.
pub(in crate::wecom) fn keep(faults: &mut Vec<Fault>, met: Met<'_>, now: Timestamp) {
    let scope = scope(met.errcode);
    let same = |fault: &Fault| match scope {
        Scope::Secret => fault.scope == scope && fault.secret == met.secret,
        Scope::Api => fault.scope == scope && fault.secret == met.secret && fault.api == met.api,
        Scope::Subject => {
            fault.scope == scope && fault.api == met.api && fault.errcode == met.errcode
        }
    };
    let before = faults.iter().position(same);
    let (since, count) = match before.map(|at| &faults[at]) {
        Some(fault) if fault.errcode == met.errcode && fault.credentials == met.credentials => {
            (fault.since, fault.count)
        }
        _ => (now, 0),
    };
    let fault = Fault {
        scope,
        secret: met.secret,
        api: met.api.to_owned(),
        errcode: met.errcode,
        what: met.what.to_owned(),
        credentials: met.credentials.to_owned(),
        console: place(Some(met.errcode), met.secret),
        since,
        last_seen: now,
        count: count.saturating_add(1),
        try_at: holds_back(scope, met.errcode).then(|| now.plus(BREAK)),
    };
    match before {
        Some(at) => faults[at] = fault,
        None if faults.len() < FAULTS_MAX => faults.push(fault),
        None => {}
    }
}

/// Forgets what a call that went well proves to be gone.
pub(in crate::wecom) fn clear(faults: &mut Vec<Fault>, api: &str, secret: Secret) {
    faults.retain(|fault| !stands_against(fault, api, secret));
}

/// Forgets what nothing has met for long.
pub(in crate::wecom) fn forget(faults: &mut Vec<Fault>, now: Timestamp) {
    faults.retain(|fault| {
        let kept = match fault.scope {
            Scope::Secret | Scope::Api => KEPT,
            Scope::Subject => SUBJECT_KEPT,
        };
        now.since(fault.last_seen) < kept
    });
}

/// Lets every fault be tried at once; those of subjects are forgotten until they are met again.
pub(in crate::wecom) fn try_again(faults: &mut Vec<Fault>, now: Timestamp) {
    faults.retain(|fault| fault.scope != Scope::Subject);
    for fault in faults {
        fault.try_at = fault.try_at.map(|_| now);
    }
}

/// The fault because of which this call is not made now. Other credentials than those that it was met with are worth a
/// try: somebody has corrected the configuration.
pub(in crate::wecom) fn holding<'a>(
    faults: &'a [Fault],
    api: &str,
    secret: Secret,
    credentials: &str,
    now: Timestamp,
) -> Option<&'a Fault> {
    let holds = |fault: &&Fault| {
        // A clock that was set back must not make the break longer.
        let waits = |at: Timestamp| now < at && at.since(now) <= BREAK;
        fault.credentials == credentials
            && fault.try_at.is_some_and(waits)
            && stands_against(fault, api, secret)
    };
    faults.iter().find(holds)
}

/// Whether the call meets the fault while it stands, and its success ends it.
pub(in crate::wecom) fn stands_against(fault: &Fault, api: &str, secret: Secret) -> bool {
    fault.secret == secret
        && match fault.scope {
            // A token is to be had also while the address is not trusted.
            Scope::Secret => api != GETTOKEN || fault.api == GETTOKEN,
            Scope::Api => fault.api == api,
            Scope::Subject => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
    const GET: &str = "externalcontact/get";

    fn met(api: &str, secret: Secret, errcode: i64) -> Met<'_> {
        Met {
            api,
            secret,
            credentials: "app 7",
            errcode,
            what: "words",
        }
    }

    fn after(secs: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(secs))
    }

    /// Which calls a fault holds back, and which successes end it.
    #[test]
    fn a_fault_holds_back_what_it_stands_against() {
        let (app, sync) = (Secret::App, Secret::ContactSync);
        let calls = [
            (GETTOKEN, app),
            (GET, app),
            ("user/get", app),
            (GETTOKEN, sync),
            ("user/update", sync),
        ];
        for (api, secret, errcode, held) in [
            (GETTOKEN, app, 40001, [true, true, true, false, false]),
            (GETTOKEN, sync, 40001, [false, false, false, true, true]),
            (GET, app, 60020, [false, true, true, false, false]),
            (GET, app, 48002, [false, true, false, false, false]),
            (
                "user/update",
                sync,
                60020,
                [false, false, false, false, true],
            ),
            (
                "user/update",
                sync,
                48008,
                [false, false, false, false, true],
            ),
            ("user/get", app, 60011, [false; 5]),
            ("user/get", app, 42001, [false; 5]),
        ] {
            let mut faults = Vec::new();
            keep(&mut faults, met(api, secret, errcode), NOW);
            for ((api, secret), held) in calls.into_iter().zip(held) {
                let holds = |now| holding(&faults, api, secret, "app 7", now).is_some();
                assert_eq!(holds(after(599)), held, "{errcode} {api}");
                assert!(!holds(after(600)), "{errcode} {api}");
                assert!(!holds(NOW.minus(Duration::from_secs(3600))));
                let corrected = holding(&faults, api, secret, "app 8", NOW);
                assert_eq!(corrected, None, "{errcode} {api}");
                let mut left = faults.clone();
                clear(&mut left, api, secret);
                let ended = held || (errcode, api) == (42001, "user/get");
                assert_eq!(left.is_empty(), ended, "{errcode} {api}");
            }
        }
    }

    #[test]
    fn a_fault_that_is_met_again_is_the_same() {
        let mut faults = Vec::new();
        for (secs, errcode) in [(0, 48002), (700, 48002), (1400, 48001)] {
            keep(&mut faults, met(GET, Secret::App, errcode), after(secs));
        }
        assert_eq!(faults.len(), 1);
        let fault = &faults[0];
        assert_eq!((fault.errcode, fault.count), (48001, 1));
        assert_eq!(fault.since, after(1400));
        keep(&mut faults, met(GET, Secret::App, 48001), after(2100));
        let fault = &faults[0];
        assert_eq!((fault.count, fault.since), (2, after(1400)));
        assert_eq!(fault.last_seen, after(2100));
        assert_eq!(fault.try_at, Some(after(2700)));
        for n in 0..2 * FAULTS_MAX {
            keep(&mut faults, met(&n.to_string(), Secret::App, 48002), NOW);
        }
        assert_eq!(faults.len(), FAULTS_MAX);
    }

    #[test]
    fn faults_end_with_time_or_are_tried_at_once() {
        let mut faults = Vec::new();
        keep(&mut faults, met(GET, Secret::App, 48002), NOW);
        keep(&mut faults, met("user/get", Secret::App, 60011), NOW);
        let mut tried = faults.clone();
        try_again(&mut tried, after(1));
        assert_eq!(tried.len(), 1);
        assert!(holding(&tried, GET, Secret::App, "app 7", after(1)).is_none());
        for (secs, left) in [(86_399, 2), (86_400, 1), (604_799, 1), (604_800, 0)] {
            forget(&mut faults, after(secs));
            assert_eq!(faults.len(), left, "{secs}");
        }
    }

    #[test]
    fn json_and_back() {
        let mut faults = Vec::new();
        keep(&mut faults, met(GET, Secret::ContactSync, 60020), NOW);
        let json = serde_json::to_string(&faults).unwrap();
        assert!(json.contains(r#""scope":"secret","secret":"contact_sync""#));
        assert_eq!(serde_json::from_str::<Vec<Fault>>(&json).unwrap(), faults);
    }
}
