//! Two processes on one Redis work on one sync.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;
use wecom_bridge::model::contact::Contact;
use wecom_bridge::model::ids::CorpId;
use wecom_bridge::sim::faults::Fault;
use wecom_bridge::store::record::Table;

use crate::sync::groups::{groups, kept_groups, true_groups};
use crate::sync::{begin, crowd, sync, tally};
use crate::world::{CORP, On, World};

const PAGES: &str = "externalcontact/batch/get_by_user";

/// More than a claim lives.
const LEASE: Duration = Duration::from_secs(46);

async fn people(on: On) -> World {
    let world = World::start(on).await;
    crowd(&world, 25, 450);
    groups(&world, 25, 45).await;
    world
}

/// The commits that have written the contacts of one member; those of several are on several pages.
async fn commits(world: &World) -> HashMap<String, u64> {
    let corp = CorpId::parse(CORP).unwrap();
    let records = world.store().all(&corp, Table::Contacts).await.unwrap();
    let mut commits = HashMap::new();
    for record in records {
        let contact: Contact = record.parse().unwrap().unwrap();
        if contact.follow_users.len() == 1 {
            commits.insert(record.key.key, record.version);
        }
    }
    commits
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_do_one_sync_once() {
    let alone = people(On::Embedded).await;
    let expected = sync(&alone, json!({})).await;

    let world = people(On::Redis).await;
    let other = world.another().await;
    let begun = begin(&world, json!({})).await;
    let path = format!("api/v1/syncs/{}", begun["id"].as_str().unwrap());
    // In turn, and both at once: whoever comes second finds the step in work, or the next one.
    let mut worked = [0, 0];
    while world.calls(PAGES) < 2 {
        worked[0] += world.step().await;
        worked[1] += other.step().await;
        let (one, two) = tokio::join!(world.step(), other.step());
        worked[0] += one;
        worked[1] += two;
        assert_eq!(world.api(&path).await["state"], "running");
    }
    assert!(worked.iter().all(|worked| *worked > 2), "{worked:?}");

    // The other one is gone in the middle of a page.
    let before = commits(&world).await;
    assert!((1..450).contains(&before.len()), "{}", before.len());
    let calls = world.calls(PAGES);
    let slow = Fault::Slow(Duration::from_secs(5));
    world.sim.faults().always(PAGES, slow);
    let broken_off = tokio::time::timeout(Duration::from_secs(1), other.step()).await;
    assert!(broken_off.is_err(), "it had a page in work");
    drop(other);
    world.sim.faults().clear();
    world.settle().await;
    assert_eq!(
        world.api(&path).await["state"],
        "running",
        "its claim is alive"
    );
    assert!(world.calls(PAGES) <= calls + 1);
    world.clock.advance(LEASE);
    world.settle().await;

    let run = world.api(&path).await;
    assert_eq!(run["state"], "done", "{run}");
    assert_eq!(run["report"], expected["report"]);
    assert_eq!(tally(&run, "contacts"), [450, 450, 0, 0, 0, 0, 0]);
    assert_eq!(tally(&run, "chats"), [45, 45, 0, 0, 0, 0, 0]);
    let after = commits(&world).await;
    for (id, commit) in before {
        let written_again = after.get(&id).is_some_and(|after| *after != commit);
        assert!(!written_again, "{id}");
    }
    assert_eq!(world.items("syncs").await.len(), 1);
    assert_eq!(kept_groups(&world).await, true_groups(&world.sim.corp()));
    assert_eq!(world.calls("user/update"), 25, "every link once");
    let states = world.states("events").await;
    assert_eq!(states.keys().collect::<Vec<_>>(), ["done"], "{states:?}");
    let starts = world.items("events").await;
    let starts = starts.iter().filter(|event| event["kind"] == "start_sync");
    assert_eq!(starts.count(), 1);
}
