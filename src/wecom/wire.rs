//! One call of WeCom's API on its way: what goes out, and an answer with its `errcode`.

use std::time::Duration;

use bytes::Bytes;
use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;

use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::exchange::{self, Broken, Exchange, Json, Refused};
use crate::wecom::limit::Rate;
use crate::wecom::{ApiSettings, Secret};

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

/// The way to WeCom's API.
pub(in crate::wecom) struct Wire {
    exchange: Exchange,
    pub(in crate::wecom) patience: Patience,
}

impl Wire {
    pub(in crate::wecom) fn new(settings: &ApiSettings) -> Result<Self, ApiError> {
        let exchange = Exchange::new(settings).map_err(|what| ApiError::Misconfigured {
            errcode: None,
            what,
        })?;
        Ok(Self {
            exchange,
            patience: PATIENCE,
        })
    }

    /// A request without a body. The query may hold secrets; it goes into the address and nowhere else.
    pub(in crate::wecom) fn get(&self, api: &Api, query: &[(&str, &str)]) -> RequestBuilder {
        self.exchange.get(&path(api), query, self.patience(api))
    }

    /// A request with a JSON body.
    pub(in crate::wecom) fn post(
        &self,
        api: &Api,
        query: &[(&str, &str)],
        json: Bytes,
    ) -> RequestBuilder {
        self.exchange
            .post(&path(api), query, json, self.patience(api))
    }

    fn patience(&self, api: &Api) -> Duration {
        match api.lane {
            Lane::Urgent => self.patience.urgent,
            Lane::Usual => self.patience.usual,
        }
    }
}

fn path(api: &Api) -> String {
    format!("cgi-bin/{}", api.path)
}

/// Sends a request and reads the whole answer.
///
/// # Errors
/// [`ApiError::Network`] without an answer and for server errors; [`ApiError::BadReply`] for anything that is not a JSON
/// object. An `errcode` is not looked at yet.
pub(in crate::wecom) async fn send(api: &Api, request: RequestBuilder) -> Result<Answer, ApiError> {
    match exchange::send(request).await {
        Ok(json) => Ok(Answer {
            date: json.date,
            json,
        }),
        Err(Broken::Network(what)) => Err(ApiError::Network {
            api: api.path,
            what,
        }),
        Err(Broken::BadReply(what)) => Err(api.bad_reply(what)),
    }
}

/// An answer: a JSON object, perhaps with an `errcode`.
#[derive(Debug)]
pub(in crate::wecom) struct Answer {
    json: Json,
    /// WeCom's time.
    pub(in crate::wecom) date: Option<Timestamp>,
}

impl Answer {
    /// Whether it is a success.
    ///
    /// # Errors
    /// The [`ApiError`] of the code.
    pub(in crate::wecom) fn check(&self, api: &Api) -> Result<(), ApiError> {
        let window = api.rate.window;
        match self.json.refusal().map_err(|what| api.bad_reply(what))? {
            None => Ok(()),
            Some(Refused { errcode, errmsg }) => {
                Err(ApiError::from_code(api.path, errcode, &errmsg, window))
            }
        }
    }

    /// Reads what the documentation promises. The error names no text out of the answer: it may be personal.
    ///
    /// # Errors
    /// [`ApiError::BadReply`].
    pub(in crate::wecom) fn read<T: DeserializeOwned>(&self, api: &Api) -> Result<T, ApiError> {
        self.json.read().map_err(|what| api.bad_reply(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

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
}
