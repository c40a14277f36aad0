//! What can be decided about.

use std::time::Duration;

use crate::callback::event::Event;
use crate::model::outgoing::Receipt;
use crate::model::time::Timestamp;

/// Something that happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// An event, and when it was accepted.
    Event(&'a Event, Timestamp),
    /// What came of a call.
    Receipt(&'a Receipt),
}

/// A normal answer that is no change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// WeCom knows no such customer: it may be a moment too early, or the contact is none.
    #[error("skipped: not a customer")]
    NotACustomer,
    /// What WeCom shows is older than what it has told; it is worth asking again after this long.
    #[error("too early: WeCom does not show yet what it has told")]
    TooEarly(Duration),
}
