//! Callbacks: the URL check, who hears of what, tries, and what goes wrong on the way.

use serde_json::json;
use wecom_bridge::sim::console::{CustomerApi, Retries};
use wecom_bridge::sim::faults::PushFault;
use wecom_bridge::sim::people::Impossible;
use wecom_bridge::sim::person::{Member, Range, Stage as Relation};
use wecom_bridge::sim::push::{Attempt, Order};
use wecom_bridge::sim::receiver::{EchoRefused, ReceiverKind};

use crate::sim::ear::{Ear, Reply};
use crate::sim::stage::{As, Stage, contact, user};

async fn with_ear(kind: ReceiverKind) -> (Stage, Ear) {
    let (stage, ear) = (Stage::start().await, Ear::start());
    stage.sim.register(ear.receiver(kind)).await.unwrap();
    (stage, ear)
}

/// The `Event` or `ChangeType` of each text that was heard.
fn kinds(ear: &Ear) -> Vec<String> {
    let name = |xml: String| {
        let element = ["ChangeType", "Event", "MsgType"]
            .into_iter()
            .find_map(|name| Some(xml.split_once(&format!("<{name}><![CDATA["))?.1))
            .unwrap();
        element.split_once("]]>").unwrap().0.to_owned()
    };
    ear.texts().into_iter().map(name).collect()
}

