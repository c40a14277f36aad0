//! Holds calls back that would fail for a fault that is known, in this process or in another.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::fault::{self, Fault, GETTOKEN, KEPT, Met};
use crate::wecom::tally::Happening;
use crate::wecom::{Client, Secret};

/// The note in which the processes keep what they know, as JSON.
const NOTE: &str = "faults";

/// What was read of it counts for so long.
const FRESH: Duration = Duration::from_secs(5);

/// How often it is told that a fault or an outage is over.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Shorter silences are no outages: what waits because of them is due soon anyway.
const OUTAGE: Duration = Duration::from_secs(60);

/// How often a change is made anew because another process changed the note meanwhile.
const TRIES: usize = 5;

/// What this process knows.
#[derive(Debug, Default)]
pub(in crate::wecom) struct Breaker {
    known: Mutex<Known>,
    /// A fault or an outage was proven to be over, and nobody was told yet.
    mended: AtomicBool,
    /// When somebody was told, in milliseconds since 1970.
    told_at: AtomicI64,
    /// When the first call had no answer since the last that had, in milliseconds since 1970; 0 while calls have.
    away_since: AtomicI64,
    /// When the last one had none.
    away_until: AtomicI64,
}

#[derive(Debug, Default)]
struct Known {
    faults: Vec<Fault>,
    looked_at: Option<Timestamp>,
}

impl Breaker {
    /// A call has ended so. After an outage what waits for its next attempt, up to half an hour, need not. Only
    /// between two silences it is known that WeCom was away: after a single one nobody may have asked for hours.
    pub(in crate::wecom) fn heard(&self, problem: Option<&ApiError>, now: Timestamp) {
        let since = self.away_since.load(Ordering::Relaxed);
        if problem.is_some_and(ApiError::is_silence) {
            if since == 0 {
                self.away_since.store(now.millis(), Ordering::Relaxed);
            }
            self.away_until.store(now.millis(), Ordering::Relaxed);
        } else if since != 0 {
            self.away_since.store(0, Ordering::Relaxed);
            let until = Timestamp::from_millis(self.away_until.load(Ordering::Relaxed));
            if until.since(Timestamp::from_millis(since)) >= OUTAGE {
                self.mended.store(true, Ordering::Relaxed);
            }
        }
    }

    /// The error of a call that is not made.
    fn error(
        &self,
        api: &str,
        secret: Secret,
        credentials: &str,
        now: Timestamp,
    ) -> Option<ApiError> {
        let known = self.lock();
        let fault = fault::holding(&known.faults, api, secret, credentials, now)?;
        Some(ApiError::Misconfigured {
            errcode: Some(fault.errcode),
            what: fault.what.clone(),
        })
    }

    fn knows_of(&self, api: &str, secret: Secret) -> bool {
        let known = self.lock();
        let mut faults = known.faults.iter();
        faults.any(|fault| fault::stands_against(fault, api, secret))
    }

    /// Whether it is time to look what other processes know.
    fn is_stale(&self, now: Timestamp) -> bool {
        let looked_at = self.lock().looked_at;
        !looked_at.is_some_and(|at| now >= at && now.since(at) < FRESH)
    }

