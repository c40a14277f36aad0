//! The process dies, again and again and in the worst moments: nothing that was answered 200 is lost, and what follows
//! from it happens once.
//!
//! SIGKILL takes the process and leaves the machine: this shows that nothing is kept in memory alone, not that a disk
//! keeps its word.

mod balance;
mod load;
mod points;
mod torture;
mod wire;

use std::time::Duration;

use crate::crash::balance::Balance;
use crate::crash::load::Load;
use crate::service::store::Ground;
use crate::service::{SOON, Service, until, wecom};

/// How often the service is killed while callbacks come in.
const KILLS: usize = 10;

/// How long the service may take for what is left when nobody kills it any more.
const REST: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_on_the_embedded_store() {
    kill_again_and_again(Ground::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_on_redis() {
    kill_again_and_again(Ground::redis()).await;
}

#[expect(
    clippy::print_stdout,
    reason = "the balance is for people who run this test by itself"
)]
async fn kill_again_and_again(ground: Ground) {
    let load = Load::prepare().await;
    let mut service = Service::start(&ground.keeps(), load.sim().base()).await;
    let senders = load.start(service.door()).await;
    for kill in 1..=KILLS {
        let answered = load.callbacks() * kill / (KILLS + 1);
        let enough = until(SOON, async || load.answered() >= answered).await;
        assert!(
            enough,
            "callbacks are answered after a kill:\n{}",
            service.end_of_log()
        );
        again(&mut service, &ground).await;
    }
    senders.finish().await;
    // Two more while only the rest of the work is going on.
    for _ in 0..2 {
        again(&mut service, &ground).await;
    }
    let door = service.door().clone();
    let idle = until(REST, async || door.is_idle().await).await;
    assert!(
        idle,
        "the service does not finish:\n{}",
        service.end_of_log()
    );
    let balance = Balance::draw(&load, &door).await;
    println!("{balance}");
    balance.assert_even();
    let secrets = wecom::secrets(load.sim()).await;
    assert!(secrets.len() > load.callbacks() / 3, "there are codes");
    service.assert_log_tells_no_secrets(&secrets);
}

async fn again(service: &mut Service, ground: &Ground) {
    service.kill();
    ground.end_leases();
    service.start_again().await;
}
