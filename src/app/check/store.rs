//! The store: does it open, and is what it keeps safe?

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::app::check::Check;
use crate::app::check::service::Service;
use crate::app::store_settings;
use crate::config::{Config, StoreChoice};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::item::Health;

const NAME: &str = "store";

/// A store that needs longer than this to open cannot serve callbacks, for which WeCom waits 5 s (path/90238).
const PATIENCE: Duration = Duration::from_secs(10);

/// With slower round trips, callbacks come near WeCom's 5 s as soon as there are a few.
const SLOW: Duration = Duration::from_millis(200);

/// Opens the store and asks how it is; a file that does not exist is not made. With the store, when it opened.
pub(in crate::app::check) async fn look(
    config: &Config,
    service: &Service,
) -> (Check, Option<Store>) {
    if let StoreChoice::Embedded(path) = &config.store
        && let Some(check) = before_opening(path, service)
    {
        return (check, None);
    }
    match timeout(PATIENCE, open(config)).await {
        Ok(Ok((store, health, took))) => (judge(&health, took), Some(store)),
        Ok(Err(problem)) => (failed(&config.store, &problem, service), None),
        Err(_elapsed) => {
            let problem = StoreError::Unavailable("no answer within 10 s".into());
            (failed(&config.store, &problem, service), None)
        }
    }
}

async fn open(config: &Config) -> Result<(Store, Health, Duration), StoreError> {
    let store = Store::open(&store_settings(config)).await?;
    let begun = Instant::now();
    let health = store.health().await?;
    Ok((store, health, begun.elapsed()))
}

/// What the file tells from outside: it is not there, or it is another user's.
fn before_opening(path: &Path, service: &Service) -> Option<Check> {
    let problem = File::open(path).err()?.kind();
    let shown = path.display();
    let runs = matches!(service, Service::Ready { .. });
    if problem == ErrorKind::NotFound && runs {
        return Some(Check::warning(
            NAME,
            format!("{shown} does not exist here, and the running service is ready"),
            "run the doctor with the service's configuration, in its working directory; or write an absolute path \
             into `store.url`",
        ));
    }
    if problem == ErrorKind::NotFound {
        let seen = format!("{shown} does not exist yet; the service makes it");
        return Some(Check::ok(NAME, seen));
    }
    (problem == ErrorKind::PermissionDenied && runs).then(|| {
        Check::warning(
            NAME,
            format!("{shown} is another user's; the running service says that its store is well"),
            "run the doctor as the service's user",
        )
    })
}

fn judge(health: &Health, took: Duration) -> Check {
    let seen = format!("{}, round trip {} ms", health.name, took.as_millis());
    match &health.warning {
        Some(warning) => Check::warning(NAME, seen, warning),
        None if took > SLOW => Check::warning(
            NAME,
            seen,
            "callbacks wait for the store: move it nearer, or find what keeps it busy",
        ),
        None => Check::ok(NAME, seen),
    }
}

fn failed(store: &StoreChoice, problem: &StoreError, service: &Service) -> Check {
    if let StoreError::InUse(path) = problem {
        return match service {
            Service::Ready { took, .. } => Check::ok(
                NAME,
                format!(
                    "embedded, {path} is in use by the running service, which says after {} ms that it is well",
                    took.as_millis()
                ),
            ),
            Service::NotReady => Check::fault(
                NAME,
                format!(
                    "{path} is in use by the running service, which says that it does not answer"
                ),
                "see the service's log: a full or failing disk is named there",
            ),
            Service::Other(_) | Service::Absent(_) => Check::fault(
                NAME,
                format!("{path} is in use by a process that does not answer at `server.listen`"),
                "name the address that it listens on, or stop it; several processes need a redis:// URL",
            ),
        };
    }
    let advice = match store {
        StoreChoice::Redis(_) => {
            "see that Redis runs, that this machine reaches it, and that `store.url` has its address, user and password"
        }
        StoreChoice::Embedded(_) => "change `store.url`, or what stands against it",
    };
    Check::fault(NAME, problem.to_string(), advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::Verdict;

    #[test]
    fn who_holds_the_file_decides() {
        let ready = Service::Ready {
            version: "1".into(),
            took: Duration::ZERO,
            faults: Some(0),
        };
        let absent = Service::Absent("refused".into());
        let (file, in_use) = (
            StoreChoice::Embedded("a.redb".into()),
            StoreError::InUse("a.redb".into()),
        );
        for (service, verdict) in [
            (ready, Verdict::Ok),
            (Service::NotReady, Verdict::Fault),
            (absent, Verdict::Fault),
        ] {
            let check = failed(&file, &in_use, &service);
            assert_eq!(check.verdict, verdict, "{check:?}");
        }
    }

    #[test]
    fn what_redis_loses_and_what_is_slow_is_a_warning() {
        let health = |warning: Option<&str>| Health {
            name: "Redis 7".into(),
            warning: warning.map(Into::into),
        };
        for (warning, millis, verdict) in [
            (None, 1, Verdict::Ok),
            (None, 201, Verdict::Warning),
            (Some("set appendonly yes"), 1, Verdict::Warning),
        ] {
            let check = judge(&health(warning), Duration::from_millis(millis));
            assert_eq!(check.verdict, verdict, "{check:?}");
            assert!(warning.is_none() || check.advice.as_deref() == warning);
        }
    }
}
