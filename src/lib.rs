//! The service behind a WeCom (企业微信) callback URL: events kept durably, contacts, members and links kept up to date,
//! cards sent back.
//!
//! # The map
//!
//! Data enters at the top of this list and walks down it once.
//!
//! | module | what it does | never |
//! |---|---|---|
//! | [`model`] | the field's nouns as plain data | I/O, a clock, WeCom's JSON |
//! | [`callback`] | WeCom's callback protocol: bytes → event, and back for the simulator | HTTP, storage |
//! | [`decide`] | what should happen: input + facts + time → effects | async, I/O, the clock |
//! | [`store`] | the one durable place: inbox, state, outbox; embedded or Redis | WeCom, why an effect was decided |
//! | [`files`] | where the bytes of attachments are kept: a folder or a bucket | what they are for, who sees them |
//! | [`wecom`] | the one door to WeCom's API | storage, queues, retry policy |
//! | [`weixin`] | the one door to WeChat's API, for the corp's service account (服务号) | storage, queues, retry policy |
//! | [`webhook`] | the one door to the company's own systems | storage, queues, retry policy |
//! | [`act`] | gather → decide → commit: the only way anything changes | loops, HTTP |
//! | [`http`] | doors for WeCom, for people, for the company's systems | loops, configuration |
//! | [`worker`] | the loops: inbox, outbox, trimming, what is planned; retry or bury | HTTP |
//! | [`sim`] | a small WeCom for development and tests | our store, our decisions |
//! | [`clock`], [`config`], [`telemetry`] | time, settings, logs and traces | |
//! | [`app`] | the one place where the parts are built and joined | the command line |
//! | [`cli`] | commands; the only code that prints | |
//!
//! # Who may import whom
//!
//! ```text
//! cli ─► app ─► http ───┐
//!   │      └──► worker ─┴─► act ─► decide ─► callback ─► model
//!   └─► sim ─► callback      ├──► store ─────────────────► model
//!                            ├──► wecom ─────────────────► model
//!                            ├──► weixin ─► wecom (how to ask, tokens, limits)
//!                            └──► webhook ─► wecom (how to ask)
//!       http, worker ────────┴──► files ─────────────────► model
//! ```
//!
//! The table itself is data in `tests/hallway.rs`, which fails when a module uses what its row does not name. Three
//! rules go with it: modules take plain values in their constructors, never `Config`; a module's error names only its
//! own failures; only `http` knows status codes, only `cli` prints, only `worker` waits between tries, and only
//! `http`, `worker` and `sim` read the clock.
//!
//! # One callback's walk
//!
//! `add_external_contact` with a welcome code, from socket to card:
//!
//! 1. `http/callback.rs` finds the receiver, reads the body (at most 1 MiB), and has [`callback::open`] check it:
//!    envelope, signature, decryption, receive id, each step a type that only the step before can make.
//! 2. [`callback::peek`] sees name, subject and urgency in one scan that cannot fail. Full parsing comes behind the
//!    store: an event is never lost because our parser is behind it.
//! 3. [`store::Store::accept`] keeps hash and event in one round trip, shared with the requests that arrive meanwhile.
//!    Then, and not before, WeCom gets its 200.
//! 4. [`worker`] claims the delivery: urgent first, one at a time per subject. [`callback::event::parse`] reads it.
//! 5. [`act`] asks [`decide::needs`], reads that from the store and from WeCom, and has [`decide::decide`] tell the
//!    effects: a welcome message is owed at once, and the contact is due for a refresh.
//! 6. [`store::Store::commit`] makes state, outgoing calls and settlement one step, refused when the claim has passed on
//!    or a record has changed.
//! 7. [`worker`] claims the outgoing call, [`wecom`] makes it, and its receipt is the next input of step 5.
//!
//! A sync is a chain of such deliveries: each of its steps reads a page, writes what differs, and asks for the next step
//! in the same commit, so a crash repeats one step, and there is one sync at a time whichever process works on it.
//!
//! The company's own systems are told by calls that are owed in the same commit ([`decide::fan_out`]).
//!
//! What people and the company's systems ask for takes the same corridor without a queue: [`act::Act::ask`] decides on a
//! command and [`store::Store::carry_out`] makes all that follows one step, once by the request's name. Pages only read,
//! by the rules of `decide::item::sight` that commands obey.
//!
//! A page's beacon and a refresh join at step 3 with XML of the same form; a replay joins at step 1 or 4.
//!
//! # One sync's walk
//!
//! A sync is a chain of deliveries through the same corridor, so it is resumable, done once, and one at a time among
//! all processes, without machinery of its own:
//!
//! 1. An administrator, the schedule or a switch puts `start_sync` into the inbox ([`decide::sync`]).
//! 2. Each `sync_step` reads a page of what WeCom has ([`act`]), decides what differs by the rules that events use, and
//!    commits changes, sightings, the run's progress and the next `sync_step` together.
//! 3. When all pages are read, what is kept and was not sighted is read one by one: it is gone, or it was overlooked.
//! 4. The last step writes the report. A step that is given up ends the run as failed; asking again goes on with it.
//!
//! # To add something
//!
//! | you want | touch |
//! |---|---|
//! | a new event kind | `callback/event/<family>.rs`, `decide/<family>.rs`, a fixture; the compiler shows the two matches |
//! | a new API call | `wecom/<family>.rs`, `sim/api/<family>.rs`; for the service account `weixin/`, `sim/weixin/` |
//! | a new thing to send | `model/outgoing.rs`, `wecom/mod.rs`, `sim/api/<family>.rs` |
//! | a new thing to ask for | `decide/request.rs`, `decide/item/`, the page or `http/api/items/table.rs` |
//! | a new stored noun | `model/<noun>.rs`, `model/effect.rs`, `store/record.rs`, the contract test |
//! | a new setting | `config`, `wecom-bridge.example.toml`, `app.rs` |
//! | a new check of the set-up | `app/check/` |

pub mod model;

pub mod callback;
pub mod decide;
pub mod files;
pub mod store;
pub mod wecom;
pub mod weixin;

pub mod webhook;

pub mod act;

pub mod http;
pub mod worker;

pub mod sim;

pub mod clock;
pub mod config;
pub mod telemetry;

pub mod app;
pub mod cli;
