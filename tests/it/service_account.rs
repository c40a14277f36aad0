//! The service account: its followers become known, its login tells who opened a page, its messages arrive.

use std::time::Duration;

use serde_json::Value;
use url::Url;
use wecom_bridge::decide::request::{Command, NewComment};
use wecom_bridge::model::follower::{Follower, Standing};
use wecom_bridge::model::form::Submissions;
use wecom_bridge::model::ids::{AppId, ExternalUserId, OpenId};
use wecom_bridge::model::item::Actor;
use wecom_bridge::model::template::{Replied, TemplateMessage};
use wecom_bridge::model::thread::{Reminded, Thread};
use wecom_bridge::sim::faults::Fault;
use wecom_bridge::sim::ledger::Sent;
use wecom_bridge::sim::weixin::{self, Account, Reception, Snapshots};
use wecom_bridge::store::record::Key;
use wecom_bridge::wecom::ApiSettings;
use wecom_bridge::weixin::error::WeixinError;
use wecom_bridge::weixin::oauth::{Opened, Scope, authorize_url};
use wecom_bridge::weixin::{Client, Credentials};

use crate::items;
use crate::world::{ACCOUNT, ACCOUNT_SECRET, API_TOKEN, CORP, On, Setup, World, stories};

stories!(
    followers_become_known,
    a_reminder_reaches_a_follower,
    a_reply_reminds_whoever_follows_and_else_a_member,
    what_is_put_right_is_tried_again,
);

/// The account with its template and its receiver.
const CONFIGURED: &str = r#"
[corp.service_account]
app_id = "wxService"
secret = "secret-of-the-service-account-01"
[corp.service_account.templates.reply]
template_id = "TM1"
keys = { thing1 = "title", thing2 = "text", name3 = "member", time4 = "time", phrase5 = "=已回复" }
[[corp.service_account.receiver]]
name = "account"
token = "accounttoken"
aes_key = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg"
"#;

async fn world(on: On) -> (World, ExternalUserId) {
    let setup = Setup {
        more: CONFIGURED,
        ..Setup::default()
    };
    let world = World::with(on, setup).await;
    let (_, customer) = world.people();
    (world, customer)
}

fn openid(id: &ExternalUserId) -> OpenId {
    OpenId::parse(&Account::openid(id)).unwrap()
}

fn client(world: &World) -> Client {
    let settings = ApiSettings {
        api_base: world.sim.weixin_base(),
        proxy: None,
    };
    let credentials = Credentials {
        app_id: AppId::parse(ACCOUNT).unwrap(),
        secret: ACCOUNT_SECRET.into(),
    };
    Client::new(&settings, credentials).unwrap()
}

async fn kept(world: &World, id: &ExternalUserId) -> Option<Follower> {
    let keys = [Key::follower(&openid(id))];
    let corp = &wecom_bridge::model::ids::CorpId::parse(crate::world::CORP).unwrap();
    let records = world.store().read(corp, &keys).await.unwrap();
    records[0].parse().unwrap()
}

async fn followers_become_known(on: On) {
    let (world, customer) = world(on).await;
    assert_eq!(kept(&world, &customer).await, None);
    for follows in [true, false] {
        let pushed = match follows {
            true => world.sim.follows_account(&customer).await,
            false => world.sim.unfollows_account(&customer).await,
        };
        assert!(pushed.unwrap()[0].accepted());
        world.settle().await;
        let follower = kept(&world, &customer).await.unwrap();
        assert_eq!(follower.following, follows);
        assert_eq!(follower.since, world.clock.now());
        world.clock.advance(std::time::Duration::from_secs(5));
    }
    let events = world.items("events").await;
    let seen: Vec<_> = events
        .iter()
        .map(|event| (&event["kind"], &event["source"], &event["state"]))
        .map(|(kind, source, state)| [kind, source, state].map(|text| text.as_str().unwrap()))
        .collect();
    let of = |kind| [kind, "service_account", "done"];
    let asked = ["refresh_follower", "service", "done"];
    assert_eq!(
        seen,
        [of("weixin/unsubscribe"), asked, of("weixin/subscribe")]
    );
    let unionid = kept(&world, &customer).await.unwrap().unionid;
    assert!(unionid.is_some(), "WeChat was asked who it is");
    assert_eq!(
        events[0]["subject"],
        format!("follower:{}", openid(&customer))
    );
}

