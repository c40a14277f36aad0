//! The company's pages of its items, without a browser and on both stores: who gets in, what is made and changed, what
//! is refused, and that nothing typed is ever markup.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Method, Response};
use wecom_bridge::decide::request::{Command, NewComment, Request};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::form::{CustomerUse, FieldKind, Submissions, Value};
use wecom_bridge::model::grant::{Grant, GrantState};
use wecom_bridge::model::ids::{CorpId, ExternalUserId, UserId};
use wecom_bridge::model::item::{Actor, Circle, Item, ItemRef, ItemState};
use wecom_bridge::model::project::{Handler, TaskState};
use wecom_bridge::model::thread::Comment;
use wecom_bridge::sim::person::{Contact, Member};
use wecom_bridge::store::record::{Key, Table};

use crate::world::{ADMIN_PASSWORD, CORP, On, Setup, World, contact, stories, user};

const OWN: &str = "http://127.0.0.1:8080";
const NASTY: &str = "<script>alert(1)</script>\"'><img src=x>";

stories!(
    a_project_is_made_and_changed,
    a_form_is_made_row_by_row,
    a_record_is_made_and_gone_on_with,
    an_approval_is_made_for_a_customer,
    what_others_changed_is_not_overwritten,
    only_those_who_may_get_in,
    a_form_needs_its_token_and_acts_once,
    lists_are_searched_and_paged,
    customers_are_answered,
    everybody_of_many_is_answered,
    a_plan_is_talked_about_apart,
    long_conversations_are_read_to_their_beginning,
    whoever_has_left_has_no_way_in,
    records_of_a_form_for_few_are_for_few,
    records_are_a_table,
    administrators_have_the_same_pages,
    what_is_typed_is_never_markup,
    kinds_that_are_not_authorised_are_not_there,
);

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
    Guest::of(&world, "member:ZhangSan")
        .await
        .get("/items")
        .await;
    world.settle().await;
    (world, zhang, wang)
}

fn corp() -> CorpId {
    CorpId::parse(CORP).unwrap()
}

fn encoded<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// Somebody with cookies.
struct Guest<'a> {
    world: &'a World,
    cookies: BTreeMap<String, String>,
    origin: &'static str,
}

/// A page as it came.
struct Page {
    status: u16,
    to: String,
    html: String,
}

impl Page {
    /// Without the fields that differ every time.
    #[track_caller]
    fn shows(&self, text: &str) {
        assert!(self.html.contains(text), "{text} in {}", self.html);
    }

    #[track_caller]
    fn hides(&self, text: &str) {
        assert!(!self.html.contains(text), "{text} in {}", self.html);
    }

    /// The value of the first field of this name.
    #[track_caller]
    fn value(&self, name: &str) -> String {
        let place = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.html.split_once(&place).expect(name);
        rest.split('"').next().unwrap().to_owned()
    }

    /// Where a form was carried out.
    #[track_caller]
    fn path(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.html);
        self.to.split(['?', '#']).next().unwrap()
    }
}

impl<'a> Guest<'a> {
    fn new(world: &'a World) -> Self {
        Self {
            world,
            cookies: BTreeMap::new(),
            origin: OWN,
        }
    }

    /// By WeCom's login, as `member:ID` or `contact:ID`.
    async fn of(world: &'a World, who: &str) -> Self {
        let mut guest = Self::new(world);
        let away = guest.get("/items").await;
        let mut authorize = url::Url::parse(&away.to).unwrap();
        authorize.query_pairs_mut().append_pair("as", who);
        let back = world.http.get(authorize).send().await.unwrap();
        let back = back.headers()[LOCATION].to_str().unwrap().to_owned();
        let back = guest.get(back.strip_prefix(OWN).unwrap()).await;
        assert_eq!((back.status, back.to.as_str()), (302, "/items"));
        guest
    }

    async fn send(&mut self, method: Method, path: &str, form: Option<String>) -> Page {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let url = self.world.base.join(path).unwrap();
        let mut request = self.world.http.request(method, url);
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if let Some(form) = form {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form);
            if !self.origin.is_empty() {
                request = request.header(ORIGIN, self.origin);
            }
        }
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.into(), value.into());
        }
        page(answer).await
    }

    async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, None).await
    }

    /// Sends a form with these fields as they are.
    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let form = encoded(fields.iter().copied());
        self.send(Method::POST, path, Some(form)).await
    }

    /// Sends a form with the hidden fields that the page of `from` gives.
    async fn submit(&mut self, from: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.get(from).await;
        assert_eq!(page.status, 200, "{from}: {}", page.html);
        self.submit_on(&page, path, fields).await
    }

    async fn submit_on(&mut self, page: &Page, path: &str, fields: &[(&str, &str)]) -> Page {
        let names = ["token", "request", "changed_at"];
        let hidden =
            names.map(
                |name| match page.html.contains(&format!("name=\"{name}\" value")) {
                    true => (name, page.value(name)),
                    false => (name, String::new()),
                },
            );
        let hidden = hidden.iter().map(|(name, value)| (*name, value.as_str()));
        let fields: Vec<(&str, &str)> = hidden.chain(fields.iter().copied()).collect();
        self.post(path, &fields).await
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

async fn page(answer: Response) -> Page {
    let status = answer.status().as_u16();
    let location = answer.headers().get(LOCATION);
    let to = location.map_or("", |to| to.to_str().unwrap()).to_owned();
    let header = |name: &str| {
        let value = answer.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap()).to_owned()
    };
    if header("content-type") == "text/html; charset=utf-8" {
        let policy = header("content-security-policy");
        assert!(
            !policy.contains("unsafe") && policy.contains("default-src 'none'"),
            "{policy}"
        );
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("x-content-type-options"), "nosniff");
    }
    let html = answer.text().await.unwrap();
    Page { status, to, html }
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

