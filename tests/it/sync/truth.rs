//! Whatever happened, in whatever order, told or not, and however often the service died: the next sync ends in what is
//! true at WeCom. The simulator is the oracle.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use wecom_bridge::model::chat::ChatPerson;
use wecom_bridge::model::ids::ChatId;
use wecom_bridge::model::time::Timestamp;
use wecom_bridge::sim::Sim;
use wecom_bridge::sim::corp::Corp;
use wecom_bridge::sim::crowd::Crowd;
use wecom_bridge::sim::faults::{Fault, PushFault};
use wecom_bridge::sim::person::{Counts, Follow, Member, Range, Stage, Tag};

use crate::sync::groups::{group, kept_groups, true_groups};
use crate::sync::{begin, sync, tally};
use crate::world::{On, World};

const MEMBERS: usize = 4;
const CUSTOMERS: usize = 7;

/// Something that happens.
#[derive(Debug, Clone)]
enum Event {
    At(Change, usize, usize, Told),
    StartSync,
    StartPart(u32),
    Step,
    Settle,
    Kill,
    Pass(u64),
    Trouble(&'static str, i64),
}

#[derive(Debug, Clone, Copy)]
enum Told {
    Yes,
    No,
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Adds,
    HalfAdds,
    Edits,
    MemberDeletes,
    CustomerDeletes,
    Leaves,
    Returns,
    OutOfRange,
    IntoRange,
    Renamed,
    Tagged,
    Stranger,
    Customer,
    GroupMade,
    GroupRenamed,
    GroupJoined,
    GroupLeft,
    GroupDismissed,
}

fn change() -> impl Strategy<Value = Change> {
    prop::sample::select(vec![
        Change::Adds,
        Change::Adds,
        Change::Adds,
        Change::HalfAdds,
        Change::Edits,
        Change::MemberDeletes,
        Change::CustomerDeletes,
        Change::Leaves,
        Change::Returns,
        Change::OutOfRange,
        Change::IntoRange,
        Change::Renamed,
        Change::Tagged,
        Change::Stranger,
        Change::Customer,
        Change::GroupMade,
        Change::GroupMade,
        Change::GroupRenamed,
        Change::GroupJoined,
        Change::GroupLeft,
        Change::GroupDismissed,
    ])
}

fn event() -> impl Strategy<Value = Event> {
    let told = prop::sample::select(vec![Told::Yes, Told::No]);
    let changes = (change(), 0..MEMBERS, 0..CUSTOMERS, told)
        .prop_map(|(change, m, c, told)| Event::At(change, m, c, told));
    let api = prop::sample::select(vec![
        "user/get",
        "externalcontact/batch/get_by_user",
        "externalcontact/get",
        "externalcontact/get_follow_user_list",
        "user/list_id",
        "externalcontact/groupchat/list",
        "externalcontact/groupchat/get",
    ]);
    let code = prop::sample::select(vec![-1, 60268, 45033, 40003, 45009]);
    prop_oneof![
        12 => changes,
        2 => Just(Event::StartSync),
        1 => (0_u32..24).prop_map(Event::StartPart),
        6 => Just(Event::Step),
        1 => Just(Event::Settle),
        1 => Just(Event::Kill),
        1 => (1_u64..90).prop_map(Event::Pass),
        1 => (api, code).prop_map(|(api, code)| Event::Trouble(api, code)),
    ]
}

#[test]
fn the_embedded_store_ends_in_the_truth() {
    ends_in_the_truth(On::Embedded, 16);
}

#[test]
fn redis_ends_in_the_truth() {
    ends_in_the_truth(On::Redis, 6);
}

fn ends_in_the_truth(on: On, cases: u32) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases,
        max_shrink_iters: 40,
        failure_persistence: None,
        ..Config::default()
    };
    let story = prop::collection::vec(event(), 10..60);
    let result = TestRunner::new(config).run(&story, |events| {
        runtime.block_on(play(on, &events));
        Ok(())
    });
    result.unwrap();
}

