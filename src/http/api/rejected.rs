//! Commands that are not carried out, as problem details: what to do, in English, and each fault with its place.

use actix_web::http::StatusCode;

use crate::act::error::ActError;
use crate::decide::input::Refusal;
use crate::decide::rejection::{Fault, Rejection, Wrong};
use crate::http::error::{FaultBody, Problem};

impl From<ActError> for Problem {
    fn from(problem: ActError) -> Self {
        match problem {
            ActError::Refused(Refusal::Rejected(rejection)) => rejected(rejection),
            ActError::Refused(refusal) => conflict(refusal.to_string()),
            ActError::Api(problem) => problem.into(),
            ActError::Store(problem) => problem.into(),
            // No command asks WeChat.
            ActError::Weixin(problem) => conflict(problem.to_string()),
            ActError::Webhook(problem) => conflict(problem.to_string()),
        }
    }
}

fn rejected(rejection: Rejection) -> Problem {
    match rejection {
        Rejection::NotFound => Problem::not_found(
            "There is no such item, task or grant; a customer has only what was given to them.",
        ),
        Rejection::NotAllowed(why) => Problem::forbidden(format!("This is not allowed: {why}.")),
        Rejection::NotAuthorised(kind) => Problem::forbidden(format!(
            "The corp does not work with {}s: see `items` in its configuration.",
            kind.name()
        )),
        Rejection::Closed => conflict("The item is closed: reopen it first."),
        Rejection::AlreadySubmitted(item) => conflict(format!(
            "The form takes one submission of a customer, and that is {item}."
        )),
        Rejection::AlreadyAnswered => {
            conflict("The customer has answered this approval; make another one to ask once more.")
        }
        Rejection::IdTaken => conflict("This item is made already; change it by its id."),
        Rejection::Changed => Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "It has changed.",
            "The item is not what it was at the `If-Match` of the request: read it again, then decide.",
        ),
        Rejection::Invalid(faults) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Something in it is wrong.",
            "See `faults`; put every one right and send it again.",
        )
        .with(faults.iter().map(body).collect()),
        Rejection::NameReused => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "The key was used before.",
            "This `Idempotency-Key` belongs to another request; use a new one.",
        ),
    }
}

fn conflict(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, "It stands otherwise.", detail)
}

fn body(fault: &Fault) -> FaultBody {
    FaultBody {
        place: fault.place.clone(),
        wrong: word(fault.wrong),
        detail: detail(fault.wrong),
    }
}

/// A word for programs.
const fn word(wrong: Wrong) -> &'static str {
    match wrong {
        Wrong::Missing => "missing",
        Wrong::TooLong(_) => "too_long",
        Wrong::TooMany(_) => "too_many",
        Wrong::NotANumber(_) => "not_a_number",
        Wrong::Below(_) => "below",
        Wrong::Above(_) => "above",
        Wrong::NotADay => "not_a_day",
        Wrong::OutsideDays => "outside_days",
        Wrong::NotAnOption => "not_an_option",
        Wrong::NotAMember => "not_a_member",
        Wrong::NotAContact => "not_a_contact",
        Wrong::NotAPhone => "not_a_phone",
        Wrong::NotAFile => "not_a_file",
        Wrong::NotAnAddress => "not_an_address",
        Wrong::BadCharacters => "bad_characters",
        Wrong::Twice => "twice",
        Wrong::Unknown => "unknown",
    }
}

/// A sentence for people.
fn detail(wrong: Wrong) -> String {
    match wrong {
        Wrong::Missing => "Fill it in.".into(),
        Wrong::TooLong(max) => format!("Use at most {max} characters."),
        Wrong::TooMany(max) => format!("Give at most {max}."),
        Wrong::NotANumber(0) => "Write a whole number, such as 12.".into(),
        Wrong::NotANumber(decimals) => {
            format!("Write a number with at most {decimals} digits behind the point.")
        }
        Wrong::Below(min) => format!("Use {min} or more."),
        Wrong::Above(max) => format!("Use at most {max}."),
        Wrong::NotADay => "Write a day such as 2026-11-23.".into(),
        Wrong::OutsideDays => "Choose a day that is not before the first and not after the last one.".into(),
        Wrong::NotAnOption => "Choose one of the options.".into(),
        Wrong::NotAMember => "Name a member whom the service knows, by userid; a sync takes new ones in.".into(),
        Wrong::NotAContact => "Name a customer whom the service knows, by external_userid; a sync takes new ones in.".into(),
        Wrong::NotAPhone => "Write a telephone number: 5 to 20 digits, with +, -, blanks or brackets.".into(),
        Wrong::NotAFile => "Name files that were brought for this item, by their ids.".into(),
        Wrong::NotAnAddress => "Write an https address of at most 1024 characters.".into(),
        Wrong::BadCharacters => "Leave out control characters; in a key, use letters, digits, - and _ alone; in an option, no blanks around it.".into(),
        Wrong::Twice => "It is there twice, or is the same as the other one; once is enough.".into(),
        Wrong::Unknown => "There is nothing of this name; look at the spelling.".into(),
    }
}