async fn a_project_is_made_and_changed(on: On) {
    let (world, zhang, _) = office(on).await;
    let mut guest = Guest::of(&world, "member:ZhangSan").await;
    let path = guest.make("project", &PROJECT).await;
    let Item::Project(project) = world.at(&path).await else {
        panic!("a project is kept");
    };
    assert_eq!(project.head.owner, zhang);
    assert_eq!(project.head.created_by, Actor::Member(zhang));
    assert_eq!(project.head.description, "第一期\n第二期");
    let tasks: Vec<_> = project.tasks().collect();
    assert_eq!(tasks[0].handler, Some(Handler::Member(user("LiSi"))));
    assert_eq!(tasks[0].due, Some("2026-11-30".parse().unwrap()));
    assert_eq!(tasks[1].handler, Some(Handler::Customer));
    assert!(tasks[1].internal && tasks[0].key != tasks[1].key);

    let shown = guest.get(&path).await;
    for text in [
        "门禁系统",
        "装机",
        "李四",
        "2026-11-23 – 2026-11-30",
        "0% (0/2)",
    ] {
        shown.shows(text);
    }
    let task = [
        ("task", tasks[0].key.as_str()),
        ("state", "done"),
        ("was_state", "todo"),
        ("handler", "张三 (ZhangSan)"),
        ("was_handler", "李四 (LiSi)"),
    ];
    let at = format!("{path}/task");
    let saved = guest.submit_on(&shown, &at, &task).await;
    assert_eq!(saved.path(), path);
    guest.get(&path).await.shows("50% (1/2)");
    // Somebody who still sees the page of before changes the same to something else, and is told.
    let mut stale = task;
    stale[1] = ("state", "dropped");
    let refused = guest.submit(&path, &at, &stale).await;
    assert_eq!(refused.status, 409);
    refused.shows("其他人刚刚修改过");
    // A member whom nobody knows is refused at the task.
    let mut unknown = task;
    unknown[2] = ("was_state", "done");
    unknown[3] = ("handler", "王五");
    unknown[4] = ("was_handler", "张三 (ZhangSan)");
    let refused = guest.submit(&path, &at, &unknown).await;
    assert_eq!(refused.status, 422);
    refused.shows("没有找到此成员");
    let Item::Project(project) = world.at(&path).await else {
        panic!("a project is kept");
    };
    let task = project.tasks().next().unwrap();
    assert_eq!(task.state, TaskState::Done);
    assert_eq!(task.handler, Some(Handler::Member(user("ZhangSan"))));

    // Whole again, with its faults at their places and nothing lost.
    let edit = format!("{path}/edit");
    let mut wrong = PROJECT;
    wrong[0] = ("title", " ");
    wrong[9] = ("stages[0].tasks[0].start", "2026-12-24");
    let refused = guest.submit(&edit, &edit, &wrong).await;
    assert_eq!(refused.status, 422);
    for text in [
        "请填写。",
        "日期不在允许的范围内。",
        "value=\"2026-12-24\"",
        "value=\"装机\"",
    ] {
        refused.shows(text);
    }
    let mut right = PROJECT;
    right[0] = ("title", "门禁系统二期");
    right[2] = ("circle", "followers");
    let saved = guest.submit_on(&refused, &edit, &right).await;
    assert_eq!(saved.path(), path);
    let head = world.at(&path).await.head().clone();
    assert_eq!(
        (head.title.as_str(), head.circle),
        ("门禁系统二期", Circle::Followers)
    );

    for (change, fields) in [
        ("state", vec![("to", "closed")]),
        ("follow", vec![("on", "1")]),
        ("follower", vec![("follower", "李四")]),
        ("give", vec![("to", "lisi")]),
    ] {
        let done = guest
            .submit(&path, &format!("{path}/{change}"), &fields)
            .await;
        assert_eq!(done.path(), path, "{change}");
    }
    let head = world.at(&path).await.head().clone();
    assert_eq!((head.state, head.owner), (ItemState::Closed, user("LiSi")));
    assert_eq!(head.followers, [user("ZhangSan"), user("LiSi")]);
    guest.get(&path).await.shows("历任负责人");
}

