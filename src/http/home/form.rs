//! A form's page: to be filled in, filled in, or closed.

use askama::Template;

use crate::http::home::asked;
use crate::http::home::frame::Frame;
use crate::http::home::list::{Status, path};
use crate::http::home::opened::Opened;
use crate::http::home::posted::{Doing, Typed};
use crate::http::home::shared::Shared;
use crate::http::home::talk::Talk;
use crate::http::home::texts::Texts;
use crate::http::home::visit::Visit;
use crate::http::home::widget::{Input, Widget, widgets};
use crate::http::language::fill;
use crate::http::moment::Moment;
use crate::model::form::{Form, Submissions};
use crate::model::ids::ExternalUserId;
use crate::model::item::{Item, ItemState};

#[derive(Template)]
#[template(path = "home/form.html")]
struct FormPage<'a> {
    t: &'static Texts,
    frame: Frame,
    title: &'a str,
    description: &'a str,
    status: Status,
    owner: String,
    changed: Moment,
    stage: Stage,
    /// To the record that was submitted last.
    record: Option<String>,
    /// To the empty form.
    again: Option<String>,
    number: String,
    widgets: Vec<Widget>,
    note: Option<String>,
    talk: Talk,
}

/// What the page is for.
#[derive(PartialEq, Eq)]
enum Stage {
    /// To be filled in.
    Open,
    /// It was submitted a moment ago.
    Sent,
    /// It was submitted, and once is enough.
    Done,
    /// It takes nothing more.
    Closed,
}

/// A form in a list. Whether it was submitted, the customer's records tell.
pub(in crate::http::home) fn status(
    form: &Form,
    contact: &ExternalUserId,
    all: &[Shared],
    t: &Texts,
) -> Status {
    let is_answer = |shared: &Shared| match &*shared.item {
        Item::Record(record) => {
            record.form == form.head.id && record.contact.as_ref() == Some(contact)
        }
        Item::Project(_) | Item::Form(_) | Item::Approval(_) => false,
    };
    match (form.head.state, all.iter().any(is_answer)) {
        (_, true) => Status::over(t.submitted),
        (ItemState::Closed, false) => Status::over(t.form_closed),
        (ItemState::Open, false) => Status::to_do(t.fill_in),
    }
}

/// The page.
pub(in crate::http::home) fn page(
    visit: &Visit,
    opened: &Opened,
    form: &Form,
    typed: Option<&Typed>,
) -> askama::Result<String> {
    let t = visit.place.t;
    let head = &form.head;
    let filled = typed.and_then(|typed| typed.in_form(Doing::Submit));
    let submitted = opened.submitted.as_ref();
    let sent = submitted.is_some_and(|record| record.id.as_str() == visit.place.asked("sent"));
    let mut frame = Frame::of(visit);
    let stage = match (head.state, form.submissions, submitted) {
        _ if sent => {
            frame.done = Doing::Submit.name();
            Stage::Sent
        }
        (ItemState::Closed, ..) if filled.is_none() => Stage::Closed,
        (_, Submissions::One, Some(_)) => Stage::Done,
        _ => Stage::Open,
    };
    let may_repeat = form.submissions == Submissions::Many && head.state == ItemState::Open;
    let faults = filled.map_or(0, Typed::faults);
    let note = filled.and_then(|typed| typed.note).map(str::to_owned);
    let version = submitted.map_or_else(String::new, ToString::to_string);
    let here = path(&opened.shown);
    FormPage {
        t,
        frame,
        title: &head.title,
        description: &head.description,
        status: match (head.state, submitted) {
            (ItemState::Closed, _) => Status::over(t.form_closed),
            (ItemState::Open, Some(_)) => Status::over(t.submitted),
            (ItemState::Open, None) => Status::to_do(t.fill_in),
        },
        owner: opened.names.member(&head.owner),
        changed: Moment::to_minute(head.changed_at, t.lang),
        stage,
        record: submitted.map(|record| visit.to(&path(record), &[])),
        again: may_repeat.then(|| visit.to(&here, &[])),
        number: asked::number(visit, &opened.shown, Doing::Submit, &version),
        widgets: widgets(visit, opened, form, filled),
        note: note.or_else(|| (faults > 0).then(|| fill(t.faults, faults))),
        talk: Talk::of(visit, opened, typed),
    }
    .render()
}
