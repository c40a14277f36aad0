//! A whole world for stories: the real service, the simulated WeCom, a store of its own, and a clock set by hand. Nothing
//! runs by itself behind the door: a story steps until nothing is due.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;
use wecom_bridge::act::Act;
use wecom_bridge::app::{self, App, AppError, Loops};
use wecom_bridge::callback;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::clock::Clock;
use wecom_bridge::config::Config;
use wecom_bridge::files::Files;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::ids::{AgentId, AppId, CorpId, ExternalUserId, UserId};
use wecom_bridge::model::sync::{AskedBy, SyncMode, SyncPart, SyncRequest, SyncScope};
use wecom_bridge::model::time::Timestamp;
use wecom_bridge::sim::ledger::Sent;
use wecom_bridge::sim::person::{Contact, Member};
use wecom_bridge::sim::receiver::{Receiver, ReceiverKind};
use wecom_bridge::sim::weixin::AccountSettings;
use wecom_bridge::sim::{Sim, SimSettings};
use wecom_bridge::store::Store;
use wecom_bridge::store::error::StoreError;
use wecom_bridge::store::item::{Accepted, Lanes, Leases, Queue, Settle};
use wecom_bridge::worker::Worker;
use wecom_bridge::worker::reconcile::Schedule;

use crate::redis_server::RedisServer;

pub(crate) const CORP: &str = "ww0123456789abcdef";
pub(crate) const API_TOKEN: &str = "a-token-of-the-read-api";
pub(crate) const ADMIN_PASSWORD: &str = "password";
/// Of the password above, as cheap as can be.
const ADMIN_HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$2DgEFAASw+bTUCo+tZ/CSomp7Ai2rJe+H+yhcAq+Cvs";
/// The service account of the simulated company, which the service knows when it is configured.
pub(crate) const ACCOUNT: &str = "wxService";
pub(crate) const ACCOUNT_SECRET: &str = "secret-of-the-service-account-01";
pub(crate) const SECRET: &str = "secret-of-the-app";
const SYNC_SECRET: &str = "secret-of-the-contact-sync";

/// How long visits are kept, unless a setting says otherwise.
pub(crate) const QUARTER: Duration = Duration::from_secs(90 * 24 * 3600);

/// How many items a page of a list has; few lists are longer than some.
const PAGE: usize = 7;

/// Which store the world stands on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum On {
    Embedded,
    Redis,
}

/// The public address of a service whose links are only looked at.
const ELSEWHERE: &str = "http://127.0.0.1:8080";

/// The public address of a service behind a proxy that ends TLS.
const BEHIND_TLS: &str = "https://bridge.localhost";

/// What the service takes for its public address.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Address {
    /// Another than where it listens; links are only looked at.
    Elsewhere,
    /// Where it listens, as a browser needs it. The simulator's toolbar has the page.
    Here(JsSdk),
    /// One behind a proxy that ends TLS.
    BehindTls,
}

/// Which JS-SDK the toolbar page loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsSdk {
    Simulated,
    BuiltIn,
}

/// What a story may want to be different.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) contact_sync: bool,
    pub(crate) auto_sync: bool,
    pub(crate) address: Address,
    pub(crate) reply: Option<&'static str>,
    /// At the end of the configuration, such as another corp.
    pub(crate) more: &'static str,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            contact_sync: true,
            auto_sync: true,
            address: Address::Elsewhere,
            reply: None,
            more: "",
        }
    }
}

/// Makes two tests of each story: one on each store.
macro_rules! stories {
    ($($story:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() { super::$story(super::On::Embedded).await; })+
        }
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() { super::$story(super::On::Redis).await; })+
        }
    };
}
pub(crate) use stories;

pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) clock: Clock,
    pub(crate) base: Url,
    /// Where the figures are.
    metrics: Url,
    pub(crate) http: reqwest::Client,
    running: Option<Running>,
    corp: CorpId,
    config: Config,
    text: String,
    _folder: TempDir,
    redis: Option<RedisServer>,
}

/// The service of a world, which may be ended and started again.
struct Running {
    worker: Worker,
    act: Act,
    store: Arc<Store>,
    files: Option<Arc<Files>>,
    stop: CancellationToken,
    served: JoinHandle<Result<(), AppError>>,
}

impl Running {
    fn start(app: App) -> Self {
        let (worker, store) = (app.worker().clone(), Arc::clone(app.store()));
        let act = app.act().clone();
        let files = app.files().cloned();
        let stop = CancellationToken::new();
        let served = tokio::spawn(app.run(Loops::SteppedByHand, stop.clone()));
        Self {
            worker,
            act,
            store,
            files,
            stop,
            served,
        }
    }

