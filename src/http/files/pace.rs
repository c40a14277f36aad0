//! How fast everybody may upload.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::model::ids::CorpId;
use crate::model::item::Actor;
use crate::model::rate::{Bucket, Rate};
use crate::model::time::Timestamp;

/// A person with a telephone full of pictures is within this.
const RATE: Rate = Rate {
    burst: 30,
    per_hour: 240,
};

/// More people do not upload at the same time.
const PEOPLE_MAX: usize = 10_000;

/// Counts the uploads of each person, in this process.
#[derive(Debug, Default)]
pub struct Pace(Mutex<HashMap<String, Bucket>>);

impl Pace {
    /// Lets one more file come.
    ///
    /// # Errors
    /// How long to wait.
    pub(in crate::http::files) fn take(
        &self,
        corp: &CorpId,
        who: &Actor,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let who = match who {
            Actor::Contact(contact) => format!("{corp} contact {contact}"),
            Actor::Member(userid) => format!("{corp} member {}", userid.key()),
            Actor::Admin => format!("{corp} admin"),
            Actor::System => format!("{corp} system"),
        };
        let mut people = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if people.len() >= PEOPLE_MAX && !people.contains_key(&who) {
            people.retain(|_, bucket| !bucket.is_full(now));
            if people.len() >= PEOPLE_MAX {
                return Err(Duration::from_secs(60));
            }
        }
        let taken = people.entry(who).or_default().take(RATE, 1, now);
        match taken.granted {
            0 => Err(taken.wait),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::ExternalUserId;

    #[test]
    fn each_has_a_pace_of_their_own() {
        let (pace, now) = (Pace::default(), Timestamp::from_secs(1_790_000_000));
        let corp = CorpId::parse("ww1").unwrap();
        let person = |id: &str| Actor::Contact(ExternalUserId::parse(id).unwrap());
        for _ in 0..RATE.burst {
            assert_eq!(pace.take(&corp, &person("wm1"), now), Ok(()));
        }
        let wait = Duration::from_secs(15);
        assert_eq!(pace.take(&corp, &person("wm1"), now), Err(wait));
        assert_eq!(pace.take(&corp, &person("wm2"), now), Ok(()));
        assert_eq!(pace.take(&corp, &person("wm1"), now.plus(wait)), Ok(()));
    }
}
