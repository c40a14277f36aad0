//! Who has an item, and what was said with one of them about it.

use crate::http::items::access::Reader;
use crate::http::items::names::{Names, Wanted};
use crate::http::items::show;
use crate::http::items::turned::Turned;
use crate::http::moment::Moment;
use crate::model::contact::Contact;
use crate::model::grant::{Grant, GrantState, Seen};
use crate::model::ids::ExternalUserId;
use crate::model::item::{Actor, Item, ItemKind, ItemRef};
use crate::model::thread::{Comment, Thread, last_seen};
use crate::store::record::{Key, Record};

/// How many customers a page shows.
const HOLDERS: usize = 50;

/// How many comments a page shows.
const SHOWN: usize = 100;

/// The conversation that somebody asks for: with whom, and about the item as what. Nothing is named by empty texts.
#[derive(Clone, Copy)]
pub(in crate::http::items) struct Named<'a> {
    pub(in crate::http::items) contact: &'a str,
    pub(in crate::http::items) shown: &'a str,
}

/// The customers who have an item.
pub(in crate::http::items) struct Held {
    pub(in crate::http::items) rows: Vec<HeldRow>,
    /// After whom the next ones are.
    pub(in crate::http::items) next: Option<ExternalUserId>,
}

/// One of them.
pub(in crate::http::items) struct HeldRow {
    pub(in crate::http::items) contact: ExternalUserId,
    shown: ItemRef,
    grant: Option<Grant>,
    seen: Option<Seen>,
    thread: Option<Thread>,
}

/// One of them on the page.
pub(in crate::http::items) struct Holder {
    pub(in crate::http::items) name: String,
    pub(in crate::http::items) contact: String,
    pub(in crate::http::items) shown: String,
    pub(in crate::http::items) plan: bool,
    pub(in crate::http::items) state: (&'static str, &'static str),
    pub(in crate::http::items) holds: bool,
    pub(in crate::http::items) seen: Option<Moment>,
    pub(in crate::http::items) comments: u32,
    pub(in crate::http::items) news: u32,
    pub(in crate::http::items) href: String,
}

/// A conversation as it was read.
pub(in crate::http::items) struct Read {
    comments: Vec<Comment>,
    earlier: Option<String>,
    contact: ExternalUserId,
    shown: ItemRef,
    may_reply: bool,
    thread: Option<Thread>,
    grant: bool,
}

/// A conversation on the page.
pub(in crate::http::items) struct Talk {
    pub(in crate::http::items) name: String,
    pub(in crate::http::items) contact: String,
    pub(in crate::http::items) shown: String,
    pub(in crate::http::items) said: Vec<Said>,
    /// Where the earlier ones are.
    pub(in crate::http::items) earlier: Option<String>,
    pub(in crate::http::items) reminder: &'static str,
    pub(in crate::http::items) may_reply: bool,
    /// Whether the customer sees the item; else there is nobody to talk to.
    pub(in crate::http::items) granted: bool,
}

/// A comment on the page.
pub(in crate::http::items) struct Said {
    pub(in crate::http::items) who: String,
    pub(in crate::http::items) ours: bool,
    pub(in crate::http::items) at: Moment,
    pub(in crate::http::items) text: String,
}

/// What of an item customers can have: a project also as its plan.
fn shown_as(item: &Item) -> Vec<ItemRef> {
    let own = item.item_ref();
    match item {
        Item::Project(_) => {
            let plan = ItemRef::new(ItemKind::Plan, own.id.clone());
            vec![own, plan]
        }
        Item::Form(_) | Item::Record(_) | Item::Approval(_) => vec![own],
    }
}

