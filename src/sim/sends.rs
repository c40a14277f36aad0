//! What `message/send` remembers: requests that must not be delivered twice, and how much each member got.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use sha1::{Digest, Sha1};

use crate::model::ids::UserId;
use crate::model::time::Timestamp;

/// Messages of one app to one member: 30 in a minute and 1000 in an hour; more are dropped without an error
/// (path/90312).
const PER_MINUTE: u32 = 30;
const PER_HOUR: u32 = 1000;
/// When a table has grown beyond this, what is over is dropped.
const KEPT: usize = 20_000;

/// The memory of `message/send`.
#[derive(Debug, Default)]
pub(crate) struct Sends {
    recent: HashMap<[u8; 20], (Timestamp, Value)>,
    allowances: HashMap<String, Allowance>,
}

#[derive(Debug, Default)]
struct Allowance {
    minute: (i64, u32),
    hour: (i64, u32),
}

impl Sends {
    /// The answer to the same request, when that asked for the duplicate check and its interval still runs. What WeCom
    /// answers to a duplicate is not documented; this one repeats the first answer.
    pub(crate) fn duplicate(&self, body: &[u8], now: Timestamp) -> Option<&Value> {
        let (until, answer) = self.recent.get(&digest(body))?;
        (now < *until).then_some(answer)
    }

    /// Remembers a request with the duplicate check for its interval.
    pub(crate) fn remember(
        &mut self,
        body: &[u8],
        answer: &Value,
        now: Timestamp,
        interval: Duration,
    ) {
        if self.recent.len() > KEPT {
            self.recent.retain(|_, (until, _)| now < *until);
        }
        let entry = (now.plus(interval), answer.clone());
        self.recent.insert(digest(body), entry);
    }

    /// Whether the member may get one more message; counts it.
    pub(crate) fn allow(&mut self, userid: &UserId, now: Timestamp) -> bool {
        let allowance = self.allowances.entry(userid.key()).or_default();
        let minute = count(&mut allowance.minute, now.secs() / 60);
        let hour = count(&mut allowance.hour, now.secs() / 3600);
        minute <= PER_MINUTE && hour <= PER_HOUR
    }
}

fn digest(body: &[u8]) -> [u8; 20] {
    Sha1::digest(body).into()
}

fn count(window: &mut (i64, u32), number: i64) -> u32 {
    if window.0 != number {
        *window = (number, 0);
    }
    window.1 = window.1.saturating_add(1);
    window.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thirty_first_message_of_a_minute_is_dropped() {
        let (mut sends, now) = (Sends::default(), Timestamp::from_secs(1_700_000_040));
        let (zhang, li) = (
            UserId::parse("Zhang").unwrap(),
            UserId::parse("li").unwrap(),
        );
        assert!((0..30).all(|_| sends.allow(&zhang, now)));
        assert!(!sends.allow(&zhang, now));
        assert!(sends.allow(&li, now));
        assert!(sends.allow(&zhang, now.plus(Duration::from_secs(60))));
    }

    #[test]
    fn a_request_is_a_duplicate_within_its_interval() {
        let (mut sends, now) = (Sends::default(), Timestamp::from_secs(1));
        sends.remember(b"{}", &Value::Null, now, Duration::from_secs(10));
        for (body, after, expected) in [("{}", 9, true), ("{}", 10, false), ("{} ", 0, false)] {
            let at = now.plus(Duration::from_secs(after));
            assert_eq!(sends.duplicate(body.as_bytes(), at).is_some(), expected);
        }
    }
}
