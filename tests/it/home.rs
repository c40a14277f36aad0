//! The customer's pages without a browser: what is on them, what a form does, and who is turned away.

mod accounts;
mod acts;
mod logins;
mod measures;
mod refusals;
mod shows;

use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::request::{Command, Content, Draft, NewComment, Request, Target};
use wecom_bridge::model::form::{CustomerUse, Field, FieldKind, Submissions};
use wecom_bridge::model::ids::{CorpId, ExternalUserId};
use wecom_bridge::model::item::{Actor, Circle, ItemKey, ItemRef};
use wecom_bridge::model::project::{Handler, Stage, Task, TaskState};
use wecom_bridge::sim::person::{Contact, Member};

use crate::guest::{Guest, Page};
use crate::world::{Address, CORP, On, Setup, World, contact, user};

const OWN: &str = "https://bridge.localhost";

/// Another company in the same process.
const OTHER_CORP: &str = r#"
[[corp]]
id = "wwOther"
name = "Other"
tenant_key = "team2"
[corp.app]
agent_id = 1000003
secret = "secret-of-another-app"
[[corp.receiver]]
name = "other"
token = "OtherToken"
aes_key = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
"#;

const WANG: &str = "contact:wmCustomer1";
const CHEN: &str = "contact:wmCustomer2";

/// 张三 with two customers, 李四 with none, all known to the service.
async fn office(on: On) -> World {
    let setup = Setup {
        address: Address::BehindTls,
        more: OTHER_CORP,
        ..Setup::default()
    };
    let world = World::with(on, setup).await;
    let (zhang, wang) = world.people();
    let chen = contact("wmCustomer2");
    let mr_chen = Contact::new(chen.clone(), "陈先生");
    world.sim.corp().add_contact(mr_chen);
    let li = Member::new(user("LiSi"), "李四");
    world.sim.create_member(li).await;
    world.sim.customer_adds(&zhang, &wang).await.unwrap();
    world.sim.customer_adds(&zhang, &chen).await.unwrap();
    world.ask(&OwnEvent::RefreshMember { userid: zhang }).await;
    world.settle().await;
    world
}

fn corp() -> CorpId {
    CorpId::parse(CORP).unwrap()
}

fn key(text: &str) -> ItemKey {
    ItemKey::parse(text).unwrap()
}

fn item(text: &str) -> ItemRef {
    text.parse().unwrap()
}

fn zhang() -> Actor {
    Actor::Member(user("ZhangSan"))
}

fn wang() -> ExternalUserId {
    contact("wmCustomer1")
}

/// Has a command carried out.
async fn ask(world: &World, by: Actor, command: Command) {
    let request = Request {
        id: None,
        digest: String::new(),
        by,
        command,
    };
    let act = world.act();
    act.ask(&corp(), &request, world.clock.now()).await.unwrap();
}

/// Makes an item of 张三's.
pub(crate) async fn put(world: &World, id: &str, title: &str, description: &str, content: Content) {
    put_at(world, Target::New(key(id)), title, description, content).await;
}

/// Has an item of 张三's be this.
async fn put_at(world: &World, target: Target, title: &str, description: &str, content: Content) {
    let draft = Draft {
        target,
        title: title.into(),
        description: description.into(),
        picture: None,
        owner: None,
        followers: None,
        circle: Circle::Corp,
        content,
    };
    ask(world, zhang(), Command::Put(Box::new(draft))).await;
}

pub(crate) async fn share(world: &World, with: &ExternalUserId, items: &[&str]) {
    let items = items.iter().map(|text| item(text)).collect();
    ask(world, zhang(), Command::Share(with.clone(), items)).await;
}

async fn revoke(world: &World, from: &ExternalUserId, what: &str) {
    ask(world, zhang(), Command::Revoke(from.clone(), item(what))).await;
}

/// A comment of the company's.
pub(crate) async fn reply(world: &World, to: &ExternalUserId, on: &str, id: &str, text: &str) {
    let comment = NewComment {
        item: item(on),
        contact: to.clone(),
        id: id.into(),
        text: text.into(),
    };
    ask(world, zhang(), Command::Comment(comment)).await;
}

pub(crate) fn field(key: &str, label: &str, kind: FieldKind) -> Field {
    Field {
        key: key.into(),
        label: label.into(),
        kind,
        required: false,
        hint: String::new(),
        default: None,
        customer: CustomerUse::FillsIn,
    }
}

