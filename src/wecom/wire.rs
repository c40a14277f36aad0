//! One request over HTTPS: what goes out, and an answer of bounded size that is WeCom's.

use std::error::Error;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{Certificate, Proxy, RequestBuilder, StatusCode, header, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::limit::Rate;
use crate::wecom::{ApiSettings, Secret};

/// The largest answer that is read. The largest known ones, 500 relations of a contact, stay below 1 MiB.
const ANSWER_MAX: usize = 8 * 1024 * 1024;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(3);

/// One call of WeCom's API.
#[derive(Debug)]
pub(in crate::wecom) struct Api {
    /// Its path below `/cgi-bin/`; also its name in errors.
    pub(in crate::wecom) path: &'static str,
    /// Whose token it takes.
    pub(in crate::wecom) secret: Secret,
    /// How long an answer may take, and which calls it waits for.
    pub(in crate::wecom) lane: Lane,
    /// How often it may be made.
    pub(in crate::wecom) rate: Rate,
    /// The bucket it draws from; calls that WeCom counts together share one.
    pub(in crate::wecom) bucket: &'static str,
}

impl Api {
    /// An answer that is not what the documentation says.
    pub(in crate::wecom) fn bad_reply(&self, what: impl Into<String>) -> ApiError {
        ApiError::BadReply {
            api: self.path,
            what: what.into(),
        }
    }
}

/// How much time a call has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::wecom) enum Lane {
    /// 3 seconds: the codes of welcome messages and card changes are short-lived.
    Urgent,
    /// 10 seconds.
    Usual,
}

/// How long answers may take.
#[derive(Debug, Clone, Copy)]
pub(in crate::wecom) struct Patience {
    pub(in crate::wecom) urgent: Duration,
    pub(in crate::wecom) usual: Duration,
}

/// The settled patience; tests have less.
pub(in crate::wecom) const PATIENCE: Patience = Patience {
    urgent: Duration::from_secs(3),
    usual: Duration::from_secs(10),
};

/// The HTTP client and WeCom's address.
pub(in crate::wecom) struct Wire {
    http: reqwest::Client,
    base: Url,
    pub(in crate::wecom) patience: Patience,
}

impl Wire {
    pub(in crate::wecom) fn new(settings: &ApiSettings) -> Result<Self, ApiError> {
        if !matches!(settings.api_base.scheme(), "http" | "https") {
            return Err(misconfigured(
                "the API's address must be an http(s) address",
            ));
        }
        // The provider is the process's; when somebody installed one before, that one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = builder(settings)?.build().or_else(|_| {
            // A host without a CA store, such as a small container, cannot build a client with the system's roots.
            let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
            let roots = roots
                .iter()
                .filter_map(|der| Certificate::from_der(der).ok());
            let client = builder(settings)?.tls_certs_only(roots).build();
            client.map_err(|error| misconfigured(&innermost(&error.without_url())))
        })?;
        Ok(Self {
            http,
            base: settings.api_base.clone(),
            patience: PATIENCE,
        })
    }

    /// A request without a body. The query may hold secrets; it goes into the address and nowhere else.
    pub(in crate::wecom) fn get(&self, api: &Api, query: &[(&str, &str)]) -> RequestBuilder {
        self.http
            .get(self.address(api, query))
            .timeout(self.patience(api))
    }

    /// A request with a JSON body, in plain UTF-8 as WeCom wants it (40033).
    pub(in crate::wecom) fn post(
        &self,
        api: &Api,
        query: &[(&str, &str)],
        json: Bytes,
    ) -> RequestBuilder {
        self.http
            .post(self.address(api, query))
            .timeout(self.patience(api))
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .body(json)
    }

    fn address(&self, api: &Api, query: &[(&str, &str)]) -> Url {
        let mut url = below(&self.base, &["cgi-bin"], api.path);
        url.query_pairs_mut().clear().extend_pairs(query);
        url
    }

    fn patience(&self, api: &Api) -> Duration {
        match api.lane {
            Lane::Urgent => self.patience.urgent,
            Lane::Usual => self.patience.usual,
        }
    }
}

/// `base` with path segments added, whether or not it ends in a slash.
pub(in crate::wecom) fn below(base: &Url, folders: &[&str], path: &str) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments
            .pop_if_empty()
            .extend(folders)
            .extend(path.split('/'));
    }
    url
}

/// Sends a request and reads the whole answer.
///
/// # Errors
/// [`ApiError::Network`] without an answer and for server errors; [`ApiError::BadReply`] for anything that is not a JSON
/// object. An `errcode` is not looked at yet.
pub(in crate::wecom) async fn send(api: &Api, request: RequestBuilder) -> Result<Answer, ApiError> {
    let network = |error: reqwest::Error| network(api, error);
    let mut response = request.send().await.map_err(network)?;
    let status = response.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        let what = format!("HTTP status {}", status.as_u16());
        return Err(ApiError::Network {
            api: api.path,
            what,
        });
    }
    if status != StatusCode::OK {
        return Err(api.bad_reply(format!("HTTP status {}", status.as_u16())));
    }
    let date = response.headers().get(header::DATE);
    let date = date.and_then(|date| parse_date(date.to_str().ok()?));
    let mut json = BytesMut::new();
    while let Some(part) = response.chunk().await.map_err(network)? {
        if json.len() + part.len() > ANSWER_MAX {
            return Err(api.bad_reply(format!("it has more than {ANSWER_MAX} bytes")));
        }
        json.extend_from_slice(&part);
    }
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err(api.bad_reply("it is not a JSON object"));
    }
    let json = json.freeze();
    Ok(Answer { json, date })
}

/// An answer: a JSON object, perhaps with an `errcode`.
#[derive(Debug)]
pub(in crate::wecom) struct Answer {
    json: Bytes,
    /// WeCom's time.
    pub(in crate::wecom) date: Option<Timestamp>,
}

