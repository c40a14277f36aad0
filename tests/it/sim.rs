//! The simulator by itself: every call with its refusals, what people cause, and the faults.

mod ear;
mod stage;

mod contact;
mod login;
mod member;
mod token;
mod welcome;

mod card;
mod message;

mod fault;
mod push;