fn reminder(world: &World, id: &ExternalUserId, client_msg_id: &str) -> TemplateMessage {
    let config = world.config();
    let account = config.corps[0].service_account.as_ref().unwrap();
    let reply = account.reply.as_ref().unwrap();
    let replied = Replied {
        title: "阳光花园三期十二栋一单元八零二室的装修进度",
        text: "您好，\n瓷砖明天到货。",
        member: "张三",
        corp: "示例企业",
        at: world.clock.now(),
    };
    TemplateMessage {
        openid: openid(id),
        template_id: reply.template_id.clone(),
        values: reply.fill(&replied),
        url: "https://bridge.example/r/1".into(),
        client_msg_id: client_msg_id.into(),
    }
}

fn takes_messages(world: &World, id: &ExternalUserId, how: Reception) {
    let mut corp = world.sim.corp();
    let account = corp.account.as_mut().unwrap();
    account.reception.insert(id.clone(), how);
}

fn arrived(world: &World) -> Vec<weixin::TemplateMessage> {
    let template = |sent| match sent {
        Sent::Template(message) => Some(message),
        _ => None,
    };
    world.sim.sent().into_iter().filter_map(template).collect()
}

async fn a_reminder_reaches_a_follower(on: On) {
    let (world, customer) = world(on).await;
    let (client, now) = (client(&world), world.clock.now());
    let send = async |id: &str| client.remind(&reminder(&world, &customer, id), now).await;
    let refused = send("a").await.unwrap_err();
    assert!(matches!(refused, WeixinError::NotFollowing { .. }));
    let standing = client.follows(&openid(&customer), now).await;
    assert_eq!(standing, Ok(Standing::NotFollowing));

    world.sim.follows_account(&customer).await.unwrap();
    let standing = client.follows(&openid(&customer), now).await;
    assert!(matches!(
        standing,
        Ok(Standing::Following { unionid: Some(_) })
    ));
    // The same message twice is one; a token that is gone is replaced.
    let first = send("a").await.unwrap();
    let faults = [("weixin/cgi-bin/message/template/send", Fault::ExpireToken)];
    for (api, fault) in faults {
        world.sim.faults().next(api, fault);
    }
    assert_eq!(send("a").await.unwrap(), first);
    let messages = arrived(&world);
    let [message] = &messages[..] else {
        panic!("{messages:?}");
    };
    assert_eq!(message.external_userid, customer);
    assert_eq!(message.url.as_deref(), Some("https://bridge.example/r/1"));
    let values: Vec<_> = message
        .values
        .iter()
        .map(|(_, text)| text.as_str())
        .collect();
    let expected = [
        "阳光花园三期十二栋一单元八零二室的装修…",
        "您好， 瓷砖明天到货。",
        "张三",
        "2026年9月21日 22:13",
        "已回复",
    ];
    assert_eq!(values, expected);

    for (reception, arrives) in [
        (Reception::Refuses, false),
        (Reception::Blocks, true),
        (Reception::Fails, true),
    ] {
        takes_messages(&world, &customer, reception);
        let taken = send(&format!("{reception:?}")).await;
        assert_eq!(taken.is_ok(), arrives, "{taken:?}");
    }
    assert_eq!(arrived(&world).len(), 1);
    world.settle().await;
    let events = world.items("events").await;
    let finished = |event: &&Value| event["kind"] == "weixin/TEMPLATESENDJOBFINISH";
    assert_eq!(events.iter().filter(finished).count(), 3);
    assert!(events.iter().all(|event| event["state"] == "done"));

    for (code, change) in [(40037, "template"), (47003, "value")] {
        let mut wrong = reminder(&world, &customer, "w");
        match change {
            "template" => wrong.template_id = "TM9".into(),
            _ => drop(wrong.values.remove(0)),
        }
        let refused = client.remind(&wrong, now).await.unwrap_err();
        assert_eq!(refused.errcode(), Some(code), "{refused}");
    }
}

