//! Faults of the set-up that the service has met and remembers: calls that would meet them again are held back.
//!
//! The doctor's own calls are others than the service's, perhaps from another machine, so these are told besides.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::join_all;
use reqwest::Client as Caller;
use secrecy::ExposeSecret;
use serde::Deserialize;

use crate::act::Corp;
use crate::app::caller::{ask, local};
use crate::app::check::service::Service;
use crate::app::check::{Asker, Check};
use crate::config::Config;
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::Store;
use crate::wecom::fault::Fault;

/// The name of the one line for all corps.
const NAME: &str = "standing faults";

/// What is known of them.
#[derive(Debug)]
pub(in crate::app::check) enum Standing {
    /// Which they are.
    Known(Vec<(CorpId, Fault)>),
    /// Only how many: the service tells nobody more who has none of `api.tokens`.
    Counted(usize),
    /// Neither the store nor the service could be asked.
    Unknown,
}

/// Asks the process's own clients; from outside, the store, or the running service where that holds the store.
pub(in crate::app::check) async fn look(
    config: &Config,
    asker: Asker<'_>,
    caller: &Caller,
    service: &Service,
    store: Option<&Arc<Store>>,
    now: Timestamp,
) -> Standing {
    match (asker, store) {
        (Asker::Service(corps), _) => Standing::Known(remembered(config, corps, now).await),
        (Asker::CommandLine, Some(store)) => match crate::app::corps(config, Some(store)) {
            Ok(corps) => Standing::Known(remembered(config, &corps, now).await),
            Err(_) => Standing::Unknown,
        },
        (Asker::CommandLine, None) => match (told(config, caller).await, service) {
            (Some(faults), _) => Standing::Known(faults),
            (
                None,
                Service::Ready {
                    faults: Some(count),
                    ..
                },
            ) => Standing::Counted(*count),
            (None, _) => Standing::Unknown,
        },
    }
}

async fn remembered(
    config: &Config,
    corps: &HashMap<CorpId, Corp>,
    now: Timestamp,
) -> Vec<(CorpId, Fault)> {
    let faults = config.corps.iter().filter_map(|configured| {
        let client = &corps.get(&configured.id)?.client;
        Some(async move {
            let faults = client.faults(now).await.into_iter();
            faults.map(|fault| (configured.id.clone(), fault))
        })
    });
    join_all(faults).await.into_iter().flatten().collect()
}

async fn told(config: &Config, caller: &Caller) -> Option<Vec<(CorpId, Fault)>> {
    #[derive(Deserialize)]
    struct Faults {
        items: Vec<Told>,
    }

    #[derive(Deserialize)]
    struct Told {
        corp: CorpId,
        #[serde(flatten)]
        fault: Fault,
    }

    let token = config.token_of_everything()?.expose_secret();
    let url = format!("http://{}/api/v1/faults", local(config.listen));
    let answer = ask(caller.get(url).bearer_auth(token)).await.ok()?;
    let faults: Faults = serde_json::from_slice(&answer.body).ok()?;
    let faults = faults.items.into_iter();
    Some(faults.map(|told| (told.corp, told.fault)).collect())
}

impl Standing {
    /// One line for each, or one that there are none.
    pub(in crate::app::check) fn checks(&self, now: Timestamp) -> Vec<Check> {
        match self {
            Self::Known(faults) if !faults.is_empty() => {
                let lines = faults.iter().map(|(corp, fault)| line(corp, fault, now));
                lines.collect()
            }
            Self::Known(_) | Self::Counted(0) => vec![Check::ok(NAME, "none")],
            Self::Counted(count) => vec![Check::warning(
                NAME,
                format!("{count}; the running service tells which to callers with a token"),
                "configure one of `api.tokens`, or see the overview of the admin pages",
            )],
            Self::Unknown => Vec::new(),
        }
    }
}

fn line(corp: &CorpId, fault: &Fault, now: Timestamp) -> Check {
    let name = format!("standing fault of {corp}");
    let Fault {
        api,
        what,
        since,
        last_seen,
        count,
        ..
    } = fault;
    let seen = format!("{api}: {what}; met since {since}, last at {last_seen}, times: {count}");
    let console = &fault.console;
    let advice = format!(
        "{console}; when it is put right, `POST /api/v1/faults/retry` or a new sync lets the service ask again at once"
    );
    match fault.try_at {
        Some(at) if now < at => {
            let seen = format!("{seen}; calls that would meet it are held back until {at}");
            Check::fault(name, seen, advice)
        }
        Some(_) => {
            let seen = format!("{seen}; the next call shows whether it is gone");
            Check::warning(name, seen, advice)
        }
        None => Check::warning(name, format!("{seen}; no call is held back"), advice),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::app::check::Verdict;

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    fn fault(try_at: Option<Timestamp>) -> (CorpId, Fault) {
        let fault = serde_json::json!({
            "scope": "secret",
            "secret": "app",
            "api": "externalcontact/get",
            "errcode": 60020,
            "what": "add the address (60020: not allow to access from your ip)",
            "console": "the app → 企业可信IP",
            "since": NOW,
            "last_seen": NOW,
            "count": 3,
            "try_at": try_at,
        });
        let corp = CorpId::parse("ww1").unwrap();
        (corp, serde_json::from_value(fault).unwrap())
    }

    #[test]
    fn what_holds_calls_back_is_a_fault_and_what_may_be_gone_a_warning() {
        let later = NOW.plus(Duration::from_secs(1));
        for (try_at, verdict, seen) in [
            (Some(later), Verdict::Fault, "held back until"),
            (Some(NOW), Verdict::Warning, "whether it is gone"),
            (None, Verdict::Warning, "no call is held back"),
        ] {
            let checks = Standing::Known(vec![fault(try_at)]).checks(NOW);
            let [check] = checks.as_slice() else {
                panic!("one line: {checks:?}");
            };
            assert_eq!(check.name, "standing fault of ww1");
            assert_eq!(check.verdict, verdict, "{check:?}");
            for part in [seen, "externalcontact/get", "60020", "times: 3"] {
                assert!(check.seen.contains(part), "{check:?}");
            }
            assert!(check.advice.as_ref().unwrap().contains("企业可信IP"));
        }
    }

    #[test]
    fn as_much_is_told_as_is_known() {
        let two = vec![fault(None), fault(None)];
        for (standing, verdicts) in [
            (Standing::Known(two), &[Verdict::Warning; 2][..]),
            (Standing::Known(Vec::new()), &[Verdict::Ok]),
            (Standing::Counted(2), &[Verdict::Warning]),
            (Standing::Counted(0), &[Verdict::Ok]),
            (Standing::Unknown, &[]),
        ] {
            let checks = standing.checks(NOW);
            let found: Vec<_> = checks.iter().map(|check| check.verdict).collect();
            assert_eq!(found, verdicts, "{standing:?}");
        }
    }
}
