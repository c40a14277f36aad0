//! The pages' doors without a browser: headers, cookies, who may report and sign, and where a login may lead.

use reqwest::header::{COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use url::Url;

use crate::world::{Address, JsSdk, On, Setup, World};

const MEMBER: &str = "member:ZhangSan";
const CONTACT: &str = "contact:wmCustomer1";
const OWN: &str = "https://bridge.localhost";

async fn world(address: Address) -> World {
    let setup = Setup {
        address,
        ..Setup::default()
    };
    let world = World::with(On::Embedded, setup).await;
    let (member, customer) = world.people();
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world
}

/// The answer to a whole login that begins at this path, with the cookie of the login under way in front.
async fn login(world: &World, who: &str, path: &str) -> (String, Response) {
    let away = world.get(path).send().await.unwrap();
    let pending = set_cookie(&away);
    let mut authorize = location(&away);
    authorize.query_pairs_mut().append_pair("as", who);
    let back = location(&world.http.get(authorize).send().await.unwrap());
    let back = back
        .as_str()
        .strip_prefix(back.origin().ascii_serialization().as_str())
        .unwrap()
        .to_owned();
    let pair = pending.split(';').next().unwrap().to_owned();
    let answer = world.get(&back).header(COOKIE, pair).send().await.unwrap();
    (pending, answer)
}

/// The session cookie of this person.
pub(crate) async fn session(world: &World, who: &str) -> String {
    let (_, answer) = login(world, who, "sidebar").await;
    set_cookie(&answer).split(';').next().unwrap().to_owned()
}

fn set_cookie(answer: &Response) -> String {
    answer.headers()[SET_COOKIE].to_str().unwrap().to_owned()
}

fn location(answer: &Response) -> Url {
    Url::parse(answer.headers()[LOCATION].to_str().unwrap()).unwrap()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

/// Refused with this status, in problem details.
pub(crate) async fn refused(request: RequestBuilder, status: u16, what: &str) -> Value {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), status, "{what}");
    assert_eq!(
        header(answer.headers(), "content-type"),
        "application/problem+json",
        "{what}"
    );
    assert_eq!(
        header(answer.headers(), "cache-control"),
        "no-store",
        "{what}"
    );
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["status"], status, "{what}");
    assert!(!problem["detail"].as_str().unwrap().is_empty(), "{what}");
    problem
}

#[tokio::test]
async fn every_page_is_guarded() {
    let world = world(Address::BehindTls).await;
    let (member, contact) = (
        session(&world, MEMBER).await,
        session(&world, CONTACT).await,
    );
    let table = [
        ("home?tenantKey=other", member.as_str(), 404),
        ("home", "", 404),
        ("sidebar", &member, 200),
        ("sidebar", &contact, 403),
        ("sidebar?tenantKey=other", &member, 404),
        ("sidebar?tenantKey=team1&tenantKey=team1", &member, 404),
        ("login/callback?code=a&state=b", "", 403),
        ("login/callback?code=a&code=b", "", 403),
        ("nowhere", "", 404),
    ];
    for (path, cookie, status) in table {
        let request = world
            .get(path)
            .header("accept", "text/html")
            .header(COOKIE, cookie);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
        let expected = [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            (
                "content-security-policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                 connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
            ),
        ];
        for (name, value) in expected {
            assert_eq!(header(answer.headers(), name), value, "{path}: {name}");
        }
        let page = answer.text().await.unwrap();
        assert!(
            !page.contains("王女士") && !page.contains("wmCustomer1"),
            "{path}"
        );
    }
    for asset in ["style.css", "sidebar.js", "wecom-jssdk-2.4.4.js"] {
        let answer = world.get(&format!("assets/{asset}")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(
            header(answer.headers(), "x-content-type-options"),
            "nosniff"
        );
    }
    refused(world.get("nowhere"), 404, "not a browser").await;
}

#[tokio::test]
async fn cookies_are_out_of_reach() {
    for (address, prefix, secure) in [
        (Address::BehindTls, "__Host-wb_", true),
        (Address::Here(JsSdk::BuiltIn), "wb_", false),
    ] {
        let world = world(address).await;
        let (pending, answer) = login(&world, MEMBER, "sidebar").await;
        for cookie in [pending, set_cookie(&answer)] {
            let mut parts = cookie.split("; ").skip(1);
            let has = |part: &str| cookie.split("; ").any(|has| has == part);
            assert!(
                has("HttpOnly") && has("SameSite=Lax") && has("Path=/"),
                "{cookie}"
            );
            assert!(cookie.starts_with(prefix), "{cookie}");
            assert_eq!(has("Secure"), secure, "{cookie}");
            assert!(parts.all(|part| !part.starts_with("Domain")), "{cookie}");
        }
        let removed = answer.headers().get_all(SET_COOKIE).iter().nth(1).unwrap();
        let removed = removed.to_str().unwrap();
        assert!(removed.starts_with(prefix), "{removed}");
        assert!(removed.contains("Max-Age=0"), "the login is over");
    }
}

#[tokio::test]
async fn only_members_report_from_our_own_page() {
    let world = world(Address::BehindTls).await;
    let (member, contact) = (
        session(&world, MEMBER).await,
        session(&world, CONTACT).await,
    );
    let token = toolbar_token(&world, &member).await;
    let report = |cookie: &str, origin: &str, body: String| {
        let mut request = world
            .post("sidebar/opened")
            .header(COOKIE, cookie)
            .header("X-Toolbar-Token", &token)
            .body(body);
        if !origin.is_empty() {
            request = request.header(ORIGIN, origin);
        }
        request
    };
    let as_json = |request: RequestBuilder| request.header("content-type", "application/json");
    let opened =
        |id: &str| json!({ "entry": "single_chat_tools", "external_userid": id }).to_string();
    let good = || opened("wmCustomer1");
    let forged = member.replace("wb_session=", "wb_session=x");
    let unprefixed = member.replace("__Host-", "");
    let table = [
        ("no origin", member.as_str(), "", good(), 403),
        ("no origin at all", &member, "null", good(), 403),
        ("another site", &member, "https://evil.example", good(), 403),
        (
            "another scheme",
            &member,
            "http://bridge.localhost",
            good(),
            403,
        ),
        ("nobody", "", OWN, good(), 401),
        ("not ours", &forged, OWN, good(), 401),
        ("anybody's", &unprefixed, OWN, good(), 401),
        ("a customer", &contact, OWN, good(), 403),
        ("no id", &member, OWN, opened(""), 400),
        ("a blank", &member, OWN, opened("wm 1"), 400),
        ("a line", &member, OWN, opened("wm\n1"), 400),
        ("a long id", &member, OWN, opened(&"w".repeat(129)), 400),
        ("no JSON", &member, OWN, "opened".into(), 400),
        (
            "half of it",
            &member,
            OWN,
            "{\"entry\":\"normal\"}".into(),
            400,
        ),
        ("too much", &member, OWN, opened(&"w".repeat(100_000)), 413),
    ];
    for (what, cookie, origin, body, status) in table {
        refused(as_json(report(cookie, origin, body)), status, what).await;
    }
    // What a form of another site can send without asking.
    let plain = report(&member, OWN, good()).header("content-type", "text/plain");
    refused(plain, 400, "text/plain").await;
    let without = world.post("sidebar/opened").header(COOKIE, &member);
    let without = as_json(without.header(ORIGIN, OWN).body(good()));
    let english = without.header("accept-language", "en");
    let problem = refused(english, 401, "no page of this session").await;
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.starts_with("The login has ended"), "{detail}");
    assert_eq!(reports(&world).await, Vec::<Value>::new());

    let answer = as_json(report(&member, OWN, good())).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    assert_eq!(reports(&world).await.len(), 1);
}

