//! Stories of the whole corridor: something happens in WeCom, and what the state and people's windows are then. Each is
//! told on both stores.

use std::time::Duration;

use serde_json::{Value, json};
use wecom_bridge::sim::console::{ProfileMode, WelcomeBy};
use wecom_bridge::sim::faults::{Fault, PushFault};
use wecom_bridge::sim::ledger::Sent;
use wecom_bridge::sim::person::{Member, Range};
use wecom_bridge::sim::push::{Attempt, Order};
use wecom_bridge::store::item::Queue;
use wecom_bridge::worker::retry::ATTEMPTS_MAX;

use crate::world::{On, Setup, World, contact, stories, user};

stories!(
    a_customer_is_welcomed_and_kept,
    without_a_code_the_member_gets_a_card_with_a_button,
    a_card_is_not_changed_with_a_code_that_is_too_old,
    a_welcome_that_comes_too_late_becomes_a_card,
    another_app_that_sends_is_waited_for,
    a_half_added_contact_is_welcomed_once,
    any_order_ends_in_the_same_state,
    a_burst_is_read_once,
    who_is_no_customer_is_not_kept,
    with_auto_sync_off_nothing_is_kept_and_nothing_lost,
    a_new_member_gets_link_and_card_once,
    a_link_that_wecom_ignores_is_told,
    without_the_secret_the_link_is_left_to_people,
    foreign_attributes_stay,
    trouble_at_wecom_is_outlived,
    who_writes_to_the_app_is_answered,
    without_a_reply_nobody_is_answered,
    what_no_worker_survives_is_given_up,
    a_dead_event_is_replayed,
    dead_events_are_replayed_by_kind_and_time,
    a_dead_call_is_replayed,
    an_item_that_cannot_be_read_hides_no_other,
);

