//! The whole service in this process, with a few people and items in it, asked without a socket.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use actix_web::dev::Service;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::rt::Runtime;
use actix_web::test::{self, TestRequest};
use actix_web::{App as Routes, web};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::json;
use tempfile::TempDir;
use wecom_bridge::act::Act;
use wecom_bridge::app::App;
use wecom_bridge::clock::Clock;
use wecom_bridge::config::Config;
use wecom_bridge::decide::request::{Command, Content, Draft, Request, Target};
use wecom_bridge::model::form::{CustomerUse, Field, FieldKind, Submissions};
use wecom_bridge::model::ids::{CorpId, ExternalUserId, UserId};
use wecom_bridge::model::item::{Actor, Circle, ItemKey};
use wecom_bridge::model::project::{Handler, Stage, Task, TaskState};
use wecom_bridge::model::time::Timestamp;
use wecom_bridge::store::Store;
use wecom_bridge::store::entrance::Entrance;
use wecom_bridge::store::record::{Key, Table};
use wecom_bridge::store::transfer::Piece;

use super::wire;

/// The corp, its customer, the member who has the customer, and one who has none.
pub const CORP: &str = "ww0123456789abcdef";
pub const CUSTOMER: &str = "wmCustomer1";
pub const MEMBER: &str = "ZhangSan";
pub const COLLEAGUE: &str = "LiSi";

/// The customer's name, which is on the pages of those alone who may see it.
pub const NAME: &str = "王女士";

/// Opens the API.
pub const API_TOKEN: &str = "a-token-of-the-api";

/// Where the pages are.
pub const OWN: &str = "http://127.0.0.1:8080";

const SECRET: &str = "secret-of-the-app";

/// After so many requests everything is built anew, so that what they have left behind does not grow.
const REQUESTS_MAX: usize = 4000;

/// As long as nobody is too fast by.
const BETWEEN: Duration = Duration::from_secs(100);

type Answers = Box<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Answer>>;

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// A header, as text.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// The body, as text.
    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("texts are UTF-8")
    }

    /// Whether it is a page.
    pub fn is_html(&self) -> bool {
        self.header(CONTENT_TYPE.as_str()).starts_with("text/html")
    }
}

/// The service and who is in it.
pub struct Ground {
    runtime: Runtime,
    answers: Answers,
    clock: Clock,
    asked: usize,
    taken: usize,
    _folder: TempDir,
}

thread_local! {
    static GROUND: RefCell<ManuallyDrop<Option<Ground>>> =
        const { RefCell::new(ManuallyDrop::new(None)) };
}

/// Has the service of this thread do something.
pub fn with<T>(doing: impl FnOnce(&mut Ground) -> T) -> T {
    GROUND.with_borrow_mut(|kept| {
        if kept.as_ref().is_some_and(|it| it.asked >= REQUESTS_MAX) {
            **kept = None;
        }
        doing(kept.get_or_insert_with(Ground::build))
    })
}

/// Ends the service of this thread. The end of the thread does not: by then the web server's own parts have gone.
pub fn end() {
    GROUND.with_borrow_mut(|kept| **kept = None);
}

impl Ground {
    fn build() -> Self {
        let folder = TempDir::new().expect("there is room for a folder");
        let clock = Clock::set_by_hand(Timestamp::from_secs(1_790_000_000));
        let runtime = Runtime::new().expect("there is a runtime");
        let config = Config::from_parts(&settings(folder.path()), std::iter::empty())
            .expect("the settings are right");
        let answers = runtime.block_on(open(&config, &clock));
        Self {
            runtime,
            answers,
            clock,
            asked: 0,
            taken: 0,
            _folder: folder,
        }
    }

    /// Asks. Nothing that comes from outside makes the service fail.
    pub fn ask(&mut self, request: TestRequest) -> Answer {
        self.asked += 1;
        self.clock.advance(BETWEEN);
        let answer = self.runtime.block_on((self.answers)(request));
        assert!(answer.status < 500, "{}: {}", answer.status, answer.text());
        // A form that was taken leads to another page (303); what leads to a login is a 302.
        self.taken += usize::from(matches!(answer.status, 200..300 | 303));
        answer
    }

    /// How many requests were taken. Where none are, all that is tried ends at the door.
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The cookie of somebody's session, as the service makes it.
    pub fn session(&self, who: &str, id: &str) -> String {
        let until = self.now().secs() + 8 * 60 * 60;
        let value = json!({"corp": CORP, "who": {who: id}});
        sealed(&json!({"name": "wb_session", "until": until, "value": value}).to_string())
    }
}

/// A cookie with this in it.
pub fn sealed(text: &str) -> String {
    let text = BASE64_URL_SAFE_NO_PAD.encode(text);
    let mac = wire::mac(&session_key(), text.as_bytes());
    format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac))
}

/// Whether a cookie was signed with our key.
pub fn is_ours(cookie: &str) -> bool {
    let Some((text, mac)) = cookie.split_once('.') else {
        return false;
    };
    mac == BASE64_URL_SAFE_NO_PAD.encode(wire::mac(&session_key(), text.as_bytes()))
}

