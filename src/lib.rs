//! The service behind a WeCom (企业微信) callback URL.
//!
//! placeholder: the map.

pub mod cli;
pub mod clock;
pub mod config;
pub mod model;
pub mod store;
pub mod telemetry;
