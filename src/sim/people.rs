//! What people do. Each doing changes the corp and pushes the callback that WeCom sends for it.

pub mod account;
pub mod app;
pub mod chat;
pub mod contact;
pub mod member;
pub mod tag;

use crate::sim::push::PushReport;

/// A doing that is not possible as the corp stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    /// No such member.
    #[error("no such member")]
    NoMember,
    /// No such contact.
    #[error("no such contact")]
    NoContact,
    /// The company has no service account.
    #[error("no service account")]
    NoAccount,
    /// The two have nothing to do with each other.
    #[error("the member does not follow the contact")]
    NoRelation,
    /// No such group of customers.
    #[error("no such group of customers")]
    NoGroup,
    /// No such customer tag.
    #[error("no such tag")]
    NoTag,
    /// The member has no such card.
    #[error("the member has no such card")]
    NoCard,
    /// The card has no such button, or its buttons are dead.
    #[error("the card has no such live button")]
    NoButton,
}

/// What a doing caused.
pub type Pushed = Result<Vec<PushReport>, Impossible>;