#[tokio::test]
async fn a_url_is_saved_only_when_it_echoes() {
    let (stage, ear) = (Stage::start().await, Ear::start());
    ear.spoil_echo("\n");
    let refused = stage.sim.register(ear.receiver(ReceiverKind::App)).await;
    assert_eq!(refused, Err(EchoRefused::Differs));
    let mut absent = ear.receiver(ReceiverKind::App);
    absent.url.set_path("/other");
    assert_eq!(
        stage.sim.register(absent).await,
        Err(EchoRefused::Status(404))
    );
    let mut closed = ear.receiver(ReceiverKind::App);
    closed.url.set_port(Some(1)).unwrap();
    assert_eq!(stage.sim.register(closed).await, Err(EchoRefused::NoAnswer));

    assert!(
        stage
            .sim
            .enter_agent(&user("lisi"))
            .await
            .unwrap()
            .is_empty()
    );
    ear.spoil_echo("");
    stage
        .sim
        .register(ear.receiver(ReceiverKind::App))
        .await
        .unwrap();
    assert_eq!(stage.sim.enter_agent(&user("lisi")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn people_cause_the_documented_events() {
    let (stage, ear) = with_ear(ReceiverKind::App).await;
    let (lisi, ben) = (user("lisi"), contact("wmBen"));
    let sim = &stage.sim;
    sim.customer_adds_by(&lisi, &ben, "qr7").await.unwrap();
    let add = ear.texts().pop().unwrap();
    let start = "<xml><ToUserName><![CDATA[ww1000]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>\
        <CreateTime>1700000000</CreateTime><MsgType><![CDATA[event]]></MsgType>\
        <Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[add_external_contact]]></ChangeType>\
        <UserID><![CDATA[lisi]]></UserID><ExternalUserID><![CDATA[wmBen]]></ExternalUserID>\
        <State><![CDATA[qr7]]></State><WelcomeCode>";
    assert!(add.starts_with(start), "{add}");

    sim.member_edits_remark(&lisi, &ben, "本 (展会)")
        .await
        .unwrap();
    sim.customer_deletes(&lisi, &ben).await.unwrap();
    sim.member_deletes(&lisi, &ben).await.unwrap();
    sim.enter_agent(&lisi).await.unwrap();
    sim.view(&lisi, "https://a.example/").await.unwrap();
    sim.click_menu(&lisi, "help").await.unwrap();
    sim.member_writes(&lisi, "你好").await.unwrap();
    sim.change_app_range(&lisi, Range::Outside).await.unwrap();
    let expected = [
        "edit_external_contact",
        "del_follow_user",
        "del_external_contact",
        "enter_agent",
        "view",
        "click",
        "text",
        "unsubscribe",
    ];
    assert_eq!(kinds(&ear), expected);
    assert_eq!(sim.enter_agent(&lisi).await, Err(Impossible::NoMember));
    assert_eq!(
        sim.member_deletes(&lisi, &ben).await,
        Err(Impossible::NoRelation)
    );
    assert_eq!(
        sim.customer_adds(&user("nobody"), &ben).await,
        Err(Impossible::NoMember)
    );
    assert_eq!(
        sim.customer_adds(&lisi, &contact("wmX")).await,
        Err(Impossible::NoContact)
    );
}

#[tokio::test]
async fn a_new_member_is_told_to_both_receivers() {
    let (stage, app) = with_ear(ReceiverKind::App).await;
    let sync = Ear::start();
    stage
        .sim
        .register(sync.receiver(ReceiverKind::ContactSync))
        .await
        .unwrap();
    let mut wang = Member::new(user("WangWu"), "王五");
    wang.department = vec![1, 2];
    assert_eq!(stage.sim.create_member(wang.clone()).await.len(), 2);
    let created = sync.texts().pop().unwrap();
    let end = "<ChangeType><![CDATA[create_user]]></ChangeType><UserID><![CDATA[WangWu]]></UserID>\
        <Department><![CDATA[1,2]]></Department></xml>";
    assert!(created.ends_with(end), "{created}");
    assert_eq!(kinds(&app), ["subscribe"]);
    stage
        .get(As::App, "user/get", &[("userid", "wangwu")])
        .await
        .ok();

    wang.userid = user("outside");
    wang.app_range = Range::Outside;
    stage.sim.create_member(wang).await;
    stage.sim.delete_member(&user("WangWu")).await.unwrap();
    assert_eq!(kinds(&sync), ["create_user", "delete_user"]);
    assert_eq!(kinds(&app), ["unsubscribe"]);
    let update = json!({"userid": "lisi", "position": "经理"});
    stage
        .post(As::ContactSync, "user/update", &update)
        .await
        .ok();
    assert!(
        sync.texts().is_empty(),
        "changes by the API are not called back"
    );
}

#[tokio::test]
async fn an_app_hears_only_of_its_own_members_customers() {
    let (stage, ear) = with_ear(ReceiverKind::App).await;
    let (lisi, ben) = (user("lisi"), contact("wmBen"));
    stage.sim.corp().console.customer_api = CustomerApi::NotListed;
    stage.sim.customer_adds(&lisi, &ben).await.unwrap();
    stage.sim.corp().console.customer_api = CustomerApi::Listed;
    stage.sim.corp().member_mut(&lisi).unwrap().follow_range = Range::Outside;
    stage.sim.customer_deletes(&lisi, &ben).await.unwrap();
    stage.sim.corp().member_mut(&lisi).unwrap().follow_range = Range::Inside;
    stage.sim.member_deletes(&lisi, &ben).await.unwrap();
    assert_eq!(kinds(&ear), ["del_external_contact"]);
}

#[tokio::test]
async fn failures_are_tried_three_times() {
    let (stage, ear) = with_ear(ReceiverKind::App).await;
    let push = || async {
        stage
            .sim
            .enter_agent(&user("lisi"))
            .await
            .unwrap()
            .remove(0)
    };
    let status = |status| Attempt::Answered {
        status,
        reply: Vec::new(),
    };

    ear.script(&[Reply::Status(503), Reply::Late]);
    let report = push().await;
    assert_eq!(
        report.attempts,
        [status(503), Attempt::TimedOut, status(200)]
    );
    assert!(report.accepted());
    let texts = ear.texts();
    assert_eq!(
        (texts.len(), &texts[0]),
        (3, &texts[2]),
        "the plaintext stays the same"
    );

    ear.script(&[Reply::Status(403); 3]);
    let report = push().await;
    assert_eq!(report.attempts, [status(403), status(403), status(403)]);
    assert!(!report.accepted());

    stage.sim.corp().console.retries = Retries::ConnectionOnly;
    ear.script(&[Reply::Status(503)]);
    assert_eq!(push().await.attempts, [status(503)]);
    ear.script(&[Reply::Text("<xml/>")]);
    let reply = b"<xml/>".to_vec();
    assert_eq!(
        push().await.attempts,
        [Attempt::Answered { status: 200, reply }]
    );
    assert_eq!(stage.sim.pushes().len(), 4);
}

#[tokio::test]
async fn callbacks_are_lost_doubled_and_reordered_on_demand() {
    let (stage, ear) = with_ear(ReceiverKind::App).await;
    let (lisi, sim) = (user("lisi"), &stage.sim);
    sim.faults().next_push(PushFault::Suppress);
    assert!(sim.enter_agent(&lisi).await.unwrap()[0].attempts.is_empty());
    sim.faults().next_push(PushFault::Duplicate);
    sim.enter_agent(&lisi).await.unwrap();
    let texts = ear.texts();
    assert_eq!((texts.len(), &texts[0]), (2, &texts[1]));

    sim.faults().next_push(PushFault::OutOfOrder);
    sim.click_menu(&lisi, "first").await.unwrap();
    sim.view(&lisi, "https://a.example/").await.unwrap();
    assert_eq!(kinds(&ear), ["view", "click"]);

    sim.hold_pushes();
    sim.click_menu(&lisi, "first").await.unwrap();
    sim.view(&lisi, "https://a.example/").await.unwrap();
    assert!(ear.texts().is_empty());
    assert_eq!(sim.release_pushes(Order::Reversed).await.len(), 2);
    assert_eq!(kinds(&ear), ["view", "click"]);
    sim.enter_agent(&lisi).await.unwrap();
    assert_eq!(kinds(&ear), ["enter_agent"]);
    assert!(sim.faults().left().is_empty());
}

#[tokio::test]
async fn a_contact_who_comes_back_finds_the_old_remark() {
    let stage = Stage::start().await;
    let (zhang, anna, sim) = (user("zhangsan"), contact("wmAnna"), &stage.sim);
    sim.member_edits_remark(&zhang, &anna, "安娜 (展会)")
        .await
        .unwrap();
    sim.customer_deletes(&zhang, &anna).await.unwrap();
    sim.customer_adds(&zhang, &anna).await.unwrap();
    let follow = sim.corp().follow_of(&zhang, &anna).unwrap().clone();
    assert_eq!(
        (follow.remark.as_str(), follow.stage),
        ("安娜 (展会)", Relation::Both)
    );
}
