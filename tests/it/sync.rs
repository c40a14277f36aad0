//! Stories of syncs: what WeCom never told, or told while nobody listened, is there afterwards. Each is told on both
//! stores.

mod command;
mod decided;
mod groups;
mod scale;
mod shared;
mod truth;

use std::time::Duration;

use serde_json::{Value, json};
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::model::sync::{AskedBy, SyncMode, SyncRequest, SyncScope};
use wecom_bridge::sim::console::CustomerApi;
use wecom_bridge::sim::crowd::Crowd;
use wecom_bridge::sim::faults::{Fault, PushFault};
use wecom_bridge::sim::person::{Counts, Follow, Member, Range, Tag};
use wecom_bridge::worker::reconcile::Schedule;

use crate::world::{API_TOKEN, CORP, On, Setup, World, stories, user};

stories!(
    the_first_sync_finds_everybody_and_the_second_nothing,
    what_was_not_told_is_repaired,
    a_contact_becomes_a_customer,
    who_left_is_seen,
    a_dry_run_counts_and_changes_nothing,
    two_starts_are_one_sync,
    what_a_light_pass_does_not_do_follows_it,
    nobody_found_is_a_warning,
    a_fault_of_the_configuration_ends_it,
    a_member_who_cannot_be_asked_about_spoils_nothing,
    a_cursor_that_is_refused_begins_again,
    switched_off_and_on_again,
    a_part_looks_at_its_members_alone,
    without_the_secret_members_are_listed_by_department,
    where_ids_cannot_be_listed_departments_are,
    links_alone_are_looked_at,
    an_ending_that_was_told_stays,
    a_killed_one_goes_on,
    the_schedule_starts_each_once,
);

/// Starts a sync, lets it run to its end, and tells what came of it.
async fn sync(world: &World, wish: Value) -> Value {
    let begun = begin(world, wish).await;
    world.settle().await;
    let id = begun["id"].as_str().unwrap();
    world.api(&format!("api/v1/syncs/{id}")).await
}

async fn begin(world: &World, wish: Value) -> Value {
    // Syncs are named after the millisecond in which they were asked for.
    world.clock.advance(Duration::from_millis(1));
    let answer = world.post("api/v1/sync").bearer_auth(API_TOKEN).json(&wish);
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status(), 202);
    answer.json().await.unwrap()
}

fn tally(run: &Value, what: &str) -> [u64; 7] {
    [
        "found",
        "added",
        "updated",
        "unchanged",
        "skipped",
        "removed",
        "failed",
    ]
    .map(|column| run["report"][what][column].as_u64().unwrap())
}

/// Everything that is kept of people, without the sync's own notes.
async fn kept(world: &World) -> Vec<Value> {
    let mut all = world.items("contacts").await;
    all.extend(world.items("members").await);
    all
}

fn crowd(world: &World, members: usize, customers: usize) {
    Crowd { members, customers }.join(&mut world.sim.corp());
}

