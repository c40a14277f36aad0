//! Stories about groups, tags, hand-overs and changes of the directory. Each is told on both stores.

use std::time::Duration;

use serde_json::{Value, json};
use wecom_bridge::model::chat::ChatPerson;
use wecom_bridge::model::ids::ChatId;
use wecom_bridge::sim::faults::PushFault;
use wecom_bridge::sim::person::{Contact, Member, Range, Tag};
use wecom_bridge::sim::push::Order;

use crate::world::{On, World, contact, stories, user};

stories!(
    a_group_is_kept_as_wecom_shows_it,
    a_group_that_is_shown_late_is_read_again,
    groups_end_the_same_in_any_order,
    renamed_tags_show_their_new_names,
    a_contact_is_handed_over_or_not,
    a_member_keeps_everything_under_a_new_id,
    many_contacts_are_walked_over_to_the_last,
    a_contact_whose_last_member_left_is_listed,
    who_is_in_a_department_that_changes_is_read,
    relations_end_the_same_in_any_order,
);

fn wr1() -> ChatId {
    ChatId::parse("wr1").unwrap()
}

async fn a_group_is_kept_as_wecom_shows_it(on: On) {
    let world = World::start(on).await;
    let (member, customer) = world.people();
    world
        .sim
        .create_group(&member, &wr1(), "客户群")
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(world.calls("externalcontact/groupchat/get"), 0, "too early");
    world.pass(Duration::from_secs(4)).await;
    assert_eq!(world.calls("externalcontact/groupchat/get"), 1);
    assert_eq!(world.api("api/v1/chats/wr1").await["owner"], "ZhangSan");

    // Told at once, told twice, lost, and without a version: what is shown at the end is what is so.
    let outside = |id: &str| ChatPerson::Outside(contact(id));
    world.sim.faults().next_push(PushFault::Duplicate);
    let who = ChatPerson::Outside(customer);
    world.sim.joins_group(&wr1(), who).await.unwrap();
    world.settle().await;
    world.clock.advance(Duration::from_secs(1));
    world.sim.faults().next_push(PushFault::Suppress);
    world
        .sim
        .joins_group(&wr1(), outside("wmStranger"))
        .await
        .unwrap();
    world.sim.renames_group(&wr1(), "老客户").await.unwrap();
    world.pass(Duration::from_secs(10)).await;
    let kept = world.api("api/v1/chats/wr1").await;
    assert_eq!(kept["name"], "老客户");
    let ids: Vec<_> = kept["members"].as_array().unwrap().iter().collect();
    assert_eq!(ids.len(), 3, "{kept}");
    assert_eq!(ids[1]["external_userid"], "wmCustomer1");
    assert_eq!(kept["news"], Value::Null);
    assert_eq!(
        world.calls("externalcontact/groupchat/get"),
        2,
        "one for the burst"
    );

    world.sim.dismiss_group(&wr1()).await.unwrap();
    world.pass(Duration::from_secs(10)).await;
    let kept = world.items("chats").await;
    assert_eq!(kept[0]["name"], "老客户");
    assert!(kept[0]["dismissed_at"].is_string(), "{kept:?}");
    let states = world.states("events").await;
    assert_eq!(states.keys().collect::<Vec<_>>(), ["done"]);
    let missing = world
        .get("api/v1/chats/wr2")
        .bearer_auth(crate::world::API_TOKEN);
    assert_eq!(missing.send().await.unwrap().status(), 404);
}

async fn a_group_that_is_shown_late_is_read_again(on: On) {
    let world = World::start(on).await;
    let (member, customer) = world.people();
    world.sim.corp().console.group_lag = Duration::from_secs(10);
    let created = world.sim.create_group(&member, &wr1(), "客户群").await;
    created.unwrap();
    world.pass(Duration::from_secs(30)).await;
    let who = ChatPerson::Outside(customer);
    world.sim.joins_group(&wr1(), who).await.unwrap();
    let reads = world.calls("externalcontact/groupchat/get");
    world.pass(Duration::from_secs(30)).await;
    let kept = world.api("api/v1/chats/wr1").await;
    assert_eq!(kept["members"].as_array().unwrap().len(), 2, "{kept}");
    let reads = world.calls("externalcontact/groupchat/get") - reads;
    assert_eq!(reads, 3, "after 3, 6 and 12 seconds");
}

