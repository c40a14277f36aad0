//! What can be sent to this customer: by kind, searched by title, page by page.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::decide::item::sight::{is_authorised, may_be_shown_to};
use crate::http::search::{LOOKED_AT_MAX, STEP};
use crate::http::sidebar::access::Dealing;
use crate::http::sidebar::show::{fragment, line, state_word};
use crate::http::sidebar::texts::Texts;
use crate::http::sidebar::turned::Turned;
use crate::model::effect::Shelf;
use crate::model::grant::Grant;
use crate::model::item::{Item, ItemKey, ItemKind, ItemRef, ItemState};
use crate::store::record::{Key, Record, Table};

/// So many items are on a page.
const PAGE: usize = 20;

/// The longest text that is sought, in characters.
const SOUGHT_MAX: usize = 100;

/// What is wanted.
#[derive(Deserialize)]
pub(in crate::http::sidebar) struct Wanted {
    kind: ItemKind,
    #[serde(default)]
    q: String,
    after: Option<ItemKey>,
}

#[derive(Template)]
#[template(path = "sidebar/items.html")]
struct ItemsPart {
    t: &'static Texts,
    rows: Vec<ItemRow>,
    next: Option<ItemKey>,
    first: bool,
}

struct ItemRow {
    item: ItemRef,
    title: String,
    line: String,
    /// That the customer has it: the word and the text of its state.
    held: Option<(&'static str, &'static str)>,
    /// A form that a member can fill in for the customer.
    fillable: bool,
}

/// The list.
pub(in crate::http::sidebar) async fn list(
    dealing: Dealing,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, Turned> {
    let toolbar = &dealing.toolbar;
    let t = toolbar.t;
    if !is_authorised(toolbar.authorised()?, wanted.kind) {
        return Err(Turned::Missing);
    }
    let sought: String = wanted.q.trim().chars().take(SOUGHT_MAX).collect();
    let sought = sought.to_lowercase();
    let is_personal = matches!(wanted.kind, ItemKind::Record | ItemKind::Approval);
    let (found, next) = match is_personal && sought.is_empty() {
        true => own(&dealing, &wanted).await?,
        false => all(&dealing, &wanted, &sought).await?,
    };
    let refs: Vec<ItemRef> = found
        .iter()
        .map(|item| ItemRef::new(wanted.kind, item.head().id.clone()))
        .collect();
    let keys: Vec<Key> = refs
        .iter()
        .map(|item| Key::grant(dealing.id(), item))
        .collect();
    let mut grants = Vec::new();
    for record in toolbar.read(&keys).await? {
        grants.extend(record.parse::<Grant>()?);
    }
    let rows = found.iter().zip(refs).map(|(item, own)| {
        let held = grants
            .iter()
            .find(|grant| grant.holds() && grant.item == own);
        ItemRow {
            title: item.head().title.clone(),
            line: line(item, wanted.kind, t),
            held: held.map(|grant| (state_word(grant.state), t.grant(grant.state))),
            fillable: wanted.kind == ItemKind::Form,
            item: own,
        }
    });
    let part = ItemsPart {
        t,
        rows: rows.collect(),
        next,
        first: wanted.after.is_none(),
    };
    fragment(&part)
}

fn fits(item: &Item, dealing: &Dealing, sought: &str) -> bool {
    item.head().state == ItemState::Open
        && may_be_shown_to(dealing.id(), item)
        && dealing.toolbar.sees(item)
        && (sought.is_empty() || item.head().title.to_lowercase().contains(sought))
}

/// The customer's own records or approvals, newest first.
async fn own(dealing: &Dealing, wanted: &Wanted) -> Result<(Vec<Item>, Option<ItemKey>), Turned> {
    let toolbar = &dealing.toolbar;
    let shelf = Shelf::Contact(dealing.id().clone());
    let mut after = wanted.after.clone();
    let mut found = Vec::new();
    for _ in 0..LOOKED_AT_MAX / STEP {
        // Nothing sorts before a single zero but nothing.
        let first = after.clone().or_else(|| ItemKey::parse("0").ok());
        let first = first.map(|id| ItemRef::new(wanted.kind, id));
        let store = &toolbar.doors.store;
        let refs = store
            .on_shelf(&toolbar.corp, &shelf, first.as_ref(), STEP)
            .await?;
        let mut more = refs.len() == STEP;
        let keys: Vec<Key> = refs
            .iter()
            .filter(|item| item.kind == wanted.kind)
            .map(Key::item)
            .collect();
        more &= keys.len() == refs.len();
        for record in toolbar.read(&keys).await? {
            let Some(item) = record.parse::<Item>()? else {
                continue;
            };
            if found.len() == PAGE {
                return Ok((found, after));
            }
            after = Some(item.head().id.clone());
            if fits(&item, dealing, "") {
                found.push(item);
            }
        }
        if !more {
            return Ok((found, None));
        }
    }
    Ok((found, after))
}

/// A plan is kept as its project.
const fn kept(kind: ItemKind) -> ItemKind {
    match kind {
        ItemKind::Project | ItemKind::Plan => ItemKind::Project,
        ItemKind::Form | ItemKind::Record | ItemKind::Approval => kind,
    }
}

/// The corp's items of the kind, newest first. The work of one look is bounded.
async fn all(
    dealing: &Dealing,
    wanted: &Wanted,
    sought: &str,
) -> Result<(Vec<Item>, Option<ItemKey>), Turned> {
    let toolbar = &dealing.toolbar;
    let kind = kept(wanted.kind);
    let mut after = wanted.after.clone();
    let mut found = Vec::new();
    for _ in 0..LOOKED_AT_MAX / STEP {
        let first = format!("{}:", kind.name());
        let from = match &after {
            Some(id) => format!("{first}{id}"),
            None => first.clone(),
        };
        let store = &toolbar.doors.store;
        let records = store
            .list(&toolbar.corp, Table::Items, Some(&from), STEP)
            .await?;
        let of_kind = |record: &&Record| record.key.key.starts_with(&first);
        let more = records.len() == STEP && records.iter().all(|record| of_kind(&record));
        for record in records.iter().filter(of_kind) {
            let Some(item) = record.parse::<Item>()? else {
                continue;
            };
            if found.len() == PAGE {
                return Ok((found, after));
            }
            after = Some(item.head().id.clone());
            if fits(&item, dealing, sought) {
                found.push(item);
            }
        }
        if !more {
            return Ok((found, None));
        }
    }
    Ok((found, after))
}
