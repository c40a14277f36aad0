//! The client's side of the JS-SDK: signatures and messages from the toolbar.

use std::time::Duration;

use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use wecom_bridge::sim::console::CustomerApi;
use wecom_bridge::sim::ledger::Sent;
use wecom_bridge::sim::person::Stage as Relation;

use crate::sim::stage::{As, Stage, contact, user};

const PAGE: &str = "https://bridge.example/sidebar?x=1";

struct Tickets {
    corp: String,
    agent: String,
}

async fn tickets(stage: &Stage) -> Tickets {
    let corp = stage.get(As::App, "get_jsapi_ticket", &[]).await.ok();
    let agent = [("type", "agent_config")];
    let agent = stage.get(As::App, "ticket/get", &agent).await.ok();
    let ticket = |answer: Value| answer["ticket"].as_str().unwrap().to_owned();
    Tickets {
        corp: ticket(corp),
        agent: ticket(agent),
    }
}

fn sign(ticket: &str, url: &str) -> Value {
    let text = format!("jsapi_ticket={ticket}&noncestr=n&timestamp=1700000000&url={url}");
    let signature: String = Sha1::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({"timestamp": 1_700_000_000, "nonceStr": "n", "signature": signature})
}

async fn post(stage: &Stage, path: &str, body: &Value) -> Value {
    let url = stage.sim.base().join(path).unwrap();
    let request = stage
        .http
        .post(url)
        .header("content-type", "application/json");
    request
        .body(body.to_string())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

#[tokio::test]
async fn signatures_are_verified_against_both_tickets() {
    let stage = Stage::start().await;
    let tickets = tickets(&stage).await;
    let good = json!({
        "url": PAGE,
        "corpId": "ww1000",
        "agentId": 1_000_002,
        "config": sign(&tickets.corp, PAGE),
        "agentConfig": sign(&tickets.agent, PAGE),
    });
    let change = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let other_page = "https://bridge.example/sidebar";
    let table = [
        (good.clone(), [0, 0]),
        (change("url", json!(format!("{PAGE}#top"))), [0, 0]),
        (change("agentId", json!("1000002")), [0, 0]),
        (change("url", json!(other_page)), [40093, 40093]),
        (change("corpId", json!("ww1")), [92002, 92002]),
        (change("agentId", json!(7)), [0, 40056]),
        (change("agentConfig", sign(&tickets.corp, PAGE)), [0, 42012]),
        (change("config", sign("other", PAGE)), [40093, 0]),
        (
            change(
                "config",
                json!({"timestamp": "now", "nonceStr": "n", "signature": ""}),
            ),
            [40093, 0],
        ),
    ];
    let codes = |answer: &Value| {
        ["config", "agentConfig"].map(|identity| answer[identity]["errCode"].as_i64().unwrap())
    };
    for (body, expected) in table {
        let answer = post(&stage, "jssdk/register", &body).await;
        assert_eq!(codes(&answer), expected, "{body}");
    }
    let answer = post(&stage, "jssdk/register", &change("config", json!(null))).await;
    assert_eq!(answer["config"], json!(null));
    assert_eq!(
        answer["agentConfig"],
        json!({"errMsg": "agentConfig:ok", "errCode": 0})
    );

    stage.sim.corp().console.trusted_domain = Some("other.example".into());
    let answer = post(&stage, "jssdk/register", &good).await;
    assert_eq!(
        answer["agentConfig"]["errMsg"],
        "agentConfig:fail invalid url domain"
    );
    stage.sim.corp().console.trusted_domain = Some("bridge.example".into());
    assert_eq!(codes(&post(&stage, "jssdk/register", &good).await), [0, 0]);
    stage.clock.advance(Duration::from_secs(7200));
    assert_eq!(
        codes(&post(&stage, "jssdk/register", &good).await),
        [40093, 40093]
    );
}

#[tokio::test]
async fn messages_from_the_toolbar_reach_the_chat() {
    let stage = Stage::start().await;
    let news = json!({"msgtype": "news", "news": {"link": "https://a.example/i", "title": "项目"}});
    let message = |id: &str, content: &Value| json!({"userid": "zhangsan", "external_userid": id, "content": content});
    let relative = json!({"msgtype": "news", "news": {"link": "/i"}});
    let picture =
        json!({"msgtype": "news", "news": {"link": "https://a.example/i", "imgUrl": "i.png"}});
    let table = [
        (message("wmAnna", &news), "ok"),
        (
            message("wmBen", &news),
            "fail without context of external contact",
        ),
        (message("wmAnna", &relative), "fail invalid link"),
        (message("wmAnna", &picture), "fail invalid imgUrl"),
        (
            message("wmAnna", &json!({"msgtype": "link"})),
            "fail invalid msgtype",
        ),
        (
            message("wmAnna", &json!({"msgtype": "text", "text": {}})),
            "fail invalid text",
        ),
        (
            message(
                "wmAnna",
                &json!({"msgtype": "image", "image": {"mediaid": "m"}}),
            ),
            "fail invalid mediaid",
        ),
    ];
    for (body, expected) in table {
        let answer = post(&stage, "jssdk/send", &body).await;
        assert_eq!(
            answer["errMsg"],
            format!("sendChatMessage:{expected}"),
            "{body}"
        );
    }
    let sent = stage.sim.sent();
    let [Sent::Chat(chat)] = sent.as_slice() else {
        panic!("{sent:?}");
    };
    assert_eq!(
        (&chat.external_userid, &chat.content),
        (&contact("wmAnna"), &news)
    );

    let (zhang, anna) = (user("zhangsan"), contact("wmAnna"));
    stage.sim.corp().follow_mut(&zhang, &anna).unwrap().stage = Relation::LeftByContact;
    let answer = post(&stage, "jssdk/send", &message("wmAnna", &news)).await;
    assert_eq!(answer["errCode"], -1);
}

#[tokio::test]
async fn only_customer_chats_are_sent_to_and_only_with_permission() {
    let stage = Stage::start().await;
    let send = async |userid: &str, entry: &str| {
        let body = json!({
            "userid": userid, "external_userid": "wmAnna", "entry": entry,
            "content": {"msgtype": "text", "text": {"content": "您好"}},
        });
        let answer = post(&stage, "jssdk/send", &body).await;
        answer["errMsg"].as_str().unwrap().to_owned()
    };
    let (sent, nowhere) = (
        "sendChatMessage:ok",
        "sendChatMessage:fail without context of external contact",
    );
    for (entry, expected) in [
        ("single_chat_tools", sent),
        ("group_chat_tools", sent),
        ("contact_profile", nowhere),
        ("normal", nowhere),
    ] {
        assert_eq!(send("zhangsan", entry).await, expected, "{entry}");
    }
    let denied = "sendChatMessage:fail no permission";
    assert_eq!(send("nobody", "single_chat_tools").await, denied);
    stage.sim.corp().console.customer_api = CustomerApi::NotListed;
    assert_eq!(send("zhangsan", "single_chat_tools").await, denied);
}

#[tokio::test]
async fn the_script_is_there_and_forms_of_other_sites_are_refused() {
    let stage = Stage::start().await;
    let script = stage
        .http
        .get(stage.sim.base().join("jssdk.js").unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(
        script.headers()["content-type"],
        "text/javascript; charset=utf-8"
    );
    assert!(script.text().await.unwrap().contains("window.ww = {"));

    let own = format!("http://{}", stage.sim.base().authority());
    for (origin, status) in [("https://evil.example", 403), (own.as_str(), 200)] {
        let url = stage.sim.base().join("jssdk/send").unwrap();
        let body = json!({"userid": "lisi", "external_userid": "wmBen", "content": {}});
        let request = stage.http.post(url).header("origin", origin).json(&body);
        assert_eq!(request.send().await.unwrap().status(), status, "{origin}");
    }
}
