//! The one place where the parts are built and joined.

pub mod caller;
pub mod check;
pub mod transfer;

mod corps;
mod files;
mod home;
mod receivers;

pub mod reload;

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::{App as Service, HttpServer, web};
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::act::{Act, Corp};
use crate::app::corps::corps;
use crate::app::receivers::receivers;
use crate::app::reload::Reload;
use crate::app::transfer::Half;
use crate::clock::Clock;
use crate::config::{Config, StoreChoice};
use crate::files::Files;
use crate::files::error::FilesError;
use crate::http::admin::desk::{CheckUp, Desk, Finding, Verdict};
use crate::http::arrivals::kept_in;
use crate::http::attempts::Attempts;
use crate::http::doors::{Doors, Tenant};
use crate::http::files::pace::Pace;
use crate::http::metrics::links::LinkStates;
use crate::http::receivers::Receivers;
use crate::http::refusals::Refusals;
use crate::http::room::Room;
use crate::http::session::SessionKey;
use crate::http::sessions::Sessions;
use crate::model::ids::CorpId;
use crate::store::entrance::Entrance;
use crate::store::error::StoreError;
use crate::store::{Store, StoreSettings, StoreUrl};
use crate::wecom::error::ApiError;
use crate::worker::reconcile::Schedule;
use crate::worker::{Keep, Worker};

/// Longer than a reverse proxy keeps its idle connections, so that it never sends into a closing one.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long a client may take to send its headers.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);