async fn the_first_sync_finds_everybody_and_the_second_nothing(on: On) {
    let world = World::start(on).await;
    crowd(&world, 45, 230);
    let first = sync(&world, json!({})).await;
    assert_eq!(first["state"], "done", "{first}");
    assert_eq!(tally(&first, "members"), [45, 45, 0, 0, 0, 0, 0]);
    assert_eq!(tally(&first, "contacts"), [230, 230, 0, 0, 0, 0, 0]);
    assert_eq!(tally(&first, "relations"), [253, 253, 0, 0, 0, 0, 0]);
    assert_eq!(tally(&first, "links"), [45, 45, 0, 0, 0, 0, 0]);
    assert_eq!(first["report"]["warnings"], json!([]));
    assert_eq!(first["report"]["failures"], json!([]));
    assert_eq!(world.calls("user/update"), 45, "every link is written");
    assert_eq!(
        world.cards(&Crowd::member(3)),
        Vec::<String>::new(),
        "nobody is new"
    );

    let contact = world.api("api/v1/contacts/wmCustomer000010").await;
    assert_eq!(contact["follow_users"].as_array().unwrap().len(), 2);
    let tag = json!({"tag_id": "et3", "group_name": "级别", "tag_name": "级别3", "type": 1});
    assert_eq!(contact["follow_users"][0]["tags"], json!([tag]));
    let tags = world.api("api/v1/tags").await.to_string();
    assert!(tags.contains("级别3"), "{tags}");
    assert_eq!(world.items("contacts").await.len(), 230);
    assert_eq!(world.items("members").await.len(), 45);

    let before = kept(&world).await;
    let second = sync(&world, json!({"scope": "all"})).await;
    assert_eq!(tally(&second, "members"), [45, 0, 0, 45, 0, 0, 0]);
    assert_eq!(tally(&second, "contacts"), [230, 0, 0, 230, 0, 0, 0]);
    assert_eq!(tally(&second, "relations"), [253, 0, 0, 253, 0, 0, 0]);
    assert_eq!(tally(&second, "links"), [45, 0, 0, 45, 0, 0, 0]);
    assert_eq!(kept(&world).await, before);
    assert_eq!(world.calls("externalcontact/get"), 0);

    let syncs = world.items("syncs").await;
    let ids: Vec<_> = syncs.iter().map(|run| &run["id"]).collect();
    assert_eq!(ids, [&second["id"], &first["id"]]);
    world
        .sim
        .faults()
        .always("externalcontact/get", Fault::Html);
    let read = world.items("contacts?members=none").await;
    assert_eq!(read, Vec::<Value>::new());
}

async fn what_was_not_told_is_repaired(on: On) {
    let world = World::start(on).await;
    crowd(&world, 3, 40);
    sync(&world, json!({})).await;
    let (one, two) = (Crowd::customer(1), Crowd::customer(2));
    let mute = || world.sim.faults().next_push(PushFault::Suppress);
    mute();
    world
        .sim
        .member_edits_remark(&Crowd::member(1), &one, "老客户")
        .await
        .unwrap();
    mute();
    world
        .sim
        .customer_adds(&Crowd::member(0), &two)
        .await
        .unwrap();
    mute();
    world
        .sim
        .member_deletes(&Crowd::member(0), &Crowd::customer(3))
        .await
        .unwrap();
    // Changes that WeCom tells nobody.
    world
        .sim
        .corp()
        .contact_mut(&Crowd::customer(4))
        .unwrap()
        .name = "改名".into();
    let tag = Tag {
        tag_id: "etNew".into(),
        group_name: "来源".into(),
        tag_name: "展会".into(),
    };
    world
        .sim
        .corp()
        .follow_mut(&Crowd::member(2), &Crowd::customer(5))
        .unwrap()
        .tags = vec![tag];
    world
        .sim
        .corp()
        .add_member(Member::new(user("New"), "新人"));
    mute();
    mute();
    world.sim.delete_member(&Crowd::member(2)).await.unwrap();
    world
        .sim
        .corp()
        .add_member(Member::new(Crowd::member(2), "同名"));
    world.sim.corp().follow(
        &Crowd::member(2),
        &Crowd::customer(5),
        Follow::new(world.clock.now()),
    );
    world.settle().await;
    // What was written a moment ago may be newer than a page: it would be read by itself.
    world.clock.advance(Duration::from_secs(61));

    let run = sync(&world, json!({})).await;
    let contact = async |n: usize| {
        world
            .api(&format!("api/v1/contacts/{}", Crowd::customer(n)))
            .await
    };
    assert_eq!(contact(1).await["follow_users"][0]["remark"], "老客户");
    assert_eq!(
        contact(2).await["follow_users"].as_array().unwrap().len(),
        1,
        "{run}"
    );
    assert_eq!(contact(2).await["follow_users"][0]["userid"], "Member00000");
    assert_eq!(contact(3).await["follow_users"], json!([]));
    assert_eq!(contact(4).await["name"], "改名");
    assert_eq!(
        contact(5).await["follow_users"].as_array().unwrap().len(),
        1
    );
    assert_eq!(world.api("api/v1/members/new").await["name"], "新人");
    assert_eq!(world.cards(&user("New")), ["你已加入“与我协作”"]);
    assert_eq!(
        world.api("api/v1/members/member00002").await["name"],
        "同名"
    );
    assert_eq!(tally(&run, "members"), [4, 1, 1, 2, 0, 0, 0], "{run}");
    assert_eq!(
        run["report"]["without_member"],
        run["report"]["contacts"]["removed"]
    );
    let lonely = world.items("contacts?members=none").await;
    assert_eq!(json!(lonely.len()), run["report"]["without_member"]);
    assert!(
        lonely
            .iter()
            .all(|contact| contact["follow_users"] == json!([]))
    );
}

