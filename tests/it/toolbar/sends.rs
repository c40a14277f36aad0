//! What is found, sent and taken back.

use std::time::Duration;

use serde_json::{Value, json};
use wecom_bridge::decide::request::{Command, Content, Target};
use wecom_bridge::model::form::Submissions;
use wecom_bridge::model::grant::GrantState;
use wecom_bridge::model::item::{Actor, Circle, ItemState};

use crate::items::{draft, form, item, key, office};
use crate::pages::refused;
use crate::toolbar::{Hand, OWN, WANG, pages, project};
use crate::world::{On, contact, stories, user};

stories!(
    a_card_is_maybe_sent_until_it_is_confirmed,
    what_is_not_authorised_is_neither_shown_nor_sent,
    items_are_found_by_title_page_by_page,
    a_name_is_for_one_thing,
    what_a_member_does_not_see_takes_no_place,
);

async fn a_card_is_maybe_sent_until_it_is_confirmed(on: On) {
    let (world, zhang, wang) = office(on).await;
    let by = Actor::Member(zhang);
    let long = "项".repeat(100);
    let mut with_picture = project("p1", &long);
    if let Command::Put(draft) = &mut with_picture {
        draft.picture = Some("https://pictures.example/1.png".into());
        draft.description = "说".repeat(600);
    }
    for put in [with_picture, form("f1", Submissions::Many)] {
        world.asked(by.clone(), put).await.unwrap();
    }
    let hand = Hand::of(&world, "member:ZhangSan").await;
    let items = ["project:p1", "plan:p1", "form:f1"];
    let share = json!({ "items": items });
    let send = || hand.post("share", &share).header("Idempotency-Key", "1");
    let first: Value = send().send().await.unwrap().json().await.unwrap();
    let cards = first["cards"].as_array().unwrap();
    for (card, item) in cards.iter().zip(items) {
        let address = item.replace(':', "/");
        let link = card["link"].as_str().unwrap();
        let start = format!("{OWN}/home/{address}?tenantKey=team1&t=");
        assert!(link.starts_with(&start), "{link}");
        assert!(!link.contains("wmCustomer1"), "{link}");
        // Whoever taps the card they have sent sees the customer's page.
        let path = link.strip_prefix(&format!("{OWN}/")).unwrap();
        let seen = hand.get(path).send().await.unwrap().text().await.unwrap();
        assert!(seen.contains("预览") && seen.contains("王女士"), "{seen}");
        assert_eq!(
            (&card["item"], &card["fresh"]),
            (&json!(item), &json!(true))
        );
        let bytes = |field: &str| card[field].as_str().unwrap().len();
        assert!(bytes("title") <= 128 && bytes("desc") <= 512, "{card}");
        let state = world.grant(&wang, item).await;
        assert_eq!(state, Some(GrantState::Pending), "{item}");
    }
    assert_eq!(cards[0]["imgUrl"], "https://pictures.example/1.png");
    assert_eq!(cards[2].get("imgUrl"), None);
    assert_eq!(
        (&cards[2]["title"], &cards[2]["desc"]),
        (&json!("报修"), &json!("点击填写"))
    );
    assert!(cards[1]["title"].as_str().unwrap().ends_with(" · 计划"));

    // The answer was lost: the same again, and nothing is taken back for a card that may be there.
    let again: Value = send().send().await.unwrap().json().await.unwrap();
    assert_eq!(again["cards"][0]["fresh"], false);
    let other = json!({ "items": ["form:f1"] });
    let reused = hand.post("share", &other).header("Idempotency-Key", "1");
    refused(reused, 409, "another request of this name").await;

    hand.does("confirm", json!({ "item": "project:p1" })).await;
    hand.does("revoke", json!({ "item": "plan:p1" })).await;
    let shown = hand.sees(WANG).await;
    let states = [
        ("project:p1", "confirmed"),
        ("plan:p1", "revoked"),
        ("form:f1", "pending"),
    ];
    for (item, state) in states {
        let row = format!("data-shared=\"{item}\" data-state=\"{state}\"");
        assert!(shown.contains(&row), "{item}: {shown}");
    }
    let by_hand = |item: &str| format!("data-do=\"confirm\" data-item=\"{item}\"");
    assert!(shown.contains(&by_hand("form:f1")), "{shown}");
    assert!(!shown.contains(&by_hand("project:p1")), "{shown}");
    assert!(shown.contains("王女士") && shown.contains("/home?tenantKey=team1&#38;t="));

    // The confirmation was lost: by hand, days later.
    world.clock.advance(Duration::from_secs(200_000));
    let hand = Hand::of(&world, "member:ZhangSan").await;
    hand.does("confirm", json!({ "item": "form:f1" })).await;
    assert_eq!(
        world.grant(&wang, "form:f1").await,
        Some(GrantState::Confirmed)
    );
    // What was taken back is given anew.
    let cards = hand.shares(&["plan:p1", "form:f1"]).await;
    assert_eq!(
        (&cards[0]["fresh"], &cards[1]["fresh"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        world.grant(&wang, "plan:p1").await,
        Some(GrantState::Pending)
    );
    refused(
        hand.post("confirm", &json!({ "item": "approval:none" })),
        404,
        "never given",
    )
    .await;
}

async fn what_is_not_authorised_is_neither_shown_nor_sent(on: On) {
    let (mut world, zhang, wang) = office(on).await;
    let by = Actor::Member(zhang);
    for put in [project("p1", "项目"), form("f1", Submissions::Many)] {
        world.asked(by.clone(), put).await.unwrap();
    }
    let given = project("p2", "已发送的项目");
    world.asked(by.clone(), given).await.unwrap();
    let share = Command::Share(wang.clone(), vec![item("project:p2")]);
    world.asked(by.clone(), share).await.unwrap();
    let hand = Hand::of(&world, "member:ZhangSan").await;
    assert!(hand.sees(WANG).await.contains("已发送的项目"));
    let (all, forms) = ("admins = [", "items = [\"forms\"]\nadmins = [");
    world.restart(all, forms).await;
    let hand = Hand::of(&world, "member:ZhangSan").await;
    let shown = hand.sees(WANG).await;
    assert!(!shown.contains("已发送的项目"), "{shown}");
    let talk = hand.get(&format!("{WANG}/talk?item=project:p2"));
    refused(talk, 404, "not authorised any more").await;
    for (kind, there) in [
        ("project", false),
        ("plan", false),
        ("form", true),
        ("record", true),
        ("approval", false),
    ] {
        let tab = format!("data-kind=\"{kind}\"");
        assert_eq!(shown.contains(&tab), there, "{kind}");
        let list = hand.get(&format!("{WANG}/items?kind={kind}"));
        let status = list.send().await.unwrap().status().as_u16();
        assert_eq!(status, if there { 200 } else { 404 }, "{kind}");
    }
    for items in [
        json!(["project:p1"]),
        json!(["plan:p1"]),
        json!(["form:f1", "project:p1"]),
    ] {
        let share = hand.post("share", &json!({ "items": items }));
        refused(share, 403, "not authorised").await;
    }
    for item in ["project:p1", "plan:p1", "form:f1"] {
        assert_eq!(world.grant(&wang, item).await, None, "{item}");
    }
    assert_eq!(hand.shares(&["form:f1"]).await.len(), 1);
}

async fn items_are_found_by_title_page_by_page(on: On) {
    let (world, zhang, wang) = office(on).await;
    let by = Actor::Member(zhang);
    for n in 10..55 {
        let title = if n % 2 == 0 { "部署 <b>A" } else { "巡检" };
        let put = project(&format!("p{n}"), &format!("{title} {n}"));
        world.asked(by.clone(), put).await.unwrap();
    }
    let mut hidden = project("hidden", "别人的");
    if let Command::Put(draft) = &mut hidden {
        draft.circle = Circle::Followers;
    }
    world
        .asked(Actor::Member(user("LiSi")), hidden)
        .await
        .unwrap();
    let closed = Command::SetState(item("project:p54"), ItemState::Closed);
    world.asked(by.clone(), closed).await.unwrap();
    for (id, whose) in [("a1", &wang), ("a2", &contact("wmCustomer2"))] {
        let content = Content::Approval {
            contact: whose.clone(),
            about: None,
            attachments: Vec::new(),
        };
        let put = draft(Target::New(key(id)), &format!("报价 {id}"), content);
        world.asked(by.clone(), put).await.unwrap();
    }
    let hand = Hand::of(&world, "member:ZhangSan").await;
    let pages = |query: &'static str| pages(&hand, query);
    let (all, sizes) = pages("kind=project").await;
    assert_eq!((all.len(), sizes), (44, vec![20, 20, 4]));
    assert!(all.contains(&"project:p10".to_owned()) && !all.contains(&"project:hidden".to_owned()));
    let (found, sizes) = pages("kind=plan&q=%E9%83%A8%E7%BD%B2+%3Cb%3Ea").await;
    assert_eq!((found.len(), sizes), (22, vec![20, 2]));
    assert!(found.contains(&"plan:p10".to_owned()));
    let first = hand.sees(&format!("{WANG}/items?kind=project&q=p")).await;
    assert!(first.contains("没有可以发送的事项"), "ids are not titles");
    let list = hand.sees(&format!("{WANG}/items?kind=project")).await;
    assert!(
        list.contains("&#60;b&#62;A") && !list.contains("<b>A"),
        "{list}"
    );
    for query in ["kind=approval", "kind=approval&q=%E6%8A%A5%E4%BB%B7"] {
        let (approvals, _) = pages(query).await;
        assert_eq!(approvals, ["approval:a1"], "{query}");
    }
    let (records, _) = pages("kind=record").await;
    assert!(records.is_empty());
    for bad in ["", "?kind=task", "?kind=form&after=A"] {
        refused(hand.get(&format!("{WANG}/items{bad}")), 400, bad).await;
    }
}

async fn a_name_is_for_one_thing(on: On) {
    let (world, zhang, wang) = office(on).await;
    let by = Actor::Member(zhang);
    let put = form("f1", Submissions::Many);
    world.asked(by, put).await.unwrap();
    let hand = Hand::of(&world, "member:ZhangSan").await;
    hand.shares(&["form:f1"]).await;
    let one = json!({ "item": "form:f1" });
    for (what, state) in [
        ("confirm", GrantState::Confirmed),
        ("revoke", GrantState::Revoked),
    ] {
        let request = hand.post(what, &one).header("Idempotency-Key", "K");
        assert_eq!(request.send().await.unwrap().status(), 204, "{what}");
        assert_eq!(world.grant(&wang, "form:f1").await, Some(state), "{what}");
    }
    for name in ["", "a b", "名", &"n".repeat(121)] {
        let name = reqwest::header::HeaderValue::from_bytes(name.as_bytes()).unwrap();
        let request = hand.post("share", &json!({ "items": ["form:f1"] }));
        refused(request.header("Idempotency-Key", name), 400, "a bad name").await;
    }
    assert_eq!(
        world.grant(&wang, "form:f1").await,
        Some(GrantState::Revoked)
    );
}

async fn what_a_member_does_not_see_takes_no_place(on: On) {
    let (world, zhang, wang) = office(on).await;
    let by = Actor::Member(zhang);
    let mut given = Vec::new();
    for n in 0..61 {
        let mut hidden = project(&format!("h{n}"), "别人的");
        if let Command::Put(draft) = &mut hidden {
            draft.circle = Circle::Followers;
        }
        let others = Actor::Member(user("LiSi"));
        world.asked(others, hidden).await.unwrap();
        given.push(item(&format!("project:h{n}")));
    }
    let own = project("p1", "自己的");
    world.asked(by, own).await.unwrap();
    for items in std::iter::once(&[item("project:p1")][..]).chain(given.chunks(9)) {
        world.clock.advance(Duration::from_secs(1));
        let share = Command::Share(wang.clone(), items.to_vec());
        world.asked(Actor::System, share).await.unwrap();
    }
    let hand = Hand::of(&world, "member:ZhangSan").await;
    let shown = hand.sees(WANG).await;
    assert!(
        shown.contains("自己的") && !shown.contains("别人的"),
        "{shown}"
    );
    assert!(!shown.contains("没有显示"), "{shown}");
}
