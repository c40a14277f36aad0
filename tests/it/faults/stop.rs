//! SIGTERM: nothing new is taken in, what is in work is finished, and the process ends well.

use std::time::{Duration, Instant};

use wecom_bridge::sim::faults::Fault;
use wecom_bridge::sim::person::Account;

use crate::service::flow::Flow;
use crate::service::store::Ground;
use crate::service::{SOON, Service, until, wecom};

/// What is in work has 30 s to end.
const STOP_MAX: Duration = Duration::from_secs(35);

/// How soon everything is settled after a stop.
const SETTLED: Duration = Duration::from_secs(25);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_costs_no_event() {
    for ground in [Ground::Embedded, Ground::redis()] {
        let sim = wecom::start().await;
        let mut service = Service::start(&ground.keeps(), sim.base()).await;
        let flow = Flow::start(service.door());
        for _ in 0..2 {
            flow.goes_on(100).await;
            let started = Instant::now();
            let status = service.terminate(STOP_MAX).await;
            println!("stopped within {:?}", started.elapsed());
            assert_eq!(status.code(), Some(0), "{}", service.end_of_log());
            let log = service.log();
            assert!(log.contains("Stopping: "), "{log}");
            assert!(
                log.trim_end().ends_with("Stopped."),
                "{}",
                service.end_of_log()
            );
            service.start_again().await;
        }
        flow.goes_on(100).await;
        flow.stops().await.are_there(service.door(), SETTLED).await;
        service.assert_log_tells_no_secrets(&wecom::secrets(&sim).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_under_way_is_finished_first() {
    for ground in [Ground::Embedded, Ground::redis()] {
        let sim = wecom::start().await;
        let mut service = Service::start(&ground.keeps(), sim.base()).await;
        wecom::register(&sim, service.door()).await;
        wecom::add_member(&sim, "lin");
        wecom::add_contact(&sim, "wmAnna", Account::WeChat);
        let api = "externalcontact/send_welcome_msg";
        sim.faults().next(api, Fault::Slow(Duration::from_secs(2)));
        let (lin, anna) = (wecom::user("lin"), wecom::contact("wmAnna"));
        sim.customer_adds(&lin, &anna).await.unwrap();
        assert!(until(SOON, async || sim.faults().left().is_empty()).await);
        let status = service.terminate(STOP_MAX).await;
        assert_eq!(status.code(), Some(0), "{}", service.end_of_log());
        service.start_again().await;
        let door = service.door();
        assert!(until(SOON, async || door.is_idle().await).await);
        let calls = sim.calls().into_iter().filter(|call| call.api == api);
        assert_eq!(calls.count(), 1, "its receipt was kept");
        let kept = door.read("contacts/wmAnna").await;
        assert_eq!(kept["greetings"][0]["step"], "welcomed", "{kept}");
    }
}