async fn a_form_is_made_row_by_row(on: On) {
    let (world, ..) = office(on).await;
    let mut guest = Guest::of(&world, "member:ZhangSan").await;
    let new = "/items/new/form";
    // A row more, with what was typed.
    let more: Vec<_> = FORM.into_iter().chain([("do", "add:fields")]).collect();
    let shown = guest.submit(new, new, &more).await;
    assert_eq!(shown.status, 200);
    shown.shows("name=\"fields[3].label\" value=\"\"");
    shown.shows("value=\"问题\"");
    let up: Vec<_> = FORM.into_iter().chain([("do", "up:fields[1]")]).collect();
    let shown = guest.submit_on(&shown, new, &up).await;
    assert_eq!(shown.value("fields[0].label"), "楼层");
    assert_eq!(world.items_kept().await, 0);

    let made = guest.submit_on(&shown, new, &FORM).await;
    let Item::Form(form) = world.at(made.path()).await else {
        panic!("a form is kept");
    };
    let kinds: Vec<_> = form.fields.iter().map(|field| field.kind.clone()).collect();
    let options = vec!["一层".to_owned(), "二层".to_owned()];
    let expected = [
        FieldKind::Text { max: 5 },
        FieldKind::Choices { options, max: None },
        FieldKind::Member,
    ];
    assert_eq!(kinds, expected);
    assert!(form.fields[0].required);
    assert_eq!(form.fields[0].customer, CustomerUse::FillsIn);
    assert_eq!(form.submissions, Submissions::Many);
    assert_eq!(form.steps, ["待处理", "已完成"]);

    let wrong = [
        ("title", "x"),
        ("fields[0].label", "a"),
        ("fields[0].kind", "number"),
        ("fields[0].min", "zwei"),
        ("fields[1].label", "b"),
        ("fields[1].kind", "choice"),
        ("steps", ""),
    ];
    let refused = guest.submit(new, new, &wrong).await;
    assert_eq!(refused.status, 422);
    refused.shows("请填写数字");
    let mut wrong = wrong;
    wrong[3] = ("fields[0].min", "2");
    let refused = guest.submit_on(&refused, new, &wrong).await;
    assert_eq!(
        refused.html.matches("请填写。").count(),
        2,
        "options and steps"
    );
    assert_eq!(world.items_kept().await, 1);
}

async fn a_record_is_made_and_gone_on_with(on: On) {
    let (world, zhang, wang) = office(on).await;
    let mut guest = Guest::of(&world, "member:ZhangSan").await;
    let form = guest.make("form", &FORM).await;
    let id = form.rsplit('/').next().unwrap().to_owned();
    let choose = guest
        .get(&format!("/items/new/record?form={id}&q=王"))
        .await;
    choose.shows("contact=wmCustomer1");
    let from = format!("/items/new/record?form={id}&contact={wang}");
    let values = [
        ("form", id.as_str()),
        ("contact", wang.as_str()),
        ("title", "报修"),
        ("v:f1", "门坏了太久了"),
        ("v:f2", "一层"),
        ("v:f2", "二层"),
        ("v:f3", "李四"),
    ];
    let refused = guest.submit(&from, "/items/new/record", &values).await;
    assert_eq!(refused.status, 422);
    refused.shows("最多 5 个字符。");
    let mut right = values;
    right[3] = ("v:f1", "门坏了");
    let made = guest.submit_on(&refused, "/items/new/record", &right).await;
    let path = made.path().to_owned();
    let Item::Record(record) = world.at(&path).await else {
        panic!("a record is kept");
    };
    let two = Value::Many(vec!["一层".into(), "二层".into()]);
    let expected = BTreeMap::from([
        ("f1".to_owned(), Value::One("门坏了".into())),
        ("f2".to_owned(), two),
        ("f3".to_owned(), Value::One("LiSi".into())),
    ]);
    assert_eq!(record.values, expected);
    assert_eq!((record.contact, record.head.owner), (Some(wang), zhang));

    let shown = guest.get(&path).await;
    for text in ["门坏了", "李四", "王女士", "待处理"] {
        shown.shows(text);
    }
    guest.get(&form).await.shows(&path);
    let go_on = [
        ("was_step", "待处理"),
        ("step", "已完成"),
        ("was_handler", ""),
        ("handler", "李四"),
        ("follow_up", "修好了"),
        ("internal", "1"),
    ];
    let at = format!("{path}/advance");
    assert_eq!(guest.submit_on(&shown, &at, &go_on).await.path(), path);
    // The same once more, as by a double tap, changes nothing; a stale page with its own step is told.
    assert_eq!(guest.submit_on(&shown, &at, &go_on).await.path(), path);
    let mut stale = go_on;
    stale[0] = ("was_step", "别的");
    stale[1] = ("step", "待处理");
    let refused = guest.submit(&path, &at, &stale).await;
    assert_eq!(refused.status, 409);
    refused.shows(">修好了</textarea>");
    let Item::Record(record) = world.at(&path).await else {
        panic!("a record is kept");
    };
    assert_eq!(
        (record.step.as_str(), record.follow_ups.len()),
        ("已完成", 1)
    );
    assert!(record.follow_ups[0].internal);
    assert_eq!(record.handler, Some(user("LiSi")));

    let edit = format!("{path}/edit");
    let changed = [("title", "报修 2"), ("v:f1", "窗"), ("v:f2", "二层")];
    assert_eq!(guest.submit(&edit, &edit, &changed).await.path(), path);
    let Item::Record(record) = world.at(&path).await else {
        panic!("a record is kept");
    };
    assert_eq!(record.values.len(), 2);
    assert_eq!(record.follow_ups.len(), 1, "what was done stays");
}

