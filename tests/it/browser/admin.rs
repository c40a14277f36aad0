//! The admin pages: without a script where it can be, on a phone and on a desktop.

use serde_json::Value;
use wecom_bridge::model::effect::{Effect, SentCard};
use wecom_bridge::model::ids::TaskId;
use wecom_bridge::model::switches::Switches;
use wecom_bridge::model::sync::{
    AskedBy, SyncMode, SyncPlace, SyncReport, SyncRequest, SyncRun, SyncScope, SyncState, Tally,
};
use wecom_bridge::sim::faults::Fault;
use wecom_bridge::sim::person::{Contact, Member};

use crate::browser::driver::Browser;
use crate::browser::{DESKTOP, PHONE, opened_as, world};
use crate::world::{ADMIN_PASSWORD, CORP, JsSdk, World, contact, user};

const NASTY: &str = "<img src=x onerror=alert(1)><script>alert(2)</script>";

fn page(world: &World, path: &str) -> String {
    let path = format!("admin/corps/{CORP}{path}");
    world.base.join(&path).unwrap().into()
}

/// Nobody yet, but one who reads Chinese: the browser itself prefers English.
async fn begin(browser: &Browser, world: &World) {
    browser.forget().await;
    browser
        .open(world.base.join("admin/language/zh").unwrap())
        .await;
}

async fn log_in(browser: &Browser, world: &World) {
    begin(browser, world).await;
    browser.type_into("#password", ADMIN_PASSWORD).await;
    browser.submit("form button").await;
    browser.sees("概览").await;
}

/// A sync that is running, one that has warned and failed, and a card, as other parts keep them.
fn records(world: &World) -> [Effect; 4] {
    let now = world.clock.now();
    let run = |id: &str, state, ended_at| SyncRun {
        id: id.into(),
        request: SyncRequest {
            scope: SyncScope::All,
            mode: SyncMode::Repair,
            by: AskedBy::Admin,
            part: None,
        },
        state,
        started_at: now,
        moved_at: now,
        ended_at,
        doing: "contacts of <b>page</b> 3".into(),
        progress: (300, 5000),
        place: SyncPlace::default(),
        first: false,
        then: None,
        report: SyncReport {
            contacts: Tally {
                found: 50_000,
                added: 12,
                unchanged: 49_988,
                ..Tally::default()
            },
            warnings: vec!["客户联系的使用范围不完整：客户联系 → 权限配置".into()],
            failures: vec!["externalcontact/batch/get_by_user: 60020".into()],
            ..SyncReport::default()
        },
    };
    let task_id = TaskId::parse("card-of-a-very-long-name-0123456789abcdef").unwrap();
    [
        Effect::PutSync(Box::new(run("1789999999000", SyncState::Failed, Some(now)))),
        Effect::PutSync(Box::new(run("1790000000000", SyncState::Running, None))),
        Effect::PutSwitches(Switches {
            auto_sync: Some(false),
            sync: Some("1790000000000".into()),
            ..Switches::default()
        }),
        Effect::PutCard(SentCard {
            task_id,
            touser: user("ZhangSan"),
            response_code: None,
            sent_at: now,
            pressed: Some("contacted".into()),
            about: None,
            shows: None,
        }),
    ]
}

pub(super) async fn by_password_and_by_wecom(browser: &Browser) {
    let (world, ..) = world(JsSdk::Simulated).await;
    browser.size(DESKTOP.0, DESKTOP.1).await;
    begin(browser, &world).await;
    assert_eq!(browser.url().await.path(), "/admin/login");
    browser.type_into("#password", "wrong").await;
    browser.submit("form button").await;
    browser.sees("密码不正确").await;
    browser.type_into("#password", ADMIN_PASSWORD).await;
    browser.submit("form button").await;
    assert_eq!(browser.text("h1").await, "概览");
    assert_eq!(browser.url().await.path(), format!("/admin/corps/{CORP}"));
    browser.submit(".who a").await;
    assert_eq!(browser.text("h1").await, "Overview");
    browser.submit(".who a").await;
    browser.submit(".who button").await;
    assert_eq!(browser.text("h1").await, "登录");
    browser.open(page(&world, "")).await;
    assert_eq!(browser.text("h1").await, "登录", "logged out");
    // The wrong password was answered 403.
    browser.complaints().await;

    begin(browser, &world).await;
    browser
        .open(opened_as(
            &world,
            "member:ZhangSan",
            "admin/login/wecom/team1",
        ))
        .await;
    assert_eq!(browser.text("h1").await, "概览");
    assert_eq!(browser.text(".who span").await, "ZhangSan");
    assert_eq!(browser.complaints().await, Vec::<String>::new());

    world
        .sim
        .corp()
        .add_member(Member::new(user("LiSi"), "李四"));
    begin(browser, &world).await;
    browser
        .open(opened_as(&world, "member:LiSi", "admin/login/wecom/team1"))
        .await;
    assert_eq!(browser.text("h1").await, "没有权限");
    browser.open(page(&world, "/contacts")).await;
    assert_eq!(
        browser.text("h1").await,
        "登录",
        "a refused stranger has no session"
    );
    browser.complaints().await;
}

