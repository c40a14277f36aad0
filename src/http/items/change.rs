//! What the forms on an item's page do, and the handing over of everything.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::decide::rejection::{Denied, Fault, Rejection, Wrong};
use crate::decide::request::{Advance, Command, NewComment, TaskChange};
use crate::http::items::access::{Posted, Reader};
use crate::http::items::edit::faults::Faults;
use crate::http::items::frame::Frame;
use crate::http::items::item::{self, Kept, Trouble};
use crate::http::items::look::written;
use crate::http::items::names::{Names, Wanted};
use crate::http::items::people;
use crate::http::items::talk::Named;
use crate::http::items::texts::Texts;
use crate::http::items::turned::{Turned, status_of};
use crate::http::page::{respond, see};
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::item::{Actor, Item, ItemKey, ItemRef, ItemState};
use crate::model::project::{Handler, TaskState};
use crate::model::record::Record;
use crate::model::thread::Comment;

/// What a form asks for; or what is wrong with it, by its place.
type Asked = Result<Command, (String, Wrong)>;

/// Whoever only sees an item.
pub(in crate::http::items) const NOT_THEIRS: Rejection =
    Rejection::NotAllowed(Denied::NotTheirItem);

/// Why a form was not carried out.
enum Not {
    /// Something in it is wrong.
    Wrong(String, Wrong),
    /// Somebody else has changed the same.
    Changed(String),
}

/// A form on an item's page.
pub(in crate::http::items) async fn item(
    posted: Posted,
    request: HttpRequest,
) -> Result<HttpResponse, Turned> {
    let reader = &posted.reader;
    let address = request.match_info();
    let (kind, id) = (address.query("kind"), address.query("id"));
    let change = address.query("change");
    let own = reader.item_ref(kind, id)?.kept();
    if posted.sent_before().await?.is_some() {
        return done(&posted, &own, change).await;
    }
    let item = reader.item(kind, id).await?;
    if matches!(change, "task" | "advance") && !reader.works_on(&item) {
        return Err(Turned::Rejected(NOT_THEIRS));
    }
    let asked = match change {
        "task" => task(&posted, &item).await?,
        "advance" => advance(&posted, &item).await?,
        _ => plain(&posted, &item, change)
            .await?
            .map_err(|(place, wrong)| Not::Wrong(place, wrong)),
    };
    let t = reader.t;
    let (status, problem, faults) = match asked {
        Ok(command) => match posted.ask(command).await? {
            Ok(_) => return done(&posted, &own, change).await,
            Err(rejection) => {
                let faults = Faults::of(faults_in(&rejection), t);
                (status_of(&rejection), t.rejection(&rejection), faults)
            }
        },
        Err(Not::Wrong(place, wrong)) => {
            let faults = Faults::one(&place, t.wrong(wrong));
            (StatusCode::UNPROCESSABLE_ENTITY, t.check.to_owned(), faults)
        }
        Err(Not::Changed(place)) => {
            let faults = Faults::one(&place, t.changed_here.to_owned());
            (StatusCode::CONFLICT, t.changed_meanwhile.to_owned(), faults)
        }
    };
    let trouble = Trouble {
        status,
        problem,
        faults,
        kept: Kept(posted.typed()),
    };
    // What was changed meanwhile is shown as it is now.
    let item = reader.item(kind, id).await?;
    let open = Named {
        contact: posted.field("contact"),
        shown: posted.field("as"),
    };
    item::show(reader, &item, trouble, open).await
}

fn faults_in(rejection: &Rejection) -> &[Fault] {
    if let Rejection::Invalid(faults) = rejection {
        faults
    } else {
        &[]
    }
}

/// Back to the page, where the form was; to the list, if the reader has just parted with the item.
async fn done(posted: &Posted, own: &ItemRef, change: &str) -> Result<HttpResponse, Turned> {
    let reader = &posted.reader;
    if reader.read_item(own).await?.is_none() {
        return Ok(see(&reader.place.with("", &[("said", "saved")])));
    }
    let path = format!("/{}/{}", own.kind.name(), own.id);
    let (said, place) = match change {
        "comment" => ("commented", "#talk"),
        "task" => ("saved", "#plan"),
        "advance" => ("saved", "#follow-ups"),
        _ => ("saved", ""),
    };
    let (contact, shown) = match change {
        "comment" => (posted.field("contact"), posted.field("as")),
        _ => ("", ""),
    };
    let query = [("said", said), ("talk", contact), ("as", shown)];
    Ok(see(&format!("{}{place}", reader.place.with(&path, &query))))
}

