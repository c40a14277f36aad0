//! What the company's own systems are told, and which of it each of them wants (Standard Webhooks).

use serde::{Deserialize, Serialize};

use crate::model::ids::WebhookName;

/// The longest pattern; no name of an event is longer.
const PATTERN_MAX: usize = 96;

/// One message for one of the company's systems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// For which system. Where that is, and the key to sign with, are settings.
    pub target: WebhookName,
    /// `webhook-id`: the same in every attempt and for every system.
    pub id: String,
    /// The JSON that is sent, to the byte.
    pub body: String,
}

impl Webhook {
    /// Tells messages of one cause apart: by their ids, and by whom they are for.
    pub fn hash(&self) -> [u8; 8] {
        let hash = blake3::hash(format!("{}\n{}", self.target, self.id).as_bytes());
        let mut short = [0; 8];
        short.copy_from_slice(&hash.as_bytes()[..8]);
        short
    }
}

/// A system that is told, and of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// How it is called.
    pub target: WebhookName,
    /// The types that it wants.
    pub wants: Vec<Pattern>,
}

impl Subscription {
    /// Whether messages of this type go there.
    pub fn wants(&self, message_type: &str) -> bool {
        self.wants
            .iter()
            .any(|pattern| pattern.covers(message_type))
    }
}

/// Types of messages: `*` for all, `item.*` for all that begin so, or one by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Box<str>);

/// A text that is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a pattern: `*`, a name such as `item.changed`, or its beginning such as `item.*` is expected"
)]
pub struct NotAPattern;

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`NotAPattern`] when it has characters that no name has, or a `*` elsewhere than alone behind a point.
    pub fn parse(text: &str) -> Result<Self, NotAPattern> {
        let name = match text.strip_suffix('*') {
            Some("") => return Ok(Self(text.into())),
            Some(start) => start.strip_suffix('.').ok_or(NotAPattern)?,
            None => text,
        };
        let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'-');
        if name.is_empty() || text.len() > PATTERN_MAX || !name.bytes().all(plain) {
            return Err(NotAPattern);
        }
        Ok(Self(text.into()))
    }

    fn covers(&self, message_type: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => message_type.starts_with(start),
            None => *self.0 == *message_type,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_what_they_name() {
        for (pattern, covered, not) in [
            ("*", &["item.changed", "subscribe"][..], &[][..]),
            (
                "item.*",
                &["item.changed"],
                &["items.x", "item", "subscribe"],
            ),
            ("subscribe", &["subscribe"], &["subscribe.x", "unsubscribe"]),
        ] {
            let pattern = Pattern::parse(pattern).unwrap();
            assert!(
                covered.iter().all(|name| pattern.covers(name)),
                "{pattern:?}"
            );
            assert!(!not.iter().any(|name| pattern.covers(name)), "{pattern:?}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for bad in [
            "",
            ".*",
            "item*",
            "*.x",
            "**",
            "a b",
            "item/changed",
            &"x".repeat(97),
        ] {
            assert_eq!(Pattern::parse(bad), Err(NotAPattern), "{bad}");
        }
    }
}
