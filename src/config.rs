//! Settings: one TOML file and the environment become a [`Config`] of checked values, or a list of everything that is
//! wrong.
//!
//! Every problem names its key and what to write; no value is ever repeated in one. The commented file with every key
//! and its default is [`EXAMPLE`]. Modules take plain values, never the `Config`: only the start-up code sees it whole.

mod api;
mod corp;
mod environment;
mod files;
pub mod problem;
mod reader;
mod reference;
mod service;
mod service_account;
mod webhook;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use url::Url;
use zeroize::Zeroizing;

use crate::config::environment::Misplaced;
use crate::config::problem::{ConfigProblem, ConfigProblems};
use crate::config::reader::Ledger;
use crate::model::api_token::ApiToken;
use crate::model::file_type::FileType;
use crate::model::files_url::FilesUrl;
use crate::model::ids::{AgentId, AppId, CorpId, ReceiverName, TenantKey, UserId, WebhookName};
use crate::model::keys::CallbackKeys;
use crate::model::password::PasswordHash;
use crate::model::quiet::QuietHours;
use crate::model::signing_secret::SigningSecret;
use crate::model::template::ReplyTemplate;
use crate::model::webhook::Pattern;

/// The commented file with every setting.
pub const EXAMPLE: &str = include_str!("../wecom-bridge.example.toml");

/// A larger file is no configuration.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Everything that can be set, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `public_url`: where WeCom and browsers reach this service. Has no path, so it ends with `/`.
    pub public_url: Url,
    /// `server.listen`. Port 0 means any free port.
    pub listen: SocketAddr,
    /// `server.verify_files`: `WW_verify_*.txt` and the like by name, with what is in them.
    pub verify_files: BTreeMap<String, String>,
    /// `store.url`.
    pub store: StoreChoice,
    /// `store.replicas`: how many replicas must have an event before it is answered; only for a Redis.
    pub replicas: u32,
    /// `store.keep_for`: how long settled events are kept for replay.
    pub keep_for: Duration,
    /// `store.keep_visits_for`: how long it is known that a member had the toolbar open for a customer.
    pub keep_visits_for: Duration,
    /// `store.dedupe_for`: how long an event is recognised when it comes again.
    pub dedupe_for: Duration,
    /// `[files]`: attachments.
    pub files: Files,
    /// `api.tokens` and `[[api.token]]`: bearer tokens of the API. None: nobody can use it.
    pub api_tokens: Vec<ApiToken>,
    /// `metrics.listen`: where `/metrics` is found. Without one, nowhere.
    pub metrics_listen: Option<SocketAddr>,
    /// `admin.password_hash`: opens the admin pages of every corp.
    pub admin_password: Option<PasswordHash>,
    /// `log.format`.
    pub log_format: LogFormat,
    /// `log.level`: a filter in the words of `tracing_subscriber::EnvFilter`, checked.
    pub log_level: String,
    /// `[traces]`: where OpenTelemetry's collector is. Without it there are no traces.
    pub traces: Option<Traces>,
    /// `[wecom]`.
    pub wecom: Wecom,
    /// `[weixin]`.
    pub weixin: Weixin,
    /// `[sync]`: when syncs start by themselves.
    pub sync: SyncTimes,
    /// `session.key`: what session cookies are signed with, at least 32 characters.
    pub session_key: Option<SecretString>,
    /// `[[corp]]`, at least one.
    pub corps: Vec<Corp>,
}

impl Config {
    /// A token of the API that is for everything, if there is one.
    pub fn token_of_everything(&self) -> Option<&SecretString> {
        let mut tokens = self.api_tokens.iter();
        let found = tokens.find(|token| token.is_of_everything());
        found.map(|token| &token.secret)
    }
}

/// Where the state is kept.
#[derive(Debug, Clone)]
pub enum StoreChoice {
    /// `embedded:PATH`; a relative path starts at the working directory.
    Embedded(PathBuf),
    /// `redis://…`, `redis+sentinel://…`, `redis+cluster://…`, or with `rediss`. Secret: it may hold a password.
    Redis(SecretString),
}

