//! The addresses of the API: of what comes from WeCom here, of items in their own folder.

use actix_web::http::Method;
use actix_web::web;

use crate::http::api::endpoint::Endpoint;
use crate::http::api::events::Events;
use crate::http::api::outgoing::Calls;
use crate::http::api::{
    backup, chats, events, faults, forget, items, links, queue, records, sync, tags,
};

/// What lists of records take.
const PAGED: &[&str] = &["corp", "limit", "after"];

/// All of them.
pub(in crate::http::api) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = queues();
    endpoints.extend(kept());
    endpoints.extend(syncs());
    endpoints.push(
        Endpoint::new(
            Method::POST,
            "/backup",
            "backUp",
            "A copy of the embedded store, as it is at one moment.",
            || web::to(backup::backup),
        )
        .gives_bytes(),
    );
    endpoints.extend(items::table::endpoints());
    endpoints
}

/// What came in and what is owed.
fn queues() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::GET,
            "/events",
            "listEvents",
            "Events, corp by corp, newest first.",
            || web::to(queue::list::<Events>),
        )
        .with(&["corp", "event_kind", "queue_state", "since", "until"])
        .with(&["limit", "after"])
        .lists("Event"),
        Endpoint::new(
            Method::POST,
            "/events/replay",
            "replayEvents",
            "All events of a kind, a state or a time span are due again; by default the dead ones.",
            || web::to(queue::replay_many::<Events>),
        )
        .with(&["corp", "event_kind", "queue_state", "since", "until"])
        .with(&["limit", "after"])
        .gives(202, "ReplayedMany"),
        Endpoint::new(
            Method::GET,
            "/events/{id}",
            "getEvent",
            "An event with its XML, in which codes are hidden, and every failed attempt.",
            || web::to(events::show),
        )
        .gives(200, "EventDetail"),
        Endpoint::new(
            Method::POST,
            "/events/{id}/replay",
            "replayEvent",
            "The event is due again, as if it had just come.",
            || web::to(queue::replay::<Events>),
        )
        .gives(202, "Replayed"),
        Endpoint::new(
            Method::GET,
            "/outgoing",
            "listOutgoing",
            "Calls that are owed and what came of them, corp by corp, newest first.",
            || web::to(queue::list::<Calls>),
        )
        .with(&["corp", "event_kind", "queue_state", "since", "until"])
        .with(&["limit", "after"])
        .lists("Outgoing"),
        Endpoint::new(
            Method::POST,
            "/outgoing/replay",
            "replayManyOutgoing",
            "All calls of a kind, a state or a time span are due again; by default the dead ones.",
            || web::to(queue::replay_many::<Calls>),
        )
        .with(&["corp", "event_kind", "queue_state", "since", "until"])
        .with(&["limit", "after"])
        .gives(202, "ReplayedMany"),
        Endpoint::new(
            Method::POST,
            "/outgoing/{id}/replay",
            "replayOutgoing",
            "The call is due again. One whose deadline has passed ends as before.",
            || web::to(queue::replay::<Calls>),
        )
        .gives(202, "Replayed"),
        Endpoint::new(
            Method::GET,
            "/faults",
            "listFaults",
            "What an administrator has to put right, all at once.",
            || web::to(faults::list),
        )
        .with(&["corp"])
        .lists("Fault"),
        Endpoint::new(
            Method::POST,
            "/faults/retry",
            "retryFaults",
            "It is put right: calls that are held back are made again at once.",
            || web::to(faults::retry),
        )
        .with(&["corp"])
        .ends(),
    ]
}

/// What is kept of WeCom's own.
fn kept() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::GET,
            "/contacts",
            "listContacts",
            "Customers by external_userid, corp by corp.",
            || web::to(records::contacts),
        )
        .with(PAGED)
        .with(&["without_members"])
        .lists("Contact"),
        Endpoint::new(
            Method::GET,
            "/contacts/{external_userid}",
            "getContact",
            "A customer, with what has been done and seen at each member.",
            || web::to(records::contact),
        )
        .with(&["corp"])
        .gives(200, "ContactDetail"),
        Endpoint::new(
            Method::DELETE,
            "/contacts/{external_userid}",
            "forgetContact",
            "Forget a customer: all that is kept about them is removed, in a while.",
            || web::to(forget::contact),
        )
        .with(&["corp"])
        .gives(202, "Forgetting"),
        Endpoint::new(
            Method::GET,
            "/contacts/{external_userid}/traces",
            "countTraces",
            "How much would be removed if the customer were forgotten.",
            || web::to(forget::traces),
        )
        .with(&["corp"])
        .gives(200, "Traces"),
        Endpoint::new(
            Method::GET,
            "/forgettings/{id}",
            "getForgetting",
            "How far a customer is forgotten, or when that was done.",
            || web::to(forget::show),
        )
        .with(&["corp"])
        .gives(200, "Forgetting"),
        Endpoint::new(
            Method::GET,
            "/chats",
            "listChats",
            "Customer groups by chat_id, corp by corp; dismissed ones too.",
            || web::to(chats::chats),
        )
        .with(PAGED)
        .lists("Chat"),
        Endpoint::new(
            Method::GET,
            "/chats/{chat_id}",
            "getChat",
            "One customer group.",
            || web::to(chats::chat),
        )
        .with(&["corp"])
        .gives(200, "Chat"),
        Endpoint::new(
            Method::GET,
            "/tags",
            "listTags",
            "Groups of customer tags by group_id, corp by corp; deleted ones too.",
            || web::to(tags::tags),
        )
        .with(PAGED)
        .lists("TagGroup"),
        Endpoint::new(
            Method::GET,
            "/members",
            "listMembers",
            "Members by userid, corp by corp, each with the state of its link.",
            || web::to(records::members),
        )
        .with(PAGED)
        .lists("Member"),
        Endpoint::new(
            Method::GET,
            "/members/{userid}",
            "getMember",
            "One member; the spelling's case does not matter.",
            || web::to(records::member),
        )
        .with(&["corp"])
        .gives(200, "Member"),
        Endpoint::new(
            Method::GET,
            "/links",
            "listLinks",
            "The links in members' profiles by userid, corp by corp.",
            || web::to(links::list),
        )
        .with(PAGED)
        .with(&["link_state"])
        .lists("Link"),
    ]
}

fn syncs() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::POST,
            "/sync",
            "beginSync",
            "Start a sync; answers it, or the one that is running.",
            || web::to(sync::begin),
        )
        .takes("SyncWish")
        .gives(202, "Sync"),
        Endpoint::new(
            Method::GET,
            "/syncs",
            "listSyncs",
            "Syncs, corp by corp, newest first.",
            || web::to(sync::list),
        )
        .with(PAGED)
        .lists("Sync"),
        Endpoint::new(
            Method::GET,
            "/syncs/{id}",
            "getSync",
            "How far a sync is, or what came of it.",
            || web::to(sync::show),
        )
        .with(&["corp"])
        .gives(200, "Sync"),
        Endpoint::new(
            Method::GET,
            "/corps/{corp}/auto-sync",
            "getAutoSync",
            "Whether events change contacts.",
            || web::to(sync::auto_sync),
        )
        .gives(200, "AutoSync"),
        Endpoint::new(
            Method::PUT,
            "/corps/{corp}/auto-sync",
            "putAutoSync",
            "Switch it, in a moment; switching on starts a full sync.",
            || web::to(sync::switch_auto_sync),
        )
        .takes("Switch")
        .gives(202, "AutoSync"),
    ]
}
