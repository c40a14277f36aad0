//! A copy of the embedded store while it is in use.

use std::fs;
use std::sync::Arc;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use wecom_bridge::app::App;
use wecom_bridge::config::{Config, StoreChoice};
use wecom_bridge::model::delivery::{ItemId, Lane};
use wecom_bridge::model::ids::CorpId;
use wecom_bridge::store::Store;
use wecom_bridge::store::item::Accepted;

use crate::store_contract::ground::{content, delivery};
use crate::world::{API_TOKEN, CORP, On, World};

/// Accepts an event with this number.
async fn accept(store: &Store, n: u32) -> ItemId {
    let corp = CorpId::parse(CORP).unwrap();
    let event = delivery(&format!("wm{n}"), Lane::Normal);
    let accepted = store.accept(&corp, content(n), &event).await.unwrap();
    let Accepted::New(id) = accepted else {
        panic!("{n} is new")
    };
    id
}

/// Accepts events until it is to stop, one after the other; their ids.
async fn load(store: Arc<Store>, stop: CancellationToken) -> Vec<ItemId> {
    let mut ids = Vec::new();
    while !stop.is_cancelled() {
        ids.push(accept(&store, 1000 + ids.len() as u32).await);
    }
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_before_is_in_it() {
    let world = World::start(On::Embedded).await;
    let mut before = Vec::new();
    for n in 0..500 {
        before.push(accept(world.store(), n).await);
    }
    let stop = CancellationToken::new();
    let meanwhile = tokio::spawn(load(Arc::clone(world.store()), stop.clone()));
    let answer = world
        .post("api/v1/backup")
        .bearer_auth(API_TOKEN)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/octet-stream");
    let copy = answer.bytes().await.unwrap();
    stop.cancel();
    let meanwhile = meanwhile.await.unwrap();
    let after = accept(world.store(), 500).await;

    let folder = TempDir::new().unwrap();
    let path = folder.path().join("restored.redb");
    fs::write(&path, &copy).unwrap();
    let config = Config {
        store: StoreChoice::Embedded(path.clone()),
        listen: ([127, 0, 0, 1], 0).into(),
        ..world.config().clone()
    };
    let second = App::build(&config, world.clock.clone()).await.unwrap();
    for id in &before {
        assert!(second.store().delivery(id).await.unwrap().is_some(), "{id}");
    }
    // It is one moment: of what came meanwhile, the first so many.
    let mut there = Vec::new();
    for id in &meanwhile {
        there.push(second.store().delivery(id).await.unwrap().is_some());
    }
    assert!(there.is_sorted_by(|a, b| a >= b), "{there:?}");
    assert!(!there.is_empty());
    assert!(second.store().delivery(&after).await.unwrap().is_none());
    let corp = CorpId::parse(CORP).unwrap();
    let event = delivery("wm0", Lane::Normal);
    let again = second.store().accept(&corp, content(0), &event).await;
    assert_eq!(again, Ok(Accepted::Duplicate));

    // The file that is there is not written over, and nothing is left beside the store.
    assert!(world.store().backup(&path).await.is_err());
    let StoreChoice::Embedded(own) = &world.config().store else {
        panic!("an embedded store")
    };
    let beside = fs::read_dir(own.parent().unwrap()).unwrap();
    let copies = beside.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().contains(".copy-")
    });
    assert_eq!(copies.count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_is_backed_up_by_its_own_means() {
    let world = World::start(On::Redis).await;
    let asked = world.post("api/v1/backup").bearer_auth(API_TOKEN);
    assert_eq!(asked.send().await.unwrap().status(), 400);
}
