//! The home page: what was shared with the customer, list by list.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::decide::item::sight::is_authorised;
use crate::http::home::frame::{Frame, kept};
use crate::http::home::shared::{self, Shared};
use crate::http::home::texts::Texts;
use crate::http::home::turned::Instead;
use crate::http::home::visit::Visit;
use crate::http::home::{approval, form, project, record};
use crate::http::language::fill;
use crate::http::moment::Moment;
use crate::model::item::{Item, ItemKind, ItemRef, ItemState};

/// How many rows of each list stand on the first page.
const FIRST: usize = 10;

/// How many rows a page of one list has.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "home/list.html")]
struct ListPage {
    t: &'static Texts,
    frame: Frame,
    hello: Option<String>,
    sections: Vec<Section>,
    /// One list was asked for.
    single: bool,
    newer: Option<String>,
    older: Option<String>,
}

struct Section {
    name: &'static str,
    title: &'static str,
    empty: &'static str,
    rows: Vec<Row>,
    count: usize,
    unread: usize,
    to: String,
    /// To the rest of it, and what the link says.
    all: Option<String>,
    all_text: String,
}

/// One item in a list.
struct Row {
    to: String,
    title: String,
    kind: &'static str,
    status: Status,
    percent: Option<usize>,
    at: Moment,
    unread: bool,
}

/// How far an item is, in a word.
pub(in crate::http::home) struct Status {
    pub(in crate::http::home) text: String,
    /// By which it is coloured.
    pub(in crate::http::home) class: &'static str,
}

impl Status {
    /// Something for the customer to do.
    pub(in crate::http::home) fn to_do(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            text,
            class: "todo",
        }
    }

    /// It goes on.
    pub(in crate::http::home) fn going(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            text,
            class: "going",
        }
    }

    /// It is over.
    pub(in crate::http::home) fn over(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            text,
            class: "over",
        }
    }

    /// Open or closed.
    pub(in crate::http::home) fn of(state: ItemState, t: &Texts) -> Self {
        match state {
            ItemState::Open => Self::going(t.open),
            ItemState::Closed => Self::over(t.closed),
        }
    }
}

/// The lists, and which kinds stand in each.
const LISTS: [(&str, &[ItemKind]); 4] = [
    ("projects", &[ItemKind::Project, ItemKind::Plan]),
    ("approvals", &[ItemKind::Approval]),
    ("forms", &[ItemKind::Form]),
    ("records", &[ItemKind::Record]),
];

/// The page.
pub(in crate::http::home) async fn page(request: &HttpRequest) -> Result<HttpResponse, Instead> {
    let visit = Visit::look(request).await?;
    let (contact, shared) = shared::with_contact(&visit).await?;
    let t = visit.place.t;
    let wanted = visit.place.asked("list");
    let wanted = LISTS.iter().find(|(name, _)| *name == wanted);
    let page: usize = visit.place.asked("page").parse().unwrap_or(0).min(10_000);
    let mut sections = Vec::new();
    for (name, kinds) in LISTS {
        if wanted.is_none_or(|(wanted, _)| *wanted == name) {
            let (skip, take) = match wanted {
                None => (0, FIRST),
                Some(_) => (page * PAGE, PAGE),
            };
            sections.extend(section(&visit, &shared, name, kinds, skip..skip + take));
        }
    }
    let count = sections.first().map_or(0, |section| section.count);
    let turn = |there: bool, page: usize| {
        let (name, _) = wanted.filter(|_| there)?;
        let words = [("list", *name), ("page", &*page.to_string())];
        Some(visit.to("/home", &words))
    };
    let page = ListPage {
        t,
        frame: Frame::of(&visit),
        hello: contact.map(|contact| fill(t.hello, contact.name)),
        sections,
        single: wanted.is_some(),
        newer: turn(page > 0, page.saturating_sub(1)),
        older: turn((page + 1) * PAGE < count, page + 1),
    };
    Ok(kept(&visit, request, page.render()))
}

/// One list. A kind that the company does not work with has none, unless there is something in it.
fn section(
    visit: &Visit,
    shared: &[Shared],
    name: &'static str,
    kinds: &[ItemKind],
    rows: std::ops::Range<usize>,
) -> Option<Section> {
    let t = visit.place.t;
    let here = |shared: &&Shared| kinds.contains(&shared.shown.kind);
    let count = shared.iter().filter(here).count();
    let corp = visit.place.doors.corps.get(visit.place.corp())?;
    let works = kinds
        .iter()
        .any(|kind| is_authorised(corp.facts.authorised, *kind));
    if !works && count == 0 {
        return None;
    }
    let (title, empty) = match name {
        "projects" => (t.projects, t.no_projects),
        "approvals" => (t.approvals, t.no_approvals),
        "forms" => (t.forms, t.no_forms),
        _ => (t.records, t.no_records),
    };
    let to = visit.to("/home", &[("list", name)]);
    let shown = shared.iter().filter(here).skip(rows.start).take(rows.len());
    Some(Section {
        name,
        title,
        empty,
        rows: shown.map(|one| row(visit, one, shared)).collect(),
        count,
        unread: shared.iter().filter(here).filter(|one| one.unread).count(),
        all: (count > FIRST).then(|| to.clone()),
        all_text: fill(t.all_of, count),
        to,
    })
}

fn row(visit: &Visit, shared: &Shared, all: &[Shared]) -> Row {
    let t = visit.place.t;
    let head = shared.item.head();
    let (status, percent) = match &*shared.item {
        Item::Project(project) => project::status(project, shared.shown.kind, t),
        Item::Form(form) => (form::status(form, &visit.contact, all, t), None),
        Item::Record(record) => (record::status(record, t), None),
        Item::Approval(approval) => (approval::status(approval, t), None),
    };
    Row {
        to: visit.to(&path(&shared.shown), &[]),
        title: head.title.clone(),
        kind: kind(shared.shown.kind, t),
        status,
        percent,
        at: Moment::to_minute(shared.changed_at, t.lang),
        unread: shared.unread,
    }
}

/// The path of an item's page.
pub(in crate::http::home) fn path(item: &ItemRef) -> String {
    format!("/home/{}/{}", item.kind.name(), item.id)
}

/// A kind in words.
pub(in crate::http::home) const fn kind(kind: ItemKind, t: &Texts) -> &'static str {
    match kind {
        ItemKind::Project => t.kind_project,
        ItemKind::Plan => t.kind_plan,
        ItemKind::Form => t.kind_form,
        ItemKind::Record => t.kind_record,
        ItemKind::Approval => t.kind_approval,
    }
}
