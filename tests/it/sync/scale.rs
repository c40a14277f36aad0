//! A large company: 5,000 members and 50,000 customers. Takes minutes, so it runs when it is asked for:
//! `cargo test --test it -- --ignored --nocapture sync::scale`.

#![expect(clippy::print_stdout, reason = "the figures are the result")]

use std::time::{Duration, Instant};

use serde_json::json;
use wecom_bridge::sim::crowd::Crowd;

use crate::sync::{begin, tally};
use crate::world::{On, World};

const CROWD: Crowd = Crowd {
    members: 5_000,
    customers: 50_000,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn a_large_company_on_the_embedded_store() {
    measured(On::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn a_large_company_on_redis() {
    measured(On::Redis).await;
}

async fn measured(on: On) {
    let world = World::start(on).await;
    CROWD.join(&mut world.sim.corp());
    println!(
        "{on:?}: memory with the simulated company alone {} MiB",
        memory("VmRSS")
    );
    for round in ["first", "second"] {
        let begun = Instant::now();
        let before = world.sim.calls().len();
        let run = begin(&world, json!({})).await;
        let path = format!("api/v1/syncs/{}", run["id"].as_str().unwrap());
        let mut passed = Duration::ZERO;
        let run = loop {
            let worked = world.step().await;
            // The limits of the API are kept by this clock: a step takes about so long at WeCom.
            let time = Duration::from_millis(500);
            world.clock.advance(time);
            passed += time;
            if worked == 0 {
                let run = world.api(&path).await;
                if run["state"] != "running" {
                    break run;
                }
            }
        };
        println!(
            "{on:?}: {round} sync: {} calls, {} of them by its steps; {:.1} s here, {} min by the clock; \
             memory {} MiB, peak {} MiB",
            world.sim.calls().len() - before,
            run["report"]["calls"],
            begun.elapsed().as_secs_f64(),
            passed.as_secs() / 60,
            memory("VmRSS"),
            memory("VmHWM"),
        );
        assert_eq!(run["state"], "done", "{run}");
        for (what, all) in [("contacts", 50_000), ("members", 5_000)] {
            let [found, added, _, unchanged, _, _, failed] = tally(&run, what);
            assert_eq!((found, added + unchanged, failed), (all, all, 0), "{run}");
        }
    }
}

/// A line of `/proc/self/status`, in MiB.
fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib / 1024
}