async fn a_customer_is_welcomed_and_kept(on: On) {
    let world = World::start(on).await;
    let (member, customer) = world.people();
    world.sim.faults().next_push(PushFault::Duplicate);
    world
        .sim
        .customer_adds_by(&member, &customer, "fair2026")
        .await
        .unwrap();
    world.settle().await;

    let kept = world.api("api/v1/contacts/wmCustomer1").await;
    assert_eq!(kept["name"], "王女士");
    assert_eq!(kept["follow_users"][0]["userid"], "ZhangSan");
    assert_eq!(kept["follow_users"][0]["state"], "fair2026");
    assert_eq!(kept["greetings"][0]["step"], "welcomed");
    let sent = world.sim.sent();
    let [Sent::Welcome(welcome)] = &sent[..] else {
        panic!("{sent:?}")
    };
    let link = &welcome.attachments[0]["link"];
    assert_eq!(link["url"], "http://127.0.0.1:8080/home?tenantKey=team1");
    assert_eq!(world.cards(&member), Vec::<String>::new());

    let events = world.items("events").await;
    let kinds: Vec<_> = events
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "refresh_contact",
            "change_external_contact/add_external_contact"
        ]
    );
    let event = world
        .api(&format!(
            "api/v1/events/{}",
            events[1]["id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(
        (&event["state"], &event["attempts"]),
        (&json!("done"), &json!(1))
    );
    assert!(
        event["xml"].as_str().unwrap().contains("<ExternalUserID>"),
        "{event}"
    );
}

async fn without_a_code_the_member_gets_a_card_with_a_button(on: On) {
    let world = World::start(on).await;
    let (member, customer) = world.people();
    world.sim.corp().console.welcome = WelcomeBy::Console;
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world.settle().await;
    assert_eq!(world.cards(&member), ["新客户：王女士"]);

    let sent = world.sim.sent();
    let Some(Sent::Message(card)) = sent.last() else {
        panic!("{sent:?}")
    };
    let task = card.task_id().unwrap();
    world
        .sim
        .click_button(&member, &task, "contacted", &[])
        .await
        .unwrap();
    world.settle().await;
    let updates = || {
        world
            .sim
            .sent()
            .iter()
            .filter(|s| matches!(s, Sent::CardUpdate(_)))
            .count()
    };
    assert_eq!(updates(), 1);
    assert!(
        world
            .sim
            .click_button(&member, &task, "contacted", &[])
            .await
            .is_err(),
        "grey"
    );
    let kept = world.api("api/v1/contacts/wmCustomer1").await;
    assert_eq!(kept["greetings"][0]["step"], "carded");
    assert_eq!(
        world.states("outgoing").await.keys().collect::<Vec<_>>(),
        ["done"]
    );
}

async fn a_card_is_not_changed_with_a_code_that_is_too_old(on: On) {
    let world = World::start(on).await;
    let (member, customer) = world.people();
    world.sim.corp().console.welcome = WelcomeBy::Console;
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world.settle().await;
    let sent = world.sim.sent();
    let Some(Sent::Message(card)) = sent.last() else {
        panic!("{sent:?}")
    };
    let task = card.task_id().unwrap();
    let pressed = world.sim.click_button(&member, &task, "contacted", &[]);
    pressed.await.unwrap();
    world.clock.advance(Duration::from_secs(72 * 3600));
    world.settle().await;
    assert_eq!(world.calls("message/update_template_card"), 0);
    let dead = world.api("api/v1/outgoing?state=dead").await;
    let call = &dead["items"][0];
    let told = (&call["call"], &call["error"]);
    let why = "too late: the response code is older than 72 hours";
    assert_eq!(told, (&json!("update_card"), &json!(why)));
}

async fn a_welcome_that_comes_too_late_becomes_a_card(on: On) {
    let world = World::start(on).await;
    let (member, customer) = world.people();
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world.clock.advance(Duration::from_secs(21));
    world.settle().await;
    assert_eq!(world.welcomes(), 0);
    assert_eq!(world.calls("externalcontact/send_welcome_msg"), 0);
    assert_eq!(world.cards(&member), ["新客户：王女士"]);
}

/// Told on Redis alone: the embedded store claims in the process itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_welcome_survives_lost_claims() {
    let world = World::start(On::Redis).await;
    let (member, customer) = world.people();
    // From now on the server knows the scripts.
    world.settle().await;
    world.sim.customer_adds(&member, &customer).await.unwrap();
    let added = world.clock.now();
    for queue in [Queue::Inbox, Queue::Outbox] {
        world.lose_a_claim(queue).await;
        world.settle().await;
        assert_eq!(world.welcomes(), 0, "the claim of the {queue:?} is held");
        world.clock.advance(Duration::from_secs(8));
        if queue == Queue::Inbox {
            world.step_queue(queue).await;
        }
    }
    world.settle().await;
    assert_eq!(world.welcomes(), 1);
    assert!(world.clock.now().since(added) < Duration::from_secs(20));
    assert_eq!(world.cards(&member), Vec::<String>::new());
}

async fn another_app_that_sends_is_waited_for(on: On) {
    let world = World::start(on).await;
    let (member, customer) = world.people();
    let busy = Fault::ErrCode(41096);
    world
        .sim
        .faults()
        .times(2, "externalcontact/send_welcome_msg", &busy);
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world.pass(Duration::from_secs(10)).await;
    assert_eq!(world.welcomes(), 1);
    assert_eq!(world.cards(&member), Vec::<String>::new());

    let other = contact("wmCustomer2");
    world
        .sim
        .corp()
        .add_contact(wecom_bridge::sim::person::Contact::new(
            other.clone(),
            "李先生",
        ));
    world
        .sim
        .faults()
        .always("externalcontact/send_welcome_msg", busy);
    world.sim.customer_adds(&member, &other).await.unwrap();
    world.pass(Duration::from_secs(30)).await;
    assert_eq!(world.welcomes(), 1);
    assert_eq!(world.cards(&member), ["新客户：李先生"]);
}

