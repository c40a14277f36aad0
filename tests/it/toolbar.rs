//! The chat toolbar's doors, on both stores: who may look and send, and what becomes of what is sent.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, COOKIE, ORIGIN};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use wecom_bridge::decide::request::{Command, Content, Target};
use wecom_bridge::model::chat::ChatPerson;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::form::Submissions;
use wecom_bridge::model::grant::GrantState;
use wecom_bridge::model::ids::{ChatId, ExternalUserId, UserId};
use wecom_bridge::model::item::{Actor, Circle, Item, ItemState};
use wecom_bridge::model::thread::{Comment, Reminded, Thread};
use wecom_bridge::sim::person::Member;

use crate::items::{comment, draft, form, item, key, office};
use crate::pages::{refused, session};
use crate::world::{On, World, contact, stories, user};

stories!(
    only_members_who_have_the_customer_come_in,
    a_card_is_maybe_sent_until_it_is_confirmed,
    what_is_not_authorised_is_neither_shown_nor_sent,
    items_are_found_by_title_page_by_page,
    a_form_is_filled_in_for_the_customer,
    a_customer_is_answered,
    an_item_is_handed_over,
    a_group_offers_the_members_own_customers,
    whoever_has_left_has_no_way_in,
    a_name_is_for_one_thing,
    what_a_member_does_not_see_takes_no_place,
);

const OWN: &str = "http://127.0.0.1:8080";
const WANG: &str = "sidebar/customer/wmCustomer1";

/// Somebody at the toolbar.
struct Hand<'a> {
    world: &'a World,
    cookie: String,
    token: String,
}

impl<'a> Hand<'a> {
    async fn of(world: &'a World, who: &str) -> Self {
        let cookie = session(world, who).await;
        let page = world.get("sidebar").header(COOKIE, &cookie);
        let page = page.send().await.unwrap().text().await.unwrap();
        let token = page.split("data-token=\"").nth(1).unwrap_or_default();
        let token = token.split('"').next().unwrap().to_owned();
        Self {
            world,
            cookie,
            token,
        }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.world.get(path).header(COOKIE, &self.cookie)
    }

    async fn sees(&self, path: &str) -> String {
        let answer = self.get(path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
        answer.text().await.unwrap()
    }

    fn post(&self, what: &str, body: &Value) -> RequestBuilder {
        self.post_from(OWN, what, body)
    }

    fn post_from(&self, origin: &str, what: &str, body: &Value) -> RequestBuilder {
        let path = format!("{WANG}/{what}");
        let request = self.world.post(&path).header(COOKIE, &self.cookie);
        request
            .header(ORIGIN, origin)
            .header("X-Toolbar-Token", &self.token)
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string())
    }

    async fn does(&self, what: &str, body: Value) -> Response {
        let answer = self.post(what, &body).send().await.unwrap();
        assert!(answer.status().is_success(), "{what}: {}", answer.status());
        answer
    }

    /// The cards of what is shared.
    async fn shares(&self, items: &[&str]) -> Vec<Value> {
        let answer = self.does("share", json!({ "items": items })).await;
        let given: Value = answer.json().await.unwrap();
        given["cards"].as_array().unwrap().clone()
    }
}

fn project(id: &str, title: &str) -> Command {
    let content = Content::Project { stages: Vec::new() };
    draft(Target::New(key(id)), title, content)
}

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

/// The items of all pages, and how many each page has.
async fn pages(hand: &Hand<'_>, query: &str) -> (Vec<String>, Vec<usize>) {
    let (mut items, mut sizes, mut after) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = hand.sees(&format!("{WANG}/items?{query}{after}")).await;
        let between = |text: &str| text.split('"').next().unwrap().to_owned();
        let found: Vec<String> = page.split("data-item=\"").skip(1).map(between).collect();
        sizes.push(found.len());
        items.extend(found);
        match page.split("data-after=\"").nth(1) {
            Some(next) => after = format!("&after={}", between(next)),
            None => return (items, sizes),
        }
    }
}

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