/// A form with a field of every kind but files.
pub(crate) fn form(submissions: Submissions) -> Content {
    let options = || vec!["门".to_owned(), "窗".to_owned(), "灯".to_owned()];
    let number = FieldKind::Number {
        min: Some(1),
        max: Some(99),
        decimals: 1,
    };
    let date = FieldKind::Date {
        min: "2026-01-01".parse().ok(),
        max: None,
    };
    let any = FieldKind::Choices {
        options: options(),
        max: Some(2),
    };
    let one = FieldKind::Choice { options: options() };
    let fields = vec![
        Field {
            required: true,
            hint: "一句话".into(),
            ..field("what", "问题", FieldKind::Text { max: 10 })
        },
        field("more", "说明", FieldKind::LongText { max: 50 }),
        field("count", "数量", number),
        field("day", "日期", date),
        field("one", "哪一个", one),
        field("any", "哪几个", any),
        field("who", "找谁", FieldKind::Member),
        field("tel", "电话", FieldKind::Phone),
        Field {
            customer: CustomerUse::Nothing,
            ..field("cost", "内部成本", FieldKind::Text { max: 10 })
        },
        Field {
            customer: CustomerUse::Sees,
            ..field("result", "处理结果", FieldKind::Text { max: 10 })
        },
    ];
    Content::Form {
        fields,
        submissions,
        steps: vec!["待处理".into(), "处理中".into(), "已完成".into()],
    }
}

fn task(key: &str, title: &str, state: TaskState, handler: Option<Handler>) -> Task {
    Task {
        key: key.into(),
        title: title.into(),
        state,
        handler,
        start: None,
        due: None,
        internal: false,
    }
}

/// Two stages side by side; one of the tasks is internal, one the customer's, one has a day.
pub(crate) fn project() -> Content {
    let zhang = Some(Handler::Member(user("ZhangSan")));
    let stage = |title: &str, tasks| Stage {
        title: title.into(),
        tasks,
    };
    let tasks = vec![
        task("t1", "寄合同", TaskState::Done, zhang.clone()),
        task("t2", "盖章", TaskState::Todo, Some(Handler::Customer)),
    ];
    let others = vec![
        Task {
            due: "2026-08-01".parse().ok(),
            ..task("t3", "装服务器", TaskState::Doing, zhang)
        },
        Task {
            internal: true,
            ..task("t4", "内部评审", TaskState::Todo, None)
        },
    ];
    Content::Project {
        stages: vec![stage("签约", tasks), stage("部署", others)],
    }
}

pub(crate) fn approval() -> Content {
    Content::Approval {
        contact: wang(),
        about: Some(item("project:p1")),
        attachments: Vec::new(),
    }
}

impl<'a> Guest<'a> {
    /// Somebody who has logged in, as `member:ID` or `contact:ID`.
    async fn at_home(world: &'a World, who: &str) -> Self {
        let mut guest = Self::new(world);
        let back = guest.log_in(who, HOME).await;
        assert_eq!(
            (back.status, back.to.as_str()),
            (302, format!("/{HOME}").as_str())
        );
        guest
    }

    /// Sends a form of a page: what the page hides in it, and these fields.
    async fn send(&self, page: &Page, path: &str, doing: &str, fields: &[(&str, &str)]) -> Page {
        let hidden = hidden(&page.html, doing);
        let all: Vec<(&str, &str)> = hidden
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .chain(fields.iter().copied())
            .collect();
        self.post(path, &all).await
    }
}

/// The hidden fields of the form that does this.
fn hidden(html: &str, doing: &str) -> Vec<(String, String)> {
    let forms = html.split("<form ").skip(1);
    let mark = format!("name=\"do\" value=\"{doing}\"");
    let mut forms = forms.map(|form| form.split("</form>").next().unwrap());
    let form = forms.find(|form| form.contains(&mark));
    let form = form.unwrap_or_else(|| panic!("no form to {doing} in {html}"));
    let inputs = form.split("<input type=\"hidden\" name=\"").skip(1);
    let inputs = inputs.map(|input| {
        let (name, rest) = input.split_once("\" value=\"").unwrap();
        let (value, _) = rest.split_once('"').unwrap();
        (name.to_owned(), value.to_owned())
    });
    inputs.collect()
}

/// The token of the personal link that stands before this text.
fn token_before(html: &str, text: &str) -> String {
    let (before, _) = html.split_once(text).unwrap();
    let (_, link) = before.rsplit_once("&#38;t=").unwrap();
    link.split(['"', '&']).next().unwrap().to_owned()
}

/// A personal link's token for 王女士, as 张三 finds it where he chooses a customer.
async fn personal(world: &World) -> String {
    let mut zhang = Guest::at_home(world, "member:ZhangSan").await;
    token_before(&zhang.get(HOME).await.html, "王女士")
}

const HOME: &str = "home?tenantKey=team1";

/// The address of an item's page.
fn at(what: &str) -> String {
    format!("home/{}?tenantKey=team1", what.replace(':', "/"))
}
