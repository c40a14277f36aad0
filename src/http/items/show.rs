//! How values look on a page: states, who does something.

use crate::http::items::names::Names;
use crate::http::items::texts::Texts;
use crate::model::approval::Consent;
use crate::model::grant::GrantState;
use crate::model::item::{Actor, ItemKind, ItemState};
use crate::model::project::{Handler, TaskState};
use crate::model::thread::Reminded;

/// A kind in words.
pub(in crate::http::items) const fn kind(kind: ItemKind, t: &Texts) -> &'static str {
    match kind {
        ItemKind::Project => t.project,
        ItemKind::Plan => t.plan,
        ItemKind::Form => t.form,
        ItemKind::Record => t.record,
        ItemKind::Approval => t.approval,
    }
}

/// Whether an item is open, in words and by the class that colours it.
pub(in crate::http::items) const fn state(
    state: ItemState,
    t: &Texts,
) -> (&'static str, &'static str) {
    match state {
        ItemState::Open => (t.open, "done"),
        ItemState::Closed => (t.closed, "over"),
    }
}

/// How far a task is, in words and by the class that colours it.
pub(in crate::http::items) const fn task(
    state: TaskState,
    t: &Texts,
) -> (&'static str, &'static str) {
    match state {
        TaskState::Todo => (t.todo, "over"),
        TaskState::Doing => (t.doing, "retrying"),
        TaskState::Done => (t.done, "done"),
        TaskState::Dropped => (t.dropped, "over"),
    }
}

/// How far a grant is, in words and by the class that colours it.
pub(in crate::http::items) const fn grant(
    state: GrantState,
    t: &Texts,
) -> (&'static str, &'static str) {
    match state {
        GrantState::Pending => (t.grant_pending, "retrying"),
        GrantState::Confirmed => (t.grant_confirmed, "done"),
        GrantState::Revoked => (t.grant_revoked, "over"),
    }
}

/// Yes or no in words, and by the class that colours it.
pub(in crate::http::items) const fn consent(
    verdict: Consent,
    t: &Texts,
) -> (&'static str, &'static str) {
    match verdict {
        Consent::Agreed => (t.agreed, "done"),
        Consent::Declined => (t.declined, "dead"),
    }
}

/// How a reminder ended.
pub(in crate::http::items) const fn reminded(reminded: Reminded, t: &Texts) -> &'static str {
    match reminded {
        Reminded::Sent => t.reminded_sent,
        Reminded::NoChannel => t.reminded_no_channel,
        Reminded::Failed => t.reminded_failed,
    }
}

/// Who does something.
pub(in crate::http::items) fn actor(actor: &Actor, names: &Names, t: &Texts) -> String {
    match actor {
        Actor::System => t.system.to_owned(),
        Actor::Admin => t.admin.to_owned(),
        Actor::Member(userid) => names.member(userid),
        Actor::Contact(contact) => names.contact(contact),
    }
}

/// Who does a task.
pub(in crate::http::items) fn handler(
    handler: Option<&Handler>,
    names: &Names,
    t: &Texts,
) -> String {
    match handler {
        Some(Handler::Member(userid)) => names.member(userid),
        Some(Handler::Customer) => t.customer.to_owned(),
        None => String::new(),
    }
}
