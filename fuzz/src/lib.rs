//! What is tried with any input: one module for each target, and what they need.
//!
//! Each `run` takes whatever bytes there are, asks the service by its public functions, and panics when an answer is
//! wrong. Where there is a second, slower way to the same answer, both are taken. The fuzzer calls them with inputs of
//! its own making; `cargo test` calls the same ones with the seeds and with every input below `corpus/`.

/// What is done with an input.
pub type Run = fn(&[u8]);

/// The targets, by name.
pub const TARGETS: [(&str, Run); 8] = [
    ("envelope", envelope::run),
    ("crypt", crypt::run),
    ("event", event::run),
    ("query", query::run),
    ("record", record::run),
    ("form", form::run),
    ("cookie", cookie::run),
    ("items", items::run),
];

pub mod seeds;

pub mod wire;

pub mod crypt;
pub mod envelope;
pub mod event;
pub mod query;

pub mod record;

pub mod ground;

pub mod cookie;
pub mod form;
pub mod items;
