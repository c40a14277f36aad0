//! The editors: an item is typed as a whole and saved as a whole, or shown again with everything that was typed.

pub(in crate::http::items) mod faults;
pub(in crate::http::items) mod fields;

mod attached;

mod approval;
mod customer;
mod form;
mod project;
mod record;
mod sheet;

use actix_web::http::StatusCode;
use actix_web::{Error, HttpRequest, HttpResponse};
use askama::Template;

use crate::decide::rejection::Rejection;
use crate::decide::request::{Command, Draft, Target};
use crate::http::files::receive::Received;
use crate::http::items::access::{Posted, Reader};
use crate::http::items::change::NOT_THEIRS;
use crate::http::items::edit::approval::ApprovalSheet;
use crate::http::items::edit::faults::Faults;
use crate::http::items::edit::fields::Do;
use crate::http::items::edit::form::FormSheet;
use crate::http::items::edit::project::ProjectSheet;
use crate::http::items::edit::record::RecordSheet;
use crate::http::items::edit::sheet::{About, Part, Sheet};
use crate::http::items::frame::Frame;
use crate::http::items::names::Wanted;
use crate::http::items::people;
use crate::http::items::show;
use crate::http::items::texts::Texts;
use crate::http::items::turned::{Turned, status_of};
use crate::http::moment::Moment;
use crate::http::page::{respond, see};
use crate::model::item::{Circle, Item, ItemKind, ItemRef};
use crate::model::time::Timestamp;

/// What somebody else has made of the item meanwhile.
struct Conflict {
    who: String,
    at: Moment,
    href: String,
    /// What stands there now and not in the form.
    lines: Vec<String>,
}

#[derive(Template)]
#[template(path = "items/edit.html")]
struct EditPage {
    t: &'static Texts,
    frame: Frame,
    heading: &'static str,
    action: String,
    back: String,
    kind: &'static str,
    /// Of a new item.
    new_id: Option<String>,
    changed_at: String,
    /// Whether an owner must be chosen: an administrator makes it.
    owner_asked: bool,
    sheet: Sheet,
    members: Vec<String>,
    problem: String,
    conflict: Option<Conflict>,
    faults: Faults,
}

impl EditPage {
    fn project(&self) -> Option<&ProjectSheet> {
        match &self.sheet.part {
            Part::Project(sheet) => Some(sheet),
            Part::Form(_) | Part::Record(_) | Part::Approval(_) => None,
        }
    }

    fn form(&self) -> Option<&FormSheet> {
        match &self.sheet.part {
            Part::Form(sheet) => Some(sheet),
            Part::Project(_) | Part::Record(_) | Part::Approval(_) => None,
        }
    }

    fn record(&self) -> Option<&RecordSheet> {
        match &self.sheet.part {
            Part::Record(sheet) => Some(sheet),
            Part::Project(_) | Part::Form(_) | Part::Approval(_) => None,
        }
    }

    fn approval(&self) -> Option<&ApprovalSheet> {
        match &self.sheet.part {
            Part::Approval(sheet) => Some(sheet),
            Part::Project(_) | Part::Form(_) | Part::Record(_) => None,
        }
    }
}

/// How a page of the editor comes about.
struct Answer {
    status: StatusCode,
    problem: String,
    conflict: Option<Conflict>,
    faults: Faults,
    /// When what was opened had changed last; nothing of a new item.
    seen: String,
}

impl Answer {
    /// The editor as it is opened.
    fn opened(before: Option<&Item>) -> Self {
        Self {
            seen: before.map_or_else(String::new, seen),
            status: StatusCode::OK,
            problem: String::new(),
            conflict: None,
            faults: Faults::none(),
        }
    }

    /// What came of what was sent.
    fn to(posted: &Posted, status: StatusCode, problem: &str, faults: Faults) -> Self {
        Self {
            seen: posted.field("changed_at").to_owned(),
            status,
            problem: problem.to_owned(),
            conflict: None,
            faults,
        }
    }
}

fn seen(item: &Item) -> String {
    item.head().changed_at.millis().to_string()
}

/// The empty editor. Records and approvals are for a customer, who is chosen first.
pub(in crate::http::items) async fn blank(
    reader: Reader,
    request: HttpRequest,
) -> Result<HttpResponse, Turned> {
    let kind = kind(&reader, &request)?;
    let asked = |name: &str| reader.asked(name);
    let Some(about) = About::new(&reader, kind, asked).await? else {
        return customer::page(&reader, kind).await;
    };
    let sheet = Sheet::blank(&reader, &about);
    show(&reader, &about, sheet, Answer::opened(None)).await
}

/// The editor of a new item is sent.
pub(in crate::http::items) async fn make(
    posted: Posted,
    request: HttpRequest,
) -> Result<HttpResponse, Turned> {
    let reader = &posted.reader;
    let kind = kind(reader, &request)?;
    let asked = |name: &str| posted.field(name);
    let about = About::new(reader, kind, asked).await?;
    let about = about.ok_or(Turned::Missing)?;
    sent(&posted, &about).await
}

