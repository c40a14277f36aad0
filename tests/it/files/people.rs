//! An office with a form and two customers, and what their browsers send.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Response;
use reqwest::header::{COOKIE, ORIGIN};
use serde_json::Value as Json;
use sha2::Sha256;
use wecom_bridge::act::error::ActError;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::request::{Command, Content, Draft, Request, Submission, Target};
use wecom_bridge::model::form::{CustomerUse, Field, FieldKind, Submissions, Value};
use wecom_bridge::model::ids::{CorpId, ExternalUserId};
use wecom_bridge::model::item::{Actor, Circle, ItemKey, ItemRef};
use wecom_bridge::model::time::Timestamp;
use wecom_bridge::sim::person::{Contact, Member};

use super::bucket::Bucket;
use crate::pages::session;
use crate::world::{Address, CORP, On, SECRET, Setup, World, contact, user};

pub(crate) const OWN: &str = "https://bridge.localhost";
pub(crate) const FORM: &str = "home/files?tenantKey=team1&item=form:f1";

pub(crate) struct Office {
    pub(crate) world: World,
    pub(crate) bucket: Option<Bucket>,
    pub(crate) wang: Browser,
    pub(crate) chen: Browser,
    pub(crate) zhang: Browser,
    pub(crate) li: Browser,
}

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) cookie: String,
    pub(crate) origin: Option<&'static str>,
    pub(crate) token: String,
    pub(crate) json: bool,
}

/// A part of a form: its name, the name of the file if it is one, and what is in it.
pub(crate) type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

impl Office {
    /// With a store of this kind; the embedded one has a folder beside it, Redis a bucket.
    pub(crate) async fn open(on: On) -> Self {
        let setup = Setup {
            address: Address::BehindTls,
            ..Setup::default()
        };
        let mut world = World::with(on, setup).await;
        let (zhang, wang) = world.people();
        let chen = contact("wmCustomer2");
        {
            let mut corp = world.sim.corp();
            corp.add_contact(Contact::new(chen.clone(), "陈先生"));
            corp.add_member(Member::new(user("LiSi"), "李四"));
        }
        for customer in [&wang, &chen] {
            world.sim.customer_adds(&zhang, customer).await.unwrap();
        }
        world.ask(&OwnEvent::RefreshMember { userid: zhang }).await;
        world.settle().await;
        let bucket = match on {
            On::Embedded => None,
            On::Redis => {
                let bucket = Bucket::start();
                world
                    .restart("[api]", &format!("{}[api]", bucket.toml()))
                    .await;
                Some(bucket)
            }
        };
        let office = Self {
            wang: Browser::of(&world, "contact:wmCustomer1").await,
            chen: Browser::of(&world, "contact:wmCustomer2").await,
            zhang: Browser::of(&world, "member:ZhangSan").await,
            li: Browser::of(&world, "member:LiSi").await,
            world,
            bucket,
        };
        office.ask(zhang_san(), form("f1")).await.unwrap();
        for customer in [&wang, &chen] {
            office.share(customer, "form:f1").await;
        }
        office
    }

    pub(crate) async fn ask(&self, by: Actor, command: Command) -> Result<(), ActError> {
        let request = Request {
            id: None,
            digest: format!("{command:?}"),
            by,
            command,
        };
        let now = self.world.clock.now();
        let asked = self.world.act().ask(&corp(), &request, now).await;
        asked.map(drop)
    }

    pub(crate) async fn share(&self, customer: &ExternalUserId, shown: &str) {
        let share = Command::Share(customer.clone(), vec![item(shown)]);
        self.ask(zhang_san(), share).await.unwrap();
        let confirm = Command::ConfirmShare(customer.clone(), item(shown));
        self.ask(zhang_san(), confirm).await.unwrap();
    }

    /// A customer submits the form with these files; it becomes this record.
    pub(crate) async fn submit(
        &self,
        who: &str,
        record: &str,
        files: &[&str],
    ) -> Result<(), ActError> {
        let files = files.iter().map(|id| (*id).to_owned()).collect();
        let command = Command::Submit(Submission {
            form: key("f1"),
            contact: contact(who),
            record: key(record),
            values: BTreeMap::from([("photos".to_owned(), Value::Many(files))]),
        });
        self.ask(Actor::Contact(contact(who)), command).await
    }

