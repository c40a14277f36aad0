//! The settings of the service itself: everything but the corps.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::{Host, Url};

use crate::config::reader::Reader;
use crate::config::{
    Config, LogFormat, StoreChoice, SyncTimes, Traces, Wecom, Weixin, api, corp, files, log_level,
};
use crate::model::password::PasswordHash;
use crate::model::redis_url::RedisUrl;

/// When the full sync starts unless another time is set.
const NIGHTLY: Duration = Duration::from_secs(3 * 3600 + 30 * 60);

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long visits are kept, unless it is set.
const QUARTER: Duration = Duration::from_secs(90 * 24 * 3600);

/// More replicas of one master would be of no use.
const MAX_REPLICAS: u64 = 5;

/// As long as the output of the hash that signs with it.
const MIN_SESSION_KEY_CHARS: usize = 32;

/// No secret of WeCom's or ours is longer.
const MAX_SECRET_CHARS: usize = 512;

/// Reads the root table.
pub(in crate::config) fn read(root: &mut Reader<'_, '_>) -> Option<Config> {
    let write = "this service's own address, such as \"https://bridge.example.com\"";
    let public_url = root.required("public_url", write, public_url);
    let (listen, verify_files) = root.section("server", |server| {
        let write = "an IP address and a port, such as \"127.0.0.1:8080\"";
        let listen = server.text("listen", write, address);
        let write = "the file's name, such as \"WW_verify_abc.txt\", and what is in it";
        (listen, server.texts("verify_files", write, verify_file))
    });
    let listen = listen.unwrap_or_else(|| ([127, 0, 0, 1], 8080).into());
    let metrics_listen = root.section("metrics", |metrics| metrics_listen(metrics, listen));
    let (store, replicas, [keep_for, dedupe_for, keep_visits_for]) = root.section("store", store);
    let files = root.section("files", |section| files::read(section, store.as_ref()));
    let api_tokens = root.section("api", api::read);
    let admin_password = root.section("admin", |admin| {
        let write = "what `wecom-bridge hash-password` prints";
        admin.text("password_hash", write, |text| {
            PasswordHash::parse(text).map_err(|_| "is no argon2id hash".into())
        })
    });
    let (log_format, log_level) = root.section("log", log);
    let traces = root.section("traces", traces);
    let wecom = root.section("wecom", |wecom| addresses(wecom, public_url.as_ref()));
    let weixin = root.section("weixin", |weixin| weixins(weixin, public_url.as_ref()));
    let sync = root.section("sync", sync);
    let session_key = root.section("session", |session| {
        let write = "at least 32 characters, made by `openssl rand -hex 32`";
        session.text("key", write, |text| secret(text, MIN_SESSION_KEY_CHARS))
    });
    let write = "a [[corp]] for each company that is served";
    let corps = root.sections("corp", write, corp::read);
    if let Some(corps) = &corps {
        api::check(root, &api_tokens, corps);
    }
    Some(Config {
        public_url: public_url?,
        listen,
        metrics_listen,
        verify_files: verify_files.unwrap_or_default(),
        store: store.unwrap_or_else(|| StoreChoice::Embedded("wecom-bridge.redb".into())),
        replicas: replicas.unwrap_or(0),
        keep_for: keep_for.unwrap_or(WEEK),
        dedupe_for: dedupe_for.unwrap_or(WEEK),
        keep_visits_for: keep_visits_for.unwrap_or(QUARTER),
        files,
        api_tokens,
        admin_password,
        log_format: log_format.unwrap_or(LogFormat::Human),
        log_level: log_level.unwrap_or_else(|| "info".into()),
        traces,
        wecom,
        weixin,
        sync,
        session_key,
        corps: corps?,
    })
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let address = text.parse();
    address.map_err(|_| "is no IP address with port".into())
}

/// Another address than the public one, which is for everybody.
fn metrics_listen(metrics: &mut Reader<'_, '_>, public: SocketAddr) -> Option<SocketAddr> {
    let write = "an IP address and a port of their own, such as \"127.0.0.1:9464\"";
    metrics.text("listen", write, |text| match address(text)? {
        own if own == public && own.port() != 0 => Err("is the address of `server.listen`".into()),
        own => Ok(own),
    })
}

/// A name as the console gives it, and what is in the file: one line of plain characters.
fn verify_file(name: &str, text: &str) -> Result<(), String> {
    // Other consoles of the same house give files of their own.
    let [_, _, rest @ ..] = name.as_bytes() else {
        return Err("has no name such as WW_verify_abc.txt".into());
    };
    let code = rest
        .strip_prefix(b"_verify_")
        .filter(|_| starts_upper(name));
    let code = code.and_then(|rest| rest.strip_suffix(b".txt"));
    if !code.is_some_and(|code| {
        (1..=64).contains(&code.len()) && code.iter().all(u8::is_ascii_alphanumeric)
    }) {
        return Err("has no name such as WW_verify_abc.txt".into());
    }
    if text.is_empty() || text.len() > 512 || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("is not one line of visible ASCII characters".into());
    }
    Ok(())
}