async fn play(on: On, events: &[Event]) {
    let mut world = World::start(on).await;
    let crowd = Crowd {
        members: MEMBERS,
        customers: CUSTOMERS,
    };
    crowd.join(&mut world.sim.corp());
    for event in events {
        happen(&mut world, event).await;
    }
    world.sim.faults().clear();
    world.pass(Duration::from_secs(3600)).await;
    let begun = sync(&world, json!({})).await;
    world.pass(Duration::from_secs(60)).await;
    let id = begun["id"].as_str().unwrap();
    let run = world.api(&format!("api/v1/syncs/{id}")).await;
    assert_eq!(run["state"], "done", "{run}");
    assert_eq!(
        kept_contacts(&world).await,
        true_contacts(&world.sim.corp())
    );
    assert_eq!(kept_members(&world).await, true_members(&world.sim.corp()));
    let mut groups = kept_groups(&world).await;
    // Those that the app cannot see any more are kept as they were.
    groups.retain(|id, _| !is_out_of_sight(&world.sim.corp(), id));
    assert_eq!(groups, true_groups(&world.sim.corp()));

    let dry = sync(&world, json!({"dry_run": true})).await;
    for what in ["members", "contacts", "relations", "chats"] {
        let [found, added, updated, unchanged, _, removed, failed] = tally(&dry, what);
        let changes = (added, updated, removed, failed);
        assert_eq!(changes, (0, 0, 0, 0), "{what}: {dry}");
        assert!(unchanged <= found);
    }
}

async fn happen(world: &mut World, event: &Event) {
    match event {
        Event::At(change, m, c, told) => {
            if let Told::No = told {
                // As many as one change can cause.
                for _ in 0..2 {
                    world.sim.faults().next_push(PushFault::Suppress);
                }
            }
            happen_at(&world.sim, *change, (*m, *c), world.clock.now()).await;
            // What one change has not used up must not silence the next.
            let left = world.sim.faults().left();
            if left.iter().any(|fault| fault.starts_with("push")) {
                world.sim.faults().clear();
            }
        }
        Event::StartSync => {
            begin(world, json!({})).await;
        }
        Event::StartPart(number) => {
            world.clock.advance(Duration::from_millis(1));
            world.start_part(*number).await;
        }
        Event::Step => {
            world.step().await;
        }
        Event::Settle => world.settle().await,
        Event::Kill => {
            for api in [
                "user/get",
                "externalcontact/batch/get_by_user",
                "externalcontact/get",
                "externalcontact/groupchat/list",
                "externalcontact/groupchat/get",
            ] {
                let slow = Fault::Slow(Duration::from_millis(40));
                world.sim.faults().always(api, slow);
            }
            let _ = tokio::time::timeout(Duration::from_millis(15), world.step()).await;
            world.sim.faults().clear();
            world.reopen().await;
        }
        Event::Pass(seconds) => world.clock.advance(Duration::from_secs(*seconds)),
        Event::Trouble(api, code) => world.sim.faults().next(api, Fault::ErrCode(*code)),
    }
}

/// What is impossible as things stand does not happen.
async fn happen_at(sim: &Sim, change: Change, (m, c): (usize, usize), now: Timestamp) {
    let (member, customer) = (Crowd::member(m), Crowd::customer(c));
    match change {
        Change::Adds => drop(sim.customer_adds(&member, &customer).await),
        Change::HalfAdds => drop(sim.customer_half_adds(&member, &customer).await),
        Change::Edits => {
            let remark = format!("备注{}", now.millis());
            drop(sim.member_edits_remark(&member, &customer, &remark).await);
        }
        Change::MemberDeletes => drop(sim.member_deletes(&member, &customer).await),
        Change::CustomerDeletes => drop(sim.customer_deletes(&member, &customer).await),
        Change::Leaves => drop(sim.delete_member(&member).await),
        Change::Returns => {
            let is_away = sim.corp().member(&member).is_none();
            if is_away {
                sim.create_member(Member::new(member, "回来")).await;
            }
        }
        Change::OutOfRange => drop(sim.change_app_range(&member, Range::Outside).await),
        Change::IntoRange => drop(sim.change_app_range(&member, Range::Inside).await),
        Change::Renamed => {
            let name = format!("改名{}", now.millis());
            sim.corp().contact_mut(&customer).unwrap().name = name;
        }
        Change::Tagged => {
            if let Some(follow) = sim.corp().follow_mut(&member, &customer) {
                follow.tags = vec![Tag {
                    tag_id: format!("etNew{c}"),
                    group_name: "来源".into(),
                    tag_name: format!("来源{c}"),
                }];
            }
        }
        Change::GroupMade => {
            let is_new = !sim.corp().groups().contains_key(&group(c));
            if is_new {
                drop(sim.create_group(&member, &group(c), "群").await);
            }
        }
        Change::GroupRenamed => {
            let name = format!("群{}", now.millis());
            drop(sim.renames_group(&group(c), &name).await);
        }
        Change::GroupJoined => {
            let who = ChatPerson::Outside(Crowd::customer((c + m) % CUSTOMERS));
            drop(sim.joins_group(&group(c), who).await);
        }
        Change::GroupLeft => {
            let who = ChatPerson::Outside(Crowd::customer((c + m) % CUSTOMERS));
            drop(sim.leaves_group(&group(c), who).await);
        }
        Change::GroupDismissed => drop(sim.dismiss_group(&group(c)).await),
        Change::Stranger => sim.corp().contact_mut(&customer).unwrap().counts = Counts::Stranger,
        Change::Customer => sim.corp().contact_mut(&customer).unwrap().counts = Counts::Customer,
    }
}

