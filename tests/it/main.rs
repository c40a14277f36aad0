//! Everything that is tested from outside, in one binary.

#![expect(clippy::unwrap_used, reason = "a test may stop where it cannot go on")]

mod config;
mod fixtures;
mod sim;
mod vectors;
