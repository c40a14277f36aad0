//! The lists: one kind at a time, a member's own or all that they see, searched by title.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::decide::item::sight::is_authorised;
use crate::http::items::access::Reader;
use crate::http::items::frame::Frame;
use crate::http::items::names::{Names, Wanted};
use crate::http::items::show;
use crate::http::items::texts::Texts;
use crate::http::items::turned::Turned;
use crate::http::moment::Moment;
use crate::http::page::respond;
use crate::model::effect::Shelf;
use crate::model::item::{Item, ItemKey, ItemKind, ItemRef, ItemState};
use crate::store::record::{Key, Table};

/// How many items a page shows.
const PAGE: usize = 30;

/// How many are looked at in one round trip; a project may be large.
const STEP: usize = 60;

/// How many a search looks at. A page may be shorter than that and still have a next one.
const LOOKED_AT_MAX: usize = 1_200;

/// The kinds that have a list.
const KINDS: [ItemKind; 4] = [
    ItemKind::Project,
    ItemKind::Form,
    ItemKind::Record,
    ItemKind::Approval,
];

/// An item in a list.
pub(in crate::http::items) struct Row {
    pub(in crate::http::items) href: String,
    pub(in crate::http::items) title: String,
    pub(in crate::http::items) state: (&'static str, &'static str),
    pub(in crate::http::items) about: Vec<String>,
    pub(in crate::http::items) owner: String,
    pub(in crate::http::items) percent: Option<usize>,
    pub(in crate::http::items) changed: Moment,
}

struct Tab {
    href: String,
    title: &'static str,
    here: bool,
}

