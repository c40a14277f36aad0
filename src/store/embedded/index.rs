//! What is kept in memory: which items are open, who works on which, and whose turn is next.
//!
//! ```text
//! arrived ──► ready lane ──► claimed ──► released
//!               ▲   │ its subject is busy   │
//!               │   ▼                       │ the next of its subject
//!               │ parked ◄──────────────────┘ goes to the front
//!               └── delayed, until due
//! ```
//!
//! Every open item stands in exactly one of these. Only places are kept, no texts. The file knows which items are open;
//! claims are known only here, so they end with the process. Nothing here does I/O: a [`Change`] is applied after the
//! transaction that it belongs to is on disk.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use crate::model::delivery::Lane;
use crate::model::time::Timestamp;
use crate::store::embedded::place::{Place, Spot};
use crate::store::item::{Depth, LaneDepth, Lanes, Queue};

/// A lease or a due time further ahead than this comes from a clock that was wrong, and counts as passed.
const HORIZON: Duration = Duration::from_secs(48 * 3600);

/// The open items of every corp.
#[derive(Debug, Default)]
pub(in crate::store::embedded) struct Index {
    queues: HashMap<(u16, Queue), QueueIndex>,
}

/// The open items of one queue.
#[derive(Debug, Default)]
pub(in crate::store::embedded) struct QueueIndex {
    ready: Ready,
    delayed: BTreeMap<(Timestamp, Place), Lane>,
    claims: HashMap<Place, Held>,
    /// The subjects of the claims.
    busy: HashSet<Box<str>>,
    /// Per subject, what waits for it. Then the subject is busy, or one item of it is ready.
    parked: HashMap<Box<str>, Ready>,
    /// How many urgent and how many other items are parked.
    parked_count: [u64; 2],
    /// How often items were claimed whose lease has run out.
    lapsed: HashMap<Place, u32>,
    /// The last number given before the file was opened.
    opened_at: u64,
}

/// Places in the order of their turn, urgent ones first.
#[derive(Debug, Default)]
struct Ready {
    urgent: VecDeque<Place>,
    normal: VecDeque<Place>,
}

/// A claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::embedded) struct Held {
    /// Tells it from every other claim.
    pub(in crate::store::embedded) token: u64,
    /// When its lease runs out.
    pub(in crate::store::embedded) until: Timestamp,
    /// What no other claim may be about.
    pub(in crate::store::embedded) subject: Box<str>,
    /// The item's lane.
    pub(in crate::store::embedded) lane: Lane,
    /// 1 at the first claim.
    pub(in crate::store::embedded) attempt: u32,
    /// The item's mark, if it is a refresh.
    pub(in crate::store::embedded) mark: Option<String>,
}

impl Held {
    /// Whether its lease has run out.
    pub(in crate::store::embedded) fn has_lapsed(&self, now: Timestamp) -> bool {
        has_passed(self.until, now)
    }
}

fn has_passed(at: Timestamp, now: Timestamp) -> bool {
    at <= now || at > now.plus(HORIZON)
}

/// What a transaction means for the index.
#[derive(Debug)]
pub(in crate::store::embedded) enum Change {
    /// An item is new, or open again.
    Arrived(Spot, Lane),
    /// Its claim has ended.
    Released(Spot),
    /// It is due at this time.
    Delayed(Spot, Lane, Timestamp),
    /// It was due at this time, and is due now.
    DueNow(Spot, Lane, Timestamp),
    /// It was due at the first time, and is due at the second, with all that is known of its attempts.
    Hastened(Spot, Lane, Timestamp, Timestamp),
    /// It is gone; these are its subject and what it waited behind. It was not in work.
    Erased(Spot, Vec<String>),
}

impl Index {
    /// The items of a queue.
    pub(in crate::store::embedded) fn queue(&mut self, corp: u16, queue: Queue) -> &mut QueueIndex {
        self.queues.entry((corp, queue)).or_default()
    }

    /// The claim of an item, if it is claimed.
    pub(in crate::store::embedded) fn held(&self, spot: &Spot) -> Option<&Held> {
        let queue = self.queues.get(&(spot.corp, spot.queue))?;
        queue.claims.get(&spot.place)
    }

    /// How often an item was claimed, if that is more than the file knows.
    pub(in crate::store::embedded) fn attempts(&self, spot: &Spot) -> Option<u32> {
        let queue = self.queues.get(&(spot.corp, spot.queue))?;
        let held = queue.claims.get(&spot.place).map(|held| held.attempt);
        held.or_else(|| queue.lapsed.get(&spot.place).copied())
    }

