//! `message/send`: recipients, duplicates, and the checks of cards.

use std::time::Duration;

use serde_json::{Value, json};
use wecom_bridge::sim::ledger::Sent;
use wecom_bridge::sim::person::{MemberStatus, Range};
use wecom_bridge::sim::receiver::ReceiverKind;

use crate::sim::ear::Ear;
use crate::sim::stage::{As, Stage, user};

fn text(touser: &str) -> Value {
    json!({"touser": touser, "msgtype": "text", "agentid": 1000002, "text": {"content": "好"}})
}

fn with(mut message: Value, field: &str, value: Value) -> Value {
    message[field] = value;
    message
}

fn card(content: &Value) -> Value {
    json!({"touser": "lisi", "msgtype": "template_card", "agentid": 1000002, "template_card": content})
}

/// Each delivered message's recipients.
fn delivered(stage: &Stage) -> Vec<Vec<String>> {
    let sent = stage.sim.sent().into_iter();
    sent.filter_map(|sent| match sent {
        Sent::Message(message) => Some(message.to.iter().map(ToString::to_string).collect()),
        Sent::Welcome(_) | Sent::CardUpdate(_) | Sent::Profile(_) | Sent::Chat(_) => None,
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

#[tokio::test]
async fn cards_that_call_back_need_a_receiver() {
    let stage = Stage::start().await;
    let [notice, _, button, ..] = cards();
    assert_eq!(
        stage
            .post(As::App, "message/send", &card(&button))
            .await
            .errcode(),
        43012
    );
    stage
        .post(As::App, "message/send", &card(&notice))
        .await
        .ok();
    let ear = Ear::start();
    stage
        .sim
        .register(ear.receiver(ReceiverKind::App))
        .await
        .unwrap();
    for (number, content) in cards().into_iter().enumerate() {
        let interacts = content["card_type"]
            .as_str()
            .unwrap()
            .ends_with("interaction");
        let answer = stage
            .post(As::App, "message/send", &card(&content))
            .await
            .ok();
        assert_eq!(answer.get("response_code").is_some(), interacts, "{number}");
    }
    let again = stage.post(As::App, "message/send", &card(&button)).await;
    assert_eq!(again.errcode(), 42014, "a task_id is unique");
    let menu = json!({"desc": "更多", "action_list": [{"text": "不再提醒", "key": "mute"}]});
    let with_menu = with(with(notice, "action_menu", menu), "task_id", json!("menu"));
    let answer = stage
        .post(As::App, "message/send", &card(&with_menu))
        .await
        .ok();
    assert!(answer.get("response_code").is_some());
}

#[tokio::test]
async fn card_checks_answer_the_documented_codes() {
    let stage = Stage::start().await;
    let ear = Ear::start();
    stage
        .sim
        .register(ear.receiver(ReceiverKind::App))
        .await
        .unwrap();
    let [notice, news, button, vote, multiple] = cards();
    let long_key = "k".repeat(1025);
    let table = [
        (&notice, "/card_type", json!("notice"), 42031),
        (&notice, "/main_title/title", json!(""), 41016),
        (&notice, "/card_action", json!({"type": 0}), 42045),
        (&notice, "/card_action", json!(null), 42045),
        (&notice, "/card_action/url", json!(""), 42028),
        (&notice, "/card_action", json!({"type": 2}), 42030),
        (
            &notice,
            "/horizontal_content_list/0/keyname",
            json!(""),
            42027,
        ),
        (&notice, "/horizontal_content_list/0/type", json!(1), 42028),
        (&notice, "/horizontal_content_list/0/type", json!(2), 42029),
        (&notice, "/horizontal_content_list/0/type", json!(3), 42050),
        (
            &notice,
            "/horizontal_content_list",
            json!([{"keyname": "a"}, {"keyname": "a"}, {"keyname": "a"}, {"keyname": "a"}, {"keyname": "a"}, {"keyname": "a"}, {"keyname": "a"}]),
            42035,
        ),
        (&notice, "/horizontal_content_list", json!("a"), 40035),
        (
            &notice,
            "/jump_list",
            json!([{"title": "a"}, {"title": "a"}, {"title": "a"}, {"title": "a"}]),
            42042,
        ),
        (
            &notice,
            "/jump_list",
            json!([{"type": 1, "url": "https://a.example/"}]),
            42033,
        ),
        (
            &notice,
            "/jump_list",
            json!([{"title": "a", "type": 1}]),
            42028,
        ),
        (
            &notice,
            "/jump_list",
            json!([{"title": "a", "type": 2}]),
            42030,
        ),
        (&notice, "/quote_area", json!({"type": 1}), 42028),
        (
            &notice,
            "/action_menu",
            json!({"action_list": [{"text": "a", "key": "k"}]}),
            42014,
        ),
        (&notice, "/action_menu", json!({"action_list": []}), 40058),
        (
            &notice,
            "/action_menu",
            json!({"action_list": [{"text": "a", "key": "k"}, {"text": "b", "key": "k"}]}),
            42051,
        ),
        (&news, "/card_image", json!({}), 42044),
        (&news, "/card_image/aspect_ratio", json!(2.25), 40058),
        (
            &news,
            "/vertical_content_list",
            json!([{"desc": "a"}]),
            42033,
        ),
        (
            &news,
            "/vertical_content_list",
            json!([{"title": "a"}, {"title": "a"}, {"title": "a"}, {"title": "a"}, {"title": "a"}]),
            42036,
        ),
        (&button, "/task_id", json!(""), 42014),
        (&button, "/task_id", json!("a b"), 42014),
        (&button, "/task_id", json!("t".repeat(129)), 42014),
        (&button, "/button_list/0/text", json!(""), 42038),
        (&button, "/button_list/0/key", json!(""), 42039),
        (&button, "/button_list/0/key", json!(long_key), 42039),
        (&button, "/button_list", json!([]), 40058),
        (
            &button,
            "/button_list",
            json!([{"text": "a", "key": "k"}, {"text": "b", "key": "k"}]),
            42039,
        ),
        (
            &button,
            "/button_list",
            json!([{"text": "a", "type": 1}]),
            42028,
        ),
        (
            &button,
            "/button_selection",
            json!({"question_key": "q", "option_list": []}),
            42037,
        ),
        (&vote, "/checkbox/question_key", json!(""), 42043),
        (&vote, "/checkbox/option_list", json!([]), 42037),
        (
            &vote,
            "/checkbox/option_list/0/id",
            json!("o".repeat(129)),
            42040,
        ),
        (&vote, "/checkbox/option_list/0/id", json!("2"), 42040),
        (&vote, "/checkbox/option_list/0/text", json!(""), 42041),
        (
            &vote,
            "/checkbox/option_list/0/is_checked",
            json!(null),
            40058,
        ),
        (&vote, "/submit_button/key", json!(""), 42046),
        (&vote, "/submit_button/text", json!(""), 42049),
        (&multiple, "/select_list", json!([]), 42047),
        (&multiple, "/select_list/0/question_key", json!(""), 42043),
        (
            &multiple,
            "/select_list/0/option_list/0/id",
            json!(""),
            42040,
        ),
    ];
    for (base, pointer, value, code) in table {
        let mut content = base.clone();
        set(&mut content, pointer, value);
        let answer = stage.post(As::App, "message/send", &card(&content)).await;
        assert_eq!(answer.errcode(), code, "{pointer} {content}");
    }
    assert!(delivered(&stage).is_empty());
}

/// Puts a value where a pointer leads, adding the last field when it is not there.
fn set(content: &mut Value, pointer: &str, value: Value) {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = content.pointer_mut(parent).unwrap();
    match field.parse::<usize>() {
        Ok(index) => parent[index] = value,
        Err(_) => parent[field] = value,
    }
}

/// One good card of each type.
pub(crate) fn cards() -> [Value; 5] {
    [
        json!({
            "card_type": "text_notice",
            "main_title": {"title": "客户有回复", "desc": "安娜"},
            "horizontal_content_list": [{"keyname": "时间", "value": "今天"}],
            "card_action": {"type": 1, "url": "https://a.example/"},
        }),
        json!({
            "card_type": "news_notice",
            "main_title": {"title": "资料"},
            "card_image": {"url": "https://a.example/i.png", "aspect_ratio": 1.3},
            "card_action": {"type": 1, "url": "https://a.example/"},
        }),
        json!({
            "card_type": "button_interaction",
            "task_id": "button",
            "main_title": {"title": "待办"},
            "button_list": [{"text": "完成", "key": "done"}, {"text": "打开", "type": 1, "url": "https://a.example/"}],
        }),
        json!({
            "card_type": "vote_interaction",
            "task_id": "vote",
            "main_title": {"title": "选择"},
            "checkbox": {"question_key": "q", "mode": 1, "option_list": [
                {"id": "1", "text": "甲", "is_checked": false},
                {"id": "2", "text": "乙", "is_checked": true},
            ]},
            "submit_button": {"text": "提交", "key": "submit"},
        }),
        json!({
            "card_type": "multiple_interaction",
            "task_id": "multiple",
            "main_title": {"title": "选择"},
            "select_list": [{"question_key": "q", "option_list": [{"id": "1", "text": "甲"}]}],
            "submit_button": {"text": "提交", "key": "submit"},
        }),
    ]
}
