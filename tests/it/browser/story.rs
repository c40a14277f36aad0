//! The whole story on a phone, click by click: a member sends, a customer fills in and asks, the member answers, the
//! service account reminds, and another takes over.

use std::time::Duration;

use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::request::Content;
use wecom_bridge::model::form::{Submissions, Value};
use wecom_bridge::model::ids::{ExternalUserId, UserId};
use wecom_bridge::sim::person::Member;

use crate::browser::driver::Browser;
use crate::browser::{PHONE, at, opened_as};
use crate::home::{form, project, put};
use crate::items::key;
use crate::world::{Address, JsSdk, On, Setup, World, user};

/// Its followers are reminded at any time of day.
const ACCOUNT: &str = r#"
[corp.service_account]
app_id = "wxService"
secret = "secret-of-the-service-account-01"
quiet_hours = "off"
[corp.service_account.templates.reply]
template_id = "TM1"
keys = { thing1 = "title", thing2 = "text", name3 = "member", time4 = "time", phrase5 = "=已回复" }
[[corp.service_account.receiver]]
name = "account"
token = "accounttoken"
aes_key = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg"
"#;

const CHAT: &str = "chat/ZhangSan/wmCustomer1";
const WINDOW: &str = "window/ZhangSan";
const WEIXIN: &str = "weixin/window/wmCustomer1";
const QUESTION: &str = "什么时候来？";
const REPLY: &str = "明天上午九点。";

/// Members are told of the next news of the same conversation after five minutes.
const A_WHILE: Duration = Duration::from_secs(6 * 60);

/// 张三 with 王女士, a colleague, and a project, its plan, a form and a record to send.
async fn stage() -> World {
    let setup = Setup {
        address: Address::Here(JsSdk::Simulated),
        more: ACCOUNT,
        ..Setup::default()
    };
    let world = World::with(On::Embedded, setup).await;
    let (member, customer) = world.people();
    known_to_the_account(&world, &customer);
    let colleague = Member::new(user("LiSi"), "李四");
    world.sim.create_member(colleague).await;
    world.sim.customer_adds(&member, &customer).await.unwrap();
    stock(&world, member, customer).await;
    world
}

fn known_to_the_account(world: &World, customer: &ExternalUserId) {
    let mut corp = world.sim.corp();
    let contact = corp.contact_mut(customer).unwrap();
    contact.unionid = Some("union-1".into());
}

async fn stock(world: &World, userid: UserId, customer: ExternalUserId) {
    world.ask(&OwnEvent::RefreshMember { userid }).await;
    world.settle().await;
    put(world, "p1", "上线项目", "一起上线", project()).await;
    put(world, "f1", "报修单", "请填写", form(Submissions::One)).await;
    let record = Content::Record {
        form: key("f1"),
        contact: Some(customer),
        values: [("what".to_owned(), Value::One("门坏了".into()))].into(),
        project: Some(key("p1")),
    };
    put(world, "r1", "门坏了", "", record).await;
}

/// Taps what opens a window of its own, on the same phone.
async fn tap(browser: &Browser, css: &str, seen: &str) {
    browser.click_into_new_window(css).await;
    browser.size(PHONE.0, PHONE.1).await;
    browser.sees(seen).await;
    assert!(browser.fits_its_width().await, "{css}");
    let as_usual = "document.documentElement.style.fontSize = ''";
    browser.script(as_usual).await;
}

pub(super) async fn it_is_told_from_beginning_to_end(browser: &Browser) {
    let world = stage().await;
    browser.forget().await;
    browser.size(PHONE.0, PHONE.1).await;
    the_member_sends(browser, &world).await;
    the_customer_fills_in_and_asks(browser, &world).await;
    the_customer_follows_the_account(browser, &world).await;
    the_member_answers(browser, &world).await;
    the_customer_is_reminded(browser, &world).await;
    another_takes_over(browser, &world).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

async fn the_member_sends(browser: &Browser, world: &World) {
    browser
        .open(world.base.join("admin/language/zh").unwrap())
        .await;
    browser.open(at(&world.sim, CHAT)).await;
    browser.enter_frame("#toolbar iframe").await;
    browser.sees("已连接。").await;
    for item in ["project:p1", "plan:p1", "record:r1", "form:f1"] {
        let (kind, _) = item.split_once(':').unwrap();
        browser.click(&format!("[data-kind={kind}]")).await;
        let row = format!("#items[aria-busy=false] input[data-item='{item}']");
        browser.click(&row).await;
    }
    browser.click("#send").await;
    browser.sees("已发送 4 张卡片。").await;
    browser.leave_frames().await;
    browser.leave_picture("story-1-toolbar").await;
}

/// The card of the form was sent last.
async fn the_customer_fills_in_and_asks(browser: &Browser, world: &World) {
    tap(browser, "#said > :last-child", "报修单").await;
    browser.type_into("[name=f-what]", "灯不亮").await;
    browser.leave_picture("story-2-form").await;
    browser.submit("[data-draft=submit] button").await;
    browser.sees("提交成功").await;
    world.settle().await;
    browser.click(".sent .button").await;
    browser.sees("待处理").await;
    browser.type_into("#comment", QUESTION).await;
    browser.submit("[data-draft=comment] button").await;
    browser.sees(QUESTION).await;
    browser.leave_picture("story-3-record").await;
    world.pass(A_WHILE).await;
}

async fn the_customer_follows_the_account(browser: &Browser, world: &World) {
    browser.open(at(&world.sim, WEIXIN)).await;
    browser.submit("[formaction='/do/follow_account']").await;
    world.settle().await;
    browser.sees("取消关注服务号").await;
}

/// The newest card stands first.
async fn the_member_answers(browser: &Browser, world: &World) {
    browser.open(at(&world.sim, WINDOW)).await;
    browser.sees("王女士提交了表单").await;
    assert_eq!(browser.text(".card h2").await, "王女士发表了评论");
    browser.leave_picture("story-4-card").await;
    tap(browser, ".card h2 a", QUESTION).await;
    browser.type_into("#talk textarea", REPLY).await;
    browser.submit("#talk form button").await;
    browser.sees(REPLY).await;
    browser.leave_picture("story-5-reply").await;
    world.settle().await;
}

async fn the_customer_is_reminded(browser: &Browser, world: &World) {
    browser.open(at(&world.sim, WEIXIN)).await;
    browser.sees("您有新的回复").await;
    browser.leave_picture("story-6-reminder").await;
    tap(browser, ".card a", REPLY).await;
    browser.leave_picture("story-7-read").await;
    browser.click(".path a").await;
    browser.sees("已提交").await;
    for title in ["上线项目", "门坏了", "报修单"] {
        browser.sees(title).await;
    }
    let rows = browser.script("return document.querySelectorAll('section.list li').length");
    assert_eq!(rows.await, 5, "and the record that was made");
    browser.leave_picture("story-8-home").await;
}

async fn another_takes_over(browser: &Browser, world: &World) {
    let page = opened_as(world, "member:ZhangSan", "items/hand-over?tenantKey=team1");
    browser.open(page).await;
    browser.type_into("[name=to]", "李四").await;
    browser.submit("form.sheet button").await;
    world.pass(A_WHILE).await;
    browser.open(at(&world.sim, WINDOW)).await;
    let owners = "return Array.from(document.querySelectorAll('.card tr'),
        (row) => row.textContent.trim()).filter((row) => row.startsWith('负责人'))";
    let owners = browser.script(owners).await;
    assert_eq!(owners, serde_json::json!(["负责人李四", "负责人李四"]));
    browser.leave_picture("story-9-new-owner").await;
}