async fn plain(posted: &Posted, item: &Item, change: &str) -> Result<Asked, Turned> {
    let reader = &posted.reader;
    let own = item.item_ref();
    let malformed = || Turned::Malformed;
    Ok(Ok(match change {
        "state" => {
            let to = match posted.field("to") {
                "open" => ItemState::Open,
                "closed" => ItemState::Closed,
                _ => return Err(malformed()),
            };
            Command::SetState(own, to)
        }
        "follow" => {
            let userid = reader.member().ok_or_else(malformed)?;
            Command::Follow(own, userid.clone(), posted.field("on") == "1")
        }
        "follower" => match chosen(posted, "follower").await? {
            Ok(userid) => Command::Follow(own, userid, true),
            Err(wrong) => return Ok(Err(wrong)),
        },
        "unfollow" => {
            let userid = UserId::parse(posted.field("userid")).map_err(|_| malformed())?;
            Command::Follow(own, userid, false)
        }
        "give" => match chosen(posted, "to").await? {
            Ok(userid) => Command::GiveTo(own, userid),
            Err(wrong) => return Ok(Err(wrong)),
        },
        "revoke" => Command::Revoke(contact(posted)?, shown(posted, &own)?),
        "comment" => Command::Comment(NewComment {
            item: shown(posted, &own)?,
            contact: contact(posted)?,
            id: Comment::new_id(reader.doors.clock.now(), reader.random()?),
            text: posted.raw("text").unwrap_or_default().to_owned(),
        }),
        _ => return Err(Turned::Missing),
    }))
}

/// The member that a field names.
async fn chosen(posted: &Posted, field: &str) -> Result<Result<UserId, (String, Wrong)>, Turned> {
    let found = people::member(&posted.reader, posted.field(field), &[]).await?;
    let found = found.and_then(|found| found.ok_or(Wrong::Missing));
    Ok(found.map_err(|wrong| (field.to_owned(), wrong)))
}

fn contact(posted: &Posted) -> Result<ExternalUserId, Turned> {
    let contact = ExternalUserId::parse(posted.field("contact"));
    contact.map_err(|_| Turned::Malformed)
}

/// The item as the customer has it: itself, or a project's plan.
fn shown(posted: &Posted, own: &ItemRef) -> Result<ItemRef, Turned> {
    let shown = posted.field("as").parse::<ItemRef>().ok();
    let shown = shown.filter(|shown| shown.kept() == *own);
    shown.ok_or(Turned::Malformed)
}

/// What somebody has changed, seen against what stood there when the page was made and what stands there now.
fn changed<'a>(typed: &'a str, was: &str, now: &str) -> Result<Option<&'a str>, ()> {
    if typed == was || typed == now {
        return Ok(None);
    }
    match was == now {
        true => Ok(Some(typed)),
        false => Err(()),
    }
}

async fn task(posted: &Posted, item: &Item) -> Result<Result<Command, Not>, Turned> {
    let reader = &posted.reader;
    let key = posted.field("task");
    let place = format!("task.{key}");
    let Item::Project(project) = item else {
        return Err(Turned::Missing);
    };
    let Some(task) = project.tasks().find(|task| task.key == key) else {
        return Ok(Err(Not::Changed(place)));
    };
    let names = names_of(item, reader).await?;
    let stands = written(task.handler.as_ref(), &names, reader.t);
    let typed = changed(
        posted.field("state"),
        posted.field("was_state"),
        task.state.name(),
    );
    let Ok(state) = typed else {
        return Ok(Err(Not::Changed(place)));
    };
    let typed = changed(
        posted.field("handler"),
        posted.field("was_handler"),
        &stands,
    );
    let Ok(handler) = typed else {
        return Ok(Err(Not::Changed(place)));
    };
    let handler = match handler {
        None => None,
        Some(text) => match handler_of(reader, text, &[]).await? {
            Ok(handler) => Some(handler),
            Err(wrong) => return Ok(Err(Not::Wrong(place, wrong))),
        },
    };
    Ok(Ok(Command::SetTask(TaskChange {
        project: project.head.id.clone(),
        task: key.to_owned(),
        seen: Some(project.head.changed_at),
        state: state.and_then(TaskState::parse),
        handler,
    })))
}

/// Who does a task, as a field says it.
pub(in crate::http::items) async fn handler_of(
    reader: &Reader,
    text: &str,
    kept: &[&UserId],
) -> Result<Result<Option<Handler>, Wrong>, Turned> {
    if Texts::is_customer(text.trim()) {
        return Ok(Ok(Some(Handler::Customer)));
    }
    let member = people::member(reader, text, kept).await?;
    Ok(member.map(|member| member.map(Handler::Member)))
}

async fn names_of(item: &Item, reader: &Reader) -> Result<Names, Turned> {
    let mut wanted = Wanted::default();
    wanted.handlers_of(item);
    wanted.read(reader).await
}

