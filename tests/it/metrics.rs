//! The figures for Prometheus: what they say after a story, and that the table for people lists exactly what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::model::sync::{AskedBy, SyncMode, SyncRequest, SyncScope};
use wecom_bridge::sim::console::WelcomeBy;
use wecom_bridge::sim::faults::{Fault, PushFault};
use wecom_bridge::sim::person::Contact;

use crate::guest::Guest;
use crate::webhooks::{PRIVATE, System, section};
use crate::world::{CORP, On, Setup, World, contact, stories};

/// The table for people.
const TABLE: &str = include_str!("../../docs/metrics.md");

stories!(
    a_day_leaves_its_figures,
    the_table_lists_what_there_is,
    the_public_address_has_no_figures,
);

/// The world of the stories, with one system that hears of new customers.
async fn world(on: On) -> (World, System) {
    let system = System::start();
    let wants = format!("{PRIVATE}\nevents = [\"change_external_contact.add_external_contact\"]");
    let setup = Setup {
        more: section("erp", system.port, &wants).leak(),
        ..Setup::default()
    };
    (World::with(on, setup).await, system)
}

/// Name, type and labels of a figure.
type Figures = BTreeMap<String, (String, BTreeSet<String>)>;

/// What `/metrics` tells: by name, with the labels of its samples.
fn told(text: &str) -> Figures {
    let mut kinds = BTreeMap::new();
    let mut figures = Figures::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            kinds.insert(name.to_owned(), kind.to_owned());
        }
        if line.starts_with('#') {
            continue;
        }
        let (name, labels) = match line.split_once('{') {
            Some((name, rest)) => (name, rest.rsplit_once('}').unwrap().0),
            None => (line.split_once(' ').unwrap().0, ""),
        };
        let ends = ["", "_total", "_bucket", "_sum", "_count"];
        let base = ends.iter().find_map(|end| {
            let base = name.strip_suffix(end)?;
            kinds.contains_key(base).then_some(base)
        });
        let kind = kinds[base.unwrap_or_else(|| panic!("{name} has no type"))].clone();
        let name = match kind.as_str() {
            "histogram" => base.unwrap(),
            _ => name,
        };
        let mut labels: BTreeSet<String> = labels
            .split("\",")
            .filter_map(|label| Some(label.split_once("=\"")?.0.to_owned()))
            .collect();
        labels.remove("le");
        let figure = figures
            .entry(name.to_owned())
            .or_insert_with(|| (kind.clone(), labels.clone()));
        assert_eq!(*figure, (kind, labels), "{line}");
    }
    for name in kinds.keys() {
        let is_told = [name.clone(), format!("{name}_total")];
        assert!(
            is_told.iter().any(|name| figures.contains_key(name)),
            "{name} has no sample"
        );
    }
    figures
}

/// What the table says.
fn listed() -> Figures {
    let rows = TABLE
        .lines()
        .filter(|line| line.starts_with("| `wecom_bridge_"));
    let rows = rows.map(|line| line.split(" | ").collect::<Vec<_>>());
    let rows = rows.filter(|cells| cells.len() == 4);
    let row = |cells: Vec<&str>| {
        let name = cells[0]
            .trim_start_matches("| ")
            .trim_matches('`')
            .to_owned();
        let labels = cells[2].split('`').skip(1).step_by(2).map(str::to_owned);
        (name, (cells[1].to_owned(), labels.collect()))
    };
    rows.map(row).collect()
}

/// The sample of this name and labels.
#[track_caller]
fn sample(text: &str, of: &str) -> f64 {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(of)?.strip_prefix(' '));
    let value = line.unwrap_or_else(|| panic!("no {of} in\n{text}"));
    value.parse().unwrap()
}

