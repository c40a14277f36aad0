//! Tests of the service from outside, as one program.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

mod redis_server;
mod redis_store;
mod store_contract;
