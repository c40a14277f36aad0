//! Two services on one Redis.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use wecom_bridge::sim::faults::Fault;
use wecom_bridge::sim::person::Account;

use crate::service::flow::Flow;
use crate::service::store::Ground;
use crate::service::wecom::{self, add_contact, add_member, cards, contact, user};
use crate::service::{SOON, Service, until};

/// How soon everything is settled when both services live.
const SETTLED: Duration = Duration::from_secs(25);

/// What a dead service had in work is taken over by then.
const TAKEN_OVER: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_services_share_the_work_and_do_nothing_twice() {
    let ground = Ground::redis();
    let sim = wecom::start().await;
    let services = [
        Service::start(&ground.keeps(), sim.base()).await,
        Service::start(&ground.keeps(), sim.base()).await,
    ];
    let flows = services
        .each_ref()
        .map(|service| Flow::start(service.door()));
    for flow in &flows {
        flow.goes_on(300).await;
    }
    let [one, other] = flows;
    let sent = one.stops().await + other.stops().await;
    sent.are_there(services[0].door(), SETTLED).await;

    let mut ends = BTreeMap::new();
    let told = until(SOON, async || {
        ends = settled(&services);
        ends.len() == sent.count()
    });
    assert!(
        told.await,
        "{} of {} events are settled in the logs",
        ends.len(),
        sent.count()
    );
    let twice: Vec<_> = ends.iter().filter(|(_, ends)| **ends != 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    for service in &services {
        let own = settled(std::slice::from_ref(service)).len();
        println!("one of the two settled {own} events");
        assert!(own > 0, "both work");
        service.assert_log_tells_no_secrets(&wecom::secrets(&sim).await);
    }
}

/// By event id, how often its end is told.
fn settled(services: &[Service]) -> BTreeMap<String, usize> {
    let mut ends = BTreeMap::new();
    for log in services.iter().map(Service::log) {
        for line in log.lines().filter(|line| line.contains(": settled event=")) {
            let id = line
                .split("event=")
                .nth(1)
                .unwrap()
                .split(' ')
                .next()
                .unwrap();
            assert!(line.contains("outcome=\"done\""), "{line}");
            *ends.entry(id.to_owned()).or_default() += 1;
        }
    }
    ends
}

/// The one test that waits for real leases.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_work_of_a_dead_service_is_taken_over_within_a_minute() {
    let ground = Ground::redis();
    let sim = wecom::start().await;
    let mut dying = Service::start(&ground.keeps(), sim.base()).await;
    let heir = Service::start(&ground.keeps(), sim.base()).await;
    wecom::register(&sim, dying.door()).await;
    add_member(&sim, "lin");
    heir.freeze();
    sim.faults()
        .always("externalcontact/get", Fault::Slow(SOON));
    for number in 0..5 {
        let id = format!("wmCorp{number}");
        add_contact(&sim, &id, Account::WeCom);
        sim.customer_adds(&user("lin"), &contact(&id))
            .await
            .unwrap();
    }
    let in_work = until(SOON, async || {
        let waiting = dying.door().list("events?state=waiting").await;
        waiting
            .iter()
            .filter(|event| event["attempts"] == 1)
            .count()
            == 5
    });
    assert!(in_work.await, "{}", dying.end_of_log());
    dying.kill();
    let died = Instant::now();
    sim.faults().clear();
    heir.thaw();
    let door = heir.door();
    assert!(until(SOON, async || door.is_ready().await).await);
    assert!(!door.is_idle().await, "the leases hold");
    let taken = until(TAKEN_OVER, async || door.is_idle().await).await;
    println!("taken over after {:?}", died.elapsed());
    assert!(
        taken && died.elapsed() < TAKEN_OVER,
        "{}",
        heir.end_of_log()
    );
    assert_eq!(door.list("contacts").await.len(), 5);
    let cards = cards(&sim);
    assert_eq!((cards.len(), cards.values().sum()), (5, 5), "{cards:?}");
    heir.assert_log_tells_no_secrets(&wecom::secrets(&sim).await);
}