/// A customer is welcomed, one brings no code, one comes twice; a stranger knocks; WeCom is set up wrongly.
async fn a_day(world: &World) {
    let (member, customer) = world.people();
    let mut guest = Guest::new(world);
    guest.log_in("member:ZhangSan", "/items").await;
    world.sim.faults().next_push(PushFault::Duplicate);
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world.settle().await;
    world.sim.corp().console.welcome = WelcomeBy::Console;
    let other = contact("wmCustomer2");
    let person = Contact::new(other.clone(), "李先生");
    world.sim.corp().add_contact(person);
    world.sim.customer_adds(&member, &other).await.unwrap();
    world.settle().await;
    let stranger = world.post("callback/app?msg_signature=1&timestamp=1&nonce=1");
    assert_eq!(stranger.body("<xml/>").send().await.unwrap().status(), 400);
    let nobody = world.post("callback/nobody?x=1").send().await.unwrap();
    assert_eq!(nobody.status(), 404);
    let unheard = "<xml><CreateTime>1790000000</CreateTime><MsgType>event</MsgType><Event>no_such</Event></xml>";
    world.deliver(unheard).await;
    world.settle().await;
    let sync = SyncRequest {
        scope: SyncScope::Members,
        mode: SyncMode::Repair,
        by: AskedBy::Admin,
        part: None,
    };
    world.ask(&OwnEvent::StartSync(sync)).await;
    world.settle().await;
    let untrusted = Fault::ErrCode(60020);
    world.sim.faults().always("externalcontact/get", untrusted);
    world.clock.advance(Duration::from_secs(61));
    let remark = world.sim.member_edits_remark(&member, &customer, "x");
    remark.await.unwrap();
    world.settle().await;
}

