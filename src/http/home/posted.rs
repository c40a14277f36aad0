//! Forms that customers send: a comment, an answer, a filled-in form. What they wrote is never lost: it comes back on the
//! page with what is wrong with it, or with the way to send it once more.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use bytes::BytesMut;
use futures_util::StreamExt;
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use crate::act::error::ActError;
use crate::decide::input::Refusal;
use crate::decide::rejection::{Fault, Rejection, Wrong};
use crate::decide::request::Command;
use crate::http::files::receive::{PARTS_MAX, Received};
use crate::http::home::frame::{Frame, shown};
use crate::http::home::list::path;
use crate::http::home::opened::Opened;
use crate::http::home::texts::Texts;
use crate::http::home::turned::{Instead, Why};
use crate::http::home::visit::Visit;
use crate::http::home::{asked, detail};
use crate::http::page::see;
use crate::model::item::{Item, ItemRef};
use crate::model::request::RequestId;
use crate::store::record::Key;

/// The largest form. Its longest fields hold 10,000 characters, which take nine bytes each on their way.
const FORM_MAX_BYTES: usize = 1024 * 1024;

/// A sender of more than that is heard out this far, so that the refusal reaches it.
const HEARD_MAX_BYTES: usize = 16 * 1024 * 1024;

/// How long a form may be on its way; telephones may have slow lines.
const BODY_PATIENCE: Duration = Duration::from_secs(60);

/// What a form does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http::home) enum Doing {
    /// Says something about an item.
    Comment,
    /// Answers an approval.
    Answer,
    /// Fills a form in.
    Submit,
}

impl Doing {
    /// Its word in forms.
    pub(in crate::http::home) const fn name(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Answer => "answer",
            Self::Submit => "submit",
        }
    }

    fn of(name: &str) -> Option<Self> {
        let all = [Self::Comment, Self::Answer, Self::Submit];
        all.into_iter().find(|doing| doing.name() == name)
    }
}

/// What stands before the key of a form's field, to tell it from the fields of the page.
pub(in crate::http::home) const FIELD: &str = "f-";

/// The fields that were sent.
#[derive(Default)]
pub(in crate::http::home) struct Fields(Vec<(String, String)>);

impl Fields {
    /// A field; nothing and empty are the same.
    pub(in crate::http::home) fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, text)| text)
    }

    /// All that was sent under a name.
    pub(in crate::http::home) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let found = self.0.iter().filter(move |(field, _)| field == name);
        found.map(|(_, text)| text.as_str())
    }

    /// What was filled in, by the field's key.
    pub(in crate::http::home) fn values(&self) -> Vec<(String, Vec<String>)> {
        let mut values: Vec<(String, Vec<String>)> = Vec::new();
        for (name, text) in &self.0 {
            let Some(key) = name.strip_prefix(FIELD) else {
                continue;
            };
            match values.iter_mut().find(|(known, _)| known == key) {
                Some((_, texts)) => texts.push(text.clone()),
                None => values.push((key.to_owned(), vec![text.clone()])),
            }
        }
        values
    }

    /// All but what the page itself adds.
    pub(in crate::http::home) fn content(&self) -> Vec<&(String, String)> {
        let own = |name: &str| ["token", "number", "do", "seen"].contains(&name);
        self.0.iter().filter(|(name, _)| !own(name)).collect()
    }
}

/// What was typed into a form and was not taken.
pub(in crate::http::home) struct Typed {
    doing: Doing,
    pub(in crate::http::home) fields: Fields,
    faults: Vec<Fault>,
    /// What to say above it.
    pub(in crate::http::home) note: Option<&'static str>,
}

impl Typed {
    /// What is wrong at a place.
    pub(in crate::http::home) fn fault(&self, place: &str) -> Option<Wrong> {
        let fault = self.faults.iter().find(|fault| fault.place == place);
        fault.map(|fault| fault.wrong)
    }

    /// How much is wrong.
    pub(in crate::http::home) fn faults(&self) -> usize {
        self.faults.len()
    }

    /// This, if it is what was typed into that form.
    pub(in crate::http::home) fn in_form(&self, doing: Doing) -> Option<&Self> {
        (self.doing == doing).then_some(self)
    }
}

