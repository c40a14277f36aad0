//! One request over HTTPS and its answer: a JSON object of bounded size. What the paths and codes mean is up to the
//! client that asks.

use std::error::Error;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{Certificate, Proxy, RequestBuilder, StatusCode, header, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::model::time::Timestamp;
use crate::wecom::ApiSettings;

/// The largest answer that is read. The largest known ones, 500 relations of a contact, stay below 1 MiB.
const ANSWER_MAX: usize = 8 * 1024 * 1024;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(3);

/// No answer that could be used. The words hold no address: it may have a secret in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Broken {
    /// No answer, or a server error on the way. The call may have been carried out.
    Network(String),
    /// What came is no answer of the API's.
    BadReply(String),
}

/// The HTTP client and the API's address.
pub(crate) struct Exchange {
    http: reqwest::Client,
    base: Url,
}

impl Exchange {
    /// Prepares it.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub(crate) fn new(settings: &ApiSettings) -> Result<Self, String> {
        if !matches!(settings.api_base.scheme(), "http" | "https") {
            return Err("the API's address must be an http(s) address".into());
        }
        Ok(Self {
            http: with_roots(|| builder(settings.proxy.as_ref()))?,
            base: settings.api_base.clone(),
        })
    }

    /// A request without a body. The query may hold secrets; it goes into the address and nowhere else.
    pub(crate) fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
        patience: Duration,
    ) -> RequestBuilder {
        self.http.get(self.address(path, query)).timeout(patience)
    }

    /// A request with a JSON body, in plain UTF-8 as WeCom wants it (40033).
    pub(crate) fn post(
        &self,
        path: &str,
        query: &[(&str, &str)],
        json: Bytes,
        patience: Duration,
    ) -> RequestBuilder {
        self.http
            .post(self.address(path, query))
            .timeout(patience)
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .body(json)
    }

    fn address(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = below(&self.base, &[], path);
        url.query_pairs_mut().clear().extend_pairs(query);
        url
    }
}

/// `base` with path segments added, whether or not it ends in a slash.
pub(crate) fn below(base: &Url, folders: &[&str], path: &str) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments
            .pop_if_empty()
            .extend(folders)
            .extend(path.split('/'));
    }
    url
}

/// Sends a request and reads the whole answer. An `errcode` is not looked at yet.
///
/// # Errors
/// [`Broken::Network`] without an answer and for server errors; [`Broken::BadReply`] for anything that is not a JSON
/// object.
pub(crate) async fn send(request: RequestBuilder) -> Result<Json, Broken> {
    let mut response = request.send().await.map_err(network)?;
    let status = response.status();
    let what = || format!("HTTP status {}", status.as_u16());
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Broken::Network(what()));
    }
    if status != StatusCode::OK {
        return Err(Broken::BadReply(what()));
    }
    let date = response.headers().get(header::DATE);
    let date = date.and_then(|date| parse_date(date.to_str().ok()?));
    let mut text = BytesMut::new();
    while let Some(part) = response.chunk().await.map_err(network)? {
        if text.len() + part.len() > ANSWER_MAX {
            let what = format!("it has more than {ANSWER_MAX} bytes");
            return Err(Broken::BadReply(what));
        }
        text.extend_from_slice(&part);
    }
    if !text.trim_ascii_start().starts_with(b"{") {
        return Err(Broken::BadReply("it is not a JSON object".into()));
    }
    let text = text.freeze();
    Ok(Json { text, date })
}

/// An answer: a JSON object.
#[derive(Debug)]
pub(crate) struct Json {
    text: Bytes,
    /// The other side's time.
    pub(crate) date: Option<Timestamp>,
}

/// A code other than 0, and the words for it.
pub(crate) struct Refused {
    pub(crate) errcode: i64,
    pub(crate) errmsg: String,
}

impl Json {
    /// The refusal that it is. Absent and 0 are success (path/90313).
    ///
    /// # Errors
    /// Where there is something else in its place.
    pub(crate) fn refusal(&self) -> Result<Option<Refused>, String> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(default)]
            errcode: i64,
            errmsg: Option<String>,
        }

        let Head { errcode, errmsg } = self.read()?;
        let errmsg = errmsg.unwrap_or_default();
        Ok((errcode != 0).then_some(Refused { errcode, errmsg }))
    }

    /// Reads what the documentation promises.
    ///
    /// # Errors
    /// Where it is something else. Names no text out of the answer: it may be personal.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_slice(&self.text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!("it is not what the documentation says, at line {line}, column {column}")
        })
    }
}

/// A client with the system's roots, or with those of Mozilla.
///
/// # Errors
/// Why there is none.
pub(crate) fn with_roots(
    builder: impl Fn() -> Result<reqwest::ClientBuilder, String>,
) -> Result<reqwest::Client, String> {
    // The provider is the process's; when somebody installed one before, that one stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    builder()?.build().or_else(|_| {
        // A host without a CA store, such as a small container, cannot build a client with the system's roots.
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
        let roots = roots
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok());
        let client = builder()?.tls_certs_only(roots).build();
        client.map_err(|error| innermost(&error.without_url()))
    })
}

/// What every client begins with.
///
/// # Errors
/// When the proxy's address cannot be used.
pub(crate) fn builder(proxy: Option<&Url>) -> Result<reqwest::ClientBuilder, String> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("wecom-bridge/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT);
    // Only the setting counts: a proxy variable of the environment must not see tokens by surprise.
    let Some(proxy) = proxy else {
        return Ok(builder.no_proxy());
    };
    let proxy = Proxy::all(proxy.clone())
        .map_err(|_| "the proxy's address is not one that can be used".to_owned())?;
    Ok(builder.proxy(proxy))
}

fn network(error: reqwest::Error) -> Broken {
    Broken::Network(broken(error))
}

/// How a request came to nothing, without its address.
pub(crate) fn broken(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        "no answer in time".into()
    } else if error.is_connect() {
        format!("no connection: {}", innermost(&error))
    } else {
        format!("the connection broke: {}", innermost(&error))
    }
}

/// The cause behind all causes: the outer ones only say that a request failed.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// A `Date` header such as `Sun, 06 Nov 1994 08:49:37 GMT`.
fn parse_date(text: &str) -> Option<Timestamp> {
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Timestamp::from_millis(date.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_none_are_refused() {
        for bad in ["ftp://a.example", "mailto:a@b.example", "data:,x"] {
            let settings = ApiSettings {
                api_base: Url::parse(bad).unwrap(),
                proxy: None,
            };
            assert!(Exchange::new(&settings).is_err(), "{bad}");
        }
    }

    #[test]
    fn dates_are_read() {
        let date = parse_date("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(date, Some(Timestamp::from_secs(784_111_777)));
        assert_eq!(parse_date("yesterday"), None);
    }

    #[test]
    fn paths_stand_below_any_base() {
        for (base, expected) in [
            ("https://a.example", "https://a.example/cgi-bin/user/get"),
            ("https://a.example/", "https://a.example/cgi-bin/user/get"),
            ("http://a.example/x", "http://a.example/x/cgi-bin/user/get"),
            ("http://a.example/x/", "http://a.example/x/cgi-bin/user/get"),
        ] {
            let base = Url::parse(base).unwrap();
            assert_eq!(below(&base, &["cgi-bin"], "user/get").as_str(), expected);
        }
    }
}
