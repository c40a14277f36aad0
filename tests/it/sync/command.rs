//! The command, with the service running and without.

use std::process::{Command, Output};

use serde_json::Value;
use wecom_bridge::sim::crowd::Crowd;

use crate::service::store::Ground;
use crate::service::{Keeps, Service, wecom};

fn run(service: &Service, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wecom-bridge"))
        .arg("sync")
        .args(args)
        .env_clear()
        .env("WECOM_BRIDGE_CONFIG", service.config_file())
        .output()
        .unwrap()
}

fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_asks_the_service_or_does_it_itself() {
    let sim = wecom::start().await;
    let crowd = Crowd {
        members: 5,
        customers: 30,
    };
    crowd.join(&mut sim.corp());
    let mut service = Service::start(&Keeps::ItsOwnFile, sim.base()).await;

    let asked = told(&run(&service, &["--json"]));
    assert_eq!(asked.0, Some(0), "{asked:?}");
    let report: Value = serde_json::from_str(&asked.1).unwrap();
    assert_eq!(report["state"], "done");
    assert_eq!(report["report"]["contacts"]["added"], 30);
    assert_eq!(service.door().list("contacts").await.len(), 30);

    service.kill();
    sim.corp().contact_mut(&Crowd::customer(3)).unwrap().name = "改名".into();
    let dry = told(&run(&service, &["contacts", "--dry-run"]));
    assert_eq!(dry.0, Some(0), "{dry:?}");
    assert!(dry.2.contains("No service is running"), "{dry:?}");
    let row = |name: &str| {
        let line = dry.1.lines().find(|line| line.starts_with(name)).unwrap();
        let words = line.split_whitespace().skip(1);
        words
            .map(|word| word.parse().unwrap())
            .collect::<Vec<u64>>()
    };
    assert_eq!(row("contacts"), [30, 0, 1, 29, 0, 0, 0], "{dry:?}");
    assert!(dry.1.contains("nothing was changed"), "{dry:?}");

    let wet = told(&run(&service, &["all", "--json"]));
    let report: Value = serde_json::from_str(&wet.1).unwrap();
    assert_eq!(report["report"]["contacts"]["updated"], 1, "{report}");

    let wrong = told(&run(&service, &["--corp", "wwOther"]));
    assert_eq!((wrong.0, wrong.1.as_str()), (Some(1), ""));
    service.start_again().await;
    let contacts = service.door().list("contacts").await;
    assert!(contacts.iter().any(|contact| contact["name"] == "改名"));
    sim.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_shows_in_the_exit_code() {
    let sim = wecom::start().await;
    let crowd = Crowd {
        members: 2,
        customers: 2,
    };
    crowd.join(&mut sim.corp());
    sim.corp().console.customer_api = wecom_bridge::sim::console::CustomerApi::NotListed;
    let ground = Ground::redis();
    let service = Service::prepare(&ground.keeps(), sim.base());
    let refused = told(&run(&service, &["contacts"]));
    assert_eq!(refused.0, Some(1), "{refused:?}");
    assert!(refused.1.contains("可调用接口的应用"), "{refused:?}");
    sim.stop().await;
}