async fn advance(posted: &Posted, item: &Item) -> Result<Result<Command, Not>, Turned> {
    let reader = &posted.reader;
    let Item::Record(record) = item else {
        return Err(Turned::Missing);
    };
    let names = names_of(item, reader).await?;
    let step = changed(posted.field("step"), posted.field("was_step"), &record.step);
    let Ok(step) = step else {
        return Ok(Err(Not::Changed("step".to_owned())));
    };
    let stands = stands(record, &names);
    let handler = changed(
        posted.field("handler"),
        posted.field("was_handler"),
        &stands,
    );
    let Ok(handler) = handler else {
        return Ok(Err(Not::Changed("handler".to_owned())));
    };
    let handler = match handler {
        None => None,
        Some(text) => match people::member(reader, text, &[]).await? {
            Ok(handler) => Some(handler),
            Err(wrong) => return Ok(Err(Not::Wrong("handler".to_owned(), wrong))),
        },
    };
    let text = posted.raw("follow_up").unwrap_or_default();
    Ok(Ok(Command::Advance(Advance {
        record: record.head.id.clone(),
        seen: Some(record.head.changed_at),
        step: step.map(ToOwned::to_owned),
        handler,
        follow_up: Some(text.to_owned()).filter(|text| !text.trim().is_empty()),
        internal: posted.field("internal") == "1",
    })))
}

fn stands(record: &Record, names: &Names) -> String {
    let handler = record.handler.as_ref();
    handler.map_or_else(String::new, |userid| names.written(userid))
}

#[derive(Template)]
#[template(path = "items/hand_over.html")]
struct HandOverPage {
    t: &'static Texts,
    frame: Frame,
    /// Whether whose items they are must be said, too.
    of_others: bool,
    members: Vec<String>,
    problem: String,
    faults: Faults,
    kept: Kept,
}

/// The form for handing everything over.
pub(in crate::http::items) async fn hand_over_page(reader: Reader) -> Result<HttpResponse, Turned> {
    let nothing = (StatusCode::OK, String::new(), Faults::none());
    hand_over_form(&reader, nothing, Kept::default()).await
}

async fn hand_over_form(
    reader: &Reader,
    (status, problem, faults): (StatusCode, String, Faults),
    kept: Kept,
) -> Result<HttpResponse, Turned> {
    let page = HandOverPage {
        t: reader.t,
        of_others: reader.member().is_none(),
        members: people::offered(reader).await?,
        problem,
        faults,
        kept,
        frame: Frame::of(reader)?,
    };
    Ok(respond(status, &page))
}

/// Has everything handed over that is open and that one member owns or handles.
pub(in crate::http::items) async fn hand_over(posted: Posted) -> Result<HttpResponse, Turned> {
    let (reader, t) = (&posted.reader, posted.reader.t);
    let from = match &reader.by {
        Actor::Member(userid) => Ok(userid.clone()),
        Actor::Admin | Actor::System | Actor::Contact(_) => chosen(&posted, "from").await?,
    };
    let asked = match (from, chosen(&posted, "to").await?) {
        (Ok(from), Ok(to)) => Ok(Command::HandOver { from, to }),
        (Err(wrong), _) | (_, Err(wrong)) => Err(wrong),
    };
    let trouble = match asked {
        Ok(command) => match posted.ask(command).await? {
            Ok(_) => return Ok(see(&reader.place.with("", &[("said", "handed")]))),
            Err(Rejection::Invalid(faults)) => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                (status, t.check.to_owned(), Faults::of(&faults, t))
            }
            Err(rejection) => (
                status_of(&rejection),
                t.rejection(&rejection),
                Faults::none(),
            ),
        },
        Err((place, wrong)) => {
            let faults = Faults::one(&place, t.wrong(wrong));
            (StatusCode::UNPROCESSABLE_ENTITY, t.check.to_owned(), faults)
        }
    };
    hand_over_form(reader, trouble, Kept(posted.typed())).await
}

/// A new id for an item.
pub(in crate::http::items) fn new_id(reader: &Reader) -> Result<ItemKey, Turned> {
    Ok(ItemKey::new(reader.doors.clock.now(), reader.random()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_somebody_has_changed_is_changed() {
        for (typed, was, now, expected) in [
            ("a", "a", "a", Ok(None)),
            ("b", "a", "a", Ok(Some("b"))),
            ("", "a", "a", Ok(Some(""))),
            // Somebody else has changed it, and this one has not, or to the same.
            ("a", "a", "c", Ok(None)),
            ("c", "a", "c", Ok(None)),
            ("b", "a", "c", Err(())),
        ] {
            assert_eq!(changed(typed, was, now), expected, "{typed} {was} {now}");
        }
    }
}
