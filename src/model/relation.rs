//! What is kept about a contact at one member, beside the relation itself, and how it passes to the member's new id.

use crate::model::contact::{Ending, Greeting, TransferFailure};
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::time::Timestamp;
use crate::model::visit::Visit;

/// The kinds of [`Relation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// [`Greeting`].
    Greeting,
    /// [`Ending`].
    Ending,
    /// [`TransferFailure`].
    TransferFailure,
    /// [`Visit`].
    Visit,
}

impl RelationKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::Greeting,
        Self::Ending,
        Self::TransferFailure,
        Self::Visit,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::Ending => "ending",
            Self::TransferFailure => "transfer_failure",
            Self::Visit => "visit",
        }
    }

    /// Reads what [`name`](Self::name) gave.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One record about a contact at one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// What has been done to welcome the contact.
    Greeting(Greeting),
    /// How the relation ended.
    Ending(Ending),
    /// Why the contact could not be handed over to the member.
    TransferFailure(TransferFailure),
    /// The openings of the toolbar.
    Visit(Visit),
}

impl Relation {
    /// The contact and the member.
    pub const fn pair(&self) -> (&ExternalUserId, &UserId) {
        match self {
            Self::Greeting(greeting) => (&greeting.external_userid, &greeting.userid),
            Self::Ending(ending) => (&ending.external_userid, &ending.userid),
            Self::TransferFailure(failure) => (&failure.external_userid, &failure.userid),
            Self::Visit(visit) => (&visit.external_userid, &visit.userid),
        }
    }

    /// When it last happened.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Greeting(greeting) => greeting.added_at,
            Self::Ending(ending) => ending.at,
            Self::TransferFailure(failure) => failure.at,
            Self::Visit(visit) => visit.last_at,
        }
    }

    /// The same at another member.
    #[must_use]
    pub fn at_member(mut self, member: &UserId) -> Self {
        let userid = match &mut self {
            Self::Greeting(greeting) => &mut greeting.userid,
            Self::Ending(ending) => &mut ending.userid,
            Self::TransferFailure(failure) => &mut failure.userid,
            Self::Visit(visit) => &mut visit.userid,
        };
        *userid = member.clone();
        self
    }
}

/// A step of passing what a member has to its new id.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Rename {
    /// The former id.
    pub from: UserId,
    /// The id from now on; different not only in case.
    pub to: UserId,
    /// Which records about the member's contacts; absent: the member and its link.
    pub kind: Option<RelationKind>,
    /// Those after the record with this key.
    pub after: Option<String>,
}
