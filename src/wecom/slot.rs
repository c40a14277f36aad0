//! One token or ticket: fetched when needed, by one caller at a time and by one process at a time, and shared.
//!
//! ```text
//! own value good? ──► another process's good? ──► lease ──► fetch ──► share
//!                                                  └─ held by another: wait a little for its value
//! ```

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::model::time::Timestamp;
use crate::wecom::seal::Seal;
use crate::wecom::shared::Sharing;
use crate::wecom::tally::{Happening, Tally};

/// How long before its end a value is renewed; a short-lived one after half its life.
const EARLY: Duration = Duration::from_secs(300);

/// How long a process has the right to fetch: as long as a fetch may take, and a little.
const LEASE: Duration = Duration::from_secs(12);

/// How often, and after which pauses, one looks whether the holder of the lease has fetched. A welcome code lives 20 s.
const LOOKS: usize = 10;
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a fetch brings.
pub(crate) struct Fetched {
    /// The token or ticket.
    pub(crate) value: SecretString,
    /// How long it is good.
    pub(crate) lifetime: Duration,
}

/// A token or ticket in use.
pub(crate) struct Held {
    value: SecretString,
    /// Tells it from its predecessors, also when WeCom gives the same text again.
    number: u64,
    fresh_until: Timestamp,
}

impl Held {
    /// The value, for the one call that needs it.
    pub(crate) fn expose(&self) -> &str {
        self.value.expose_secret()
    }
}

/// What a slot uses of its client.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    /// The other processes.
    pub(crate) sharing: &'a Sharing,
    /// What is counted.
    pub(crate) tally: &'a Tally,
}

/// Which value will do.
enum Want<'a> {
    /// One that is good for a while.
    Fresh,
    /// One that came after this one, which was refused.
    After(&'a Held),
    /// One that is fetched now.
    New,
}

impl Want<'_> {
    fn is_met_by_own(&self, held: &Held, now: Timestamp) -> bool {
        match self {
            Self::Fresh => now < held.fresh_until,
            Self::After(refused) => held.number > refused.number,
            Self::New => false,
        }
    }

    fn is_met_by(&self, shared: &Plain, now: Timestamp) -> bool {
        let fresh = now < shared.fresh_until;
        match self {
            Self::Fresh => fresh,
            Self::After(refused) => fresh && shared.value != refused.expose(),
            Self::New => false,
        }
    }
}

/// What is sealed in the note. Wiped when dropped.
#[derive(Serialize, Deserialize, ZeroizeOnDrop)]
struct Plain {
    value: String,
    #[zeroize(skip)]
    fresh_until: Timestamp,
}

/// Who may fetch.
enum Lease {
    /// This process, under this name.
    Ours(String),
    /// Another one is at it.
    Theirs,
    /// Nobody can be asked.
    Alone,
}

/// Holds one value and lets one caller at a time fetch the next; the others wait and share what came of it.
pub(crate) struct Slot<E> {
    seal: Seal,
    state: Mutex<State<E>>,
    /// How many fetches have failed. A caller that sees it grow while it waits shares that failure.
    failures: AtomicU64,
}

struct State<E> {
    held: Option<Arc<Held>>,
    number: u64,
    failure: Option<E>,
}

impl<E: Clone> Slot<E> {
    /// For `what`, which this secret of a corp or an account brings.
    pub(crate) fn new(what: &str, owner: &impl fmt::Display, secret: &SecretString) -> Self {
        Self {
            seal: Seal::new(what, owner, secret),
            state: Mutex::new(State {
                held: None,
                number: 0,
                failure: None,
            }),
            failures: AtomicU64::default(),
        }
    }

    /// The value, fetched when there is none or it is about to end.
    pub(crate) async fn current(
        &self,
        around: Around<'_>,
        now: Timestamp,
        fetch: impl Future<Output = Result<Fetched, E>>,
    ) -> Result<Arc<Held>, E> {
        self.obtain(around, Want::Fresh, now, fetch).await
    }

    /// A value that came after `refused`.
    pub(crate) async fn instead_of(
        &self,
        around: Around<'_>,
        refused: &Held,
        now: Timestamp,
        fetch: impl Future<Output = Result<Fetched, E>>,
    ) -> Result<Arc<Held>, E> {
        self.obtain(around, Want::After(refused), now, fetch).await
    }

    /// A value fetched now.
    pub(crate) async fn renew(
        &self,
        around: Around<'_>,
        now: Timestamp,
        fetch: impl Future<Output = Result<Fetched, E>>,
    ) -> Result<Arc<Held>, E> {
        self.obtain(around, Want::New, now, fetch).await
    }

