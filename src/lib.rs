//! The service behind a WeCom (企业微信) callback URL.
//!
//! placeholder: the map.

pub mod callback;
pub mod clock;
pub mod config;
pub mod model;
pub mod sim;
pub mod store;