async fn groups_end_the_same_in_any_order(on: On) {
    let mut ends: Vec<Value> = Vec::new();
    for order in [Order::AsHappened, Order::Reversed] {
        let world = World::start(on).await;
        let (member, customer) = world.people();
        let who = || ChatPerson::Outside(customer.clone());
        let second = || world.clock.advance(Duration::from_secs(1));
        world.sim.hold_pushes();
        world
            .sim
            .create_group(&member, &wr1(), "客户群")
            .await
            .unwrap();
        second();
        world.sim.joins_group(&wr1(), who()).await.unwrap();
        second();
        world.sim.leaves_group(&wr1(), who()).await.unwrap();
        second();
        world.sim.joins_group(&wr1(), who()).await.unwrap();
        second();
        world.sim.renames_group(&wr1(), "老客户").await.unwrap();
        world.sim.release_pushes(order).await;
        world.pass(Duration::from_secs(60)).await;
        let mut end = world.api("api/v1/chats/wr1").await;
        assert_eq!(end["members"].as_array().unwrap().len(), 2, "{end}");
        assert_eq!(end["name"], "老客户");
        end["changed_at"] = Value::Null;
        let states = world.states("events").await;
        assert_eq!(states.keys().collect::<Vec<_>>(), ["done"]);
        ends.push(end);
    }
    assert_eq!(ends[0], ends[1]);
}

