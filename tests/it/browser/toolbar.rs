//! The chat toolbar, framed by the simulator's chat, which plays the client.

use std::time::Duration;

use image::ImageFormat;
use serde_json::{Value, json};
use tempfile::TempDir;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::request::{Command, Content, Target};
use wecom_bridge::model::chat::ChatPerson;
use wecom_bridge::model::form::{FieldKind, Submissions};
use wecom_bridge::model::grant::GrantState;
use wecom_bridge::model::ids::{ChatId, ExternalUserId, UserId};
use wecom_bridge::model::item::{Actor, Item};
use wecom_bridge::sim::console::CustomerApi;
use wecom_bridge::sim::ledger::Sent;
use wecom_bridge::sim::person::{Account, Contact, Counts, Member};

use crate::browser::driver::Browser;
use crate::browser::{DESKTOP, PHONE, at, opened_as, world};
use crate::files::picture;
use crate::home::field;
use crate::items::{comment, draft, form, key};
use crate::world::{JsSdk, World, contact, user};

const CHAT: &str = "chat/ZhangSan/wmCustomer1";
const CONNECTED: &str = "已连接。";

/// Nobody yet, but one who reads Chinese: the browser itself prefers English.
async fn begin(browser: &Browser, world: &World) {
    browser.forget().await;
    let chinese = world.base.join("admin/language/zh").unwrap();
    browser.open(chinese).await;
}

/// The toolbar's page is in front when this returns.
async fn open_chat(browser: &Browser, world: &World, chat: &str) {
    browser.open(at(&world.sim, chat)).await;
    browser.enter_frame("#toolbar iframe").await;
}

async fn visits(world: &World) -> Vec<Value> {
    world.settle().await;
    let kept = world.api("api/v1/contacts/wmCustomer1").await;
    kept["visits"].as_array().unwrap().clone()
}

pub(super) async fn a_member_opens_it_for_a_customer(browser: &Browser) {
    let (world, member, _) = world(JsSdk::Simulated).await;
    begin(browser, &world).await;
    for (width, height) in [DESKTOP, PHONE] {
        browser.size(width, height).await;
        world.clock.advance(Duration::from_secs(1));
        open_chat(browser, &world, CHAT).await;
        browser.sees(CONNECTED).await;
        browser.leave_frames().await;
        let said = browser.text("#log").await;
        // The newest line stands first. Both signatures were checked by the simulator.
        let newest_first = [
            "getCurExternalContact:ok",
            "getContext:ok",
            "agentConfig:ok",
            "config:ok",
        ];
        assert_eq!(said.lines().collect::<Vec<_>>(), newest_first);
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());

    let visits = visits(&world).await;
    let [visit] = &visits[..] else {
        panic!("{visits:?}")
    };
    assert_eq!(visit["userid"], "ZhangSan");
    assert_eq!(visit["entry"], "single_chat_tools");
    assert_eq!(visit["count"], 2);
    // Whom nobody had read before is read, and told that they belong to it.
    let mut cards = world.cards(&member);
    cards.sort();
    assert_eq!(
        cards,
        ["你已加入“与我协作”", "正在与王女士协作"],
        "one card for two visits"
    );
    let events = world.api("api/v1/events?kind=sidebar_opened").await;
    assert_eq!(events["items"].as_array().unwrap().len(), 2);
}

pub(super) async fn two_members_at_one_machine_are_told_apart(browser: &Browser) {
    let (world, ..) = world(JsSdk::Simulated).await;
    world
        .sim
        .corp()
        .add_member(Member::new(user("LiSi"), "李四"));
    world
        .sim
        .customer_adds(&user("LiSi"), &contact("wmCustomer1"))
        .await
        .unwrap();
    world.settle().await;
    begin(browser, &world).await;
    for chat in [CHAT, "chat/LiSi/wmCustomer1"] {
        open_chat(browser, &world, chat).await;
        browser.sees(CONNECTED).await;
    }
    let mut members: Vec<_> = visits(&world).await;
    members.sort_by_key(|visit| visit["userid"].to_string());
    let members: Vec<_> = members.iter().map(|visit| &visit["userid"]).collect();
    assert_eq!(members, ["LiSi", "ZhangSan"]);
}

