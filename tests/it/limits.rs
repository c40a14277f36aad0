//! What is used up, set up wrongly, or shared between processes: calls stop, people are told, and nothing is lost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use serde_json::Value;
use wecom_bridge::act::shared::ThroughStore;
use wecom_bridge::clock::Clock;
use wecom_bridge::model::card::TemplateCard;
use wecom_bridge::model::card::actions::CardAction;
use wecom_bridge::model::card::blocks::MainTitle;
use wecom_bridge::model::card::notices::TextNotice;
use wecom_bridge::model::ids::CorpId;
use wecom_bridge::model::outgoing::{Call, CardMessage, OneTimeCode, Welcome};
use wecom_bridge::model::time::Timestamp;
use wecom_bridge::sim::Sim;
use wecom_bridge::sim::console::WelcomeBy;
use wecom_bridge::sim::faults::Fault;
use wecom_bridge::sim::person::Contact;
use wecom_bridge::store::{Store, StoreSettings};
use wecom_bridge::wecom::error::ApiError;
use wecom_bridge::wecom::{ApiSettings, AppSecret, Client, Credentials};

use crate::redis_server::RedisServer;
use crate::service::wecom::{AGENT, add_member, contact, start, user};
use crate::service::{APP_SECRET, CORP, SYNC_SECRET};
use crate::world::{On, World};

const GET: &str = "externalcontact/get";

async fn faults(world: &World) -> Vec<Value> {
    let listed = world.api("api/v1/faults").await;
    listed["items"].as_array().unwrap().clone()
}

async fn readiness(world: &World) -> Value {
    let answer = world.get("readyz").send().await.unwrap();
    assert_eq!(answer.status(), 200, "a fault makes nothing unready");
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_of_the_set_up_is_told_and_stops_the_hammering() {
    for on in [On::Embedded, On::Redis] {
        let world = World::start(on).await;
        world.sim.corp().console.welcome = WelcomeBy::Console;
        let (member, customer) = world.people();
        world.sim.faults().always(GET, Fault::ErrCode(60020));
        world.sim.customer_adds(&member, &customer).await.unwrap();
        world.settle().await;
        assert_eq!(world.calls(GET), 1, "{on:?}");
        // Half an hour of events, each of which would ask.
        for minute in 0..30 {
            let remark = format!("remark {minute}");
            let edited = world
                .sim
                .member_edits_remark(&member, &customer, &remark)
                .await;
            edited.unwrap();
            world.pass(Duration::from_secs(60)).await;
        }
        let calls = world.calls(GET);
        assert!((2..=5).contains(&calls), "{on:?}: {calls} calls");

        let told = faults(&world).await;
        assert_eq!(told.len(), 1, "{on:?}: {told:?}");
        let fault = &told[0];
        assert_eq!(fault["errcode"], 60020);
        assert_eq!(fault["api"], GET);
        assert_eq!(fault["scope"], "secret");
        assert_eq!(fault["count"], calls);
        assert!(fault["console"].as_str().unwrap().contains("企业可信IP"));
        assert!(fault["what"].as_str().unwrap().contains("127.0.0.1"));
        assert_eq!(readiness(&world).await["faults"], 1);

        world.sim.faults().clear();
        let retry = world.post("api/v1/faults/retry");
        assert_eq!(retry.send().await.unwrap().status(), 401);
        let retry = world.post("api/v1/faults/retry");
        let retry = retry.bearer_auth(crate::world::API_TOKEN);
        assert_eq!(retry.send().await.unwrap().status(), 204);
        let edited = world
            .sim
            .member_edits_remark(&member, &customer, "the last")
            .await;
        edited.unwrap();
        world.settle().await;
        assert_eq!(world.items("contacts").await.len(), 1, "{on:?}");
        assert_eq!(faults(&world).await, Vec::<Value>::new());
        assert_eq!(readiness(&world).await["faults"], 0);
    }
}

/// Whoever says that a fault is gone does not wait for what failed because of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_fault_to_end_is_due_when_somebody_says_so() {
    for on in [On::Embedded, On::Redis] {
        let world = World::start(on).await;
        world.sim.corp().console.welcome = WelcomeBy::Console;
        let (member, customer) = world.people();
        world.sim.faults().always(GET, Fault::ErrCode(60020));
        world.sim.customer_adds(&member, &customer).await.unwrap();
        world.settle().await;
        world.sim.faults().clear();
        world.settle().await;
        let waiting = world.items("events?state=retrying").await;
        assert_eq!(waiting.len(), 1, "{on:?}");
        let retry = world.post("api/v1/faults/retry");
        let retry = retry.bearer_auth(crate::world::API_TOKEN);
        assert_eq!(retry.send().await.unwrap().status(), 204);
        world.settle().await;
        assert_eq!(world.items("contacts").await.len(), 1, "{on:?}");
        assert_eq!(world.cards(&member), ["新客户：王女士"]);
        assert!(world.items("events?state=retrying").await.is_empty());
    }
}