impl Answer {
    /// Absent and 0 are success (path/90313).
    ///
    /// # Errors
    /// The [`ApiError`] of the code.
    pub(in crate::wecom) fn check(&self, api: &Api) -> Result<(), ApiError> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(default)]
            errcode: i64,
            errmsg: Option<String>,
        }

        let head: Head = self.read(api)?;
        if head.errcode == 0 {
            return Ok(());
        }
        let errmsg = head.errmsg.unwrap_or_default();
        Err(ApiError::from_code(
            api.path,
            head.errcode,
            &errmsg,
            api.rate.window,
        ))
    }

    /// Reads what the documentation promises. The error names no text out of the answer: it may be personal.
    ///
    /// # Errors
    /// [`ApiError::BadReply`].
    pub(in crate::wecom) fn read<T: DeserializeOwned>(&self, api: &Api) -> Result<T, ApiError> {
        serde_json::from_slice(&self.json).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            api.bad_reply(format!(
                "it is not what the documentation says, at line {line}, column {column}"
            ))
        })
    }
}

fn builder(settings: &ApiSettings) -> Result<reqwest::ClientBuilder, ApiError> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("wecom-bridge/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT);
    // Only the setting counts: a proxy variable of the environment must not see tokens by surprise.
    let Some(proxy) = &settings.proxy else {
        return Ok(builder.no_proxy());
    };
    let proxy = Proxy::all(proxy.clone())
        .map_err(|_| misconfigured("the proxy's address is not one that can be used"))?;
    Ok(builder.proxy(proxy))
}

fn misconfigured(what: &str) -> ApiError {
    ApiError::Misconfigured {
        errcode: None,
        what: what.into(),
    }
}

fn network(api: &Api, error: reqwest::Error) -> ApiError {
    let error = error.without_url();
    let what = if error.is_timeout() {
        "no answer in time".into()
    } else if error.is_connect() {
        format!("no connection: {}", innermost(&error))
    } else {
        format!("the connection broke: {}", innermost(&error))
    };
    ApiError::Network {
        api: api.path,
        what,
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
    use crate::model::ids::UserId;
    use crate::wecom::Client;
    use crate::wecom::error::Retry;
    use crate::wecom::script::{self, NOW, Reply, Script};

    /// Some call.
    async fn read(client: &Client) -> Result<(), ApiError> {
        let id = UserId::parse("zhang").unwrap();
        client.external_profile(&id, NOW).await.map(|_| ())
    }

    /// Every way in which an answer can be bad, and what is made of it.
    #[tokio::test]
    async fn bad_answers_are_told_apart() {
        let http = |status: &str, more: &str, body: &str| {
            format!("HTTP/1.1 {status}\r\n{more}Connection: close\r\n\r\n{body}")
        };
        let page = http("200 OK", "", "<html>Sign in to the hotel's network</html>");
        let redirect = http("302 Found", "Location: /cgi-bin/elsewhere\r\n", "");
        let gateway = http("502 Bad Gateway", "", "");
        let missing = http("404 Not Found", "", "{}");
        let list = http("200 OK", "", "[]");
        let half = http("200 OK", "Content-Length: 100\r\n", "{\"errcode\":0");
        let cut = http("200 OK", "", "{\"errcode\":0");
        let text = http("200 OK", "", "{\"errcode\":\"0\"}");
        let huge = http("200 OK", "", &format!("{{{}}}", " ".repeat(9 << 20)));
        for (answer, expected) in [
            (Reply::Hang, "no answer from WeCom: no answer in time"),
            (Reply::Cut, "no answer from WeCom: the connection broke"),
            (Reply::Raw(gateway), "no answer from WeCom: HTTP status 502"),
            (
                Reply::Raw(half),
                "no answer from WeCom: the connection broke",
            ),
            (Reply::Raw(missing), "cannot be understood: HTTP status 404"),
            (
                Reply::Raw(redirect),
                "cannot be understood: HTTP status 302",
            ),
            (
                Reply::Raw(page),
                "cannot be understood: it is not a JSON object",
            ),
            (
                Reply::Raw(list),
                "cannot be understood: it is not a JSON object",
            ),
            (Reply::Raw(cut), "cannot be understood: it is not what"),
            (Reply::Raw(text), "cannot be understood: it is not what"),
            (Reply::Raw(huge), "cannot be understood: it has more than"),
        ] {
            let script =
                Script::start(move |asked, _| (asked.path == "user/get").then(|| answer.clone()))
                    .await;
            let error = read(&script.client()).await.unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
            assert_eq!(error.retry(), Retry::Again { after: None });
            assert_eq!(script.asked("user/get").len(), 1, "{expected}");
            assert!(script.asked("elsewhere").is_empty());
        }
    }

    #[tokio::test]
    async fn nobody_there_is_a_network_error() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let client = script::client(&Url::parse(&base).unwrap(), None, None);
        let error = read(&client).await.unwrap_err().to_string();
        assert!(
            error.starts_with("gettoken: no answer from WeCom: no connection: "),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_proxy_is_used_when_it_is_set() {
        let script = Script::start(|_, _| None).await;
        read(&script.client_by_proxy()).await.unwrap();
        let asked = &script.asked("user/get")[0];
        assert!(asked.head.starts_with("GET http://wecom.invalid/cgi-bin/"));
    }

    #[test]
    fn addresses_that_are_none_are_refused() {
        for bad in ["ftp://a.example", "mailto:a@b.example", "data:,x"] {
            let settings = ApiSettings {
                api_base: Url::parse(bad).unwrap(),
                proxy: None,
            };
            assert!(Wire::new(&settings).is_err(), "{bad}");
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
