//! Items of a kind, newest first.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use crate::http::api::caller::Caller;
use crate::http::api::items::Kind;
use crate::http::api::items::show::ItemView;
use crate::http::api::{Page, limit};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::effect::Shelf;
use crate::model::ids::{CorpId, ExternalUserId, UserId};
use crate::model::item::{Item, ItemKey, ItemKind, ItemRef, ItemState};
use crate::store::record::{Key, Table};

/// How many items one request looks at. A filtered page may be shorter than asked and still have a next one.
const LOOKED_AT_MAX: usize = 2_000;

/// How many are looked at in one round trip, where not all of them will fit.
const STEP: usize = 50;

/// Which items are wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http::api::items) struct Filter {
    corp: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
    state: Option<ItemState>,
    /// Those that this member owns.
    owner: Option<UserId>,
    /// Those that this member owns or handles.
    member: Option<UserId>,
    /// Records and approvals of this customer.
    contact: Option<ExternalUserId>,
    /// Records of this form.
    form: Option<ItemKey>,
}

impl Filter {
    /// Where those are listed that can fit: what this names has to be looked at, item by item, for all the rest.
    fn shelf(&self) -> Option<Shelf> {
        let member = self.member.as_ref().or(self.owner.as_ref());
        let contact = self.contact.clone().map(Shelf::Contact);
        let form = self.form.clone().map(Shelf::Form);
        member.cloned().map(Shelf::Member).or(contact).or(form)
    }

    /// How many to look at, where so many are still wanted.
    fn step(&self, wanted: usize) -> usize {
        let all_fit = self.state.is_none() && self.shelf().is_none();
        if all_fit { wanted } else { STEP }
    }

    fn fits(&self, item: &Item) -> bool {
        let head = item.head();
        let of_form = |form: &ItemKey| match item {
            Item::Record(record) => record.form == *form,
            Item::Project(_) | Item::Form(_) | Item::Approval(_) => false,
        };
        self.state.is_none_or(|state| head.state == state)
            && self.owner.as_ref().is_none_or(|owner| head.owner == *owner)
            && self
                .contact
                .as_ref()
                .is_none_or(|contact| item.contact() == Some(contact))
            && self.form.as_ref().is_none_or(of_form)
    }

    /// Filters that no item of the kind can fit are mistakes.
    fn check(&self, kind: ItemKind) -> Result<(), Problem> {
        let wrong = |detail| Err(Problem::bad_request(detail));
        match kind {
            ItemKind::Project | ItemKind::Plan | ItemKind::Form if self.contact.is_some() => wrong(
                "`contact` is for records and approvals; see /contacts/{external_userid}/grants for what a customer has.",
            ),
            ItemKind::Project | ItemKind::Plan | ItemKind::Form | ItemKind::Approval
                if self.form.is_some() =>
            {
                wrong("`form` is for records.")
            }
            _ if self.member.is_some() && self.owner.is_some() => {
                wrong("Give one of `member` and `owner`.")
            }
            ItemKind::Project
            | ItemKind::Plan
            | ItemKind::Form
            | ItemKind::Record
            | ItemKind::Approval => Ok(()),
        }
    }
}

/// `GET /api/v1/{kind}`: corp by corp.
pub(in crate::http::api::items) async fn list(
    caller: Caller,
    kind: Kind,
    doors: web::Data<Doors>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse, Problem> {
    filter.check(kind.0)?;
    let limit = limit(filter.limit)?;
    let cursor = cursor(kind.0, filter.after.as_deref())?;
    let mut found: Vec<(&CorpId, Item)> = Vec::new();
    let mut looked_at = 0;
    for corp in caller.corps(filter.corp.as_deref())? {
        let mut after = match &cursor {
            Some((at, _)) if corp.as_str() < at.as_str() => continue,
            Some((at, item)) if corp.as_str() == at => item.clone(),
            _ => first(kind.0),
        };
        loop {
            let step = filter.step(limit - found.len());
            let (page, is_last) = page(&doors, corp, &filter, &after, step).await?;
            for (item, kept) in page {
                looked_at += 1;
                after = item;
                let fits = kept.filter(|kept| filter.fits(kept));
                found.extend(fits.map(|kept| (corp, kept)));
                if found.len() == limit || looked_at == LOOKED_AT_MAX {
                    return Ok(answer(&found, Some(format!("{corp}:{after}"))));
                }
            }
            if is_last {
                break;
            }
        }
    }
    Ok(answer(&found, None))
}

fn answer(found: &[(&CorpId, Item)], next: Option<String>) -> HttpResponse {
    let items = found.iter().map(|(corp, item)| ItemView::of(corp, item));
    let items: Vec<ItemView<'_>> = items.collect();
    HttpResponse::Ok().json(Page { items, next })
}

/// The next references of the kind after this one, each with its item; and whether they are the last ones.
async fn page(
    doors: &Doors,
    corp: &CorpId,
    filter: &Filter,
    after: &ItemRef,
    step: usize,
) -> Result<(Vec<(ItemRef, Option<Item>)>, bool), Problem> {
    let store = &doors.store;
    let records = match filter.shelf() {
        Some(shelf) => {
            let found = store.on_shelf(corp, &shelf, Some(after), step).await?;
            let keys: Vec<Key> = found.iter().map(Key::item).collect();
            store.read(corp, &keys).await?
        }
        None => {
            let after = after.to_string();
            store.list(corp, Table::Items, Some(&after), step).await?
        }
    };
    let mut page = Vec::with_capacity(records.len());
    for record in &records {
        match record.key.key.parse::<ItemRef>() {
            Ok(item) if item.kind == after.kind => page.push((item, record.parse()?)),
            Ok(_) | Err(_) => return Ok((page, true)),
        }
    }
    Ok((page, records.len() < step))
}

/// Stands before all items of the kind: their ids are times in many digits.
fn first(kind: ItemKind) -> ItemRef {
    let id = ItemKey::parse("0").expect("a digit is an id");
    ItemRef::new(kind, id)
}

/// The corp and item after which a page begins.
fn cursor(kind: ItemKind, after: Option<&str>) -> Result<Option<(String, ItemRef)>, Problem> {
    let Some(after) = after else { return Ok(None) };
    let cursor = after.split_once(':').and_then(|(corp, item)| {
        let item: ItemRef = item.parse().ok()?;
        (item.kind == kind).then(|| (corp.to_owned(), item))
    });
    let wrong = || Problem::bad_request("`after` is the `next` of the page before.");
    cursor.ok_or_else(wrong).map(Some)
}