async fn an_approval_is_made_for_a_customer(on: On) {
    let (world, _, wang) = office(on).await;
    let mut guest = Guest::of(&world, "member:ZhangSan").await;
    let project = guest.make("project", &PROJECT).await;
    let about = reference(&project).to_string();
    let shown = guest.get(&project).await;
    shown.shows(&format!(
        "/items/new/approval?about={}",
        about.replace(':', "%3A")
    ));
    let from = format!("/items/new/approval?contact={wang}&about={about}");
    let fields = [
        ("contact", wang.as_str()),
        ("about", about.as_str()),
        ("title", "同意报价"),
        ("description", "共 10 万元"),
    ];
    let made = guest.submit(&from, "/items/new/approval", &fields).await;
    let path = made.path().to_owned();
    let Item::Approval(approval) = world.at(&path).await else {
        panic!("an approval is kept");
    };
    assert_eq!(approval.contact, wang);
    assert_eq!(approval.about, Some(reference(&project)));
    guest.get(&path).await.shows("等待客户答复");

    // Somebody who does not have the customer finds and asks nobody.
    let mut stranger = Guest::of(&world, "member:LiSi").await;
    let choose = stranger.get("/items/new/approval").await;
    choose.shows("没有找到您的客户");
    let hidden = stranger.get("/items/hand-over").await;
    let refused = stranger
        .submit_on(&hidden, "/items/new/approval", &fields)
        .await;
    assert_eq!(refused.status, 404);
    assert_eq!(world.items_kept().await, 2);
}

async fn what_others_changed_is_not_overwritten(on: On) {
    let (world, ..) = office(on).await;
    let mut zhang = Guest::of(&world, "member:ZhangSan").await;
    let path = zhang.make("project", &PROJECT).await;
    zhang
        .submit(&path, &format!("{path}/follower"), &[("follower", "李四")])
        .await;
    let mut li = Guest::of(&world, "member:LiSi").await;
    let edit = format!("{path}/edit");
    let (one, other) = (zhang.get(&edit).await, li.get(&edit).await);
    world.clock.advance(std::time::Duration::from_secs(60));
    let mut first = PROJECT;
    first[0] = ("title", "李四的标题");
    assert_eq!(li.submit_on(&other, &edit, &first).await.path(), path);
    let mut second = PROJECT;
    second[0] = ("title", "张三的标题");
    let told = zhang.submit_on(&one, &edit, &second).await;
    assert_eq!(told.status, 409);
    for text in [
        "其他人刚刚修改过",
        "李四",
        "标题: 李四的标题",
        "value=\"张三的标题\"",
    ] {
        told.shows(text);
    }
    assert_eq!(world.at(&path).await.head().title, "李四的标题");
    // What was opened before stays so while somebody works on it.
    let mut third = second.to_vec();
    third.push(("do", "stage"));
    let worked_on = zhang.submit_on(&one, &edit, &third).await;
    assert_eq!(worked_on.value("changed_at"), one.value("changed_at"));
    // Knowing that, it is saved.
    assert_eq!(zhang.submit_on(&told, &edit, &second).await.path(), path);
    assert_eq!(world.at(&path).await.head().title, "张三的标题");
    assert_eq!(world.at(&path).await.head().followers, [user("LiSi")]);
}

async fn only_those_who_may_get_in(on: On) {
    let (world, ..) = office(on).await;
    let mut zhang = Guest::of(&world, "member:ZhangSan").await;
    let mut own = PROJECT;
    own[2] = ("circle", "followers");
    own[8] = ("stages[0].tasks[0].handler", "");
    let path = zhang.make("project", &own).await;
    let open = zhang.make("project", &PROJECT).await;
    let edit = format!("{path}/edit");
    let state = format!("{path}/state");

    let mut li = Guest::of(&world, "member:LiSi").await;
    for closed in [path.as_str(), &edit] {
        assert_eq!(li.get(closed).await.status, 404, "{closed}");
    }
    let page = li.get("/items?scope=all").await;
    page.hides(&path);
    page.shows(&open);
    for (at, fields) in [(&edit, &own[..]), (&state, &[("to", "closed")])] {
        let refused = li.submit("/items/hand-over", at, fields).await;
        assert_eq!(refused.status, 404, "{at}");
    }
    // What everybody sees, not everybody changes.
    let mut wu = Guest::of(&world, "member:WuNing").await;
    let shown = wu.get(&open).await;
    assert_eq!(shown.status, 200);
    shown.hides("/edit");
    for change in ["state", "task", "follower"] {
        let fields = [
            ("to", "closed"),
            ("task", "t1"),
            ("state", "done"),
            ("was_state", "todo"),
            ("follower", "李四"),
        ];
        let refused = wu
            .submit_on(&shown, &format!("{open}/{change}"), &fields)
            .await;
        assert_eq!(refused.status, 403, "{change}");
    }
    assert_eq!(wu.get(&format!("{open}/edit")).await.status, 403);
    assert_eq!(
        wu.submit(&open, &format!("{open}/follow"), &[("on", "1")])
            .await
            .status,
        303
    );

    let mut nobody = Guest::new(&world);
    let away = nobody.get(&path).await;
    assert!(away.to.contains("/connect/oauth2/authorize"), "{}", away.to);
    let token = zhang.get(&path).await.value("token");
    let close = [("token", token.as_str()), ("to", "closed")];
    assert_eq!(nobody.post(&state, &close).await.status, 403);
    assert_eq!(nobody.get("/items?tenantKey=team9").await.status, 404);
    assert_eq!(
        nobody.get(&format!("/admin/corps/{CORP}/items")).await.to,
        "/admin/login"
    );
    // A member's session opens nothing of the administrator's.
    let answer = zhang.get(&format!("/admin/corps/{CORP}/items")).await;
    assert_eq!(answer.to, "/admin/login");

    let mut customer = Guest::new(&world);
    let away = customer.get("/items").await;
    let mut authorize = url::Url::parse(&away.to).unwrap();
    authorize
        .query_pairs_mut()
        .append_pair("as", "contact:wmCustomer1");
    let back = world.http.get(authorize).send().await.unwrap();
    let back = back.headers()[LOCATION].to_str().unwrap().to_owned();
    customer.get(back.strip_prefix(OWN).unwrap()).await;
    for at in ["/items", path.as_str(), &open, &edit, "/items/new/form"] {
        let page = customer.get(at).await;
        assert_eq!(page.status, 403, "{at}");
        page.hides("门禁系统");
    }
    assert_eq!(customer.post(&state, &close).await.status, 403);
    assert_eq!(world.at(&path).await.head().state, ItemState::Open);
    assert_eq!(zhang.post(&state, &close).await.path(), path);
}

