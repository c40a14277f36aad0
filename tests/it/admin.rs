//! The admin pages without a browser: who gets in, what a form must carry, and what comes of it.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use wecom_bridge::decide::sync::id;
use wecom_bridge::http::admin::DOORS;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::sync::{
    AskedBy, SyncMode, SyncPlace, SyncReport, SyncRequest, SyncRun, SyncScope, SyncState,
};
use wecom_bridge::sim::faults::Fault;
use wecom_bridge::sim::person::{Contact, Member};

use crate::guest::{Guest, Page, page};
use crate::world::{ADMIN_PASSWORD, Address, CORP, On, Setup, World, contact, stories, user};

const OWN: &str = "https://bridge.localhost";

/// Another corp, whose admin is nobody of the first.
const OTHER_CORP: &str = r#"
[[corp]]
id = "wwOther"
name = "Other"
tenant_key = "team2"
admins = ["LiSi"]
[corp.app]
agent_id = 1000003
secret = "secret-of-another-app"
[[corp.receiver]]
name = "other"
token = "OtherToken"
aes_key = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
"#;

async fn world(more: &'static str) -> World {
    let setup = Setup {
        address: Address::BehindTls,
        more,
        ..Setup::default()
    };
    let world = World::with(On::Embedded, setup).await;
    let (member, customer) = world.people();
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world
        .sim
        .corp()
        .add_member(Member::new(user("LiSi"), "李四"));
    world.settle().await;
    world
}

impl Guest<'_> {
    /// Sends a form with the token that the page of `from` gives.
    async fn submit_form(&mut self, from: &str, path: &str, form: &str) -> Page {
        let token = token(&self.get(from).await.html);
        self.post_form(path, &format!("{form}&token={token}")).await
    }

    async fn log_in_by(&mut self, password: &str) -> Page {
        self.submit_form(
            "/admin/login",
            "/admin/login",
            &format!("password={password}"),
        )
        .await
    }

    /// By WeCom's login, as `member:ID` or `contact:ID`.
    async fn log_in_as(&mut self, who: &str, tenant: &str) -> Page {
        self.log_in(who, &format!("/admin/login/wecom/{tenant}"))
            .await
    }
}

fn token(html: &str) -> String {
    let (_, rest) = html.split_once("name=\"token\" value=\"").expect("a form");
    rest.split('"').next().unwrap().to_owned()
}

fn filled(path: &str) -> String {
    let corp = format!("{{{}}}", "corp");
    let mut path = path.replace(&corp, CORP);
    for name in ["place", "external_userid", "tenant", "code", "other"] {
        path = path.replace(&format!("{{{name}}}"), "1-1");
    }
    assert!(!path.contains('{'), "{path}");
    path
}

#[tokio::test]
async fn every_door_is_closed_to_strangers() {
    let world = world("").await;
    let mut member = Guest::new(&world);
    let away = member.get("sidebar").await;
    let mut authorize = url::Url::parse(&away.to).unwrap();
    authorize
        .query_pairs_mut()
        .append_pair("as", "member:ZhangSan");
    let back = world.http.get(authorize).send().await.unwrap();
    let back = back.headers()[LOCATION].to_str().unwrap().to_owned();
    member.get(back.strip_prefix(OWN).unwrap()).await;
    let session = member.cookies["__Host-wb_session"].clone();
    let mut admin = Guest::new(&world);
    admin.log_in_by(ADMIN_PASSWORD).await;
    let real = admin.cookies["__Secure-wb_admin"].clone();

    let cookies = [
        ("nobody", BTreeMap::new()),
        ("a session of the toolbar", member.cookies.clone()),
        (
            "one under the other's name",
            [("__Secure-wb_admin".to_owned(), session)].into(),
        ),
        (
            "a forged one",
            [("__Secure-wb_admin".to_owned(), format!("x{real}"))].into(),
        ),
    ];
    for (what, cookies) in cookies {
        for door in DOORS.iter().filter(|door| !door.open) {
            let mut guest = Guest::new(&world);
            guest.cookies.clone_from(&cookies);
            let path = filled(door.path);
            let method = Method::from_bytes(door.method.as_bytes()).unwrap();
            let request = match method {
                Method::POST => guest.form(&path, "scope=all&to=off&reason=x".into()),
                method => guest.request(method, &path),
            };
            let answer = page(guest.answer(request).await).await;
            let seen = (answer.status, answer.to.as_str(), answer.html.as_str());
            assert_eq!(
                seen,
                (303, "/admin/login", ""),
                "{what}: {} {path}",
                door.method
            );
        }
    }
    assert_eq!(
        world.items("events").await.len(),
        2,
        "nothing was put into the inbox"
    );
}

