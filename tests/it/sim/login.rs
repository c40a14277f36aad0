//! Logging in: `authorize` and `auth/getuserinfo`.

use std::time::Duration;

use serde_json::json;
use url::Url;
use wecom_bridge::sim::person::Counts;

use crate::sim::stage::{As, Stage, contact};

const GOOD: [(&str, &str); 5] = [
    ("appid", "ww1000"),
    ("redirect_uri", "https://bridge.example/login?next=1"),
    ("response_type", "code"),
    ("scope", "snsapi_base"),
    ("state", "abc123"),
];

/// The status and where it leads.
async fn authorize(stage: &Stage, query: &[(&str, &str)], cookie: &str) -> (u16, Option<Url>) {
    let url = stage.sim.base().join("connect/oauth2/authorize").unwrap();
    let request = stage.http.get(url).query(query).header("cookie", cookie);
    let answer = request.send().await.unwrap();
    let location = answer.headers().get("location");
    let location = location.map(|to| to.to_str().unwrap().parse().unwrap());
    (answer.status().as_u16(), location)
}

async fn login(stage: &Stage, who: &str) -> String {
    let (status, to) = authorize(stage, &GOOD, &format!("as={who}")).await;
    let to = to.unwrap();
    assert_eq!((status, to.path()), (302, "/login"));
    let mut pairs = to.query_pairs();
    assert_eq!(pairs.next().unwrap(), ("next".into(), "1".into()));
    let (name, code) = pairs.next().unwrap();
    assert_eq!(name, "code");
    assert_eq!(pairs.next().unwrap(), ("state".into(), "abc123".into()));
    code.into_owned()
}

#[tokio::test]
async fn a_code_tells_who_it_is() {
    let stage = Stage::start().await;
    stage
        .sim
        .corp()
        .contact_mut(&contact("wmBen"))
        .unwrap()
        .counts = Counts::Stranger;
    let table = [
        (
            "member:zhangsan",
            json!({"errcode": 0, "errmsg": "ok", "userid": "ZhangSan"}),
        ),
        (
            "contact:wmAnna",
            json!({"errcode": 0, "errmsg": "ok", "openid": "o-wmAnna", "external_userid": "wmAnna"}),
        ),
        (
            "contact:wmBen",
            json!({"errcode": 0, "errmsg": "ok", "openid": "o-wmBen"}),
        ),
    ];
    for (who, expected) in table {
        let code = login(&stage, who).await;
        let answer = stage
            .get(As::App, "auth/getuserinfo", &[("code", &code)])
            .await;
        assert_eq!(answer.0, expected);
    }
}

#[tokio::test]
async fn a_code_is_good_once_and_for_five_minutes() {
    let stage = Stage::start().await;
    let (one, two) = (
        login(&stage, "member:lisi").await,
        login(&stage, "member:lisi").await,
    );
    let table = [
        (0, "", 41008),
        (0, "other", 40029),
        (0, one.as_str(), 0),
        (0, one.as_str(), 42022),
        (300, two.as_str(), 42003),
    ];
    for (seconds, code, expected) in table {
        stage.clock.advance(Duration::from_secs(seconds));
        let answer = stage
            .get(As::App, "auth/getuserinfo", &[("code", code)])
            .await;
        assert_eq!(answer.errcode(), expected, "{code}");
    }
}

#[tokio::test]
async fn the_link_is_checked() {
    let stage = Stage::start().await;
    stage.sim.corp().console.trusted_domain = Some("bridge.example".into());
    assert_eq!(authorize(&stage, &GOOD, "as=member:lisi").await.0, 302);
    let long = "a".repeat(129);
    let bad = [
        ("appid", "ww1"),
        ("redirect_uri", "bridge.example/login"),
        ("redirect_uri", "https://bridge.example:8443/login"),
        ("redirect_uri", "https://sub.bridge.example/login"),
        ("response_type", "token"),
        ("scope", "snsapi_userinfo"),
        ("state", "a-b"),
        ("state", &long),
        ("agentid", "7"),
    ];
    for (name, value) in bad {
        let others = GOOD.iter().filter(|(given, _)| *given != name).copied();
        let query: Vec<_> = others.chain([(name, value)]).collect();
        assert_eq!(
            authorize(&stage, &query, "as=member:lisi").await,
            (400, None),
            "{name}={value}"
        );
    }
}

#[tokio::test]
async fn a_browser_that_is_nobodys_is_asked_whose_it_is() {
    let stage = Stage::start().await;
    let url = stage.sim.base().join("connect/oauth2/authorize").unwrap();
    for cookie in ["", "as=member:nobody"] {
        let request = stage.http.get(url.clone()).query(&GOOD);
        let answer = request.header("cookie", cookie).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let page = answer.text().await.unwrap();
        for who in ["as=member%3AZhangSan", "as=contact%3AwmAnna"] {
            let mut links = page.split('"').filter(|part| part.ends_with(who));
            let link = links.next().unwrap().replace("&#38;", "&");
            let there = stage.sim.base().join(&link).unwrap();
            let request = stage.http.get(there).header("cookie", cookie);
            let location = request.send().await.unwrap().headers()["location"].clone();
            let location = location.to_str().unwrap();
            assert!(location.starts_with("https://bridge.example/login?next=1&code="));
        }
    }
}