    /// Follows a transaction.
    pub(in crate::store::embedded) fn apply(&mut self, change: Change) {
        match change {
            Change::Arrived(spot, lane) => {
                let queue = self.queue(spot.corp, spot.queue);
                queue.lapsed.remove(&spot.place);
                queue.ready.lane(lane).push_back(spot.place);
            }
            Change::Released(spot) => {
                self.queue(spot.corp, spot.queue).release(&spot.place);
            }
            Change::Delayed(spot, lane, due) => {
                let queue = self.queue(spot.corp, spot.queue);
                queue.delayed.insert((due, spot.place), lane);
            }
            Change::DueNow(spot, lane, due) => {
                let queue = self.queue(spot.corp, spot.queue);
                queue.lapsed.remove(&spot.place);
                let delayed = (due, spot.place);
                // Its time may have come already: then it is ready or parked.
                if queue.delayed.remove(&delayed).is_some() {
                    queue.ready.lane(lane).push_back(delayed.1);
                }
            }
            Change::Hastened(spot, lane, due, now) => {
                let queue = self.queue(spot.corp, spot.queue);
                let delayed = (due, spot.place);
                if queue.delayed.remove(&delayed).is_some() {
                    queue.delayed.insert((now, delayed.1), lane);
                }
            }
            Change::Erased(spot, waited_for) => {
                let queue = self.queue(spot.corp, spot.queue);
                queue.erase(&spot.place, &waited_for);
            }
        }
    }

    /// Items of a queue that are due after `now`, those first that are due first.
    pub(in crate::store::embedded) fn delayed(
        &self,
        corp: u16,
        queue: Queue,
        now: Timestamp,
        limit: usize,
    ) -> Vec<(Timestamp, Place, Lane)> {
        let Some(queue) = self.queues.get(&(corp, queue)) else {
            return Vec::new();
        };
        let delayed = queue.delayed.iter();
        let later = delayed.filter(|((due, _), _)| *due > now).take(limit);
        later
            .map(|((due, place), lane)| (*due, place.clone(), *lane))
            .collect()
    }

    /// Remembers the last number that a corp's items had when the file was opened.
    pub(in crate::store::embedded) fn opened_at(&mut self, corp: u16, number: u64) {
        for queue in [Queue::Inbox, Queue::Outbox] {
            self.queue(corp, queue).opened_at = number;
        }
    }

    /// Takes over an item's claim from an older index, if it had one there.
    pub(in crate::store::embedded) fn keep_claim(&mut self, spot: &Spot, older: &Self) -> bool {
        let held = older.held(spot).cloned();
        let queue = self.queue(spot.corp, spot.queue);
        let kept = held.map(|held| queue.claim(spot.place.clone(), held));
        kept.is_some()
    }
}

impl QueueIndex {
    /// Makes ready what has been claimed or delayed for long enough. Tells whether anything is ready then.
    pub(in crate::store::embedded) fn wake(&mut self, now: Timestamp) -> bool {
        let claims = self.claims.iter();
        let mut lapsed: Vec<Place> = claims
            .filter(|(_, held)| held.has_lapsed(now))
            .map(|(place, _)| place.clone())
            .collect();
        lapsed.sort();
        // Each goes to the front, so the oldest goes last.
        for place in lapsed.into_iter().rev() {
            if let Some(held) = self.release(&place) {
                self.lapsed.insert(place.clone(), held.attempt);
                self.ready.lane(held.lane).push_front(place);
            }
        }
        while let Some(first) = self
            .delayed
            .first_entry()
            .filter(|entry| has_passed(entry.key().0, now))
        {
            let ((_, place), lane) = first.remove_entry();
            self.ready.lane(lane).push_back(place);
        }
        while let Some(last) = self
            .delayed
            .last_entry()
            .filter(|entry| has_passed(entry.key().0, now))
        {
            let ((_, place), lane) = last.remove_entry();
            self.ready.lane(lane).push_back(place);
        }
        !self.ready.is_empty()
    }

    /// Takes the next ready item out. It must be claimed, parked or put back.
    pub(in crate::store::embedded) fn next(&mut self, lanes: Lanes) -> Option<(Lane, Place)> {
        self.ready.pop(lanes)
    }

    /// Puts an item back where [`next`](Self::next) took it.
    pub(in crate::store::embedded) fn put_back(&mut self, lane: Lane, place: Place) {
        self.ready.lane(lane).push_front(place);
    }