async fn a_contact_becomes_a_customer(on: On) {
    let world = World::start(on).await;
    let (member, customer) = world.people();
    {
        let mut corp = world.sim.corp();
        corp.follow(&member, &customer, Follow::new(world.clock.now()));
        corp.contact_mut(&customer).unwrap().counts = Counts::Stranger;
    }
    let run = sync(&world, json!({"scope": "contacts"})).await;
    assert_eq!(tally(&run, "contacts"), [0, 0, 0, 0, 1, 0, 0]);
    assert_eq!(world.items("contacts").await, Vec::<Value>::new());
    world.sim.corp().contact_mut(&customer).unwrap().counts = Counts::Customer;
    let run = sync(&world, json!({"scope": "contacts"})).await;
    assert_eq!(tally(&run, "contacts"), [1, 1, 0, 0, 0, 0, 0]);
    assert_eq!(world.items("contacts").await.len(), 1);
    assert_eq!(world.calls("user/get"), 0, "the scope is contacts");
}

async fn who_left_is_seen(on: On) {
    let world = World::start(on).await;
    crowd(&world, 3, 30);
    sync(&world, json!({})).await;
    world.sim.corp().remove_member(&Crowd::member(1));
    world
        .sim
        .corp()
        .member_mut(&Crowd::member(2))
        .unwrap()
        .app_range = Range::Outside;
    let run = sync(&world, json!({})).await;
    assert_eq!(
        tally(&run, "members"),
        [2, 0, 0, 1, 0, 2, 0],
        "listed by id, but one of them is not visible"
    );
    let visible: Vec<_> = world
        .items("members")
        .await
        .iter()
        .map(|member| member["visible"].as_bool().unwrap())
        .collect();
    assert_eq!(visible, [true, false, false]);
    let lonely = world.items("contacts?members=none").await.len();
    assert_eq!(run["report"]["without_member"], lonely);
    assert!(lonely > 15, "{lonely}");
    let again = sync(&world, json!({})).await;
    assert_eq!(again["report"]["without_member"], lonely);
    assert_eq!(again["report"]["contacts"]["removed"], 0);
}

async fn a_dry_run_counts_and_changes_nothing(on: On) {
    let world = World::start(on).await;
    crowd(&world, 4, 25);
    let dry = sync(&world, json!({"dry_run": true})).await;
    assert_eq!(dry["mode"], "dry_run");
    assert_eq!(tally(&dry, "members"), [4, 4, 0, 0, 0, 0, 0]);
    assert_eq!(tally(&dry, "contacts"), [25, 25, 0, 0, 0, 0, 0]);
    assert_eq!(tally(&dry, "links"), [4, 4, 0, 0, 0, 0, 0]);
    assert_eq!(kept(&world).await, Vec::<Value>::new());
    assert_eq!(world.items("outgoing").await, Vec::<Value>::new());
    assert_eq!(world.calls("user/update"), 0);
    let wet = sync(&world, json!({})).await;
    for what in ["members", "contacts", "relations", "links"] {
        assert_eq!(tally(&wet, what), tally(&dry, what), "{what}");
    }
}