/// Who has the item, those after the one whom the query names. Whose item it is belongs to them in any case, and so does
/// the one whose conversation is asked for, if the item was ever theirs.
pub(in crate::http::items) async fn holders(
    reader: &Reader,
    item: &Item,
    named: Named<'_>,
) -> Result<Held, Turned> {
    let after = ExternalUserId::parse(reader.asked("who")).ok();
    let (store, corp) = (&reader.doors.store, &reader.corp);
    let (mut pairs, mut next) = (Vec::new(), None::<ExternalUserId>);
    for shown in shown_as(item) {
        let found = store.holders(corp, &shown, after.as_ref(), HOLDERS).await?;
        if let Some(last) = found.last().filter(|_| found.len() == HOLDERS) {
            let earlier = next.take().filter(|next| next < last);
            next = earlier.or_else(|| Some(last.clone()));
        }
        pairs.extend(found.into_iter().map(|contact| (contact, shown.clone())));
    }
    // Of two lists, the one that goes further waits for the other.
    pairs.retain(|(contact, _)| next.as_ref().is_none_or(|next| contact <= next));
    let whose = item.contact().filter(|_| after.is_none());
    let asked = ExternalUserId::parse(named.contact).ok();
    for contact in whose.into_iter().chain(&asked) {
        for shown in shown_as(item) {
            let pair = (contact.clone(), shown);
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
    }
    pairs.sort();
    let mut rows = read(reader, pairs).await?;
    rows.retain(|row| row.grant.is_some() || row.thread.is_some() || Some(&row.contact) == whose);
    Ok(Held { rows, next })
}

async fn read(
    reader: &Reader,
    pairs: Vec<(ExternalUserId, ItemRef)>,
) -> Result<Vec<HeldRow>, Turned> {
    let keys = pairs.iter().flat_map(|(contact, shown)| {
        [
            Key::grant(contact, shown),
            Key::seen(contact, shown),
            Key::thread(contact, shown),
        ]
    });
    let records = reader.read(&keys.collect::<Vec<_>>()).await?;
    let mut rows = Vec::with_capacity(pairs.len());
    for ((contact, shown), records) in pairs.into_iter().zip(records.chunks_exact(3)) {
        rows.push(HeldRow {
            contact,
            shown,
            grant: records[0].parse()?,
            seen: records[1].parse()?,
            thread: records[2].parse()?,
        });
    }
    Ok(rows)
}

/// Them on the page.
pub(in crate::http::items) fn rows(
    reader: &Reader,
    item: &Item,
    held: &Held,
    names: &Names,
) -> Vec<Holder> {
    let t = reader.t;
    let row = |row: &HeldRow| {
        let state = row.grant.as_ref().map(|grant| grant.state);
        let thread = row.thread.as_ref();
        let news = thread.map(|thread| thread.for_members);
        Holder {
            name: names.contact(&row.contact),
            contact: row.contact.to_string(),
            plan: row.shown.kind == ItemKind::Plan,
            state: state.map_or((t.not_given, "over"), |state| show::grant(state, t)),
            holds: state.is_some_and(|state| state != GrantState::Revoked),
            seen: last_seen(row.seen.as_ref(), thread)
                .map(|seen| Moment::to_minute(seen, reader.t.lang)),
            comments: thread.map_or(0, |thread| thread.comments),
            news: news.map_or(0, |news| news.comments + news.submissions + news.answers),
            href: address(reader, item, (&row.contact, &row.shown), ""),
            shown: row.shown.to_string(),
        }
    };
    held.rows.iter().map(row).collect()
}

/// Where a conversation is on the page, the part of it before this comment.
fn address(
    reader: &Reader,
    item: &Item,
    (contact, shown): (&ExternalUserId, &ItemRef),
    before: &str,
) -> String {
    let (own, shown) = (item.item_ref(), shown.to_string());
    let path = format!("/{}/{}", own.kind.name(), own.id);
    let query = [
        ("talk", contact.as_str()),
        ("as", &shown),
        ("before", before),
    ];
    format!("{}#talk", reader.place.with(&path, &query))
}

/// Reads the conversation that is open: the one that is named, or the only one.
pub(in crate::http::items) async fn open(
    reader: &Reader,
    item: &Item,
    held: &Held,
    named: Named<'_>,
    wanted: &mut Wanted,
) -> Result<Option<Read>, Turned> {
    let Named { contact, shown } = named;
    let is_open = |row: &HeldRow| {
        row.contact.as_str() == contact && (shown.is_empty() || row.shown.to_string() == shown)
    };
    let row = match held.rows.iter().position(is_open) {
        Some(row) => row,
        None if contact.is_empty() && held.rows.len() == 1 && reader.asked("who").is_empty() => 0,
        None => return Ok(None),
    };
    let HeldRow {
        contact,
        shown,
        thread,
        grant,
        ..
    } = &held.rows[row];
    let mut comments = comments(reader, shown, contact).await?;
    let over = comments.len().saturating_sub(SHOWN);
    comments.drain(..over);
    let first = comments.first().filter(|_| over > 0);
    let earlier = first.map(|first| address(reader, item, (contact, shown), &first.id));
    comments
        .iter()
        .for_each(|comment| wanted.actor(&comment.by));
    Ok(Some(Read {
        earlier,
        comments,
        contact: contact.clone(),
        shown: shown.clone(),
        may_reply: reader.works_on(item) || has(reader, contact).await?,
        thread: thread.clone(),
        grant: grant.as_ref().is_some_and(Grant::holds),
    }))
}

/// Whether the customer is the reader's own.
async fn has(reader: &Reader, contact: &ExternalUserId) -> Result<bool, Turned> {
    let records = reader.read(&[Key::contact(contact)]).await?;
    let found = records.first().map(Record::parse::<Contact>).transpose()?;
    let Some(userid) = reader.member() else {
        return Ok(true);
    };
    let found = found.flatten();
    Ok(found.is_some_and(|contact| contact.follow_of(userid).is_some()))
}

/// The last comments before the one that the query names, one more than are shown.
async fn comments(
    reader: &Reader,
    shown: &ItemRef,
    contact: &ExternalUserId,
) -> Result<Vec<Comment>, Turned> {
    let before = Some(reader.asked("before")).filter(|before| !before.is_empty());
    let (store, corp) = (&reader.doors.store, &reader.corp);
    let found = store.last_comments(corp, shown, contact, before, SHOWN + 1);
    Ok(found.await?)
}

/// The conversation on the page.
pub(in crate::http::items) fn shown(reader: &Reader, read: Read, names: &Names) -> Talk {
    let t = reader.t;
    let said = read.comments.into_iter().map(|comment| Said {
        who: show::actor(&comment.by, names, t),
        ours: !matches!(comment.by, Actor::Contact(_)),
        at: Moment::to_minute(comment.at, reader.t.lang),
        text: comment.text,
    });
    let reminder = read.thread.and_then(|thread| thread.reminder);
    Talk {
        name: names.contact(&read.contact),
        contact: read.contact.to_string(),
        shown: read.shown.to_string(),
        said: said.collect(),
        earlier: read.earlier,
        reminder: reminder.map_or("", |reminder| show::reminded(reminder, t)),
        may_reply: read.may_reply,
        granted: read.grant,
    }
}