#[tokio::test]
async fn every_form_needs_its_sessions_token_and_our_origin() {
    let world = world("").await;
    let (mut admin, mut other) = (Guest::new(&world), Guest::new(&world));
    for guest in [&mut admin, &mut other] {
        let entered = guest.log_in_by(ADMIN_PASSWORD).await;
        assert_eq!((entered.status, entered.to.as_str()), (303, "/admin"));
    }
    let base = format!("/admin/corps/{CORP}");
    let own = token(&admin.get(&base).await.html);
    let foreign = token(&other.get(&base).await.html);
    let before = world.items("events").await.len();
    let cases = [
        ("no token", OWN, String::new()),
        ("an empty one", OWN, "&token=".into()),
        ("another session's", OWN, format!("&token={foreign}")),
        ("a cut one", OWN, format!("&token={}", &own[1..])),
        (
            "another site",
            "https://evil.example",
            format!("&token={own}"),
        ),
        ("no origin", "", format!("&token={own}")),
        ("an opaque origin", "null", format!("&token={own}")),
    ];
    for door in DOORS
        .iter()
        .filter(|door| door.method == "POST" && !door.open)
    {
        for (what, origin, token) in &cases {
            admin.origin = origin;
            let form = format!("scope=all&to=off&reason=x&userid=ZhangSan{token}");
            let answer = admin.post_form(&filled(door.path), &form).await;
            assert_eq!(answer.status, 403, "{what}: {}", door.path);
            assert!(answer.html.contains("<h1>"), "{what}");
        }
    }
    assert_eq!(world.items("events").await.len(), before);
    admin.origin = OWN;
    let answer = admin
        .post_form(&format!("{base}/sync"), &format!("scope=all&token={own}"))
        .await;
    assert_eq!(answer.status, 303);
    for door in DOORS.iter().filter(|door| door.method == "GET") {
        let answer = admin.get(&filled(door.path)).await;
        assert!(
            matches!(answer.status, 200 | 303 | 404),
            "{}: {}",
            door.path,
            answer.status
        );
    }
}

#[tokio::test]
async fn only_named_members_get_in_by_wecom() {
    let world = world(OTHER_CORP).await;
    for who in ["member:LiSi", "contact:wmCustomer1"] {
        let mut guest = Guest::new(&world);
        let refused = guest.log_in_as(who, "team1").await;
        assert_eq!(refused.status, 403, "{who}");
        assert!(
            refused.html.contains("没有权限") && !refused.html.contains("王女士"),
            "{who}"
        );
        assert!(
            !guest.cookies.contains_key("__Secure-wb_admin")
                && !guest.cookies.contains_key("wb_session")
        );
    }
    let mut admin = Guest::new(&world);
    let entered = admin.log_in_as("member:ZhangSan", "team1").await;
    assert_eq!((entered.status, entered.to.as_str()), (303, "/admin"));
    assert!(
        !admin.cookies.contains_key("wb_session"),
        "no session of the toolbar"
    );
    let home = admin.get("/admin").await;
    assert_eq!(home.to, format!("/admin/corps/{CORP}"));
    assert_eq!(admin.get(&home.to).await.status, 200);
    for door in DOORS.iter().filter(|door| door.path.contains("{corp}")) {
        let path = filled(&door.path.replace("{corp}", "wwOther"));
        let answer = match door.method {
            "GET" => admin.get(&path).await,
            _ => admin.post_form(&path, "").await,
        };
        assert_eq!(answer.status, 404, "another corp's page: {path}");
    }
    let mut by_password = Guest::new(&world);
    by_password.log_in_by(ADMIN_PASSWORD).await;
    for corp in [CORP, "wwOther"] {
        let answer = by_password.get(&format!("/admin/corps/{corp}")).await;
        assert_eq!(answer.status, 200, "{corp}");
        assert!(answer.html.contains("href=\"/admin/corps/wwOther\""));
    }
    assert_eq!(by_password.get("/admin/corps/wwNone").await.status, 404);
}