async fn a_half_added_contact_is_welcomed_once(on: On) {
    let world = World::start(on).await;
    let (member, customer) = world.people();
    world
        .sim
        .customer_half_adds(&member, &customer)
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(world.welcomes(), 1);
    let contacts = world.items("contacts").await;
    assert!(contacts.is_empty(), "not confirmed yet: {contacts:?}");
    world.sim.member_confirms(&member, &customer).await.unwrap();
    world.pass(Duration::from_secs(20)).await;
    assert_eq!(world.welcomes(), 1);
    assert_eq!(world.items("contacts").await.len(), 1);
    assert_eq!(world.cards(&member), Vec::<String>::new());
}

async fn any_order_ends_in_the_same_state(on: On) {
    let mut ends: Vec<Value> = Vec::new();
    for order in [Order::AsHappened, Order::Reversed] {
        let world = World::start(on).await;
        let (member, customer) = world.people();
        world
            .sim
            .corp()
            .add_member(Member::new(user("LiSi"), "李四"));
        world.sim.corp().console.welcome = WelcomeBy::Console;
        world.sim.hold_pushes();
        world.sim.customer_adds(&member, &customer).await.unwrap();
        world
            .sim
            .customer_adds(&user("LiSi"), &customer)
            .await
            .unwrap();
        world.clock.advance(Duration::from_secs(1));
        world
            .sim
            .member_edits_remark(&member, &customer, "王总")
            .await
            .unwrap();
        world.clock.advance(Duration::from_secs(1));
        world
            .sim
            .customer_deletes(&user("LiSi"), &customer)
            .await
            .unwrap();
        world.sim.release_pushes(order).await;
        world.pass(Duration::from_secs(60)).await;
        let mut end = world.api("api/v1/contacts/wmCustomer1").await;
        end["changed_at"] = Value::Null;
        assert_eq!(end["follow_users"].as_array().unwrap().len(), 2, "{end}");
        assert_eq!(end["endings"][0]["by"], "contact");
        assert_eq!(
            world.states("events").await.keys().collect::<Vec<_>>(),
            ["done"]
        );
        ends.push(end);
    }
    assert_eq!(ends[0], ends[1]);
}

async fn a_burst_is_read_once(on: On) {
    let world = World::start(on).await;
    let (member, customer) = world.people();
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world.settle().await;
    let before = world.calls("externalcontact/get");
    for n in 0..40 {
        world.clock.advance(Duration::from_millis(100));
        world
            .sim
            .member_edits_remark(&member, &customer, &format!("备注{n}"))
            .await
            .unwrap();
    }
    world.settle().await;
    let reads = world.calls("externalcontact/get") - before;
    assert_eq!(reads, 1, "for 40 events");
    let kept = world.api("api/v1/contacts/wmCustomer1").await;
    assert_eq!(kept["follow_users"][0]["remark"], "备注39");
}

async fn who_is_no_customer_is_not_kept(on: On) {
    let world = World::start(on).await;
    let (member, customer) = world.people();
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world.sim.corp().member_mut(&member).unwrap().follow_range = Range::Outside;
    world.pass(Duration::from_secs(60)).await;
    assert_eq!(world.items("contacts").await, Vec::<Value>::new());
    assert_eq!(
        world.calls("externalcontact/get"),
        3,
        "not yet is asked again, a little"
    );
    let states = world.states("events").await;
    assert_eq!(states.keys().collect::<Vec<_>>(), ["done"], "{states:?}");

    world.sim.corp().member_mut(&member).unwrap().follow_range = Range::Inside;
    world
        .sim
        .member_edits_remark(&member, &customer, "客户")
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(world.items("contacts").await.len(), 1);
}

async fn with_auto_sync_off_nothing_is_kept_and_nothing_lost(on: On) {
    let off = Setup {
        auto_sync: false,
        ..Setup::default()
    };
    let world = World::with(on, off).await;
    let (member, customer) = world.people();
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world.settle().await;
    assert_eq!(world.items("contacts").await, Vec::<Value>::new());
    assert_eq!(world.items("events").await.len(), 1);
    assert_eq!(world.calls("externalcontact/get"), 0);
}