async fn reports(world: &World) -> Vec<Value> {
    let mut events = world.items("events").await;
    events.retain(|event| event["kind"] == "sidebar_opened");
    events
}

/// What the toolbar's page of this session sends along.
async fn toolbar_token(world: &World, session: &str) -> String {
    let page = world.get("sidebar").header(COOKIE, session);
    let page = page.send().await.unwrap().text().await.unwrap();
    let (_, token) = page.split_once("data-token=\"").unwrap();
    token.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn only_our_own_pages_are_signed_for() {
    let world = world(Address::BehindTls).await;
    let (member, contact) = (
        session(&world, MEMBER).await,
        session(&world, CONTACT).await,
    );
    let page = "https://bridge.localhost/sidebar?tenantKey=team1";
    let sign = |cookie: &str, identity: &str, url: &str| {
        let query = [("identity", identity), ("url", url)];
        world
            .get("sidebar/signature")
            .query(&query)
            .header(COOKIE, cookie)
    };
    let table = [
        ("", "corp", page, 401),
        (contact.as_str(), "corp", page, 403),
        (&member, "", page, 400),
        (&member, "agent", page, 400),
        (&member, "app", "/sidebar", 400),
        (&member, "app", "https://evil.example/sidebar", 403),
        (
            &member,
            "app",
            "https://bridge.localhost.evil.example/sidebar",
            403,
        ),
        (
            &member,
            "app",
            "https://bridge.localhost@evil.example/sidebar",
            403,
        ),
        (&member, "app", "https://bridge.localhost:8443/sidebar", 403),
        (&member, "app", "http://bridge.localhost/sidebar", 403),
        (&member, "app", "blob:https://bridge.localhost/sidebar", 403),
        (&member, "app", "javascript:alert(1)", 403),
    ];
    for (cookie, identity, url, status) in table {
        refused(
            sign(cookie, identity, url),
            status,
            &format!("{identity} {url}"),
        )
        .await;
    }
    refused(
        world.get("sidebar/signature").header(COOKIE, &member),
        400,
        "nothing asked",
    )
    .await;
    for identity in ["corp", "app"] {
        let answer = sign(&member, identity, page).send().await.unwrap();
        assert_eq!(header(answer.headers(), "cache-control"), "no-store");
        let signature: Value = answer.json().await.unwrap();
        let mut fields: Vec<_> = signature.as_object().unwrap().keys().collect();
        fields.sort();
        assert_eq!(fields, ["nonceStr", "signature", "timestamp"], "no ticket");
    }
}

#[tokio::test]
async fn a_login_leads_back_to_our_own_pages_only() {
    let world = world(Address::BehindTls).await;
    for query in [
        "",
        "?back=https://evil.example/",
        "?//evil.example/",
        "?tenantKey=team1&redirect_uri=//evil.example",
        "?%0d%0aLocation:%20https://evil.example",
    ] {
        let path = format!("sidebar{query}");
        let (_, answer) = login(&world, MEMBER, &path).await;
        assert_eq!(answer.status(), StatusCode::FOUND, "{path}");
        let lead = answer.headers()[LOCATION].to_str().unwrap();
        assert_eq!(lead, format!("/{path}"));
        assert_eq!(answer.headers().get_all(LOCATION).iter().count(), 1);
    }
    let url = world.base.join("/").unwrap().to_string() + "/evil.example/sidebar";
    let answer = world.http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}
