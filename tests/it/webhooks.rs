//! The company's own systems are told what happens: signed, in their own time, and none of them holds anybody up.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::store::item::Queue;

use crate::world::{API_TOKEN, On, Setup, World, stories};

stories!(
    events_and_changes_are_told_to_who_wants_them,
    a_system_that_is_away_hears_later_and_holds_up_nobody,
    what_was_given_up_is_replayed_for_its_system_alone,
    while_keys_are_changed_both_sign,
    private_addresses_are_refused_unless_allowed,
    who_asks_to_be_left_alone_is_left_alone,
);

const KEY: [u8; 24] = [7; 24];
const OLD_KEY: [u8; 24] = [8; 24];

/// A system of the company's.
pub(crate) struct System {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
    says: Arc<Mutex<StatusCode>>,
    knocks: Arc<AtomicUsize>,
    server: ServerHandle,
}

#[derive(Debug, Clone)]
struct Heard {
    id: String,
    seconds: i64,
    signatures: Vec<String>,
    body: String,
}

impl Heard {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn is_signed_with(&self, key: &[u8]) -> bool {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(format!("{}.{}.{}", self.id, self.seconds, self.body).as_bytes());
        let signed = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
        self.signatures.contains(&signed)
    }
}

impl System {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let says = Arc::new(Mutex::new(StatusCode::NO_CONTENT));
        let knocks = Arc::new(AtomicUsize::new(0));
        let shared = (Arc::clone(&heard), Arc::clone(&says), Arc::clone(&knocks));
        let server = HttpServer::new(move || {
            let shared = web::Data::new(shared.clone());
            App::new()
                .app_data(shared)
                .route("/hooks", web::post().to(hear))
        });
        let server = server.workers(1).listen(listener).unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            port,
            heard,
            says,
            knocks,
            server: handle,
        }
    }

    fn knocks(&self) -> usize {
        self.knocks.load(Ordering::SeqCst)
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// How often each type was heard.
    fn types(&self) -> BTreeMap<String, usize> {
        let mut types = BTreeMap::new();
        for heard in self.heard() {
            let name = heard.json()["type"].as_str().unwrap().to_owned();
            *types.entry(name).or_default() += 1;
        }
        types
    }

    fn says(&self, status: StatusCode) {
        *self.says.lock().unwrap() = status;
    }
}

type Shared = (
    Arc<Mutex<Vec<Heard>>>,
    Arc<Mutex<StatusCode>>,
    Arc<AtomicUsize>,
);

/// What a system asks for that has too much to do, in seconds.
const RETRY_AFTER: u64 = 600;

async fn hear(request: HttpRequest, shared: web::Data<Shared>, body: String) -> HttpResponse {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(header("content-type"), "application/json");
    let status = *shared.1.lock().unwrap();
    shared.2.fetch_add(1, Ordering::SeqCst);
    if status.is_success() {
        shared.0.lock().unwrap().push(Heard {
            id: header("webhook-id"),
            seconds: header("webhook-timestamp").parse().unwrap(),
            signatures: header("webhook-signature")
                .split(' ')
                .map(Into::into)
                .collect(),
            body,
        });
    }
    let mut answer = HttpResponse::build(status);
    if status == StatusCode::TOO_MANY_REQUESTS {
        answer.insert_header(("Retry-After", RETRY_AFTER));
    }
    answer.insert_header(("Location", "/elsewhere")).finish()
}

fn secret(key: &[u8]) -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(key))
}

pub(crate) fn section(name: &str, port: u16, more: &str) -> String {
    let secret = secret(&KEY);
    format!(
        "[[corp.webhook]]\nname = \"{name}\"\nurl = \"http://127.0.0.1:{port}/hooks\"\nsecret = \"{secret}\"\n{more}\n"
    )
}

pub(crate) const PRIVATE: &str = "allow_private = true";