async fn a_day_leaves_its_figures(on: On) {
    let (world, _system) = world(on).await;
    a_day(&world).await;
    let text = world.metrics().await;
    let corp = format!("corp=\"{CORP}\"");
    let contacts = format!("{{{corp},receiver=\"app\",family=\"change_external_contact\"}}");
    for (name, expected) in [
        (format!("received_total{contacts}"), 3.0),
        (format!("duplicates_total{contacts}"), 1.0),
        (
            format!("received_total{{{corp},receiver=\"app\",family=\"other\"}}"),
            1.0,
        ),
        ("refused_total{cause=\"malformed\"}".into(), 1.0),
        ("refused_total{cause=\"unknown_receiver\"}".into(), 1.0),
        ("refused_total{cause=\"not_stored\"}".into(), 0.0),
        ("accept_seconds_count".into(), 5.0),
        (format!("unknown_events_total{{{corp}}}"), 1.0),
        (format!("welcomes_total{{{corp},outcome=\"sent\"}}"), 1.0),
        (format!("welcomes_total{{{corp},outcome=\"no_code\"}}"), 1.0),
        (
            format!("welcomes_total{{{corp},outcome=\"too_late\"}}"),
            0.0,
        ),
        (format!("queue_retrying{{{corp},queue=\"inbox\"}}"), 1.0),
        (
            format!("queue_items{{{corp},queue=\"inbox\",lane=\"urgent\"}}"),
            0.0,
        ),
        (format!("queue_dead{{{corp},queue=\"outbox\"}}"), 0.0),
        (format!("retries_total{{{corp},queue=\"inbox\"}}"), 1.0),
        (
            format!("settled_total{{{corp},queue=\"inbox\",outcome=\"dead\"}}"),
            0.0,
        ),
        (
            format!("settle_seconds_count{{{corp},queue=\"outbox\",lane=\"urgent\"}}"),
            1.0,
        ),
        (
            format!(
                "api_calls_total{{{corp},family=\"externalcontact\",result=\"misconfigured\"}}"
            ),
            1.0,
        ),
        (format!("links{{{corp},state=\"confirmed\"}}"), 1.0),
        (format!("sync_age_seconds{{{corp},state=\"done\"}}"), 61.0),
        (format!("sync_whole_age_seconds{{{corp}}}"), 61.0),
        (format!("sync_found{{{corp},what=\"members\"}}"), 1.0),
        (
            format!("webhooks_total{{{corp},target=\"erp\",result=\"taken\"}}"),
            2.0,
        ),
        (
            format!("webhooks_total{{{corp},target=\"erp\",result=\"network\"}}"),
            0.0,
        ),
        (format!("reminders_total{{{corp},outcome=\"sent\"}}"), 0.0),
        ("sessions_total{who=\"member\"}".into(), 1.0),
        ("sessions_total{who=\"admin\"}".into(), 0.0),
        ("store_up".into(), 1.0),
    ] {
        assert_eq!(
            sample(&text, &format!("wecom_bridge_{name}")),
            expected,
            "{name}\n{text}"
        );
    }
    for operation in ["accept", "claim", "commit", "read"] {
        let took = format!("wecom_bridge_store_seconds_count{{operation=\"{operation}\"}}");
        assert!(sample(&text, &took) >= 5.0, "{operation}\n{text}");
    }
    let fetched = sample(
        &text,
        &format!("wecom_bridge_tokens_total{{{corp},how=\"fetched\"}}"),
    );
    assert!(fetched >= 1.0, "{fetched}");
    let fault = text
        .lines()
        .find(|line| line.starts_with("wecom_bridge_fault{"));
    let fault = fault.unwrap_or_else(|| panic!("no fault stands:\n{text}"));
    assert!(
        fault.contains("errcode=\"60020\"") && fault.contains("企业可信IP"),
        "{fault}"
    );
    for private in ["ZhangSan", "wmCustomer", "王女士", "与我协作"] {
        assert!(!text.contains(private), "{private}");
    }

    // An hour later the item has waited; what it waits for is not its turn.
    world.sim.faults().clear();
    world.pass(Duration::from_secs(3600)).await;
    let text = world.metrics().await;
    let retrying = format!("wecom_bridge_queue_retrying{{{corp},queue=\"inbox\"}}");
    assert_eq!(sample(&text, &retrying), 0.0);
    assert!(!text.contains("wecom_bridge_fault{"), "{text}");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_spoils_no_figure() {
    let world = World::start(On::Redis).await;
    a_day(&world).await;
    world.spoil("t:links", "ZhangAAA");
    world.clock.advance(Duration::from_secs(61));
    let text = world.metrics().await;
    let corp = format!("corp=\"{CORP}\"");
    for (name, expected) in [
        (format!("links{{{corp},state=\"confirmed\"}}"), 1.0),
        (format!("sync_age_seconds{{{corp},state=\"done\"}}"), 122.0),
        ("store_up".into(), 1.0),
    ] {
        let name = format!("wecom_bridge_{name}");
        assert_eq!(sample(&text, &name), expected, "{name}\n{text}");
    }
    world.spoil("t:switches", "");
    let text = world.metrics().await;
    assert_eq!(sample(&text, "wecom_bridge_store_up"), 1.0);
    assert!(!text.contains("wecom_bridge_sync_age_seconds{"), "{text}");
}

/// The dashboard shows every figure, and every rule for alerts has a test in which it fires.
#[test]
fn dashboard_and_alerts_know_the_figures() {
    let names: BTreeSet<String> = listed().into_keys().collect();
    let dashboard = include_str!("../../deploy/grafana.json");
    let rules = include_str!("../../deploy/alerts.yml");
    for name in &names {
        let shown = dashboard.split(name.as_str()).skip(1);
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
        let mut shown = shown.filter(|rest| ends(rest.trim_start_matches("_bucket")));
        assert!(shown.next().is_some(), "{name} is not on the dashboard");
    }
    for used in [dashboard, rules]
        .iter()
        .flat_map(|text| text.split("wecom_bridge_").skip(1))
    {
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = used.find(|c| !is_of_name(c)).unwrap_or(used.len());
        let name = format!("wecom_bridge_{}", used[..end].trim_end_matches("_bucket"));
        assert!(names.contains(&name), "{name} is no figure");
    }
    let cases = include_str!("../../deploy/alerts.test.yml");
    for rule in rules.split("- alert: ").skip(1) {
        let name = rule.lines().next().unwrap();
        let asked = cases.split("alertname: ").skip(1);
        let mut asked = asked.filter(|rest| rest.lines().next() == Some(name));
        let fires = asked.any(|rest| rest.lines().nth(1).unwrap().contains("exp_alerts:"));
        assert!(fires, "nothing shows that {name} fires");
        let quiet = format!("alertname: {name}}}");
        assert!(
            cases.contains(&quiet),
            "nothing shows that {name} stays quiet"
        );
    }
}

async fn the_table_lists_what_there_is(on: On) {
    let (world, _system) = world(on).await;
    a_day(&world).await;
    assert_eq!(told(&world.metrics().await), listed());
}

async fn the_public_address_has_no_figures(on: On) {
    let world = World::start(on).await;
    let answer = world.get("metrics").send().await.unwrap();
    assert_eq!(answer.status(), 404);
}
