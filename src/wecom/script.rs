//! A scripted WeCom for tests: answers every request with what the script says and remembers what it was asked.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::model::ids::{AgentId, CorpId};
use crate::model::rate::{Bucket, Rate, Taken};
use crate::model::time::Timestamp;
use crate::wecom::shared::{Shared, Unshared};
use crate::wecom::wire::Patience;
use crate::wecom::{ApiSettings, AppSecret, Client, Credentials};

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

pub(crate) const APP_SECRET: &str = "app-secret-0123456789012345678901234567890";
pub(crate) const SYNC_SECRET: &str = "sync-secret-012345678901234567890123456789";

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Below `/cgi-bin/`.
    pub(crate) path: String,
    pub(crate) query: HashMap<String, String>,
    pub(crate) body: String,
    pub(crate) head: String,
}

/// What the script does with a request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Answers with JSON.
    Json(Value),
    /// Answers with this, status line and all.
    Raw(String),
    /// Cuts the connection.
    Cut,
    /// Says nothing and keeps the connection.
    Hang,
}

type Plot = dyn Fn(&Asked, usize) -> Option<Reply> + Send + Sync;

/// A running script. Its server ends with the test's runtime.
pub(crate) struct Script {
    base: Url,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Script {
    /// Starts a server. `plot` sees a request and how many came before it with the same path; `None` means the usual
    /// answer: `gettoken` gives a token that names its secret and its number, everything else "ok".
    pub(crate) async fn start(
        plot: impl Fn(&Asked, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let plot: Arc<Plot> = Arc::new(plot);
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&log), Arc::clone(&plot)));
            }
        });
        Self {
            base: Url::parse(&base).unwrap(),
            asked,
        }
    }

    /// A client with both secrets that gives up after 300 ms.
    pub(crate) fn client(&self) -> Client {
        client(&self.base, None, Some(SYNC_SECRET))
    }

    /// Where it listens.
    pub(crate) const fn base(&self) -> &Url {
        &self.base
    }

    /// A client that cannot write profiles.
    pub(crate) fn client_without_contact_sync(&self) -> Client {
        client(&self.base, None, None)
    }

    /// A client for an address that only this script, as its proxy, can answer for.
    pub(crate) fn client_by_proxy(&self) -> Client {
        let nowhere = Url::parse("http://wecom.invalid").unwrap();
        client(&nowhere, Some(&self.base), None)
    }

    /// What was asked below `path`, oldest first.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|a| a.path == path).cloned().collect()
    }

    /// The only body that was sent to `path`.
    #[track_caller]
    pub(crate) fn body(&self, path: &str) -> Value {
        let asked = self.asked(path);
        assert_eq!(asked.len(), 1, "{path} was asked {} times", asked.len());
        serde_json::from_str(&asked[0].body).unwrap()
    }
}

/// What two clients share, in memory.
#[derive(Debug, Default)]
pub(crate) struct Together {
    buckets: Mutex<HashMap<String, Bucket>>,
    notes: Mutex<HashMap<String, String>>,
    deaf: AtomicBool,
}

impl Together {
    /// Lets it answer nothing any more, or again.
    pub(crate) fn is_deaf(&self, deaf: bool) {
        self.deaf.store(deaf, Ordering::Relaxed);
    }

    pub(crate) fn note(&self, name: &str) -> Option<String> {
        self.notes.lock().unwrap().get(name).cloned()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let mut notes = self.notes.lock().unwrap();
        notes.insert(name.into(), text.into());
    }

    /// All that is kept, names and texts.
    pub(crate) fn texts(&self) -> Vec<String> {
        let notes = self.notes.lock().unwrap();
        let pairs = notes.iter().flat_map(|(name, text)| [name, text]);
        pairs.cloned().collect()
    }

    fn answer<T: Send + 'static>(&self, answer: T) -> BoxFuture<'static, Result<T, Unshared>> {
        let deaf = self.deaf.load(Ordering::Relaxed);
        ready(if deaf {
            Err(Unshared("deaf".into()))
        } else {
            Ok(answer)
        })
        .boxed()
    }
}