    /// Whether an item of this subject is in work.
    pub(in crate::store::embedded) fn is_busy(&self, subject: &str) -> bool {
        self.busy.contains(subject)
    }

    /// Lets an item wait until its subject is free.
    pub(in crate::store::embedded) fn park(&mut self, subject: &str, lane: Lane, place: Place) {
        self.parked_count[lane as usize] += 1;
        let parked = self.parked.entry(subject.into()).or_default().lane(lane);
        // One that had its turn and met a busy subject again keeps its turn.
        if parked.front().is_some_and(|first| place < *first) {
            parked.push_front(place);
        } else {
            parked.push_back(place);
        }
    }

    /// Claims an item whose subject is free.
    pub(in crate::store::embedded) fn claim(&mut self, place: Place, held: Held) {
        self.lapsed.remove(&place);
        self.busy.insert(held.subject.clone());
        self.claims.insert(place, held);
    }

    /// Whether the item may have been open when the file was opened. A call that is owed later counts as its cause does.
    pub(in crate::store::embedded) const fn is_left_over(&self, place: &Place) -> bool {
        place.number() <= self.opened_at
    }

    /// How often the item was claimed before, if its lease ran out.
    pub(in crate::store::embedded) fn lapsed(&self, place: &Place) -> u32 {
        self.lapsed.get(place).copied().unwrap_or(0)
    }

    /// How many items there are in each lane and since when; the dead ones are not known here.
    pub(in crate::store::embedded) fn depth(&self) -> Depth {
        let lane = |lane: Lane, ready: &VecDeque<Place>| {
            let in_work = self.claims.iter().filter(|(_, held)| held.lane == lane);
            let in_work: Vec<&Place> = in_work.map(|(place, _)| place).collect();
            let waiting = ready.len() + in_work.len();
            let next = [ready.front(), ready.back()].into_iter().flatten();
            let oldest = next.chain(in_work).map(Place::millis).min();
            let oldest = oldest.and_then(|millis| i64::try_from(millis).ok());
            LaneDepth {
                waiting: waiting as u64 + self.parked_count[lane as usize],
                oldest: oldest.map(Timestamp::from_millis),
            }
        };
        Depth {
            urgent: lane(Lane::Urgent, &self.ready.urgent),
            normal: lane(Lane::Normal, &self.ready.normal),
            retrying: self.delayed.len() as u64,
            dead: 0,
        }
    }

    /// Takes an item out that is not in work, wherever it stands.
    fn erase(&mut self, place: &Place, waited_for: &[String]) {
        self.lapsed.remove(place);
        self.delayed.retain(|(_, delayed), _| delayed != place);
        for parked in self.parked.values_mut() {
            for lane in [Lane::Urgent, Lane::Normal] {
                self.parked_count[lane as usize] -= parked.take(lane, place);
            }
        }
        self.parked.retain(|_, parked| !parked.is_empty());
        let ready = [Lane::Urgent, Lane::Normal].map(|lane| self.ready.take(lane, place));
        if ready == [0, 0] {
            return;
        }
        // Whoever comes next there must not wait for this one.
        for subject in waited_for {
            if !self.is_busy(subject) {
                self.next_of(subject);
            }
        }
    }

    fn release(&mut self, place: &Place) -> Option<Held> {
        let held = self.claims.remove(place)?;
        self.busy.remove(&held.subject);
        self.next_of(&held.subject);
        Some(held)
    }

    /// Makes the first item ready that waits for this subject, which is free.
    pub(in crate::store::embedded) fn next_of(&mut self, subject: &str) {
        if let Some(parked) = self.parked.get_mut(subject) {
            if let Some((lane, next)) = parked.pop(Lanes::All) {
                self.parked_count[lane as usize] -= 1;
                self.ready.lane(lane).push_front(next);
            }
            if parked.is_empty() {
                self.parked.remove(subject);
            }
        }
    }
}

impl Ready {
    const fn lane(&mut self, lane: Lane) -> &mut VecDeque<Place> {
        match lane {
            Lane::Urgent => &mut self.urgent,
            Lane::Normal => &mut self.normal,
        }
    }

    fn pop(&mut self, lanes: Lanes) -> Option<(Lane, Place)> {
        let urgent = self.urgent.pop_front().map(|place| (Lane::Urgent, place));
        match lanes {
            Lanes::All => urgent.or_else(|| Some((Lane::Normal, self.normal.pop_front()?))),
            Lanes::Urgent => urgent,
        }
    }

