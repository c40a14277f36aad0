//! What can be decided about.

use std::time::Duration;

use crate::callback::event::Event;
use crate::decide::rejection::Rejection;
use crate::decide::request::Request;
use crate::model::outgoing::Receipt;
use crate::model::time::Timestamp;

/// Something that happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// An event, and when it was accepted.
    Event(&'a Event, Timestamp),
    /// What came of a call.
    Receipt(&'a Receipt),
    /// A step of a sync was given up.
    StepDied(&'a StepDied),
    /// Somebody asks for something.
    Request(&'a Request),
}

/// Why a step of a sync was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepDied {
    /// Which sync, by its id.
    pub run: String,
    /// For people.
    pub reason: String,
    /// WeCom's code, when it was a refusal that an administrator can end.
    pub errcode: Option<i64>,
}

/// A normal answer that is no change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// WeCom knows no such customer: it may be a moment too early, or the contact is none.
    #[error("skipped: not a customer")]
    NotACustomer,
    /// What WeCom shows is older than what it has told; it is worth asking again after this long.
    #[error("too early: WeCom does not show yet what it has told")]
    TooEarly(Duration),
    /// Whoever is to be told was told a moment ago, or is not to be disturbed: what is new goes together after this
    /// long.
    #[error("later: it goes together with what else is new by then")]
    Later(Duration),
    /// A command is not carried out.
    #[error(transparent)]
    Rejected(#[from] Rejection),
}
