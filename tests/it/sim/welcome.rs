//! Welcome codes: 20 seconds, one use.

use std::time::Duration;

use serde_json::{Value, json};
use wecom_bridge::sim::console::WelcomeBy;
use wecom_bridge::sim::faults::Fault;
use wecom_bridge::sim::ledger::Sent;
use wecom_bridge::sim::person::Account;
use wecom_bridge::sim::receiver::ReceiverKind;

use crate::sim::ear::Ear;
use crate::sim::stage::{As, Stage, contact, user};

async fn with_ear() -> (Stage, Ear) {
    let (stage, ear) = (Stage::start().await, Ear::start());
    stage
        .sim
        .register(ear.receiver(ReceiverKind::App))
        .await
        .unwrap();
    (stage, ear)
}

/// Adds the contact and takes the code from the callback.
async fn code(stage: &Stage, ear: &Ear, id: &str) -> Option<String> {
    stage
        .sim
        .customer_adds(&user("lisi"), &contact(id))
        .await
        .unwrap();
    let xml = ear.texts().pop()?;
    let (_, rest) = xml.split_once("<WelcomeCode><![CDATA[")?;
    Some(rest.split_once("]]>")?.0.to_owned())
}

async fn send(stage: &Stage, code: &str) -> i64 {
    let body = json!({"welcome_code": code, "text": {"content": "您好"}});
    stage
        .post(As::App, "externalcontact/send_welcome_msg", &body)
        .await
        .errcode()
}

#[tokio::test]
async fn a_code_greets_once() {
    let (stage, ear) = with_ear().await;
    let code = code(&stage, &ear, "wmBen").await.unwrap();
    assert_eq!(send(&stage, "").await, 41049);
    assert_eq!(send(&stage, "other").await, 41050);
    let empty = json!({"welcome_code": code});
    let refused = stage
        .post(As::App, "externalcontact/send_welcome_msg", &empty)
        .await;
    assert_eq!(refused.errcode(), 40063);

    let link =
        json!({"msgtype": "link", "link": {"title": "主页", "url": "https://a.example/home"}});
    let body = json!({"welcome_code": code, "text": {"content": "您好"}, "attachments": [link]});
    stage
        .post(As::App, "externalcontact/send_welcome_msg", &body)
        .await
        .ok();
    let sent = stage.sim.sent();
    let [Sent::Welcome(welcome)] = sent.as_slice() else {
        panic!("{sent:?}");
    };
    assert_eq!(
        (&welcome.userid, &welcome.external_userid),
        (&user("lisi"), &contact("wmBen"))
    );
    assert_eq!(
        (welcome.text.as_str(), &welcome.attachments),
        ("您好", &vec![link])
    );
    assert_eq!(send(&stage, &code).await, 41051);
}

#[tokio::test]
async fn a_code_lives_for_twenty_seconds() {
    let (stage, ear) = with_ear().await;
    for (seconds, expected) in [(19, 0), (20, 41050)] {
        let code = code(&stage, &ear, "wmBen").await.unwrap();
        stage.clock.advance(Duration::from_secs(seconds));
        assert_eq!(send(&stage, &code).await, expected, "{seconds}");
    }
}

#[tokio::test]
async fn a_code_is_spent_by_a_chat_and_blocked_by_another_app() {
    let (stage, ear) = with_ear().await;
    let code = code(&stage, &ear, "wmBen").await.unwrap();
    let other_app = Fault::ErrCode(41096);
    stage
        .sim
        .faults()
        .next("externalcontact/send_welcome_msg", other_app);
    assert_eq!(send(&stage, &code).await, 41096);
    stage
        .sim
        .customer_writes(&user("lisi"), &contact("wmBen"), "在吗")
        .unwrap();
    assert_eq!(send(&stage, &code).await, 41051);
}

#[tokio::test]
async fn some_events_carry_no_code() {
    let (stage, ear) = with_ear().await;
    stage.sim.corp().console.welcome = WelcomeBy::Console;
    assert_eq!(code(&stage, &ear, "wmBen").await, None);
    stage.sim.corp().console.welcome = WelcomeBy::App;
    stage
        .sim
        .corp()
        .contact_mut(&contact("wmBen"))
        .unwrap()
        .account = Account::WeCom;
    assert_eq!(code(&stage, &ear, "wmBen").await, None);
    stage
        .sim
        .corp()
        .contact_mut(&contact("wmBen"))
        .unwrap()
        .account = Account::WeChat;
    assert!(code(&stage, &ear, "wmBen").await.is_some());
    stage
        .sim
        .customer_writes(&user("lisi"), &contact("wmBen"), "在吗")
        .unwrap();
    assert_eq!(code(&stage, &ear, "wmBen").await, None);
}

#[tokio::test]
async fn a_half_added_contact_brings_its_code_early() {
    let (stage, ear) = with_ear().await;
    let (lisi, ben) = (user("lisi"), contact("wmBen"));
    stage.sim.customer_half_adds(&lisi, &ben).await.unwrap();
    stage.sim.member_confirms(&lisi, &ben).await.unwrap();
    let texts = ear.texts();
    let kinds: Vec<_> = texts
        .iter()
        .map(|xml| {
            (
                xml.contains("[add_half_external_contact]"),
                xml.contains("<WelcomeCode>"),
            )
        })
        .collect();
    assert_eq!(kinds, [(true, true), (false, false)]);
    let get = stage
        .get(
            As::App,
            "externalcontact/get",
            &[("external_userid", "wmBen")],
        )
        .await;
    assert_eq!(get.ok()["follow_user"].as_array().map(Vec::len), Some(1));
    assert_eq!(Value::from(stage.sim.pushes().len()), json!(2));
}