pub(super) async fn from_elsewhere_it_says_what_to_do(browser: &Browser) {
    let (world, ..) = world(JsSdk::Simulated).await;
    begin(browser, &world).await;
    for entry in ["normal", "group_chat_tools"] {
        open_chat(browser, &world, &format!("{CHAT}?entry={entry}")).await;
        browser
            .sees("请在与客户的单聊中，从聊天工具栏打开此页面。")
            .await;
    }
    browser
        .open(opened_as(&world, "member:ZhangSan", "sidebar"))
        .await;
    browser.sees("请在企业微信中打开").await;
    assert_eq!(visits(&world).await, Vec::<Value>::new());

    open_chat(browser, &world, &format!("{CHAT}?entry=contact_profile")).await;
    browser.sees(CONNECTED).await;
    assert_eq!(visits(&world).await[0]["entry"], "contact_profile");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

pub(super) async fn without_permission_it_says_what_to_check(browser: &Browser) {
    let (world, ..) = world(JsSdk::Simulated).await;
    begin(browser, &world).await;
    world.sim.corp().console.customer_api = CustomerApi::NotListed;
    open_chat(browser, &world, CHAT).await;
    browser.sees("无法读取当前客户。").await;
    assert_eq!(
        browser.text("#reason").await,
        "getContext:fail no permission"
    );

    // Nine hours later the session has ended under a page that is still shown.
    world.sim.corp().console.customer_api = CustomerApi::Listed;
    open_chat(browser, &world, CHAT).await;
    browser.sees(CONNECTED).await;
    world.clock.advance(Duration::from_secs(9 * 60 * 60));
    browser.click("[data-kind=form]").await;
    browser.sees("登录已失效").await;
    let complaints = browser.complaints().await;
    assert!(
        complaints.iter().all(|line| line.contains("401")),
        "{complaints:?}"
    );
}

pub(super) async fn only_members_are_let_in(browser: &Browser) {
    let (world, ..) = world(JsSdk::Simulated).await;
    let mut stranger = Contact::new(contact("wmStranger"), "路人");
    (stranger.counts, stranger.account) = (Counts::Stranger, Account::WeChat);
    world.sim.corp().add_contact(stranger);
    let table = [
        ("contact:wmCustomer1", "仅限成员使用"),
        ("contact:wmStranger", "无法确认您的身份"),
    ];
    for (who, said) in table {
        begin(browser, &world).await;
        browser.open(opened_as(&world, who, "sidebar")).await;
        assert_eq!(browser.text("h1").await, said, "{who}");
        let shown = browser.text("body").await;
        assert!(!shown.contains("王女士"), "{shown}");
        let scripts = browser.script("return document.scripts.length").await;
        assert_eq!(scripts, json!(0), "{who}");
    }
    // Their answers are 403, which the console notes.
    let complaints = browser.complaints().await;
    assert!(
        complaints.iter().all(|line| line.contains("403")),
        "{complaints:?}"
    );
    assert_eq!(
        world.items("events").await.len(),
        2,
        "the contact was added, and read"
    );
}

/// The script that is shipped, in a browser that passes for WeCom's client. What the client has inside is played here.
pub(super) async fn the_built_in_sdk_talks_to_a_client(browser: &Browser) {
    let (world, ..) = world(JsSdk::BuiltIn).await;
    begin(browser, &world).await;
    browser
        .open(opened_as(&world, "member:ZhangSan", "sidebar"))
        .await;
    browser.sees("请在企业微信中打开").await;

    let played = browser.play_client(include_str!("client.js")).await;
    browser.open(world.base.join("sidebar").unwrap()).await;
    browser.sees(CONNECTED).await;
    let asked = browser.script("return window.asked").await;
    browser.stop_playing(played).await;

    let [(first, config), rest @ ..] =
        &serde_json::from_value::<Vec<(String, Value)>>(asked).unwrap()[..]
    else {
        panic!("nothing was asked")
    };
    assert_eq!(first, "agentConfig");
    let rest: Vec<_> = rest.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(rest, ["getContext", "getCurExternalContact"]);
    let registration = json!({
        "url": world.base.join("sidebar").unwrap().as_str(),
        "corpId": config["corpid"],
        "agentId": config["agentid"],
        "config": null,
        "agentConfig": {
            "timestamp": config["timestamp"],
            "nonceStr": config["nonceStr"],
            "signature": config["signature"],
        },
    });
    let check = world
        .http
        .post(at(&world.sim, "jssdk/register"))
        .json(&registration);
    let checked: Value = check.send().await.unwrap().json().await.unwrap();
    assert_eq!(checked["agentConfig"]["errMsg"], "agentConfig:ok");
    assert_eq!(visits(&world).await.len(), 1);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

/// A world with a few items of the member's.
async fn stocked() -> (World, UserId, ExternalUserId) {
    let (world, member, customer) = world(JsSdk::Simulated).await;
    let userid = member.clone();
    world.ask(&OwnEvent::RefreshMember { userid }).await;
    world.settle().await;
    let by = Actor::Member(member.clone());
    let project = |id: &str, title: &str| {
        let content = Content::Project { stages: Vec::new() };
        draft(Target::New(key(id)), title, content)
    };
    let mut deployment = project("p1", "部署 <i>上线</i>");
    if let Command::Put(draft) = &mut deployment {
        draft.description = "签约后的<b>部署</b>安排".into();
    }
    for put in [
        deployment,
        project("p2", "售后"),
        form("f1", Submissions::Many),
    ] {
        world.asked(by.clone(), put).await.unwrap();
    }
    (world, member, customer)
}

async fn choose(browser: &Browser, kind: &str, item: &str) {
    browser.click(&format!("[data-kind={kind}]")).await;
    browser
        .click(&format!(
            "#items[aria-busy=false] input[data-item='{item}']"
        ))
        .await;
}

/// The address without what tells its member whose page it is.
fn without_token(link: &str) -> String {
    let (link, token) = link.split_once("&t=").unwrap();
    assert!(!token.contains(['&', '=']), "{token}");
    link.to_owned()
}

/// What was sent into the chat: titles and links.
fn cards(world: &World) -> Vec<(String, String)> {
    let sent = world.sim.sent();
    let card = |sent: &Sent| match sent {
        Sent::Chat(chat) => {
            let text = |field: &str| chat.content["news"][field].as_str().unwrap().to_owned();
            Some((text("title"), without_token(&text("link"))))
        }
        _ => None,
    };
    sent.iter().filter_map(card).collect()
}

pub(super) async fn two_items_are_found_and_sent(browser: &Browser) {
    let (world, _, customer) = stocked().await;
    begin(browser, &world).await;
    browser.size(DESKTOP.0, DESKTOP.1).await;
    open_chat(browser, &world, CHAT).await;
    browser.sees(CONNECTED).await;
    assert_eq!(browser.text("#customer h2").await, "王女士");
    browser.type_into("#customer [type=search]", "部署").await;
    browser.click("[data-form=search] button").await;
    browser
        .click("#items[aria-busy=false] input[data-item='project:p1']")
        .await;
    let found = browser.script("return document.querySelectorAll('#items input').length");
    assert_eq!(found.await, json!(1));
    browser
        .script("document.querySelector('#customer [type=search]').value = ''")
        .await;
    choose(browser, "form", "form:f1").await;
    assert_eq!(browser.text("#count").await, "2 / 9");
    browser.keep_picture("toolbar-chosen").await;
    browser.click("#send").await;
    browser.sees("已发送 2 张卡片。").await;
    for item in ["project:p1", "form:f1"] {
        let row = format!("[data-shared='{item}'] .state.confirmed");
        assert_eq!(browser.text(&row).await, "已发送");
        assert_eq!(
            world.grant(&customer, item).await,
            Some(GrantState::Confirmed)
        );
    }
    browser.leave_frames().await;
    browser.keep_picture("toolbar-sent").await;
    let home = |path: &str| format!("{}home/{path}?tenantKey=team1", world.base);
    let expected = [
        ("部署 <i>上线</i>".to_owned(), home("project/p1")),
        ("报修".to_owned(), home("form/f1")),
    ];
    assert_eq!(cards(&world), expected);
    assert_eq!(
        browser.text("#said > :nth-last-child(2) b").await,
        "部署 <i>上线</i>"
    );
    assert_eq!(
        browser.text("#said > :nth-last-child(2) span").await,
        "签约后的<b>部署</b>安排"
    );
    assert_eq!(browser.complaints().await, Vec::<String>::new());

    // The customer taps on the card.
    browser.click_into_new_window("#said > :last-child").await;
    let mut opened = browser.url().await;
    // WeCom's login address ends in #wechat_redirect, and browsers keep that through redirects.
    opened.set_fragment(None);
    assert_eq!(without_token(opened.as_str()), home("form/f1"));
    browser.complaints().await;
}

pub(super) async fn what_cannot_be_sent_is_taken_back(browser: &Browser) {
    let (world, _, customer) = stocked().await;
    begin(browser, &world).await;
    browser.size(PHONE.0, PHONE.1).await;
    open_chat(browser, &world, CHAT).await;
    browser.sees(CONNECTED).await;
    choose(browser, "project", "project:p1").await;
    choose(browser, "plan", "plan:p1").await;
    world.sim.corp().console.customer_api = CustomerApi::NotListed;
    browser.click("#send").await;
    browser.sees("企业微信没有允许发送").await;
    browser.sees("可调用接口的应用").await;
    browser.sees("sendChatMessage:fail no permission").await;
    for item in ["project:p1", "plan:p1"] {
        let row = format!("[data-shared='{item}'] .state.revoked");
        browser.text(&row).await;
        assert_eq!(
            world.grant(&customer, item).await,
            Some(GrantState::Revoked)
        );
    }
    // The links go another way.
    browser.click("#copy").await;
    browser.sees("链接只有这位客户能打开。").await;
    let link = browser.script("return document.querySelector('#links input').value");
    let link = link.await.as_str().unwrap().to_owned();
    assert_eq!(
        without_token(&link),
        format!("{}home/project/p1?tenantKey=team1", world.base)
    );
    browser.keep_picture("toolbar-links").await;
    assert_eq!(
        world.grant(&customer, "project:p1").await,
        Some(GrantState::Pending)
    );
    browser
        .click("[data-do=confirm][data-item='project:p1']")
        .await;
    browser
        .text("[data-shared='project:p1'] .state.confirmed")
        .await;
    browser
        .click("[data-shared='project:p1'] details:has([data-do=revoke]) summary")
        .await;
    browser
        .click("[data-do=revoke][data-item='project:p1']")
        .await;
    browser
        .text("[data-shared='project:p1'] .state.revoked")
        .await;
    assert!(cards(&world).is_empty());
    assert!(browser.fits_its_width().await);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

/// What the client or the connection may do while a card is under way, and what becomes of the grant.
pub(super) async fn a_lost_answer_leaves_it_maybe_sent(browser: &Browser) {
    let (world, _, customer) = stocked().await;
    begin(browser, &world).await;
    let pending = Some(GrantState::Pending);
    let revoked = Some(GrantState::Revoked);
    let refuses = |said: &str| {
        format!("ww.sendChatMessage = () => Promise.reject({{errMsg: 'sendChatMessage:{said}'}})")
    };
    let lost = "const before = window.fetch;
        window.fetch = (path, options) => String(path).includes('/confirm')
            ? Promise.reject(new TypeError('offline')) : before(path, options)";
    let table = [
        (lost.to_owned(), "没有收到发送结果", pending),
        (
            "ww.sendChatMessage = () => Promise.reject(new Error('no answer'))".to_owned(),
            "没有收到发送结果",
            pending,
        ),
        (refuses("cancel"), "已取消发送", revoked),
        (
            refuses("fail function not exist"),
            "企业微信版本过低",
            revoked,
        ),
        (
            refuses("fail without context of external contact"),
            "不能发送",
            revoked,
        ),
        (refuses("fail anything"), "发送失败", revoked),
    ];
    for (n, (happens, said, state)) in table.into_iter().enumerate() {
        let item = format!("form:g{n}");
        let put = form(&format!("g{n}"), Submissions::Many);
        let by = Actor::Member(user("ZhangSan"));
        world.asked(by, put).await.unwrap();
        open_chat(browser, &world, CHAT).await;
        browser.sees(CONNECTED).await;
        browser.script(&happens).await;
        choose(browser, "form", &item).await;
        browser.click("#send").await;
        browser.sees(said).await;
        let word = if state == pending {
            "pending"
        } else {
            "revoked"
        };
        let row = format!("[data-shared='{item}'][data-state={word}]");
        browser.text(&row).await;
        assert_eq!(world.grant(&customer, &item).await, state, "{happens}");
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

pub(super) async fn what_was_sent_is_not_sent_again(browser: &Browser) {
    let (world, ..) = stocked().await;
    begin(browser, &world).await;
    browser.size(DESKTOP.0, DESKTOP.1).await;
    open_chat(browser, &world, CHAT).await;
    browser.sees(CONNECTED).await;
    choose(browser, "project", "project:p1").await;
    choose(browser, "project", "project:p2").await;
    choose(browser, "form", "form:f1").await;
    let second = "const send = ww.sendChatMessage;
        let asked = 0;
        ww.sendChatMessage = (card) => (asked += 1) === 2
            ? Promise.reject({errMsg: 'sendChatMessage:cancel'}) : send.call(ww, card)";
    browser.script(second).await;
    browser.click("#send").await;
    browser.sees("已取消发送").await;
    assert_eq!(browser.text("#count").await, "2 / 9");
    browser.click("#send").await;
    browser.sees("已发送 2 张卡片。").await;
    let mut titles: Vec<String> = cards(&world).into_iter().map(|card| card.0).collect();
    titles.sort();
    assert_eq!(titles, ["售后", "报修", "部署 <i>上线</i>"]);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

/// A member's group with two customers of theirs; the toolbar is open in it.
async fn in_a_group(browser: &Browser) -> (World, ExternalUserId, ExternalUserId) {
    let (world, member, customer) = stocked().await;
    let other = contact("wmCustomer2");
    let group = ChatId::parse("wrGroup").unwrap();
    let sim = &world.sim;
    sim.corp()
        .add_contact(Contact::new(other.clone(), "陈先生"));
    sim.customer_adds(&member, &other).await.unwrap();
    sim.create_group(&member, &group, "<b>项目群")
        .await
        .unwrap();
    for who in [&customer, &other, &contact("wmStranger")] {
        let who = ChatPerson::Outside(who.clone());
        sim.joins_group(&group, who).await.unwrap();
    }
    world.pass(Duration::from_secs(60)).await;
    begin(browser, &world).await;
    browser.size(DESKTOP.0, DESKTOP.1).await;
    open_chat(browser, &world, &format!("{CHAT}?entry=group_chat_tools")).await;
    browser.sees("<b>项目群").await;
    (world, customer, other)
}

pub(super) async fn a_late_answer_is_about_its_own_customer(browser: &Browser) {
    let (world, customer, other) = in_a_group(browser).await;
    browser.click("[data-customer=wmCustomer1]").await;
    choose(browser, "form", "form:f1").await;
    // The client answers when all patience is over, of which this page has none.
    let late = "const wait = window.setTimeout;
        window.setTimeout = (work, ms) => wait(work, ms === 60000 ? 0 : ms);
        ww.sendChatMessage = () => new Promise((sent) => { window.answer = sent; });
        const before = window.fetch;
        window.fetch = async (path, options) => {
            const answer = await before(path, options);
            if (String(path).endsWith('/confirm')) document.getElementById('reason').textContent = path;
            return answer;
        }";
    browser.script(late).await;
    browser.click("#send").await;
    browser.sees("没有收到发送结果").await;
    browser.click("[data-customer=wmCustomer2]").await;
    assert_eq!(browser.text("#customer h2").await, "陈先生");
    browser.script("window.answer({})").await;
    browser.sees("/sidebar/customer/wmCustomer1/confirm").await;
    let confirmed = Some(GrantState::Confirmed);
    assert_eq!(world.grant(&customer, "form:f1").await, confirmed);
    assert_eq!(world.grant(&other, "form:f1").await, None);
    assert_eq!(browser.text("#customer h2").await, "陈先生");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

pub(super) async fn what_goes_wrong_is_said(browser: &Browser) {
    let (world, ..) = stocked().await;
    begin(browser, &world).await;
    browser.size(DESKTOP.0, DESKTOP.1).await;
    open_chat(browser, &world, CHAT).await;
    browser.sees(CONNECTED).await;
    let trouble = "暂时无法连接";
    let outcome = "return document.getElementById('outcome').textContent";
    // The record is made, and then it cannot be sent: no connection, or an answer that nobody understands.
    for (n, broken) in [
        "Promise.reject(new TypeError('offline'))",
        "Promise.resolve(new Response('{'))",
    ]
    .into_iter()
    .enumerate()
    {
        let breaks = format!(
            "window.whole = window.whole || window.fetch;
            window.fetch = (path, options) => String(path).endsWith('/share')
                ? {broken} : window.whole(path, options)"
        );
        browser.script(&breaks).await;
        browser.click("[data-kind=form]").await;
        browser
            .click("#items[aria-busy=false] [data-form-id=f1]")
            .await;
        browser.type_into("[name=what]", "门坏了").await;
        browser.click("[value=send]").await;
        browser.sees(trouble).await;
        let said = browser.script(outcome).await;
        assert!(said.as_str().unwrap().starts_with(trouble), "{n}: {said}");
        browser.script("window.fetch = window.whole").await;
        browser.click("[data-do=clear]").await;
    }
    // What has gone wrong stops nothing.
    choose(browser, "project", "project:p2").await;
    browser.click("#send").await;
    browser.sees("已发送 1 张卡片。").await;
    browser.go_offline().await;
    browser.click("[data-kind=plan]").await;
    browser.sees(trouble).await;
    browser.go_online().await;
    let complaints = browser.complaints().await;
    assert!(
        complaints.iter().all(|line| line.contains("ERR_")),
        "{complaints:?}"
    );
}

pub(super) async fn a_customer_is_answered_and_a_form_filled_in(browser: &Browser) {
    let (world, member, customer) = stocked().await;
    let by = Actor::Member(member);
    let mut with_photos = form("f1", Submissions::Many);
    if let Command::Put(draft) = &mut with_photos
        && let Content::Form { fields, .. } = &mut draft.content
    {
        draft.target = Target::Existing(key("f1"), None);
        fields.push(field("photos", "照片", FieldKind::Attachment { max: 3 }));
    }
    world.asked(by.clone(), with_photos).await.unwrap();
    let share = Command::Share(customer.clone(), vec!["form:f1".parse().unwrap()]);
    world.asked(by.clone(), share).await.unwrap();
    let said = comment("form:f1", &customer, "c1", "<script>什么时候来？");
    let me = Actor::Contact(customer.clone());
    world.asked(me, said).await.unwrap();
    begin(browser, &world).await;
    browser.size(PHONE.0, PHONE.1).await;
    open_chat(browser, &world, CHAT).await;
    browser.sees("什么时候来？").await;
    browser.keep_picture("toolbar-waiting").await;
    browser
        .type_into("[data-form=reply] textarea", "明天")
        .await;
    browser.click("[data-form=reply] button").await;
    browser.sees("明天").await;
    let waiting = browser.script("return document.querySelectorAll('#shared .mark').length");
    assert_eq!(waiting.await, json!(0), "it is answered");

    browser.click("[data-kind=form]").await;
    browser
        .click("#items[aria-busy=false] [data-form-id=f1]")
        .await;
    let folder = TempDir::new().unwrap();
    let photo = folder.path().join("现场.png");
    std::fs::write(&photo, picture(640, 480, ImageFormat::Png)).unwrap();
    browser
        .type_into("[type=file]", photo.to_str().unwrap())
        .await;
    browser.text(".files img").await;
    browser.type_into("[name=what]", "太长太长太长").await;
    browser.click("[value=send]").await;
    let refused = browser.text("[data-place=what]:not(:empty)").await;
    assert_eq!(refused, "最多 5 个字");
    browser.keep_picture("toolbar-record").await;
    browser
        .script("document.querySelector('[name=what]').value = ''")
        .await;
    browser.type_into("[name=what]", "门坏了").await;
    browser.click("[value=send]").await;
    browser.sees("已发送 1 张卡片。").await;
    let [(title, link)] = &cards(&world)[..] else {
        panic!("one card")
    };
    assert_eq!(title, "报修 · 王女士");
    let made = link.split(['/', '?']).rev().nth(1).unwrap();
    let made = format!("record:{made}");
    let Some(Item::Record(record)) = world.item(&made).await else {
        panic!("{made} is kept");
    };
    assert_eq!(record.contact.as_ref(), Some(&customer));
    assert_eq!(record.values["photos"].texts().len(), 1);
    assert_eq!(
        world.grant(&customer, &made).await,
        Some(GrantState::Confirmed)
    );
    let complaints = browser.complaints().await;
    assert!(
        complaints.iter().all(|line| line.contains("422")),
        "{complaints:?}"
    );
}

pub(super) async fn in_a_group_one_customer_is_chosen(browser: &Browser) {
    let (world, customer, other) = in_a_group(browser).await;
    let offered = "return Array.from(document.querySelectorAll('[data-do=choose]'),
        (button) => button.dataset.customer)";
    let offered = browser.script(offered).await;
    assert_eq!(offered, json!(["wmCustomer1", "wmCustomer2"]));
    browser.click("[data-customer=wmCustomer2]").await;
    browser.sees("只有这位客户能打开").await;
    choose(browser, "form", "form:f1").await;
    browser.click("#send").await;
    browser.sees("已发送 1 张卡片。").await;
    browser.keep_picture("toolbar-group").await;
    assert_eq!(
        world.grant(&other, "form:f1").await,
        Some(GrantState::Confirmed)
    );
    assert_eq!(world.grant(&customer, "form:f1").await, None);
    assert_eq!(cards(&world).len(), 1);
    assert_eq!(visits(&world).await, Vec::<Value>::new());
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

pub(super) async fn outside_of_a_chat_links_are_copied(browser: &Browser) {
    let (world, _, customer) = stocked().await;
    begin(browser, &world).await;
    browser.size(PHONE.0, PHONE.1).await;
    let url = opened_as(&world, "member:ZhangSan", "sidebar?tenantKey=team1");
    browser.open(url).await;
    browser.sees("请在企业微信中打开").await;
    browser.click("[data-customer=wmCustomer1]").await;
    choose(browser, "project", "project:p2").await;
    let shown = "return document.getElementById('send').hidden";
    assert_eq!(browser.script(shown).await, json!(true));
    browser.click("#copy").await;
    browser.sees("链接只有这位客户能打开。").await;
    assert_eq!(
        world.grant(&customer, "project:p2").await,
        Some(GrantState::Pending)
    );
    browser.click("header a").await;
    browser.sees("Choose a customer").await;
    assert!(
        browser
            .url()
            .await
            .as_str()
            .ends_with("/sidebar?tenantKey=team1")
    );
    browser.keep_picture("toolbar-outside").await;
    browser.click("header a").await;
    browser.sees("选择客户").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