fn starts_upper(name: &str) -> bool {
    name.bytes().take(2).all(|b| b.is_ascii_uppercase())
}

type StoreSettings = (Option<StoreChoice>, Option<u32>, [Option<Duration>; 3]);

fn store(store: &mut Reader<'_, '_>) -> StoreSettings {
    let write = "\"embedded:PATH\", \"redis://HOST:6379\", \"redis+sentinel://HOST:26379,HOST:26379/MASTER\" or \
                 \"redis+cluster://HOST:6379,HOST:6379\", with rediss for TLS";
    let choice = store.text("url", write, store_choice);
    let replicas = replicas(store, choice.as_ref());
    let write = "a number with s, m, h or d from 1h to 365d, such as \"7d\"";
    let times = ["keep_for", "dedupe_for", "keep_visits_for"];
    let times = times.map(|key| store.text(key, write, duration));
    (choice, replicas, times)
}

fn replicas(store: &mut Reader<'_, '_>, choice: Option<&StoreChoice>) -> Option<u32> {
    let write = "how many replicas must have an event before it is answered: 0 to 5";
    let replicas = store.number_up_to(MAX_REPLICAS, "replicas", write)?;
    if replicas > 0 && matches!(choice, Some(StoreChoice::Embedded(_))) {
        let remedy = "write 0, or the URL of a Redis into `url`";
        store.note("replicas", "is for a Redis", remedy.into());
    }
    u32::try_from(replicas).ok()
}

fn log(log: &mut Reader<'_, '_>) -> (Option<LogFormat>, Option<String>) {
    let format = log.text("format", "\"human\" or \"json\"", |text| match text {
        "human" => Ok(LogFormat::Human),
        "json" => Ok(LogFormat::Json),
        _ => Err("is no log format".into()),
    });
    let write = "\"error\", \"warn\", \"info\", \"debug\" or \"trace\", or a list such as \"info,wecom_bridge::wecom=debug\"";
    let level = log.text("level", write, log_level);
    (format, level)
}

fn traces(traces: &mut Reader<'_, '_>) -> Option<Traces> {
    let write =
        "where your collector takes OTLP over HTTP, such as \"http://127.0.0.1:4318/v1/traces\"";
    let endpoint = traces.text("endpoint", write, |text| match url(text)? {
        url if !matches!(url.scheme(), "http" | "https") => Err("is no http address".into()),
        url if !url.username().is_empty() || url.password().is_some() => {
            Err("holds a user name or a password; that is for `authorization`".into())
        }
        url => Ok(url),
    });
    let write = "what stands in the header of this name, such as \"Bearer …\"";
    let authorization = traces.text("authorization", write, |text| {
        let plain = |c: char| c.is_ascii_graphic() || c == ' ';
        match text.chars().all(plain) && (1..=MAX_SECRET_CHARS).contains(&text.len()) {
            true => Ok(SecretString::from(text)),
            false => Err("is no line of 1 to 512 visible ASCII characters".into()),
        }
    });
    Some(Traces {
        endpoint: endpoint?,
        authorization,
    })
}

fn sync(sync: &mut Reader<'_, '_>) -> SyncTimes {
    let write = "a time of day in Beijing such as \"03:30\", or \"off\"";
    let nightly = sync.text("nightly", write, |text| match text {
        "off" => Ok(None),
        text => time_of_day(text).map(Some),
    });
    let hourly = sync.switch("hourly");
    SyncTimes {
        nightly: nightly.unwrap_or(Some(NIGHTLY)),
        hourly: hourly.unwrap_or(true),
    }
}

/// `HH:MM`, as the time since midnight.
pub(in crate::config) fn time_of_day(text: &str) -> Result<Duration, String> {
    let number = |digits: &str| {
        let two = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        two.then(|| digits.parse::<u64>().ok()).flatten()
    };
    let parts = text.split_once(':');
    let parts = parts.and_then(|(hours, minutes)| Some((number(hours)?, number(minutes)?)));
    match parts {
        Some((hours @ 0..24, minutes @ 0..60)) => {
            Ok(Duration::from_secs(hours * 3600 + minutes * 60))
        }
        _ => Err("is no time of day".into()),
    }
}