async fn a_form_needs_its_token_and_acts_once(on: On) {
    let (world, ..) = office(on).await;
    let mut guest = Guest::of(&world, "member:ZhangSan").await;
    let mut other = Guest::of(&world, "member:LiSi").await;
    let new = "/items/new/project";
    let page = guest.get(new).await;
    let foreign = other.get(new).await.value("token");
    let (token, request) = (page.value("token"), page.value("request"));
    for (what, origin, token) in [
        ("no token", OWN, ""),
        ("another's token", OWN, foreign.as_str()),
        ("a cut token", OWN, &token[1..]),
        ("another site", "https://evil.example", &token),
        ("no origin", "", &token),
    ] {
        guest.origin = origin;
        let fields = [("token", token), ("request", &request), ("title", "x")];
        let refused = guest.post(new, &fields).await;
        assert_eq!(refused.status, 403, "{what}");
    }
    guest.origin = OWN;
    assert_eq!(world.items_kept().await, 0);
    let huge = "x".repeat(3 * 1024 * 1024);
    let refused = guest
        .post(new, &[("token", &token), ("title", &huge)])
        .await;
    assert_eq!(refused.status, 413);

    // A double tap makes one project, and both taps lead to it.
    let one = guest.submit_on(&page, new, &PROJECT).await;
    let two = guest.submit_on(&page, new, &PROJECT).await;
    assert_eq!(one.path(), two.path());
    assert_eq!(world.items_kept().await, 1);
    // The page of before with something else in it was sent already.
    let mut changed = PROJECT;
    changed[0] = ("title", "另一个");
    let told = guest.submit_on(&page, new, &changed).await;
    assert_eq!(told.status, 409);
    told.shows("value=\"另一个\"");
    assert_eq!(world.items_kept().await, 1);

    // So does an edit that comes twice.
    let edit = format!("{}/edit", one.path());
    let page = guest.get(&edit).await;
    world.clock.advance(std::time::Duration::from_secs(1));
    let first = guest.submit_on(&page, &edit, &changed).await;
    let second = guest.submit_on(&page, &edit, &changed).await;
    assert_eq!((first.path(), second.path()), (one.path(), one.path()));
}

async fn lists_are_searched_and_paged(on: On) {
    let (world, ..) = office(on).await;
    let mut guest = Guest::of(&world, "member:ZhangSan").await;
    guest
        .get("/items")
        .await
        .shows("还没有由您负责或处理的事项");
    for n in 0..33 {
        let title = format!("表{n:02}");
        let fields = [
            ("title", title.as_str()),
            ("fields[0].label", "a"),
            ("fields[0].kind", "text"),
            ("steps", "x"),
        ];
        guest.make("form", &fields).await;
        world.clock.advance(std::time::Duration::from_millis(5));
    }
    let first = guest.get("/items?kind=form").await;
    assert_eq!(first.html.matches("<span class=\"name\">").count(), 30);
    let (_, next) = first.html.split_once("rel=\"next\" href=\"").unwrap();
    let next = next
        .split('"')
        .next()
        .unwrap()
        .replace("&amp;", "&")
        .replace("&#38;", "&");
    let second = guest.get(&next).await;
    let titles = ["表02", "表01", "表00"];
    titles.iter().for_each(|title| second.shows(title));
    assert_eq!(second.html.matches("<span class=\"name\">").count(), 3);
    let found = guest.get("/items?kind=form&q=%E8%A1%A817").await;
    assert_eq!(found.html.matches("<span class=\"name\">").count(), 1);
    guest
        .get("/items?kind=form&state=closed")
        .await
        .shows("没有符合条件的事项");
    guest
        .get("/items?kind=project")
        .await
        .hides("<span class=\"name\">表");
    assert_eq!(guest.get("/items?kind=plan").await.status, 404);

    let mut li = Guest::of(&world, "member:LiSi").await;
    li.get("/items?kind=form")
        .await
        .hides("<span class=\"name\">表");
    let of_all = "/items?kind=form&scope=all&q=%E8%A1%A801";
    li.get(of_all)
        .await
        .shows("<span class=\"name\">表01</span>");
    // Everything goes to somebody else.
    let at = "/items/hand-over";
    let refused = guest.submit(at, at, &[("to", "谁")]).await;
    assert_eq!(refused.status, 422);
    let handed = guest.submit(at, at, &[("to", "李四")]).await;
    assert_eq!(handed.path(), "/items");
    world.settle().await;
    guest
        .get("/items?kind=form")
        .await
        .hides("<span class=\"name\">表");
    li.get("/items?kind=form").await.shows("表31");
}

