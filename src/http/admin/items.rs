//! Items of a queue as pages show them: lists with a filter, one by itself, a replay, a discard.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use url::form_urlencoded;

use crate::http::admin::access::{Admin, Posted};
use crate::http::admin::frame::{Frame, base, go};
use crate::http::admin::show;
use crate::http::admin::texts::Texts;
use crate::http::admin::turned::Turned;
use crate::http::moment::Moment;
use crate::http::page::{respond, see};
use crate::http::search::Wanted;
use crate::model::delivery::ItemId;
use crate::model::time::Timestamp;
use crate::store::item::{Failure, Progress, Queue, State};

/// How many items a page shows.
pub(in crate::http::admin) const PAGE: usize = 50;

/// The longest reason for a discard.
const REASON_MAX_CHARS: usize = 200;

/// What is looked for, and how the form shows it again.
pub(in crate::http::admin) struct Filter {
    pub(in crate::http::admin) kind: String,
    pub(in crate::http::admin) since: String,
    pub(in crate::http::admin) until: String,
    pub(in crate::http::admin) states: Vec<Choice>,
    pub(in crate::http::admin) kinds: &'static [&'static str],
    pub(in crate::http::admin) wanted: Wanted,
    pub(in crate::http::admin) state: Option<State>,
}

/// One of a form's choices.
pub(in crate::http::admin) struct Choice {
    pub(in crate::http::admin) name: &'static str,
    pub(in crate::http::admin) title: &'static str,
    pub(in crate::http::admin) chosen: bool,
}

/// An item in a list.
pub(in crate::http::admin) struct Row {
    pub(in crate::http::admin) place: String,
    pub(in crate::http::admin) kind: String,
    pub(in crate::http::admin) subject: String,
    pub(in crate::http::admin) at: Moment,
    pub(in crate::http::admin) settled: Option<Moment>,
    pub(in crate::http::admin) state: &'static str,
    pub(in crate::http::admin) class: &'static str,
    pub(in crate::http::admin) attempts: u32,
    pub(in crate::http::admin) dead: bool,
}

/// An attempt that failed.
pub(in crate::http::admin) struct Past {
    pub(in crate::http::admin) at: Moment,
    pub(in crate::http::admin) error: String,
}

/// A page of a list.
#[derive(Template)]
#[template(path = "admin/events.html")]
struct ListPage {
    t: &'static Texts,
    frame: Frame,
    title: &'static str,
    folder: &'static str,
    filter: Filter,
    rows: Vec<Row>,
    next: Option<String>,
}

/// An item by itself.
#[derive(Template)]
#[template(path = "admin/item.html")]
pub(in crate::http::admin) struct ItemPage {
    pub(in crate::http::admin) t: &'static Texts,
    pub(in crate::http::admin) frame: Frame,
    pub(in crate::http::admin) folder: &'static str,
    pub(in crate::http::admin) folder_title: &'static str,
    pub(in crate::http::admin) row: Row,
    pub(in crate::http::admin) contact: Option<String>,
    pub(in crate::http::admin) facts: Vec<(&'static str, String)>,
    pub(in crate::http::admin) failures: Vec<Past>,
    pub(in crate::http::admin) xml: Option<String>,
}

/// The kinds of events that a form offers; others can be typed.
const EVENT_KINDS: [&str; 8] = [
    "change_external_contact",
    "change_external_chat",
    "change_external_tag",
    "change_contact",
    "template_card_event",
    "subscribe",
    "sidebar_opened",
    "refresh_contact",
];

/// The calls that a form offers.
const CALL_KINDS: [&str; 6] = [
    "welcome",
    "card",
    "update_card",
    "write_link",
    "remind",
    "webhook",
];

impl Filter {
    /// What the fields say. `ask` gives a field by its name.
    pub(in crate::http::admin) fn read<'a>(
        ask: impl Fn(&str) -> &'a str,
        queue: Queue,
        t: &'static Texts,
    ) -> Result<Self, Turned> {
        let time = |name: &str| match ask(name) {
            "" => Ok(None),
            text => show::read_time(text).map(Some).ok_or(Turned::Malformed),
        };
        let state = match ask("state") {
            "" => None,
            name => Some(show::state_of(name).ok_or(Turned::Malformed)?),
        };
        let kind = Some(ask("kind").to_owned()).filter(|kind| !kind.is_empty());
        let choice = |wanted: State| Choice {
            name: show::state_name(wanted),
            title: show::state(wanted, t),
            chosen: state == Some(wanted),
        };
        Ok(Self {
            kind: ask("kind").to_owned(),
            since: ask("since").to_owned(),
            until: ask("until").to_owned(),
            states: State::ALL.map(choice).into(),
            kinds: match queue {
                Queue::Inbox => &EVENT_KINDS,
                Queue::Outbox => &CALL_KINDS,
            },
            wanted: Wanted {
                kind,
                since: time("since")?,
                until: time("until")?,
            },
            state,
        })
    }

