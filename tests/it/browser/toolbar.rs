//! The chat toolbar, framed by the simulator's chat, which plays the client.

use std::time::Duration;

use serde_json::{Value, json};
use wecom_bridge::sim::console::CustomerApi;
use wecom_bridge::sim::person::{Account, Contact, Counts, Member};

use crate::browser::driver::Browser;
use crate::browser::{DESKTOP, PHONE, at, opened_as, world};
use crate::world::{JsSdk, World, contact, user};

const CHAT: &str = "chat/ZhangSan/wmCustomer1";
const CONNECTED: &str = "已连接。";

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
    browser.forget().await;
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
    assert_eq!(
        world.cards(&member),
        ["正在与王女士协作"],
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
    browser.forget().await;
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
    browser.forget().await;
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
    browser.forget().await;
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
    browser.script("return connect()").await;
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
        browser.forget().await;
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
    browser.forget().await;
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