    async fn step(&self, corp: &CorpId) -> usize {
        let mut worked = 0;
        for queue in [Queue::Inbox, Queue::Outbox] {
            worked += self.worker.step(corp, queue).await.unwrap();
        }
        worked
    }
}

/// Another process of the service of a world, on the same store. Dropped, it is gone with whatever it has in work.
pub(crate) struct Other {
    running: Running,
    corp: CorpId,
}

impl Other {
    /// Works once on what is due in both queues; tells how much it was.
    pub(crate) async fn step(&self) -> usize {
        self.running.step(&self.corp).await
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.running.stop.cancel();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.stop.cancel();
        }
    }
}

impl World {
    /// The service's public address, where it is not where it listens.
    pub(crate) fn own(&self) -> &'static str {
        match self.text.contains(BEHIND_TLS) {
            true => BEHIND_TLS,
            false => ELSEWHERE,
        }
    }

    pub(crate) async fn start(on: On) -> Self {
        Self::with(on, Setup::default()).await
    }

    pub(crate) async fn with(on: On, setup: Setup) -> Self {
        let clock = Clock::set_by_hand(Timestamp::from_secs(1_790_000_000));
        let corp = CorpId::parse(CORP).unwrap();
        let agent_id = AgentId(1_000_002);
        let secret = SecretString::from(SECRET);
        let mut settings = SimSettings::new(corp.clone(), agent_id, secret, clock.clone());
        settings.contact_sync_secret = Some(SecretString::from(SYNC_SECRET));
        settings.service_account = Some(AccountSettings {
            app_id: AppId::parse(ACCOUNT).unwrap(),
            secret: ACCOUNT_SECRET.into(),
        });
        let sim = Sim::start(settings).await.unwrap();

        let folder = TempDir::new().unwrap();
        let (store_url, redis) = match on {
            On::Embedded => (
                format!("embedded:{}", folder.path().join("store.redb").display()),
                None,
            ),
            On::Redis => {
                let server = RedisServer::start();
                (format!("redis://127.0.0.1:{}", server.port()), Some(server))
            }
        };
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = app::listen("server.listen", anywhere).unwrap();
        let port = listener.local_addr().unwrap().port();
        let text = toml(port, &store_url, &sim, setup);
        let config = Config::from_parts(&text, std::iter::empty()).unwrap();
        let app = App::build_on(listener, &config, clock.clone()).await;
        let app = app.unwrap();
        let base = Url::parse(&format!("http://{}/", app.address().unwrap())).unwrap();
        let metrics = metrics_url(&app);
        let running = Some(Running::start(app));

        for (configured, kind) in config.corps[0]
            .receivers
            .iter()
            .zip([ReceiverKind::App, ReceiverKind::ContactSync])
        {
            let url = base.join(&format!("callback/{}", configured.name)).unwrap();
            let keys = configured.keys.clone();
            let receive_id = CORP.to_owned();
            let receiver = Receiver {
                url,
                keys,
                receive_id,
                kind,
            };
            sim.register_patiently(&receiver).await.unwrap();
        }
        let account = config.corps[0].service_account.iter();
        for configured in account.flat_map(|account| &account.receivers) {
            let receiver = Receiver {
                url: base.join(&format!("callback/{}", configured.name)).unwrap(),
                keys: configured.keys.clone(),
                receive_id: ACCOUNT.to_owned(),
                kind: ReceiverKind::ServiceAccount,
            };
            sim.register_patiently(&receiver).await.unwrap();
        }
        if let Address::Here(_) = setup.address {
            let mut corp = sim.corp();
            corp.console.toolbar_url = Some(base.join("sidebar").unwrap());
            corp.console.trusted_domain = Some(base.authority().into());
        }
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self {
            sim,
            clock,
            base,
            metrics,
            http,
            running,
            corp,
            config,
            text,
            _folder: folder,
            redis,
        }
    }

    /// Stops the service and starts it again on the same store, with `to` instead of `from` in its configuration. WeCom
    /// does not learn where it listens from then on.
    pub(crate) async fn restart(&mut self, from: &str, to: &str) {
        assert!(self.text.contains(from), "{from}");
        self.text = self.text.replace(from, to);
        self.config = Config::from_parts(&self.text, std::iter::empty()).unwrap();
        self.end().await;
        let app = run(&self.config, &self.clock).await;
        self.base = Url::parse(&format!("http://{}/", app.address().unwrap())).unwrap();
        self.metrics = metrics_url(&app);
        self.running = Some(Running::start(app));
    }

    /// A second process on the same store, where there can be one; else the same service, started again. Both are reached
    /// at the address that this tells.
    pub(crate) async fn elsewhere(&mut self) -> Url {
        if self.redis.is_none() {
            self.reopen().await;
            return self.base.clone();
        }
        let app = run(&self.config, &self.clock).await;
        let base = Url::parse(&format!("http://{}/", app.address().unwrap())).unwrap();
        let running = self.running.as_ref().expect("it runs");
        tokio::spawn(app.run(Loops::SteppedByHand, running.stop.child_token()));
        base
    }

    async fn end(&mut self) {
        let Running {
            worker,
            act,
            store,
            files,
            stop,
            served,
        } = self.running.take().unwrap();
        stop.cancel();
        served.await.unwrap().unwrap();
        drop((worker, act, store, files));
    }

    /// What it is configured with.
    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    /// The service's store, for looking.
    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.running().store
    }

    /// Where attachments are kept.
    pub(crate) fn files(&self) -> &Arc<Files> {
        self.running().files.as_ref().unwrap()
    }

    /// Removes the files that nothing shows; tells how many.
    pub(crate) async fn sweep(&self) -> usize {
        let worker = &self.running().worker;
        let swept = worker.sweep_once(&self.corp, self.files(), Duration::ZERO);
        swept.await.unwrap()
    }

    /// Forgets what is kept for a time only; tells how many records.
    pub(crate) async fn forget_old(&self) -> usize {
        let worker = &self.running().worker;
        let forgotten = worker.forget_old_once(&self.corp, QUARTER, Duration::ZERO);
        forgotten.await.unwrap()
    }

    /// Goes on with forgetting customers; tells how many are forgotten.
    pub(crate) async fn forget_customers(&self) -> usize {
        let running = self.running();
        let files = running.files.as_deref();
        let forgotten = running.worker.forget_customers(&self.corp, files);
        forgotten.await.unwrap()
    }

    /// Every key of Redis with what it holds; nothing on the embedded store.
    pub(crate) fn keys_of_redis(&self) -> String {
        let Some(redis) = &self.redis else {
            return String::new();
        };
        let mut all = String::new();
        for key in redis.cli(&["KEYS", "*"]).lines() {
            let words: &[&str] = match redis.cli(&["TYPE", key]).trim() {
                "hash" => &["HGETALL", key],
                "list" => &["LRANGE", key, "0", "-1"],
                "set" => &["SMEMBERS", key],
                "zset" => &["ZRANGE", key, "0", "-1"],
                "stream" => &["XRANGE", key, "-", "+"],
                _ => &["GET", key],
            };
            all.push_str(&format!("{key} {}\n", redis.cli(words)));
        }
        all
    }

    /// What carries commands out.
    pub(crate) fn act(&self) -> &Act {
        &self.running().act
    }

    /// The service asks itself for something.
    pub(crate) async fn ask(&self, event: &OwnEvent) {
        let (key, delivery) = event.delivery(self.clock.now());
        let store = &self.running().store;
        store.accept(&self.corp, key, &delivery).await.unwrap();
    }

    /// A member and a contact who do not know each other yet.
    pub(crate) fn people(&self) -> (UserId, ExternalUserId) {
        let (userid, external_userid) = (user("ZhangSan"), contact("wmCustomer1"));
        let mut corp = self.sim.corp();
        corp.add_member(Member::new(userid.clone(), "张三"));
        corp.add_contact(Contact::new(external_userid.clone(), "王女士"));
        (userid, external_userid)
    }

    /// Steps until nothing is due. The clock stands still.
    pub(crate) async fn settle(&self) {
        for _ in 0..1000 {
            if self.step().await == 0 {
                return;
            }
        }
        panic!("there is always something due");
    }

    /// Works on what is due in one queue, once.
    pub(crate) async fn step_queue(&self, queue: Queue) {
        self.running().worker.step(&self.corp, queue).await.unwrap();
    }

    /// Has a worker take the deliveries that are due into work and vanish; its leases run out at once.
    pub(crate) async fn vanish_with_deliveries(&self) -> usize {
        let (urgent, normal) = (Duration::from_secs(1), Duration::from_secs(1));
        let leases = Leases { urgent, normal };
        let now = self.clock.now();
        let claims = self
            .running()
            .store
            .claim_deliveries(&self.corp, Lanes::All, 9, leases, now);
        let taken = claims.await.unwrap().len();
        self.clock.advance(normal);
        taken
    }

    /// Has the store take an item of the queue into work, and nobody hear of it: the request was on its way when the
    /// server fell asleep, and is followed after its sender has given up.
    pub(crate) async fn lose_a_claim(&self, queue: Queue) {
        let redis = self.redis.as_ref().expect("a world on Redis");
        redis.freeze();
        let lost = self.running().worker.step(&self.corp, queue).await;
        redis.thaw();
        assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    }

    /// Puts something that no version can read in place of a record of the corp, under this key of Redis. Without a field:
    /// of all records that it has.
    pub(crate) fn spoil(&self, key: &str, field: &str) {
        let redis = self.redis.as_ref().expect("a world on Redis");
        let prefix = format!("wb:{{{}}}:", self.corp);
        let key = format!("{prefix}{key}");
        let fields = match field {
            "" => redis.cli(&["HKEYS", &key]),
            field => {
                let keys = key.replace(":t:", ":k:");
                redis.cli(&["ZADD", &keys, "0", field]);
                field.to_owned()
            }
        };
        for field in fields.lines() {
            redis.cli(&["HSET", &key, field, "1 {}}"]);
        }
    }

    /// Does something while the store's server is asleep.
    pub(crate) async fn while_the_store_sleeps<T>(&self, work: impl Future<Output = T>) -> T {
        let redis = self.redis.as_ref().expect("a world on Redis");
        redis.freeze();
        let done = work.await;
        redis.thaw();
        done
    }

    /// Works once on what is due in both queues; tells how much it was.
    pub(crate) async fn step(&self) -> usize {
        self.running().step(&self.corp).await
    }

    /// Starts another process on the same store; it is reached at another port.
    pub(crate) async fn another(&self) -> Other {
        assert!(self.redis.is_some(), "the file is one process's alone");
        Other {
            running: Running::start(run(&self.config, &self.clock).await),
            corp: self.corp.clone(),
        }
    }

    /// Asks for the light pass of an hour, as the schedule does.
    pub(crate) async fn start_part(&self, number: u32) {
        let request = SyncRequest {
            scope: SyncScope::All,
            mode: SyncMode::Repair,
            by: AskedBy::Schedule,
            part: Some(SyncPart { number, of: 24 }),
        };
        let (key, delivery) = OwnEvent::StartSync(request).delivery(self.clock.now());
        let store = &self.running().store;
        store.accept(&self.corp, key, &delivery).await.unwrap();
    }

    /// Puts into the inbox what the schedule says; tells how much of it was not there before.
    pub(crate) async fn start_due(&self, schedule: Schedule) -> usize {
        let worker = &self.running().worker;
        worker.start_due(&self.corp, schedule).await.unwrap()
    }

    /// Ends the service and starts it again with its store, where it was reached before.
    pub(crate) async fn reopen(&mut self) {
        self.end().await;
        self.config.listen = self.base.socket_addrs(|| None).unwrap()[0];
        let app = run(&self.config, &self.clock).await;
        self.metrics = metrics_url(&app);
        self.running = Some(Running::start(app));
    }

    fn running(&self) -> &Running {
        let running = self.running.as_ref();
        running.expect("it runs, but while it is reopened")
    }

    /// Lets time pass in small steps, settling after each.
    pub(crate) async fn pass(&self, time: Duration) {
        let mut left = time;
        self.settle().await;
        while !left.is_zero() {
            let step = left.min(Duration::from_secs(1).max(time / 64));
            self.clock.advance(step);
            self.settle().await;
            left -= step;
        }
    }

    /// Posts this text to the app's receiver, signed and sealed.
    pub(crate) async fn deliver(&self, text: &str) {
        let keys = &self.config.corps[0].receivers[0].keys;
        let (now, random) = (self.clock.now(), [7; 16]);
        let sealed = callback::seal(keys, CORP, text.as_bytes(), now, "nonce", random);
        let path = format!("callback/app?{}", sealed.query);
        let answer = self.post(&path).body(sealed.body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    /// Makes changes that nothing decided: those of parts that are not there.
    pub(crate) async fn put(&self, effects: &[Effect]) {
        let now = self.clock.now();
        let cause = OwnEvent::SwitchAutoSync { on: true };
        let (key, delivery) = cause.delivery(now);
        let accepted = self.store().accept(&self.corp, key, &delivery).await;
        assert!(matches!(accepted, Ok(Accepted::New(_))));
        let minute = Duration::from_secs(60);
        let leases = Leases {
            urgent: minute,
            normal: minute,
        };
        let claims = self
            .store()
            .claim_deliveries(&self.corp, Lanes::All, 1, leases, now);
        let claim = claims.await.unwrap().remove(0);
        let commit = self
            .store()
            .commit(&claim.ticket, Settle::Done, &[], effects, now);
        commit.await.unwrap();
    }

    pub(crate) async fn api(&self, path: &str) -> Value {
        let answer = self.get(path).bearer_auth(API_TOKEN).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// The figures, as Prometheus gets them.
    pub(crate) async fn metrics(&self) -> String {
        let answer = self.http.get(self.metrics.clone()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(self.base.join(path).unwrap())
    }

    pub(crate) fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(self.base.join(path).unwrap())
    }

    /// How many events or calls there are in each state.
    pub(crate) async fn states(&self, what: &str) -> BTreeMap<String, usize> {
        let mut states = BTreeMap::new();
        for item in self.items(what).await {
            *states
                .entry(item["state"].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
        states
    }

    /// A whole list of the API, page by page.
    pub(crate) async fn items(&self, what: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let sign = if what.contains('?') { '&' } else { '?' };
            let page = self
                .api(&format!("api/v1/{what}{sign}limit={PAGE}{after}"))
                .await;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return items,
            }
        }
    }

    pub(crate) fn welcomes(&self) -> usize {
        let sent = self.sim.sent();
        let welcome = |sent: &&Sent| matches!(sent, Sent::Welcome(_));
        sent.iter().filter(welcome).count()
    }

    /// The titles of the cards that a member got, in order.
    pub(crate) fn cards(&self, userid: &UserId) -> Vec<String> {
        let sent = self.sim.sent();
        let title = |sent: &Sent| match sent {
            Sent::Message(message) if message.reached(userid) => {
                Some(message.content["main_title"]["title"].as_str()?.to_owned())
            }
            _ => None,
        };
        sent.iter().filter_map(title).collect()
    }

    /// Calls of one API.
    pub(crate) fn calls(&self, api: &str) -> usize {
        self.sim
            .calls()
            .iter()
            .filter(|call| call.api == api)
            .count()
    }
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

pub(crate) fn contact(id: &str) -> ExternalUserId {
    ExternalUserId::parse(id).unwrap()
}

fn metrics_url(app: &App) -> Url {
    let address = app.metrics_address().unwrap().expect("it is configured");
    Url::parse(&format!("http://{address}/metrics")).unwrap()
}

/// Starts the service once its store is free.
async fn run(config: &Config, clock: &Clock) -> App {
    // The file of a service that has just ended is released a moment later.
    loop {
        match App::build(config, clock.clone()).await {
            Err(AppError::Store(StoreError::InUse(_))) => tokio::task::yield_now().await,
            app => return app.unwrap(),
        }
    }
}

fn toml(port: u16, store: &str, sim: &Sim, setup: Setup) -> String {
    let (auto_sync, more) = (setup.auto_sync, setup.more);
    let reply = setup
        .reply
        .map_or_else(String::new, |text| format!("reply = {text:?}"));
    let contact_sync = match setup.contact_sync {
        true => format!("[corp.contact_sync]\nsecret = \"{SYNC_SECRET}\"\n"),
        false => String::new(),
    };
    let (base, weixin) = (sim.base(), sim.weixin_base());
    // Only where the public address names the port, it stays the same after a restart.
    let port = match setup.address {
        Address::Here(_) => port,
        Address::Elsewhere | Address::BehindTls => 0,
    };
    let public_url = match setup.address {
        Address::Elsewhere => ELSEWHERE.to_owned(),
        Address::Here(_) => format!("http://127.0.0.1:{port}"),
        Address::BehindTls => BEHIND_TLS.to_owned(),
    };
    let jssdk_url = match setup.address {
        Address::Here(JsSdk::Simulated) => format!("jssdk_url = \"{base}jssdk.js\""),
        Address::Here(JsSdk::BuiltIn) | Address::Elsewhere | Address::BehindTls => String::new(),
    };
    format!(
        r#"
public_url = "{public_url}"
[server]
listen = "127.0.0.1:{port}"
verify_files = {{ "WW_verify_abc123.txt" = "abc123" }}
[metrics]
listen = "127.0.0.1:0"
[store]
url = "{store}"
[api]
tokens = ["{API_TOKEN}"]
[admin]
password_hash = "{ADMIN_HASH}"
[wecom]
api_base = "{base}"
oauth_base = "{base}"
{jssdk_url}
[weixin]
api_base = "{weixin}"
oauth_base = "{weixin}"
[[corp]]
id = "{CORP}"
tenant_key = "team1"
auto_sync = {auto_sync}
admins = ["ZhangSan"]
[corp.app]
agent_id = 1000002
secret = "{SECRET}"
{contact_sync}
[[corp.receiver]]
name = "app"
token = "QDG6eK"
aes_key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
{reply}
[[corp.receiver]]
name = "contacts"
token = "spamtest"
aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
{more}
"#
    )
}