    /// The query of the page that goes on after this item.
    pub(in crate::http::admin) fn after(&self, next: &ItemId, more: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let fields = [
            ("kind", self.kind.as_str()),
            ("since", &self.since),
            ("until", &self.until),
            ("state", self.state.map_or("", show::state_name)),
            ("after", next.place()),
        ];
        let given = fields
            .iter()
            .chain(more)
            .filter(|(_, value)| !value.is_empty());
        query.extend_pairs(given).finish()
    }
}

/// The item after which a page begins.
pub(in crate::http::admin) fn after(admin: &Admin) -> Result<Option<ItemId>, Turned> {
    match admin.asked("after") {
        "" => Ok(None),
        place => admin.item(place).map(Some),
    }
}

/// The page of a list with these rows, and where it goes on.
pub(in crate::http::admin) fn list(
    admin: &Admin,
    (title, folder): (&'static str, &'static str),
    filter: Filter,
    rows: Vec<Row>,
    next: Option<&ItemId>,
) -> HttpResponse {
    let page = ListPage {
        t: admin.t,
        frame: Frame::of(admin),
        title,
        folder,
        next: next.map(|next| filter.after(next, &[])),
        filter,
        rows,
    };
    respond(StatusCode::OK, &page)
}

/// An item in a list.
pub(in crate::http::admin) fn row(
    id: &ItemId,
    (kind, subject): (&str, &str),
    at: Timestamp,
    progress: &Progress,
    t: &'static Texts,
) -> Row {
    Row {
        place: id.place().to_owned(),
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        at: Moment::to_second(at, t.lang),
        settled: progress.settled_at.map(|at| Moment::to_second(at, t.lang)),
        state: show::state(progress.state, t),
        class: show::state_name(progress.state),
        attempts: progress.attempts,
        dead: progress.state == State::Dead,
    }
}

/// The attempts that failed.
pub(in crate::http::admin) fn history(failures: Vec<Failure>, t: &'static Texts) -> Vec<Past> {
    let past = |Failure { at, error }| Past {
        at: Moment::to_second(at, t.lang),
        error,
    };
    failures.into_iter().map(past).collect()
}

/// The contact that a subject names.
pub(in crate::http::admin) fn contact_of(subject: &str) -> Option<String> {
    let id = subject
        .strip_prefix("contact:")
        .or_else(|| subject.strip_prefix("refresh-contact:"))?;
    Some(id.to_owned())
}

/// The pages of a queue.
pub(in crate::http::admin) const fn folder(queue: Queue) -> &'static str {
    match queue {
        Queue::Inbox => "events",
        Queue::Outbox => "outgoing",
    }
}

/// Makes an item due again.
pub(in crate::http::admin) async fn replay(
    posted: &Posted,
    queue: Queue,
    place: &str,
) -> Result<HttpResponse, Turned> {
    let admin = &posted.admin;
    let id = admin.item(place)?;
    if !admin.doors.store.replay(queue, &id).await? {
        return Err(Turned::Missing);
    }
    tracing::info!(item = %id, by = admin.name(), "replayed");
    Ok(back(posted, queue, place, "replayed"))
}

/// Ends a dead item for good.
pub(in crate::http::admin) async fn discard(
    posted: &Posted,
    queue: Queue,
    place: &str,
) -> Result<HttpResponse, Turned> {
    let admin = &posted.admin;
    let id = admin.item(place)?;
    let reason = posted.field("reason");
    if reason.is_empty() || reason.chars().count() > REASON_MAX_CHARS {
        return Err(Turned::Malformed);
    }
    let (store, now) = (&admin.doors.store, admin.doors.clock.now());
    let discarded = store.discard(queue, &id, reason, admin.name(), now).await?;
    if discarded {
        tracing::info!(item = %id, by = admin.name(), "discarded");
    }
    let said = if discarded { "discarded" } else { "not_dead" };
    Ok(back(posted, queue, place, said))
}

/// To where the form stood.
fn back(posted: &Posted, queue: Queue, place: &str, said: &str) -> HttpResponse {
    let (admin, folder) = (&posted.admin, folder(queue));
    if posted.field("from") == "dead" {
        let to = format!("{}/dead?queue={folder}&said={said}&count=1", base(admin));
        return see(&to);
    }
    go(admin, &format!("/{folder}/{place}"), said, 1)
}