/// Opens the login page as a person; gives the code that it leads back with, or the page that it shows.
async fn log_in(world: &World, scope: Scope, who: &str, more: &str) -> Result<String, String> {
    let redirect = Url::parse("https://bridge.example/login").unwrap();
    let app_id = AppId::parse(ACCOUNT).unwrap();
    let base = world.sim.weixin_base();
    let mut url = authorize_url(&base, &app_id, scope, &redirect, "S1");
    let query = format!("{}&as={who}{more}", url.query().unwrap());
    url.set_query(Some(&query));
    let answer = world.http.get(url).send().await.unwrap();
    let Some(location) = answer.headers().get("location") else {
        return Err(answer.text().await.unwrap());
    };
    let to = Url::parse(location.to_str().unwrap()).unwrap();
    let query: std::collections::HashMap<_, _> = to.query_pairs().into_owned().collect();
    assert_eq!((to.path(), query["state"].as_str()), ("/login", "S1"));
    Ok(query["code"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_login_tells_who_opened_a_page() {
    let (world, customer) = world(On::Embedded).await;
    let (client, now) = (client(&world), world.clock.now());
    let who = format!("contact:{customer}");

    // In silence, the openid alone.
    let code = log_in(&world, Scope::Base, &who, "").await.unwrap();
    let Opened::Person(person) = client.opened(&code, now).await.unwrap() else {
        panic!("it is a person");
    };
    assert_eq!(person.openid, openid(&customer));
    assert!(person.unionid.is_none() && person.consent.is_none());
    let used = client.opened(&code, now).await.unwrap_err();
    assert_eq!(used.errcode(), Some(40163));

    // With consent, who it is.
    let asked = log_in(&world, Scope::UserInfo, &who, "").await.unwrap_err();
    assert!(asked.contains("允许"), "{asked}");
    let code = log_in(&world, Scope::UserInfo, &who, "&agreed=yes").await;
    let Opened::Person(person) = client.opened(&code.unwrap(), now).await.unwrap() else {
        panic!("it is a person");
    };
    assert!(person.unionid.is_some());
    let profile = client.profile(&person.consent.unwrap(), now).await;
    let profile = profile.unwrap();
    assert_eq!(profile.nickname, "王女士");
    assert_eq!(profile.unionid, person.unionid);

    // On a snapshot, nobody.
    world.sim.corp().account.as_mut().unwrap().snapshots = Snapshots::Always;
    let code = log_in(&world, Scope::UserInfo, &who, "").await.unwrap();
    let opened = client.opened(&code, now).await.unwrap();
    assert!(matches!(opened, Opened::Snapshot), "{opened:?}");

    // Members are in WeCom, which does not open it.
    let member = log_in(&world, Scope::Base, "member:ZhangSan", "").await;
    assert!(member.unwrap_err().contains("微信客户端"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_follow_and_read_in_their_window() {
    let (world, customer) = world(On::Embedded).await;
    let window = format!("weixin/window/{customer}");
    let page = async || {
        let url = world.sim.base().join(&window).unwrap();
        let answer = world.http.get(url).send().await.unwrap();
        answer.text().await.unwrap()
    };
    assert!(page().await.contains("关注服务号"));
    let url = world.sim.base().join("do/follow_account").unwrap();
    let form = format!("external_userid={customer}");
    let pressed = world.http.post(url).body(form).send().await.unwrap();
    assert_eq!(pressed.status(), 303);
    assert!(page().await.contains("取消关注服务号"));
    let reminder = reminder(&world, &customer, "a");
    let sent = client(&world).remind(&reminder, world.clock.now()).await;
    sent.unwrap();
    let shown = page().await;
    assert!(
        shown.contains("瓷砖明天到货") && shown.contains("/open?as="),
        "{shown}"
    );
}

async fn a_reply_reminds_whoever_follows_and_else_a_member(on: On) {
    let setup = Setup {
        more: CONFIGURED,
        ..Setup::default()
    };
    let (world, zhang, wang) = items::staffed(World::with(on, setup).await).await;
    let form_ref = items::item("form:f1");
    let by = Actor::Member(zhang.clone());
    let form = items::form("f1", Submissions::Many);
    world.asked(by.clone(), form).await.unwrap();
    let share = Command::Share(wang.clone(), vec![form_ref.clone()]);
    world.asked(by.clone(), share).await.unwrap();
    let say = async |id: &str| {
        let comment = Command::Comment(NewComment {
            item: form_ref.clone(),
            contact: wang.clone(),
            id: id.into(),
            text: "已为您安排".into(),
        });
        world.asked(by.clone(), comment).await.unwrap();
        world.settle().await;
    };
    let reminded = async || {
        let corp = items::corp();
        let keys = [Key::thread(&wang, &form_ref)];
        let records = world.store().read(&corp, &keys).await.unwrap();
        let thread: Option<Thread> = records[0].parse().unwrap();
        thread.unwrap().reminder
    };

    // Nobody follows: the member is asked to tell the customer.
    let before = world.cards(&zhang).len();
    say("c1").await;
    assert_eq!(reminded().await, Some(Reminded::NoChannel));
    assert_eq!(
        world.cards(&zhang).len(),
        before + 1,
        "{:?}",
        world.cards(&zhang)
    );
    assert!(arrived(&world).is_empty());

    world.sim.follows_account(&wang).await.unwrap();
    world.settle().await;
    // Several replies at once are one reminder, when the last one is long enough ago.
    world.clock.advance(Duration::from_secs(11 * 60));
    say("c2").await;
    say("c3").await;
    // It is 22:24 in Beijing: nobody is disturbed before eight.
    assert!(arrived(&world).is_empty());
    world.clock.advance(Duration::from_secs(10 * 3600));
    world.settle().await;
    assert_eq!(reminded().await, Some(Reminded::Sent));
    let messages = arrived(&world);
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(messages[0].external_userid, wang);
    let url = messages[0].url.as_deref().unwrap();
    assert!(url.contains("/home") && url.contains("form"), "{url}");
    assert_eq!(world.cards(&zhang).len(), before + 1);

    // A system has no name, and no value may be empty.
    world.clock.advance(Duration::from_secs(11 * 60));
    let comment = NewComment {
        item: form_ref.clone(),
        contact: wang.clone(),
        id: "c4".into(),
        text: "已为您安排".into(),
    };
    let said = world.asked(Actor::System, Command::Comment(comment));
    said.await.unwrap();
    world.settle().await;
    let messages = arrived(&world);
    let names: Vec<_> = messages
        .iter()
        .flat_map(|message| &message.values)
        .filter(|(key, _)| key == "name3")
        .map(|(_, name)| name.as_str())
        .collect();
    assert_eq!(names, ["张三", "-"]);
}

async fn what_is_put_right_is_tried_again(on: On) {
    let (world, customer) = world(on).await;
    let untrusted = Fault::ErrCode(40164);
    world
        .sim
        .faults()
        .always("weixin/cgi-bin/stable_token", untrusted);
    world.sim.follows_account(&customer).await.unwrap();
    world.settle().await;
    let unionid = async || kept(&world, &customer).await.unwrap().unionid;
    assert_eq!(unionid().await, None, "who follows cannot be asked");
    world.sim.faults().clear();
    world.clock.advance(Duration::from_secs(1));
    let again = world.post("api/v1/faults/retry").bearer_auth(API_TOKEN);
    assert_eq!(again.send().await.unwrap().status(), 204);
    world.settle().await;
    assert!(unionid().await.is_some());
    let text = world.metrics().await;
    let calls = format!("wecom_bridge_api_calls_total{{corp=\"{CORP}\",family=\"service_account\"");
    for (result, expected) in [("misconfigured", 1), ("ok", 2)] {
        let sample = format!("{calls},result=\"{result}\"}} {expected}");
        assert!(text.contains(&sample), "{sample}\n{text}");
    }
}
