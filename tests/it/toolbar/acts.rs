//! What is done for the customer.

use std::time::Duration;

use serde_json::{Value, json};
use wecom_bridge::decide::request::Command;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::form::Submissions;
use wecom_bridge::model::grant::GrantState;
use wecom_bridge::model::item::{Actor, Circle, Item};
use wecom_bridge::model::thread::{Comment, Reminded, Thread};

use crate::items::{comment, form, item, office};
use crate::pages::refused;
use crate::toolbar::{Hand, WANG, pages, project};
use crate::world::{On, stories, user};

stories!(
    a_form_is_filled_in_for_the_customer,
    a_customer_is_answered,
    an_item_is_handed_over,
);

async fn a_form_is_filled_in_for_the_customer(on: On) {
    let (world, zhang, wang) = office(on).await;
    let by = Actor::Member(zhang);
    let put = form("f1", Submissions::One);
    world.asked(by, put).await.unwrap();
    let hand = Hand::of(&world, "member:ZhangSan").await;
    let shown = hand.sees(&format!("{WANG}/form?form=f1")).await;
    for part in ["name=\"what\"", "type=\"tel\"", "value=\"报修 · 王女士\""] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    refused(hand.get(&format!("{WANG}/form?form=f2")), 404, "no form").await;

    let wrong =
        json!({ "id": "r1", "form": "f1", "title": "门", "values": { "tel": "x", "other": "1" } });
    let problem = refused(hand.post("record", &wrong), 422, "wrong values").await;
    let places = problem["faults"].as_array().unwrap().iter();
    let places: Vec<_> = places.map(|fault| &fault["place"]).collect();
    assert_eq!(places, ["other", "tel"]);

    let right = json!({ "id": "r2", "form": "f1", "title": "门", "values": { "what": "门坏了" } });
    let tap = || {
        hand.post("record", &right)
            .header("Idempotency-Key", "tap")
            .send()
    };
    let (one, two) = tokio::join!(tap(), tap());
    let one: Value = one.unwrap().json().await.unwrap();
    let two: Value = two.unwrap().json().await.unwrap();
    assert_eq!(one, two, "a double tap makes one record");
    let made = one["item"].as_str().unwrap();
    let Some(Item::Record(record)) = world.item(made).await else {
        panic!("the record is kept");
    };
    assert_eq!(record.contact.as_ref(), Some(&wang));
    assert_eq!(record.head.owner, user("ZhangSan"));
    assert_eq!(world.grant(&wang, made).await, None, "it is not sent yet");
    let (records, _) = pages(&hand, "kind=record").await;
    assert_eq!(records, [made]);

    // What is made of a form for few stays with them.
    let mut few = form("f3", Submissions::Many);
    if let Command::Put(draft) = &mut few {
        draft.circle = Circle::Followers;
        draft.followers = Some(vec![user("ZhangSan")]);
    }
    world.asked(Actor::Member(user("LiSi")), few).await.unwrap();
    let of_few = json!({ "id": "r3", "form": "f3", "title": "窗", "values": { "what": "窗坏了" } });
    let few: Value = hand.does("record", of_few).await.json().await.unwrap();
    let few = world.item(few["item"].as_str().unwrap()).await.unwrap();
    assert_eq!(few.head().circle, Circle::Followers);
    assert_eq!(few.head().followers, [user("LiSi")]);
    hand.shares(&[made]).await;
    assert_eq!(world.grant(&wang, made).await, Some(GrantState::Pending));
}