async fn customers_are_answered(on: On) {
    let (world, zhang, wang) = office(on).await;
    let mut guest = Guest::of(&world, "member:ZhangSan").await;
    let path = guest.make("project", &PROJECT).await;
    guest.get(&path).await.shows("尚未发送给任何客户");
    let item = reference(&path);
    let share = Command::Share(wang.clone(), vec![item.clone()]);
    world.do_as(Actor::Member(zhang), share).await;
    let said = Command::Comment(NewComment {
        item: item.clone(),
        contact: wang.clone(),
        id: "0".into(),
        text: "什么时候来？".into(),
    });
    world.do_as(Actor::Contact(wang.clone()), said).await;
    let shown = guest.get(&path).await;
    for text in ["王女士", "可能已发送", "什么时候来？", "回复客户"] {
        shown.shows(text);
    }
    let shown_as = item.to_string();
    let at = format!("{path}/comment");
    let empty = [
        ("contact", wang.as_str()),
        ("as", &shown_as),
        ("text", "  "),
    ];
    let refused = guest.submit_on(&shown, &at, &empty).await;
    assert_eq!(refused.status, 422);
    let mut answer = empty;
    answer[2] = ("text", "明天");
    let sent = guest.submit_on(&refused, &at, &answer).await;
    assert_eq!(sent.path(), path);
    assert_eq!(
        guest.submit_on(&refused, &at, &answer).await.path(),
        path,
        "a double tap"
    );
    let store = world.store();
    let comments = store
        .comments(&corp(), &item, &wang, None, 9)
        .await
        .unwrap();
    let texts: Vec<_> = comments.into_iter().map(|comment| comment.text).collect();
    assert_eq!(texts, ["什么时候来？", "明天"]);

    // Another item cannot be talked about from here.
    let mut foreign = answer;
    foreign[1] = ("as", "project:other");
    assert_eq!(guest.submit(&path, &at, &foreign).await.status, 400);
    // Somebody who neither works on it nor has the customer only reads.
    let mut wu = Guest::of(&world, "member:WuNing").await;
    let page = wu.get(&path).await;
    page.hides("<textarea name=\"text\"");
    assert_eq!(wu.submit_on(&page, &at, &answer).await.status, 403);

    let revoke = [("contact", wang.as_str()), ("as", &shown_as)];
    let done = guest
        .submit(&path, &format!("{path}/revoke"), &revoke)
        .await;
    assert_eq!(done.path(), path);
    guest.get(&path).await.shows("尚未发送给任何客户");
}

/// An item as a customer has it.
fn granted(world: &World, contact: &ExternalUserId, item: &ItemRef) -> Effect {
    let now = world.clock.now();
    Effect::PutGrant(Grant {
        contact: contact.clone(),
        item: item.clone(),
        by: Actor::System,
        state: GrantState::Confirmed,
        given_at: now,
        changed_at: now,
    })
}

async fn everybody_of_many_is_answered(on: On) {
    let (world, ..) = office(on).await;
    let mut guest = Guest::of(&world, "member:ZhangSan").await;
    let path = guest.make("project", &PROJECT).await;
    let item = reference(&path);
    let many: Vec<ExternalUserId> = (10..61).map(|n| contact(&format!("wm{n}"))).collect();
    let all = many.iter().map(|contact| granted(&world, contact, &item));
    world.put(&all.collect::<Vec<_>>()).await;
    let first = guest.get(&path).await;
    first.shows("talk=wm59");
    first.hides("talk=wm60");
    first.hides("<textarea name=\"text\"");
    guest
        .get(&format!("{path}?who=wm59"))
        .await
        .shows("talk=wm60");

    let shown_as = item.to_string();
    let last = format!("{path}?talk=wm60&as={shown_as}");
    let shown = guest.get(&last).await;
    shown.shows("<textarea name=\"text\"");
    let answer = [("contact", "wm60"), ("as", &shown_as), ("text", "明天")];
    let sent = guest
        .submit_on(&shown, &format!("{path}/comment"), &answer)
        .await;
    assert_eq!(sent.path(), path);
    let to = sent.to.split('#').next().unwrap().to_owned();
    guest.get(&to).await.shows("<p class=\"text\">明天</p>");
    // Nobody comes into the list by being named.
    let stranger = guest.get(&format!("{path}?talk=wm99")).await;
    stranger.hides("value=\"wm99\"");
    stranger.hides("<textarea name=\"text\"");
}

async fn a_plan_is_talked_about_apart(on: On) {
    let (world, zhang, wang) = office(on).await;
    let mut guest = Guest::of(&world, "member:ZhangSan").await;
    let path = guest.make("project", &PROJECT).await;
    let project = reference(&path);
    let plan: ItemRef = format!("plan:{}", project.id).parse().unwrap();
    let share = Command::Share(wang.clone(), vec![project.clone(), plan.clone()]);
    world.do_as(Actor::Member(zhang), share).await;
    for shown in [project, plan] {
        let shown = shown.to_string();
        let page = guest.get(&format!("{path}?talk={wang}&as={shown}")).await;
        let empty = [("contact", wang.as_str()), ("as", &shown), ("text", " ")];
        let at = format!("{path}/comment");
        let refused = guest.submit_on(&page, &at, &empty).await;
        assert_eq!(refused.status, 422);
        let (_, form) = refused.html.split_once("/comment\"").unwrap();
        let (form, _) = form.split_once("</form>").unwrap();
        let hidden = format!("name=\"as\" value=\"{shown}\"");
        assert!(form.contains(&hidden), "{shown}: {form}");
    }
}

