//! Coming back from WeCom's login: only who was sent there from this browser, and only once.

use url::Url;

use crate::browser::driver::Browser;
use crate::browser::{opened_as, world};
use crate::world::{JsSdk, World};

/// A code for this person, as whoever has logged in somewhere else has one.
async fn code(world: &World, who: &str, state: &str) -> String {
    let mut login = world.sim.base().join("connect/oauth2/authorize").unwrap();
    let here = world.base.join("login/callback").unwrap();
    login
        .query_pairs_mut()
        .append_pair("appid", crate::world::CORP)
        .append_pair("redirect_uri", here.as_str())
        .append_pair("response_type", "code")
        .append_pair("scope", "snsapi_base")
        .append_pair("state", state)
        .append_pair("agentid", "1000002")
        .append_pair("as", who);
    let answer = world.http.get(login).send().await.unwrap();
    let location = answer.headers()["location"].to_str().unwrap();
    query(&Url::parse(location).unwrap(), "code")
}

fn query(url: &Url, name: &str) -> String {
    let mut pairs = url.query_pairs();
    let (_, value) = pairs.find(|(key, _)| key == name).expect(name);
    value.into_owned()
}

fn returned(world: &World, code: &str, state: &str) -> Url {
    let mut url = world.base.join("login/callback").unwrap();
    url.query_pairs_mut()
        .append_pair("code", code)
        .append_pair("state", state);
    url
}

pub(super) async fn a_forged_return_is_refused(browser: &Browser) {
    let (world, ..) = world(JsSdk::Simulated).await;
    let refused = "This login has ended";
    let member = "member:ZhangSan";

    browser.forget().await;
    let stray = returned(&world, &code(&world, member, "abc").await, "abc");
    browser.open(&stray).await;
    assert_eq!(
        browser.text("h1").await,
        refused,
        "nobody was sent away from here"
    );

    // Nobody is logged in at the simulator, so its login page stays; its address names the state.
    browser.open(world.base.join("sidebar").unwrap()).await;
    let login = browser.url().await;
    assert_eq!(login.origin(), world.sim.base().origin());
    let state = query(&login, "state");
    let fresh = code(&world, member, &state).await;
    for (code, state) in [(fresh.as_str(), "other"), (&fresh, ""), ("", &state)] {
        browser.open(returned(&world, code, state)).await;
        assert_eq!(browser.text("h1").await, refused, "{code:?} {state:?}");
    }
    let good = returned(&world, &fresh, &state);
    browser.open(&good).await;
    assert_eq!(browser.url().await, world.base.join("sidebar").unwrap());
    // Loaded twice, it leads whoever is logged in where it led before; nobody else gets in by it.
    browser.open(&good).await;
    assert_eq!(browser.url().await, world.base.join("sidebar").unwrap());
    browser.forget().await;
    browser.open(&good).await;
    assert_eq!(browser.text("h1").await, refused, "a return is good once");

    // A login of this browser's own, with a code that was used before, and with one that never was.
    for code in [fresh.as_str(), "made-up"] {
        browser.forget().await;
        browser.open(world.base.join("sidebar").unwrap()).await;
        let state = query(&browser.url().await, "state");
        browser.open(returned(&world, code, &state)).await;
        assert_eq!(browser.text("h1").await, refused, "{code}");
    }

    browser
        .open(opened_as(&world, member, "sidebar?tenantKey=team1"))
        .await;
    let back = world.base.join("sidebar?tenantKey=team1").unwrap();
    let mut came_back = browser.url().await;
    // WeCom's login address ends in #wechat_redirect, and browsers keep that through redirects.
    came_back.set_fragment(None);
    assert_eq!(came_back, back);
    browser.complaints().await;
}