    /// A dropped caller leaves the lock, and the next one fetches.
    async fn obtain(
        &self,
        around: Around<'_>,
        want: Want<'_>,
        now: Timestamp,
        fetch: impl Future<Output = Result<Fetched, E>>,
    ) -> Result<Arc<Held>, E> {
        let failures = self.failures.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        let own = state.held.as_ref();
        if let Some(held) = own.filter(|held| want.is_met_by_own(held, now)) {
            return Ok(Arc::clone(held));
        }
        let waited = self.failures.load(Ordering::Acquire) != failures;
        if let Some(failure) = state.failure.as_ref().filter(|_| waited) {
            return Err(failure.clone());
        }
        let (found, lease) = self.found_or_lease(around, &want, now).await;
        if let Some(found) = found {
            around.tally.count(Happening::TakenOver);
            return Ok(state.hold(found.value.as_str().into(), found.fresh_until));
        }
        let fetched = fetch.await.map(|Fetched { value, lifetime }| {
            let fresh_until = now.plus(lifetime.saturating_sub(EARLY).max(lifetime / 2));
            (value, fresh_until)
        });
        if let Ok((value, fresh_until)) = &fetched {
            self.share(around, value, *fresh_until, now).await;
        }
        if let Lease::Ours(name) = lease {
            let note = self.lease_note();
            let gone = around.sharing.swap(&note, Some(&name), None, LEASE, now);
            gone.await;
        }
        match fetched {
            Ok((value, fresh_until)) => {
                around.tally.count(Happening::Fetched);
                Ok(state.hold(value, fresh_until))
            }
            Err(failure) => {
                self.failures.fetch_add(1, Ordering::Release);
                state.failure = Some(failure.clone());
                Err(failure)
            }
        }
    }

    /// Another process's value, or who may fetch one.
    async fn found_or_lease(
        &self,
        around: Around<'_>,
        want: &Want<'_>,
        now: Timestamp,
    ) -> (Option<Plain>, Lease) {
        if !around.sharing.is_shared() || matches!(want, Want::New) {
            return (None, Lease::Alone);
        }
        let found = self.find(around, want, now).await;
        if found.is_some() {
            return (found, Lease::Alone);
        }
        let lease = self.lease(around, now).await;
        if let Lease::Theirs = lease {
            for _ in 0..LOOKS {
                tokio::time::sleep(LOOK_EVERY).await;
                let found = self.find(around, want, now).await;
                if found.is_some() {
                    return (found, Lease::Theirs);
                }
            }
        }
        (None, lease)
    }

    async fn find(&self, around: Around<'_>, want: &Want<'_>, now: Timestamp) -> Option<Plain> {
        let note = around.sharing.note(self.seal.name(), now).await??;
        let text = self.seal.open(&note)?;
        let plain: Plain = serde_json::from_str(&text).ok()?;
        want.is_met_by(&plain, now).then_some(plain)
    }

    async fn lease(&self, around: Around<'_>, now: Timestamp) -> Lease {
        let mut random = [0; 8];
        if getrandom::fill(&mut random).is_err() {
            return Lease::Alone;
        }
        let (note, name) = (self.lease_note(), u64::from_be_bytes(random).to_string());
        let swapped = around.sharing.swap(&note, None, Some(&name), LEASE, now);
        match swapped.await {
            Some(true) => Lease::Ours(name),
            Some(false) => Lease::Theirs,
            None => Lease::Alone,
        }
    }

    /// Lets the other processes have the value. When it cannot be, they fetch their own.
    async fn share(
        &self,
        around: Around<'_>,
        value: &SecretString,
        fresh_until: Timestamp,
        now: Timestamp,
    ) {
        if !around.sharing.is_shared() {
            return;
        }
        let plain = Plain {
            value: value.expose_secret().to_owned(),
            fresh_until,
        };
        let sealed = serde_json::to_string(&plain)
            .ok()
            .map(Zeroizing::new)
            .and_then(|text| self.seal.seal(&text));
        let before = around.sharing.note(self.seal.name(), now).await;
        if let (Some(sealed), Some(before)) = (sealed, before) {
            let (name, keep_for) = (self.seal.name(), fresh_until.since(now));
            let sharing = &around.sharing;
            sharing
                .swap(name, before.as_deref(), Some(&sealed), keep_for, now)
                .await;
        }
    }

    fn lease_note(&self) -> String {
        format!("lease {}", self.seal.name())
    }
}