pub(super) async fn a_dead_letter_is_replayed(browser: &Browser) {
    let (world, member, _) = world(JsSdk::Simulated).await;
    let id = contact("wmDead");
    world
        .sim
        .corp()
        .add_contact(Contact::new(id.clone(), "陈先生"));
    let refused = Fault::ErrCode(40058);
    world.sim.faults().always("externalcontact/get", refused);
    world.sim.customer_adds(&member, &id).await.unwrap();
    world.settle().await;
    world.sim.faults().clear();
    log_in(browser, &world).await;
    browser.size(PHONE.0, PHONE.1).await;
    browser.sees("处理失败的事件：1").await;
    browser.keep_picture("390-attention").await;
    browser.submit(".attention a").await;
    browser.keep_picture("390-dead-letter").await;
    browser.click(".doing .confirm summary").await;
    browser.size(DESKTOP.0, DESKTOP.1).await;
    browser.keep_picture("1280-dead-letter").await;
    assert_eq!(browser.text("article h2").await, "refresh_contact");
    browser.submit("article .doing > form button").await;
    browser.sees("已重放：1").await;
    browser.sees("没有失败的记录").await;
    world.settle().await;
    let kept = world.api("api/v1/contacts/wmDead").await;
    assert_eq!(kept["name"], "陈先生");
    browser.open(page(&world, "/contacts")).await;
    browser.sees("陈先生").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

pub(super) async fn a_sync_is_started(browser: &Browser) {
    let (world, ..) = world(JsSdk::Simulated).await;
    log_in(browser, &world).await;
    browser.open(page(&world, "/sync")).await;
    browser.submit("main > form button").await;
    browser.sees("同步请求已提交").await;
    let asked = world.api("api/v1/events?kind=start_sync").await;
    assert_eq!(asked["items"].as_array().map(Vec::len), Some(1));
    browser.click(".confirm summary").await;
    browser.submit(".confirm button").await;
    browser.sees("开关请求已提交").await;
    let asked = world.api("api/v1/events?kind=switch_auto_sync").await;
    assert_eq!(asked["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

pub(super) async fn names_are_text_and_pages_fit(browser: &Browser) {
    let (world, member, _) = world(JsSdk::Simulated).await;
    let (userid, id) = (user("Mallory"), contact("wmMallory"));
    world
        .sim
        .corp()
        .add_contact(Contact::new(id.clone(), NASTY));
    world
        .sim
        .create_member(Member::new(userid.clone(), NASTY))
        .await;
    for member in [&member, &userid] {
        world.sim.customer_adds(member, &id).await.unwrap();
    }
    world.settle().await;
    world.put(&records(&world)).await;
    log_in(browser, &world).await;
    let events = world.api("api/v1/events").await;
    let place = events["items"][0]["id"].as_str().unwrap();
    let event = format!("/events/{}", place.split_once(':').unwrap().1);
    let pages = [
        ("", ""),
        ("/events", "create_user"),
        (event.as_str(), "<xml>"),
        ("/outgoing", "write_link"),
        ("/dead", ""),
        ("/dead?queue=outgoing", ""),
        ("/contacts", "<img src=x onerror=alert(1)>"),
        ("/contacts/wmMallory", "<img src=x onerror=alert(1)>"),
        ("/members", "<img src=x onerror=alert(1)>"),
        ("/sync", "客户联系的使用范围"),
        ("/cards", ""),
        ("/settings", "与我协作"),
        ("/doctor", ""),
    ];
    for (width, height) in [DESKTOP, PHONE] {
        browser.size(width, height).await;
        for (path, text) in pages {
            browser.open(page(&world, path)).await;
            if !text.is_empty() {
                browser.sees(text).await;
            }
            let images =
                "return document.images.length + document.querySelectorAll('main script').length";
            assert_eq!(browser.script(images).await, 0, "{path}");
            browser
                .keep_picture(&format!("{width}{}", path.replace(['/', '?'], "-")))
                .await;
            assert!(browser.fits_its_width().await, "{path} at {width}");
            assert_eq!(browser.complaints().await, Vec::<String>::new(), "{path}");
        }
    }
    browser.open(page(&world, "/settings")).await;
    let shown = "return document.querySelectorAll('[data-copy]:not([hidden])').length > 4";
    assert_eq!(
        browser.script(shown).await,
        Value::Bool(true),
        "copy buttons"
    );
}
