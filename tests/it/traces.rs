//! Traces, as a collector of OpenTelemetry's gets them.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use wecom_bridge::sim::person::Account;

use crate::service::wecom::{self, add_contact, add_member, contact, user};
use crate::service::{Keeps, SOON, Service, until};

const KEY: &str = "Bearer q7ZkCollector";

#[derive(Clone, Default)]
struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
}

impl Collector {
    fn listen(&self) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let data = web::Data::new(self.clone());
        let server = HttpServer::new(move || {
            let app = App::new().app_data(data.clone());
            app.route("/v1/traces", web::post().to(take))
        });
        tokio::spawn(server.workers(1).listen(listener).unwrap().run());
        port
    }

    fn spans(&self) -> Vec<Span> {
        self.spans.lock().unwrap().clone()
    }
}

async fn take(
    collector: web::Data<Collector>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    if request.headers().get("authorization").unwrap() != KEY {
        return HttpResponse::Unauthorized().finish();
    }
    let told = ExportTraceServiceRequest::decode(body).unwrap();
    let resources = told.resource_spans.into_iter();
    let scopes = resources.flat_map(|resource| resource.scope_spans);
    let mut spans = collector.spans.lock().unwrap();
    spans.extend(scopes.flat_map(|scope| scope.spans));
    HttpResponse::Ok().finish()
}

/// A service that hands its traces to this port.
async fn service(sim: &wecom_bridge::sim::Sim, port: u16) -> Service {
    let mut service = Service::prepare(&Keeps::ItsOwnFile, sim.base());
    let config = std::fs::read_to_string(service.config_file()).unwrap();
    let traces = format!(
        "traces = {{ endpoint = \"http://127.0.0.1:{port}/v1/traces\", authorization = \"{KEY}\" }}\nlog.level = \"warn\""
    );
    let config = config.replace("log.level = \"debug\"", &traces);
    std::fs::write(service.config_file(), config).unwrap();
    service.start_again().await;
    service
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_one_trace_from_receipt_to_card() {
    let (sim, collector) = (wecom::start().await, Collector::default());
    let mut service = service(&sim, collector.listen()).await;
    wecom::register(&sim, service.door()).await;
    add_member(&sim, "lin");
    add_contact(&sim, "wmCorp", Account::WeCom);
    let added = sim.customer_adds(&user("lin"), &contact("wmCorp")).await;
    assert!(added.unwrap()[0].accepted());
    let told = until(SOON, async || {
        service.door().is_idle().await && wecom::cards(&sim).len() == 1
    });
    assert!(told.await, "{}", service.end_of_log());
    let events = service
        .door()
        .list("events?kind=change_external_contact")
        .await;
    // What waits is sent at the end of the process.
    assert!(service.terminate(SOON).await.success());

    let spans = collector.spans();
    let named = |name: &str| {
        let mut spans = spans.iter().filter(|span| span.name == name);
        let found = spans.next().unwrap_or_else(|| panic!("{name}: {spans:#?}"));
        assert_eq!(spans.next(), None);
        found
    };
    let receipt = named("received change_external_contact/add_external_contact");
    assert_eq!(receipt.parent_span_id, [0_u8; 0]);
    let id = receipt.attributes.iter().find(|fact| fact.key == "event");
    let id = format!("{:?}", id.unwrap().value);
    assert!(id.contains(events[0]["id"].as_str().unwrap()), "{id}");
    for name in [
        "settled change_external_contact/add_external_contact",
        "settled refresh_contact",
        "settled card",
    ] {
        let span = named(name);
        assert_eq!(span.trace_id, receipt.trace_id, "{name}");
        assert_eq!(span.parent_span_id, receipt.span_id, "{name}");
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano);
    }
    let ids: BTreeSet<&[u8]> = spans.iter().map(|span| &span.span_id[..]).collect();
    assert_eq!(ids.len(), spans.len(), "each span has an id of its own");
    assert!(!format!("{spans:?}").contains("客户〔"), "no names");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_costs_traces_alone() {
    let sim = wecom::start().await;
    let nobody = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let mut service = service(&sim, port).await;
    wecom::register(&sim, service.door()).await;
    add_member(&sim, "lin");
    add_contact(&sim, "wmCorp", Account::WeCom);
    let added = sim.customer_adds(&user("lin"), &contact("wmCorp")).await;
    assert!(added.unwrap()[0].accepted());
    let said = "Traces cannot be handed over";
    let told = until(SOON, async || service.log().contains(said));
    assert!(told.await, "{}", service.end_of_log());
    assert!(service.door().is_ready().await);
    assert!(service.terminate(SOON).await.success());
    assert!(!service.log().contains("q7Zk"), "{}", service.log());
}