/// The first call that goes well takes with it all that wait for the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_fault_to_end_is_due_when_a_call_goes_well() {
    for on in [On::Embedded, On::Redis] {
        let world = World::start(on).await;
        world.sim.corp().console.welcome = WelcomeBy::Console;
        let (member, customer) = world.people();
        let other = crate::world::contact("wmCustomer2");
        world
            .sim
            .corp()
            .add_contact(Contact::new(other.clone(), "李先生"));
        world.sim.faults().always(GET, Fault::ErrCode(60020));
        world.sim.customer_adds(&member, &customer).await.unwrap();
        world.settle().await;
        world.clock.advance(Duration::from_secs(300));
        world.sim.customer_adds(&member, &other).await.unwrap();
        world.settle().await;
        assert_eq!(world.calls(GET), 1, "the second one is held back");
        world.sim.faults().clear();
        world.clock.advance(Duration::from_secs(300));
        world.settle().await;
        assert_eq!(world.items("contacts").await.len(), 2, "{on:?}");
    }
}

/// A fault that is put right without a word is noticed by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_that_is_gone_is_found_out() {
    let world = World::start(On::Redis).await;
    world.sim.corp().console.welcome = WelcomeBy::Console;
    let (member, customer) = world.people();
    world.sim.faults().next("gettoken", Fault::ErrCode(40001));
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world.settle().await;
    assert_eq!(faults(&world).await[0]["errcode"], 40001);
    assert_eq!(world.calls("gettoken"), 1);
    world.pass(Duration::from_secs(1800)).await;
    assert_eq!(faults(&world).await, Vec::<Value>::new());
    assert_eq!(world.items("contacts").await.len(), 1);
    assert_eq!(world.cards(&member), ["新客户：王女士"]);
}

/// Two clients of one corp, as two processes would have them.
struct Two {
    redis: RedisServer,
    sim: Sim,
    clients: [Client; 2],
    now: Timestamp,
}

async fn two() -> Two {
    let redis = RedisServer::start();
    let sim = start().await;
    add_member(&sim, "lin");
    let mut clients = Vec::new();
    for _ in 0..2 {
        let settings = StoreSettings {
            url: redis.url(),
            corps: vec![CorpId::parse(CORP).unwrap()],
            dedupe_for: Duration::from_secs(3600),
            replicas: 0,
        };
        let store = Arc::new(Store::open(&settings).await.unwrap());
        clients.push(client(&sim, store));
    }
    Two {
        redis,
        sim,
        clients: clients.try_into().unwrap(),
        now: Clock::system().now(),
    }
}

fn client(sim: &Sim, store: Arc<Store>) -> Client {
    let settings = ApiSettings {
        api_base: sim.base().clone(),
        proxy: None,
    };
    let corp = CorpId::parse(CORP).unwrap();
    let credentials = Credentials {
        corp: corp.clone(),
        app: AppSecret {
            agent_id: AGENT,
            secret: APP_SECRET.into(),
        },
        contact_sync: Some(SecretString::from(SYNC_SECRET)),
    };
    let others = ThroughStore::new(store, corp);
    let client = Client::new(&settings, credentials).unwrap();
    client.shared_with(Arc::new(others))
}