async fn world(on: On, sections: &str) -> World {
    let setup = Setup {
        more: sections.to_owned().leak(),
        ..Setup::default()
    };
    World::with(on, setup).await
}

async fn make_form(world: &World, title: &str) {
    let (userid, _) = world.people();
    world.ask(&OwnEvent::RefreshMember { userid }).await;
    world.settle().await;
    let form = json!({"title": title, "owner": "ZhangSan", "steps": ["新建"], "submissions": "many", "fields": [{"key": "a", "label": "问题", "type": "text"}]});
    let made = world
        .post("api/v1/forms")
        .bearer_auth(API_TOKEN)
        .json(&form)
        .send()
        .await
        .unwrap();
    let status = made.status();
    assert_eq!(status, 201, "{}", made.text().await.unwrap());
}

async fn events_and_changes_are_told_to_who_wants_them(on: On) {
    let (all, items) = (System::start(), System::start());
    let sections = section("all", all.port, PRIVATE)
        + &section(
            "items",
            items.port,
            &format!("{PRIVATE}\nevents = [\"item.*\"]"),
        );
    let world = world(on, &sections).await;
    let (zhang, wang) = world.people();
    world.sim.customer_adds(&zhang, &wang).await.unwrap();
    world.settle().await;
    make_form(&world, "保密的标题").await;
    world.settle().await;

    let added = "change_external_contact.add_external_contact";
    assert_eq!(all.types().get(added), Some(&1), "{:?}", all.types());
    assert_eq!(all.types().get("item.created"), Some(&1));
    assert_eq!(
        items.types(),
        BTreeMap::from([("item.created".to_owned(), 1)])
    );
    let heard = all.heard();
    let event = heard
        .iter()
        .find(|heard| heard.json()["type"] == added)
        .unwrap();
    let told = event.json();
    assert_eq!(told["data"]["external_userid"], wang.as_str());
    assert_eq!(told["data"]["userid"], zhang.as_str());
    let id = told["data"]["event"].as_str().unwrap();
    assert_eq!(world.api(&format!("api/v1/events/{id}")).await["id"], id);
    for heard in heard.iter().chain(&items.heard()) {
        assert!(heard.is_signed_with(&KEY) && !heard.is_signed_with(&OLD_KEY));
        assert!(heard.id.starts_with("msg_") && !heard.id.contains('.'));
        assert!(
            !heard.body.contains("王女士") && !heard.body.contains("保密"),
            "{}",
            heard.body
        );
        assert!(
            !heard.body.to_lowercase().contains("code"),
            "{}",
            heard.body
        );
    }
    let mut ids: Vec<String> = heard.iter().map(|heard| heard.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), heard.len());

    // The service's own errands are nobody's business.
    assert!(
        !all.types().keys().any(|name| name.starts_with("refresh")),
        "{:?}",
        all.types()
    );
    all.server.stop(true).await;
}

async fn a_system_that_is_away_hears_later_and_holds_up_nobody(on: On) {
    let (away, there) = (System::start(), System::start());
    away.says(StatusCode::SERVICE_UNAVAILABLE);
    let sections = section("away", away.port, PRIVATE) + &section("there", there.port, PRIVATE);
    let world = world(on, &sections).await;
    let (zhang, wang) = world.people();
    world.sim.customer_adds(&zhang, &wang).await.unwrap();
    world.settle().await;
    assert!(!there.heard().is_empty() && away.heard().is_empty());
    assert_eq!(world.welcomes(), 1);

    away.says(StatusCode::OK);
    world.pass(Duration::from_secs(10)).await;
    let ids = |system: &System| -> Vec<String> {
        let mut ids: Vec<String> = system.heard().into_iter().map(|heard| heard.id).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&away), ids(&there));
    let states = world.states("outgoing").await;
    assert_eq!(states.keys().collect::<Vec<_>>(), ["done"]);
}

