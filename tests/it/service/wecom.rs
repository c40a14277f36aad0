//! The simulator as the WeCom of a service under test.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;
use wecom_bridge::clock::Clock;
use wecom_bridge::model::ids::{AgentId, CorpId, ExternalUserId, UserId};
use wecom_bridge::sim::ledger::Sent;
use wecom_bridge::sim::person::{Account, Contact, Member};
use wecom_bridge::sim::receiver::{Receiver, ReceiverKind};
use wecom_bridge::sim::{Sim, SimSettings};

use crate::service::api::Door;
use crate::service::callback::{app_keys, sync_keys};
use crate::service::{APP_SECRET, CORP, SYNC_SECRET};
use crate::sim::ear::Ear;

pub(crate) const AGENT: AgentId = AgentId(1000002);

/// Starts a WeCom whose people are added by the test.
pub(crate) async fn start() -> Sim {
    start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
}

/// Starts it at this address.
pub(crate) async fn start_at(listen: SocketAddr) -> Sim {
    let corp = CorpId::parse(CORP).unwrap();
    let mut settings = SimSettings::new(corp, AGENT, APP_SECRET.into(), Clock::system());
    settings.listen = listen;
    settings.contact_sync_secret = Some(SYNC_SECRET.into());
    Sim::start(settings).await.unwrap()
}

/// Saves both callback URLs in the console, which checks them.
pub(crate) async fn register(sim: &Sim, door: &Door) {
    for (name, keys, kind) in [
        ("app", app_keys(), ReceiverKind::App),
        ("sync", sync_keys(), ReceiverKind::ContactSync),
    ] {
        let receiver = Receiver {
            url: Url::parse(&format!("{}/callback/{name}", door.base)).unwrap(),
            keys,
            receive_id: CORP.into(),
            kind,
        };
        sim.register_patiently(&receiver).await.unwrap();
    }
}

/// Takes the callbacks that a simulator sends, so that the test can deliver them in its own way.
pub(crate) struct Post {
    pub(crate) sim: Sim,
    /// One doing at a time, so that it is known what it caused.
    ear: Mutex<Ear>,
}

impl Post {
    pub(crate) async fn start() -> Self {
        let (sim, ear) = (start().await, Ear::start());
        sim.register(ear.receiver(ReceiverKind::App)).await.unwrap();
        Self {
            sim,
            ear: Mutex::new(ear),
        }
    }

    /// Has somebody do something, and gives the XML of the one callback that it causes.
    pub(crate) async fn callback_of<T>(&self, doing: impl Future<Output = T>) -> String {
        let ear = self.ear.lock().await;
        doing.await;
        let mut texts = ear.texts();
        assert_eq!(texts.len(), 1, "{texts:?}");
        texts.remove(0)
    }
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

pub(crate) fn contact(id: &str) -> ExternalUserId {
    ExternalUserId::parse(id).unwrap()
}

/// Adds a member with an unmistakable name.
pub(crate) fn add_member(sim: &Sim, id: &str) {
    let member = Member::new(user(id), &format!("成员〔{id}〕"));
    sim.corp().add_member(member);
}

/// Adds an outside person with an unmistakable name. WeCom gives a welcome code for WeChat accounts only.
pub(crate) fn add_contact(sim: &Sim, id: &str, account: Account) {
    let mut person = Contact::new(contact(id), &format!("客户〔{id}〕"));
    person.account = account;
    sim.corp().add_contact(person);
}

/// How many welcome messages each contact got.
pub(crate) fn welcomes(sim: &Sim) -> BTreeMap<String, usize> {
    let mut welcomes = BTreeMap::new();
    for sent in sim.sent() {
        if let Sent::Welcome(welcome) = sent {
            let id = welcome.external_userid.as_str().to_owned();
            *welcomes.entry(id).or_default() += 1;
        }
    }
    welcomes
}

/// How many cards with each title reached a member.
pub(crate) fn cards(sim: &Sim) -> BTreeMap<String, usize> {
    let mut cards = BTreeMap::new();
    for sent in sim.sent() {
        if let Sent::Message(message) = sent {
            let title = message.content["main_title"]["title"].as_str().unwrap();
            *cards.entry(title.to_owned()).or_default() += message.to.len();
        }
    }
    cards
}

/// What the service has heard from WeCom and must not log: names and remarks, the tokens that are in use, and codes.
pub(crate) async fn secrets(sim: &Sim) -> Vec<String> {
    let mut secrets = ["成员〔", "客户〔", "备注〔"].map(str::to_owned).to_vec();
    for secret in [APP_SECRET, SYNC_SECRET] {
        let url = format!(
            "{}cgi-bin/gettoken?corpid={CORP}&corpsecret={secret}",
            sim.base()
        );
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build();
        let answer = http.unwrap().get(url).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        secrets.push(answer["access_token"].as_str().unwrap().to_owned());
    }
    secrets.extend(sim.codes());
    secrets
}
