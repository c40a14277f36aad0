//! Items are given to the customer: before the member's client sends a card of each, and sent, or taken back.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::decide::request::Command;
use crate::http::login::own;
use crate::http::personal;
use crate::http::sidebar::access::Dealing;
use crate::http::sidebar::texts::Texts;
use crate::http::sidebar::turned::Turned;
use crate::model::grant::Grant;
use crate::model::item::{Item, ItemKind, ItemRef};
use crate::model::text::cut_bytes;
use crate::store::record::{Key, Table};

/// The limits of a link in a message, in bytes of UTF-8 (path/92137); those of `sendChatMessage` are not documented.
const TITLE_MAX: usize = 128;
const DESC_MAX: usize = 512;
const ADDRESS_MAX: usize = 2048;

/// More items than are given at once.
const ITEMS_MAX: usize = 10;

/// Which items.
#[derive(Serialize, Deserialize)]
pub(in crate::http::sidebar) struct Items {
    items: Vec<ItemRef>,
}

/// Which item.
#[derive(Serialize, Deserialize)]
pub(in crate::http::sidebar) struct One {
    item: ItemRef,
}

#[derive(Serialize)]
struct Given {
    cards: Vec<Card>,
}

/// What `sendChatMessage` (path/100749) needs for one item.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Card {
    item: ItemRef,
    link: String,
    title: String,
    desc: String,
    #[serde(rename = "imgUrl", skip_serializing_if = "Option::is_none")]
    img_url: Option<String>,
    /// Whether the customer did not have it before: then it is taken back when its card cannot be sent.
    fresh: bool,
}

/// Gives the items and tells their cards.
pub(in crate::http::sidebar) async fn share(
    dealing: Dealing,
    wanted: web::Json<Items>,
) -> Result<HttpResponse, Turned> {
    let toolbar = &dealing.toolbar;
    let mut items: Vec<ItemRef> = Vec::new();
    for item in wanted.items.iter().take(ITEMS_MAX) {
        if !items.contains(item) {
            items.push(item.clone());
        }
    }
    let keys = items
        .iter()
        .flat_map(|item| [Key::item(item), Key::grant(dealing.id(), item)]);
    let (mut kept, mut held) = (Vec::new(), Vec::new());
    for record in toolbar.read(&keys.collect::<Vec<_>>()).await? {
        if record.key.table == Table::Items {
            kept.extend(record.parse::<Item>()?);
        } else {
            held.extend(record.parse::<Grant>()?.filter(Grant::holds));
        }
    }
    let command = Command::Share(dealing.id().clone(), items.clone());
    toolbar.ask(command, &*wanted).await?;
    let mut cards = Vec::with_capacity(items.len());
    for shown in items {
        let item = kept.iter().find(|item| item.item_ref() == shown.kept());
        let item = item.ok_or(Turned::Missing)?;
        let fresh = !held.iter().any(|grant| grant.item == shown);
        cards.push(card(&dealing, shown, item, fresh)?);
    }
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(Given { cards }))
}

/// The member's client has sent the card, or the member says so.
pub(in crate::http::sidebar) async fn confirm(
    dealing: Dealing,
    one: web::Json<One>,
) -> Result<HttpResponse, Turned> {
    let command = Command::ConfirmShare(dealing.id().clone(), one.item.clone());
    dealing.toolbar.ask(command, &*one).await?;
    Ok(done())
}

/// Takes an item back.
pub(in crate::http::sidebar) async fn revoke(
    dealing: Dealing,
    one: web::Json<One>,
) -> Result<HttpResponse, Turned> {
    let command = Command::Revoke(dealing.id().clone(), one.item.clone());
    dealing.toolbar.ask(command, &*one).await?;
    Ok(done())
}

/// Nothing more to tell.
pub(in crate::http::sidebar) fn done() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

fn card(dealing: &Dealing, shown: ItemRef, item: &Item, fresh: bool) -> Result<Card, Turned> {
    let toolbar = &dealing.toolbar;
    let t = toolbar.t;
    let head = item.head();
    let address = format!("home/{}/{}", shown.kind.name(), shown.id);
    let link = own(&toolbar.doors.public_url, &address);
    let mut link = link.map_err(|_| Turned::Malformed)?;
    let query = personal::query(&toolbar.doors, &toolbar.corp, dealing.id());
    link.set_query(Some(&query.ok_or(Turned::Missing)?));
    let desc = Some(head.description.as_str()).filter(|text| !text.is_empty());
    let picture = head.picture.clone();
    Ok(Card {
        link: link.into(),
        title: title(&head.title, shown.kind, t),
        desc: cut(desc.unwrap_or_else(|| t.card(shown.kind)), DESC_MAX),
        img_url: picture.filter(|picture| picture.len() <= ADDRESS_MAX),
        item: shown,
        fresh,
    })
}

/// A plan is told from its project, however long the project's title is.
fn title(title: &str, kind: ItemKind, t: &Texts) -> String {
    let behind = match kind {
        ItemKind::Plan => format!(" · {}", t.kind(kind)),
        ItemKind::Project | ItemKind::Form | ItemKind::Record | ItemKind::Approval => String::new(),
    };
    cut(title, TITLE_MAX - behind.len()) + &behind
}

/// The text, or as much of it as fits with the mark of a cut behind it.
fn cut(text: &str, max: usize) -> String {
    match text.len() > max {
        true => format!("{}…", cut_bytes(text, max - '…'.len_utf8()).trim_end()),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::language::Language;

    #[test]
    fn titles_and_descriptions_stay_within_their_bytes() {
        let t = Texts::of(Language::Zh);
        let long = "与".repeat(100);
        for kind in ItemKind::ALL {
            assert!(title("短", kind, t).starts_with("短"), "{kind:?}");
            let cut = title(&long, kind, t);
            assert!(cut.len() <= TITLE_MAX && cut.contains('…'), "{cut}");
        }
        assert!(title(&long, ItemKind::Plan, t).ends_with("计划"));
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abc…");
        assert_eq!(cut("ab cdefg", 6), "ab…");
    }
}
