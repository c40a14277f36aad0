//! A WeCom that answers slowly, wrongly, or not at all: what was to be done is done once it answers again.

use std::time::Duration;

use wecom_bridge::clock::Clock;
use wecom_bridge::sim::Sim;
use wecom_bridge::sim::console::ExpiredToken;
use wecom_bridge::sim::faults::Fault;
use wecom_bridge::sim::person::{Account, Follow};

use crate::service::callback::{Letter, edit_event};
use crate::service::store::Ground;
use crate::service::wecom::{self, add_contact, add_member, cards, contact, user, welcomes};
use crate::service::{SOON, Service, free_port, until};

const GET: &str = "externalcontact/get";
const WELCOME: &str = "externalcontact/send_welcome_msg";
const SEND: &str = "message/send";
const TOKEN: &str = "gettoken";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_wrong_once_is_put_right() {
    let (service, sim) = start().await;
    let slow = |seconds| Fault::Slow(Duration::from_secs(seconds));
    let troubles = [
        ("a gateway's page", vec![(GET, Fault::Html)]),
        ("a cut", vec![(GET, Fault::Cut), (GET, Fault::Cut)]),
        ("an answer that is lost", vec![(GET, Fault::CutAfter)]),
        ("WeCom is busy", vec![(GET, Fault::ErrCode(-1))]),
        ("a slow answer", vec![(GET, slow(2))]),
        ("an expired token", vec![(GET, Fault::ExpireToken)]),
        (
            "and no other to be had",
            vec![
                (GET, Fault::ExpireToken),
                (TOKEN, Fault::Cut),
                (TOKEN, Fault::Html),
            ],
        ),
        (
            "refused again",
            vec![(GET, Fault::ErrCode(40014)), (GET, Fault::ErrCode(40014))],
        ),
        (
            "an expired token for a card",
            vec![(SEND, Fault::ExpireToken)],
        ),
        ("a gateway's page for a card", vec![(SEND, Fault::Html)]),
        ("a cut before a card", vec![(SEND, Fault::Cut)]),
        ("a card whose answer is lost", vec![(SEND, Fault::CutAfter)]),
        (
            "too many calls at once",
            vec![(SEND, Fault::ErrCode(45033))],
        ),
        (
            "a cut before a welcome",
            vec![(WELCOME, Fault::Cut), (WELCOME, Fault::Cut)],
        ),
        (
            "a welcome whose answer is lost",
            vec![(WELCOME, Fault::CutAfter)],
        ),
        (
            "another app's welcome",
            vec![
                (WELCOME, Fault::ErrCode(41096)),
                (WELCOME, Fault::ErrCode(41096)),
            ],
        ),
        ("a welcome that takes too long", vec![(WELCOME, slow(4))]),
    ];
    for (number, (what, faults)) in troubles.into_iter().enumerate() {
        sim.corp().console.expired_token = match number % 2 {
            0 => ExpiredToken::Invalid,
            _ => ExpiredToken::Expired,
        };
        for (api, fault) in faults {
            sim.faults().next(api, fault);
        }
        for (id, account) in [("wmChat", Account::WeChat), ("wmCorp", Account::WeCom)] {
            let id = format!("{id}{number}");
            add_contact(&sim, &id, account);
            let pushed = sim.customer_adds(&user("lin"), &contact(&id)).await;
            assert!(pushed.unwrap()[0].accepted(), "{what}");
        }
        is_put_right(&service, &sim, number, what).await;
    }
    let log = service.log();
    assert!(log.contains("retrying"), "{log}");
    let secrets = wecom::secrets(&sim).await;
    service.assert_log_tells_no_secrets(&secrets);
}

/// Both contacts are kept, one was welcomed, Lin was told of the other, each once.
async fn is_put_right(service: &Service, sim: &Sim, number: usize, what: &str) {
    let door = service.door();
    let settled = until(SOON, async || {
        sim.faults().left().is_empty() && door.is_idle().await
    });
    assert!(settled.await, "{what}:\n{}", service.end_of_log());
    for dead in ["events?state=dead", "outgoing?state=dead"] {
        let dead = door.list(dead).await;
        assert!(dead.is_empty(), "{what}: {dead:?}");
    }
    let (chat, corp) = (format!("wmChat{number}"), format!("wmCorp{number}"));
    let card = format!("新客户：客户〔{corp}〕");
    for (id, step) in [(&chat, "welcomed"), (&corp, "carded")] {
        let kept = door.read(&format!("contacts/{id}")).await;
        assert_eq!(kept["name"], format!("客户〔{id}〕").as_str(), "{what}");
        assert_eq!(kept["greetings"][0]["step"], step, "{what}");
    }
    let told = (
        welcomes(sim).get(&chat).copied(),
        cards(sim).get(&card).copied(),
    );
    assert_eq!(told, (Some(1), Some(1)), "{what}");
}

