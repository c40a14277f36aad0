//! What `doctor` sees: a service on an embedded store with a simulated WeCom, and one thing wrong at a time.

mod attribute;
mod faults;
mod proxy;
mod service_account;
mod standing;
mod webhooks;

use std::net::{SocketAddr, TcpListener};

use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;
use wecom_bridge::app::check::{Check, Through, Verdict, check};
use wecom_bridge::app::{App, AppError, Loops};
use wecom_bridge::clock::Clock;
use wecom_bridge::config::{Config, StoreChoice};
use wecom_bridge::model::files_url::FilesUrl;
use wecom_bridge::model::ids::{AgentId, AppId, CorpId, ReceiverName, UserId};
use wecom_bridge::model::keys::AesKey;
use wecom_bridge::model::time::Timestamp;
use wecom_bridge::sim::person::Member;
use wecom_bridge::sim::receiver::{Receiver, ReceiverKind};
use wecom_bridge::sim::weixin::AccountSettings;
use wecom_bridge::sim::{Sim, SimSettings};
use wecom_bridge::store::error::StoreError;
use wecom_bridge::store::item::Queue;
use wecom_bridge::worker::Worker;

struct Ward {
    config: Config,
    sim: Sim,
    stop: CancellationToken,
    served: Option<JoinHandle<Result<(), AppError>>>,
    folder: TempDir,
}

impl Drop for Ward {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Ward {
    /// Everything is as it should be, and the service does not run.
    async fn open() -> Self {
        let corp = CorpId::parse("ww1").unwrap();
        let mut settings =
            SimSettings::new(corp, AgentId(1_000_002), "app-q7Zk".into(), Clock::system());
        settings.contact_sync_secret = Some("sync-q7Zk".into());
        settings.service_account = Some(AccountSettings {
            app_id: AppId::parse("wx1").unwrap(),
            secret: "account-q7Zk".into(),
        });
        let sim = Sim::start(settings).await.unwrap();
        let zhang = UserId::parse("ZhangSan").unwrap();
        let link = json!({"type": 1, "name": "与我协作", "web": {"url": "https://b.example/", "title": "与我协作"}});
        let mut member = Member::new(zhang, "张三");
        member
            .external_profile
            .insert("external_attr".into(), json!([link]));
        sim.corp().add_member(member);
        let folder = TempDir::new().unwrap();
        let mut config = Config::from_parts(&toml(&sim, &folder), std::iter::empty()).unwrap();
        config.listen = nobody();
        Self {
            config,
            sim,
            stop: CancellationToken::new(),
            served: None,
            folder,
        }
    }

    /// And it runs.
    async fn running() -> Self {
        let mut ward = Self::open().await;
        ward.start().await;
        ward
    }

    /// Starts the service.
    async fn start(&mut self) -> Worker {
        self.config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let app = App::build(&self.config, Clock::system()).await.unwrap();
        self.config.listen = app.address().unwrap();
        self.config.public_url = Url::parse(&format!("http://{}", self.config.listen)).unwrap();
        let worker = app.worker().clone();
        let run = app.run(Loops::SteppedByHand, self.stop.clone());
        self.served = Some(tokio::spawn(run));
        worker
    }

    /// Ends it, and waits until its store is free: that is a moment later.
    async fn end(&mut self) {
        self.stop.cancel();
        self.served.take().unwrap().await.unwrap().unwrap();
        while let Err(problem) = App::build(&self.config, Clock::system()).await {
            assert!(
                matches!(problem, AppError::Store(StoreError::InUse(_))),
                "{problem}"
            );
            tokio::task::yield_now().await;
        }
    }

    async fn checks(&self) -> Vec<Check> {
        self.checks_at(&Clock::system(), Through::Listen).await
    }

    async fn checks_at(&self, clock: &Clock, through: Through) -> Vec<Check> {
        let checks = check(&self.config, clock, through).await;
        let text = format!("{checks:?}");
        assert!(!text.contains("q7Zk"), "{text}");
        checks
    }

    /// The one check that is not ok.
    async fn only_fault(&self) -> Check {
        let checks = self.checks().await;
        let mut bad = checks.iter().filter(|check| check.verdict != Verdict::Ok);
        let found = bad.next().unwrap().clone();
        assert_eq!(bad.next(), None, "{checks:?}");
        found
    }
}

/// An address where nobody listens.
fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

fn toml(sim: &Sim, folder: &TempDir) -> String {
    let (store, base) = (folder.path().join("store.redb"), sim.base());
    format!(
        r#"
public_url = "http://127.0.0.1:1"
store.url = "embedded:{}"
wecom.api_base = "{base}"
api.tokens = ["api-q7Zk-0123456789"]
[[corp]]
id = "ww1"
tenant_key = "team1"
app = {{ agent_id = 1000002, secret = "app-q7Zk" }}
contact_sync = {{ secret = "sync-q7Zk" }}
[[corp.receiver]]
name = "app"
token = "q7ZkToken"
aes_key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
[[corp.receiver]]
name = "contacts"
token = "q7ZkToken2"
aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
"#,
        store.display()
    )
}

#[track_caller]
fn named<'a>(checks: &'a [Check], name: &str) -> &'a Check {
    let mut found = checks.iter().filter(|check| check.name.starts_with(name));
    found
        .next()
        .unwrap_or_else(|| panic!("no {name}: {checks:?}"))
}

