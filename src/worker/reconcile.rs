//! Syncs that start by themselves: all of it every night, a twenty-fourth of the members every hour.
//!
//! A start is a delivery like any other, and its content is the time for which it is planned: whichever process of a
//! store is first starts it, and the others' are recognised as the same.

use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::callback::event::own::OwnEvent;
use crate::model::ids::CorpId;
use crate::model::sync::{AskedBy, SyncMode, SyncPart, SyncRequest, SyncScope};
use crate::model::time::{BEIJING, Timestamp};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::item::Accepted;
use crate::worker::Worker;

/// How often it is looked whether something is due.
const EVERY: Duration = Duration::from_secs(30);

/// What was missed for longer, because no process ran, is left out.
const LATE: Duration = Duration::from_secs(60 * 60);

/// Corps start apart: every one so much later, at most, than the set time, and than the full hour.
const NIGHT_JITTER: Duration = Duration::from_secs(30 * 60);
const HOUR_JITTER: Duration = Duration::from_secs(50 * 60);

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Members are looked at in so many parts, one an hour.
const PARTS: u32 = 24;

/// When syncs start by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// The full sync: how long after midnight in Beijing. `None`: never.
    pub nightly: Option<Duration>,
    /// Whether there are light passes between the nights.
    pub hourly: bool,
}

impl Schedule {
    /// What is due for a corp, and for when it was planned.
    pub fn due(self, corp: &CorpId, now: Timestamp) -> Vec<(Timestamp, SyncRequest)> {
        let mut due = Vec::new();
        if let Some(after_midnight) = self.nightly {
            let jitter = Duration::from_secs(spread(corp) % NIGHT_JITTER.as_secs());
            // Midnight in Beijing is before midnight in UTC.
            let offset = after_midnight + jitter + DAY - BEIJING;
            due.push((last(DAY, offset, now), None));
        }
        if self.hourly {
            let jitter = Duration::from_secs(spread(corp) % HOUR_JITTER.as_secs());
            let at = last(HOUR, jitter, now);
            let hour = at.secs() / HOUR.as_secs().cast_signed();
            let number = u32::try_from(hour.rem_euclid(i64::from(PARTS))).unwrap_or(0);
            due.push((at, Some(SyncPart { number, of: PARTS })));
        }
        due.retain(|(at, _)| now.since(*at) < LATE);
        let request = |(at, part)| {
            let request = SyncRequest {
                scope: SyncScope::All,
                mode: SyncMode::Repair,
                by: AskedBy::Schedule,
                part,
            };
            (at, request)
        };
        due.into_iter().map(request).collect()
    }
}

/// The last time up to `now` that is `offset` after a multiple of `every` since 1970.
fn last(every: Duration, offset: Duration, now: Timestamp) -> Timestamp {
    let (every, offset) = (
        every.as_secs().cast_signed(),
        offset.as_secs().cast_signed(),
    );
    let periods = (now.secs() - offset).div_euclid(every);
    Timestamp::from_secs(periods * every + offset)
}

/// The same number for a corp in every process and every version.
fn spread(corp: &CorpId) -> u64 {
    let hash = Sha256::digest(corp.as_str());
    hash.iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

impl Worker {
    /// Starts the loops that start syncs.
    pub fn keep_schedule(
        &self,
        corps: &[CorpId],
        schedule: Schedule,
        stop: &CancellationToken,
        tasks: &TaskTracker,
    ) {
        for corp in corps {
            let (worker, corp, stop) = (self.clone(), corp.clone(), stop.clone());
            tasks.spawn(async move { worker.reconcile(&corp, schedule, &stop).await });
        }
    }

    /// Puts what is due into the inbox; tells how much of it nobody had put there before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn start_due(&self, corp: &CorpId, schedule: Schedule) -> Result<usize, StoreError> {
        start(&self.store, corp, &schedule.due(corp, self.clock.now())).await
    }

    async fn reconcile(&self, corp: &CorpId, schedule: Schedule, stop: &CancellationToken) {
        let mut started: Vec<(Timestamp, SyncRequest)> = Vec::new();
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = stop.cancelled() => return,
            }
            let due = schedule.due(corp, self.clock.now());
            let new: Vec<_> = due
                .iter()
                .filter(|due| !started.contains(due))
                .copied()
                .collect();
            match start(&self.store, corp, &new).await {
                Ok(_) => started = due,
                Err(problem) => {
                    tracing::warn!(%corp, %problem, "A sync could not be started; trying again soon.");
                }
            }
        }
    }
}

async fn start(
    store: &Store,
    corp: &CorpId,
    due: &[(Timestamp, SyncRequest)],
) -> Result<usize, StoreError> {
    let mut new = 0;
    for (at, request) in due {
        let (key, delivery) = OwnEvent::StartSync(*request).delivery(*at);
        if let Accepted::New(event) = store.accept(corp, key, &delivery).await? {
            tracing::info!(%corp, %event, planned = %at, "A sync is due.");
            new += 1;
        }
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corp(id: &str) -> CorpId {
        CorpId::parse(id).unwrap()
    }

    #[test]
    fn one_night_and_every_hour() {
        let schedule = Schedule {
            nightly: Some(Duration::from_secs(3 * 3600 + 1800)),
            hourly: true,
        };
        let midnight = Timestamp::parse("2026-11-22T16:00:00Z").unwrap();
        for id in [
            "ww1", "ww2", "ww3", "ww4", "ww5", "ww6", "ww7", "ww8", "wwOther",
        ] {
            let corp = corp(id);
            let (mut nights, mut parts) = (Vec::new(), Vec::new());
            for minute in 0..24 * 60 {
                let now = midnight.plus(Duration::from_secs(minute * 60));
                for (at, request) in schedule.due(&corp, now) {
                    assert!(at <= now && now.since(at) < LATE);
                    match request.part {
                        None if !nights.contains(&at) => nights.push(at),
                        Some(part) if !parts.contains(&(at, part)) => parts.push((at, part)),
                        _ => {}
                    }
                }
            }
            assert_eq!(nights.len(), 1, "{nights:?}");
            let after = nights[0].since(midnight).as_secs();
            assert!((12_600..12_600 + 1800).contains(&after), "{after}");
            let into_hour = |at: &Timestamp| at.secs().rem_euclid(3600);
            let first = into_hour(&parts[0].0);
            assert!(first < 3000, "{first} s after the full hour");
            assert!(parts.iter().all(|(at, _)| into_hour(at) == first));
            let mut numbers: Vec<u32> = parts.iter().map(|(_, part)| part.number).collect();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), 24);
            assert!(
                (24..=25).contains(&parts.len()),
                "the first may be of the hour before"
            );
        }
    }

    #[test]
    fn what_is_switched_off_is_never_due() {
        let off = Schedule {
            nightly: None,
            hourly: false,
        };
        assert_eq!(
            off.due(&corp("ww1"), Timestamp::from_secs(1_790_000_000)),
            []
        );
    }

    #[test]
    fn corps_start_apart() {
        let mut minutes: Vec<u64> = (0..50)
            .map(|n| spread(&corp(&format!("ww{n}"))) % NIGHT_JITTER.as_secs() / 60)
            .collect();
        minutes.sort_unstable();
        minutes.dedup();
        assert!(minutes.len() > 15, "{minutes:?}");
    }
}
