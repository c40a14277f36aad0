//! Places: where an item stands in the log, as a number and, for calls, the path from their cause.
//!
//! ```text
//! 1700000000123-4       number = 1700000000123 · 2^20 + 4
//! 1700000000123-4.0.2   the same number; path = 0, 2 as four bytes each, most significant first
//! ```
//!
//! Number and path sort as [`ItemId::order`](crate::model::delivery::ItemId::order) does. A place takes 24 bytes in
//! memory when it has no path, so that a million waiting deliveries are no burden.

use std::fmt;

use crate::model::delivery::ItemId;
use crate::model::ids::CorpId;
use crate::store::item::Queue;

/// Bits of a number that count the items of one millisecond. The other 44 reach beyond the year 2500.
const SEQUENCE_BITS: u32 = 20;

/// The bits that do.
const SEQUENCE: u64 = (1 << SEQUENCE_BITS) - 1;

/// From here on the numbers within a millisecond are those of commands. Of more deliveries, the rest counts as those of
/// the next millisecond.
const COMMANDS_FROM: u64 = 1024;

/// Where an item stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::store::embedded) struct Place {
    number: u64,
    path: Option<Box<[u8]>>,
}

/// An item's key in the tables of a corp's own: corp, queue, number, path.
pub(in crate::store::embedded) type ItemKey<'a> = (u16, u8, u64, &'a [u8]);

/// An item's key in the tables of all corps: queue, number, corp, path.
pub(in crate::store::embedded) type ArrivalKey<'a> = (u8, u64, u16, &'a [u8]);

/// An item's full address: whose, in which queue, where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::store::embedded) struct Spot {
    /// The corp's number.
    pub(in crate::store::embedded) corp: u16,
    /// The queue.
    pub(in crate::store::embedded) queue: Queue,
    /// The place.
    pub(in crate::store::embedded) place: Place,
}

impl Place {
    /// The place of a delivery that arrives at `millis`, after the one with the number `last`, whatever the clock says.
    pub(in crate::store::embedded) fn next(millis: i64, last: u64) -> Self {
        let next = last.saturating_add(1);
        let next = if next & SEQUENCE < COMMANDS_FROM {
            next
        } else {
            (next | SEQUENCE).saturating_add(1)
        };
        Self::log(first_of(millis).max(next))
    }

    /// The place of the delivery with this number.
    pub(in crate::store::embedded) const fn log(number: u64) -> Self {
        Self { number, path: None }
    }

    /// The place of the command with this number.
    pub(in crate::store::embedded) fn of_command(millis: i64, number: u64) -> Self {
        let spare = SEQUENCE + 1 - COMMANDS_FROM;
        Self::log(first_of(millis) | (COMMANDS_FROM + number % spare))
    }

    /// The place with this number and path.
    pub(in crate::store::embedded) fn new(number: u64, path: &[u8]) -> Self {
        let path = (!path.is_empty()).then(|| path.into());
        Self { number, path }
    }

    /// Reads a place from an item's name; `None` when this store cannot have given it.
    pub(in crate::store::embedded) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (millis, sequence) = parts.next()?.split_once('-')?;
        let (millis, sequence): (u64, u64) = (millis.parse().ok()?, sequence.parse().ok()?);
        if millis > u64::MAX >> SEQUENCE_BITS || sequence >> SEQUENCE_BITS > 0 {
            return None;
        }
        let mut path = Vec::new();
        for part in parts {
            path.extend(part.parse::<u32>().ok()?.to_be_bytes());
        }
        Some(Self::new(millis << SEQUENCE_BITS | sequence, &path))
    }

    /// The number within the log: the delivery's own, or that of the delivery that began it all.
    pub(in crate::store::embedded) const fn number(&self) -> u64 {
        self.number
    }

    /// When the delivery came that it belongs to, in milliseconds since 1970.
    pub(in crate::store::embedded) const fn millis(&self) -> u64 {
        self.number >> SEQUENCE_BITS
    }

    /// The item's name.
    pub(in crate::store::embedded) fn id(&self, corp: &CorpId) -> ItemId {
        ItemId::new(corp.clone(), &self.to_string())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sequence = self.number & SEQUENCE;
        write!(f, "{}-{sequence}", self.number >> SEQUENCE_BITS)?;
        let (steps, _) = self.path.as_deref().unwrap_or_default().as_chunks();
        steps
            .iter()
            .try_for_each(|step| write!(f, ".{}", u32::from_be_bytes(*step)))
    }
}