/// The simulator sends what happens to members.
async fn hears_of_members(ward: &Ward) {
    let contacts = &ward.config.corps[0].receivers[1];
    let url = format!("http://{}/callback/contacts", ward.config.listen);
    let receiver = Receiver {
        url: url.parse().unwrap(),
        keys: contacts.keys.clone(),
        receive_id: "ww1".into(),
        kind: ReceiverKind::ContactSync,
    };
    ward.sim.register_patiently(&receiver).await.unwrap();
}

/// Works until nothing is due.
async fn settle(worker: &Worker) {
    let corp = CorpId::parse("ww1").unwrap();
    let mut worked = 1;
    while worked > 0 {
        worked = worker.step(&corp, Queue::Inbox).await.unwrap();
        worked += worker.step(&corp, Queue::Outbox).await.unwrap();
    }
}

#[tokio::test]
async fn a_service_that_runs_well_has_nothing_to_complain_of() {
    let ward = Ward::running().await;
    for (through, first) in [
        (Through::Listen, None),
        (Through::Public, Some("public URL")),
    ] {
        let checks = ward.checks_at(&Clock::system(), through).await;
        let mut names: Vec<_> = checks.iter().map(|check| check.name.as_str()).collect();
        if let Some(first) = first {
            assert_eq!(names.remove(3), first);
        }
        let expected = [
            "store",
            "service",
            "attachments",
            "verification file",
            "callback URL app",
            "callback URL contacts",
            "app secret of ww1",
            "app of ww1",
            "visible range of the app of ww1",
            "customer API of ww1",
            "customer scope of ww1",
            "callback addresses of ww1",
            "JS-SDK of ww1",
            "contact-sync secret of ww1",
            "contact-sync of ww1",
            "rights of contact-sync of ww1",
            "attribute 与我协作 of ww1",
            "standing faults",
            "clock",
        ];
        assert_eq!(names, expected);
        assert!(
            checks.iter().all(|check| check.verdict == Verdict::Ok),
            "{checks:?}"
        );
        let store = named(&checks, "store");
        assert!(
            store.seen.contains("in use by the running service"),
            "{store:?}"
        );
    }
}

#[tokio::test]
async fn before_the_first_start_only_the_service_is_missing() {
    let ward = Ward::open().await;
    let found = ward.only_fault().await;
    assert_eq!(
        (found.name.as_str(), found.verdict),
        ("service", Verdict::Fault)
    );
    assert!(found.seen.contains("refused"), "{found:?}");
    // The doctor may run as another user than the service: it makes no file.
    assert_eq!(ward.folder.path().read_dir().unwrap().count(), 0);
}

