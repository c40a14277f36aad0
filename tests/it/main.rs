//! Tests of the service from outside, as one program.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

mod store_contract;

mod embedded_store;
