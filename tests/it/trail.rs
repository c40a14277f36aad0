//! An event is followed through the log by its id alone: from its receipt to the card that it leads to, and to the
//! company's own system.

use serde_json::Value;
use wecom_bridge::sim::person::Account;

use crate::service::wecom::{self, add_contact, add_member, contact, user};
use crate::service::{Keeps, SOON, Service, until};
use crate::webhooks::{PRIVATE, System, section};

/// A line in a few words.
fn words(line: &Value) -> String {
    let names = [
        "message", "kind", "api", "system", "work", "result", "outcome",
    ];
    let words = names.iter().filter_map(|name| line[*name].as_str());
    words.collect::<Vec<_>>().join(" ")
}

/// What the log tells of this event.
fn trail(log: &str, event: &str) -> Vec<String> {
    let lines = log.lines().map(|line| -> Value {
        serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))
    });
    let lines = lines.filter(|line| line["event"] == event || line["span"]["event"] == event);
    lines.map(|line| words(&line)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_followed_by_its_id_from_receipt_to_card() {
    let (sim, system) = (wecom::start().await, System::start());
    let mut service = Service::prepare(&Keeps::ItsOwnFile, sim.base());
    let config = std::fs::read_to_string(service.config_file()).unwrap();
    let in_json = "log = { level = \"debug\", format = \"json\" }";
    let wants = format!("{PRIVATE}\nevents = [\"change_external_contact.*\"]");
    let config =
        config.replace("log.level = \"debug\"", in_json) + &section("erp", system.port, &wants);
    std::fs::write(service.config_file(), config).unwrap();
    service.start_again().await;
    let door = service.door();
    wecom::register(&sim, door).await;
    add_member(&sim, "lin");
    add_contact(&sim, "wmCorp", Account::WeCom);
    add_contact(&sim, "wmOther", Account::WeCom);
    for id in ["wmCorp", "wmOther"] {
        let added = sim.customer_adds(&user("lin"), &contact(id)).await;
        assert!(added.unwrap()[0].accepted());
    }
    let told = until(SOON, async || {
        door.is_idle().await && wecom::cards(&sim).len() == 2
    });
    assert!(told.await, "{}", service.end_of_log());

    let events = door.list("events?kind=change_external_contact").await;
    assert_eq!(events.len(), 2);
    let log = service.log();
    for event in events {
        let id = event["id"].as_str().unwrap();
        let trail = trail(&log, id);
        let refresh = event["subject"]
            .as_str()
            .unwrap()
            .replace("contact:", "refresh-contact:");
        let decided = format!("decided [\"{refresh}\", \"webhook/erp\"]");
        for story in [
            &[
                "received change_external_contact/add_external_contact",
                decided.as_str(),
                "settled change_external_contact/add_external_contact done",
                "WeCom was asked. externalcontact/get ok",
                "decided [\"card\"]",
                "settled refresh_contact done",
                "WeCom was asked. message/send ok",
                "settled card done",
            ][..],
            &[
                decided.as_str(),
                "A system was told. erp taken",
                "settled webhook/erp done",
            ],
        ] {
            let mut rest = trail.iter();
            for step in story {
                assert!(rest.any(|line| line == step), "{step} of {id}: {trail:#?}");
            }
        }
        let cards = trail.iter().filter(|line| *line == "settled card done");
        assert_eq!(cards.count(), 1, "{trail:#?}");
    }
    let secrets = wecom::secrets(&sim).await;
    service.assert_log_tells_no_secrets(&secrets);
}
