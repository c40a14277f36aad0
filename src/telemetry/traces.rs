//! Traces: what the log tells of events, as spans for a collector of OpenTelemetry's.
//!
//! One event is one trace, from its receipt over what follows from it to the cards. Its ids are computed from the
//! event's, so that processes need not tell each other, and a trace can be found by the id that is in the log.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use url::Url;

use crate::model::delivery::ItemId;
use crate::model::version::version;
use crate::telemetry::TelemetryError;

/// So many spans may wait for the collector; further ones are dropped.
const SPANS_MAX: usize = 8192;

/// How long the end of the process waits for the last spans.
const FLUSH_WAIT: Duration = Duration::from_secs(1);

/// What takes spans.
#[derive(Debug)]
pub struct Collector {
    /// Where OTLP over HTTP is taken, whole.
    pub endpoint: Url,
    /// What opens it.
    pub authorization: Option<SecretString>,
    /// How it is reached.
    pub client: reqwest::Client,
}

/// Turns lines about events into spans. Clones are the same.
#[derive(Debug, Clone)]
pub(in crate::telemetry) struct Traces(Arc<BatchSpanProcessor>);

impl Traces {
    /// Must be called in the runtime that will send the spans.
    pub(in crate::telemetry) fn to(collector: Collector) -> Result<Self, TelemetryError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(collector.endpoint.as_str())
            .with_http_client(Wire {
                client: collector.client,
                authorization: header(collector.authorization.as_ref())?,
                runtime: Handle::current(),
                broken: AtomicBool::new(false),
            })
            .build()
            .map_err(|_| TelemetryError::Collector)?;
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(SPANS_MAX)
            .build();
        let mut processor = BatchSpanProcessor::new(exporter, config);
        let resource = Resource::builder_empty()
            .with_service_name("wecom-bridge")
            .with_attribute(KeyValue::new("service.version", version()))
            .build();
        processor.set_resource(&resource);
        Ok(Self(Arc::new(processor)))
    }

    /// Sends the spans that wait. Later ones are dropped.
    pub(in crate::telemetry) fn end(&self) {
        let _ = self.0.shutdown_with_timeout(FLUSH_WAIT);
    }
}

impl<S: Subscriber> Layer<S> for Traces {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        if let Some(span) = line.span() {
            self.0.on_end(span);
        }
    }
}

fn header(authorization: Option<&SecretString>) -> Result<Option<HeaderValue>, TelemetryError> {
    let header = authorization.map(|text| HeaderValue::from_str(text.expose_secret()));
    let mut header = header.transpose().map_err(|_| TelemetryError::Collector)?;
    if let Some(header) = &mut header {
        header.set_sensitive(true);
    }
    Ok(header)
}

/// A line of the log, as far as spans need it.
#[derive(Default)]
struct Line {
    message: String,
    event: Option<ItemId>,
    item: Option<ItemId>,
    latency_ms: Option<u64>,
    kind: String,
    error: Option<String>,
    facts: Vec<KeyValue>,
}

impl Line {
    /// Only lines that end something about an event tell how long it took.
    fn span(self) -> Option<SpanData> {
        let (event, took) = (self.event?, self.latency_ms?);
        let first = self.message == "received";
        let (trace, root) = ids(&event);
        let of = self.item.as_ref().unwrap_or(&event);
        let id = match first {
            true => root,
            false => own_id(of, &self.facts, took),
        };
        let begun = u64::try_from(of.millis()).ok()?;
        let at = |millis: u64| UNIX_EPOCH + Duration::from_millis(millis);
        let flags = TraceFlags::SAMPLED;
        Some(SpanData {
            span_context: SpanContext::new(trace, id, flags, false, TraceState::default()),
            parent_span_id: if first { SpanId::INVALID } else { root },
            parent_span_is_remote: !first,
            span_kind: if first {
                SpanKind::Server
            } else {
                SpanKind::Internal
            },
            name: format!("{} {}", self.message, self.kind).into(),
            start_time: at(begun),
            end_time: at(begun.saturating_add(took)),
            attributes: self.facts,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: match self.error {
                Some(error) => Status::error(error),
                None => Status::Unset,
            },
            instrumentation_scope: InstrumentationScope::builder("wecom-bridge").build(),
        })
    }
}

