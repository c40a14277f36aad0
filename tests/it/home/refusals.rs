//! Who is turned away, and that nothing of anybody's is on those pages.

use reqwest::Method;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::model::form::Submissions;
use wecom_bridge::sim::person::{Contact, Counts};

use crate::guest::{Guest, Page, page};
use crate::home::shows::shared;
use crate::home::{
    CHEN, HOME, OWN, WANG, at, form, hidden, personal, project, put, reply, revoke, share, wang,
};
use crate::world::{On, contact, stories};

stories!(
    others_and_strangers_see_nothing,
    forged_forms_do_nothing,
    scripts_are_text
);

const SECRETS: [&str; 5] = ["上线项目", "报价", "王女士", "wmCustomer1", "张三"];

fn is_without_data(page: &Page, what: &str) {
    for secret in SECRETS {
        assert!(!page.html.contains(secret), "{what}: {secret}");
    }
}

async fn others_and_strangers_see_nothing(on: On) {
    let world = shared(on).await;
    let project = at("project:p1");
    let mut nobody = Guest::new(&world);
    for path in [HOME, &project] {
        let away = nobody.get(path).await;
        assert_eq!(away.status, 302, "{path}");
        assert!(
            away.to.contains("/connect/oauth2/authorize?"),
            "{}",
            away.to
        );
    }
    for path in [
        "home",
        "home?tenantKey=",
        "home?tenantKey=nobody",
        "home/project/p1",
    ] {
        let page = nobody.get(path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(page.html.contains("链接无效"), "{path}");
    }

    let stranger = contact("wmStranger");
    let mut person = Contact::new(stranger, "路人");
    person.counts = Counts::Stranger;
    world.sim.corp().add_contact(person);
    let token = personal(&world).await;
    let mut passer_by = Guest::new(&world);
    for path in [&project, &format!("{project}&t={token}")] {
        let turned = passer_by.log_in("contact:wmStranger", path).await;
        assert_eq!(turned.status, 403);
        assert!(
            turned.html.contains("请先添加对方的企业微信"),
            "{}",
            turned.html
        );
        is_without_data(&turned, "a stranger");
    }
    assert_eq!(
        passer_by.get(&project).await.status,
        302,
        "there is no session"
    );

    let mut wang_ = Guest::at_home(&world, WANG).await;
    let mut chen = Guest::at_home(&world, CHEN).await;
    // A personal link shows a customer nothing but their own.
    let own = chen.get(&format!("{HOME}&t={token}")).await;
    assert!(
        own.html.contains("您好，陈先生") && !own.html.contains("预览"),
        "{}",
        own.html
    );
    is_without_data(&own, "another's personal link");
    for what in ["project:p1", "plan:p1", "form:f1", "approval:a1"] {
        assert_eq!(wang_.get(&at(what)).await.status, 200, "{what}");
        for path in [at(what), format!("{}&t={token}", at(what))] {
            let page = chen.get(&path).await;
            assert_eq!(page.status, 404, "{path}");
            is_without_data(&page, &path);
        }
        revoke(&world, &wang(), what).await;
        let page = wang_.get(&at(what)).await;
        assert_eq!(page.status, 404, "{what}");
        is_without_data(&page, what);
    }
    for path in [
        "home/project/nothing?tenantKey=team1",
        "home/task/p1?tenantKey=team1",
        "home/project/P1?tenantKey=team1",
        "home/project/..%2fp1?tenantKey=team1",
    ] {
        assert_eq!(wang_.get(path).await.status, 404, "{path}");
    }
    let page = wang_.get(HOME).await;
    assert!(page.status == 200 && !page.html.contains("上线项目"));

    // A session of one company is none at another's.
    let other = wang_.get("home?tenantKey=team2").await;
    assert!(
        other.status == 302 && other.to.contains("appid=wwOther"),
        "{}",
        other.to
    );

    let cookie = "__Host-wb_session";
    let good = wang_.cookies[cookie].clone();
    for bent in [
        good.replacen('e', "f", 1),
        format!("{good}x"),
        good[1..].to_owned(),
    ] {
        wang_.cookies.insert(cookie.into(), bent);
        assert_eq!(wang_.get(HOME).await.status, 302);
    }
    wang_.cookies.insert(cookie.into(), good);
    world
        .clock
        .advance(std::time::Duration::from_secs(8 * 3600 - 1));
    assert_eq!(wang_.get(HOME).await.status, 200);
    world.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(wang_.get(HOME).await.status, 302, "eight hours are over");
}

async fn forged_forms_do_nothing(on: On) {
    let world = shared(on).await;
    let mut guest = Guest::at_home(&world, WANG).await;
    let path = at("project:p1");
    let page = guest.get(&path).await;
    let text = [("text", "伪造")];
    for origin in [
        "",
        "null",
        "https://evil.example",
        "http://bridge.localhost",
    ] {
        guest.origin = origin;
        let refused = guest.send(&page, &path, "comment", &text).await;
        assert_eq!(refused.status, 403, "{origin}");
    }
    guest.origin = OWN;
    let own = hidden(&page.html, "comment");
    let own: Vec<(&str, &str)> = own.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let without = |name: &str| -> Vec<(&str, &str)> {
        let fields = own.iter().copied().chain(text);
        fields.filter(|(field, _)| *field != name).collect()
    };
    let mut chen = Guest::at_home(&world, CHEN).await;
    let theirs = chen.get(&at("project:p1")).await;
    assert_eq!(theirs.status, 404);
    let nobody = Guest::new(&world);
    let huge = "长".repeat(10 * 1024 * 1024 / 3);
    let many = vec![("f-what", ""); 501];
    let table = [
        ("no token", guest.post(&path, &without("token")).await, 403),
        (
            "no number",
            guest.post(&path, &without("number")).await,
            400,
        ),
        (
            "nothing to do",
            guest.post(&path, &without("do")).await,
            400,
        ),
        ("another's session", chen.post(&path, &own).await, 403),
        ("no session", nobody.post(&path, &own).await, 403),
        ("nothing", guest.post(&path, &[]).await, 403),
        (
            "10 MB",
            guest
                .send(&page, &path, "comment", &[("text", &huge)])
                .await,
            413,
        ),
        ("very many fields", guest.post(&path, &many).await, 400),
        (
            "another kind",
            guest.send(&page, &at("form:p1"), "comment", &text).await,
            404,
        ),
        (
            "no item",
            guest.send(&page, &at("project:p9"), "comment", &text).await,
            404,
        ),
        (
            "not to be answered",
            guest
                .send(&page, &at("project:p1"), "comment", &[("do", "answer")])
                .await,
            422,
        ),
    ];
    for (what, page, status) in table {
        assert_eq!(page.status, status, "{what}: {}", page.html);
        assert!(page.html.contains("<h1>"), "{what} has a page");
    }
    revoke(&world, &wang(), "project:p1").await;
    let late = guest.send(&page, &path, "comment", &text).await;
    assert_eq!(late.status, 404);
    share(&world, &wang(), &["project:p1"]).await;
    let after = guest.get(&path).await;
    assert!(!after.html.contains("伪造"), "{}", after.html);
}

async fn scripts_are_text(on: On) {
    const EVIL: &str = "<script>alert(1)</script>\"'><img src=x>";
    let world = super::office(on).await;
    world.sim.corp().contact_mut(&wang()).unwrap().name = EVIL.into();
    let external_userid = wang();
    world
        .ask(&OwnEvent::RefreshContact { external_userid })
        .await;
    world.settle().await;
    put(&world, "p1", EVIL, EVIL, project()).await;
    put(&world, "f1", EVIL, EVIL, form(Submissions::One)).await;
    share(&world, &wang(), &["project:p1", "form:f1"]).await;
    reply(&world, &wang(), "form:f1", "c1", EVIL).await;
    let mut guest = Guest::at_home(&world, WANG).await;
    let path = at("form:f1");
    let form = guest.get(&path).await;
    let fields = [("f-what", "灯"), ("f-more", EVIL), ("f-tel", EVIL)];
    let wrong = guest.send(&form, &path, "submit", &fields).await;
    assert_eq!(wrong.status, 422);
    let fields = [("f-what", "灯"), ("f-more", EVIL)];
    let sent = guest.send(&form, &path, "submit", &fields).await;
    let said = guest.send(&form, &path, "comment", &[("text", EVIL)]).await;
    let (_, record) = sent.to.split_once("sent=").unwrap();
    let mut pages = vec![wrong];
    for path in [
        HOME.to_owned(),
        at("project:p1"),
        said.to,
        at(&format!("record:{record}")),
        format!("{HOME}&list=%3Cscript%3E&lang=%3Cscript%3E"),
    ] {
        pages.push(guest.get(&path).await);
    }
    for page in pages {
        assert!(
            page.html.contains("&#60;script&#62;alert(1)"),
            "{}",
            page.html
        );
        assert!(!page.html.contains("<script>alert"), "{}", page.html);
        assert!(!page.html.contains("<img"), "{}", page.html);
    }
}

#[tokio::test]
async fn only_our_methods_are_answered() {
    let world = shared(On::Embedded).await;
    let guest = Guest::at_home(&world, WANG).await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = guest.request(method, &at("project:p1")).send().await;
        let answer = page(answer.unwrap()).await;
        assert!([404, 405].contains(&answer.status), "{}", answer.status);
    }
}