impl Spot {
    /// The item's key in the tables of a corp's own.
    pub(in crate::store::embedded) fn key(&self) -> ItemKey<'_> {
        let path = self.place.path.as_deref().unwrap_or_default();
        (self.corp, queue_number(self.queue), self.place.number, path)
    }

    /// The item's key in the tables of all corps.
    pub(in crate::store::embedded) fn arrival(&self) -> ArrivalKey<'_> {
        let (corp, queue, number, path) = self.key();
        (queue, number, corp, path)
    }
}

/// The first number of a millisecond.
fn first_of(millis: i64) -> u64 {
    let millis = u64::try_from(millis).unwrap_or(0);
    millis.min(u64::MAX >> SEQUENCE_BITS) << SEQUENCE_BITS
}

/// The queue with this number.
pub(in crate::store::embedded) const fn queue_of(number: u8) -> Option<Queue> {
    match number {
        0 => Some(Queue::Inbox),
        1 => Some(Queue::Outbox),
        _ => None,
    }
}

/// The queue's number in keys.
pub(in crate::store::embedded) const fn queue_number(queue: Queue) -> u8 {
    match queue {
        Queue::Inbox => 0,
        Queue::Outbox => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for text in [
            "0-0",
            "1700000000123-4",
            "1700000000123-1048575.0.12.3",
            "17592186044415-1048575",
        ] {
            assert_eq!(Place::parse(text).unwrap().to_string(), text);
        }
        for foreign in [
            "",
            "1",
            "-1",
            "1-",
            "1-1048576",
            "17592186044416-0",
            "1-1.",
            "1-1.x",
            "1-1.4294967296",
        ] {
            assert_eq!(Place::parse(foreign), None, "{foreign:?}");
        }
    }

    #[test]
    fn places_sort_as_their_names_do() {
        let corp = CorpId::parse("ww1").unwrap();
        let names = [
            "5-9", "5-10", "5-10.0", "5-10.0.1", "5-10.2", "5-10.10", "6-0",
        ];
        let mut places: Vec<Place> = names.iter().filter_map(|name| Place::parse(name)).collect();
        places.reverse();
        let mut by_order = places.clone();
        by_order.sort_by_key(|place| place.id(&corp).order());
        places.sort();
        assert_eq!(places, by_order);
        let sorted: Vec<String> = places.iter().map(Place::to_string).collect();
        assert_eq!(sorted, names);
    }

    #[test]
    fn numbers_never_go_back() {
        let first = Place::next(5, 0);
        assert_eq!(first.to_string(), "5-0");
        assert_eq!(Place::next(5, first.number()).to_string(), "5-1");
        assert_eq!(Place::next(4, first.number()).to_string(), "5-1");
        assert_eq!(Place::next(-1, 0).to_string(), "0-1");
        let full = Place::parse("5-1023").unwrap();
        assert_eq!(Place::next(5, full.number()).to_string(), "6-0");
        let command = Place::parse("5-1048575").unwrap();
        assert_eq!(Place::next(5, command.number()).to_string(), "6-0");
        assert_eq!(Place::next(i64::MAX, u64::MAX).number(), u64::MAX);
        for late in [1 << 44, i64::MAX] {
            assert_eq!(Place::next(late, 0).to_string(), "17592186044415-0");
        }
    }

    #[test]
    fn commands_stand_behind_the_deliveries_of_their_millisecond() {
        for (millis, number, expected) in [
            (5, 0, "5-1024"),
            (5, 1, "5-1025"),
            (5, 1_047_551, "5-1048575"),
            (5, 1_047_552, "5-1024"),
            (-1, 0, "0-1024"),
            (1 << 44, 0, "17592186044415-1024"),
            (i64::MAX, 0, "17592186044415-1024"),
        ] {
            let place = Place::of_command(millis, number);
            assert_eq!(place.to_string(), expected, "{number}");
        }
    }

    #[test]
    fn a_waiting_delivery_costs_24_bytes() {
        assert_eq!(size_of::<Place>(), 24);
    }
}
