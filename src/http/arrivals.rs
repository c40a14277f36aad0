//! What came in at the doors, counted: a few atomic additions for each delivery, and nothing that allocates.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::model::delivery::Kind;
use crate::model::histogram::Histogram;

/// WeCom waits 5 seconds, the store at most 3.
const BOUNDS: [Duration; 10] = [
    Duration::from_millis(1),
    Duration::from_millis(2),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_millis(1000),
    Duration::from_millis(3000),
];

/// How long deliveries took to be kept, in whole milliseconds: the door has read the clock anyway.
pub type KeptIn = Histogram<{ BOUNDS.len() }>;

/// None was kept yet.
pub const fn kept_in() -> KeptIn {
    Histogram::new(&BOUNDS)
}

/// The events that belong together: the first part of their names. Names that are not here are one family, so that no
/// sender makes a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Family {
    /// `change_external_contact/…`.
    Contact,
    /// `change_external_chat/…`.
    Chat,
    /// `change_external_tag/…`.
    Tag,
    /// `change_contact/…`.
    Member,
    /// `template_card_event` and `template_card_menu_event`.
    Card,
    /// What members do in the app's conversation.
    App,
    /// `message/…`.
    Message,
    /// `command/…`.
    Command,
    /// Any other.
    Other,
}

impl Family {
    /// All of them.
    pub(in crate::http) const ALL: [Self; 9] = [
        Self::Contact,
        Self::Chat,
        Self::Tag,
        Self::Member,
        Self::Card,
        Self::App,
        Self::Message,
        Self::Command,
        Self::Other,
    ];

    /// Its name, as a metric has it.
    pub(in crate::http) const fn name(self) -> &'static str {
        match self {
            Self::Contact => "change_external_contact",
            Self::Chat => "change_external_chat",
            Self::Tag => "change_external_tag",
            Self::Member => "change_contact",
            Self::Card => "template_card",
            Self::App => "app",
            Self::Message => "message",
            Self::Command => "command",
            Self::Other => "other",
        }
    }

    /// The family of this name.
    fn of(kind: &Kind) -> Self {
        let kind = kind.as_str();
        let first = kind.split_once('/').map_or(kind, |(first, _)| first);
        match first {
            "change_external_contact" => Self::Contact,
            "change_external_chat" => Self::Chat,
            "change_external_tag" => Self::Tag,
            "change_contact" => Self::Member,
            "template_card_event" | "template_card_menu_event" => Self::Card,
            "subscribe" | "unsubscribe" | "enter_agent" | "view" | "click" | "LOCATION" => {
                Self::App
            }
            "message" => Self::Message,
            "command" => Self::Command,
            _ => Self::Other,
        }
    }
}

/// How often deliveries of each family came to a receiver: new ones, and ones that had come before.
#[derive(Debug, Default)]
pub struct Arrivals([(AtomicU64, AtomicU64); Family::ALL.len()]);

impl Arrivals {
    /// One was kept.
    pub(in crate::http) fn new_one(&self, kind: &Kind) {
        self.0[Family::of(kind) as usize]
            .0
            .fetch_add(1, Ordering::Relaxed);
    }

    /// One had come before.
    pub(in crate::http) fn duplicate(&self, kind: &Kind) {
        self.0[Family::of(kind) as usize]
            .1
            .fetch_add(1, Ordering::Relaxed);
    }

    /// How many were new, and how many had come before.
    pub(in crate::http) fn of(&self, family: Family) -> (u64, u64) {
        let (new, duplicate) = &self.0[family as usize];
        (
            new.load(Ordering::Relaxed),
            duplicate.load(Ordering::Relaxed),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_of_one_family() {
        for (kind, family) in [
            (
                "change_external_contact/add_external_contact",
                Family::Contact,
            ),
            ("change_external_chat/create", Family::Chat),
            ("change_external_tag/update", Family::Tag),
            ("change_contact/create_user", Family::Member),
            ("template_card_event", Family::Card),
            ("template_card_menu_event", Family::Card),
            ("subscribe", Family::App),
            ("message/text", Family::Message),
            ("command/suite_ticket", Family::Command),
            ("meeting_change/meeting_end", Family::Other),
            ("change_external_contacts", Family::Other),
            ("x", Family::Other),
        ] {
            let arrivals = Arrivals::default();
            arrivals.new_one(&Kind::new(kind));
            arrivals.duplicate(&Kind::new(kind));
            for other in Family::ALL {
                let count = u64::from(other == family);
                assert_eq!(
                    arrivals.of(other),
                    (count, count),
                    "{kind} {}",
                    other.name()
                );
            }
        }
    }
}
