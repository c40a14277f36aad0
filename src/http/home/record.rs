//! A record's page: what was filled in, how far it is, and what was done about it.

use askama::Template;

use crate::http::files::show::AttachmentList;
use crate::http::home::frame::Frame;
use crate::http::home::list::Status;
use crate::http::home::names::Names;
use crate::http::home::opened::{Opened, files, values};
use crate::http::home::posted::Typed;
use crate::http::home::talk::Talk;
use crate::http::home::texts::Texts;
use crate::http::home::visit::Visit;
use crate::http::language::fill;
use crate::http::moment::Moment;
use crate::model::form::{CustomerUse, FieldKind, Value};
use crate::model::ids::UserId;
use crate::model::item::ItemState;
use crate::model::record::Record;

#[derive(Template)]
#[template(path = "home/record.html")]
struct RecordPage<'a> {
    t: &'static Texts,
    frame: Frame,
    title: &'a str,
    description: &'a str,
    status: Status,
    handler: String,
    changed: Moment,
    step: &'a str,
    steps: Vec<Step<'a>>,
    values: Vec<Filled<'a>>,
    files: AttachmentList,
    follow_ups: Vec<Entry<'a>>,
    talk: Talk,
}

struct Step<'a> {
    title: &'a str,
    class: &'static str,
    here: bool,
}

struct Filled<'a> {
    label: &'a str,
    texts: Vec<String>,
}

struct Entry<'a> {
    who: String,
    at: Moment,
    text: &'a str,
}

/// A record in a list: its step.
pub(in crate::http::home) fn status(record: &Record, t: &Texts) -> Status {
    match record.head.state {
        ItemState::Open => Status::going(record.step.as_str()),
        ItemState::Closed => Status::over(t.closed),
    }
}

/// The page.
pub(in crate::http::home) fn page(
    visit: &Visit,
    opened: &Opened,
    record: &Record,
    typed: Option<&Typed>,
) -> askama::Result<String> {
    let t = visit.place.t;
    let (head, names) = (&record.head, &opened.names);
    let shown = values(&record.fields, &record.values);
    let shown = shown.filter(|(field, _)| field.customer != CustomerUse::Nothing);
    let entries = record.follow_ups.iter().filter(|entry| !entry.internal);
    RecordPage {
        t,
        frame: Frame::of(visit),
        title: &head.title,
        description: &head.description,
        status: status(record, t),
        handler: names.member(record.handler.as_ref().unwrap_or(&head.owner)),
        changed: Moment::to_minute(head.changed_at, t.lang),
        step: &record.step,
        steps: steps(record),
        values: shown
            .map(|(field, value)| Filled {
                label: &field.label,
                texts: texts(&field.kind, value, names, t),
            })
            .collect(),
        files: files(visit, opened),
        follow_ups: entries
            .map(|entry| Entry {
                who: names.actor(&entry.by),
                at: Moment::to_minute(entry.at, t.lang),
                text: &entry.text,
            })
            .collect(),
        talk: Talk::of(visit, opened, typed),
    }
    .render()
}

fn steps(record: &Record) -> Vec<Step<'_>> {
    let reached = record.steps.iter().position(|step| *step == record.step);
    let steps = record.steps.iter().enumerate();
    let steps = steps.map(|(n, title)| Step {
        title,
        class: match reached {
            Some(reached) if n < reached => "over",
            Some(reached) if n == reached => "going",
            Some(_) | None => "ahead",
        },
        here: reached == Some(n),
    });
    steps.collect()
}

fn texts(kind: &FieldKind, value: &Value, names: &Names, t: &Texts) -> Vec<String> {
    match kind {
        FieldKind::Member => {
            let name = |text: &String| UserId::parse(text).map(|userid| names.member(&userid));
            let named = value.texts().iter().map(name);
            named.filter_map(Result::ok).collect()
        }
        // Their names and the way to them come with the files themselves.
        FieldKind::Attachment { .. } => vec![fill(t.files_count, value.texts().len())],
        FieldKind::Text { .. }
        | FieldKind::LongText { .. }
        | FieldKind::Number { .. }
        | FieldKind::Date { .. }
        | FieldKind::Choice { .. }
        | FieldKind::Choices { .. }
        | FieldKind::Phone => value.texts().to_vec(),
    }
}
