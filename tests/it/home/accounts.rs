//! The login through the service account, for those whom WeCom's login does not know.

use reqwest::header::{LOCATION, USER_AGENT};
use url::Url;
use wecom_bridge::sim::person::Contact;
use wecom_bridge::sim::weixin::Snapshots;

use crate::guest::{Guest, Page};
use crate::home::{CHEN, HOME, OWN, WANG, at, project, put, share, wang};
use crate::world::{Address, On, Setup, World, contact, stories, user};

stories!(
    who_agreed_once_is_known_from_then_on,
    who_is_no_customer_stays_outside,
    a_way_back_is_good_once_and_leads_to_our_pages,
);

const ACCOUNT: &str = r#"
[corp.service_account]
app_id = "wxService"
secret = "secret-of-the-service-account-01"
qr_code = "https://pictures.example/follow-us.png"
[[corp.service_account.receiver]]
name = "account"
token = "accounttoken"
aes_key = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg"
"#;

/// Somebody whom WeCom's login does not know: it is not said to work in every WeChat, so this may be anybody.
const UNKNOWN: &str = CHEN;

/// 王女士 has a project, and both WeCom and the account know her; 陈先生 is no customer of WeCom's.
async fn office(on: On) -> World {
    let setup = Setup {
        address: Address::BehindTls,
        more: ACCOUNT,
        ..Setup::default()
    };
    let world = World::with(on, setup).await;
    let (zhang, wang) = world.people();
    for (id, name) in [(wang.clone(), "王女士"), (contact("wmCustomer2"), "陈先生")] {
        let mut known = Contact::new(id.clone(), name);
        known.unionid = Some(format!("u-{id}"));
        world.sim.corp().add_contact(known);
    }
    world.sim.customer_adds(&zhang, &wang).await.unwrap();
    let member = wecom_bridge::callback::event::own::OwnEvent::RefreshMember {
        userid: user("ZhangSan"),
    };
    world.ask(&member).await;
    world.settle().await;
    put(&world, "p1", "部署项目", "", project()).await;
    put(&world, "p2", "别人的项目", "", project()).await;
    share(&world, &wang, &["project:p1"]).await;
    world
}

impl Guest<'_> {
    /// Goes through a login page of WeCom's or WeChat's as this person, and tells where it leads back to.
    async fn through(&self, login: &str, who: &str, more: &str) -> String {
        let mut authorize = Url::parse(login).unwrap();
        let query = format!("{}&as={who}{more}", authorize.query().unwrap());
        authorize.set_query(Some(&query));
        let back = self.world.http.get(authorize).send().await.unwrap();
        let back = back.headers()[LOCATION].to_str().unwrap();
        back.strip_prefix(OWN).unwrap().to_owned()
    }

    /// Opens a page; WeCom's login knows nobody, so WeChat's login that nobody notices is next.
    async fn reach_account(&mut self, path: &str) -> String {
        let away = self.get(path).await;
        let back = self.through(&away.to, UNKNOWN, "").await;
        let away = self.get(&back).await;
        assert_eq!(away.status, 302, "{}", away.html);
        assert!(
            away.to.contains("/weixin/") && away.to.contains("snsapi_base"),
            "{}",
            away.to
        );
        away.to
    }

    /// Comes back from the login that nobody notices.
    async fn unnoticed(&mut self, who: &str, path: &str) -> Page {
        let login = self.reach_account(path).await;
        let back = self.through(&login, who, "").await;
        self.get(&back).await
    }

    /// Presses the button of a page, and agrees.
    async fn agrees(&mut self, page: &Page, who: &str) -> Page {
        let away = self.get(&button(page)).await;
        assert!(away.to.contains("snsapi_userinfo"), "{}", away.to);
        let back = self.through(&away.to, who, "&agreed=yes").await;
        self.get(&back).await
    }

    fn is_in(&self) -> bool {
        self.cookies.contains_key("__Host-wb_session")
    }
}

/// Where the button of a page leads.
fn button(page: &Page) -> String {
    let (_, rest) = page.html.split_once("<a class=\"button\" href=\"").unwrap();
    let (to, _) = rest.split_once('"').unwrap();
    to.trim_start_matches('/')
        .replace("&amp;", "&")
        .replace("&#38;", "&")
}