async fn a_new_member_gets_link_and_card_once(on: On) {
    let world = World::start(on).await;
    let member = user("LiSi");
    // The contact-sync receiver hears create_user, the app's receiver hears subscribe.
    let pushed = world
        .sim
        .create_member(Member::new(member.clone(), "李四"))
        .await;
    assert_eq!(pushed.len(), 2);
    world.settle().await;
    let kept = world.api("api/v1/members/lisi").await;
    assert_eq!(kept["name"], "李四");
    assert_eq!(kept["link"]["state"], "confirmed");
    assert_eq!(world.cards(&member), ["你已加入“与我协作”"]);
    assert_eq!(world.calls("user/update"), 1);
    let profile = world
        .sim
        .corp()
        .member(&member)
        .unwrap()
        .external_profile
        .clone();
    let attribute = &profile["external_attr"][0];
    assert_eq!(attribute["name"], "与我协作");
    assert_eq!(
        attribute["web"]["url"],
        "http://127.0.0.1:8080/home?tenantKey=team1"
    );

    world.sim.delete_member(&member).await.unwrap();
    world.settle().await;
    assert_eq!(world.api("api/v1/members/LISI").await["visible"], false);
}

async fn a_link_that_wecom_ignores_is_told(on: On) {
    let world = World::start(on).await;
    world.sim.corp().console.attributes.clear();
    world
        .sim
        .create_member(Member::new(user("LiSi"), "李四"))
        .await;
    world.settle().await;
    let kept = world.api("api/v1/members/lisi").await;
    assert_eq!(kept["link"]["state"], "ignored");
    assert!(
        kept["link"]["reason"]
            .as_str()
            .unwrap()
            .contains("与我协作")
    );
}

async fn without_the_secret_the_link_is_left_to_people(on: On) {
    let by_hand = Setup {
        contact_sync: false,
        ..Setup::default()
    };
    let world = World::with(on, by_hand).await;
    world
        .sim
        .create_member(Member::new(user("LiSi"), "李四"))
        .await;
    world.settle().await;
    let kept = world.api("api/v1/members/lisi").await;
    assert_eq!(kept["link"]["state"], "wanted");
    assert_eq!(world.calls("user/update"), 0);
    assert_eq!(world.cards(&user("lisi")).len(), 1);
}

async fn foreign_attributes_stay(on: On) {
    for mode in [ProfileMode::Merge, ProfileMode::Replace] {
        let world = World::start(on).await;
        world.sim.corp().console.profile_mode = mode;
        world.sim.corp().console.attributes.insert("微博".into());
        let mut member = Member::new(user("LiSi"), "李四");
        let foreign = json!({"type": 0, "name": "微博", "text": {"value": "lisi"}});
        member
            .external_profile
            .insert("external_attr".into(), json!([foreign]));
        world.sim.create_member(member).await;
        world.settle().await;
        let profile = world
            .sim
            .corp()
            .member(&user("lisi"))
            .unwrap()
            .external_profile
            .clone();
        let attributes = profile["external_attr"].as_array().unwrap();
        assert!(attributes.contains(&foreign), "{mode:?}: {attributes:?}");
        assert_eq!(attributes.len(), 2, "{mode:?}");
    }
}

async fn trouble_at_wecom_is_outlived(on: On) {
    for fault in [
        Fault::ExpireToken,
        Fault::ErrCode(45009),
        Fault::ErrCode(45033),
        Fault::ErrCode(-1),
        Fault::Cut,
        Fault::CutAfter,
        Fault::Html,
    ] {
        let world = World::start(on).await;
        world.sim.corp().console.welcome = WelcomeBy::Console;
        let (member, customer) = world.people();
        for api in ["gettoken", "externalcontact/get", "message/send"] {
            world.sim.faults().times(2, api, &fault);
        }
        world.sim.customer_adds(&member, &customer).await.unwrap();
        world.pass(Duration::from_secs(600)).await;
        assert_eq!(world.items("contacts").await.len(), 1, "{fault:?}");
        assert_eq!(world.cards(&member), ["新客户：王女士"], "{fault:?}");
        for what in ["events", "outgoing"] {
            let states = world.states(what).await;
            assert_eq!(
                states.keys().collect::<Vec<_>>(),
                ["done"],
                "{fault:?} {what}"
            );
        }
    }
}

