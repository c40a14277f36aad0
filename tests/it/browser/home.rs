//! The customer's home page "与我协作".

use wecom_bridge::sim::person::Member;

use crate::browser::driver::Browser;
use crate::browser::{PHONE, at, world};
use crate::world::{JsSdk, user};

const EMPTY: &str = "还没有与您共享的事项。";

pub(super) async fn it_is_there_on_a_phone(browser: &Browser) {
    let (world, ..) = world(JsSdk::Simulated).await;
    browser.forget().await;
    browser.size(PHONE.0, PHONE.1).await;
    let table = [
        ("home?tenantKey=team1", "与我协作", EMPTY),
        (
            "home?tenantKey=team2",
            "链接无效",
            "请从对方的企业微信名片中重新打开“与我协作”。",
        ),
        ("home?tenantKey=", "链接无效", "链接不完整或已失效。"),
        (
            "home?tenantKey=team1&tenantKey=team1",
            "链接无效",
            "链接不完整或已失效。",
        ),
        ("home", "链接无效", "链接不完整或已失效。"),
        ("elsewhere", "页面不存在", "请检查地址"),
    ];
    for (path, title, text) in table {
        browser.open(world.base.join(path).unwrap()).await;
        assert_eq!(browser.text("h1").await, title, "{path}");
        browser.sees(text).await;
        assert!(browser.fits_its_width().await, "{path}");
        // The style sheet is there, too.
        let color = "return getComputedStyle(document.body).margin";
        assert_eq!(browser.script(color).await, "0px", "{path}");
        let expected = if title == "与我协作" { 0 } else { 1 };
        let complaints = browser.complaints().await;
        assert_eq!(complaints.len(), expected, "{path}: {complaints:?}");
        assert!(
            complaints.iter().all(|line| line.contains("404")),
            "{complaints:?}"
        );
    }
}

pub(super) async fn a_profile_card_leads_to_it(browser: &Browser) {
    let (world, _, customer) = world(JsSdk::Simulated).await;
    let member = Member::new(user("LiSi"), "李四");
    world.sim.create_member(member).await;
    world.settle().await;
    world
        .sim
        .customer_adds(&user("LiSi"), &customer)
        .await
        .unwrap();
    browser.forget().await;
    browser.open(at(&world.sim, "profile/LiSi")).await;
    assert_eq!(browser.text("th").await, "与我协作");
    browser.click_into_new_window("td a").await;
    browser.sees(EMPTY).await;
    let home = world.base.join("home?tenantKey=team1").unwrap();
    assert_eq!(browser.url().await, home);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