    fn never_looked(&self) -> bool {
        self.lock().looked_at.is_none()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Client {
    /// The faults that stand, as all processes know them.
    pub async fn faults(&self, now: Timestamp) -> Vec<Fault> {
        self.look(now).await;
        let mut faults = self.breaker.lock().faults.clone();
        fault::forget(&mut faults, now);
        for fault in &mut faults {
            fault.credentials.clear();
        }
        faults
    }

    /// Calls that are held back are made again at once, by all processes within seconds: somebody says that the fault is
    /// gone.
    pub async fn try_again(&self, now: Timestamp) {
        self.change(now, |faults| fault::try_again(faults, now))
            .await;
    }

    /// Whether a call has proven that a fault or an outage is over: what waits because of it need not. Told once, and
    /// once a minute at most: a fault that comes and goes must not have everything tried again each time.
    pub fn take_mended(&self, now: Timestamp) -> bool {
        let Breaker {
            mended, told_at, ..
        } = &self.breaker;
        // Asked at every claim; what follows is for the rare case.
        if !mended.load(Ordering::Relaxed) {
            return false;
        }
        let last = Timestamp::from_millis(told_at.load(Ordering::Relaxed));
        if now >= last && now.since(last) < TELL_EVERY {
            return false;
        }
        told_at.store(now.millis(), Ordering::Relaxed);
        mended.swap(false, Ordering::Relaxed)
    }

    /// Refuses a call that would fail.
    pub(in crate::wecom) async fn hold_back(
        &self,
        api: &str,
        secret: Secret,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        // A token is fetched rarely, and a wrong secret must not be tried by every process.
        if self.breaker.never_looked() || (api == GETTOKEN && self.breaker.is_stale(now)) {
            self.look(now).await;
        }
        if self.known_fault(api, secret, now).is_some() && self.breaker.is_stale(now) {
            // Another process may have found out that the fault is gone, or somebody said so.
            self.look(now).await;
        }
        self.still_held_back(api, secret, now)
    }

    /// The same, from what is known already.
    pub(in crate::wecom) fn still_held_back(
        &self,
        api: &str,
        secret: Secret,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        match self.known_fault(api, secret, now) {
            None => Ok(()),
            Some(error) => {
                self.tally.count(Happening::HeldBack);
                Err(error)
            }
        }
    }

    fn known_fault(&self, api: &str, secret: Secret, now: Timestamp) -> Option<ApiError> {
        let credentials = self.credentials(secret);
        self.breaker.error(api, secret, credentials, now)
    }

    /// A call met a fault.
    pub(in crate::wecom) async fn met(&self, met: Met<'_>, now: Timestamp) {
        self.tally.count(Happening::Misconfigured);
        self.change(now, |faults| fault::keep(faults, met, now))
            .await;
    }

    /// A call went well, or was refused for reasons of its own.
    pub(in crate::wecom) async fn went_well(&self, api: &str, secret: Secret, now: Timestamp) {
        if self.breaker.knows_of(api, secret) {
            self.change(now, |faults| fault::clear(faults, api, secret))
                .await;
            self.breaker.mended.store(true, Ordering::Relaxed);
        }
    }

    /// Reads what other processes know; that counts more than what this one knows.
    async fn look(&self, now: Timestamp) {
        let note = self.sharing.note(NOTE, now).await;
        let mut known = self.breaker.lock();
        known.looked_at = Some(now);
        if let Some(text) = note {
            known.faults = parse(text.as_deref());
        }
    }

    /// Makes a change here and in the note.
    async fn change(&self, now: Timestamp, change: impl Fn(&mut Vec<Fault>)) {
        change(&mut self.breaker.lock().faults);
        for _ in 0..TRIES {
            let Some(before) = self.sharing.note(NOTE, now).await else {
                return;
            };
            let mut faults = parse(before.as_deref());
            fault::forget(&mut faults, now);
            change(&mut faults);
            let after = match faults.is_empty() {
                true => None,
                false => serde_json::to_string(&faults).ok(),
            };
            let (from, to) = (before.as_deref(), after.as_deref());
            match self.sharing.swap(NOTE, from, to, KEPT, now).await {
                Some(true) => {
                    let mut known = self.breaker.lock();
                    known.faults = faults;
                    known.looked_at = Some(now);
                    return;
                }
                Some(false) => {}
                None => return,
            }
        }
    }
}

/// A note of another version that cannot be read is as good as none: what stands is met again.
fn parse(note: Option<&str>) -> Vec<Fault> {
    note.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::ids::UserId;
    use crate::wecom::script::{NOW, SYNC_SECRET, Script, Together, errcode};

    /// A call with the app's secret.
    async fn read(client: &Client, now: Timestamp) -> Option<i64> {
        let id = UserId::parse("zhang").unwrap();
        let error = client.external_profile(&id, now).await.err()?;
        error.errcode()
    }

    fn after(secs: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(secs))
    }

    /// Refuses the first `times` calls of `user/get` with this code.
    async fn refusing(code: i64, times: usize) -> Script {
        Script::start(move |asked, before| {
            (asked.path == "user/get" && before < times)
                .then(|| errcode(code))
                .flatten()
        })
        .await
    }

    #[tokio::test]
    async fn an_outage_that_is_over_is_told_once() {
        // -1: WeCom is busy.
        let script = refusing(-1, 4).await;
        let client = script.client();
        for (secs, expected, over) in [
            (0, Some(-1), false),
            (30, Some(-1), false),
            (59, Some(-1), false),
            (60, Some(-1), false),
            (61, None, true),
            (62, None, false),
        ] {
            assert_eq!(read(&client, after(secs)).await, expected, "{secs}");
            assert_eq!(client.take_mended(after(secs)), over, "{secs}");
        }
    }

    #[tokio::test]
    async fn what_is_no_outage_hastens_nothing() {
        // The code of all refusals, and when calls are made.
        for (code, story) in [
            // Shorter than an outage.
            (-1, &[(0, Some(-1)), (59, Some(-1)), (60, None)][..]),
            // Nobody asked in between.
            (-1, &[(0, Some(-1)), (600, None)]),
            // Another app is at it: an answer.
            (41096, &[(0, Some(41096)), (120, Some(41096)), (121, None)]),
        ] {
            let refusals = story.iter().filter(|(_, code)| code.is_some());
            let script = refusing(code, refusals.count()).await;
            let client = script.client();
            for &(secs, expected) in story {
                assert_eq!(read(&client, after(secs)).await, expected, "{story:?}");
                assert!(!client.take_mended(after(secs)), "{story:?} at {secs}");
            }
        }
    }

    #[tokio::test]
    async fn a_fault_stops_its_calls_until_it_is_tried_again() {
        let script = refusing(60020, 2).await;
        let client = script.client();
        for (secs, expected, calls) in [
            (0, Some(60020), 1),
            (1, Some(60020), 1),
            (599, Some(60020), 1),
            (600, Some(60020), 2),
            (1199, Some(60020), 2),
            (1200, None, 3),
            (1201, None, 4),
        ] {
            assert_eq!(read(&client, after(secs)).await, expected, "{secs}");
            assert_eq!(script.asked("user/get").len(), calls, "{secs}");
            let faults = client.faults(after(secs)).await;
            let told: Vec<_> = faults.iter().map(|f| (f.errcode, f.since)).collect();
            assert_eq!(told, expected.map(|code| (code, NOW)).as_slice(), "{secs}");
        }
        assert!(client.take_mended(after(1201)), "it is gone");
        assert!(!client.take_mended(after(1300)), "told once");
        assert_eq!(client.tally().of(Happening::Misconfigured), 2);
        assert_eq!(client.tally().of(Happening::HeldBack), 3);
    }

    #[tokio::test]
    async fn a_fault_that_comes_and_goes_is_not_told_each_time() {
        let script = Script::start(|asked, before| {
            (asked.path == "user/get" && before % 2 == 0)
                .then(|| errcode(60020))
                .flatten()
        })
        .await;
        let client = script.client();
        for (secs, told) in [(0, true), (1, false), (59, false), (60, true)] {
            assert_eq!(read(&client, after(secs)).await, Some(60020));
            client.try_again(after(secs)).await;
            assert_eq!(read(&client, after(secs)).await, None);
            assert_eq!(client.take_mended(after(secs)), told, "{secs}");
        }
    }

    #[tokio::test]
    async fn somebody_may_say_that_it_is_gone() {
        let script = refusing(48002, 1).await;
        let client = script.client();
        read(&client, NOW).await.unwrap();
        client.try_again(after(1)).await;
        assert_eq!(client.faults(after(1)).await.len(), 1, "until it is proven");
        assert_eq!(read(&client, after(1)).await, None);
        assert!(client.faults(after(1)).await.is_empty());
    }

    #[tokio::test]
    async fn a_fault_of_one_member_stops_nobody() {
        let script = refusing(60011, 1).await;
        let client = script.client();
        assert_eq!(read(&client, NOW).await, Some(60011));
        assert_eq!(read(&client, NOW).await, None);
        assert_eq!(client.faults(NOW).await[0].errcode, 60011);
    }

    #[tokio::test]
    async fn processes_tell_each_other() {
        let script = refusing(60020, 2).await;
        let together = Arc::new(Together::default());
        let client = || script.client().shared_with(Arc::clone(&together) as Arc<_>);
        let (one, other) = (client(), client());
        assert_eq!(read(&one, NOW).await, Some(60020));
        assert_eq!(read(&other, after(1)).await, Some(60020));
        assert_eq!(script.asked("user/get").len(), 1, "the other one knew");
        assert_eq!(other.faults(after(1)).await, one.faults(after(1)).await);
        other.try_again(after(2)).await;
        assert_eq!(read(&one, after(3)).await, Some(60020), "not looked yet");
        assert_eq!(script.asked("user/get").len(), 1);
        assert_eq!(read(&one, after(8)).await, Some(60020), "tried");
        assert_eq!(script.asked("user/get").len(), 2);
        other.try_again(after(20)).await;
        assert_eq!(read(&other, after(20)).await, None);
        assert_eq!(
            read(&one, after(21)).await,
            None,
            "the other's success counts"
        );
        assert!(one.faults(after(21)).await.is_empty());
        assert_eq!(together.note("faults"), None);
    }

    #[tokio::test]
    async fn a_wrong_secret_is_tried_by_one_process() {
        let script = Script::start(|asked, _| {
            let sync = asked.query.get("corpsecret").map(String::as_str) == Some(SYNC_SECRET);
            sync.then(|| errcode(40001)).flatten()
        })
        .await;
        let together = Arc::new(Together::default());
        for secs in [0, 6, 12] {
            let client = script.client().shared_with(Arc::clone(&together) as Arc<_>);
            let now = after(secs);
            client
                .check_token(Secret::ContactSync, now)
                .await
                .unwrap_err();
            assert_eq!(read(&client, now).await, None);
        }
        let wrong = |asked: &crate::wecom::script::Asked| asked.query["corpsecret"] == SYNC_SECRET;
        let asked = script.asked("gettoken");
        assert_eq!(asked.iter().filter(|asked| wrong(asked)).count(), 1);
    }

    #[tokio::test]
    async fn corrected_credentials_are_tried_at_once() {
        let script = refusing(40001, 1).await;
        let together = Arc::new(Together::default());
        let mut client = script.client().shared_with(Arc::clone(&together) as Arc<_>);
        assert_eq!(read(&client, NOW).await, Some(40001));
        assert!(!client.faults(NOW).await.is_empty());
        client.app_credentials = "others".into();
        assert_eq!(read(&client, after(1)).await, None);
        assert!(client.faults(after(1)).await.is_empty());
        assert_eq!(together.note("faults"), None);
    }

    #[tokio::test]
    async fn without_an_answer_each_goes_by_its_own() {
        let script = refusing(60020, 1).await;
        let together = Arc::new(Together::default());
        let client = script.client().shared_with(Arc::clone(&together) as Arc<_>);
        together.is_deaf(true);
        assert_eq!(read(&client, NOW).await, Some(60020));
        assert_eq!(read(&client, after(60)).await, Some(60020));
        assert_eq!(client.faults(after(60)).await.len(), 1);
        assert_eq!(read(&client, after(600)).await, None);
        assert_eq!(script.asked("user/get").len(), 2);
    }
}
