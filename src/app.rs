//! The one place where the parts are built and joined.

pub mod caller;
pub mod check;

mod files;
mod home;

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App as Service, HttpServer, web};
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::act::shared::ThroughStore;
use crate::act::{Act, Corp};
use crate::callback::Keyring;
use crate::clock::Clock;
use crate::config::{self, Config, StoreChoice};
use crate::decide::facts::{Authorised, AutoSync, CorpFacts, LinkWriting, SidebarCard};
use crate::files::Files;
use crate::files::error::FilesError;
use crate::http::admin::desk::{CheckUp, Desk, Finding, Verdict};
use crate::http::doors::{Doors, Receiver, Tenant};
use crate::http::files::pace::Pace;
use crate::http::refusals::Refusals;
use crate::http::reply::Replier;
use crate::http::session::SessionKey;
use crate::model::ids::CorpId;
use crate::store::entrance::Entrance;
use crate::store::error::StoreError;
use crate::store::{Store, StoreSettings, StoreUrl};
use crate::wecom::error::ApiError;
use crate::wecom::{ApiSettings, AppSecret, Client, Credentials};
use crate::worker::Worker;
use crate::worker::reconcile::Schedule;

/// Longer than a reverse proxy keeps its idle connections, so that it never sends into a closing one.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long a client may take to send its headers.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);

