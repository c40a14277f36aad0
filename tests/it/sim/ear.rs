//! A callback receiver that opens what it hears and answers by script.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use url::Url;
use wecom_bridge::callback::{Keyring, Query, echo, open};
use wecom_bridge::model::keys::{AesKey, CallbackKeys};
use wecom_bridge::sim::receiver::{Receiver, ReceiverKind};

/// How one POST is answered; 200 and nothing when the script is empty.
#[derive(Clone, Copy)]
pub(crate) enum Reply {
    Status(u16),
    Late,
    Text(&'static str),
}

#[derive(Default)]
struct Heard {
    texts: Vec<String>,
    script: VecDeque<Reply>,
    /// Spoils the answer to the URL check.
    echo_suffix: &'static str,
}

pub(crate) struct Ear {
    url: Url,
    heard: Arc<Mutex<Heard>>,
}

impl Ear {
    pub(crate) fn start() -> Self {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!(
            "http://{}/callback/app?own=1",
            listener.local_addr().unwrap()
        );
        let data = Data::from(Arc::clone(&heard));
        let server = HttpServer::new(move || {
            let route = web::resource("/callback/app");
            let route = route
                .route(web::get().to(check))
                .route(web::post().to(hear));
            App::new().app_data(data.clone()).service(route)
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        tokio::spawn(server);
        Self {
            url: url.parse().unwrap(),
            heard,
        }
    }

    pub(crate) fn receiver(&self, kind: ReceiverKind) -> Receiver {
        Receiver {
            url: self.url.clone(),
            keys: keys(),
            receive_id: "ww1000".into(),
            kind,
        }
    }

    pub(crate) fn script(&self, replies: &[Reply]) {
        self.heard.lock().unwrap().script.extend(replies);
    }

    pub(crate) fn spoil_echo(&self, suffix: &'static str) {
        self.heard.lock().unwrap().echo_suffix = suffix;
    }

    /// What was heard since the last look.
    pub(crate) fn texts(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap().texts)
    }
}

fn keys() -> CallbackKeys {
    CallbackKeys {
        token: "QDG6eK".into(),
        aes_key: AesKey::parse("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C").unwrap(),
    }
}

fn keyring() -> Keyring {
    Keyring::new(keys(), None, vec!["ww1000".into()])
}

async fn check(heard: Data<Mutex<Heard>>, request: HttpRequest) -> HttpResponse {
    let query = Query::parse(request.query_string()).unwrap();
    let plaintext = echo(&keyring(), &query).unwrap();
    let suffix = heard.lock().unwrap().echo_suffix;
    HttpResponse::Ok().body(format!("{}{suffix}", plaintext.text()))
}

async fn hear(heard: Data<Mutex<Heard>>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let query = Query::parse(request.query_string()).unwrap();
    let plaintext = open(&keyring(), &query, &body).unwrap();
    let reply = {
        let mut heard = heard.lock().unwrap();
        heard.texts.push(plaintext.text().into_owned());
        heard.script.pop_front().unwrap_or(Reply::Text(""))
    };
    match reply {
        Reply::Status(status) => HttpResponse::build(status.try_into().unwrap()).finish(),
        Reply::Text(text) => HttpResponse::Ok().body(text),
        Reply::Late => std::future::pending().await,
    }
}