async fn renamed_tags_show_their_new_names(on: On) {
    let world = World::start(on).await;
    let (member, customer) = world.people();
    let sim = &world.sim;
    sim.names_tag_group("etG", "级别").await.unwrap();
    sim.names_tag("etG", "etA", "重要").await.unwrap();
    sim.names_tag("etG", "etB", "一般").await.unwrap();
    sim.customer_adds(&member, &customer).await.unwrap();
    let tag = |id: &str, name: &str| Tag {
        tag_id: id.into(),
        group_name: "级别".into(),
        tag_name: name.into(),
    };
    let tags = [tag("etA", "重要"), tag("etB", "一般")];
    let tagged = |follow: &mut wecom_bridge::sim::person::Follow| follow.tags.extend(tags);
    sim.corp()
        .follow_mut(&member, &customer)
        .map(tagged)
        .unwrap();
    world.settle().await;
    let reads = world.calls("externalcontact/get");
    let shown = async || {
        let kept = world.api("api/v1/contacts/wmCustomer1").await;
        let listed = world.items("contacts").await.remove(0);
        assert_eq!(kept["follow_users"], listed["follow_users"]);
        let tags = kept["follow_users"][0]["tags"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let name =
            |tag: &Value| format!("{}/{}", tag["group_name"], tag["tag_name"]).replace('"', "");
        tags.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(shown().await, ["级别/重要", "级别/一般"]);

    sim.names_tag("etG", "etA", "非常重要").await.unwrap();
    sim.names_tag_group("etG", "客户级别").await.unwrap();
    world.settle().await;
    assert_eq!(shown().await, ["客户级别/非常重要", "客户级别/一般"]);
    sim.deletes_tag("etB").await.unwrap();
    world.settle().await;
    assert_eq!(shown().await, ["客户级别/非常重要"]);
    sim.deletes_tag_group("etG").await.unwrap();
    world.settle().await;
    assert_eq!(shown().await, Vec::<String>::new());
    assert_eq!(
        world.calls("externalcontact/get"),
        reads,
        "no contact was read for it"
    );
    let groups = world.items("tags").await;
    assert_eq!(groups[0]["group_name"], "客户级别");
    assert!(groups[0]["deleted_at"].is_string(), "{groups:?}");
}

async fn a_contact_is_handed_over_or_not(on: On) {
    let world = World::start(on).await;
    let (member, customer) = world.people();
    let other = user("LiSi");
    world
        .sim
        .corp()
        .add_member(Member::new(other.clone(), "李四"));
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world.settle().await;
    world.clock.advance(Duration::from_secs(60));
    let refused = "customer_refused";
    world
        .sim
        .transfer_fails(&other, &customer, refused)
        .await
        .unwrap();
    world.settle().await;
    let kept = world.api("api/v1/contacts/wmCustomer1").await;
    let failure = &kept["transfer_failures"][0];
    assert_eq!(failure["reason"], refused);
    assert_eq!(failure["userid"], "LiSi");
    assert_eq!(kept["follow_users"][0]["userid"], "ZhangSan");

    world.clock.advance(Duration::from_secs(60));
    world
        .sim
        .transfer(&member, &other, &customer)
        .await
        .unwrap();
    world.settle().await;
    let kept = world.api("api/v1/contacts/wmCustomer1").await;
    assert_eq!(kept["follow_users"].as_array().unwrap().len(), 1);
    assert_eq!(kept["follow_users"][0]["userid"], "LiSi");
    assert_eq!(kept["follow_users"][0]["add_way"], 202);
    assert_eq!(kept["transfer_failures"], json!([]), "it has worked since");
    let ending = &kept["endings"][0];
    assert_eq!(
        (&ending["by"], &ending["userid"]),
        (&json!("transfer"), &json!("ZhangSan"))
    );
    assert_eq!(ending["at"], world.clock.now().to_string());
}

async fn a_member_keeps_everything_under_a_new_id(on: On) {
    let world = World::start(on).await;
    let (former, new) = (user("sys0001"), user("WangWu"));
    world
        .sim
        .create_member(Member::new(former.clone(), "王五"))
        .await;
    let mut customers = Vec::new();
    for number in 0..3 {
        let id = contact(&format!("wm{number}"));
        world
            .sim
            .corp()
            .add_contact(Contact::new(id.clone(), "客户"));
        world.sim.customer_adds(&former, &id).await.unwrap();
        customers.push(id);
    }
    world.settle().await;
    world.clock.advance(Duration::from_secs(60));
    world
        .sim
        .customer_deletes(&former, &customers[2])
        .await
        .unwrap();
    world.settle().await;
    let writes = world.calls("user/update");

    world.sim.rename_member(&former, &new).await.unwrap();
    world.settle().await;
    let members = world.items("members").await;
    assert_eq!(members.len(), 1, "{members:?}");
    assert_eq!(members[0]["userid"], "WangWu");
    assert_eq!(members[0]["visible"], true);
    assert_eq!(members[0]["link"]["state"], "confirmed");
    assert_eq!(
        world.calls("user/update"),
        writes,
        "the link stands there already"
    );
    assert_eq!(world.cards(&new), Vec::<String>::new(), "nobody new");
    for (id, greeting) in customers
        .iter()
        .zip([Some("welcomed"), Some("welcomed"), None])
    {
        let kept = world.api(&format!("api/v1/contacts/{id}")).await;
        let follow = &kept["follow_users"][0];
        assert_eq!(follow["userid"], "WangWu");
        assert_eq!(
            follow["deleted_by_contact_at"].is_string(),
            greeting.is_none()
        );
        let greetings = kept["greetings"].as_array().unwrap();
        let told: Vec<_> = greetings
            .iter()
            .map(|g| (g["userid"].as_str(), g["step"].as_str()))
            .collect();
        let expected: Vec<_> = greeting
            .iter()
            .map(|step| (Some("WangWu"), Some(*step)))
            .collect();
        assert_eq!(told, expected);
    }

    world
        .sim
        .rename_member(&new, &user("wangwu"))
        .await
        .unwrap();
    world.settle().await;
    let members = world.items("members").await;
    assert_eq!(
        (members.len(), &members[0]["userid"]),
        (1, &json!("wangwu"))
    );
    for kept in world.items("contacts").await {
        assert_eq!(kept["follow_users"][0]["userid"], "wangwu");
    }
    let states = world.states("events").await;
    assert_eq!(states.keys().collect::<Vec<_>>(), ["done"]);
}

/// More of them than one step looks at.
async fn many_contacts_are_walked_over_to_the_last(on: On) {
    const CUSTOMERS: usize = 230;
    let world = World::start(on).await;
    let (former, new) = (user("sys0001"), user("WangWu"));
    let created = Member::new(former.clone(), "王五");
    world.sim.create_member(created).await;
    for number in 0..CUSTOMERS {
        let id = contact(&format!("wm{number:03}"));
        let customer = Contact::new(id.clone(), "客户");
        world.sim.corp().add_contact(customer);
        world.sim.customer_adds(&former, &id).await.unwrap();
    }
    world.settle().await;
    world.sim.rename_member(&former, &new).await.unwrap();
    world.settle().await;
    let kept = world.items("contacts").await;
    assert_eq!(kept.len(), CUSTOMERS);
    for contact in &kept {
        assert_eq!(contact["follow_users"][0]["userid"], "WangWu");
    }
    for number in [0, CUSTOMERS / 2, CUSTOMERS - 1] {
        let kept = world.api(&format!("api/v1/contacts/wm{number:03}")).await;
        let greetings = kept["greetings"].as_array().unwrap();
        assert_eq!(greetings.len(), 1, "{kept}");
        assert_eq!(greetings[0]["userid"], "WangWu");
    }
    world.sim.delete_member(&new).await.unwrap();
    world.settle().await;
    let left = world.api("api/v1/contacts?members=none&limit=200").await;
    let first = left["items"].as_array().unwrap().len();
    let next = left["next"].as_str().unwrap();
    let path = format!("api/v1/contacts?members=none&limit=200&after={next}");
    let rest = world.api(&path).await["items"].as_array().unwrap().len();
    assert_eq!((first, rest), (200, CUSTOMERS - 200));
    for state in ["waiting", "retrying", "dead"] {
        let open = world.api(&format!("api/v1/events?state={state}")).await;
        assert_eq!(open["items"], json!([]));
    }
}

async fn a_contact_whose_last_member_left_is_listed(on: On) {
    let world = World::start(on).await;
    let member = user("ZhangSan");
    world
        .sim
        .create_member(Member::new(member.clone(), "张三"))
        .await;
    let other = user("LiSi");
    world
        .sim
        .corp()
        .add_member(Member::new(other.clone(), "李四"));
    for number in 0..9 {
        let id = contact(&format!("wm{number}"));
        world
            .sim
            .corp()
            .add_contact(Contact::new(id.clone(), "客户"));
        world.sim.customer_adds(&member, &id).await.unwrap();
        if number % 2 == 0 {
            world.sim.customer_adds(&other, &id).await.unwrap();
        }
    }
    world.settle().await;
    world.sim.delete_member(&member).await.unwrap();
    world.settle().await;
    let mut left = Vec::new();
    let mut after = String::new();
    loop {
        let page = world
            .api(&format!("api/v1/contacts?members=none&limit=3{after}"))
            .await;
        let items = page["items"].as_array().unwrap();
        left.extend(
            items
                .iter()
                .map(|item| item["external_userid"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(left, ["wm1", "wm3", "wm5", "wm7"]);
    assert_eq!(world.items("contacts").await.len(), 9);
    let gone = world.api("api/v1/members/zhangsan").await;
    assert_eq!(gone["visible"], false);
    let wrong = world
        .get("api/v1/contacts?members=all")
        .bearer_auth(crate::world::API_TOKEN);
    assert_eq!(wrong.send().await.unwrap().status(), 400);
}

async fn who_is_in_a_department_that_changes_is_read(on: On) {
    let world = World::start(on).await;
    for number in 0..6 {
        let mut member = Member::new(user(&format!("member{number}")), "成员");
        member.department = vec![1 + number % 2];
        world.sim.create_member(member).await;
    }
    world.settle().await;
    let reads = world.calls("user/get");
    world
        .sim
        .move_member(&user("member0"), &[2, 3])
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(
        world.api("api/v1/members/member0").await["department"],
        json!([2, 3])
    );
    assert_eq!(world.calls("user/get") - reads, 1);

    world.sim.change_party(2, 7, Some(Range::Outside)).await;
    world.settle().await;
    let members = world.items("members").await;
    let seen = members.iter().filter(|member| member["visible"] == true);
    let seen: Vec<_> = seen
        .map(|member| member["userid"].as_str().unwrap())
        .collect();
    assert_eq!(seen, ["member2", "member4"]);
    assert_eq!(world.calls("user/get") - reads, 1 + 4);
}

async fn relations_end_the_same_in_any_order(on: On) {
    let mut ends: Vec<(Value, Vec<Value>)> = Vec::new();
    for order in [Order::AsHappened, Order::Reversed] {
        let world = World::start(on).await;
        let (_, customer) = world.people();
        let (former, new, other) = (user("sys0001"), user("WangWu"), user("LiSi"));
        for (userid, name) in [(&former, "王五"), (&other, "李四")] {
            world
                .sim
                .create_member(Member::new(userid.clone(), name))
                .await;
        }
        world.sim.customer_adds(&former, &customer).await.unwrap();
        world.settle().await;
        let second = || world.clock.advance(Duration::from_secs(1));
        second();
        world.sim.hold_pushes();
        world.sim.rename_member(&former, &new).await.unwrap();
        second();
        world
            .sim
            .transfer_fails(&other, &customer, "customer_limit_exceed")
            .await
            .unwrap();
        second();
        world.sim.transfer(&new, &other, &customer).await.unwrap();
        second();
        world.sim.customer_deletes(&other, &customer).await.unwrap();
        second();
        world.sim.move_member(&other, &[3]).await.unwrap();
        world.sim.release_pushes(order).await;
        world.pass(Duration::from_secs(60)).await;
        let mut end = world.api("api/v1/contacts/wmCustomer1").await;
        end["changed_at"] = Value::Null;
        let mut members = world.items("members").await;
        for member in &mut members {
            member["changed_at"] = Value::Null;
            member["link"]["at"] = Value::Null;
        }
        let by: Vec<_> = end["endings"].as_array().unwrap().iter().collect();
        assert_eq!(by.len(), 2, "{end}");
        assert_eq!(end["follow_users"].as_array().unwrap().len(), 1);
        assert!(end["follow_users"][0]["deleted_by_contact_at"].is_string());
        let states = world.states("events").await;
        assert_eq!(states.keys().collect::<Vec<_>>(), ["done"]);
        ends.push((end, members));
    }
    assert_eq!(ends[0], ends[1]);
}
