//! The doors of a running service: callbacks, the read API, and the page that reports an opened toolbar.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::service::API_TOKEN;
use crate::service::callback::Letter;

/// WeCom waits so long for an answer (path/90930).
const WECOM_WAITS: Duration = Duration::from_secs(5);

/// The pause before a callback is posted again.
const AGAIN: Duration = Duration::from_millis(10);

/// How a service is asked. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) base: String,
    http: Client,
}

impl Door {
    pub(crate) fn new(port: u16) -> Self {
        // It fails when another part of the process was first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_certs_only([])
            .timeout(WECOM_WAITS)
            .build();
        Self {
            base: format!("http://127.0.0.1:{port}"),
            http: http.unwrap(),
        }
    }

    /// What `readyz` answers.
    pub(crate) async fn readiness(&self) -> (u16, Value) {
        let answer = self.http.get(format!("{}/readyz", self.base)).send().await;
        let answer = answer.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Whether it says that it can do its work.
    pub(crate) async fn is_ready(&self) -> bool {
        let answer = self.http.get(format!("{}/readyz", self.base)).send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    }

    /// Posts a callback once; nothing when there was no answer.
    pub(crate) async fn post(&self, letter: &Letter) -> Option<u16> {
        let answer = self
            .post_raw(letter.receiver, &letter.query, letter.body.clone())
            .await;
        answer.map(|(status, _)| status)
    }

    /// Posts whatever it is; status and body of the answer.
    pub(crate) async fn post_raw(
        &self,
        receiver: &str,
        query: &str,
        body: impl Into<reqwest::Body>,
    ) -> Option<(u16, String)> {
        let url = format!("{}/callback/{receiver}?{query}", self.base);
        told(self.http.post(url).body(body)).await
    }

    /// Asks for whatever it is; status and body of the answer.
    pub(crate) async fn get_raw(&self, path_and_query: &str) -> Option<(u16, String)> {
        told(self.http.get(format!("{}{path_and_query}", self.base))).await
    }

    /// Posts the same bytes until they are answered 200, as WeCom does, only more patiently; how often that was.
    pub(crate) async fn post_until_taken(&self, letter: &Letter, patience: Duration) -> usize {
        let started = Instant::now();
        for tries in 1.. {
            if self.post(letter).await == Some(200) {
                return tries;
            }
            assert!(started.elapsed() < patience, "a callback is never taken");
            tokio::time::sleep(AGAIN).await;
        }
        unreachable!("tries are not counted to their end")
    }

    /// One answer of the read API.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let found = self.find(path).await;
        found.unwrap_or_else(|| panic!("{path} is not there"))
    }

    /// The same for what may not be there.
    pub(crate) async fn find(&self, path: &str) -> Option<Value> {
        let url = format!("{}/api/v1/{path}", self.base);
        let ask = async || self.http.get(&url).bearer_auth(API_TOKEN).send().await;
        let answer = match ask().await {
            // That a connection ended with a process that was killed may be found out only by using it.
            Err(problem) if problem.is_request() => ask().await.unwrap(),
            answer => answer.unwrap(),
        };
        if answer.status() == 404 {
            return None;
        }
        assert_eq!(answer.status(), 200, "{path}");
        Some(answer.json().await.unwrap())
    }

    /// All items of a list, page by page.
    pub(crate) async fn list(&self, what: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let sign = if what.contains('?') { '&' } else { '?' };
            let mut page = self.read(&format!("{what}{sign}limit=200{after}")).await;
            items.append(page["items"].as_array_mut().unwrap());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        let ids: BTreeSet<&str> = items
            .iter()
            .filter_map(|item| item["id"].as_str())
            .collect();
        let named = items.iter().filter(|item| item["id"].is_string()).count();
        assert_eq!(ids.len(), named, "an id of {what} is there twice");
        items
    }

    /// Whether nothing is left to do, in the inbox and in the outbox.
    pub(crate) async fn is_idle(&self) -> bool {
        // Twice: what ends as one list is read may have brought something into another one, which was read before.
        for open in ["events", "outgoing", "events", "outgoing"] {
            for state in ["waiting", "retrying"] {
                let page = self.read(&format!("{open}?state={state}&limit=1")).await;
                if page["items"] != json!([]) || !page["next"].is_null() {
                    return false;
                }
            }
        }
        true
    }

    /// Logs a member in by the simulator's OAuth; the session's cookie.
    pub(crate) async fn log_in(&self, userid: &str) -> String {
        let start = self.http.get(format!("{}/sidebar", self.base));
        let start = start.send().await.unwrap();
        let login = cookie(&start);
        let to_wecom = format!("{}&as=member:{userid}", location(&start));
        let to_wecom = to_wecom.replace("#wechat_redirect", "");
        let back = self.http.get(to_wecom).send().await.unwrap();
        let back = self.http.get(location(&back)).header(COOKIE, login);
        cookie(&back.send().await.unwrap())
    }

    /// The page reports that the toolbar is open; whether that was taken.
    pub(crate) async fn beacon(&self, session: &str, contact: &str, entry: &str) -> bool {
        let page = self.http.get(format!("{}/sidebar", self.base));
        let Some((200, page)) = told(page.header(COOKIE, session)).await else {
            return false;
        };
        let (_, token) = page.split_once("data-token=\"").unwrap();
        let token = token.split('"').next().unwrap();
        let beacon = json!({"entry": entry, "external_userid": contact});
        let request = self.http.post(format!("{}/sidebar/opened", self.base));
        let request = request.header(COOKIE, session).header(ORIGIN, &self.base);
        let request = request.header("X-Toolbar-Token", token);
        let answer = request.json(&beacon).send().await;
        answer.is_ok_and(|answer| answer.status() == 202)
    }
}

async fn told(request: RequestBuilder) -> Option<(u16, String)> {
    let answer = request.send().await.ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.text().await.ok()?))
}

fn location(answer: &Response) -> String {
    answer.headers()[LOCATION].to_str().unwrap().to_owned()
}

/// The first cookie, as it is sent back.
fn cookie(answer: &Response) -> String {
    let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}