impl Shared for Together {
    fn take<'a>(
        &'a self,
        bucket: &'a str,
        rate: Rate,
        want: u32,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Taken, Unshared>> {
        let mut buckets = self.buckets.lock().unwrap();
        let bucket = buckets.entry(bucket.into()).or_default();
        self.answer(bucket.take(rate, want, now))
    }

    fn pause<'a>(
        &'a self,
        bucket: &'a str,
        length: Duration,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<(), Unshared>> {
        let mut buckets = self.buckets.lock().unwrap();
        let bucket = buckets.entry(bucket.into()).or_default();
        bucket.pause(length, now);
        self.answer(())
    }

    fn note<'a>(
        &'a self,
        name: &'a str,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<Option<String>, Unshared>> {
        self.answer(Together::note(self, name))
    }

    fn swap<'a>(
        &'a self,
        name: &'a str,
        expected: Option<&'a str>,
        value: Option<&'a str>,
        _: Duration,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<bool, Unshared>> {
        let mut notes = self.notes.lock().unwrap();
        let swapped = notes.get(name).map(String::as_str) == expected;
        match value {
            _ if !swapped => {}
            Some(value) => drop(notes.insert(name.into(), value.into())),
            None => drop(notes.remove(name)),
        }
        self.answer(swapped)
    }
}

/// A client of the app that gives up after 300 ms.
pub(crate) fn client(api_base: &Url, proxy: Option<&Url>, contact_sync: Option<&str>) -> Client {
    let settings = ApiSettings {
        api_base: api_base.clone(),
        proxy: proxy.cloned(),
    };
    let credentials = Credentials {
        corp: CorpId::parse("ww1").unwrap(),
        app: AppSecret {
            agent_id: AgentId(1_000_002),
            secret: APP_SECRET.into(),
        },
        contact_sync: contact_sync.map(Into::into),
    };
    let mut client = Client::new(&settings, credentials).unwrap();
    client.wire.patience = Patience {
        urgent: Duration::from_millis(300),
        usual: Duration::from_millis(300),
    };
    client
}

/// An answer with an error code.
pub(crate) fn errcode(errcode: i64) -> Option<Reply> {
    Some(Reply::Json(json!({"errcode": errcode, "errmsg": "words"})))
}

/// An answer.
pub(crate) fn reply(json: Value) -> Option<Reply> {
    Some(Reply::Json(json))
}

fn usual(asked: &Asked, before: usize) -> Reply {
    if asked.path != "gettoken" {
        return Reply::Json(json!({"errcode": 0, "errmsg": "ok"}));
    }
    let kind = &asked.query["corpsecret"][..4];
    Reply::Json(json!({
        "errcode": 0,
        "errmsg": "ok",
        "access_token": format!("token-{kind}-{before}-of-some-length-0123456789"),
        "expires_in": 7200,
    }))
}

async fn serve(mut stream: TcpStream, log: Arc<Mutex<Vec<Asked>>>, plot: Arc<Plot>) {
    let Some(asked) = read(&mut stream).await else {
        return;
    };
    let before = {
        let mut log = log.lock().unwrap();
        let before = log.iter().filter(|a| a.path == asked.path).count();
        log.push(asked.clone());
        before
    };
    let text = match plot(&asked, before).unwrap_or_else(|| usual(&asked, before)) {
        Reply::Json(json) => {
            let json = json.to_string();
            format!(
                "HTTP/1.1 200 OK\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{json}",
                json.len()
            )
        }
        Reply::Raw(text) => text,
        Reply::Cut => return,
        Reply::Hang => std::future::pending().await,
    };
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// Reads one HTTP/1.1 request with a `Content-Length` or without a body.
async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.parse().unwrap())
    });
    let length: usize = length.unwrap_or(0);
    while bytes.len() < head_end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let target = head.split(' ').nth(1).unwrap();
    let url = Url::parse("http://x").unwrap().join(target).unwrap();
    Some(Asked {
        path: url.path().trim_start_matches("/cgi-bin/").to_owned(),
        query: url.query_pairs().into_owned().collect(),
        body: String::from_utf8(bytes[head_end..].to_vec()).unwrap(),
        head,
    })
}
