//! A request that changes something: who asks, by which name it is known when it comes again, and what came with it.

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, IF_MATCH};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, dev, web};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::decide::request::{Command, Request};
use crate::http::api::caller::Caller;
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::ids::CorpId;
use crate::model::item::{Actor, ItemRef};
use crate::model::request::{Carried, RequestId};
use crate::model::time::Timestamp;
use crate::store::record::{Key, Record};

/// The largest body: a project with all its tasks, or a record with all its fields, has room in it.
const BODY_MAX_BYTES: usize = 1024 * 1024;

/// The longest `Idempotency-Key`.
const KEY_MAX: usize = 255;

/// A request by one of the configured tokens, with its body.
pub(in crate::http) struct Ask {
    caller: Caller,
    id: RequestId,
    seen: Option<Timestamp>,
    digest: String,
    body: Bytes,
}

impl FromRequest for Ask {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload);
        let body = web::Payload::from_request(request, payload);
        let request = request.clone();
        async move {
            let caller = caller.await?;
            let id = name(&request)?;
            let seen = seen(&request)?;
            let unread =
                || Problem::bad_request("The body did not arrive whole; send it once more.");
            let body = body.await.map_err(|_| unread())?;
            let body = body.to_bytes_limited(BODY_MAX_BYTES).await;
            let body = body.map_err(|_| too_large())?.map_err(|_| unread())?;
            is_json(&request, &body)?;
            let digest = digest(&request, &body);
            Ok(Self {
                caller,
                id,
                seen,
                digest,
                body,
            })
        }
        .boxed_local()
    }
}

impl Ask {
    /// The body as what it should be. No body is `{}`.
    pub(in crate::http::api) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let body: &[u8] = match self.body.is_empty() {
            true => b"{}",
            false => &self.body,
        };
        serde_json::from_slice(body).map_err(|problem| {
            Problem::bad_request(format!("The body is not what belongs here: {problem}."))
        })
    }

    /// The one corp that the request is about.
    pub(in crate::http::api) fn one_corp(&self, wanted: Option<&str>) -> Result<&CorpId, Problem> {
        self.caller.one_corp(wanted)
    }

    /// Has a command carried out in the name of the company's own system. Tells the item that it made or changed.
    pub(in crate::http::api) async fn carry_out(
        &self,
        doors: &Doors,
        corp: &CorpId,
        command: Command,
        now: Timestamp,
    ) -> Result<Option<ItemRef>, Problem> {
        let request = Request {
            id: Some(self.id.clone()),
            digest: self.digest.clone(),
            by: Actor::System,
            command,
        };
        let item = doors.act.ask(corp, &request, now).await?;
        let named = item.as_ref().map(ToString::to_string);
        tracing::info!(%corp, item = named, "The API has carried a command out.");
        Ok(item)
    }

    /// When the item that is to be changed had changed last, by what the caller knows of it.
    pub(in crate::http::api) const fn seen(&self) -> Option<Timestamp> {
        self.seen
    }

    /// When this request was carried out.
    pub(in crate::http::api) async fn carried_at(
        &self,
        doors: &Doors,
        corp: &CorpId,
    ) -> Result<Option<Timestamp>, Problem> {
        let key = Key::carried(&self.id);
        let records = doors.store.read(corp, &[key]).await?;
        let carried = records.first().map(Record::parse::<Carried>).transpose()?;
        Ok(carried.flatten().map(|carried| carried.at))
    }

    /// Bytes that nobody guesses; the same again for a request of the same name.
    pub(in crate::http::api) fn random<const N: usize>(&self) -> [u8; N] {
        let hash = Sha256::digest(format!("{} {}", self.id, self.digest));
        let mut bytes = [0; N];
        for (byte, hashed) in bytes.iter_mut().zip(hash) {
            *byte = hashed;
        }
        bytes
    }
}

/// The request's name, out of the key and the token that it came with: two systems may use the same key. One without a
/// key has a name as well, so that it is carried out once however often the store is asked.
fn name(request: &HttpRequest) -> Result<RequestId, Problem> {
    let headers = request.headers();
    let Some(key) = headers.get("Idempotency-Key") else {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| no_random())?;
        return Ok(RequestId::of_random(random));
    };
    let wrong = || Problem::bad_request("`Idempotency-Key` is 1 to 255 visible ASCII characters.");
    let key = key.as_bytes();
    if !(1..=KEY_MAX).contains(&key.len()) || !key.iter().all(u8::is_ascii_graphic) {
        return Err(wrong());
    }
    let token = headers.get(AUTHORIZATION).map(|token| token.as_bytes());
    let mut hash = Sha256::new();
    hash.update(Sha256::digest(token.unwrap_or_default()));
    hash.update(key);
    let id = RequestId::parse(&format!("api:{}", hex(&hash.finalize())));
    id.map_err(|_| wrong())
}

/// `If-Match`: the item's `changed_at`, in quotation marks.
fn seen(request: &HttpRequest) -> Result<Option<Timestamp>, Problem> {
    let Some(tag) = request.headers().get(IF_MATCH) else {
        return Ok(None);
    };
    let time = tag.to_str().ok().and_then(|tag| {
        let time = tag.strip_prefix('"')?.strip_suffix('"')?;
        Timestamp::parse(time)
    });
    let wrong =
        || Problem::bad_request("`If-Match` is the item's `changed_at` in quotation marks.");
    time.map(Some).ok_or_else(wrong)
}

/// What is asked: method, address and body.
fn digest(request: &HttpRequest, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    for part in [
        request.method().as_str(),
        request.path(),
        request.query_string(),
    ] {
        hash.update(part);
        hash.update([0]);
    }
    hash.update(body);
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_json(request: &HttpRequest, body: &[u8]) -> Result<(), Problem> {
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let is_json = essence.eq_ignore_ascii_case("application/json") || essence.ends_with("+json");
    match body.is_empty() || is_json {
        true => Ok(()),
        false => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The request is not understood.",
            "Send the body as `Content-Type: application/json`.",
        )),
    }
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "The request is not understood.",
        "A body has at most 1 MiB.",
    )
}

fn no_random() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "Not available.",
        "The machine gives no random numbers now; try again in a moment.",
    )
}