async fn two_starts_are_one_sync(on: On) {
    let world = World::start(on).await;
    crowd(&world, 30, 10);
    let first = begin(&world, json!({})).await;
    world.step().await;
    let second = begin(&world, json!({"scope": "members"})).await;
    assert_eq!(first["id"], second["id"], "the running one is told");
    // Two that ask before the first has begun.
    world.settle().await;
    begin(&world, json!({})).await;
    begin(&world, json!({})).await;
    world.settle().await;
    let syncs = world.items("syncs").await;
    assert_eq!(syncs.len(), 2, "{syncs:?}");
    assert!(syncs.iter().all(|run| run["state"] == "done"));
}

async fn what_a_light_pass_does_not_do_follows_it(on: On) {
    let world = World::start(on).await;
    crowd(&world, 30, 10);
    world.start_part(3).await;
    world.step().await;
    let told = begin(&world, json!({})).await;
    assert_eq!(told["part"]["number"], 3, "{told}");
    world.step().await;
    // As if the address had been changed meanwhile.
    world.clock.advance(Duration::from_millis(1));
    let links = OwnEvent::StartSync(SyncRequest {
        scope: SyncScope::Links,
        mode: SyncMode::Repair,
        by: AskedBy::Switch,
        part: None,
    });
    world.ask(&links).await;
    world.settle().await;
    let syncs = world.items("syncs").await;
    assert_eq!(syncs.len(), 2, "{syncs:?}");
    assert!(syncs.iter().all(|run| run["state"] == "done"), "{syncs:?}");
    assert_eq!(
        (&syncs[0]["scope"], &syncs[0]["by"], &syncs[0]["part"]),
        (&json!("all"), &json!("admin"), &Value::Null)
    );
    assert_eq!(tally(&syncs[0], "contacts")[0], 10);
}

async fn nobody_found_is_a_warning(on: On) {
    let world = World::start(on).await;
    crowd(&world, 2, 5);
    for n in 0..2 {
        world
            .sim
            .corp()
            .member_mut(&Crowd::member(n))
            .unwrap()
            .follow_range = Range::Outside;
    }
    let run = sync(&world, json!({"scope": "contacts"})).await;
    let warnings = run["report"]["warnings"].to_string();
    for place in ["客户联系 → 权限配置 → 使用范围", "可见范围"] {
        assert!(warnings.contains(place), "{warnings}");
    }
    assert_eq!(tally(&run, "contacts")[..4], [0, 0, 0, 0]);
    assert_eq!(run["state"], "done");
}

async fn a_fault_of_the_configuration_ends_it(on: On) {
    let world = World::start(on).await;
    crowd(&world, 2, 5);
    world.sim.corp().console.customer_api = CustomerApi::NotListed;
    let run = sync(&world, json!({})).await;
    assert_eq!(run["state"], "failed", "{run}");
    assert_eq!(tally(&run, "members"), [2, 2, 0, 0, 0, 0, 0]);
    let report = run["report"].to_string();
    assert!(report.contains("可调用接口的应用"), "{report}");
    let dead = world.items("events?state=dead").await;
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0]["kind"], "sync_step");

    world.sim.corp().console.customer_api = CustomerApi::Listed;
    let begun = begin(&world, json!({})).await;
    assert_eq!(begun["id"], run["id"], "it goes on");
    world.settle().await;
    let done = world
        .api(&format!("api/v1/syncs/{}", run["id"].as_str().unwrap()))
        .await;
    assert_eq!(done["state"], "done");
    assert_eq!(tally(&done, "members"), [2, 2, 0, 0, 0, 0, 0]);
    assert_eq!(tally(&done, "contacts"), [5, 5, 0, 0, 0, 0, 0]);
}

