//! The company's pages of its items, without a browser and on both stores: who gets in, what is made and changed, what
//! is refused, and that nothing typed is ever markup.

mod doors;
mod form;
mod lists;
mod markup;
mod project;
mod record;
mod talk;

use wecom_bridge::decide::request::{Command, Request};
use wecom_bridge::model::ids::{CorpId, ExternalUserId, UserId};
use wecom_bridge::model::item::{Actor, Item, ItemRef};
use wecom_bridge::sim::person::Member;
use wecom_bridge::store::record::{Key, Table};

use crate::guest::{Guest, Page, encoded};
use crate::world::{CORP, On, Setup, World, user};

const OWN: &str = "http://127.0.0.1:8080";

/// 张三 has 王女士; 李四 has nobody.
async fn office(on: On) -> (World, UserId, ExternalUserId) {
    office_with(on, Setup::default()).await
}

async fn office_with(on: On, setup: Setup) -> (World, UserId, ExternalUserId) {
    let world = World::with(on, setup).await;
    let (zhang, wang) = world.people();
    for (userid, name) in [("LiSi", "李四"), ("WuNing", "吴宁")] {
        let colleague = Member::new(user(userid), name);
        world.sim.create_member(colleague).await;
    }
    world.sim.customer_adds(&zhang, &wang).await.unwrap();
    world.settle().await;
    // Opening the pages has a member read whom nobody had asked about before.
    Guest::at_work(&world, "member:ZhangSan")
        .await
        .get("/items")
        .await;
    world.settle().await;
    (world, zhang, wang)
}

fn corp() -> CorpId {
    CorpId::parse(CORP).unwrap()
}

impl<'a> Guest<'a> {
    /// By WeCom's login, as `member:ID` or `contact:ID`.
    async fn at_work(world: &'a World, who: &str) -> Self {
        let mut guest = Self::new(world);
        let back = guest.log_in(who, "/items").await;
        assert_eq!((back.status, back.to.as_str()), (302, "/items"));
        guest
    }

    /// Sends a form with the hidden fields that the page of `from` gives.
    async fn submit(&mut self, from: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.get(from).await;
        assert_eq!(page.status, 200, "{from}: {}", page.html);
        self.submit_on(&page, path, fields).await
    }

    async fn submit_on(&mut self, page: &Page, path: &str, fields: &[(&str, &str)]) -> Page {
        let names = ["token", "request", "changed_at", "new_id"];
        let hidden =
            names.map(
                |name| match page.html.contains(&format!("name=\"{name}\" value")) {
                    true => (name, page.value(name)),
                    false => (name, String::new()),
                },
            );
        let hidden = hidden.iter().map(|(name, value)| (*name, value.as_str()));
        let form = encoded(hidden.chain(fields.iter().copied()));
        self.post_form(path, &form).await
    }

    /// Makes an item from the empty editor; its address.
    async fn make(&mut self, kind: &str, fields: &[(&str, &str)]) -> String {
        let new = format!("/items/new/{kind}");
        let made = self.submit(&new, &new, fields).await;
        let path = made.path().to_owned();
        assert!(path.starts_with(&format!("/items/{kind}/")), "{path}");
        path
    }
}

impl World {
    /// The item of this address.
    async fn at(&self, path: &str) -> Item {
        let mut parts = path.rsplit('/');
        let (id, kind) = (parts.next().unwrap(), parts.next().unwrap());
        let item: ItemRef = format!("{kind}:{id}").parse().unwrap();
        let records = self
            .store()
            .read(&corp(), &[Key::item(&item)])
            .await
            .unwrap();
        records[0].parse().unwrap().expect("it is kept")
    }

    async fn items_kept(&self) -> usize {
        let records = self.store().list(&corp(), Table::Items, None, 99).await;
        records.unwrap().len()
    }

    async fn do_as(&self, by: Actor, command: Command) {
        let request = Request {
            id: None,
            digest: String::new(),
            by,
            command,
        };
        let now = self.clock.now();
        self.act().ask(&corp(), &request, now).await.unwrap();
    }
}

fn reference(path: &str) -> ItemRef {
    let mut parts = path.rsplit('/');
    let (id, kind) = (parts.next().unwrap(), parts.next().unwrap());
    format!("{kind}:{id}").parse().unwrap()
}

const PROJECT: [(&str, &str); 14] = [
    ("title", "门禁系统"),
    ("description", "第一期\r\n第二期"),
    ("circle", "corp"),
    ("picture", ""),
    ("stages[0].title", "部署"),
    ("stages[0].tasks[0].title", "装机"),
    ("stages[0].tasks[0].key", ""),
    ("stages[0].tasks[0].state", "todo"),
    ("stages[0].tasks[0].handler", "李四"),
    ("stages[0].tasks[0].start", "2026-11-23"),
    ("stages[0].tasks[0].due", "2026-11-30"),
    ("stages[0].tasks[1].title", "付款"),
    ("stages[0].tasks[1].handler", "客户"),
    ("stages[0].tasks[1].internal", "1"),
];

const FORM: [(&str, &str); 15] = [
    ("title", "报修"),
    ("fields[0].label", "问题"),
    ("fields[0].key", "f1"),
    ("fields[0].kind", "text"),
    ("fields[0].max", "5"),
    ("fields[0].required", "1"),
    ("fields[1].label", "楼层"),
    ("fields[1].key", "f2"),
    ("fields[1].kind", "choices"),
    ("fields[1].options", "一层\r\n二层"),
    ("fields[2].label", "联系人"),
    ("fields[2].key", "f3"),
    ("fields[2].kind", "member"),
    ("submissions", "many"),
    ("steps", "待处理\r\n已完成"),
];