/// The body of an answer without a reply.
const NOTHING: Vec<u8> = Vec::new();

/// The bodies of all answers to callbacks of this name.
fn answers(world: &World, event: &str) -> Vec<Vec<u8>> {
    let pushes = world.sim.pushes();
    let named = pushes.iter().filter(|push| push.event == event);
    let attempts = named.flat_map(|push| &push.attempts);
    let body = |attempt: &Attempt| match attempt {
        Attempt::Answered { status: 200, reply } => reply.clone(),
        other => panic!("{other:?}"),
    };
    attempts.map(body).collect()
}

async fn who_writes_to_the_app_is_answered(on: On) {
    let reply = "请在聊天工具栏中联系我们。";
    let setup = Setup {
        reply: Some(reply),
        ..Setup::default()
    };
    let world = World::with(on, setup).await;
    let (member, _) = world.people();
    world.sim.enter_agent(&member).await.unwrap();
    world.sim.view(&member, "https://a.example/").await.unwrap();
    assert_eq!(world.sim.sent(), []);
    assert_eq!(answers(&world, "enter_agent"), [NOTHING]);
    assert_eq!(answers(&world, "view"), [NOTHING]);

    // The second time it is known already; the member sees the answer to that one.
    world.sim.faults().next_push(PushFault::Duplicate);
    world.sim.member_writes(&member, "在吗？").await.unwrap();
    let sent = world.sim.sent();
    let [Sent::Message(message)] = &sent[..] else {
        panic!("{sent:?}")
    };
    assert_eq!(
        (&message.to, &*message.msgtype),
        (&vec![member.clone()], "text")
    );
    assert_eq!(message.content, json!({ "content": reply }));
    let bodies = answers(&world, "message/text");
    assert!(bodies.len() == 2 && bodies.iter().all(|body| !body.is_empty()));
    let kept = world.api("api/v1/events?kind=message/text").await;
    assert_eq!(kept["items"].as_array().unwrap().len(), 1);
    let window = world.sim.base().join("window/ZhangSan").unwrap();
    let window = world.http.get(window).send().await.unwrap();
    assert!(window.text().await.unwrap().contains(reply));
}

async fn without_a_reply_nobody_is_answered(on: On) {
    let world = World::start(on).await;
    let (member, _) = world.people();
    world.sim.member_writes(&member, "在吗？").await.unwrap();
    assert_eq!(answers(&world, "message/text"), [NOTHING]);
    assert_eq!(world.sim.sent(), []);
}

async fn what_no_worker_survives_is_given_up(on: On) {
    let world = World::start(on).await;
    let (member, _) = world.people();
    world.sim.enter_agent(&member).await.unwrap();
    for _ in 0..ATTEMPTS_MAX {
        assert_eq!(world.vanish_with_deliveries().await, 1);
    }
    world.settle().await;
    let event = &world.items("events").await[0];
    let told = (&event["state"], &event["error"]);
    let why = "work on it never came to an end";
    assert_eq!(told, (&json!("dead"), &json!(why)));
}

async fn a_dead_event_is_replayed(on: On) {
    let world = World::start(on).await;
    let (member, customer) = world.people();
    world
        .sim
        .faults()
        .times(1, "externalcontact/get", &Fault::ErrCode(40058));
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world.settle().await;
    let dead = world.api("api/v1/events?state=dead").await;
    let [dead] = &dead["items"].as_array().unwrap()[..] else {
        panic!("{dead}")
    };
    assert!(dead["error"].as_str().unwrap().contains("40058"));
    let id = dead["id"].as_str().unwrap();
    let path = format!("api/v1/events/{id}/replay");
    let refused = world.post(&path).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    let replayed = world
        .post(&path)
        .bearer_auth(crate::world::API_TOKEN)
        .send()
        .await
        .unwrap();
    assert_eq!(replayed.status(), 202);
    world.settle().await;
    assert_eq!(world.items("contacts").await.len(), 1);
    assert_eq!(
        world.api(&format!("api/v1/events/{id}")).await["state"],
        "done"
    );
}

