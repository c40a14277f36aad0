//! Reads a form with files, part by part. Also for pages whose whole form comes with its files in it.

use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Bytes, Payload};
use futures_util::stream::{self, Fuse};
use futures_util::{Stream, StreamExt};
use subtle::ConstantTimeEq;

use crate::decide::request::{Command, Request};
use crate::files::Files;
use crate::files::error::FilesError;
use crate::http::doors::Doors;
use crate::http::files::asker::Asker;
use crate::http::files::name;
use crate::http::files::why::Why;
use crate::http::nonce::nonce;
use crate::http::session;
use crate::model::attachment::Attachment;
use crate::model::item::{ItemRef, ItemState};

/// The most files of one form: as many as a field can hold.
const FILES_MAX: usize = 9;

/// All that is no file, in bytes.
const TEXTS_MAX: usize = 512 * 1024;

/// The most parts, or fields; a form has 60 fields, and some hold several texts.
pub(in crate::http) const PARTS_MAX: usize = 500;

/// A browser that sends nothing for this long has gone.
const SILENCE: Duration = Duration::from_secs(30);

/// How long a whole form may take: nine large files over a slow line.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// What is refused is read on for this long, so that the browser hears why.
const READ_ON: Duration = Duration::from_secs(10);

/// A part of a form, which may be read to its end and once more.
type Part = Fuse<Field>;

/// A form that was read.
#[derive(Debug, Default)]
pub(in crate::http) struct Received {
    /// What is no file: names and texts, in their order. The token is not among them.
    pub(in crate::http) fields: Vec<(String, String)>,
    /// The files, taken in for the item, with the names of their fields.
    pub(in crate::http) files: Vec<(String, Attachment)>,
}

/// Reads a form that somebody sends from a page of ours, and takes its files in for an item. The field `upload_token`
/// stands before the files. A file that is refused ends it; those before it wait for a day to become part of something.
pub(in crate::http) async fn receive(
    request: &HttpRequest,
    payload: Payload,
    doors: &Doors,
    asker: &Asker,
    item: &ItemRef,
) -> Result<Received, Why> {
    if !session::is_same_origin(request, &doors.public_url) {
        return Err(Why::Foreign);
    }
    let files = doors.files.as_deref().ok_or(Why::Off)?;
    match asker.may_bring(doors, item).await? {
        None => return Err(Why::Missing),
        Some(ItemState::Closed) => return Err(Why::Closed),
        Some(ItemState::Open) => {}
    }
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let most = files.max_bytes().saturating_mul(FILES_MAX as u64) + TEXTS_MAX as u64;
    if length.is_some_and(|length| length > most) {
        return Err(Why::TooLarge(files.max_bytes()));
    }
    let mut reading = Reading {
        doors,
        files,
        asker,
        item,
        received: Received::default(),
        known: false,
        parts: 0,
        texts: 0,
    };
    let parts = Multipart::new(request.headers(), payload);
    let read = tokio::time::timeout(PATIENCE, reading.parts(parts)).await;
    read.unwrap_or(Err(Why::BrokenOff))?;
    match reading.known {
        true => Ok(reading.received),
        false => Err(Why::Foreign),
    }
}

struct Reading<'a> {
    doors: &'a Doors,
    files: &'a Files,
    asker: &'a Asker,
    item: &'a ItemRef,
    received: Received,
    /// Whether the token has come.
    known: bool,
    /// How many parts have come, also those with nothing in them.
    parts: usize,
    texts: usize,
}

