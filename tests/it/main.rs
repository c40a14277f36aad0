//! Everything that is tested from outside, in one program.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks for one variant"
)]

mod admin;
mod backup;
mod browser;
mod card;
mod cli;
mod config;
mod corps;
mod crash;
mod decide;
mod doctor;
mod embedded_store;
mod faults;
mod files;
mod fixtures;
mod forget;
mod fuzzed;
mod guest;
mod home;
mod item_pages;
mod items;
mod items_api;
mod limits;
mod links;
mod metrics;
mod pages;
mod properties;
mod read_api;
mod redis_group;
mod redis_server;
mod redis_store;
mod redis_takeover;
mod relations;
mod retention;
mod secrets;
mod service;
mod service_account;
mod sim;
mod store_contract;
mod story;
mod sync;
mod tell;
mod toolbar;
mod traces;
mod trail;
mod transfer;
mod vectors;
mod webhooks;
mod world;