/// Attachments.
#[derive(Debug, Clone)]
pub struct Files {
    /// `files.url`. Without one: a folder `files` beside an embedded store; with a Redis there are no attachments.
    pub url: Option<FilesUrl>,
    /// `files.access_key_id` and `files.secret_access_key`: what opens a bucket.
    pub keys: Option<(String, SecretString)>,
    /// `files.max_bytes`: the largest file.
    pub max_bytes: u64,
    /// `files.types`: what is taken in.
    pub types: Vec<FileType>,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

/// What takes traces.
#[derive(Debug, Clone)]
pub struct Traces {
    /// `traces.endpoint`: where OTLP over HTTP is taken, whole.
    pub endpoint: Url,
    /// `traces.authorization`: what opens it.
    pub authorization: Option<SecretString>,
}

/// When syncs start by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncTimes {
    /// `sync.nightly`: the full sync, how long after midnight in Beijing.
    pub nightly: Option<Duration>,
    /// `sync.hourly`: whether a light pass looks at a twenty-fourth of the members every hour.
    pub hourly: bool,
}

/// Addresses of WeCom's side. Those that are bases end with `/`.
#[derive(Debug, Clone)]
pub struct Wecom {
    /// `wecom.api_base`: the server API.
    pub api_base: Url,
    /// `wecom.oauth_base`: the page that tells who a visitor is (path/91335).
    pub oauth_base: Url,
    /// `wecom.jssdk_url`: a stand-in for WeCom's JS-SDK script.
    pub jssdk_url: Option<Url>,
    /// `wecom.proxy`: the way out to WeCom. Secret: it may hold a password.
    pub proxy: Option<SecretString>,
}

/// The kinds of items that a corp works with; each is authorised by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemKinds {
    /// `"projects"`: projects and their plans.
    pub projects: bool,
    /// `"forms"`: forms and their records.
    pub forms: bool,
    /// `"approvals"`.
    pub approvals: bool,
}

/// Addresses of WeChat's side, for service accounts. Both are bases and end with `/`.
#[derive(Debug, Clone)]
pub struct Weixin {
    /// `weixin.api_base`: the server API.
    pub api_base: Url,
    /// `weixin.oauth_base`: the page that tells who a visitor is.
    pub oauth_base: Url,
}

/// A company (企业) that is served.
#[derive(Debug, Clone)]
pub struct Corp {
    /// `id`.
    pub id: CorpId,
    /// `name`, for people.
    pub name: Option<String>,
    /// `tenant_key`, which the "与我协作" link carries. Only characters that need no escaping in a URL.
    pub tenant_key: TenantKey,
    /// `old_links_for`: how long links with a former `tenant_key` lead to the new one.
    pub old_links_for: Duration,
    /// `auto_sync`: whether events change contacts.
    pub auto_sync: bool,
    /// `sidebar_card`: whether a member who opens the toolbar gets a card.
    pub sidebar_card: bool,
    /// `items`: the kinds of items that it works with.
    pub items: ItemKinds,
    /// `admins`: the members who may open the corp's admin pages.
    pub admins: Vec<UserId>,
    /// `[corp.app]`.
    pub app: App,
    /// `contact_sync.secret`: allows to write external profiles.
    pub contact_sync_secret: Option<SecretString>,
    /// `[corp.service_account]`.
    pub service_account: Option<ServiceAccount>,
    /// `[[corp.webhook]]`: the corp's own systems that are told what happens. Names are unique within the corp.
    pub webhooks: Vec<WebhookTarget>,
    /// `[[corp.receiver]]`, at least one. Names are unique across corps.
    pub receivers: Vec<Receiver>,
}

/// The self-built app (自建应用) of a corp.
#[derive(Debug, Clone)]
pub struct App {
    /// `agent_id`.
    pub agent_id: AgentId,
    /// `secret`.
    pub secret: SecretString,
}

/// The service account (服务号) by which a corp reminds its customers.
#[derive(Debug, Clone)]
pub struct ServiceAccount {
    /// `app_id`.
    pub app_id: AppId,
    /// `secret`.
    pub secret: SecretString,
    /// `name`, for people.
    pub name: Option<String>,
    /// `qr_code`: the image that customers scan to follow the account.
    pub qr_code: Option<Url>,
    /// `[corp.service_account.templates.reply]`: tells customers of a reply. Without it they are not told.
    pub reply: Option<ReplyTemplate>,
    /// `quiet_hours`: when nobody is reminded.
    pub quiet_hours: Option<QuietHours>,
    /// `bundle`: replies within this time make one reminder.
    pub bundle: Duration,
    /// `[[corp.service_account.receiver]]`. Names are unique among all receivers.
    pub receivers: Vec<Receiver>,
}

