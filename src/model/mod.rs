//! The field's nouns as plain data: ids, contacts, members, links, cards, items, deliveries, outgoing calls, effects.
//!
//! Nothing here does I/O, reads a clock, or knows WeCom's JSON, Redis or HTTP. What is checked once becomes a type
//! that nobody else can build.

pub mod ids;
pub mod text;
pub mod time;

pub mod chat;
pub mod histogram;
pub mod rate;

pub mod contact;
pub mod member;
pub mod relation;
pub mod signing_secret;
pub mod switches;
pub mod sync;
pub mod tag;
pub mod version;
pub mod visit;
pub mod webhook;

pub mod follower;
pub mod forgetting;
pub mod quiet;
pub mod reach;

pub mod approval;
pub mod attachment;
pub mod file_type;
pub mod files_url;
pub mod form;
pub mod grant;
pub mod item;
pub mod project;
pub mod record;
pub mod request;
pub mod template;
pub mod thread;

pub mod card;
pub mod delivery;
pub mod outgoing;
pub mod reminder;

pub mod api_token;
pub mod effect;
pub mod keys;
pub mod password;
pub mod redis_url;