async fn who_agreed_once_is_known_from_then_on(on: On) {
    let world = office(on).await;
    let path = at("project:p1");
    let mut guest = Guest::new(&world);
    let asked = guest.unnoticed(WANG, &path).await;
    assert_eq!(asked.status, 200, "{}", asked.html);
    assert!(asked.html.contains("由微信确认") && !guest.is_in());
    let entered = guest.agrees(&asked, WANG).await;
    assert_eq!((entered.status, entered.to), (302, format!("/{path}")));
    let shown = guest.get(&path).await;
    assert!(shown.html.contains("部署项目"), "{}", shown.html);
    // She does not follow the account yet.
    assert!(
        shown
            .html
            .contains("https://pictures.example/follow-us.png")
    );

    // The next browser of hers is let in without a question.
    world.settle().await;
    let mut again = Guest::new(&world);
    let entered = again.unnoticed(WANG, HOME).await;
    assert_eq!((entered.status, entered.to), (302, format!("/{HOME}")));
    assert!(again.is_in());
    world.sim.follows_account(&wang()).await.unwrap();
    world.settle().await;
    let shown = again.get(HOME).await;
    assert!(!shown.html.contains("follow-us.png"), "{}", shown.html);
    // Another's item is not there, whichever login it was.
    let foreign = again.get(&at("project:p2")).await;
    assert_eq!(foreign.status, 404);
}

async fn who_is_no_customer_stays_outside(on: On) {
    let world = office(on).await;
    let path = at("project:p1");
    let mut guest = Guest::new(&world);
    let asked = guest.unnoticed(CHEN, &path).await;
    let refused = guest.agrees(&asked, CHEN).await;
    assert_eq!(refused.status, 403);
    assert!(!refused.html.contains("部署项目") && !guest.is_in());
    // What was learned of him lets him in nowhere.
    world.settle().await;
    let asked = guest.unnoticed(CHEN, &path).await;
    assert_eq!(asked.status, 200);
    assert!(!guest.is_in());

    // A page that is shown as a snapshot has an invented reader.
    let account = |world: &World, snapshots| {
        world.sim.corp().account.as_mut().unwrap().snapshots = snapshots;
    };
    account(&world, Snapshots::Always);
    let mut guest = Guest::new(&world);
    let asked = guest.unnoticed(WANG, &path).await;
    let asked = guest.agrees(&asked, WANG).await;
    assert_eq!(asked.status, 200, "the button once more");
    assert!(asked.html.contains("由微信确认") && !guest.is_in());
    account(&world, Snapshots::Never);
    let entered = guest.agrees(&asked, WANG).await;
    assert_eq!(entered.status, 302);

    // WeCom does not open the account's login.
    let mut guest = Guest::new(&world);
    let away = guest.get(&path).await;
    let back = guest.through(&away.to, UNKNOWN, "").await;
    let request = guest.request(reqwest::Method::GET, &back);
    let request = request.header(USER_AGENT, "Mozilla/5.0 wxwork/4.1.0 MicroMessenger/7.0.1");
    let refused = request.send().await.unwrap();
    assert_eq!(refused.status(), 403);
}

async fn a_way_back_is_good_once_and_leads_to_our_pages(on: On) {
    let world = office(on).await;
    let mut guest = Guest::new(&world);
    let asked = guest.unnoticed(WANG, HOME).await;
    let away = guest.get(&button(&asked)).await;
    let back = guest.through(&away.to, WANG, "&agreed=yes").await;
    let pending = guest.cookies.clone();
    assert_eq!(guest.get(&back).await.status, 302);
    // The browser asks twice: whoever is in goes on.
    let again = guest.get(&back).await;
    assert_eq!((again.status, again.to), (302, format!("/{HOME}")));
    // Somebody has the address: without the cookie, with it, and with a state of their own.
    for cookies in [Default::default(), pending.clone()] {
        let mut thief = Guest::new(&world);
        thief.cookies = cookies;
        let refused = thief.get(&back).await;
        assert_eq!(refused.status, 403);
        assert!(!thief.is_in());
    }
    let mut thief = Guest::new(&world);
    thief.reach_account(HOME).await;
    assert_eq!(thief.get(&back).await.status, 403);
    assert!(!thief.is_in());
    // A login of WeCom's does not come back here, nor this one there.
    let other = back.replace("login/account", "login/callback");
    let mut guest = Guest::new(&world);
    guest.cookies = pending;
    assert_eq!(guest.get(&other).await.status, 403);

    for to in [
        "https://evil.example/",
        "//evil.example",
        "/items",
        "/homes",
        "",
    ] {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("tenantKey", "team1")
            .append_pair("back", to);
        let answer = guest
            .get(&format!("login/account/consent?{}", query.finish()))
            .await;
        assert_eq!(answer.status, 403, "{to}");
    }
}
