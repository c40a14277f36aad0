//! What the pages show.

use std::time::Duration;

use reqwest::header::COOKIE;
use wecom_bridge::decide::sync::id;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::sync::{
    AskedBy, SyncMode, SyncPlace, SyncReport, SyncRequest, SyncRun, SyncScope, SyncState,
};
use wecom_bridge::sim::faults::Fault;

use crate::admin::world;
use crate::guest::Guest;
use crate::world::{ADMIN_PASSWORD, CORP, contact, user};

#[tokio::test]
async fn every_sync_that_is_kept_is_shown() {
    let world = world("").await;
    let month = Duration::from_secs(30 * 24 * 3600);
    let now = world.clock.now();
    let run = |n: u64| SyncRun {
        id: id(now.minus(month * n as u32), "", now),
        request: SyncRequest {
            scope: SyncScope::Links,
            mode: SyncMode::DryRun,
            by: AskedBy::Admin,
            part: None,
        },
        state: SyncState::Done,
        started_at: now,
        moved_at: now,
        ended_at: Some(now),
        doing: String::new(),
        progress: (0, 0),
        report: SyncReport {
            warnings: vec![format!("sync-{n}.")],
            ..SyncReport::default()
        },
        place: SyncPlace::default(),
        first: false,
        then: None,
    };
    let runs = (1..=30).map(|n| Effect::PutSync(Box::new(run(n))));
    let runs: Vec<Effect> = runs.collect();
    world.put(&runs).await;
    let mut admin = Guest::new(&world);
    admin.log_in_by(ADMIN_PASSWORD).await;
    let page = admin.get(&format!("/admin/corps/{CORP}/sync")).await;
    let places = (1..=30).map(|n| page.html.find(&format!("sync-{n}.")));
    let places: Vec<usize> = places.map(Option::unwrap).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[tokio::test]
async fn pages_and_api_show_what_is_kept_and_hide_codes() {
    let world = world("").await;
    world
        .deliver(
            "<xml><ToUserName>x</ToUserName><FromUserName>sys</FromUserName><CreateTime>1990000000</CreateTime>\
             <MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType>\
             <UserID>ZhangSan</UserID><ExternalUserID>wmCustomer1</ExternalUserID>\
             <WelcomeCode><![CDATA[the-secret-code]]></WelcomeCode><State>&lt;b&gt;</State></xml>",
        )
        .await;
    world.settle().await;
    let mut admin = Guest::new(&world);
    admin.log_in_by(ADMIN_PASSWORD).await;
    let base = format!("/admin/corps/{CORP}");
    let event = world.items("events").await;
    let event = event.iter().find(|event| {
        event["kind"] == "change_external_contact/add_external_contact"
            && event["receiver"] == "app"
    });
    let place = event.unwrap()["id"]
        .as_str()
        .unwrap()
        .split_once(':')
        .unwrap()
        .1;
    let shown = admin.get(&format!("{base}/events/{place}")).await.html;
    assert!(
        !shown.contains("the-secret-code") && shown.contains("••••••"),
        "{shown}"
    );
    assert!(shown.contains("&#38;lt;b"), "the XML is text");
    let told = world
        .api(&format!("api/v1/events/{CORP}:{place}"))
        .await
        .to_string();
    assert!(
        !told.contains("the-secret-code") && told.contains("<WelcomeCode>••••••</WelcomeCode>"),
        "{told}"
    );
    let table = [
        ("", "最近 24 小时"),
        ("/events", "change_external_contact/add_external_contact"),
        (
            "/events?kind=change_external_contact&state=done",
            "change_external_contact/add_external_contact",
        ),
        ("/events?state=dead", "没有符合条件的记录"),
        ("/outgoing", "welcome"),
        ("/dead?queue=outgoing", "41050"),
        ("/dead", "没有失败的记录"),
        ("/contacts", "王女士"),
        ("/contacts?q=%E7%8E%8B", "wmCustomer1"),
        ("/contacts?q=nobody", "没有符合条件的记录"),
        ("/contacts?alone=1", "没有符合条件的记录"),
        ("/contacts/wmCustomer1", "ZhangSan"),
        ("/members?link=confirmed", ""),
        ("/sync", "还没有同步记录"),
        ("/cards", "卡片"),
        ("/settings", "https://bridge.localhost/callback/app"),
        (
            "/settings",
            "https://bridge.localhost/sidebar?tenantKey=team1",
        ),
        ("/settings", "https://bridge.localhost/WW_verify_abc123.txt"),
        ("/settings", "<path d=\"M4 4h1v1h-1z"),
        ("/doctor", "还没有检查"),
    ];
    for (path, text) in table {
        let answer = admin.get(&format!("{base}{path}")).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(
            answer.html.contains(text),
            "{path}: {text}: {}",
            answer.html
        );
    }
    for path in ["/events?state=lost", "/events?since=yesterday"] {
        assert_eq!(
            admin.get(&format!("{base}{path}")).await.status,
            400,
            "{path}"
        );
    }
    for path in [
        "/events/1-1",
        "/events/x",
        "/outgoing/1-1.0",
        "/contacts/wmNobody",
        "/elsewhere",
    ] {
        assert_eq!(
            admin.get(&format!("{base}{path}")).await.status,
            404,
            "{path}"
        );
    }
    let checked = admin
        .submit_form(&base, &format!("{base}/doctor"), "")
        .await;
    assert_eq!(checked.status, 303);
    let report = admin.get(&format!("{base}/doctor")).await.html;
    assert!(report.contains("class=\"checks\""), "{report}");
}

#[tokio::test]
async fn the_doctor_tells_what_this_process_has_met() {
    let world = world("").await;
    world
        .sim
        .faults()
        .always("externalcontact/get", Fault::ErrCode(60020));
    let (member, customer) = (user("ZhangSan"), contact("wmCustomer1"));
    let edited = world
        .sim
        .member_edits_remark(&member, &customer, "new")
        .await;
    edited.unwrap();
    world.settle().await;
    let mut admin = Guest::new(&world);
    admin.log_in_by(ADMIN_PASSWORD).await;
    let page = format!("/admin/corps/{CORP}/doctor");
    admin.submit_form(&page, &page, "").await;
    let report = admin.get(&page).await.html;
    for part in [
        &format!("standing fault of {CORP}"),
        "externalcontact/get: ",
        "60020",
        "企业可信IP",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
}

#[tokio::test]
async fn languages_are_chosen() {
    let world = world("").await;
    let get = |accept: &'static str, cookie: &'static str| {
        let request = world.get("admin/login").header("accept-language", accept);
        async move {
            request
                .header(COOKIE, cookie)
                .send()
                .await
                .unwrap()
                .text()
                .await
                .unwrap()
        }
    };
    assert!(get("en-GB,en", "").await.contains("lang=\"en\""));
    assert!(get("", "").await.contains("lang=\"zh-CN\""));
    assert!(
        get("en", "bridge_language=zh")
            .await
            .contains("lang=\"zh-CN\"")
    );
    assert!(
        get("zh", "bridge_language=en")
            .await
            .contains("lang=\"en\"")
    );
    let mut guest = Guest::new(&world);
    let table = [
        ("en?back=%2Fadmin%2Fcorps%2Fx%3Fq%3D1", "/admin/corps/x?q=1"),
        ("en?back=https%3A%2F%2Fevil.example", "/admin"),
        ("en?back=%2F%2Fevil.example", "/admin"),
        ("en?back=%2Fadministrator", "/admin"),
        ("en?back=%2Fadmin%2F%5Cevil", "/admin"),
        ("en?back=%2Fadmin%2F%0d%0aX%3A1", "/admin"),
        ("zh", "/admin"),
    ];
    for (path, to) in table {
        let answer = guest.get(&format!("/admin/language/{path}")).await;
        assert_eq!((answer.status, answer.to.as_str()), (303, to), "{path}");
    }
    assert_eq!(guest.get("/admin/language/de").await.status, 404);
}

#[tokio::test]
async fn the_verification_file_is_served_under_its_name_only() {
    let world = world("").await;
    let served = world.get("WW_verify_abc123.txt").send().await.unwrap();
    assert_eq!(
        served.headers()["content-type"],
        "text/plain; charset=utf-8"
    );
    assert_eq!(served.text().await.unwrap(), "abc123");
    for other in [
        "WW_verify_ABC123.txt",
        "WW_verify_abc123.txt.bak",
        "WW_verify_",
        "x/WW_verify_abc123.txt",
    ] {
        let answer = world.get(other).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{other}");
    }
}