fn card(n: usize) -> Call {
    let action = CardAction::Url("https://a.example/1".into());
    let notice = TextNotice::new(MainTitle::new(format!("card {n}")), action);
    Call::Card(CardMessage {
        touser: user("lin"),
        card: TemplateCard::new(notice).unwrap(),
        about: None,
        contact: None,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_budgets_and_tokens() {
    let two = two().await;
    let cards: Vec<Call> = (0..40).map(card).collect();
    let send = async |n: usize| two.clients[n % 2].perform(&cards[n], two.now).await;
    // By itself: who waits for another's token longer than a second fetches one, and a busy machine may take that long.
    let first = send(0).await;
    let mut results = futures_util::future::join_all((1..cards.len()).map(send)).await;
    results.push(first);
    let sent = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(sent, 15, "what one member may get at once");
    for result in results {
        if let Err(error) = result {
            assert!(matches!(error, ApiError::RateLimited { .. }), "{error}");
        }
    }
    let calls = |api: &str| {
        let calls = two.sim.calls();
        calls.iter().filter(|call| call.api == api).count()
    };
    assert_eq!(calls("message/send"), 15);
    assert_eq!(calls("gettoken"), 1, "one fetched, the other took it over");

    // Whoever gets hold of Redis gets no token.
    let secrets = crate::service::wecom::secrets(&two.sim).await;
    let tokens = secrets.iter().filter(|secret| secret.len() > 20);
    let tokens: Vec<&String> = tokens.collect();
    assert!(!tokens.is_empty());
    let keys = two.redis.cli(&["KEYS", "*:note:*"]);
    assert!(keys.contains("note:token"), "{keys}");
    for key in keys.lines() {
        let text = two.redis.cli(&["GET", key]);
        for secret in tokens.iter().map(|token| token.as_str()) {
            assert!(!text.contains(secret) && !key.contains(secret), "{key}");
        }
        assert!(!text.contains(APP_SECRET) && !key.contains(APP_SECRET));
        let life: i64 = two.redis.cli(&["PTTL", key]).parse().unwrap();
        assert!((1..=7_200_000).contains(&life), "{key}: {life}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_and_a_fault_are_known_to_both_processes() {
    let two = two().await;
    let [one, other] = &two.clients;
    let visible = async |client: &Client, secs| {
        let now = two.now.plus(Duration::from_secs(secs));
        client.contact(&contact("wmNobody"), now).await
    };
    two.sim.faults().next(GET, Fault::ErrCode(45009));
    let limited = visible(one, 0).await.unwrap_err();
    assert!(matches!(limited, ApiError::RateLimited { .. }), "{limited}");
    let limited = visible(other, 10).await.unwrap_err();
    let left = Duration::from_secs(50);
    assert!(matches!(limited, ApiError::RateLimited { after, .. } if after == left));

    two.sim.faults().next(GET, Fault::ErrCode(48002));
    let refused = visible(one, 60).await.unwrap_err();
    assert_eq!(refused.errcode(), Some(48002));
    let now = two.now.plus(Duration::from_secs(61));
    let told = other.faults(now).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].console, one.faults(now).await[0].console);
    let refused = visible(other, 62).await.unwrap_err();
    assert_eq!(refused.errcode(), Some(48002), "known, not asked");
    other.try_again(now).await;
    let calls = two
        .sim
        .calls()
        .iter()
        .filter(|call| call.api == GET)
        .count();
    assert_eq!(calls, 2);
    let _ = visible(one, 70).await;
    assert!(
        other.faults(now).await.is_empty(),
        "the other's answer counts"
    );
}

/// A Redis that hangs delays a welcome by less than a second or two, and stops nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_holds_no_welcome_up() {
    let two = two().await;
    two.redis.freeze();
    let welcome = Call::Welcome(Welcome {
        welcome_code: OneTimeCode::new("nobody's"),
        userid: user("lin"),
        external_userid: contact("wm1"),
        text: "你好".into(),
        title: "与我协作".into(),
        desc: String::new(),
        url: "https://a.example/".into(),
    });
    let started = Instant::now();
    let refused = two.clients[0].perform(&welcome, two.now).await.unwrap_err();
    let took = started.elapsed();
    two.redis.thaw();
    assert_eq!(refused.errcode(), Some(41050), "WeCom was asked");
    assert!(took < Duration::from_secs(5), "{took:?}");
}