async fn a_member_who_cannot_be_asked_about_spoils_nothing(on: On) {
    let world = World::start(on).await;
    crowd(&world, 9, 60);
    // As if a member left between the list and the call.
    world
        .sim
        .faults()
        .next("externalcontact/batch/get_by_user", Fault::ErrCode(40003));
    let run = sync(&world, json!({})).await;
    assert_eq!(tally(&run, "contacts"), [60, 60, 0, 0, 0, 0, 0]);
    world.sim.faults().next("user/get", Fault::ErrCode(40058));
    let run = sync(&world, json!({})).await;
    assert_eq!(tally(&run, "members"), [9, 0, 0, 8, 0, 0, 1]);
    assert!(
        run["report"]["failures"][0]
            .as_str()
            .unwrap()
            .contains("40058"),
        "{run}"
    );
    assert_eq!(run["state"], "done");
}

async fn a_cursor_that_is_refused_begins_again(on: On) {
    let world = World::start(on).await;
    crowd(&world, 2, 250);
    world.sim.faults().next(
        "externalcontact/batch/get_by_user",
        Fault::Slow(Duration::ZERO),
    );
    world
        .sim
        .faults()
        .next("externalcontact/batch/get_by_user", Fault::ErrCode(60268));
    let run = sync(&world, json!({})).await;
    assert_eq!(tally(&run, "contacts"), [250, 250, 0, 0, 0, 0, 0]);
    assert_eq!(tally(&run, "relations"), [275, 275, 0, 0, 0, 0, 0]);
    assert_eq!(world.calls("externalcontact/batch/get_by_user"), 5);
    // Refused for ever, the rest is read one by one, where it is kept.
    world
        .sim
        .corp()
        .follow_mut(&Crowd::member(1), &Crowd::customer(1))
        .unwrap()
        .remark = "新".into();
    world.clock.advance(Duration::from_secs(61));
    world
        .sim
        .faults()
        .always("externalcontact/batch/get_by_user", Fault::ErrCode(60268));
    let run = sync(&world, json!({"scope": "contacts"})).await;
    assert_eq!(tally(&run, "contacts"), [250, 0, 1, 249, 0, 0, 0], "{run}");
    assert_eq!(
        world.api("api/v1/contacts/wmCustomer000001").await["follow_users"][0]["remark"],
        "新"
    );
}

async fn switched_off_and_on_again(on: On) {
    let world = World::start(on).await;
    let (member, customer) = world.people();
    let path = format!("api/v1/corps/{CORP}/auto-sync");
    let switch = async |to: bool| {
        world.clock.advance(Duration::from_millis(1));
        let url = world.base.join(&path).unwrap();
        let answer = world
            .http
            .put(url)
            .bearer_auth(API_TOKEN)
            .json(&json!({"on": to}));
        assert_eq!(answer.send().await.unwrap().status(), 202);
        world.settle().await;
        world.api(&path).await
    };
    assert_eq!(
        world.api(&path).await,
        json!({"corp": CORP, "on": true, "configured": true})
    );
    assert_eq!(switch(false).await["on"], false);
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world.settle().await;
    assert_eq!(world.welcomes(), 1, "the welcome is no change of a contact");
    assert_eq!(world.items("contacts").await, Vec::<Value>::new());
    assert_eq!(world.items("syncs").await, Vec::<Value>::new());

    assert_eq!(switch(true).await["on"], true);
    assert_eq!(
        world.items("contacts").await.len(),
        1,
        "what came meanwhile is not lost"
    );
    let syncs = world.items("syncs").await;
    assert_eq!(
        (syncs.len(), &syncs[0]["by"], &syncs[0]["scope"]),
        (1, &json!("switch"), &json!("all"))
    );
    switch(true).await;
    assert_eq!(world.items("syncs").await.len(), 1, "it was on");
    world
        .sim
        .member_edits_remark(&member, &customer, "新")
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(
        world.items("contacts").await[0]["follow_users"][0]["remark"],
        "新"
    );

    // Configured off, switched on: the switch counts, and is remembered.
    let off = Setup {
        auto_sync: false,
        ..Setup::default()
    };
    let world = World::with(on, off).await;
    assert_eq!(world.api(&path).await["on"], false);
}