    /// Sends a form with these parts.
    pub(crate) async fn send(&self, browser: &Browser, to: &str, parts: &[Part<'_>]) -> Response {
        let mut body = Vec::new();
        for (name, file, content) in parts {
            let file = file.map_or_else(String::new, |file| format!("; filename=\"{file}\""));
            let head = format!(
                "--part\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\
                 Content-Type: image/png\r\n\r\n"
            );
            body.extend(head.into_bytes());
            body.extend(*content);
            body.extend(b"\r\n");
        }
        body.extend(b"--part--\r\n");
        let mut request = self
            .world
            .post(to)
            .header("content-type", "multipart/form-data; boundary=part")
            .header(COOKIE, &browser.cookie)
            .body(body);
        if browser.json {
            request = request.header("accept", "application/json");
        }
        if let Some(origin) = browser.origin {
            request = request.header(ORIGIN, origin);
        }
        request.send().await.unwrap()
    }

    /// Uploads a file as the script does.
    pub(crate) async fn upload(
        &self,
        browser: &Browser,
        to: &str,
        name: &str,
        content: &[u8],
    ) -> (u16, Json) {
        let token = browser.token.as_bytes();
        let parts: [Part<'_>; 2] = [
            ("upload_token", None, token),
            ("file:photos", Some(name), content),
        ];
        let answer = self.send(browser, to, &parts).await;
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Uploads a file that is taken in; its id.
    pub(crate) async fn uploaded(&self, browser: &Browser, to: &str, content: &[u8]) -> String {
        let (status, told) = self.upload(browser, to, "照片.png", content).await;
        assert_eq!(status, 200, "{told}");
        told["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, browser: &Browser, path: &str) -> Response {
        let request = self.world.get(path).header(COOKIE, &browser.cookie);
        request.send().await.unwrap()
    }

    /// Who of all gets a file: the statuses for Ms Wang, Mr Chen, Zhang San, Li Si, and a stranger.
    pub(crate) async fn seen_by(&self, id: &str) -> [u16; 5] {
        let stranger = Browser {
            cookie: String::new(),
            ..self.wang.clone()
        };
        let mut statuses = [0; 5];
        let all = [&self.wang, &self.chen, &self.zhang, &self.li, &stranger];
        for (status, browser) in statuses.iter_mut().zip(all) {
            let answer = self.get(browser, &format!("files/{id}")).await;
            *status = answer.status().as_u16();
        }
        statuses
    }

    /// How many files are kept, whatever their age.
    pub(crate) async fn kept(&self) -> usize {
        use futures_util::StreamExt;

        let later = Timestamp::from_secs(4_000_000_000);
        self.world.files().before(&corp(), later).count().await
    }
}

impl Browser {
    pub(crate) async fn of(world: &World, who: &str) -> Self {
        let cookie = session(world, who).await;
        Self {
            token: token(&cookie),
            cookie,
            origin: Some(OWN),
            json: true,
        }
    }
}

/// What an upload field of this session carries.
fn token(cookie: &str) -> String {
    let mac = |key: &[u8], text: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text);
        mac.finalize().into_bytes()
    };
    let mut secret = (SECRET.len() as u64).to_be_bytes().to_vec();
    secret.extend(SECRET.as_bytes());
    let key = mac(b"wecom-bridge session cookies", &secret);
    let (_, value) = cookie.split_once('=').unwrap();
    let tag = mac(&key, format!("file form\n{value}").as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(tag)
}

pub(crate) fn corp() -> CorpId {
    CorpId::parse(CORP).unwrap()
}

pub(crate) fn key(text: &str) -> ItemKey {
    ItemKey::parse(text).unwrap()
}

pub(crate) fn item(text: &str) -> ItemRef {
    text.parse().unwrap()
}

pub(crate) fn zhang_san() -> Actor {
    Actor::Member(user("ZhangSan"))
}

/// A form with a field for photographs, which only its members see.
pub(crate) fn form(id: &str) -> Command {
    let field = |key: &str, customer| Field {
        key: key.into(),
        label: key.into(),
        kind: FieldKind::Attachment { max: 3 },
        required: false,
        hint: String::new(),
        default: None,
        customer,
    };
    put(
        Target::New(key(id)),
        Content::Form {
            fields: vec![
                field("photos", CustomerUse::FillsIn),
                field("internal", CustomerUse::Nothing),
                Field {
                    kind: FieldKind::Text { max: 50 },
                    ..field("what", CustomerUse::FillsIn)
                },
            ],
            submissions: Submissions::Many,
            steps: vec!["待处理".into()],
        },
    )
}

pub(crate) fn put(target: Target, content: Content) -> Command {
    Command::Put(Box::new(Draft {
        target,
        title: "报修".into(),
        description: String::new(),
        picture: None,
        owner: None,
        followers: None,
        circle: Circle::Followers,
        content,
    }))
}