#[tokio::test]
async fn a_store_file_that_nobody_uses_is_opened() {
    let ward = Ward::open().await;
    drop(App::build(&ward.config, Clock::system()).await.unwrap());
    let checks = ward.checks().await;
    let store = named(&checks, "store");
    assert_eq!(store.verdict, Verdict::Ok, "{store:?}");
    assert!(store.seen.contains("round trip"), "{store:?}");
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_is_a_fault() {
    let mut ward = Ward::running().await;
    ward.config.store = StoreChoice::Redis(format!("redis://:q7Zk@{}", nobody()).into());
    assert_eq!(ward.only_fault().await.name, "store");
    ward.config.store = StoreChoice::Embedded(ward.folder.path().join("other.redb"));
    let found = ward.only_fault().await;
    assert_eq!(found.verdict, Verdict::Warning, "{found:?}");
    assert!(found.seen.contains("does not exist here"), "{found:?}");
    ward.config.store = StoreChoice::Embedded(ward.folder.path().into());
    let found = ward.only_fault().await;
    assert!(found.seen.contains("is a folder"), "{found:?}");
}

#[tokio::test]
async fn a_wrong_secret_is_named_with_its_page() {
    let mut ward = Ward::running().await;
    ward.config.corps[0].contact_sync_secret = Some("wrong-q7Zk".into());
    let found = ward.only_fault().await;
    assert_eq!(found.name, "contact-sync secret of ww1");
    assert!(found.seen.contains("40001"), "{found:?}");
    assert!(found.advice.unwrap().contains("通讯录同步 → Secret"));

    ward.config.corps[0].app.secret = "wrong-q7Zk".into();
    let checks = ward.checks().await;
    assert_eq!(named(&checks, "app secret").verdict, Verdict::Fault);
    assert_eq!(named(&checks, "clock").verdict, Verdict::Warning);
    assert!(
        !checks
            .iter()
            .any(|check| check.name.starts_with("customer"))
    );
}

#[tokio::test]
async fn a_wecom_that_does_not_answer_is_not_blamed_on_the_secret() {
    let mut ward = Ward::running().await;
    ward.config.wecom.api_base = Url::parse(&format!("http://{}", nobody())).unwrap();
    let checks = ward.checks().await;
    for name in ["app secret", "contact-sync secret"] {
        let found = named(&checks, name);
        assert!(found.seen.contains("no connection"), "{found:?}");
        assert!(found.advice.as_ref().unwrap().contains("wecom.proxy"));
    }
}

#[tokio::test]
async fn a_clock_that_is_off_is_seen() {
    let ward = Ward::running().await;
    let now = Clock::system().now();
    for (millis, verdict) in [(100_000, Verdict::Warning), (-600_000, Verdict::Fault)] {
        let clock = Clock::set_by_hand(Timestamp::from_millis(now.millis() + millis));
        let checks = ward.checks_at(&clock, Through::Listen).await;
        assert_eq!(named(&checks, "clock").verdict, verdict, "{checks:?}");
    }
}

#[tokio::test]
async fn a_service_with_another_configuration_is_found_out() {
    let mut ward = Ward::running().await;
    let other_key = AesKey::parse("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFA");
    ward.config.corps[0].receivers[0].keys.aes_key = other_key.unwrap();
    let found = ward.only_fault().await;
    assert_eq!(found.name, "callback URL app");
    assert!(found.seen.contains("403"), "{found:?}");
    assert!(found.advice.unwrap().contains("设置API接收"));

    let mut ward = Ward::running().await;
    ward.config.corps[0].receivers[1].name = ReceiverName::parse("new").unwrap();
    let found = ward.only_fault().await;
    assert!(found.seen.contains("404"), "{found:?}");
}

#[tokio::test]
async fn another_program_at_the_address_is_not_taken_for_the_service() {
    let mut ward = Ward::open().await;
    ward.config.listen = ward.sim.base().socket_addrs(|| None).unwrap()[0];
    let found = ward.only_fault().await;
    assert!(found.seen.contains("another program"), "{found:?}");
}

#[tokio::test]
async fn verification_files_are_asked_for() {
    let mut ward = Ward::open().await;
    let file = ("WW_verify_q8.txt".to_owned(), "q8".to_owned());
    ward.config.verify_files.extend([file]);
    ward.start().await;
    for through in [Through::Listen, Through::Public] {
        let checks = ward.checks_at(&Clock::system(), through).await;
        let found = named(&checks, "verification file WW_verify_q8.txt");
        assert_eq!(found.verdict, Verdict::Ok, "{found:?}");
    }
    // The service runs with what was configured at its start.
    let changed = |name: &str, text: &str| [(name.to_owned(), text.to_owned())].into();
    for (files, seen) in [
        (changed("WW_verify_q9.txt", "q9"), "404"),
        (changed("WW_verify_q8.txt", "q9"), "something else"),
    ] {
        ward.config.verify_files = files;
        let found = ward.only_fault().await;
        assert!(found.name.starts_with("verification file"), "{found:?}");
        assert!(found.seen.contains(seen), "{found:?}");
        assert!(found.advice.unwrap().contains("可信域名"));
    }
}

#[tokio::test]
async fn the_public_way_is_tried_when_it_is_asked_for() {
    let mut ward = Ward::running().await;
    ward.config.public_url = Url::parse(&format!("http://{}", nobody())).unwrap();
    let checks = ward.checks_at(&Clock::system(), Through::Public).await;
    let found = named(&checks, "public URL");
    assert_eq!(found.verdict, Verdict::Fault);
    assert!(found.advice.as_ref().unwrap().contains("DNS"), "{found:?}");
    let callbacks = checks
        .iter()
        .find(|check| check.name.starts_with("callback URL"));
    assert_eq!(callbacks, None);
}

#[tokio::test]
async fn a_place_that_keeps_no_files_is_a_fault() {
    let mut ward = Ward::running().await;
    let found = ward.checks().await;
    let found = found.iter().find(|check| check.name == "attachments");
    assert!(found.unwrap().seen.contains("keeps and removes a file"));
    let files = ward.folder.path().join("files");
    assert_eq!(std::fs::read_dir(&files).unwrap().count(), 0);
    let file = ward.folder.path().join("a-file");
    std::fs::write(&file, "no folder").unwrap();
    ward.config.files.url = Some(FilesUrl::Folder(file.join("files")));
    let found = ward.only_fault().await;
    assert_eq!(
        (found.name.as_str(), found.verdict),
        ("attachments", Verdict::Fault)
    );
    assert!(found.advice.unwrap().contains("`files.url`"));
}