async fn a_part_looks_at_its_members_alone(on: On) {
    let world = World::start(on).await;
    crowd(&world, 48, 96);
    sync(&world, json!({})).await;
    let calls = world.calls("user/get");
    for n in 0..96 {
        world
            .sim
            .corp()
            .contact_mut(&Crowd::customer(n))
            .unwrap()
            .name = "改名".into();
    }
    world.clock.advance(Duration::from_secs(61));
    let mut renamed = 0;
    for hour in 0..24 {
        world.start_part(hour).await;
        world.settle().await;
        let contacts = world.items("contacts").await;
        let now = contacts
            .iter()
            .filter(|contact| contact["name"] == "改名")
            .count();
        assert!(now >= renamed);
        renamed = now;
        world.clock.advance(Duration::from_secs(3600));
    }
    assert_eq!(renamed, 96);
    assert_eq!(world.calls("user/get"), calls + 48, "everybody once a day");
    let syncs = world.items("syncs").await;
    assert_eq!(syncs.len(), 25);
    assert!(syncs.iter().all(|run| run["state"] == "done"), "{syncs:?}");
}

async fn a_killed_one_goes_on(on: On) {
    let mut world = World::start(on).await;
    crowd(&world, 25, 260);
    let begun = begin(&world, json!({})).await;
    let path = format!("api/v1/syncs/{}", begun["id"].as_str().unwrap());
    world.step().await;
    let mut lives = 0;
    let run = loop {
        // Some steps, and then one that is broken off in the middle: its claim stays until the lease has run out.
        for _ in 0..lives {
            world.step().await;
        }
        for api in ["user/get", "externalcontact/batch/get_by_user"] {
            let slow = Fault::Slow(Duration::from_millis(300));
            world.sim.faults().always(api, slow);
        }
        let _ = tokio::time::timeout(Duration::from_millis(100), world.step()).await;
        world.sim.faults().clear();
        world.reopen().await;
        world.clock.advance(Duration::from_secs(46));
        lives += 1;
        let run = world.api(&path).await;
        if run["state"] != "running" {
            break run;
        }
        assert!(lives < 50, "{run}");
    };
    assert!(lives > 2, "it was killed while it ran");
    assert_eq!(run["state"], "done", "{run}");
    assert_eq!(tally(&run, "members"), [25, 25, 0, 0, 0, 0, 0]);
    assert_eq!(tally(&run, "contacts"), [260, 260, 0, 0, 0, 0, 0]);
    assert_eq!(tally(&run, "relations"), [286, 286, 0, 0, 0, 0, 0]);
    assert_eq!(world.items("contacts").await.len(), 260);
}

async fn the_schedule_starts_each_once(on: On) {
    let mut world = World::start(on).await;
    crowd(&world, 24, 30);
    let schedule = Schedule {
        nightly: Some(Duration::from_secs(3 * 3600 + 1800)),
        hourly: true,
    };
    let mut started = 0;
    for quarter in 0..24 * 4 {
        started += world.start_due(schedule).await;
        // The same again, as by another process, or by one that was started a moment ago.
        assert_eq!(world.start_due(schedule).await, 0);
        world.settle().await;
        if quarter % 40 == 7 {
            world.reopen().await;
            assert_eq!(world.start_due(schedule).await, 0);
        }
        world.clock.advance(Duration::from_secs(15 * 60));
    }
    assert!((25..=26).contains(&started), "{started}");
    let syncs = world.items("syncs").await;
    assert_eq!(syncs.len(), started);
    let whole = syncs.iter().filter(|run| run["part"].is_null()).count();
    assert_eq!(whole, 1);
    for run in &syncs {
        assert_eq!(
            (&run["by"], &run["state"]),
            (&json!("schedule"), &json!("done"))
        );
    }
    assert_eq!(world.items("contacts").await.len(), 30);
}

