//! Tells the corp's clients in other processes that too many calls of an API are under way (45033), and hears it of them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::time::Timestamp;
use crate::wecom::Client;
use crate::wecom::places::Narrowed;

/// The note in which the processes keep what they have met, as JSON by API.
const NOTE: &str = "crowd";

/// A room that nothing narrows again is whole before this.
const KEPT: Duration = Duration::from_secs(300);

/// How often a change is made anew because another process changed the note meanwhile.
const TRIES: usize = 5;

impl Client {
    /// Looks what other processes have met, now and then.
    pub(in crate::wecom) async fn hear_of_crowds(&self, now: Timestamp) {
        if self.sharing.is_shared()
            && self.rooms.is_stale(now)
            && let Some(note) = self.sharing.note(NOTE, now).await
        {
            self.rooms.learn(parse(note.as_deref()));
        }
    }

    /// Gives up half of the places of an API, in every process.
    pub(in crate::wecom) async fn make_room(&self, api: &'static str, now: Timestamp) {
        let Some(narrowed) = self.rooms.narrow(api, now) else {
            return;
        };
        for _ in 0..TRIES {
            let Some(before) = self.sharing.note(NOTE, now).await else {
                return;
            };
            let mut met = parse(before.as_deref());
            met.retain(|_, narrowed| !narrowed.is_over(now));
            met.insert(api.to_owned(), narrowed);
            let after = serde_json::to_string(&met).ok();
            let (from, to) = (before.as_deref(), after.as_deref());
            match self.sharing.swap(NOTE, from, to, KEPT, now).await {
                Some(true) => return self.rooms.learn(met),
                Some(false) => {}
                None => return,
            }
        }
    }
}

/// A note of another version that cannot be read is as good as none.
fn parse(note: Option<&str>) -> BTreeMap<String, Narrowed> {
    note.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;

    use super::*;
    use crate::model::ids::UserId;
    use crate::wecom::script::{NOW, Script, Together, errcode};

    fn after(secs: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(secs))
    }

    async fn read(client: &Client, now: Timestamp) -> Option<i64> {
        let id = UserId::parse("zhang").unwrap();
        let error = client.external_profile(&id, now).await.err()?;
        error.errcode()
    }

    /// How many calls of this API may be under way.
    fn places(client: &Client, api: &'static str, now: Timestamp) -> usize {
        let enter = || client.rooms.enter(api, 12, now).now_or_never();
        let inside: Vec<_> = std::iter::from_fn(enter).collect();
        inside.len()
    }

    #[tokio::test]
    async fn a_refusal_narrows_the_rooms_of_all() {
        let script = Script::start(|asked, before| match asked.path.as_str() {
            "user/get" if [0, 3].contains(&before) => errcode(45033),
            _ => None,
        })
        .await;
        let together = Arc::new(Together::default());
        let client = || script.client().shared_with(Arc::clone(&together) as Arc<_>);
        let (one, other, stranger) = (client(), client(), script.client());
        assert_eq!(read(&one, NOW).await, Some(45033));
        assert_eq!(read(&other, after(1)).await, None);
        assert_eq!(read(&stranger, after(1)).await, None);
        for (client, expected) in [(&one, 6), (&other, 6), (&stranger, 12)] {
            assert_eq!(places(client, "user/get", after(1)), expected);
            assert_eq!(places(client, "user/simplelist", after(1)), 12);
        }
        // The other one is refused next, and halves what both have left.
        assert_eq!(read(&other, after(2)).await, Some(45033));
        assert_eq!(places(&other, "user/get", after(2)), 3);
        assert_eq!(places(&one, "user/get", after(2)), 6, "not looked yet");
        assert_eq!(read(&one, after(5)).await, None);
        assert_eq!(places(&one, "user/get", after(5)), 3);
        for (secs, expected) in [(12, 4), (32, 6), (92, 12)] {
            for client in [&one, &other] {
                assert_eq!(places(client, "user/get", after(secs)), expected, "{secs}");
            }
        }
    }

    #[tokio::test]
    async fn without_an_answer_each_goes_by_its_own() {
        let script = Script::start(|asked, before| match asked.path.as_str() {
            "user/get" if before == 0 => errcode(45033),
            _ => None,
        })
        .await;
        let together = Arc::new(Together::default());
        let client = || script.client().shared_with(Arc::clone(&together) as Arc<_>);
        let (one, other) = (client(), client());
        together.is_deaf(true);
        assert_eq!(read(&one, NOW).await, Some(45033));
        assert_eq!(read(&other, NOW).await, None);
        assert_eq!(places(&one, "user/get", NOW), 6);
        assert_eq!(places(&other, "user/get", NOW), 12);
    }
}