/// The editor of an item.
pub(in crate::http::items) async fn open(
    reader: Reader,
    request: HttpRequest,
) -> Result<HttpResponse, Turned> {
    let before = own(&reader, &request).await?;
    let mut wanted = Wanted::default();
    wanted.handlers_of(&before);
    let names = wanted.read(&reader).await?;
    let about = About::of(&reader, &before).await?;
    let sheet = Sheet::of(&reader, &before, &about, &names);
    let answer = Answer::opened(Some(&before));
    show(&reader, &about, sheet, answer).await
}

/// The editor of an item is sent.
pub(in crate::http::items) async fn save(
    posted: Posted,
    request: HttpRequest,
) -> Result<HttpResponse, Turned> {
    let before = own(&posted.reader, &request).await?;
    let about = About::of(&posted.reader, &before).await?;
    sent(&posted, &about).await
}

/// An editor is sent by its button for files, from a browser without a script: it is shown again, with what was typed
/// and the files that came along.
pub(in crate::http::items) async fn with_files(
    request: &HttpRequest,
    item: &ItemRef,
    received: Received,
) -> Result<HttpResponse, Error> {
    let mut posted = Posted::with_files(request, received).await?;
    let reader = &posted.reader;
    let about = match reader.read_item(item).await? {
        Some(before) if reader.works_on(&before) => Some(About::of(reader, &before).await?),
        Some(_) => None,
        None => About::new(reader, item.kind, |name| posted.field(name)).await?,
    };
    let about = about.ok_or(Turned::Missing)?;
    let here = address(reader, &about);
    posted.reader.here = here;
    let sheet = Sheet::read(&posted, &about);
    let answer = Answer::to(&posted, StatusCode::OK, "", Faults::none());
    Ok(show(&posted.reader, &about, sheet, answer).await?)
}

/// The kind that an address names; plans are made with their projects.
fn kind(reader: &Reader, request: &HttpRequest) -> Result<ItemKind, Turned> {
    match reader.kind(request.match_info().query("kind"))? {
        ItemKind::Plan => Err(Turned::Missing),
        kind @ (ItemKind::Project | ItemKind::Form | ItemKind::Record | ItemKind::Approval) => {
            Ok(kind)
        }
    }
}

/// The item that an address names, if the reader may change it.
async fn own(reader: &Reader, request: &HttpRequest) -> Result<Item, Turned> {
    let address = request.match_info();
    let item = reader
        .item(address.query("kind"), address.query("id"))
        .await?;
    if reader.works_on(&item) {
        return Ok(item);
    }
    Err(Turned::Rejected(NOT_THEIRS))
}

async fn sent(posted: &Posted, about: &About) -> Result<HttpResponse, Turned> {
    let (reader, t) = (&posted.reader, posted.reader.t);
    let mut sheet = Sheet::read(posted, about);
    let before = about.before.as_ref();
    let button = Do::parse(posted.field("do"));
    if button != Do::Save {
        sheet.turn(&button);
        let answer = Answer::to(posted, StatusCode::OK, "", Faults::none());
        return show(reader, about, sheet, answer).await;
    }
    if let Some(carried) = posted.sent_before().await? {
        return Ok(saved(reader, before, carried.item));
    }
    let draft = match draft(posted, about, &mut sheet).await? {
        Ok(draft) => draft,
        Err(faults) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let answer = Answer::to(posted, status, t.check, faults);
            return show(reader, about, sheet, answer).await;
        }
    };
    let answer = match posted.ask(Command::Put(Box::new(draft))).await? {
        Ok(item) => return Ok(saved(reader, before, item)),
        Err(Rejection::Invalid(faults)) => {
            let faults = Faults::of(&sheet.placed(faults), t);
            Answer::to(posted, StatusCode::UNPROCESSABLE_ENTITY, t.check, faults)
        }
        Err(Rejection::Changed) => return changed(reader, about, sheet).await,
        Err(rejection) => {
            let rejection = match (rejection, before) {
                // What this page was sent for has made the item.
                (Rejection::NameReused, None) => Rejection::IdTaken,
                (rejection, _) => rejection,
            };
            let problem = t.rejection(&rejection);
            Answer::to(posted, status_of(&rejection), &problem, Faults::none())
        }
    };
    show(reader, about, sheet, answer).await
}

/// To the item's page, which says so.
fn saved(reader: &Reader, before: Option<&Item>, item: Option<ItemRef>) -> HttpResponse {
    let said = match before {
        Some(_) => "saved",
        None => "made",
    };
    let path = match item.or_else(|| before.map(Item::item_ref)) {
        Some(item) => format!("/{}/{}", item.kind.name(), item.id),
        None => String::new(),
    };
    see(&reader.place.with(&path, &[("said", said)]))
}

