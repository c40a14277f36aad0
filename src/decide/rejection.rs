//! Why a command is not carried out. Each is a normal answer to people.

use crate::model::item::{ItemKind, ItemRef};

/// Why nothing follows from a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such item for whoever asks.
    #[error("there is no such item")]
    NotFound,
    /// It is not theirs to do.
    #[error("this is not allowed: {0}")]
    NotAllowed(Denied),
    /// The corp has not authorised this kind.
    #[error("the corp does not work with {}s", .0.name())]
    NotAuthorised(ItemKind),
    /// The item is over.
    #[error("the item is closed")]
    Closed,
    /// One submission is all that the form takes, and here it is.
    #[error("the form was submitted before")]
    AlreadySubmitted(ItemRef),
    /// It has an answer.
    #[error("the approval was answered before")]
    AlreadyAnswered,
    /// A new item has the id of another one: it is made already.
    #[error("an item of this id exists")]
    IdTaken,
    /// It is not what it was when whoever asks looked at it.
    #[error("the item has changed meanwhile")]
    Changed,
    /// Something in it is wrong, place by place.
    #[error("{} values are wrong", .0.len())]
    Invalid(Vec<Fault>),
    /// The request's name belongs to another one.
    #[error("this name was used for another request")]
    NameReused,
}

/// Why something is not theirs to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The item is another member's.
    #[error("only its owner, handlers and followers may change it")]
    NotTheirItem,
    /// The customer is another member's.
    #[error("the customer is not this member's")]
    NotTheirCustomer,
    /// Another member's items.
    #[error("members hand over what is theirs")]
    NotTheirsToHandOver,
    /// The item is about another customer.
    #[error("it belongs to another customer")]
    OfAnotherCustomer,
    /// A record's form or customer would change.
    #[error("a record stays with its form and customer")]
    RecordStays,
    /// An approval's customer would change.
    #[error("an approval stays with its customer")]
    ApprovalStays,
    /// A customer's file for something else.
    #[error("files come with forms")]
    FilesComeWithForms,
    /// A file that is shown, or is young.
    #[error("the file may still be needed")]
    FileIsNeeded,
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field's key, or a path such as `stages[0].tasks[2].title`.
    pub place: String,
    /// What.
    pub wrong: Wrong,
}

/// What can be wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// It is empty and must not be.
    Missing,
    /// More than so many characters.
    TooLong(usize),
    /// More than so many.
    TooMany(usize),
    /// Not a decimal number, or with more than so many digits behind the point.
    NotANumber(u8),
    /// Below this.
    Below(i64),
    /// Above this.
    Above(i64),
    /// Not a day as in `2026-11-23`.
    NotADay,
    /// A day before the first or after the last one.
    OutsideDays,
    /// Not one of the options.
    NotAnOption,
    /// Not a member who is known here, or not one of this customer's.
    NotAMember,
    /// Not a known customer.
    NotAContact,
    /// Not a telephone number.
    NotAPhone,
    /// No such file, or another's.
    NotAFile,
    /// Not an `https` address.
    NotAnAddress,
    /// Characters that cannot stand there.
    BadCharacters,
    /// It stands there twice.
    Twice,
    /// Nothing of that name is known, or it is not theirs to fill in.
    Unknown,
}

impl Fault {
    /// What is wrong at a place.
    pub fn new(place: impl Into<String>, wrong: Wrong) -> Self {
        let place = place.into();
        Self { place, wrong }
    }
}