/// What the forms of a session carry.
pub fn tag(use_: &str, text: &str) -> String {
    let mac = wire::mac(&session_key(), format!("{use_}\n{text}").as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(mac)
}

fn session_key() -> Vec<u8> {
    let mut secret = (SECRET.len() as u64).to_be_bytes().to_vec();
    secret.extend(SECRET.as_bytes());
    wire::mac(b"wecom-bridge session cookies", &secret)
}

fn settings(folder: &Path) -> String {
    format!(
        r#"
public_url = "{OWN}"
[server]
listen = "127.0.0.1:0"
[store]
url = "embedded:{folder}/store.redb"
[files]
url = "folder:{folder}/files"
[api]
tokens = ["{API_TOKEN}"]
[admin]
password_hash = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$2DgEFAASw+bTUCo+tZ/CSomp7Ai2rJe+H+yhcAq+Cvs"
[[corp]]
id = "{CORP}"
tenant_key = "team1"
admins = ["{MEMBER}"]
[corp.app]
agent_id = 1000002
secret = "{SECRET}"
[[corp.receiver]]
name = "app"
token = "QDG6eK"
aes_key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
"#,
        folder = folder.display()
    )
}

async fn open(config: &Config, clock: &Clock) -> Answers {
    let app = App::build(config, clock.clone())
        .await
        .expect("the service can be built");
    let corp = CorpId::parse(CORP).expect("it is an id");
    let now = clock.now();
    people(app.store(), &corp, now).await;
    items(app.act(), &corp, now).await;
    let routes = Routes::new()
        .app_data(app.doors().clone())
        .app_data(web::Data::new(Entrance::open(app.store().clone())))
        .configure(wecom_bridge::http::routes);
    let service = Rc::new(test::init_service(routes).await);
    Box::new(move |request| {
        let service = Rc::clone(&service);
        async move {
            let response = match service.call(request.to_request()).await {
                Ok(response) => response.into_parts().1.map_into_boxed_body(),
                Err(problem) => problem.error_response(),
            };
            Answer {
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                body: actix_web::body::to_bytes(response.into_body())
                    .await
                    .map(|body| body.to_vec())
                    .unwrap_or_default(),
            }
        }
        .boxed_local()
    })
}

async fn people(store: &Store, corp: &CorpId, now: Timestamp) {
    let key = |id: &str| Key::member(&UserId::parse(id).expect("it is an id")).key;
    let member = |id: &str, name: &str| Piece::Record {
        table: Table::Members.name().into(),
        key: key(id),
        json: json!({"userid": id, "name": name, "status": 1, "visible": true, "changed_at": now})
            .to_string(),
    };
    let follows = json!([{"userid": MEMBER, "createtime": now}]);
    let contact = json!({"external_userid": CUSTOMER, "name": NAME, "type": 1, "follow_users": follows, "changed_at": now});
    let pieces = vec![
        member(MEMBER, "张三"),
        member(COLLEAGUE, "李四"),
        Piece::Record {
            table: Table::Contacts.name().into(),
            key: CUSTOMER.into(),
            json: contact.to_string(),
        },
    ];
    let kept = store.import(corp, pieces, now).await;
    kept.expect("people are records");
}

async fn items(act: &Act, corp: &CorpId, now: Timestamp) {
    let contact = ExternalUserId::parse(CUSTOMER).expect("it is an id");
    let approval = Content::Approval {
        contact: contact.clone(),
        about: "project:p1".parse().ok(),
        attachments: Vec::new(),
    };
    let items = ["project:p1", "form:f1", "approval:a1"];
    let shared = items
        .iter()
        .map(|item| item.parse().expect("it is a reference"));
    let commands = [
        put("p1", project()),
        put("f1", form()),
        put("a1", approval),
        Command::Share(contact, shared.collect()),
    ];
    for command in commands {
        let request = Request {
            id: None,
            digest: String::new(),
            by: Actor::Member(UserId::parse(MEMBER).expect("it is an id")),
            command,
        };
        act.ask(corp, &request, now).await.expect("an item is made");
    }
}

fn put(id: &str, content: Content) -> Command {
    Command::Put(Box::new(Draft {
        target: Target::New(ItemKey::parse(id).expect("it is a key")),
        title: "标题".into(),
        description: "说明".into(),
        picture: None,
        owner: None,
        followers: None,
        circle: Circle::Corp,
        content,
    }))
}

fn project() -> Content {
    let task = |key: &str, handler| Task {
        key: key.into(),
        title: "任务".into(),
        state: TaskState::Todo,
        handler,
        start: None,
        due: "2026-12-01".parse().ok(),
        internal: false,
    };
    Content::Project {
        stages: vec![Stage {
            title: "阶段".into(),
            tasks: vec![task("t1", Some(Handler::Customer)), task("t2", None)],
        }],
    }
}

/// A form with a field of every kind.
fn form() -> Content {
    let options = || vec!["门".to_owned(), "窗".to_owned()];
    let kinds = [
        FieldKind::Text { max: 10 },
        FieldKind::LongText { max: 500 },
        FieldKind::Number {
            min: Some(1),
            max: Some(99),
            decimals: 1,
        },
        FieldKind::Date {
            min: "2026-01-01".parse().ok(),
            max: None,
        },
        FieldKind::Choice { options: options() },
        FieldKind::Choices {
            options: options(),
            max: Some(2),
        },
        FieldKind::Member,
        FieldKind::Phone,
        FieldKind::Attachment { max: 3 },
    ];
    let fields = kinds.into_iter().enumerate().map(|(n, kind)| Field {
        key: format!("k{n}"),
        label: format!("问题 {n}"),
        kind,
        required: n == 0,
        hint: String::new(),
        default: None,
        customer: CustomerUse::FillsIn,
    });
    Content::Form {
        fields: fields.collect(),
        submissions: Submissions::Many,
        steps: vec!["待处理".into(), "已完成".into()],
    }
}
