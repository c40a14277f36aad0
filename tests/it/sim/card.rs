//! Cards in windows: clicks, response codes, updates.

use std::time::Duration;

use serde_json::{Value, json};
use wecom_bridge::sim::ledger::Sent;
use wecom_bridge::sim::message::Shown;
use wecom_bridge::sim::people::Impossible;
use wecom_bridge::sim::receiver::ReceiverKind;

use crate::sim::ear::Ear;
use crate::sim::message::cards;
use crate::sim::stage::{As, Stage, task, user};

/// A stage where Li and Zhang have the button card, and the card's first response code.
async fn with_card() -> (Stage, Ear, String) {
    let (stage, ear) = (Stage::start().await, Ear::start());
    stage
        .sim
        .register(ear.receiver(ReceiverKind::App))
        .await
        .unwrap();
    let [_, _, button, ..] = cards();
    let body = json!({
        "touser": "lisi|ZhangSan", "msgtype": "template_card", "agentid": 1000002, "template_card": button,
    });
    let answer = stage.post(As::App, "message/send", &body).await.ok();
    let code = answer["response_code"].as_str().unwrap().to_owned();
    (stage, ear, code)
}

fn update(code: &str) -> Value {
    json!({
        "userids": ["lisi"], "agentid": 1000002, "response_code": code, "button": {"replace_name": "已完成"},
    })
}

async fn send(stage: &Stage, body: &Value) -> i64 {
    stage
        .post(As::App, "message/update_template_card", body)
        .await
        .errcode()
}

#[tokio::test]
async fn a_response_code_changes_the_card_once() {
    let (stage, _ear, code) = with_card().await;
    let mut body = update(&code);
    body["userids"] = json!(["LiSi", "Nobody"]);
    let answer = stage
        .post(As::App, "message/update_template_card", &body)
        .await
        .ok();
    assert_eq!(answer["invaliduser"], json!(["nobody"]));
    assert_eq!(send(&stage, &update(&code)).await, 60140);

    let sent = stage.sim.sent();
    let [Sent::Message(_), Sent::CardUpdate(update)] = sent.as_slice() else {
        panic!("{sent:?}");
    };
    assert_eq!(update.userids, [user("lisi")]);
    assert_eq!(update.shown, Shown::Greyed("已完成".into()));
}

#[tokio::test]
async fn updates_are_checked_without_using_the_code_up() {
    let (stage, _ear, code) = with_card().await;
    let change = |field: &str, value: Value| {
        let mut body = update(&code);
        body[field] = value;
        body
    };
    let mut nothing = update(&code);
    nothing.as_object_mut().unwrap().remove("button");
    let mut notice = nothing.clone();
    notice["template_card"] = json!({"card_type": "text_notice"});
    let table = [
        (change("agentid", json!(null)), 42015),
        (change("agentid", json!(7)), 42015),
        (change("response_code", json!("other")), 60140),
        (change("userids", json!([])), 82101),
        (change("userids", json!(["nobody"])), 82102),
        (change("userids", json!("lisi")), 40035),
        (change("userids", json!(vec!["x"; 1001])), 40032),
        (change("button", json!({})), 40063),
        (nothing, 82101),
        (notice, 41016),
    ];
    for (body, expected) in table {
        assert_eq!(send(&stage, &body).await, expected, "{body}");
    }
    stage.clock.advance(Duration::from_secs(72 * 3600 - 1));
    assert_eq!(send(&stage, &update(&code)).await, 0);
}

#[tokio::test]
async fn a_response_code_lives_for_72_hours() {
    let (stage, _ear, code) = with_card().await;
    stage.clock.advance(Duration::from_secs(72 * 3600));
    assert_eq!(send(&stage, &update(&code)).await, 60140);
}

#[tokio::test]
async fn a_click_brings_a_fresh_code_and_dead_buttons_stay_dead() {
    let (stage, ear, first) = with_card().await;
    let (lisi, button) = (user("lisi"), task("button"));
    let click = |key: &'static str| {
        let (stage, lisi, button) = (&stage, &lisi, &button);
        async move { stage.sim.click_button(lisi, button, key, &[]).await }
    };
    assert_eq!(click("undone").await, Err(Impossible::NoButton));
    let pushed = click("done").await.unwrap();
    assert!(
        pushed
            .iter()
            .all(wecom_bridge::sim::push::PushReport::accepted)
    );
    let xml = ear.texts().pop().unwrap();
    let code = between(&xml, "<ResponseCode><![CDATA[", "]]>");
    assert_ne!(code, first);
    let fields = [
        "<Event><![CDATA[template_card_event]]></Event>",
        "<FromUserName><![CDATA[lisi]]></FromUserName>",
        "<EventKey><![CDATA[done]]></EventKey>",
        "<TaskId><![CDATA[button]]></TaskId>",
        "<CardType><![CDATA[button_interaction]]></CardType>",
    ];
    for field in fields {
        assert!(xml.contains(field), "{field} in {xml}");
    }
    assert_eq!(send(&stage, &update(code)).await, 0);
    assert_eq!(click("done").await, Err(Impossible::NoButton));
    let other = stage
        .sim
        .click_button(&user("zhangsan"), &button, "done", &[])
        .await;
    assert!(other.is_ok(), "only Li's card is dead");
    let absent = stage
        .sim
        .click_button(&lisi, &task("vote"), "done", &[])
        .await;
    assert_eq!(absent, Err(Impossible::NoCard));
}

#[tokio::test]
async fn another_card_may_take_the_place() {
    let (stage, _ear, code) = with_card().await;
    let [notice, ..] = cards();
    let body =
        json!({"atall": 1, "agentid": 1000002, "response_code": code, "template_card": notice});
    assert_eq!(send(&stage, &body).await, 0);
    let sent = stage.sim.sent();
    let Some(Sent::CardUpdate(update)) = sent.last() else {
        panic!("{sent:?}");
    };
    assert_eq!(update.userids, [user("lisi"), user("zhangsan")]);
    assert_eq!(update.shown, Shown::Replaced(notice));
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}