async fn what_was_given_up_is_replayed_for_its_system_alone(on: On) {
    let (gone, moved) = (System::start(), System::start());
    gone.says(StatusCode::GONE);
    moved.says(StatusCode::FOUND);
    let sections = section("gone", gone.port, PRIVATE) + &section("moved", moved.port, PRIVATE);
    let world = world(on, &sections).await;
    make_form(&world, "表").await;
    world.settle().await;
    let dead = world.items("outgoing?state=dead").await;
    assert_eq!(dead.len(), 1, "{dead:?}");
    assert_eq!(dead[0]["call"], "webhook/gone");
    assert_eq!(dead[0]["error"], "answered that it is gone (410)");

    // A redirect is no receipt. The attempts end after a day.
    world.pass(Duration::from_secs(40 * 60 * 60)).await;
    let dead = world.items("outgoing?state=dead").await;
    assert_eq!(dead.len(), 2);
    assert_eq!(
        dead.iter()
            .filter(|it| it["error"] == "answered with HTTP status 302")
            .count(),
        1
    );

    gone.says(StatusCode::OK);
    moved.says(StatusCode::OK);
    let replay = world
        .post("api/v1/outgoing/replay?kind=webhook/gone")
        .bearer_auth(API_TOKEN);
    let answer: Value = replay.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["replayed"], 1, "{answer}");
    world.settle().await;
    assert_eq!((gone.heard().len(), moved.heard().len()), (1, 0));
}

async fn while_keys_are_changed_both_sign(on: On) {
    let system = System::start();
    let more = format!("{PRIVATE}\nprevious_secret = \"{}\"", secret(&OLD_KEY));
    let world = world(on, &section("erp", system.port, &more)).await;
    make_form(&world, "表").await;
    world.settle().await;
    let heard = system.heard();
    assert_eq!(heard.len(), 1);
    assert!(heard[0].is_signed_with(&KEY) && heard[0].is_signed_with(&OLD_KEY));
    assert_eq!(heard[0].seconds, world.clock.now().secs());
}

async fn who_asks_to_be_left_alone_is_left_alone(on: On) {
    let system = System::start();
    system.says(StatusCode::TOO_MANY_REQUESTS);
    let world = world(on, &section("erp", system.port, PRIVATE)).await;
    make_form(&world, "一").await;
    world.settle().await;
    assert_eq!(system.knocks(), 1);

    // Neither with another message, nor because something else was put right.
    make_form(&world, "二").await;
    world.settle().await;
    let calls = world.items("outgoing?kind=webhook/erp").await;
    let attempts: Vec<&Value> = calls.iter().map(|call| &call["attempts"]).collect();
    assert_eq!(attempts, [0, 1], "what was held back was no attempt");
    world.pass(Duration::from_secs(RETRY_AFTER - 60)).await;
    let corp = world.config().corps[0].id.clone();
    let now = world.clock.now();
    assert!(world.store().hasten_all(&corp, now).await.unwrap() > 0);
    world.settle().await;
    assert_eq!(system.knocks(), 1);

    system.says(StatusCode::OK);
    world.pass(Duration::from_secs(2 * 60 * 60)).await;
    assert_eq!(system.types()["item.created"], 2);
    assert_eq!(system.knocks(), 3);
}

async fn private_addresses_are_refused_unless_allowed(on: On) {
    let system = System::start();
    let mut section = section("erp", system.port, "");
    // A name that leads home, by TLS as the settings want it.
    section = section.replace("http://127.0.0.1", "https://localhost");
    let world = world(on, &section).await;
    make_form(&world, "表").await;
    world.step_queue(Queue::Outbox).await;
    let mut waiting = world.items("outgoing").await;
    waiting.retain(|call| call["call"] == "webhook/erp");
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    let error = waiting[0]["error"].as_str().unwrap();
    assert!(error.starts_with("its address is private"), "{error}");
    assert_eq!(waiting[0]["state"], "retrying");
    assert!(system.heard().is_empty());
}