/// WeCom blocks an API for a minute when its limit is exceeded; the one test that waits for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_waited_for() {
    let (service, sim) = start().await;
    sim.faults().next(GET, Fault::ErrCode(45009));
    let door = service.door();
    // The second one is not even asked about.
    for (number, id) in ["wmChat0", "wmChat1"].into_iter().enumerate() {
        add_contact(&sim, id, Account::WeChat);
        sim.customer_adds(&user("lin"), &contact(id)).await.unwrap();
        let paused = until(SOON, async || {
            door.list("events?state=retrying").await.len() == number + 1
        });
        assert!(paused.await, "{}", service.end_of_log());
    }
    for event in door.list("events?state=retrying").await {
        let error = event["error"].as_str().unwrap();
        assert!(error.contains("the rate limit is used up"), "{error}");
    }
    let done = until(Duration::from_secs(90), async || door.is_idle().await);
    assert!(done.await, "{}", service.end_of_log());
    let asked = sim.calls().into_iter().filter(|call| call.api == GET);
    assert_eq!(asked.count(), 3, "nothing is asked in between");
    assert_eq!(door.list("contacts").await.len(), 2);
    assert_eq!(welcomes(&sim).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wecom_that_hangs_keeps_no_welcome_waiting() {
    let (service, sim) = start().await;
    sim.faults().always(GET, Fault::Slow(SOON));
    let ids: Vec<String> = (0..80).map(|number| format!("wmChat{number}")).collect();
    for id in &ids {
        add_contact(&sim, id, Account::WeChat);
        let pushed = sim.customer_adds(&user("lin"), &contact(id)).await;
        assert!(pushed.unwrap()[0].accepted());
    }
    let welcomed = until(SOON, async || welcomes(&sim).len() == ids.len()).await;
    assert!(
        welcomed,
        "welcomes wait for reads:\n{}",
        service.end_of_log()
    );
    sim.faults().clear();
    let door = service.door();
    assert!(until(SOON, async || door.is_idle().await).await);
    assert_eq!(door.list("contacts").await.len(), ids.len());
    assert!(welcomes(&sim).values().all(|times| *times == 1));
    assert!(cards(&sim).is_empty(), "{:?}", cards(&sim));
    let log = service.log();
    assert!(
        log.contains("externalcontact/get: no answer from WeCom"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wecom_that_is_away_is_asked_again() {
    let address = format!("127.0.0.1:{}", free_port());
    let base = format!("http://{address}/").parse().unwrap();
    let service = Service::start(&Ground::Embedded.keeps(), &base).await;
    let door = service.door();
    let letter = Letter::to_app(&edit_event("lin", "wmAnna"));
    assert_eq!(door.post(&letter).await, Some(200));
    let mut retrying = Vec::new();
    let told = until(SOON, async || {
        retrying = door.list("events?state=retrying").await;
        !retrying.is_empty()
    });
    assert!(told.await, "{}", service.end_of_log());
    let error = retrying[0]["error"].as_str().unwrap();
    assert!(error.contains("no answer from WeCom"), "{error}");

    let sim = wecom::start_at(address.parse().unwrap()).await;
    add_member(&sim, "lin");
    add_contact(&sim, "wmAnna", Account::WeCom);
    let follow = Follow::new(Clock::system().now());
    sim.corp().follow(&user("lin"), &contact("wmAnna"), follow);
    assert!(until(SOON, async || door.is_idle().await).await);
    let kept = door.read("contacts/wmAnna").await;
    assert_eq!(kept["name"], "客户〔wmAnna〕", "{kept}");
    service.assert_log_tells_no_secrets(&wecom::secrets(&sim).await);
}

async fn start() -> (Service, Sim) {
    let sim = wecom::start().await;
    let service = Service::start(&Ground::Embedded.keeps(), sim.base()).await;
    wecom::register(&sim, service.door()).await;
    add_member(&sim, "lin");
    (service, sim)
}