fn addresses(wecom: &mut Reader<'_, '_>, public_url: Option<&Url>) -> Wecom {
    let write = "an https address; one on this machine goes only with a public_url on this machine";
    let base = |text: &str| outside(text, public_url).map(as_base);
    let api_base = wecom.text("api_base", write, base);
    let oauth_base = wecom.text("oauth_base", write, base);
    let jssdk_url = wecom.text("jssdk_url", write, |text| outside(text, public_url));
    let write = "an address such as \"http://proxy.example.com:3128\"";
    let proxy = wecom.text("proxy", write, proxy);
    let default = |address: &str| Url::parse(address).expect("the address is written here");
    Wecom {
        api_base: api_base.unwrap_or_else(|| default("https://qyapi.weixin.qq.com/")),
        oauth_base: oauth_base.unwrap_or_else(|| default("https://open.weixin.qq.com/")),
        jssdk_url,
        proxy,
    }
}

fn weixins(weixin: &mut Reader<'_, '_>, public_url: Option<&Url>) -> Weixin {
    let write = "an https address; one on this machine goes only with a public_url on this machine";
    let base = |text: &str| outside(text, public_url).map(as_base);
    let api_base = weixin.text("api_base", write, base);
    let oauth_base = weixin.text("oauth_base", write, base);
    let default = |address: &str| Url::parse(address).expect("the address is written here");
    Weixin {
        api_base: api_base.unwrap_or_else(|| default("https://api.weixin.qq.com/")),
        oauth_base: oauth_base.unwrap_or_else(|| default("https://open.weixin.qq.com/")),
    }
}

pub(in crate::config) fn url(text: &str) -> Result<Url, String> {
    // Url reads around blanks and control characters; such a text was not meant to be one.
    let clean = text.chars().all(|c| c.is_ascii_graphic());
    match Url::parse(text) {
        Ok(url) if clean && url.has_host() => Ok(url),
        _ => Err("is no complete URL".into()),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// An address that requests of ours or of browsers go to: `https`, unless they stay on this machine.
pub(in crate::config) fn safe_url(text: &str) -> Result<Url, String> {
    let url = url(text)?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err("is not https".into()),
        _ => return Err("is no http address".into()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or password".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a query or fragment".into());
    }
    Ok(url)
}

fn public_url(text: &str) -> Result<Url, String> {
    let url = safe_url(text)?;
    match url.path() {
        "/" => Ok(url),
        _ => Err("has a path (WeCom looks for its verification file at the top)".into()),
    }
}

/// A public service must not trust something that only pretends to be WeCom.
fn outside(text: &str, public_url: Option<&Url>) -> Result<Url, String> {
    let url = safe_url(text)?;
    if is_loopback(&url) && public_url.is_some_and(|public| !is_loopback(public)) {
        return Err("is on this machine although public_url is not".into());
    }
    Ok(url)
}

fn as_base(mut url: Url) -> Url {
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    url
}

fn proxy(text: &str) -> Result<SecretString, String> {
    match url(text)?.scheme() {
        "http" | "https" => Ok(text.into()),
        _ => Err("is no http address".into()),
    }
}

fn store_choice(text: &str) -> Result<StoreChoice, String> {
    if let Some(path) = text.strip_prefix("embedded:") {
        return match path {
            "" => Err("names no file".into()),
            path => Ok(StoreChoice::Embedded(PathBuf::from(path))),
        };
    }
    if let RedisUrl::Server(_) = RedisUrl::parse(text)? {
        url(text)?;
    }
    Ok(StoreChoice::Redis(text.into()))
}

/// A length of time from an hour to a year.
pub(in crate::config) fn duration(text: &str) -> Result<Duration, String> {
    duration_within(HOUR..=365 * DAY, text)
}

/// A length of time within these bounds.
pub(in crate::config) fn duration_within(
    bounds: RangeInclusive<Duration>,
    text: &str,
) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err("is no length of time".into()),
    };
    let count: u64 = digits
        .parse()
        .map_err(|_| "is no length of time".to_string())?;
    let length = Duration::from_secs(count.saturating_mul(unit));
    if bounds.contains(&length) {
        Ok(length)
    } else {
        Err("is too short or too long".into())
    }
}

/// A secret of at least `min` characters. It travels in headers and URLs, so it has only visible ASCII characters.
pub(in crate::config) fn secret(text: &str, min: usize) -> Result<SecretString, String> {
    if text.is_empty() {
        return Err("is empty".into());
    }
    if !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err("has characters other than visible ASCII ones".into());
    }
    if text.len() < min {
        return Err("is too short".into());
    }
    if text.len() > MAX_SECRET_CHARS {
        return Err("is too long".into());
    }
    Ok(text.into())
}