async fn long_conversations_are_read_to_their_beginning(on: On) {
    let (world, _, wang) = office(on).await;
    let mut guest = Guest::of(&world, "member:ZhangSan").await;
    let path = guest.make("project", &PROJECT).await;
    let item = reference(&path);
    let mut effects = vec![granted(&world, &wang, &item)];
    let now = world.clock.now();
    effects.extend((100..250_u16).map(|n| {
        Effect::PutComment(Comment {
            id: format!("c{n}"),
            item: item.clone(),
            contact: wang.clone(),
            by: Actor::Contact(wang.clone()),
            text: format!("第{n}句"),
            at: now,
        })
    }));
    world.put(&effects).await;
    let last = guest.get(&path).await;
    last.shows("第150句");
    last.shows("第249句");
    last.hides("第149句");
    let (before, _) = last.html.split_once("显示更早的评论").unwrap();
    let (_, earlier) = before.rsplit_once("href=\"").unwrap();
    let earlier = earlier.split('"').next().unwrap().replace("&#38;", "&");
    let first = guest.get(&earlier).await;
    first.shows("第100句");
    first.shows("第149句");
    first.hides("第150句");
    first.hides("显示更早的评论");
}

async fn whoever_has_left_has_no_way_in(on: On) {
    let (world, zhang, _) = office(on).await;
    let mut guest = Guest::of(&world, "member:ZhangSan").await;
    let path = guest.make("project", &PROJECT).await;
    let token = guest.get(&path).await.value("token");
    world.sim.delete_member(&zhang).await.unwrap();
    world.settle().await;
    for at in ["/items", path.as_str()] {
        let page = guest.get(at).await;
        assert_eq!(page.status, 403, "{at}");
        page.hides("门禁系统");
    }
    let state = format!("{path}/state");
    let close = [("token", token.as_str()), ("to", "closed")];
    assert_eq!(guest.post(&state, &close).await.status, 403);
    assert_eq!(world.at(&path).await.head().state, ItemState::Open);

    // Back again, of which no event tells.
    world.clock.advance(std::time::Duration::from_secs(60));
    let back = Member::new(zhang, "张三");
    world.sim.corp().add_member(back);
    assert_eq!(guest.get("/items").await.status, 403, "not known yet");
    world.settle().await;
    assert_eq!(guest.get("/items").await.status, 200);
}

async fn records_of_a_form_for_few_are_for_few(on: On) {
    let (world, zhang, wang) = office(on).await;
    let mut zhangs = Guest::of(&world, "member:ZhangSan").await;
    let mut li = Guest::of(&world, "member:LiSi").await;
    let few: Vec<_> = FORM.into_iter().chain([("circle", "followers")]).collect();
    let form = li.make("form", &few).await;
    let add = [("follower", "张三 (ZhangSan)")];
    li.submit(&form, &format!("{form}/follower"), &add).await;
    let id = form.rsplit('/').next().unwrap();
    let from = format!("/items/new/record?form={id}&contact={wang}");
    let editor = zhangs.get(&from).await;
    editor.shows("<option value=\"followers\" selected>");
    let values = [
        ("form", id),
        ("contact", wang.as_str()),
        ("title", "报修"),
        ("circle", "followers"),
        ("v:f1", "门"),
    ];
    let made = zhangs
        .submit_on(&editor, "/items/new/record", &values)
        .await;
    let head = world.at(made.path()).await.head().clone();
    assert_eq!((head.owner, head.circle), (zhang, Circle::Followers));
    assert_eq!(head.followers, [user("LiSi")]);
}

async fn records_are_a_table(on: On) {
    let (world, _, wang) = office(on).await;
    let mut guest = Guest::of(&world, "member:ZhangSan").await;
    let form = guest.make("form", &FORM).await;
    let id = form.rsplit('/').next().unwrap().to_owned();
    let from = format!("/items/new/record?form={id}&contact={wang}");
    for (text, circle) in [("=1+1", "corp"), ("a\"b,c", "corp"), ("-5", "followers")] {
        let values = [
            ("form", id.as_str()),
            ("contact", wang.as_str()),
            ("title", "报修"),
            ("circle", circle),
            ("v:f1", text),
        ];
        let made = guest.submit(&from, "/items/new/record", &values).await;
        assert_eq!(made.status, 303, "{}", made.html);
        world.clock.advance(std::time::Duration::from_secs(1));
    }
    let table = guest.get(&format!("{form}/records.csv")).await;
    let text = table
        .html
        .strip_prefix('\u{feff}')
        .expect("spreadsheets need the mark");
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(
        lines[0].ends_with("\"问题\",\"楼层\",\"联系人\""),
        "{}",
        lines[0]
    );
    for (line, value) in lines[1..]
        .iter()
        .zip(["\"-5\"", "\"a\"\"b,c\"", "\"'=1+1\""])
    {
        assert!(
            line.contains(value) && line.contains("\"王女士\""),
            "{line}"
        );
    }
    let mut li = Guest::of(&world, "member:LiSi").await;
    let table = li.get(&format!("{form}/records.csv")).await;
    assert!(!table.html.contains("-5"), "{}", table.html);
    assert_eq!(table.html.matches("\r\n").count(), 3);
}