/// How long requests and items in work have to end when the process is told to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// The service, built and bound to its address, not running yet.
pub struct App {
    listener: TcpListener,
    doors: web::Data<Doors>,
    worker: Worker,
    corps: Vec<CorpId>,
    keep_for: Duration,
    schedule: Schedule,
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The place for attachments cannot be opened.
    #[error("{0}; see `files.url`")]
    Files(#[from] FilesError),
    /// The client for WeCom's API cannot be built.
    #[error("the client for WeCom's API cannot be built: {0}")]
    Api(#[from] ApiError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {problem}; choose another `server.listen`")]
    Listen {
        /// The configured address.
        address: SocketAddr,
        /// What the system said.
        problem: std::io::Error,
    },
    /// The server failed.
    #[error("the server failed: {0}")]
    Serve(#[from] std::io::Error),
}

/// Whether the loops run by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loops {
    /// They do.
    Running,
    /// Tests step them.
    SteppedByHand,
}

impl App {
    /// Opens the store, builds the parts, and takes the address.
    ///
    /// # Errors
    /// [`AppError`], saying what to change.
    pub async fn build(config: &Config, clock: Clock) -> Result<Self, AppError> {
        let settings = store_settings(config);
        let store = Arc::new(Store::open(&settings).await?);
        match store.health().await {
            Ok(health) => {
                tracing::info!(store = health.name, "The store is open.");
                if let Some(warning) = health.warning {
                    tracing::warn!(store = health.name, "{warning}");
                }
            }
            Err(problem) => tracing::error!(%problem, "The store does not tell how it is."),
        }
        let files = files::open(config)?;
        let corps = Arc::new(corps(config, Some(&store))?);
        let former_homes = home::compare(config, &store, &corps, &clock).await?;
        let act = Act::new(Arc::clone(&store), Arc::clone(&corps));
        let worker = Worker::new(Arc::clone(&store), act, clock.clone());
        let listen = |problem| AppError::Listen {
            address: config.listen,
            problem,
        };
        let listener = TcpListener::bind(config.listen).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let doors = web::Data::new(Doors {
            former_homes,
            files,
            ..doors(config, store, corps, clock)
        });
        Ok(Self {
            listener,
            doors,
            worker,
            corps: settings.corps,
            keep_for: config.keep_for,
            schedule: Schedule {
                nightly: config.sync.nightly,
                hourly: config.sync.hourly,
            },
        })
    }

    /// The address that was taken.
    ///
    /// # Errors
    /// [`AppError::Serve`] when the system does not tell.
    pub fn address(&self) -> Result<SocketAddr, AppError> {
        Ok(self.listener.local_addr()?)
    }

    /// The worker, for stepping.
    pub fn worker(&self) -> &Worker {
        &self.worker
    }

    /// What carries commands out, for asking.
    pub fn act(&self) -> &Act {
        &self.doors.act
    }

    /// Where attachments are kept, for looking.
    pub fn files(&self) -> Option<&Arc<Files>> {
        self.doors.files.as_ref()
    }

    /// The store, for looking.
    pub fn store(&self) -> &Arc<Store> {
        &self.doors.store
    }

    /// Runs until `stop` is cancelled. Then nothing new is taken in, and what is in work has 30 s to end; what does not
    /// is taken up again by the next process.
    ///
    /// # Errors
    /// [`AppError::Serve`] when the server fails by itself.
    pub async fn run(self, loops: Loops, stop: CancellationToken) -> Result<(), AppError> {
        let doors = self.doors;
        let files = doors.files.clone();
        let server = HttpServer::new(move || {
            Service::new()
                .app_data(doors.clone())
                .app_data(web::Data::new(Entrance::open(Arc::clone(&doors.store))))
                .configure(crate::http::routes)
        })
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEADER_PATIENCE)
        .shutdown_timeout(STOP_PATIENCE.as_secs())
        .disable_signals()
        .listen(self.listener)?
        .run();
        let tasks = TaskTracker::new();
        if loops == Loops::Running {
            self.worker.spawn(&self.corps, self.keep_for, &stop, &tasks);
            self.worker
                .keep_schedule(&self.corps, self.schedule, &stop, &tasks);
            if let Some(files) = &files {
                self.worker.keep_tidy(&self.corps, files, &stop, &tasks);
            }
        }
        tasks.close();
        let stopping = tokio::spawn(stop_server(server.handle(), stop.clone()));
        let served = server.await;
        stop.cancel();
        let _ = stopping.await;
        if tokio::time::timeout(STOP_PATIENCE, tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("Some items are still in work; the next process takes them up.");
        }
        Ok(served?)
    }
}

async fn stop_server(server: ServerHandle, stop: CancellationToken) {
    stop.cancelled().await;
    server.stop(true).await;
}

fn store_settings(config: &Config) -> StoreSettings {
    StoreSettings {
        url: match &config.store {
            StoreChoice::Embedded(path) => StoreUrl::Embedded(path.clone()),
            StoreChoice::Redis(url) => StoreUrl::Redis(url.clone()),
        },
        corps: config.corps.iter().map(|corp| corp.id.clone()).collect(),
        dedupe_for: config.dedupe_for,
        replicas: config.replicas,
    }
}

/// The corps; with a store, their clients share through it what other processes need to know.
fn corps(config: &Config, store: Option<&Arc<Store>>) -> Result<HashMap<CorpId, Corp>, ApiError> {
    let settings = ApiSettings {
        api_base: config.wecom.api_base.clone(),
        proxy: proxy(config),
    };
    let corp = |corp: &config::Corp| {
        let credentials = Credentials {
            corp: corp.id.clone(),
            app: AppSecret {
                agent_id: corp.app.agent_id,
                secret: corp.app.secret.clone(),
            },
            contact_sync: corp.contact_sync_secret.clone(),
        };
        let facts = CorpFacts {
            home: home(&config.public_url, corp),
            auto_sync: if corp.auto_sync {
                AutoSync::On
            } else {
                AutoSync::Off
            },
            sidebar_card: if corp.sidebar_card {
                SidebarCard::On
            } else {
                SidebarCard::Off
            },
            links: match corp.contact_sync_secret {
                Some(_) => LinkWriting::ByService,
                None => LinkWriting::ByHand,
            },
            authorised: Authorised {
                projects: corp.items.projects,
                forms: corp.items.forms,
                approvals: corp.items.approvals,
            },
        };
        let mut client = Client::new(&settings, credentials)?;
        if let Some(store) = store {
            let others = ThroughStore::new(Arc::clone(store), corp.id.clone());
            client = client.shared_with(Arc::new(others));
        }
        Ok((corp.id.clone(), Corp { client, facts }))
    };
    config.corps.iter().map(corp).collect()
}

/// The "与我协作" address of a corp.
fn home(public_url: &Url, corp: &config::Corp) -> Url {
    let mut home = public_url.clone();
    home.set_path("/home");
    home.query_pairs_mut()
        .append_pair("tenantKey", corp.tenant_key.as_str());
    home
}

fn doors(
    config: &Config,
    store: Arc<Store>,
    corps: Arc<HashMap<CorpId, Corp>>,
    clock: Clock,
) -> Doors {
    let receivers = config.corps.iter().flat_map(|corp| {
        corp.receivers.iter().map(|receiver| {
            let keyring = Keyring::new(
                receiver.keys.clone(),
                receiver.previous.clone(),
                receiver.receive_ids.clone(),
            );
            (
                receiver.name.clone(),
                Receiver {
                    corp: corp.id.clone(),
                    keyring,
                    replier: replier(receiver),
                },
            )
        })
    });
    let tenants = config.corps.iter().map(|corp| {
        let tenant = Tenant {
            corp: corp.id.clone(),
            name: corp.name.clone().unwrap_or_else(|| corp.id.to_string()),
            admins: corp.admins.clone(),
            agent_id: corp.app.agent_id,
        };
        (corp.tenant_key.clone(), tenant)
    });
    Doors {
        verify_files: config.verify_files.clone(),
        admin: Desk::new(
            config.admin_password.clone(),
            check_up(config, &clock, &corps),
        ),
        act: Act::new(Arc::clone(&store), Arc::clone(&corps)),
        store,
        clock,
        receivers: receivers.collect(),
        corps,
        tenants: tenants.collect(),
        former_homes: HashMap::new(),
        files: None,
        pace: Pace::default(),
        api_tokens: config.api_tokens.clone(),
        session_key: session_key(config),
        public_url: config.public_url.clone(),
        oauth_base: config.wecom.oauth_base.clone(),
        jssdk_url: config.wecom.jssdk_url.clone(),
        refusals: Refusals::default(),
    }
}

fn replier(receiver: &config::Receiver) -> Option<Arc<Replier>> {
    let content = receiver.reply.clone()?;
    let (current, previous) = (receiver.keys.clone(), receiver.previous.clone());
    Some(Arc::new(Replier::text(content, current, previous)))
}

/// The doctor, for the admin pages: the checks of one corp, through the address that the service listens on.
fn check_up(config: &Config, clock: &Clock, corps: &Arc<HashMap<CorpId, Corp>>) -> CheckUp {
    let (config, clock, corps) = (config.clone(), clock.clone(), Arc::clone(corps));
    Box::new(move |corp| {
        let (mut config, clock, corps) = (config.clone(), clock.clone(), Arc::clone(&corps));
        config.corps.retain(|configured| configured.id == corp);
        Box::pin(async move {
            let checks = check::check_within(&corps, &config, &clock).await;
            checks.into_iter().map(finding).collect()
        })
    })
}

fn finding(check: check::Check) -> Finding {
    Finding {
        name: check.name,
        verdict: match check.verdict {
            check::Verdict::Ok => Verdict::Ok,
            check::Verdict::Warning => Verdict::Warning,
            check::Verdict::Fault => Verdict::Fault,
        },
        seen: check.seen,
        advice: check.advice,
    }
}

/// The way out to WeCom; its address was checked with the other settings.
fn proxy(config: &Config) -> Option<Url> {
    config
        .wecom
        .proxy
        .as_ref()
        .and_then(|proxy| Url::parse(proxy.expose_secret()).ok())
}

fn session_key(config: &Config) -> SessionKey {
    let secrets: Vec<&SecretString> = match &config.session_key {
        Some(key) => vec![key],
        None => config.corps.iter().map(|corp| &corp.app.secret).collect(),
    };
    SessionKey::derive(secrets.into_iter().map(ExposeSecret::expose_secret))
}
