//! How many calls of one API may be under way at once: fewer after WeCom said that they are too many (45033), slowly
//! more again.
//!
//! WeCom does not tell the number, and counts the calls of all processes. Processes that share tell each other: all of
//! them give up half when one has met a refusal.

use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::model::time::Timestamp;
use crate::wecom::USUAL_PLACES;

/// One place comes back in this time.
const RECOVERY: Duration = Duration::from_secs(10);

/// What was read of other processes' refusals counts for so long: half of what a place takes to come back.
const FRESH: Duration = Duration::from_secs(5);

/// Refusals that come together are one: the calls were under way at the same time.
const TOGETHER: Duration = Duration::from_secs(1);

/// How many places an API had when it was last narrowed, and when that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::wecom) struct Narrowed {
    places: u32,
    since: Timestamp,
}

impl Narrowed {
    /// `None`: it stands against nothing. A clock that was set back must not keep a room narrow.
    fn places(self, now: Timestamp) -> Option<u32> {
        let back = now.since(self.since).as_secs() / RECOVERY.as_secs();
        let back = u32::try_from(back).unwrap_or(u32::MAX);
        (now >= self.since).then(|| self.places.saturating_add(back))
    }

    /// Whether it is as good as none by now.
    pub(in crate::wecom) fn is_over(self, now: Timestamp) -> bool {
        let places = self.places(now);
        places.is_none_or(|places| places >= PLACES_MAX)
    }

    /// The narrower of two.
    fn narrower(self, other: Self, now: Timestamp) -> Self {
        let places = |narrowed: Self| narrowed.places(now).unwrap_or(u32::MAX);
        if places(other) < places(self) {
            other
        } else {
            self
        }
    }
}

/// No API has more places.
const PLACES_MAX: u32 = USUAL_PLACES as u32;

/// How many places an API has. Pure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Room {
    max: u32,
    narrowed: Option<Narrowed>,
}

impl Room {
    fn places(self, now: Timestamp) -> u32 {
        let narrowed = self.narrowed.and_then(|narrowed| narrowed.places(now));
        narrowed.map_or(self.max, |places| places.min(self.max))
    }

    fn narrow(&mut self, now: Timestamp) {
        let together =
            |narrowed: Narrowed| now >= narrowed.since && now.since(narrowed.since) < TOGETHER;
        if !self.narrowed.is_some_and(together) {
            self.narrowed = Some(Narrowed {
                places: (self.places(now) / 2).max(1),
                since: now,
            });
        }
    }

    /// Takes in what another process has met.
    fn learn(&mut self, narrowed: Narrowed, now: Timestamp) {
        let own = self.narrowed.unwrap_or(narrowed);
        self.narrowed = Some(own.narrower(narrowed, now));
    }
}

/// The rooms of a client, by API.
#[derive(Debug, Default)]
pub(in crate::wecom) struct Rooms {
    by_api: Mutex<HashMap<&'static str, (Room, u32)>>,
    /// What other processes have met, and when it was looked for.
    learned: Mutex<(BTreeMap<String, Narrowed>, Option<Timestamp>)>,
    freed: Notify,
}

/// A place that is taken until it is dropped.
#[derive(Debug)]
pub(in crate::wecom) struct Place<'a> {
    rooms: &'a Rooms,
    api: &'static str,
}

impl Rooms {
    /// Waits for a place; an API has `max` to begin with.
    pub(in crate::wecom) async fn enter(
        &self,
        api: &'static str,
        max: u32,
        now: Timestamp,
    ) -> Place<'_> {
        loop {
            // Listening begins before looking, so that no place is freed in between.
            let mut freed = pin!(self.freed.notified());
            freed.as_mut().enable();
            if let Some(place) = self.try_enter(api, max, now) {
                return place;
            }
            freed.await;
        }
    }

    fn try_enter(&self, api: &'static str, max: u32, now: Timestamp) -> Option<Place<'_>> {
        let learned = self.learned().0.get(api).copied();
        let narrowed = None;
        let mut rooms = self.lock();
        let (room, taken) = rooms.entry(api).or_insert((Room { max, narrowed }, 0));
        if let Some(learned) = learned {
            room.learn(learned, now);
        }
        if *taken >= room.places(now) {
            return None;
        }
        *taken += 1;
        Some(Place { rooms: self, api })
    }

    /// WeCom says that too many calls of this API are under way. What that means, for other processes.
    pub(in crate::wecom) fn narrow(&self, api: &'static str, now: Timestamp) -> Option<Narrowed> {
        let mut rooms = self.lock();
        let (room, _) = rooms.get_mut(api)?;
        room.narrow(now);
        room.narrowed
    }

    /// Whether it is time to look what other processes have met. Whoever is told so looks.
    pub(in crate::wecom) fn is_stale(&self, now: Timestamp) -> bool {
        let looked_at = &mut self.learned().1;
        let is_stale = !looked_at.is_some_and(|at| now >= at && now.since(at) < FRESH);
        if is_stale {
            *looked_at = Some(now);
        }
        is_stale
    }

    /// Takes in what other processes have met.
    pub(in crate::wecom) fn learn(&self, met: BTreeMap<String, Narrowed>) {
        self.learned().0 = met;
    }

    fn learned(&self) -> MutexGuard<'_, (BTreeMap<String, Narrowed>, Option<Timestamp>)> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<&'static str, (Room, u32)>> {
        self.by_api.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some((_, taken)) = self.rooms.lock().get_mut(self.api) {
            *taken -= 1;
        }
        self.rooms.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + millis)
    }

    #[test]
    fn it_is_halved_and_recovers_slowly() {
        for (max, refusals, places) in [
            (12, &[][..], &[(0, 12)][..]),
            (12, &[0], &[(0, 6), (9_999, 6), (10_000, 7), (60_000, 12)]),
            (12, &[0, 10, 999], &[(999, 6)]),
            (12, &[0, 1_000], &[(1_000, 3), (11_000, 4)]),
            (12, &[0, 1_000, 2_000, 3_000, 4_000], &[(4_000, 1)]),
            (12, &[0, 20_000], &[(20_000, 4), (100_000, 12)]),
            (5, &[0], &[(0, 2)]),
            (1, &[0], &[(0, 1)]),
            (12, &[0], &[(-86_400_000, 12)]),
            (12, &[0, -86_400_000], &[(-86_400_000, 6)]),
        ] {
            let mut room = Room {
                max,
                narrowed: None,
            };
            for refusal in refusals {
                room.narrow(at(*refusal));
            }
            for (millis, expected) in places {
                let got = room.places(at(*millis));
                assert_eq!(got, *expected, "{max} {refusals:?} {millis}");
            }
        }
    }

    #[test]
    fn a_narrow_room_holds_back_its_own_api() {
        let rooms = Rooms::default();
        let enter = |api| rooms.enter(api, 4, at(0)).now_or_never();
        let mut inside = vec![enter("a").unwrap(), enter("a").unwrap()];
        rooms.narrow("a", at(0));
        assert!(enter("a").is_none(), "two of two are taken");
        assert!(enter("b").is_some());
        inside.pop();
        inside.extend(enter("a"));
        assert_eq!(inside.len(), 2);
        assert!(enter("a").is_none());
    }

    #[tokio::test]
    async fn who_waits_goes_on_when_a_place_is_free() {
        let rooms = Rooms::default();
        let first = rooms.enter("a", 1, at(0)).await;
        let second = rooms.enter("a", 1, at(0));
        let both = tokio::join!(second, async { drop(first) });
        drop(both);
    }
}