/// What was typed, and what somebody else has made of the item meanwhile. Saved again, it takes the place of that.
async fn changed(reader: &Reader, about: &About, mut sheet: Sheet) -> Result<HttpResponse, Turned> {
    let now = reader.read_item(&about.own).await?;
    let now = now.ok_or(Turned::Missing)?;
    let answer = Answer {
        status: StatusCode::CONFLICT,
        conflict: Some(conflict(reader, &now, &mut sheet).await?),
        ..Answer::opened(Some(&now))
    };
    page(reader, about, sheet, answer).await
}

async fn draft(
    posted: &Posted,
    about: &About,
    sheet: &mut Sheet,
) -> Result<Result<Draft, Faults>, Turned> {
    let (reader, before) = (&posted.reader, about.before.as_ref());
    let mut faults = Vec::new();
    let owner = match (before, reader.member()) {
        (None, None) => sheet.owner(reader, &mut faults).await?,
        (Some(_), _) | (None, Some(_)) => None,
    };
    let content = sheet.content(reader, before, &mut faults).await?;
    if !faults.is_empty() {
        return Ok(Err(Faults::of(&sheet.placed(faults), reader.t)));
    }
    let head = &sheet.head;
    let followers = match (before, &about.form) {
        (None, Some(form)) => Some(form.followers_of_record(owner.as_ref().or(reader.member()))),
        (Some(_), _) | (None, None) => None,
    };
    Ok(Ok(Draft {
        target: match before {
            Some(_) => {
                let seen = posted.field("changed_at").parse();
                let seen = seen.map_err(|_| Turned::Malformed)?;
                let seen = Some(Timestamp::from_millis(seen));
                Target::Existing(about.own.id.clone(), seen)
            }
            None => Target::New(about.own.id.clone()),
        },
        title: head.title.clone(),
        description: head.description.clone(),
        picture: Some(head.picture.clone()).filter(|picture| !picture.is_empty()),
        owner,
        followers,
        circle: match head.followers_only {
            true => Circle::Followers,
            false => Circle::Corp,
        },
        content,
    }))
}

/// What stands there now against what was typed. The files of both are read.
async fn conflict(reader: &Reader, now: &Item, typed: &mut Sheet) -> Result<Conflict, Turned> {
    let mut wanted = Wanted::default();
    wanted.handlers_of(now);
    wanted.actor(&now.head().changed_by);
    let names = wanted.read(reader).await?;
    let mut stands = Sheet::of(reader, now, &About::of(reader, now).await?, &names);
    let mut files = typed.file_fields();
    files.extend(stands.file_fields());
    attached::read(reader, &now.item_ref(), files).await?;
    let mut lines = stands.lines(reader.t);
    let typed = typed.lines(reader.t);
    lines.retain(|line| !typed.contains(line));
    Ok(Conflict {
        who: show::actor(&now.head().changed_by, &names, reader.t),
        at: Moment::to_minute(now.head().changed_at, reader.t.lang),
        href: reader.place.item(&now.item_ref()),
        lines,
    })
}

/// Where an editor is.
fn address(reader: &Reader, about: &About) -> String {
    let kind = about.own.kind.name();
    match about.before {
        Some(_) => reader.place.to(&format!("/{kind}/{}/edit", about.own.id)),
        None => reader.place.to(&format!("/new/{kind}")),
    }
}

async fn show(
    reader: &Reader,
    about: &About,
    mut sheet: Sheet,
    answer: Answer,
) -> Result<HttpResponse, Turned> {
    attached::read(reader, &about.own, sheet.file_fields()).await?;
    page(reader, about, sheet, answer).await
}

/// The editor, once its files are read.
async fn page(
    reader: &Reader,
    about: &About,
    sheet: Sheet,
    answer: Answer,
) -> Result<HttpResponse, Turned> {
    let (t, kind, before) = (reader.t, about.own.kind, about.before.as_ref());
    let page = EditPage {
        t,
        heading: match (before, kind) {
            (Some(_), _) => t.edit,
            (None, ItemKind::Project | ItemKind::Plan) => t.new_project,
            (None, ItemKind::Form) => t.new_form,
            (None, ItemKind::Record) => t.new_record,
            (None, ItemKind::Approval) => t.new_approval,
        },
        action: address(reader, about),
        back: match before {
            Some(_) => reader.place.item(&about.own),
            None => reader.place.with("", &[("kind", kind.name())]),
        },
        kind: kind.name(),
        new_id: before.is_none().then(|| about.own.id.to_string()),
        changed_at: answer.seen,
        owner_asked: before.is_none() && reader.member().is_none(),
        sheet,
        members: people::offered(reader).await?,
        problem: answer.problem,
        conflict: answer.conflict,
        faults: answer.faults,
        frame: Frame::of(reader)?,
    };
    Ok(respond(answer.status, &page))
}
