//! Stores that die, hang, are full, or are wanted by two.

use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::service::callback::{Letter, plain_event};
use crate::service::disk::Disk;
use crate::service::flow::Flow;
use crate::service::store::Ground;
use crate::service::{Keeps, SOON, Service, until, wecom};

/// WeCom gives up after five seconds; an honest answer must be there before.
const ANSWER_MAX: Duration = Duration::from_secs(4);

/// How soon everything is settled again.
const SETTLED: Duration = Duration::from_secs(25);

/// What happens to a server.
#[derive(Clone, Copy)]
enum Trouble {
    Death,
    Sleep,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_dies_costs_no_event() {
    trouble_with_redis(Trouble::Death).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_costs_no_event() {
    trouble_with_redis(Trouble::Sleep).await;
}

async fn trouble_with_redis(trouble: Trouble) {
    let mut ground = Ground::redis();
    let sim = wecom::start().await;
    let service = Service::start(&ground.keeps(), sim.base()).await;
    let door = service.door();
    let flow = Flow::start(door);
    for _ in 0..3 {
        flow.goes_on(50).await;
        match trouble {
            Trouble::Death => ground.server().kill(),
            Trouble::Sleep => ground.server().freeze(),
        }
        flow.is_answered(Some(503)).await;
        assert!(!door.is_ready().await, "not ready without a store");
        match trouble {
            Trouble::Death => ground.server().start_again(),
            Trouble::Sleep => ground.server().thaw(),
        }
    }
    flow.goes_on(50).await;
    assert!(door.is_ready().await);
    let sent = flow.stops().await;
    assert!(sent.slowest < ANSWER_MAX, "{:?}", sent.slowest);
    // What was claimed by a call whose answer was lost would wait for its lease; nothing else does.
    ground.end_leases();
    sent.are_there(door, SETTLED).await;
    assert_trouble_is_told(&service);
    let log = service.log();
    let left = |line: &&str| line.contains("\"left\"") && line.contains("not available");
    assert_eq!(log.lines().find(left), None);
    service.assert_log_tells_no_secrets(&wecom::secrets(&sim).await);
}

fn assert_trouble_is_told(service: &Service) {
    let log = service.log();
    for line in [
        "An event could not be stored; WeCom will send it again.",
        "Nothing can be claimed from the store; trying on.",
        "The store answers again.",
    ] {
        assert!(log.contains(line), "{line}\n{}", service.end_of_log());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_costs_no_event() {
    let Some(disk) = Disk::mount("6m") else {
        println!("skipped: only root can mount a small disk");
        return;
    };
    let sim = wecom::start().await;
    let file = format!("embedded:{}", disk.path().join("store.redb").display());
    let service = Service::start(&Keeps::At(file), sim.base()).await;
    let door = service.door();
    let mut letters = Vec::new();
    let refused = loop {
        let filler = format!("<EventKey>{}</EventKey>", "x".repeat(50_000));
        let xml = plain_event().replace("<EventKey></EventKey>", &filler);
        letters.push(Letter::to_app(&xml));
        let started = Instant::now();
        let answer = door.post(letters.last().unwrap()).await;
        assert!(started.elapsed() < ANSWER_MAX, "{:?}", started.elapsed());
        if answer != Some(200) {
            break answer;
        }
    };
    assert_eq!(refused, Some(503));
    for _ in 0..3 {
        let (status, answer) = door.readiness().await;
        assert_eq!((status, &answer["reason"]), (503, &json!("disk full")));
    }
    disk.grow("64m");
    assert!(until(SOON, async || door.is_ready().await).await);
    for letter in &letters {
        door.post_until_taken(letter, SOON).await;
    }
    let idle = until(SOON, async || door.is_idle().await).await;
    assert!(idle, "{}", service.end_of_log());
    let events = door.list("events?state=done").await;
    assert_eq!(events.len(), letters.len());
    let log = service.log();
    for words in ["The store could not write.", "No space left on device"] {
        assert!(log.contains(words), "{words}\n{}", service.end_of_log());
    }
    service.assert_log_tells_no_secrets(&wecom::secrets(&sim).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_store_is_for_one_process() {
    let sim = wecom::start().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("store.redb");
    let keeps = Keeps::At(format!("embedded:{}", file.display()));
    let mut first = Service::start(&keeps, sim.base()).await;
    let mut second = Service::prepare(&keeps, sim.base());
    second.launch();
    let status = second.ended(SOON).await;
    let (said, name) = (second.log(), file.display());
    assert_eq!(status.code(), Some(1), "{said}");
    let expected = format!(
        "{name} is in use by another process: stop it first, or give the store a redis:// URL"
    );
    assert!(said.contains(&expected), "{said}");
    assert_eq!(
        first.door().post(&Letter::to_app(&plain_event())).await,
        Some(200)
    );
    first.kill();
    second.start_again().await;
    assert_eq!(second.door().list("events").await.len(), 1);
}
