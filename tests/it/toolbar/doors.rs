//! Who gets in, and to whom.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, COOKIE, ORIGIN};
use serde_json::json;
use wecom_bridge::model::chat::ChatPerson;
use wecom_bridge::model::form::Submissions;
use wecom_bridge::model::ids::{ChatId, ExternalUserId, UserId};
use wecom_bridge::model::item::Actor;
use wecom_bridge::sim::person::Member;

use crate::items::{form, office};
use crate::pages::refused;
use crate::toolbar::{Hand, OWN, WANG};
use crate::world::{On, World, contact, stories};

stories!(
    only_members_who_have_the_customer_come_in,
    a_group_offers_the_members_own_customers,
    whoever_has_left_has_no_way_in,
);

async fn only_members_who_have_the_customer_come_in(on: On) {
    let (world, zhang, wang) = office(on).await;
    let by = Actor::Member(zhang);
    let made = world.asked(by, form("f1", Submissions::Many)).await;
    made.unwrap();
    let zhang = Hand::of(&world, "member:ZhangSan").await;
    let li = Hand::of(&world, "member:LiSi").await;
    let customer = Hand::of(&world, "contact:wmCustomer1").await;
    let nobody = Hand {
        world: &world,
        cookie: String::new(),
        token: String::new(),
    };
    let paths = [
        WANG.to_owned(),
        format!("{WANG}/items?kind=form"),
        format!("{WANG}/talk?item=form:f1"),
        format!("{WANG}/form?form=f1"),
        format!("{WANG}/members?item=form:f1"),
    ];
    for path in &paths {
        for (hand, status) in [(&li, 403), (&customer, 403), (&nobody, 401)] {
            let problem = refused(hand.get(path), status, path).await;
            assert!(!problem.to_string().contains("王女士"), "{problem}");
        }
    }
    let stranger = zhang.get("sidebar/customer/wmStranger");
    refused(stranger, 404, "not a customer").await;

    let share = json!({ "items": ["form:f1"] });
    let actions = [
        ("share", share.clone()),
        ("confirm", json!({ "item": "form:f1" })),
        ("revoke", json!({ "item": "form:f1" })),
        ("comment", json!({ "item": "form:f1", "text": "好" })),
        ("give", json!({ "item": "form:f1", "to": "LiSi" })),
        (
            "record",
            json!({ "id": "r1", "form": "f1", "title": "一", "values": {} }),
        ),
    ];
    for (what, body) in &actions {
        for (hand, status) in [(&li, 403), (&customer, 403), (&nobody, 401)] {
            refused(hand.post(what, body), status, what).await;
        }
        let elsewhere = zhang.post_from("https://evil.example", what, body);
        refused(elsewhere, 403, what).await;
        let foreign = Hand {
            token: li.token.clone(),
            cookie: zhang.cookie.clone(),
            world: &world,
        };
        // A page that was left open by another member.
        refused(foreign.post(what, body), 401, what).await;
    }
    let table = [
        (json!({ "items": [] }), 422),
        (json!({ "items": ["form:nothing"] }), 404),
        (json!({ "items": ["form:A"] }), 400),
        (json!({ "items": ["task:1"] }), 400),
        (json!({}), 400),
        (json!({ "items": "x".repeat(100_000) }), 413),
    ];
    for (body, status) in table {
        refused(zhang.post("share", &body), status, "share").await;
    }
    let ten: Vec<String> = (0..10).map(|n| format!("form:f{n}")).collect();
    refused(zhang.post("share", &json!({ "items": ten })), 422, "ten").await;
    assert_eq!(world.grant(&wang, "form:f1").await, None);
}

async fn a_group_offers_the_members_own_customers(on: On) {
    let (world, zhang, wang) = office(on).await;
    let (kept, unheard) = (group("wrKept"), group("wrUnheard"));
    fill(&world, &kept, &zhang, &wang).await;
    world.pass(Duration::from_secs(60)).await;
    fill(&world, &unheard, &zhang, &wang).await;
    world.clock.advance(Duration::from_secs(60));
    let hand = Hand::of(&world, "member:ZhangSan").await;
    for id in [&kept, &unheard] {
        let shown = hand.sees(&format!("sidebar/group/{id}")).await;
        assert!(shown.contains("data-customer=\"wmCustomer1\""), "{shown}");
        assert!(!shown.contains("wmCustomer2") && !shown.contains("wmStranger"));
    }
    let li = Hand::of(&world, "member:LiSi").await;
    refused(li.get("sidebar/group/wrKept"), 403, "not in the group").await;
    refused(hand.get("sidebar/group/wrNone"), 404, "no such group").await;
    let mine = hand.sees("sidebar/customers").await;
    assert!(
        mine.contains("wmCustomer1") && mine.contains("wmCustomer2"),
        "{mine}"
    );
    let mine = hand.sees("sidebar/customers?q=%E9%99%88").await;
    assert!(
        !mine.contains("wmCustomer1") && mine.contains("wmCustomer2"),
        "{mine}"
    );
    assert!(!li.sees("sidebar/customers").await.contains("data-customer"));
}

fn group(id: &str) -> ChatId {
    ChatId::parse(id).unwrap()
}

async fn fill(world: &World, id: &ChatId, owner: &UserId, customer: &ExternalUserId) {
    let sim = &world.sim;
    sim.create_group(owner, id, "项目群").await.unwrap();
    for who in [customer, &contact("wmStranger")] {
        let who = ChatPerson::Outside(who.clone());
        sim.joins_group(id, who).await.unwrap();
    }
}

async fn whoever_has_left_has_no_way_in(on: On) {
    let (world, zhang, _) = office(on).await;
    let hand = Hand::of(&world, "member:ZhangSan").await;
    let opened = || {
        let beacon = json!({ "entry": "single_chat_tools", "external_userid": "wmCustomer1" });
        let request = world
            .post("sidebar/opened")
            .header(COOKIE, &hand.cookie)
            .header(ORIGIN, OWN)
            .header("X-Toolbar-Token", &hand.token)
            .header(CONTENT_TYPE, "application/json");
        request.body(beacon.to_string())
    };
    hand.sees(WANG).await;
    assert_eq!(opened().send().await.unwrap().status(), 202);
    world.settle().await;
    world.sim.delete_member(&zhang).await.unwrap();
    world.settle().await;
    for path in ["sidebar/customers", WANG, "sidebar/group/wrNone"] {
        world.clock.advance(Duration::from_millis(1));
        let problem = refused(hand.get(path), 403, path).await;
        assert_eq!(problem["detail"], "聊天工具栏只对企业成员开放。", "{path}");
    }
    refused(opened(), 403, "somebody who has left").await;
    let share = json!({ "items": ["form:f1"] });
    let problem = refused(hand.post("share", &share), 403, "somebody who has left").await;
    assert_eq!(problem["detail"], "聊天工具栏只对企业成员开放。");
    let page = hand.get("sidebar").send().await.unwrap();
    assert_eq!(page.status(), 403);
    let inbox = world.states("events").await;
    assert_eq!(inbox.get("waiting"), Some(&1), "one reading of the member");

    // Back again, of which no event tells.
    world.clock.advance(Duration::from_secs(60));
    world.sim.corp().add_member(Member::new(zhang, "张三"));
    refused(hand.get("sidebar/customers"), 403, "not known yet").await;
    world.settle().await;
    hand.sees("sidebar/customers").await;
}
