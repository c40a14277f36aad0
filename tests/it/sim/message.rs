//! `message/send`: recipients, duplicates, and what messages must hold.

use std::time::Duration;

use serde_json::{Value, json};
use wecom_bridge::sim::ledger::Sent;
use wecom_bridge::sim::person::{MemberStatus, Range};

use crate::sim::stage::{As, Stage, user};

fn text(touser: &str) -> Value {
    json!({"touser": touser, "msgtype": "text", "agentid": 1000002, "text": {"content": "好"}})
}

pub(crate) fn with(mut message: Value, field: &str, value: Value) -> Value {
    message[field] = value;
    message
}

/// Each delivered message's recipients.
pub(crate) fn delivered(stage: &Stage) -> Vec<Vec<String>> {
    let sent = stage.sim.sent().into_iter();
    sent.filter_map(|sent| match sent {
        Sent::Message(message) => Some(message.to.iter().map(ToString::to_string).collect()),
        Sent::Welcome(_)
        | Sent::CardUpdate(_)
        | Sent::Profile(_)
        | Sent::Chat(_)
        | Sent::Template(_) => None,
    })
    .collect()
}

#[tokio::test]
async fn requests_are_checked() {
    let stage = Stage::start().await;
    let many = vec!["x"; 1001].join("|");
    let table = [
        (json!({"touser": "lisi", "msgtype": "text"}), 41011),
        (with(text("lisi"), "agentid", json!("1000002")), 40056),
        (with(text("lisi"), "agentid", json!(7)), 301_002),
        (text(""), 82001),
        (text(&many), 40032),
        (with(text("lisi"), "touser", json!(["lisi"])), 40035),
        (
            with(text(""), "toparty", json!(vec!["1"; 101].join("|"))),
            82002,
        ),
        (
            with(text(""), "totag", json!(vec!["1"; 101].join("|"))),
            82003,
        ),
        (with(text("lisi"), "msgtype", json!("song")), 40008),
        (with(text("lisi"), "text", json!({"content": ""})), 44004),
        (
            with(text("lisi"), "duplicate_check_interval", json!(14401)),
            40058,
        ),
        (with(text("lisi"), "msgtype", json!("image")), 40007),
        (
            with(text("lisi"), "msgtype", json!("miniprogram_notice")),
            48002,
        ),
        (text("nobody|alsonobody"), 81013),
    ];
    for (body, code) in table {
        let answer = stage.post(As::App, "message/send", &body).await;
        assert_eq!(answer.errcode(), code, "{body}");
    }
    let textcard = |field: &str, value: &str| {
        let content = json!({"title": "t", "description": "d", "url": "https://a.example/"});
        let message = with(text("lisi"), "msgtype", json!("textcard"));
        with(message, "textcard", with(content, field, json!(value)))
    };
    let news = |articles: Value| {
        let message = with(text("lisi"), "msgtype", json!("news"));
        with(message, "news", json!({"articles": articles}))
    };
    let article = json!({"title": "t", "url": "https://a.example/"});
    let table = [
        (textcard("title", ""), 41016),
        (textcard("description", ""), 41033),
        (textcard("url", ""), 41010),
        (textcard("url", "a.example"), 45034),
        (textcard("title", "t"), 0),
        (news(json!([])), 45008),
        (news(json!(vec![&article; 9])), 45008),
        (news(json!([{"url": "https://a.example/"}])), 41016),
        (news(json!(vec![&article; 8])), 0),
    ];
    for (body, code) in table {
        let answer = stage.post(As::App, "message/send", &body).await;
        assert_eq!(answer.errcode(), code, "{body}");
    }
    assert_eq!(delivered(&stage).len(), 2);
}

#[tokio::test]
async fn recipients_who_cannot_be_reached_are_listed() {
    let stage = Stage::start().await;
    let answer = stage
        .post(As::App, "message/send", &text("LISI|Nobody|lisi"))
        .await
        .ok();
    assert_eq!(answer["invaliduser"], "nobody");
    assert!(!answer["msgid"].as_str().unwrap().is_empty());
    assert_eq!(answer.get("response_code"), None);

    stage
        .sim
        .corp()
        .member_mut(&user("lisi"))
        .unwrap()
        .app_range = Range::Outside;
    let body = with(
        with(text("lisi|zhangsan"), "toparty", json!("1|9")),
        "totag",
        json!("3"),
    );
    let answer = stage.post(As::App, "message/send", &body).await.ok();
    let invalid = ["invaliduser", "invalidparty", "invalidtag"].map(|field| &answer[field]);
    assert_eq!(invalid, [&json!("lisi"), &json!("9"), &json!("3")]);

    stage
        .sim
        .corp()
        .member_mut(&user("zhangsan"))
        .unwrap()
        .status = MemberStatus::Disabled;
    assert_eq!(
        stage
            .post(As::App, "message/send", &text("@all"))
            .await
            .errcode(),
        81013
    );
    assert_eq!(delivered(&stage), [["lisi"], ["ZhangSan"]]);
}

#[tokio::test]
async fn equal_requests_are_delivered_once_within_the_interval() {
    let stage = Stage::start().await;
    let body = with(text("lisi"), "enable_duplicate_check", json!(1));
    let first = stage.post(As::App, "message/send", &body).await.ok();
    let again = stage.post(As::App, "message/send", &body).await.ok();
    assert_eq!(first, again);
    let other = with(body.clone(), "text", json!({"content": "另一条"}));
    stage.post(As::App, "message/send", &other).await.ok();
    assert_eq!(delivered(&stage).len(), 2);

    stage.clock.advance(Duration::from_secs(1800));
    stage.post(As::App, "message/send", &body).await.ok();
    let unchecked = with(body, "enable_duplicate_check", json!(0));
    for _ in 0..2 {
        stage.post(As::App, "message/send", &unchecked).await.ok();
    }
    assert_eq!(delivered(&stage).len(), 5);
}