async fn dead_events_are_replayed_by_kind_and_time(on: On) {
    let world = World::start(on).await;
    let (member, _) = world.people();
    let refused = Fault::ErrCode(40058);
    world.sim.faults().always("externalcontact/get", refused);
    let middle = world.clock.now().plus(Duration::from_secs(150));
    for n in 0..4 {
        let id = contact(&format!("wmDead{n}"));
        world
            .sim
            .corp()
            .add_contact(wecom_bridge::sim::person::Contact::new(id.clone(), "客户"));
        world.sim.customer_adds(&member, &id).await.unwrap();
        world.settle().await;
        world.clock.advance(Duration::from_secs(100));
    }
    assert_eq!(world.states("events").await["dead"], 4);
    world.sim.faults().clear();
    let replay = async |filter: &str| -> Value {
        let path = format!("api/v1/events/replay?{filter}");
        let answer = world
            .post(&path)
            .bearer_auth(crate::world::API_TOKEN)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 202, "{filter}");
        let answer: Value = answer.json().await.unwrap();
        world.settle().await;
        answer["replayed"].clone()
    };
    assert_eq!(
        replay("kind=change_external_contact").await,
        0,
        "those are done"
    );
    assert_eq!(
        replay(&format!("kind=refresh_contact&until={middle}")).await,
        2
    );
    assert_eq!(world.items("contacts").await.len(), 2);
    assert_eq!(replay(&format!("since={middle}")).await, 2);
    assert_eq!(world.items("contacts").await.len(), 4);
    assert_eq!(
        world.states("events").await.keys().collect::<Vec<_>>(),
        ["done"]
    );
}

async fn an_item_that_cannot_be_read_hides_no_other(on: On) {
    let world = World::start(on).await;
    let (member, customer) = world.people();
    world
        .deliver(
            "<xml><MsgType>event</MsgType><Event>change_external_contact</Event>\
        <ChangeType>add_external_contact</ChangeType></xml>",
        )
        .await;
    world.deliver("neither XML nor JSON").await;
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world.settle().await;
    let states = world.states("events").await;
    assert_eq!((states["dead"], states["done"]), (2, 2));
    let dead = world.api("api/v1/events?state=dead").await;
    assert_eq!(dead["items"][0]["kind"], "unknown");
    let id = dead["items"][0]["id"].as_str().unwrap();
    let shown = world.api(&format!("api/v1/events/{id}")).await;
    assert_eq!(shown["xml"], "neither XML nor JSON");
}

async fn a_dead_call_is_replayed(on: On) {
    let world = World::start(on).await;
    world
        .sim
        .faults()
        .times(1, "user/update", &Fault::ErrCode(40058));
    world
        .sim
        .create_member(Member::new(user("LiSi"), "李四"))
        .await;
    world.settle().await;
    let link = async || world.api("api/v1/members/lisi").await["link"]["state"].clone();
    assert_eq!(link().await, "failed");
    let dead = world.api("api/v1/outgoing?state=dead").await;
    assert!(
        dead["items"][0]["error"]
            .as_str()
            .unwrap()
            .contains("40058"),
        "{dead}"
    );
    let id = dead["items"][0]["id"].as_str().unwrap();
    let path = format!("api/v1/outgoing/{id}/replay");
    let replayed = world
        .post(&path)
        .bearer_auth(crate::world::API_TOKEN)
        .send()
        .await
        .unwrap();
    assert_eq!(replayed.status(), 202);
    world.settle().await;
    assert_eq!(link().await, "confirmed");
}