#[tokio::test]
async fn passwords_are_tried_ten_times() {
    let world = world("").await;
    let mut guest = Guest::new(&world);
    for n in 0..10 {
        let long = "x".repeat(2000);
        let tried = guest.log_in_by(if n == 0 { &long } else { "wrong" }).await;
        assert_eq!(tried.status, 403, "{n}");
        assert!(tried.html.contains("密码不正确"));
        assert!(!guest.cookies.contains_key("__Secure-wb_admin"));
    }
    for password in ["wrong", ADMIN_PASSWORD] {
        assert_eq!(guest.log_in_by(password).await.status, 429, "{password}");
    }
    world.clock.advance(Duration::from_secs(599));
    assert_eq!(guest.log_in_by(ADMIN_PASSWORD).await.status, 429);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(guest.log_in_by(ADMIN_PASSWORD).await.status, 303);
    for n in 0..20 {
        let again = guest.log_in_by(ADMIN_PASSWORD).await;
        assert_eq!(again.status, 303, "{n}: who knows it is not counted");
    }
    let blind = Guest::new(&world)
        .post_form("/admin/login", "password=password")
        .await;
    assert_eq!(blind.status, 403, "the form has a token too");
}

#[tokio::test]
async fn sessions_end() {
    let world = world("").await;
    let mut guest = Guest::new(&world);
    guest.log_in_by(ADMIN_PASSWORD).await;
    let kept = guest.cookies.clone();
    let base = format!("/admin/corps/{CORP}");
    assert_eq!(guest.get(&base).await.status, 200);
    assert_eq!(guest.post_form("/admin/logout", "").await.status, 403);
    let out = guest.submit_form(&base, "/admin/logout", "").await;
    assert_eq!((out.status, out.to.as_str()), (303, "/admin/login"));
    assert_eq!(guest.get(&base).await.to, "/admin/login");
    guest.cookies = kept;
    assert_eq!(
        guest.get(&base).await.to,
        "/admin/login",
        "a copy of the cookie"
    );
    guest.log_in_by(ADMIN_PASSWORD).await;
    assert_eq!(guest.get(&base).await.status, 200);
    world.clock.advance(Duration::from_secs(8 * 3600));
    assert_eq!(guest.get(&base).await.to, "/admin/login");
}

stories!(a_logout_holds_everywhere);

async fn a_logout_holds_everywhere(on: On) {
    let address = Address::BehindTls;
    let setup = Setup {
        address,
        ..Setup::default()
    };
    let mut world = World::with(on, setup).await;
    let mut guest = Guest::new(&world);
    guest.log_in_by(ADMIN_PASSWORD).await;
    let kept = guest.cookies.clone();
    let page = format!("/admin/corps/{CORP}");
    let opened = async |world: &World, at: &url::Url| {
        let pairs = kept.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        let request = world.http.get(at.join(&page).unwrap());
        let answer = request.header(COOKIE, cookies).send().await.unwrap();
        answer.status().as_u16()
    };
    let elsewhere = world.elsewhere().await;
    assert_eq!(opened(&world, &elsewhere).await, 200);
    let mut guest = Guest::new(&world);
    guest.cookies = kept.clone();
    let out = guest.submit_form(&page, "/admin/logout", "").await;
    assert_eq!((out.status, out.to.as_str()), (303, "/admin/login"));
    // One process on Redis hears of it at once, the file's next one from the file.
    if let On::Redis = on {
        assert_eq!(opened(&world, &elsewhere).await, 303);
    }
    let elsewhere = world.elsewhere().await;
    assert_eq!(opened(&world, &elsewhere).await, 303);
    let mut other = Guest::new(&world);
    assert_eq!(
        other.log_in_by(ADMIN_PASSWORD).await.status,
        303,
        "others get in"
    );
    assert_eq!(other.get(&page).await.status, 200);
}

