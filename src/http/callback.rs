//! WeCom's callback URL: the check of the URL by GET, the events by POST (path/90930, 90238).

use std::future::{Future, poll_fn};
use std::mem;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::sync::SemaphorePermit;

use crate::callback::{self, Plaintext, Query};
use crate::http::doors::Doors;
use crate::http::receivers::{Caller, Receiver};
use crate::http::refusals::{Cause, Refused};
use crate::http::room::Room;
use crate::model::delivery::{Delivery, Source};
use crate::store::entrance::Entrance;
use crate::store::item::Accepted;

/// WeCom documents no limit; what it documents fits many times over.
const BODY_MAX: usize = 1024 * 1024;

/// What WeCom is known to send is shorter, and always let in. For longer ones there is [`Room`], or a 503.
const SHORT_BODY: usize = 64 * 1024;

/// A sender that is slower than this is not WeCom, which itself gives up after 5 s.
const BODY_PATIENCE: Duration = Duration::from_secs(5);

/// The URL check: the decrypted text, as it is.
pub(in crate::http) async fn echo(
    doors: web::Data<Doors>,
    name: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Refused> {
    let receiver = find(&doors, &name)?;
    let name = &receiver.name;
    let opened = Query::parse(request.query_string())
        .and_then(|query| callback::echo(&receiver.keyring, &query));
    match opened {
        Ok(plaintext) => {
            tracing::info!(receiver = %name, corp = %receiver.corp, "The callback URL was checked.");
            Ok(HttpResponse::Ok()
                .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
                .body(plaintext.as_bytes().to_vec()))
        }
        Err(problem) => Err(doors.refusals.callback(name, problem, doors.clock.now())),
    }
}

/// An event: 200 once it is stored, and not before; with an empty body, unless a reply is configured.
pub(in crate::http) async fn deliver(
    doors: web::Data<Doors>,
    entrance: web::Data<Entrance>,
    opened: Opened,
) -> Result<HttpResponse, Refused> {
    let Opened {
        receiver,
        plaintext,
    } = opened;
    let now = doors.clock.now();
    let (source, peek) = match receiver.caller {
        Caller::Wecom => (
            Source::Callback,
            callback::peek(&receiver.name, plaintext.as_bytes(), now),
        ),
        Caller::Weixin => (
            Source::ServiceAccount,
            callback::peek_account(&receiver.name, plaintext.as_bytes(), now),
        ),
    };
    let replier = receiver.replier.as_ref();
    let reply = replier.and_then(|replier| replier.answer(&peek.kind, &plaintext, now));
    let delivery = Delivery {
        receiver: receiver.name.clone(),
        source,
        kind: peek.kind,
        subject: peek.subject,
        lane: peek.lane,
        received_at: now,
        cause: None,
        xml: plaintext.into_text(),
    };
    let accepted = entrance.accept(&receiver.corp, peek.key, &delivery).await;
    let accepted =
        accepted.map_err(|problem| doors.refusals.store(&delivery, &problem.to_string(), now))?;
    let (name, arrivals) = (&receiver.name, &receiver.arrivals);
    let Delivery { kind, subject, .. } = &delivery;
    let latency = doors.clock.now().since(now);
    doors.kept_in.add(latency);
    let latency_ms = latency.as_millis() as u64;
    match accepted {
        Accepted::New(event) => {
            arrivals.new_one(kind);
            tracing::info!(%event, receiver = %name, %kind, %subject, latency_ms, "received");
        }
        Accepted::Duplicate => {
            arrivals.duplicate(kind);
            tracing::info!(receiver = %name, %kind, %subject, latency_ms, "received again; nothing to do");
        }
    }
    Ok(match reply {
        None => HttpResponse::Ok().finish(),
        Some(xml) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/xml; charset=utf-8"))
            .body(xml),
    })
}

/// A callback whose signature, encryption and receive id are right. There is no other way to get at its content.
pub(in crate::http) struct Opened {
    receiver: Arc<Receiver>,
    plaintext: Plaintext,
}

impl FromRequest for Opened {
    type Error = Refused;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refused>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let doors = request
                .app_data::<web::Data<Doors>>()
                .ok_or(Refused::NotFound)?;
            let name = request.match_info().unprocessed().strip_prefix('/');
            let receiver = find(doors, name.unwrap_or_default())?;
            let name = &receiver.name;
            let refuse = |problem| doors.refusals.callback(name, problem, doors.clock.now());
            let query = Query::parse(request.query_string()).map_err(refuse)?;
            let body = quiet_at_first(read(&request, payload, &doors.room));
            let body = tokio::time::timeout(BODY_PATIENCE, body)
                .await
                .map_err(|_elapsed| Cause::TooSlow);
            let body = body.and_then(|read| read);
            let (body, _long) = body.map_err(|cause| doors.refusals.counted(cause))?;
            let plaintext = callback::open(&receiver.keyring, &query, &body).map_err(refuse)?;
            Ok(Self {
                receiver,
                plaintext,
            })
        })
    }
}

fn find(doors: &Doors, name: &str) -> Result<Arc<Receiver>, Refused> {
    let found = doors.receivers.of(name);
    found.ok_or_else(|| doors.refusals.counted(Cause::UnknownReceiver))
}

/// The same future, which does not ask to be woken when it is polled for the first time.
///
/// The web server polls a handler when it has read the head, and again in the same turn when it has read on. A wake-up
/// for the body that came with its head would have it poll once more, for nothing, at a tenth of the door's
/// instructions. What comes later wakes the server, which reads it and polls the handler.
async fn quiet_at_first<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut is_first = true;
    poll_fn(|context| {
        if mem::take(&mut is_first) {
            future
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
        } else {
            future.as_mut().poll(context)
        }
    })
    .await
}

/// The body, and the place that it takes when it is a long one.
async fn read<'d>(
    request: &HttpRequest,
    mut payload: Payload,
    room: &'d Room,
) -> Result<(Bytes, Option<SemaphorePermit<'d>>), Cause> {
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced: usize = announced
        .and_then(|v| v.to_str().ok()?.parse().ok())
        .unwrap_or(0);
    if announced > BODY_MAX {
        return Err(Cause::TooLarge);
    }
    let mut body = Bytes::new();
    let mut place = None;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Cause::Malformed)?;
        if body.len() + chunk.len() > BODY_MAX {
            return Err(Cause::TooLarge);
        }
        if body.len() + chunk.len() > SHORT_BODY && place.is_none() {
            place = Some(room.enter().ok_or(Cause::Crowded)?);
        }
        body = match body.is_empty() {
            // What comes in one piece, as short bodies do, is not copied.
            true => chunk,
            false => {
                let mut longer = BytesMut::from(body);
                longer.extend_from_slice(&chunk);
                longer.freeze()
            }
        };
    }
    Ok((body, place))
}
