//! The addresses of items.

use actix_web::http::Method;
use actix_web::web;

use crate::http::api::caller::Area;
use crate::http::api::endpoint::Endpoint;
use crate::http::api::items::{Kind, change, comments, grants, list, put, show};
use crate::model::item::ItemKind;

/// Parameters of every write.
const WRITE: &[&str] = &["corp", "idempotency_key"];

/// All of them. Of two that fit a request, the first one answers.
pub(in crate::http::api) fn endpoints() -> Vec<Endpoint> {
    let kinds = [
        ItemKind::Project,
        ItemKind::Form,
        ItemKind::Record,
        ItemKind::Approval,
    ];
    let mut endpoints: Vec<Endpoint> = kinds.into_iter().map(Kind).flat_map(of_kind).collect();
    endpoints.extend(parts());
    endpoints.extend(comments_on(Kind(ItemKind::Plan)));
    endpoints.extend(people());
    for endpoint in &mut endpoints {
        endpoint.area = Area::Items;
    }
    endpoints
}

/// What every kind has.
fn of_kind(kind: Kind) -> Vec<Endpoint> {
    let (plural, schema) = (kind.plural(), kind.schema());
    let one = kind.0.name();
    let filters: &[&str] = match kind.0 {
        ItemKind::Record => &["contact", "form"],
        ItemKind::Approval => &["contact"],
        ItemKind::Project | ItemKind::Plan | ItemKind::Form => &[],
    };
    let mut endpoints = vec![
        Endpoint::new(
            Method::GET,
            format!("/{plural}"),
            format!("list{schema}s"),
            format!("The {one}s, corp by corp, newest first."),
            || web::to(list::list),
        )
        .with(&["corp", "item_state", "owner", "member"])
        .with(filters)
        .with(&["limit", "after"])
        .lists(schema),
        Endpoint::new(
            Method::POST,
            format!("/{plural}"),
            format!("create{schema}"),
            format!("Make a new {one}."),
            || web::to(put::create),
        )
        .with(WRITE)
        .takes(format!("{schema}Draft"))
        .gives(201, schema),
        Endpoint::new(
            Method::GET,
            format!("/{plural}/by-ref/{{external_ref}}"),
            format!("get{schema}ByRef"),
            format!("The {one} that your own system calls so."),
            || web::to(show::by_ref),
        )
        .with(&["corp"])
        .gives(200, schema),
        Endpoint::new(
            Method::PUT,
            format!("/{plural}/by-ref/{{external_ref}}"),
            format!("put{schema}ByRef"),
            format!("Change the {one} that your own system calls so; make it if there is none."),
            || web::to(put::upsert),
        )
        .with(WRITE)
        .with(&["if_match"])
        .takes(format!("{schema}Draft"))
        .gives(200, schema)
        .gives(201, schema),
        Endpoint::new(
            Method::GET,
            format!("/{plural}/{{id}}"),
            format!("get{schema}"),
            format!("One {one}."),
            || web::to(show::by_id),
        )
        .with(&["corp"])
        .gives(200, schema),
        Endpoint::new(
            Method::PUT,
            format!("/{plural}/{{id}}"),
            format!("put{schema}"),
            format!(
                "Change the {one} as a whole: what is left out becomes empty; the owner stays."
            ),
            || web::to(put::change),
        )
        .with(WRITE)
        .with(&["if_match"])
        .takes(format!("{schema}Draft"))
        .gives(200, schema),
        Endpoint::new(
            Method::POST,
            format!("/{plural}/{{id}}/close"),
            format!("close{schema}"),
            format!("The {one} is over; those who have it still see it."),
            || web::to(change::close),
        )
        .with(WRITE)
        .gives(200, schema),
        Endpoint::new(
            Method::POST,
            format!("/{plural}/{{id}}/reopen"),
            format!("reopen{schema}"),
            format!("The {one} goes on."),
            || web::to(change::reopen),
        )
        .with(WRITE)
        .gives(200, schema),
        Endpoint::new(
            Method::POST,
            format!("/{plural}/{{id}}/hand-over"),
            format!("handOver{schema}"),
            format!("Give the {one} to another owner."),
            || web::to(change::give),
        )
        .with(WRITE)
        .takes("To")
        .gives(200, schema),
        Endpoint::new(
            Method::PUT,
            format!("/{plural}/{{id}}/followers/{{userid}}"),
            format!("follow{schema}"),
            format!("The member follows the {one} and is told what customers do with it."),
            || web::to(change::follow),
        )
        .with(WRITE)
        .gives(200, schema),
        Endpoint::new(
            Method::DELETE,
            format!("/{plural}/{{id}}/followers/{{userid}}"),
            format!("unfollow{schema}"),
            format!("The member follows the {one} no longer."),
            || web::to(change::unfollow),
        )
        .with(WRITE)
        .gives(200, schema),
    ];
    for endpoint in &mut endpoints {
        endpoint.kind = Some(kind);
    }
    endpoints.extend(comments_on(kind));
    endpoints
}