#[tokio::test]
async fn a_session_that_has_ended_stays_ended_when_a_corp_comes() {
    let mut world = world("").await;
    let mut guest = Guest::new(&world);
    guest.log_in_by(ADMIN_PASSWORD).await;
    let kept = guest.cookies.clone();
    let page = format!("/admin/corps/{CORP}");
    let out = guest.submit_form(&page, "/admin/logout", "").await;
    assert_eq!(out.to, "/admin/login");
    for id in ["aaa", "zzz"] {
        let another = format!(
            "[[corp]]\nid = \"{id}\"\ntenant_key = \"{id}\"\n\
             [corp.app]\nagent_id = 1\nsecret = \"a-secret-of-another\"\n\
             [[corp.receiver]]\nname = \"{id}\"\ntoken = \"OtherToken\"\n\
             aes_key = \"0123456789abcdefghijklmnopqrstuvwxyzABCDEFG\"\n[[corp]]\nid = \"{CORP}\"\n"
        );
        let own = format!("[[corp]]\nid = \"{CORP}\"\n");
        world.restart(&own, &another).await;
        let mut copy = Guest::new(&world);
        copy.cookies = kept.clone();
        assert_eq!(copy.get(&page).await.to, "/admin/login", "{id}");
    }
}

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
async fn cookies_are_out_of_reach() {
    let world = world("").await;
    let mut guest = Guest::new(&world);
    let form = guest.get("/admin/login").await;
    let fields = format!("password={ADMIN_PASSWORD}&token={}", token(&form.html));
    let request = guest.form("/admin/login", fields);
    let entered = guest.answer(request).await;
    let cookies: Vec<&str> = entered
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .map(|cookie| cookie.to_str().unwrap())
        .collect();
    let session = cookies
        .iter()
        .find(|cookie| cookie.starts_with("__Secure-wb_admin="))
        .unwrap();
    let parts: Vec<&str> = session.split("; ").collect();
    for part in [
        "HttpOnly",
        "SameSite=Lax",
        "Path=/admin",
        "Secure",
        "Max-Age=28800",
    ] {
        assert!(parts.contains(&part), "{part}: {session}");
    }
    assert!(!session.contains("Domain"));
}