impl<E> State<E> {
    fn hold(&mut self, value: SecretString, fresh_until: Timestamp) -> Arc<Held> {
        self.number += 1;
        self.failure = None;
        let held = Arc::new(Held {
            value,
            number: self.number,
            fresh_until,
        });
        self.held = Some(Arc::clone(&held));
        held
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;
    use crate::model::ids::UserId;
    use crate::wecom::Client;
    use crate::wecom::error::ApiError;
    use crate::wecom::jssdk::Identity;
    use crate::wecom::script::{APP_SECRET, NOW, Script, Together, errcode};

    async fn read(client: &Client, now: Timestamp) -> Result<(), ApiError> {
        let id = UserId::parse("zhang").unwrap();
        client.external_profile(&id, now).await.map(|_| ())
    }

    fn two(script: &Script) -> (Arc<Together>, [Client; 2]) {
        let together = Arc::new(Together::default());
        let client = |_| script.client().shared_with(Arc::clone(&together) as Arc<_>);
        let clients = [0, 1].map(client);
        (together, clients)
    }

    #[tokio::test]
    async fn one_process_fetches_for_both() {
        let script = Script::start(|_, _| None).await;
        let (together, clients) = two(&script);
        for result in join_all(clients.iter().map(|client| read(client, NOW))).await {
            result.unwrap();
        }
        assert_eq!(script.asked("gettoken").len(), 1);
        let renewed = NOW.plus(Duration::from_secs(6900));
        for result in join_all(clients.iter().map(|client| read(client, renewed))).await {
            result.unwrap();
        }
        assert_eq!(script.asked("gettoken").len(), 2);
        for text in together.texts() {
            assert!(!text.contains("token-app"), "{text}");
            assert!(!text.contains(APP_SECRET), "{text}");
        }
        let counts = |what| clients.each_ref().map(|client| client.tally().of(what));
        assert_eq!(counts(Happening::Fetched).iter().sum::<u64>(), 2);
        assert_eq!(counts(Happening::TakenOver).iter().sum::<u64>(), 2);
    }

    #[tokio::test]
    async fn tickets_are_shared_as_well() {
        let script = Script::start(|asked, _| match asked.path.as_str() {
            "ticket/get" => crate::wecom::script::reply(
                serde_json::json!({"ticket": "the-ticket", "expires_in": 7200}),
            ),
            _ => None,
        })
        .await;
        let (_, clients) = two(&script);
        let url = url::Url::parse("https://a.example/").unwrap();
        for client in &clients {
            let signed = client.jsapi_signature(Identity::App, &url, NOW).await;
            signed.unwrap();
        }
        assert_eq!(script.asked("ticket/get").len(), 1);
    }

    #[tokio::test]
    async fn a_refused_token_is_replaced_once_for_both() {
        let script = Script::start(|asked, _| {
            let refused = asked.query.get("access_token");
            refused?.contains("-0-").then(|| errcode(42001)).flatten()
        })
        .await;
        let (_, clients) = two(&script);
        for client in &clients {
            client.token(crate::wecom::Secret::App, NOW).await.unwrap();
        }
        for result in join_all(clients.iter().map(|client| read(client, NOW))).await {
            result.unwrap();
        }
        assert_eq!(script.asked("gettoken").len(), 2);
    }

    #[tokio::test]
    async fn a_token_that_is_always_refused_uses_up_little() {
        let script =
            Script::start(|asked, _| (asked.path == "user/get").then(|| errcode(40014)).flatten())
                .await;
        let (_, clients) = two(&script);
        for n in 0..40 {
            read(&clients[n % 2], NOW).await.unwrap_err();
        }
        let fetched = script.asked("gettoken").len();
        assert!((2..=11).contains(&fetched), "{fetched}");
        let faults = clients[0].faults(NOW).await;
        let told: Vec<_> = faults.iter().map(|fault| fault.errcode).collect();
        assert_eq!(told, [40014], "{faults:?}");
    }

    #[tokio::test]
    async fn a_lease_of_a_process_that_died_delays_but_does_not_stop() {
        let script = Script::start(|_, _| None).await;
        let (together, [client, _]) = two(&script);
        let note = client.app_token.lease_note();
        together.write(&note, "of somebody who died");
        read(&client, NOW).await.unwrap();
        assert_eq!(script.asked("gettoken").len(), 1);
    }

    #[tokio::test]
    async fn what_cannot_be_opened_is_not_used() {
        let script = Script::start(|_, _| None).await;
        let (together, [client, _]) = two(&script);
        together.write(client.app_token.seal.name(), "nonsense");
        read(&client, NOW).await.unwrap();
        assert_eq!(script.asked("gettoken").len(), 1);
    }

    #[tokio::test]
    async fn nobody_to_share_with_stops_nothing() {
        let script = Script::start(|_, _| None).await;
        let (together, clients) = two(&script);
        together.is_deaf(true);
        for client in &clients {
            read(client, NOW).await.unwrap();
        }
        assert_eq!(script.asked("gettoken").len(), 2);
    }
}