    /// Takes an item out of a lane; tells how often it was there.
    fn take(&mut self, lane: Lane, place: &Place) -> u64 {
        let lane = self.lane(lane);
        let before = lane.len();
        lane.retain(|other| other != place);
        (before - lane.len()) as u64
    }

    fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.normal.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::delivery::Lane::{Normal, Urgent};

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(1_790_000_000 + secs)
    }

    fn spot(number: u64) -> Spot {
        Spot {
            corp: 1,
            queue: Queue::Inbox,
            place: Place::log(number),
        }
    }

    fn held(subject: &str, lane: Lane, attempt: u32) -> Held {
        Held {
            token: 1,
            until: at(60),
            subject: subject.into(),
            lane,
            attempt,
            mark: None,
        }
    }

    /// The numbers of what is ready, in the order of their turn.
    fn ready(queue: &mut QueueIndex) -> Vec<u64> {
        let turns = std::iter::from_fn(|| queue.next(Lanes::All));
        turns.map(|(_, place)| place.number()).collect()
    }

    #[test]
    fn whoever_meets_a_busy_subject_again_keeps_its_turn() {
        let mut queue = QueueIndex::default();
        for number in [2, 3] {
            queue.park("s", Normal, Place::log(number));
        }
        queue.next_of("s");
        assert_eq!(ready(&mut queue), [2]);
        queue.park("s", Normal, Place::log(2));
        queue.park("s", Normal, Place::log(4));
        for expected in [2, 3, 4] {
            queue.next_of("s");
            assert_eq!(ready(&mut queue), [expected]);
        }
        assert!(queue.parked.is_empty());
    }

    #[test]
    fn what_is_put_back_is_next() {
        let mut queue = QueueIndex::default();
        for number in [1, 2] {
            queue.ready.lane(Normal).push_back(Place::log(number));
        }
        let (lane, place) = queue.next(Lanes::All).unwrap();
        queue.put_back(lane, place);
        assert_eq!(ready(&mut queue), [1, 2]);
    }

    #[test]
    fn a_lane_is_as_deep_as_what_is_open_in_it() {
        let mut queue = QueueIndex::default();
        let depth = |queue: &QueueIndex| {
            let Depth { urgent, normal, .. } = queue.depth();
            (urgent.waiting, normal.waiting)
        };
        queue.claim(Place::log(1), held("s", Normal, 1));
        assert_eq!(depth(&queue), (0, 1));
        queue.ready.lane(Urgent).push_back(Place::log(2));
        assert_eq!(depth(&queue), (1, 1));
        for (lane, number) in [(Urgent, 3), (Normal, 4), (Normal, 5)] {
            queue.park("s", lane, Place::log(number));
        }
        assert_eq!(depth(&queue), (2, 3));
        queue.erase(&Place::log(4), &["s".into()]);
        assert_eq!(depth(&queue), (2, 2));
        queue.erase(&Place::log(2), &["other".into()]);
        assert_eq!(depth(&queue), (1, 2));
        queue.release(&Place::log(1));
        assert_eq!(depth(&queue), (1, 1), "3 is ready now, 5 waits for it");
        assert_eq!(ready(&mut queue), [3]);
    }

    #[test]
    fn what_is_erased_is_not_due_again_and_others_are() {
        let mut index = Index::default();
        for number in [1, 2] {
            index.apply(Change::Delayed(spot(number), Normal, at(5)));
        }
        index.apply(Change::Erased(spot(1), vec!["s".into()]));
        let queue = index.queue(1, Queue::Inbox);
        assert!(queue.wake(at(5)));
        assert_eq!(ready(queue), [2]);
    }

    #[test]
    fn attempts_are_known_while_claimed_and_after_the_lease() {
        let mut index = Index::default();
        assert_eq!(index.attempts(&spot(1)), None);
        let queue = index.queue(1, Queue::Inbox);
        queue.claim(Place::log(1), held("s", Urgent, 3));
        assert_eq!(index.attempts(&spot(1)), Some(3));
        assert!(!index.queue(1, Queue::Inbox).wake(at(59)));
        assert!(index.queue(1, Queue::Inbox).wake(at(60)));
        assert_eq!(index.held(&spot(1)), None);
        assert_eq!(index.attempts(&spot(1)), Some(3));
        // As if it had just come.
        index.apply(Change::Arrived(spot(1), Urgent));
        assert_eq!(index.attempts(&spot(1)), None);
    }
}