#[derive(Template)]
#[template(path = "items/list.html")]
struct ListPage {
    t: &'static Texts,
    frame: Frame,
    tabs: Vec<Tab>,
    kind: &'static str,
    /// Of a member: their own and all. Of an administrator: none.
    scopes: Vec<Tab>,
    scope: &'static str,
    q: String,
    state: String,
    rows: Vec<Row>,
    empty: &'static str,
    new: Option<(String, &'static str)>,
    next: Option<String>,
}

/// What is looked for.
struct Sought {
    kind: ItemKind,
    mine: bool,
    q: String,
    state: Option<ItemState>,
    after: Option<ItemKey>,
}

/// The list.
pub(in crate::http::items) async fn page(reader: Reader) -> Result<HttpResponse, Turned> {
    let t = reader.t;
    let authorised = reader.authorised();
    let kinds = KINDS
        .into_iter()
        .filter(|kind| is_authorised(authorised, *kind));
    let kinds: Vec<ItemKind> = kinds.collect();
    let kind = match reader.asked("kind") {
        "" => kinds.first().copied(),
        name => ItemKind::parse(name).filter(|kind| kinds.contains(kind)),
    };
    let kind = kind.ok_or(Turned::Missing)?;
    let sought = Sought {
        kind,
        mine: reader.member().is_some() && reader.asked("scope") != "all",
        q: reader.asked("q").to_lowercase(),
        state: match reader.asked("state") {
            "open" => Some(ItemState::Open),
            "closed" => Some(ItemState::Closed),
            _ => None,
        },
        after: ItemKey::parse(reader.asked("after")).ok(),
    };
    let (rows, next) = find(&reader, &sought).await?;
    let filtered = !sought.q.is_empty() || sought.state.is_some() || sought.after.is_some();
    let empty = match (filtered, next.is_some(), sought.mine) {
        (_, true, _) => t.nothing_in_part,
        (true, false, _) => t.nothing_found,
        (false, false, true) => t.nothing_mine,
        (false, false, false) => t.nothing_yet,
    };
    Ok(respond(
        StatusCode::OK,
        &ListPage {
            t,
            tabs: tabs(&reader, &kinds, &sought),
            kind: kind.name(),
            scopes: scopes(&reader, &sought),
            scope: match sought.mine {
                true => "",
                false => "all",
            },
            q: reader.asked("q").to_owned(),
            state: reader.asked("state").to_owned(),
            rows,
            empty,
            new: new(&reader, kind),
            next: next.map(|next| address(&reader, &sought, kind, sought.mine, Some(&next))),
            frame: Frame::of(&reader)?,
        },
    ))
}

fn new(reader: &Reader, kind: ItemKind) -> Option<(String, &'static str)> {
    let t = reader.t;
    let title = match kind {
        ItemKind::Project => t.new_project,
        ItemKind::Form => t.new_form,
        ItemKind::Approval => t.new_approval,
        // Records are made at their forms.
        ItemKind::Record | ItemKind::Plan => return None,
    };
    Some((reader.place.to(&format!("/new/{}", kind.name())), title))
}

fn address(
    reader: &Reader,
    sought: &Sought,
    kind: ItemKind,
    mine: bool,
    after: Option<&ItemKey>,
) -> String {
    let scope = match mine || reader.member().is_none() {
        true => "",
        false => "all",
    };
    // A search stays with its tab; a page belongs to both.
    let (q, state) = match kind == sought.kind {
        true => (reader.asked("q"), reader.asked("state")),
        false => ("", ""),
    };
    let after = after.map_or("", ItemKey::as_str);
    let query = [
        ("kind", kind.name()),
        ("scope", scope),
        ("q", q),
        ("state", state),
        ("after", after),
    ];
    reader.place.with("", &query)
}

fn tabs(reader: &Reader, kinds: &[ItemKind], sought: &Sought) -> Vec<Tab> {
    let t = reader.t;
    let tab = |kind: &ItemKind| Tab {
        href: address(reader, sought, *kind, sought.mine, None),
        title: match kind {
            ItemKind::Project | ItemKind::Plan => t.projects,
            ItemKind::Form => t.forms,
            ItemKind::Record => t.records,
            ItemKind::Approval => t.approvals,
        },
        here: *kind == sought.kind,
    };
    kinds.iter().map(tab).collect()
}

fn scopes(reader: &Reader, sought: &Sought) -> Vec<Tab> {
    if reader.member().is_none() {
        return Vec::new();
    }
    let t = reader.t;
    let scope = |title, mine| Tab {
        href: address(reader, sought, sought.kind, mine, None),
        title,
        here: sought.mine == mine,
    };
    vec![scope(t.mine, true), scope(t.all, false)]
}

/// A page of rows, and the id after which the next one goes on.
async fn find(reader: &Reader, sought: &Sought) -> Result<(Vec<Row>, Option<ItemKey>), Turned> {
    let (mut rows, mut looked_at) = (Vec::new(), 0);
    let mut after = sought.after.clone();
    loop {
        let items = some(reader, sought, after.as_ref()).await?;
        let more = items.len() == STEP;
        let mut wanted = Wanted::default();
        items.iter().for_each(|item| wanted.row(item));
        let names = wanted.read(reader).await?;
        for item in &items {
            after = Some(item.head().id.clone());
            looked_at += 1;
            if fits(reader, sought, item, &names) {
                rows.push(row(reader, item, &names));
            }
            if rows.len() == PAGE {
                return Ok((rows, after));
            }
        }
        if !more {
            return Ok((rows, None));
        }
        if looked_at >= LOOKED_AT_MAX {
            return Ok((rows, after));
        }
    }
}

/// Items of the kind, whoever sees them; fewer than [`STEP`] are the last ones.
async fn some(
    reader: &Reader,
    sought: &Sought,
    after: Option<&ItemKey>,
) -> Result<Vec<Item>, Turned> {
    let (store, corp) = (&reader.doors.store, &reader.corp);
    let kind = sought.kind;
    let records = match reader.member().filter(|_| sought.mine) {
        Some(userid) => {
            // Of every shelf's items, those of a kind follow its name and a blank-free first id.
            let first = || ItemKey::parse("0").ok();
            let after = after.cloned().or_else(first);
            let after = after.map(|id| ItemRef::new(kind, id));
            let shelf = Shelf::Member(userid.clone());
            let found = store.on_shelf(corp, &shelf, after.as_ref(), STEP).await?;
            let keys: Vec<Key> = found
                .iter()
                .filter(|item| item.kind == kind)
                .map(Key::item)
                .collect();
            store.read(corp, &keys).await?
        }
        None => {
            let id = after.map_or("", ItemKey::as_str);
            let after = format!("{}:{id}", kind.name());
            store.list(corp, Table::Items, Some(&after), STEP).await?
        }
    };
    let mut items = Vec::with_capacity(records.len());
    for record in records {
        let item = record.parse::<Item>()?;
        items.extend(item.filter(|item| item.kind() == kind));
    }
    Ok(items)
}

fn fits(reader: &Reader, sought: &Sought, item: &Item, names: &Names) -> bool {
    let has = |text: &str| text.to_lowercase().contains(&sought.q);
    let named = || {
        item.contact()
            .is_some_and(|contact| has(&names.contact(contact)))
    };
    reader.sees(item)
        && sought.state.is_none_or(|state| item.head().state == state)
        && (sought.q.is_empty() || has(&item.head().title) || named())
}

/// An item's row.
pub(in crate::http::items) fn row(reader: &Reader, item: &Item, names: &Names) -> Row {
    let (t, head) = (reader.t, item.head());
    let mut about: Vec<String> = item
        .contact()
        .map(|contact| names.contact(contact))
        .into_iter()
        .collect();
    let mut percent = None;
    let mut state = show::state(head.state, t);
    match item {
        Item::Project(project) => percent = Some(project.progress().percent()),
        Item::Form(_) => {}
        Item::Record(record) => {
            about.push(record.step.clone());
            let handler = record.handler.as_ref();
            about
                .extend(handler.map(|handler| format!("{}: {}", t.handler, names.member(handler))));
        }
        Item::Approval(approval) => {
            if let Some(answer) = &approval.answer {
                state = show::consent(answer.verdict, t);
            }
        }
    }
    Row {
        href: reader.place.item(&item.item_ref()),
        title: head.title.clone(),
        state,
        about,
        owner: names.member(&head.owner),
        percent,
        changed: Moment::to_minute(head.changed_at, t.lang),
    }
}