impl Reading<'_> {
    async fn parts(&mut self, mut parts: Multipart) -> Result<(), Why> {
        while let Some(part) = next(&mut parts).await? {
            // The library panics when a part is read beyond its end.
            let mut part = part.map_err(|_| Why::Malformed)?.fuse();
            if let Err(why) = self.part(&mut part).await {
                if why != Why::BrokenOff {
                    read_on(&mut part, self.files.max_bytes()).await;
                }
                return Err(why);
            }
        }
        Ok(())
    }

    async fn part(&mut self, part: &mut Part) -> Result<(), Why> {
        self.parts += 1;
        if self.parts > PARTS_MAX {
            return Err(Why::Malformed);
        }
        let name = part.get_ref().name().unwrap_or_default().to_owned();
        let given = part.get_ref().content_disposition();
        let given = given.and_then(|given| given.get_filename().map(str::to_owned));
        match given {
            None => self.text(name, part).await,
            // A field for files into which none was put.
            Some(given) if given.is_empty() => {
                read_on(part, 0).await;
                Ok(())
            }
            Some(given) => self.file(name, &given, part).await,
        }
    }

    async fn text(&mut self, name: String, part: &mut Part) -> Result<(), Why> {
        let mut bytes = Vec::new();
        while let Some(chunk) = next(part).await? {
            let chunk = chunk.map_err(|_| Why::BrokenOff)?;
            self.texts += chunk.len();
            if self.texts > TEXTS_MAX {
                return Err(Why::Malformed);
            }
            bytes.extend_from_slice(&chunk);
        }
        let text = String::from_utf8(bytes).map_err(|_| Why::Malformed)?;
        if name == "upload_token" {
            let expected = self.asker.token.as_bytes();
            self.known = expected.ct_eq(text.as_bytes()).into();
            return if self.known {
                Ok(())
            } else {
                Err(Why::Foreign)
            };
        }
        self.received.fields.push((name, text));
        Ok(())
    }

    async fn file(&mut self, field: String, given: &str, part: &mut Part) -> Result<(), Why> {
        if !self.known {
            return Err(Why::Foreign);
        }
        if self.received.files.len() >= FILES_MAX {
            return Err(Why::TooMany);
        }
        let Asker { corp, who, .. } = self.asker;
        let taken = self.doors.pace.take(corp, who, self.doors.clock.now());
        taken.map_err(Why::TooFast)?;
        let id = nonce().map_err(|_| Why::Unavailable)?;
        let chunks = Box::pin(patient(part));
        let kept = self.files.take_in(corp, &id, chunks).await;
        let kept = kept.map_err(|problem| Why::of_file(&problem, self.files.max_bytes()))?;
        let now = self.doors.clock.now();
        let attachment = Attachment {
            id,
            item: self.item.clone(),
            by: who.clone(),
            name: name::clean(given, kept.file_type),
            media_type: kept.file_type.media_type().to_owned(),
            bytes: kept.bytes,
            sha256: kept.sha256,
            thumbnail: kept.thumbnail,
            at: now,
        };
        let asked = Request {
            id: None,
            digest: String::new(),
            by: who.clone(),
            command: Command::Attach(attachment.clone()),
        };
        if let Err(problem) = self.doors.act.ask(corp, &asked, now).await {
            // Bytes that no record speaks of are removed in a day; those whose record is in doubt must stay.
            return Err(Why::of_command(&problem));
        }
        self.received.files.push((field, attachment));
        Ok(())
    }
}

/// The next piece, if it comes in time.
async fn next<S: Stream + Unpin>(stream: &mut S) -> Result<Option<S::Item>, Why> {
    let next = tokio::time::timeout(SILENCE, stream.next()).await;
    next.map_err(|_| Why::BrokenOff)
}

/// A file's pieces, each in time.
fn patient(part: &mut Part) -> impl Stream<Item = Result<Bytes, FilesError>> {
    stream::unfold(part, |part| async move {
        let chunk = match next(part).await {
            Ok(None) => return None,
            Ok(Some(Ok(chunk))) => Ok(chunk),
            Ok(Some(Err(_))) | Err(_) => Err(FilesError::BrokenOff),
        };
        Some((chunk, part))
    })
}

/// Reads on, and keeps nothing.
async fn read_on(part: &mut Part, max_bytes: u64) {
    let read = async {
        let mut bytes = 0;
        while let Some(Ok(chunk)) = part.next().await {
            bytes += chunk.len() as u64;
            if bytes > max_bytes {
                break;
            }
        }
    };
    // Too slow is as good as done.
    let _ = tokio::time::timeout(READ_ON, read).await;
}