async fn without_the_secret_members_are_listed_by_department(on: On) {
    let by_hand = Setup {
        contact_sync: false,
        ..Setup::default()
    };
    let world = World::with(on, by_hand).await;
    crowd(&world, 130, 5);
    // A member of two departments is one member.
    let mut member = Member::new(Crowd::member(7), "两个部门");
    member.department = vec![2, 3];
    world.sim.corp().add_member(member);
    let run = sync(&world, json!({"scope": "members"})).await;
    assert_eq!(tally(&run, "members"), [130, 130, 0, 0, 0, 0, 0], "{run}");
    assert_eq!(tally(&run, "links")[0], 130);
    assert_eq!(world.calls("user/list_id"), 0);
    assert_eq!(world.calls("user/get"), 130);
    assert_eq!(world.calls("externalcontact/batch/get_by_user"), 0);

    // One department is gone, another cannot be read: the first is nothing, the second is told.
    world
        .sim
        .faults()
        .next("user/simplelist", Fault::ErrCode(60003));
    world.sim.faults().next("user/simplelist", Fault::Html);
    let run = sync(&world, json!({"scope": "members"})).await;
    assert_eq!(run["report"]["members"]["failed"], 1, "{run}");
    assert_eq!(
        run["report"]["members"]["removed"], 0,
        "who is not listed is read"
    );
    assert_eq!(run["state"], "done");
}

async fn where_ids_cannot_be_listed_departments_are(on: On) {
    let world = World::start(on).await;
    crowd(&world, 3, 2);
    world
        .sim
        .faults()
        .always("user/list_id", Fault::ErrCode(60020));
    let run = sync(&world, json!({})).await;
    assert_eq!(tally(&run, "members"), [3, 3, 0, 0, 0, 0, 0]);
    assert_eq!(run["state"], "done");
    let warnings = run["report"]["warnings"].to_string();
    assert!(warnings.contains("管理工具 → 通讯录同步"), "{warnings}");

    world.sim.faults().clear();
    world
        .sim
        .faults()
        .next("user/list_id", Fault::ErrCode(60268));
    let run = sync(&world, json!({})).await;
    assert_eq!(tally(&run, "members"), [3, 0, 0, 3, 0, 0, 0]);
    assert_eq!(run["report"]["warnings"], json!([]));
    world
        .sim
        .faults()
        .always("user/list_id", Fault::ErrCode(60268));
    let run = sync(&world, json!({"scope": "members"})).await;
    assert_eq!(tally(&run, "members"), [3, 0, 0, 3, 0, 0, 0]);
    assert_eq!(run["state"], "done");
}

async fn links_alone_are_looked_at(on: On) {
    let world = World::start(on).await;
    crowd(&world, 30, 2);
    let none = sync(&world, json!({"scope": "links"})).await;
    assert_eq!(tally(&none, "links"), [0; 7], "nobody is kept yet");
    sync(&world, json!({"scope": "members"})).await;
    let run = sync(&world, json!({"scope": "links"})).await;
    assert_eq!(tally(&run, "links"), [30, 0, 0, 30, 0, 0, 0]);
    assert_eq!(tally(&run, "contacts"), [0; 7]);
    assert_eq!(world.calls("user/update"), 30);
}

/// WeCom goes on listing a member whom the contact has deleted; only the event tells, and a sync must not forget it.
async fn an_ending_that_was_told_stays(on: On) {
    let world = World::start(on).await;
    crowd(&world, 2, 6);
    sync(&world, json!({})).await;
    let (member, customer) = (Crowd::member(1), Crowd::customer(1));
    world
        .sim
        .customer_deletes(&member, &customer)
        .await
        .unwrap();
    world.settle().await;
    let kept = world.api("api/v1/contacts/wmCustomer000001").await;
    assert!(kept["follow_users"][0]["deleted_by_contact_at"].is_string());
    world.clock.advance(Duration::from_secs(61));
    let run = sync(&world, json!({})).await;
    assert_eq!(tally(&run, "contacts"), [6, 0, 0, 6, 0, 0, 0]);
    assert_eq!(world.api("api/v1/contacts/wmCustomer000001").await, kept);
}
