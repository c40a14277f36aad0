//! The map.

pub mod model;
pub mod store;