/// The trace of an event, and the span of its receipt.
fn ids(event: &ItemId) -> (TraceId, SpanId) {
    let hash = *blake3::hash(event.to_string().as_bytes()).as_bytes();
    let [t @ .., a, b, c, d, e, f, g, h] = hash;
    let trace = t.first_chunk().copied().unwrap_or_default();
    (
        TraceId::from_bytes(trace),
        SpanId::from_bytes([a, b, c, d, e, f, g, h]),
    )
}

/// The span of one attempt at an item. An attempt that was none, and one after a replay, have the number of another;
/// they end at another time.
fn own_id(item: &ItemId, facts: &[KeyValue], took: u64) -> SpanId {
    let attempt = facts.iter().find(|fact| fact.key.as_str() == "attempt");
    let attempt = attempt.map(|fact| fact.value.as_str().into_owned());
    let name = format!("{item} {} {took}", attempt.unwrap_or_default());
    let hash = blake3::hash(name.as_bytes());
    SpanId::from_bytes(hash.as_bytes().first_chunk().copied().unwrap_or_default())
}

impl Visit for Line {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "latency_ms" => self.latency_ms = Some(value),
            name => {
                let value = i64::try_from(value).unwrap_or(i64::MAX);
                self.facts.push(KeyValue::new(name, value));
            }
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = value.into(),
            "event" => self.event = value.parse().ok(),
            "item" => self.item = value.parse().ok(),
            "kind" => self.kind = value.into(),
            "error" => self.error = Some(value.into()),
            _ => {}
        }
        if field.name() != "message" {
            self.facts
                .push(KeyValue::new(field.name(), value.to_owned()));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// The way to the collector.
#[derive(Debug)]
struct Wire {
    client: reqwest::Client,
    authorization: Option<HeaderValue>,
    /// Spans are handed over by a thread that has no runtime of its own.
    runtime: Handle,
    broken: AtomicBool,
}

impl Wire {
    /// Tells when the collector goes away, and when it is back.
    fn tell(&self, problem: Option<&str>) {
        let was_broken = self.broken.swap(problem.is_some(), Ordering::Relaxed);
        match problem {
            Some(problem) if !was_broken => {
                tracing::warn!(
                    problem,
                    "Traces cannot be handed over; they are dropped until they can."
                );
            }
            None if was_broken => tracing::info!("Traces are handed over again."),
            Some(_) | None => {}
        }
    }
}

#[async_trait]
impl HttpClient for Wire {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut request = reqwest::Request::try_from(request)?;
        if let Some(value) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, value.clone());
        }
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            // What the collector says is not read: it might have no end.
            let answer = client.execute(request).await?;
            Ok::<_, reqwest::Error>(answer.status())
        });
        let status = match sent.await? {
            Ok(status) => status,
            Err(problem) => {
                self.tell(Some("no answer"));
                return Err(problem.without_url().into());
            }
        };
        self.tell((!status.is_success()).then_some(status.as_str()));
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = status;
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(item: &str, attempt: i64, latency_ms: u64) -> SpanData {
        let line = Line {
            message: "settled".into(),
            event: "ww1:1790000000000-0".parse().ok(),
            item: item.parse().ok(),
            latency_ms: Some(latency_ms),
            facts: vec![KeyValue::new("attempt", attempt)],
            ..Line::default()
        };
        line.span().unwrap()
    }

    #[test]
    fn an_attempt_that_comes_again_is_another_span_of_the_same_trace() {
        let item = "ww1:1790000000000-0.1";
        let first = settled(item, 1, 5);
        for other in [
            settled(item, 1, 300_007),
            settled(item, 2, 1_005),
            settled("ww1:1790000000000-0.2", 1, 5),
        ] {
            let (first, other) = (&first.span_context, &other.span_context);
            assert_ne!(first.span_id(), other.span_id());
            assert_eq!(first.trace_id(), other.trace_id());
        }
    }
}