/// Takes a form in.
pub(in crate::http::home) async fn post(
    request: &HttpRequest,
    kind: &str,
    id: &str,
    payload: Payload,
) -> Result<HttpResponse, Instead> {
    let body = tokio::time::timeout(BODY_PATIENCE, read(payload)).await;
    let body = body.unwrap_or(Err(Why::Malformed));
    let visit = Visit::act(request)?;
    let place = &visit.place;
    let fields = body.and_then(|body| fields(&body));
    let fields = fields.map_err(|why| place.turned(why))?;
    let is_ours = fields
        .text("token")
        .as_bytes()
        .ct_eq(visit.token.as_bytes());
    if !bool::from(is_ours) {
        return Err(place.turned(Why::Ended));
    }
    let malformed = || place.turned(Why::Malformed);
    let doing = Doing::of(fields.text("do")).ok_or_else(malformed)?;
    let number = RequestId::parse(fields.text("number")).map_err(|_| malformed())?;
    let item: ItemRef = format!("{kind}:{id}")
        .parse()
        .map_err(|_| place.turned(Why::Missing))?;
    let command = match command(&visit, &item, doing, &fields).await {
        Ok(command) => command.ok_or_else(malformed)?,
        Err(instead) if instead.status() == StatusCode::SERVICE_UNAVAILABLE => {
            return Ok(keep(&visit, &fields));
        }
        Err(instead) => return Err(instead),
    };
    let digest = asked::digest(&visit, &item, doing, &fields);
    let now = place.doors.clock.now();
    match asked::carry_out(&visit, Some(number), digest, command, now).await {
        Ok(made) => Ok(done(&visit, doing, &item, made.as_ref())),
        Err(ActError::Refused(Refusal::Rejected(rejection))) => {
            rejected(&visit, &item, doing, fields, rejection).await
        }
        Err(problem) => {
            tracing::error!(%problem, "What a customer sent could not be carried out.");
            Ok(keep(&visit, &fields))
        }
    }
}

async fn command(
    visit: &Visit,
    item: &ItemRef,
    doing: Doing,
    fields: &Fields,
) -> Result<Option<Command>, Instead> {
    let now = visit.place.doors.clock.now();
    Ok(match doing {
        Doing::Comment => asked::comment(visit, item, fields, now),
        Doing::Answer => asked::answer(visit, &item.id, fields),
        Doing::Submit => {
            // Whether the customer sees the form, the command asks.
            let place = &visit.place;
            let form: Option<Item> = place.one(Key::item(item)).await?;
            let Some(Item::Form(form)) = form else {
                return Err(place.turned(Why::Missing));
            };
            let contact = place.one(Key::contact(&visit.contact)).await?;
            asked::submission(visit, &form, contact.as_ref(), fields, now)
        }
    })
}

/// On to the page that shows what came of it, so that loading it again sends nothing.
fn done(visit: &Visit, doing: Doing, item: &ItemRef, made: Option<&ItemRef>) -> HttpResponse {
    let (words, place) = match (doing, made) {
        (Doing::Comment, _) => (("said", "commented"), "#comments"),
        (Doing::Answer, _) => (("said", "answered"), ""),
        (Doing::Submit, Some(record)) => (("sent", record.id.as_str()), ""),
        (Doing::Submit, None) => (("sent", ""), ""),
    };
    let to = format!("{}{place}", visit.to(&path(item), &[words]));
    see(&to)
}

/// The page again, with what was typed and why it was not taken.
async fn rejected(
    visit: &Visit,
    item: &ItemRef,
    doing: Doing,
    fields: Fields,
    rejection: Rejection,
) -> Result<HttpResponse, Instead> {
    let t = visit.place.t;
    let (status, faults, note) = match rejection {
        Rejection::Invalid(faults) => (StatusCode::UNPROCESSABLE_ENTITY, faults, None),
        Rejection::Closed => (StatusCode::CONFLICT, Vec::new(), Some(t.now_closed)),
        Rejection::NameReused => (StatusCode::CONFLICT, Vec::new(), Some(t.reused)),
        Rejection::Changed | Rejection::IdTaken => {
            (StatusCode::CONFLICT, Vec::new(), Some(t.now_changed))
        }
        Rejection::AlreadySubmitted(_) => return Ok(done(visit, doing, item, None)),
        Rejection::AlreadyAnswered => (StatusCode::CONFLICT, Vec::new(), None),
        Rejection::NotFound | Rejection::NotAllowed(_) | Rejection::NotAuthorised(_) => {
            return Err(visit.place.turned(Why::Missing));
        }
    };
    let typed = Typed {
        doing,
        fields,
        faults,
        note,
    };
    again(visit, item, status, &typed).await
}