async fn administrators_have_the_same_pages(on: On) {
    let (world, ..) = office(on).await;
    let mut admin = Guest::new(&world);
    let password = [("password", ADMIN_PASSWORD)];
    admin
        .submit("/admin/login", "/admin/login", &password)
        .await;
    let base = format!("/admin/corps/{CORP}/items");
    admin.get(&base).await.shows(&format!("{base}/new/project"));
    admin
        .get(&format!("/admin/corps/{CORP}"))
        .await
        .shows(&format!("href=\"{base}\""));
    let new = format!("{base}/new/project");
    let refused = admin.submit(&new, &new, &PROJECT).await;
    assert_eq!(refused.status, 422, "an owner must be chosen");
    let owned: Vec<_> = PROJECT.into_iter().chain([("owner", "李四")]).collect();
    let made = admin.submit_on(&refused, &new, &owned).await;
    let path = made.path().to_owned();
    assert!(path.starts_with(&base), "{path}");
    let item = world.at(&path).await;
    assert_eq!(item.head().owner, user("LiSi"));
    assert_eq!(item.head().created_by, Actor::Admin);
    let choose = admin.get(&format!("{base}/new/approval")).await;
    choose.shows("王女士");
    let about = format!("{base}/new/approval?contact=wmCustomer1");
    let files = format!("data-files=\"/admin/corps/{CORP}/files?item=approval");
    let editor = admin.get(&about).await;
    // With a Redis there is no place for files unless one is set.
    assert_eq!(editor.html.contains(&files), matches!(on, On::Embedded));
    let closed = admin
        .submit(&path, &format!("{path}/state"), &[("to", "closed")])
        .await;
    assert_eq!(closed.path(), path);
    // Language stays chosen.
    let switched = admin.get(&format!("{base}/language/en?back={base}")).await;
    assert_eq!(switched.path(), base);
    admin.get(&base).await.shows("New project");
    let stray = admin
        .get(&format!("{base}/language/en?back=//evil.example"))
        .await;
    assert_eq!(stray.path(), "/items");
}

async fn what_is_typed_is_never_markup(on: On) {
    let (world, zhang, _) = office(on).await;
    let mallory = contact("wmMallory");
    world
        .sim
        .corp()
        .add_contact(Contact::new(mallory.clone(), NASTY));
    world.sim.customer_adds(&zhang, &mallory).await.unwrap();
    world.settle().await;
    let mut guest = Guest::of(&world, "member:ZhangSan").await;
    let project = [
        ("title", NASTY),
        ("description", NASTY),
        ("stages[0].title", NASTY),
        ("stages[0].tasks[0].title", NASTY),
    ];
    let project = guest.make("project", &project).await;
    let form = [
        ("title", NASTY),
        ("fields[0].label", NASTY),
        ("fields[0].key", "f1"),
        ("fields[0].hint", NASTY),
        ("fields[0].kind", "choice"),
        ("fields[0].options", NASTY),
        ("steps", "<b>x</b>"),
    ];
    let form = guest.make("form", &form).await;
    let id = form.rsplit('/').next().unwrap().to_owned();
    let new = format!("/items/new/record?form={id}&contact={mallory}");
    let values = [
        ("form", id.as_str()),
        ("contact", mallory.as_str()),
        ("title", NASTY),
        ("v:f1", NASTY),
    ];
    let made = guest.submit(&new, "/items/new/record", &values).await;
    let record = made.path().to_owned();
    let follow_up = [
        ("step", "<b>x</b>"),
        ("was_step", "<b>x</b>"),
        ("follow_up", NASTY),
    ];
    let done = guest
        .submit(&record, &format!("{record}/advance"), &follow_up)
        .await;
    assert_eq!(done.status, 303, "{}", done.html);
    let item = reference(&record);
    world
        .do_as(
            Actor::Member(zhang.clone()),
            Command::Share(mallory.clone(), vec![item.clone()]),
        )
        .await;
    let said = Command::Comment(NewComment {
        item,
        contact: mallory.clone(),
        id: "0".into(),
        text: NASTY.into(),
    });
    world.do_as(Actor::Contact(mallory), said).await;
    let search = encoded([("q", NASTY), ("kind", "project")]);
    let pages = [
        "/items?kind=project".to_owned(),
        "/items?kind=form".to_owned(),
        "/items?kind=record".to_owned(),
        format!("/items?{search}"),
        format!("/items/new/approval?about={}", reference(&project)),
        new,
        format!("{project}/edit"),
        format!("{form}/edit"),
        format!("{record}/edit"),
        project,
        form,
        record,
    ];
    for path in pages {
        let page = guest.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        page.hides("<script>alert");
        page.hides("<img");
        page.hides("<b>x");
        assert!(
            page.html.contains("&#60;script&#62;alert"),
            "{path}: {}",
            page.html
        );
    }
}

async fn kinds_that_are_not_authorised_are_not_there(on: On) {
    let setup = Setup::default();
    let (mut world, ..) = office_with(on, setup).await;
    world
        .restart(
            "auto_sync = true",
            "auto_sync = true\nitems = [\"forms\", \"approvals\"]",
        )
        .await;
    let mut guest = Guest::of(&world, "member:ZhangSan").await;
    let page = guest.get("/items").await;
    page.shows("/items/new/form");
    page.hides("kind=project");
    for path in [
        "/items?kind=project",
        "/items/new/project",
        "/items/project/abc",
    ] {
        assert_eq!(guest.get(path).await.status, 404, "{path}");
    }
}