/// A contact: its name, and for each member the remark and the tags.
type People = BTreeMap<String, (String, BTreeMap<String, (String, BTreeSet<String>)>)>;

/// Contacts whom nobody has are left out: whether they were ever kept depends on what was told.
async fn kept_contacts(world: &World) -> People {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut people = People::new();
    for contact in world.items("contacts").await {
        let follows: BTreeMap<_, _> = contact["follow_users"]
            .as_array()
            .unwrap()
            .iter()
            .map(|follow| {
                let tags = follow["tags"].as_array().into_iter().flatten();
                let tags = tags.map(|tag| {
                    ["tag_id", "group_name", "tag_name"]
                        .map(|field| text(&tag[field]))
                        .join(" ")
                });
                let userid = text(&follow["userid"]).to_lowercase();
                (userid, (text(&follow["remark"]), tags.collect()))
            })
            .collect();
        if !follows.is_empty() {
            let id = text(&contact["external_userid"]);
            people.insert(id, (text(&contact["name"]), follows));
        }
    }
    people
}

fn true_contacts(corp: &Corp) -> People {
    let mut people = People::new();
    let serves = |key: &String| {
        let member = corp.members().get(key);
        member.is_some_and(|m| m.visible() && m.follow_range == Range::Inside)
    };
    for (id, contact) in corp.contacts() {
        if contact.counts == Counts::Stranger {
            continue;
        }
        let told = |follow: &Follow| {
            let remark = match follow.remark.is_empty() {
                true => contact.name.clone(),
                false => follow.remark.clone(),
            };
            let tags = follow.tags.iter().map(|tag| {
                let Tag {
                    tag_id,
                    group_name,
                    tag_name,
                } = tag;
                format!("{tag_id} {group_name} {tag_name}")
            });
            (remark, tags.collect())
        };
        let follows: BTreeMap<_, _> = contact
            .follows()
            .iter()
            .filter(|(key, follow)| serves(key) && follow.stage != Stage::Half)
            .map(|(key, follow)| (key.clone(), told(follow)))
            .collect();
        if !follows.is_empty() {
            people.insert(id.to_string(), (contact.name.clone(), follows));
        }
    }
    people
}

fn is_out_of_sight(corp: &Corp, id: &str) -> bool {
    let group = corp.groups().get(&ChatId::parse(id).unwrap()).unwrap();
    let owner = corp.member(&group.state().owner);
    let in_sight = owner.is_some_and(|it| it.visible() && it.follow_range == Range::Inside);
    !in_sight && !group.state().dismissed
}

async fn kept_members(world: &World) -> BTreeMap<String, String> {
    let members = world.items("members").await;
    let visible = members.iter().filter(|member| member["visible"] == true);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    visible
        .map(|member| {
            (
                text(&member["userid"]).to_lowercase(),
                text(&member["name"]),
            )
        })
        .collect()
}

fn true_members(corp: &Corp) -> BTreeMap<String, String> {
    let visible = corp.members().iter().filter(|(_, member)| member.visible());
    visible
        .map(|(key, member)| (key.clone(), member.name.clone()))
        .collect()
}