/// What only projects or records have.
fn parts() -> [Endpoint; 2] {
    [
        Endpoint::new(
            Method::PATCH,
            "/projects/{id}/tasks/{key}",
            "patchTask",
            "Change state or handler of one task.",
            || web::to(change::task),
        )
        .of(Kind(ItemKind::Project))
        .with(WRITE)
        .with(&["if_match"])
        .takes("TaskPatch")
        .gives(200, "Project"),
        Endpoint::new(
            Method::POST,
            "/records/{id}/advance",
            "advanceRecord",
            "Go on with a record: another step, another handler, an entry. Its customer is reminded of what they see of it.",
            || web::to(change::advance),
        )
        .of(Kind(ItemKind::Record))
        .with(WRITE)
        .with(&["if_match"])
        .takes("Advance")
        .gives(200, "Record"),
    ]
}

/// What is said about items of a kind; of plans apart from their projects.
fn comments_on(kind: Kind) -> [Endpoint; 2] {
    let (plural, schema) = (kind.plural(), kind.schema());
    let one = kind.0.name();
    [
        Endpoint::new(
            Method::GET,
            format!("/{plural}/{{id}}/comments"),
            format!("list{schema}Comments"),
            format!("What was said with one customer about the {one}, oldest first."),
            || web::to(comments::list),
        )
        .of(kind)
        .with(&["corp", "with_contact", "limit", "after"])
        .lists("Comment"),
        Endpoint::new(
            Method::POST,
            format!("/{plural}/{{id}}/comments"),
            format!("comment{schema}"),
            format!(
                "Say something about the {one} to a customer who has it; they are reminded of it."
            ),
            || web::to(comments::say),
        )
        .of(kind)
        .with(&["with_contact"])
        .with(WRITE)
        .takes("Said")
        .gives(201, "Comment"),
    ]
}

/// What is about customers and members.
fn people() -> [Endpoint; 4] {
    [
        Endpoint::new(
            Method::GET,
            "/contacts/{external_userid}/grants",
            "listGrants",
            "What a customer has and had, all at once.",
            || web::to(grants::list),
        )
        .with(&["corp"])
        .lists("Grant"),
        Endpoint::new(
            Method::POST,
            "/contacts/{external_userid}/grants",
            "grant",
            "Let a customer see these items; answers all that they have.",
            || web::to(grants::give),
        )
        .with(WRITE)
        .takes("Given")
        .lists("Grant"),
        Endpoint::new(
            Method::DELETE,
            "/contacts/{external_userid}/grants/{item}",
            "revoke",
            "Take an item back from a customer.",
            || web::to(grants::take_back),
        )
        .with(WRITE)
        .ends(),
        Endpoint::new(
            Method::POST,
            "/members/{userid}/hand-over",
            "handOverAll",
            "Give all that is open and that the member owns or handles to another one, in a moment.",
            || web::to(change::hand_over),
        )
        .with(WRITE)
        .takes("To")
        .gives(202, "HandedOver"),
    ]
}
