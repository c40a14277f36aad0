//! The simulator by itself: every call with its refusals, what people cause, and the faults.

pub(crate) mod ear;
mod stage;

mod contact;
mod group;
mod login;
mod member;
mod served;
mod token;
mod welcome;

mod card;
mod card_check;
mod message;

mod fault;
mod push;

mod jssdk;
mod page;
