//! A customer with whom much was shared, and the member who follows them: made on a ground before its service starts, by
//! the commands that pages and API give.

use std::collections::BTreeMap;

use wecom_bridge::act::Act;
use wecom_bridge::app::App;
use wecom_bridge::clock::Clock;
use wecom_bridge::config::Config;
use wecom_bridge::decide::request::{Advance, Command, Content, Draft, Request, Target};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::form::{CustomerUse, Field, FieldKind, Submissions, Value};
use wecom_bridge::model::ids::{CorpId, ExternalUserId, UserId};
use wecom_bridge::model::item::{Actor, Circle, ItemKey, ItemKind, ItemRef};
use wecom_bridge::model::member::Member;
use wecom_bridge::model::project::{Handler, Stage, Task, TaskState};

use crate::callbacks;
use crate::corps;
use crate::fill;
use crate::ground::Ground;
use crate::process;
use crate::servers::{self, Setup};
use crate::settling::CONTACTS;

/// The customer's number. Callbacks are about those before it.
pub(crate) const NUMBER: usize = CONTACTS;

const PROJECTS: usize = 150;
const STAGES: usize = 2;
const TASKS_IN_STAGE: usize = 4;
const FORMS: usize = 30;
const RECORDS: usize = 20;
const FOLLOW_UPS: usize = 5;

/// So many may be given at once.
const SHARED_AT_ONCE: usize = 9;

/// Keeps customer, member and items, and shares them all.
pub(crate) fn prepare(ground: &Ground, setup: &Setup) -> anyhow::Result<()> {
    let text = servers::config_text(setup, process::free_address()?, &ground.url());
    let config = Config::from_parts(&text, std::iter::empty())?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let clock = Clock::system();
        let app = App::build(&config, clock.clone()).await?;
        let office = Office {
            act: app.act().clone(),
            clock,
            corp: CorpId::parse(&corps::id(0))?,
            contact: ExternalUserId::parse(&callbacks::contact(NUMBER))?,
            member: UserId::parse(&callbacks::member(NUMBER))?,
        };
        let (people, now) = (office.people()?, office.clock.now());
        let kept = app.store().carry_out(&office.corp, &[], &people, now);
        kept.await?;
        office.work().await
    })
}

struct Office {
    act: Act,
    clock: Clock,
    corp: CorpId,
    contact: ExternalUserId,
    member: UserId,
}

impl Office {
    fn people(&self) -> anyhow::Result<[Effect; 2]> {
        let now = self.clock.now();
        let member = Member {
            userid: self.member.clone(),
            name: "member".into(),
            department: vec![1],
            status: 1,
            position: None,
            visible: true,
            changed_at: now,
        };
        let contact = fill::contact(NUMBER, now)?;
        Ok([Effect::PutMember(member), Effect::PutContact(contact)])
    }

    async fn work(&self) -> anyhow::Result<()> {
        let mut items = Vec::new();
        for n in 0..PROJECTS {
            items.push(self.put(n, ItemKind::Project, self.project()).await?);
        }
        for n in 0..FORMS {
            items.push(self.put(n, ItemKind::Form, form()).await?);
        }
        for n in 0..RECORDS {
            let record = self.put(n, ItemKind::Record, self.record(n)?).await?;
            for entry in 0..FOLLOW_UPS {
                let command = Command::Advance(follow_up(&record.id, entry));
                self.ask(self.member(), command).await?;
            }
            items.push(record);
        }
        for some in items.chunks(SHARED_AT_ONCE) {
            // What a system gives needs no confirmation by the toolbar.
            let command = Command::Share(self.contact.clone(), some.to_vec());
            self.ask(Actor::System, command).await?;
        }
        Ok(())
    }

    async fn put(&self, n: usize, kind: ItemKind, content: Content) -> anyhow::Result<ItemRef> {
        let id = key(kind, n)?;
        let draft = Draft {
            target: Target::New(id.clone()),
            title: format!("{} 第{n}号：华东区门店网络改造", kind.name()),
            description: "按合同分期施工，每期验收后付款。".into(),
            picture: None,
            owner: None,
            followers: None,
            circle: Circle::Corp,
            content,
        };
        let command = Command::Put(Box::new(draft));
        self.ask(self.member(), command).await?;
        Ok(ItemRef::new(kind, id))
    }

    async fn ask(&self, by: Actor, command: Command) -> anyhow::Result<()> {
        let request = Request {
            id: None,
            digest: String::new(),
            by,
            command,
        };
        self.act.ask(&self.corp, &request, self.clock.now()).await?;
        Ok(())
    }

    fn member(&self) -> Actor {
        Actor::Member(self.member.clone())
    }

    fn project(&self) -> Content {
        let stage = |n| Stage {
            title: format!("第{n}期"),
            tasks: (0..TASKS_IN_STAGE).map(|task| self.task(n, task)).collect(),
        };
        Content::Project {
            stages: (0..STAGES).map(stage).collect(),
        }
    }

    fn task(&self, stage: usize, n: usize) -> Task {
        let states = [TaskState::Done, TaskState::Doing, TaskState::Todo];
        Task {
            key: format!("t{stage}{n}"),
            title: format!("现场勘查与布线 {n}"),
            state: states[(stage + n) % states.len()],
            handler: Some(Handler::Member(self.member.clone())),
            start: None,
            due: "2030-01-31".parse().ok(),
            internal: false,
        }
    }

    fn record(&self, n: usize) -> anyhow::Result<Content> {
        let values = [("what", "二楼会议室没有信号"), ("tel", "13800000000")];
        let values = values.map(|(key, text)| (key.to_owned(), Value::One(text.into())));
        Ok(Content::Record {
            form: key(ItemKind::Form, n)?,
            contact: Some(self.contact.clone()),
            values: BTreeMap::from(values),
            project: None,
        })
    }
}

fn key(kind: ItemKind, n: usize) -> anyhow::Result<ItemKey> {
    Ok(ItemKey::parse(&format!("{}{n:05}", kind.name()))?)
}

fn form() -> Content {
    let field = |key: &str, label: &str, kind| Field {
        key: key.into(),
        label: label.into(),
        kind,
        required: false,
        hint: String::new(),
        default: None,
        customer: CustomerUse::FillsIn,
    };
    let options = ["弱电", "网络", "门禁"].map(Into::into).to_vec();
    Content::Form {
        fields: vec![
            field("what", "问题", FieldKind::Text { max: 100 }),
            field("kind", "类别", FieldKind::Choice { options }),
            field("tel", "电话", FieldKind::Phone),
        ],
        submissions: Submissions::Many,
        steps: ["待处理", "处理中", "已完成"].map(Into::into).to_vec(),
    }
}

fn follow_up(record: &ItemKey, n: usize) -> Advance {
    Advance {
        seen: None,
        record: record.clone(),
        step: None,
        handler: None,
        follow_up: Some(format!("已联系现场，第 {n} 次回访。")),
        internal: false,
    }
}
