//! A small WeCom (企业微信) on loopback, for development and tests: one corp with members, contacts and console settings,
//! the API with its checks and error codes, tokens that expire, callbacks that are signed and sealed like the real
//! ones, and pages that play a chat with its toolbar and a profile card. The company may have a service account at
//! WeChat as well ([`weixin`]).
//!
//! Its rules come from the platform's reference, never from this service's client; it shares only the callback
//! protocol, so that both sides cannot drift apart. It knows nothing of stores and decisions. Where the reference is
//! silent, [`console`] has a setting. Everything is held in memory.

pub mod console;
pub mod corp;
pub mod crowd;
mod grants;
pub mod group;
pub mod ledger;
pub mod message;
pub mod person;
mod sends;
pub mod weixin;

mod event_xml;
pub mod people;
pub mod push;
pub mod receiver;
mod reply;

mod api;
pub mod faults;
mod jssdk;
mod oauth;
mod pages;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data, PayloadConfig};
use actix_web::{App, HttpServer};
use secrecy::SecretString;
use url::Url;

use crate::clock::Clock;
use crate::model::ids::{AgentId, CorpId, UserId};
use crate::model::time::Timestamp;
use crate::sim::corp::Corp;
use crate::sim::faults::Faults;
use crate::sim::ledger::{ApiCall, Sent};
use crate::sim::message::Message;
use crate::sim::push::{Held, PushReport};
use crate::sim::weixin::{Account, AccountSettings};

/// How this WeCom is set up.
#[derive(Debug, Clone)]
pub struct SimSettings {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The one corp.
    pub corp: CorpId,
    /// The one self-built app.
    pub agent_id: AgentId,
    /// The app's secret.
    pub secret: SecretString,
    /// The service account (服务号), when the company has one.
    pub service_account: Option<AccountSettings>,
    /// The secret of the contact-sync assistant, when that is switched on.
    pub contact_sync_secret: Option<SecretString>,
    /// By which tokens and codes expire.
    pub clock: Clock,
    /// How long a callback waits for its answer: 5 seconds at WeCom (path/90930).
    pub push_timeout: Duration,
    /// How long WeCom waits before it tries a callback again; not documented.
    pub retry_wait: Duration,
}

impl SimSettings {
    /// The usual ones, on a free port of loopback, with no wait between tries.
    pub fn new(corp: CorpId, agent_id: AgentId, secret: SecretString, clock: Clock) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            corp,
            agent_id,
            secret,
            service_account: None,
            contact_sync_secret: None,
            clock,
            push_timeout: Duration::from_secs(5),
            retry_wait: Duration::ZERO,
        }
    }
}

/// A running WeCom. Clones are the same one; it ends with [`stop`](Self::stop) or with the last clone.
#[derive(Clone)]
pub struct Sim {
    world: Arc<World>,
    /// Absent in the server's own clones, which must not keep it running.
    running: Option<Arc<Running>>,
}

struct World {
    settings: SimSettings,
    base: Url,
    http: reqwest::Client,
    corp: Mutex<Corp>,
    faults: Mutex<Faults>,
    held: Mutex<Held>,
}

struct Running(ServerHandle);

impl Drop for Running {
    fn drop(&mut self) {
        // The command is sent at once; nobody waits for its end.
        drop(self.0.stop(false));
    }
}

/// The connection under a request, so that a fault can cut it.
struct Connection(TcpStream);

impl Sim {
    /// Starts on the current tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be bound or the outgoing HTTP client cannot be built.
    pub async fn start(settings: SimSettings) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen)?;
        let base = format!("http://{}/", listener.local_addr()?);
        let base = Url::parse(&base).map_err(io::Error::other)?;
        let mut corp = Corp::new(
            settings.corp.clone(),
            settings.agent_id,
            settings.secret.clone(),
            settings.contact_sync_secret.clone(),
        );
        corp.account = settings.service_account.clone().map(Account::new);
        let world = Arc::new(World {
            http: client().map_err(io::Error::other)?,
            settings,
            base,
            corp: Mutex::new(corp),
            faults: Mutex::default(),
            held: Mutex::default(),
        });
        let own = Self {
            world: Arc::clone(&world),
            running: None,
        };
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Data::new(own.clone()))
                .app_data(PayloadConfig::new(api::MAX_BODY))
                .route("/cgi-bin/{api:.*}", web::to(api::answer))
                .configure(weixin::routes)
                .configure(oauth::routes)
                .configure(jssdk::routes)
                .configure(pages::routes)
        })
        .on_connect(remember_connection)
        .workers(2)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)?
        .run();
        let running = Some(Arc::new(Running(server.handle())));
        tokio::spawn(server);
        Ok(Self { world, running })
    }

    /// Where WeChat's side is: what `api_base` and `oauth_base` of `[weixin]` are set to.
    pub fn weixin_base(&self) -> Url {
        let mut base = self.world.base.clone();
        base.set_path("/weixin/");
        base
    }

    /// Where it listens: what `api_base` and `oauth_base` are set to.
    pub fn base(&self) -> &Url {
        &self.world.base
    }

    /// Ends the server and waits for that, at most a second for callers that keep their connections.
    pub async fn stop(&self) {
        if let Some(running) = &self.running {
            // Only the graceful way waits for the threads that answer.
            running.0.stop(true).await;
        }
    }

    /// The corp, to look at and to change by hand. Not to be held across an await.
    pub fn corp(&self) -> MutexGuard<'_, Corp> {
        lock(&self.world.corp)
    }

    /// The scripted trouble.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.world.faults)
    }

    /// What reached people, in order.
    pub fn sent(&self) -> Vec<Sent> {
        self.corp().ledger.sent.iter().cloned().collect()
    }

    /// The messages in a member's window, as they stand there now, newest first.
    pub fn window(&self, userid: &UserId) -> Vec<Message> {
        self.corp().ledger.window(userid).cloned().collect()
    }

    /// The calls of the API, in order.
    pub fn calls(&self) -> Vec<ApiCall> {
        self.corp().ledger.calls.iter().cloned().collect()
    }

    /// The callbacks, in the order in which they were sent.
    pub fn pushes(&self) -> Vec<PushReport> {
        self.corp().ledger.pushes.iter().cloned().collect()
    }

    /// The welcome codes and response codes that were given out lately, good or not.
    pub fn codes(&self) -> Vec<String> {
        self.corp().grants.codes()
    }

    fn now(&self) -> Timestamp {
        self.world.settings.clock.now()
    }

    fn settings(&self) -> &SimSettings {
        &self.world.settings
    }

    fn http(&self) -> &reqwest::Client {
        &self.world.http
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        lock(&self.world.held)
    }
}

/// A panic elsewhere leaves plain data behind; tests may go on looking at it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connections are not kept: callers live on several runtimes.
fn client() -> reqwest::Result<reqwest::Client> {
    // It fails when another part of the process was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    let roots = roots.map(|root| reqwest::Certificate::from_der(root));
    reqwest::Client::builder()
        .tls_certs_only(roots.collect::<Result<Vec<_>, _>>()?)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .build()
}

fn remember_connection(stream: &dyn std::any::Any, extensions: &mut actix_web::dev::Extensions) {
    use std::os::fd::AsFd;

    let stream = stream.downcast_ref::<actix_web::rt::net::TcpStream>();
    if let Some(twin) = stream.and_then(|stream| stream.as_fd().try_clone_to_owned().ok()) {
        extensions.insert(Connection(TcpStream::from(twin)));
    }
}