/// A form comes by its button for files, from a browser without a script: the page again, with what was typed and the
/// files that came with it.
pub(in crate::http::home) async fn brought(
    request: &HttpRequest,
    form: &ItemRef,
    received: Received,
) -> Result<HttpResponse, Instead> {
    let mut visit = Visit::act(request)?;
    visit.place.path = path(form);
    let mut fields = received.fields;
    for (name, file) in received.files {
        let name = name.strip_prefix("file:").unwrap_or(&name);
        fields.push((name.to_owned(), file.id));
    }
    let typed = Typed {
        doing: Doing::Submit,
        fields: Fields(fields),
        faults: Vec::new(),
        note: None,
    };
    again(&visit, form, StatusCode::OK, &typed).await
}

/// The page with what was typed.
async fn again(
    visit: &Visit,
    item: &ItemRef,
    status: StatusCode,
    typed: &Typed,
) -> Result<HttpResponse, Instead> {
    let brought = typed.fields.values().into_iter();
    let brought: Vec<String> = brought.flat_map(|(_, texts)| texts).collect();
    let opened = match Opened::read(visit, item.kind.name(), item.id.as_str()).await {
        Ok(opened) => opened.with_files(visit, brought).await,
        Err(instead) => Err(instead),
    };
    match opened {
        Ok(opened) => {
            let html = detail::html(visit, &opened, Some(typed));
            Ok(shown(visit, status, html))
        }
        Err(instead) if instead.status() == StatusCode::SERVICE_UNAVAILABLE => {
            Ok(keep(visit, &typed.fields))
        }
        Err(instead) => Err(instead),
    }
}

#[derive(Template)]
#[template(path = "home/kept.html")]
struct KeptPage<'a> {
    t: &'static Texts,
    frame: Frame,
    fields: &'a [(String, String)],
    texts: Vec<&'a str>,
}

/// The store does not answer: what was typed, to be sent once more under the same number.
fn keep(visit: &Visit, fields: &Fields) -> HttpResponse {
    let texts = fields.content().into_iter();
    let texts = texts.filter(|(name, text)| name != "verdict" && !text.is_empty());
    let page = KeptPage {
        t: visit.place.t,
        frame: Frame::of(visit),
        fields: &fields.0,
        texts: texts.map(|(_, text)| text.as_str()).collect(),
    };
    shown(visit, StatusCode::SERVICE_UNAVAILABLE, page.render())
}

/// No page of ours has more fields; each is looked for among the others.
fn fields(body: &[u8]) -> Result<Fields, Why> {
    let fields = form_urlencoded::parse(body).into_owned();
    let fields: Vec<(String, String)> = fields.take(PARTS_MAX + 1).collect();
    match fields.len() > PARTS_MAX {
        true => Err(Why::Malformed),
        false => Ok(Fields(fields)),
    }
}

async fn read(mut payload: Payload) -> Result<BytesMut, Why> {
    let mut body = BytesMut::new();
    let mut heard = 0;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Why::Malformed)?;
        heard += chunk.len();
        if heard > HEARD_MAX_BYTES {
            return Err(Why::TooLarge);
        }
        if heard <= FORM_MAX_BYTES {
            body.extend_from_slice(&chunk);
        }
    }
    match heard > FORM_MAX_BYTES {
        true => Err(Why::TooLarge),
        false => Ok(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_sends_more_fields_than_a_page_has() {
        let body = |count: usize| "f-a=1&".repeat(count).into_bytes();
        assert_eq!(fields(&body(500)).ok().map(|it| it.0.len()), Some(500));
        assert_eq!(fields(&body(501)).err(), Some(Why::Malformed));
    }
}