/// How long requests and items in work have to end when the process is told to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// The service, built and bound to its address, not running yet.
pub struct App {
    listener: TcpListener,
    /// For the figures, if they have an address.
    metrics: Option<TcpListener>,
    doors: web::Data<Doors>,
    worker: Worker,
    corps: Vec<CorpId>,
    keep: Keep,
    schedule: Schedule,
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store is not all there.
    #[error(transparent)]
    Half(#[from] Half),
    /// The place for attachments cannot be opened.
    #[error("{0}; see `files.url`")]
    Files(#[from] FilesError),
    /// The client for WeCom's API cannot be built.
    #[error("the client for WeCom's API cannot be built: {0}")]
    Api(#[from] ApiError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {problem}; choose another `{key}`")]
    Listen {
        /// Its setting.
        key: &'static str,
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
        let address = config.listen;
        Self::build_with(|| listen("server.listen", address), config, clock).await
    }

    /// The same at an address that is taken already: its port had to be known before the configuration.
    ///
    /// # Errors
    /// [`AppError`], saying what to change.
    pub async fn build_on(
        listener: TcpListener,
        config: &Config,
        clock: Clock,
    ) -> Result<Self, AppError> {
        Self::build_with(|| Ok(listener), config, clock).await
    }

    async fn build_with(
        listener: impl FnOnce() -> Result<TcpListener, AppError>,
        config: &Config,
        clock: Clock,
    ) -> Result<Self, AppError> {
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
        if let Some(half) = transfer::half(&store, &settings.corps).await? {
            return Err(half.into());
        }
        let files = files::open(config)?;
        let corps = Arc::new(corps(config, Some(&store))?);
        let former_homes = home::compare(config, &store, &corps, &clock).await?;
        let act = Act::new(Arc::clone(&store), Arc::clone(&corps));
        let worker = Worker::new(Arc::clone(&store), act, clock.clone());
        let listener = listener()?;
        let metrics = config.metrics_listen;
        let metrics = metrics.map(|address| listen("metrics.listen", address));
        let metrics = metrics.transpose()?;
        let doors = web::Data::new(Doors {
            former_homes,
            files,
            ..doors(config, store, corps, clock)
        });
        Ok(Self {
            listener,
            metrics,
            doors,
            worker,
            corps: settings.corps,
            keep: Keep {
                settled: config.keep_for,
                visits: config.keep_visits_for,
            },
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

    /// The address of the figures, if they have one.
    ///
    /// # Errors
    /// [`AppError::Serve`] when the system does not tell.
    pub fn metrics_address(&self) -> Result<Option<SocketAddr>, AppError> {
        let listener = self.metrics.as_ref();
        Ok(listener.map(TcpListener::local_addr).transpose()?)
    }

    /// What takes another configuration over while the service runs.
    pub fn reload(&self) -> Reload {
        Reload::new(self.doors.clone())
    }

    /// What the doors share, for asking them without a socket.
    pub const fn doors(&self) -> &web::Data<Doors> {
        &self.doors
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
        let metrics = self.metrics;
        let metrics = metrics.map(|listener| serve_metrics(listener, &doors));
        let metrics = metrics.transpose()?;
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
            self.worker.spawn(&self.corps, self.keep, &stop, &tasks);
            self.worker
                .keep_schedule(&self.corps, self.schedule, &stop, &tasks);
            self.worker
                .keep_forgetting(&self.corps, files.as_ref(), &stop, &tasks);
            if let Some(files) = &files {
                self.worker.keep_tidy(&self.corps, files, &stop, &tasks);
            }
        }
        tasks.close();
        let stopping = tokio::spawn(stop_server(server.handle(), stop.clone()));
        // They are served until the last: what is being stopped is worth looking at.
        let metrics = metrics.map(|server| (server.handle(), tokio::spawn(server)));
        let served = server.await;
        stop.cancel();
        let _ = stopping.await;
        if tokio::time::timeout(STOP_PATIENCE, tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("Some items are still in work; the next process takes them up.");
        }
        if let Some((handle, serving)) = metrics {
            handle.stop(false).await;
            let _ = serving.await;
        }
        Ok(served?)
    }
}

/// Takes an address for the service; `key` is the setting that names it.
///
/// # Errors
/// [`AppError::Listen`] when it cannot be had.
pub fn listen(key: &'static str, address: SocketAddr) -> Result<TcpListener, AppError> {
    let failed = |problem| AppError::Listen {
        key,
        address,
        problem,
    };
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}

/// One thread is enough for one who asks a few times a minute.
fn serve_metrics(listener: TcpListener, doors: &web::Data<Doors>) -> std::io::Result<Server> {
    let doors = doors.clone();
    let routes = move || {
        Service::new()
            .app_data(doors.clone())
            .configure(crate::http::metrics::routes)
    };
    let server = HttpServer::new(routes)
        .workers(1)
        .client_request_timeout(HEADER_PATIENCE)
        .disable_signals();
    Ok(server.listen(listener)?.run())
}

async fn stop_server(server: ServerHandle, stop: CancellationToken) {
    stop.cancelled().await;
    server.stop(true).await;
}

/// How the configured store is opened.
pub fn store_settings(config: &Config) -> StoreSettings {
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

fn doors(
    config: &Config,
    store: Arc<Store>,
    corps: Arc<HashMap<CorpId, Corp>>,
    clock: Clock,
) -> Doors {
    let tenants = config.corps.iter().map(|corp| {
        let tenant = Tenant {
            corp: corp.id.clone(),
            name: corp.name.clone().unwrap_or_else(|| corp.id.to_string()),
            admins: corp.admins.clone(),
            account_qr_code: corp
                .service_account
                .as_ref()
                .and_then(|account| account.qr_code.clone()),
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
        receivers: Receivers::new(receivers(config)),
        corps,
        tenants: tenants.collect(),
        former_homes: HashMap::new(),
        files: None,
        pace: Pace::default(),
        logins: Attempts::of_logins(),
        api_tokens: config.api_tokens.clone(),
        session_key: session_key(config),
        public_url: config.public_url.clone(),
        oauth_base: config.wecom.oauth_base.clone(),
        weixin_oauth_base: config.weixin.oauth_base.clone(),
        jssdk_url: config.wecom.jssdk_url.clone(),
        refusals: Refusals::default(),
        room: Room::default(),
        sessions: Sessions::default(),
        kept_in: kept_in(),
        link_states: LinkStates::default(),
    }
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