#[tokio::test]
async fn the_dead_are_replayed_and_discarded() {
    let world = world("").await;
    let refused = Fault::ErrCode(40058);
    world.sim.faults().always("externalcontact/get", refused);
    for n in 0..3 {
        let id = contact(&format!("wmDead{n}"));
        world
            .sim
            .corp()
            .add_contact(Contact::new(id.clone(), "客户"));
        world
            .sim
            .customer_adds(&user("ZhangSan"), &id)
            .await
            .unwrap();
        world.settle().await;
        world.clock.advance(Duration::from_secs(3600));
    }
    assert_eq!(world.states("events").await["dead"], 3);
    let mut admin = Guest::new(&world);
    admin.log_in_as("member:ZhangSan", "team1").await;
    let base = format!("/admin/corps/{CORP}");
    let list = admin.get(&format!("{base}/dead")).await.html;
    assert_eq!(list.matches("<article>").count(), 3);
    assert!(list.contains("40058"), "the error is told");
    let dead = world.api("api/v1/events?state=dead").await;
    let places: Vec<String> = (0..3)
        .map(|n| {
            dead["items"][n]["id"]
                .as_str()
                .unwrap()
                .split_once(':')
                .unwrap()
                .1
                .to_owned()
        })
        .collect();

    let discard = format!("{base}/events/{}/discard", places[0]);
    let none = admin.submit_form(&base, &discard, "reason=").await;
    assert_eq!(none.status, 400, "a reason is needed");
    let done = admin
        .submit_form(&base, &discard, "reason=a+test&from=dead")
        .await;
    assert_eq!(
        done.to,
        format!("{base}/dead?queue=events&said=discarded&count=1")
    );
    let shown = admin
        .get(&format!("{base}/events/{}", places[0]))
        .await
        .html;
    assert!(shown.contains("discarded by ZhangSan: a test"), "{shown}");
    assert!(shown.contains("已丢弃"));

    world.sim.faults().clear();
    let kind = admin
        .submit_form(
            &base,
            &format!("{base}/dead/replay"),
            "queue=events&kind=subscribe",
        )
        .await;
    assert!(kind.to.ends_with("said=replayed&count=0"), "{}", kind.to);
    // The second of the three, an hour after the first; the form reads Beijing's time.
    let span = "queue=events&since=2026-09-21T23%3A00&until=2026-09-21T23%3A30";
    let before = admin
        .submit_form(&base, &format!("{base}/dead/replay"), span)
        .await;
    let one = admin
        .submit_form(&base, &format!("{base}/events/{}/replay", places[1]), "")
        .await;
    assert_eq!(one.status, 303);
    let rest = admin
        .submit_form(&base, &format!("{base}/dead/replay"), "queue=events")
        .await;
    for done in [&before, &rest] {
        assert!(done.to.ends_with("said=replayed&count=1"), "{}", done.to);
    }
    world.settle().await;
    let states = world.states("events").await;
    assert_eq!((states.get("dead"), states["discarded"]), (None, 1));
    let said = admin.get(&rest.to).await.html;
    assert!(
        said.contains("已重放：") && said.contains("role=\"status\""),
        "{said}"
    );
    let unknown = admin
        .submit_form(&base, &format!("{base}/events/1-1/replay"), "")
        .await;
    assert_eq!(unknown.status, 404);
    let strange = admin
        .submit_form(&base, &format!("{base}/events/nowhere/replay"), "")
        .await;
    assert_eq!(strange.status, 404);
}

#[tokio::test]
async fn asked_for_by_events_of_our_own() {
    let world = world("").await;
    let mut admin = Guest::new(&world);
    admin.log_in_by(ADMIN_PASSWORD).await;
    let base = format!("/admin/corps/{CORP}");
    let forms = [
        ("sync", "scope=links&dry=1", 303),
        ("sync", "scope=everything", 400),
        ("sync/auto", "to=off", 303),
        ("sync/auto", "to=maybe", 400),
        ("members/send-link", "userid=ZhangSan&userid=LiSi", 303),
        ("members/send-link", "", 303),
        ("members/send-link", "userid=a+b", 400),
    ];
    for (path, form, status) in forms {
        let answer = admin
            .submit_form(&base, &format!("{base}/{path}"), form)
            .await;
        assert_eq!(answer.status, status, "{path} {form}");
    }
    let count = async |kind: &str| {
        let found = world.api(&format!("api/v1/events?kind={kind}")).await;
        found["items"].as_array().unwrap().len()
    };
    assert_eq!(count("start_sync").await, 1);
    assert_eq!(count("switch_auto_sync").await, 1);
    assert_eq!(count("send_link").await, 2);
    let events = world.api("api/v1/events?kind=start_sync").await;
    let id = events["items"][0]["id"].as_str().unwrap().to_owned();
    let xml = world.api(&format!("api/v1/events/{id}")).await["xml"].to_string();
    for part in ["links", "dry_run", "admin"] {
        assert!(xml.contains(part), "{xml}");
    }
}

#[tokio::test]
async fn pages_and_api_show_what_is_kept_and_hide_codes() {
    let world = world("").await;
    world
        .deliver(
            "<xml><ToUserName>x</ToUserName><FromUserName>sys</FromUserName><CreateTime>1790000000</CreateTime>\
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