async fn a_customer_is_answered(on: On) {
    let (world, zhang, wang) = office(on).await;
    let by = Actor::Member(zhang);
    let put = form("f1", Submissions::One);
    world.asked(by, put).await.unwrap();
    let hand = Hand::of(&world, "member:ZhangSan").await;
    let talk = format!("{WANG}/talk?item=form:f1");
    refused(hand.get(&talk), 404, "not shared yet").await;
    hand.shares(&["form:f1"]).await;
    let me = Actor::Contact(wang.clone());
    for n in 10..40 {
        let id = Comment::new_id(world.clock.now(), [n; 8]);
        let said = comment("form:f1", &wang, &id, &format!("<i>问 {n}"));
        world.asked(me.clone(), said).await.unwrap();
    }
    world.clock.advance(Duration::from_secs(60));
    let shown = hand.sees(WANG).await;
    assert!(
        shown.contains("1 项等待回复") && shown.contains("留言 (30)"),
        "{shown}"
    );
    let said = hand.sees(&talk).await;
    assert!(
        said.contains("&#60;i&#62;问 39") && !said.contains("问 19"),
        "{said}"
    );
    let (_, before) = said.split_once("data-before=\"").unwrap();
    let before = before.split('"').next().unwrap();
    let earlier = hand.sees(&format!("{talk}&before={before}")).await;
    assert!(
        earlier.contains("问 10") && earlier.contains("问 19") && !earlier.contains("问 20"),
        "{earlier}"
    );
    assert!(
        !earlier.contains("data-before") && !earlier.contains("<textarea"),
        "{earlier}"
    );

    let reply = json!({ "item": "form:f1", "text": "明天到" });
    for _ in 0..2 {
        let tap = hand
            .post("comment", &reply)
            .header("Idempotency-Key", "reply");
        assert_eq!(tap.send().await.unwrap().status(), 204);
    }
    let said = hand.sees(&talk).await;
    assert_eq!(said.matches("明天到").count(), 1, "{said}");
    assert!(said.contains("张三"), "the member's name: {said}");
    assert!(!hand.sees(WANG).await.contains("等待回复"));
    let long = json!({ "item": "form:f1", "text": "长".repeat(2001) });
    refused(hand.post("comment", &long), 422, "too long").await;
    refused(
        hand.post("comment", &json!({ "item": "form:f1", "text": " " })),
        422,
        "nothing said",
    )
    .await;

    // Nothing reaches the customer but the chat.
    let mut thread = Thread::new(item("form:f1"), wang.clone());
    thread.reminder = Some(Reminded::NoChannel);
    world.settle().await;
    world.put(&[Effect::PutThread(thread)]).await;
    assert!(hand.sees(WANG).await.contains("客户没有关注服务号"));
    hand.does("revoke", json!({ "item": "form:f1" })).await;
    let shown = hand.sees(&talk).await;
    assert!(!shown.contains("<textarea"), "{shown}");
    refused(hand.post("comment", &reply), 404, "taken back").await;
}

async fn an_item_is_handed_over(on: On) {
    let (world, zhang, _) = office(on).await;
    let by = Actor::Member(zhang.clone());
    for put in [form("f1", Submissions::One), project("p1", "项目")] {
        world.asked(by.clone(), put).await.unwrap();
    }
    let hand = Hand::of(&world, "member:ZhangSan").await;
    hand.shares(&["form:f1"]).await;
    let button = "data-load=\"members\" data-item=\"form:f1\"";
    assert!(hand.sees(WANG).await.contains(button));
    let members = format!("{WANG}/members?item=form:f1");
    let (alone, found) = (
        hand.sees(&members).await,
        hand.sees(&format!("{members}&q=%E6%9D%8E")).await,
    );
    assert!(!alone.contains("data-to="), "nobody else has the customer");
    assert!(
        found.contains("data-to=\"LiSi\"") && found.contains("李四"),
        "{found}"
    );
    let give = |to: &str| json!({ "item": "form:f1", "to": to });
    refused(hand.post("give", &give("Nobody")), 422, "no such member").await;
    hand.does("give", give("LiSi")).await;
    let kept = world.item("form:f1").await.unwrap();
    assert_eq!(kept.head().owner, user("LiSi"));
    refused(hand.post("give", &give("ZhangSan")), 403, "not theirs now").await;
    assert!(!hand.sees(WANG).await.contains(button));
    assert_ne!(
        world.item("project:p1").await.unwrap().head().owner,
        user("LiSi")
    );
}