/// One of a corp's own systems that is told what happens.
#[derive(Debug, Clone)]
pub struct WebhookTarget {
    /// `name`.
    pub name: WebhookName,
    /// `url`: where messages go.
    pub url: Url,
    /// `secret`: what messages are signed with, as `whsec_…`.
    pub secret: SigningSecret,
    /// `previous_secret`: what they are signed with as well while keys are changed.
    pub previous_secret: Option<SigningSecret>,
    /// `events`: the types of messages it wants.
    pub events: Vec<Pattern>,
    /// `allow_private`: whether its address may be one that only this network reaches, without TLS too.
    pub allow_private: bool,
}

/// One callback configuration (接收消息 → 设置API接收).
#[derive(Debug, Clone)]
pub struct Receiver {
    /// `name`: the last part of its address, `{public_url}callback/{name}`.
    pub name: ReceiverName,
    /// `token` and `aes_key`.
    pub keys: CallbackKeys,
    /// `[corp.receiver.previous]`: the pair before a rotation, still accepted.
    pub previous: Option<CallbackKeys>,
    /// `receive_ids`: the receive ids that are accepted, at least one. An empty text is one that WeCom uses.
    pub receive_ids: Vec<String>,
    /// `reply`: what members who write to the app are answered.
    pub reply: Option<String>,
}

impl Corp {
    /// Its callback configurations and those of its service account.
    pub fn all_receivers(&self) -> impl Iterator<Item = &Receiver> + Clone {
        let account = self.service_account.iter();
        let accounts = account.flat_map(|account| &account.receivers);
        self.receivers.iter().chain(accounts)
    }
}

impl Config {
    /// Reads the file, if one is given, and puts the environment over it.
    ///
    /// # Errors
    /// Everything that is wrong, all at once.
    pub fn load(
        path: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigProblems> {
        let text = match path {
            Some(path) => reference::read(path, MAX_FILE_BYTES).map_err(|error| {
                ConfigProblems::new(vec![ConfigProblem {
                    key: path.display().to_string(),
                    variable: None,
                    wrong: format!("cannot be read ({error})"),
                    remedy: "name a readable TOML file".into(),
                }])
            })?,
            None => Zeroizing::default(),
        };
        Self::from_parts(&text, env)
    }

    /// What [`load`](Self::load) does once the file has been read. Values that refer to a file are still read here.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn from_parts(
        text: &str,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigProblems> {
        let env: BTreeMap<String, String> = env.collect();
        let mut table: toml::Table = toml::from_str(text).map_err(|error| no_toml(text, &error))?;
        let (set_by, misplaced) = environment::overlay(&mut table, &env);
        let mut ledger = Ledger::new(&env, set_by);
        let config = reader::read_table("", table, &mut ledger, service::read);
        let mut problems = ledger.into_problems();
        problems.extend(misplaced.into_iter().map(into_problem));
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(ConfigProblems::new(problems)),
        }
    }
}

/// Checks what `log.level` may be. A bare word that is no level would name a module and silence all others: that is
/// taken for the misspelling that it is.
///
/// # Errors
/// What is wrong, to stand behind the key.
pub fn log_level(text: &str) -> Result<String, String> {
    let is_level = |word: &str| word.trim().parse::<LevelFilter>().is_ok();
    let mut bare = text.split(',').filter(|part| !part.contains(['=', '[']));
    match EnvFilter::builder().parse(text) {
        Ok(_) if bare.all(is_level) => Ok(text.into()),
        Ok(_) | Err(_) => Err("is no log filter".into()),
    }
}

/// The error's own text would show the line, and with it perhaps a secret.
fn no_toml(text: &str, error: &toml::de::Error) -> ConfigProblems {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or(text);
    ConfigProblems::new(vec![ConfigProblem {
        key: format!("line {}", before.matches('\n').count() + 1),
        variable: None,
        wrong: format!("is no TOML ({})", error.message()),
        remedy: "write settings as key = \"value\" below a [heading]".into(),
    }])
}

fn into_problem(misplaced: Misplaced) -> ConfigProblem {
    let Misplaced {
        key,
        variable,
        wrong,
    } = misplaced;
    ConfigProblem {
        key,
        variable: Some(variable),
        wrong: wrong.into(),
        remedy: "name a place that the example file has, and count lists from 0".into(),
    }
}
