//! What the buttons of a card about an item stand for. It stands in their keys, which come back with the press, so that
//! a press can act before the card's receipt is there.

use std::fmt;

use crate::model::ids::{ExternalUserId, UserId};
use crate::model::item::ItemRef;

/// A button, and the conversation that its card is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::decide) struct Press {
    /// What it does.
    pub(in crate::decide) act: Act,
    /// The item, as it was shown, and the customer.
    pub(in crate::decide) about: (ItemRef, ExternalUserId),
}

/// What a button does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::decide) enum Act {
    /// Whoever presses handles the record from now on, if it has the handler whom the card shows.
    Take(Option<UserId>),
    /// The record has reached its last step.
    Done,
}

impl Press {
    /// Reads a button's key; `None` when it is one of another card.
    pub(in crate::decide) fn read(key: &str) -> Option<Self> {
        let mut words = key.split(' ');
        let (act, item, contact) = (words.next()?, words.next()?, words.next()?);
        let from = words.next().map(UserId::parse);
        let act = match (act, from, words.next()) {
            ("take", None, None) => Act::Take(None),
            ("take", Some(Ok(from)), None) => Act::Take(Some(from)),
            ("done", None, None) => Act::Done,
            _ => return None,
        };
        let contact = ExternalUserId::parse(contact).ok()?;
        let about = (item.parse().ok()?, contact);
        Some(Self { act, about })
    }
}

impl fmt::Display for Press {
    /// As [`read`](Press::read) takes it. Ids hold no blanks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (item, contact) = &self.about;
        match &self.act {
            Act::Take(None) => write!(f, "take {item} {contact}"),
            Act::Take(Some(from)) => write!(f, "take {item} {contact} {from}"),
            Act::Done => write!(f, "done {item} {contact}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        for key in [
            "take record:0a wm1",
            "take record:0a wm1 Zhang",
            "done record:0a wm1",
        ] {
            assert_eq!(Press::read(key).unwrap().to_string(), key);
        }
        for other in [
            "",
            "contacted",
            "take",
            "take record:0a",
            "take 0a wm1",
            "take record:0a wm1 Zhang x",
            "done record:0a wm1 Zhang",
            "drop record:0a wm1",
            "take record:0a  Zhang",
        ] {
            assert_eq!(Press::read(other), None, "{other}");
        }
    }
}
