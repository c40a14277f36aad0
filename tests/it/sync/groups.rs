//! Groups of customers: what WeCom never told of them is there after the next full sync.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use wecom_bridge::model::chat::{Chat, ChatPerson};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::ids::ChatId;
use wecom_bridge::sim::corp::Corp;
use wecom_bridge::sim::crowd::Crowd;
use wecom_bridge::sim::faults::{Fault, PushFault};
use wecom_bridge::sim::person::Range;

use crate::sync::{begin, crowd, sync, tally};
use crate::world::{On, World, stories};

const LIST: &str = "externalcontact/groupchat/list";
const GET: &str = "externalcontact/groupchat/get";

stories!(
    groups_that_nobody_told_of_are_found,
    what_was_not_told_of_groups_is_repaired,
    a_lost_end_is_like_one_that_was_told,
    what_is_shown_again_has_not_ended,
    news_on_their_way_are_waited_for,
    an_owner_out_of_sight_leaves_the_group_as_it_is,
    an_owner_who_cannot_be_asked_about_spoils_nothing,
    a_list_that_changes_is_read_again,
    without_the_right_to_read_groups_the_rest_is_synced,
    a_dry_run_counts_groups,
    a_light_pass_reads_no_groups,
    a_killed_sync_of_groups_goes_on,
);

pub(super) fn group(n: usize) -> ChatId {
    ChatId::parse(&format!("wrGroup{n:04}")).unwrap()
}

/// Groups of two that nobody tells of, each with an owner of the crowd.
pub(super) async fn groups(world: &World, members: usize, groups: usize) {
    for n in 0..groups {
        let owner = Crowd::member(n % members);
        mute(world);
        let name = format!("客户群{n}");
        let created = world.sim.create_group(&owner, &group(n), &name).await;
        created.unwrap();
        mute(world);
        let who = ChatPerson::Outside(Crowd::customer(n % 5));
        world.sim.joins_group(&group(n), who).await.unwrap();
    }
    world.clock.advance(Duration::from_secs(5));
}

fn mute(world: &World) {
    world.sim.faults().next_push(PushFault::Suppress);
}

/// Groups that still are: the name, the owner, and who is in it.
pub(super) type Groups = BTreeMap<String, (String, String, BTreeSet<String>)>;

pub(super) async fn kept_groups(world: &World) -> Groups {
    let chats = world.items("chats").await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let people = |chat: &Value| {
        let people = chat["members"].as_array().unwrap().iter();
        people
            .map(|person| {
                text(&person["userid"]).to_lowercase() + &text(&person["external_userid"])
            })
            .collect()
    };
    chats
        .iter()
        .filter(|chat| chat["dismissed_at"].is_null())
        .map(|chat| {
            let owner = text(&chat["owner"]).to_lowercase();
            (
                text(&chat["chat_id"]),
                (text(&chat["name"]), owner, people(chat)),
            )
        })
        .collect()
}

/// Those whose owner the app can see.
pub(super) fn true_groups(corp: &Corp) -> Groups {
    let groups = corp.groups().iter();
    let id = |who: &ChatPerson| match who {
        ChatPerson::Member(id) => id.as_str().to_lowercase(),
        ChatPerson::Outside(id) => id.to_string(),
    };
    groups
        .map(|(chat, group)| (chat, group.state()))
        .filter(|(_, state)| {
            !state.dismissed
                && corp
                    .member(&state.owner)
                    .is_some_and(|it| it.visible() && it.follow_range == Range::Inside)
        })
        .map(|(chat, state)| {
            let owner = state.owner.as_str().to_lowercase();
            let people = state.people.keys().map(id).collect();
            (chat.to_string(), (state.name.clone(), owner, people))
        })
        .collect()
}

async fn groups_that_nobody_told_of_are_found(on: On) {
    let world = World::start(on).await;
    crowd(&world, 3, 5);
    groups(&world, 3, 45).await;
    let first = sync(&world, json!({})).await;
    assert_eq!(first["state"], "done", "{first}");
    assert_eq!(tally(&first, "chats"), [45, 45, 0, 0, 0, 0, 0], "{first}");
    assert_eq!(first["report"]["warnings"], json!([]));
    assert_eq!((world.calls(LIST), world.calls(GET)), (1, 45));
    assert_eq!(kept_groups(&world).await, true_groups(&world.sim.corp()));
    let before = world.items("chats").await;

    let second = sync(&world, json!({"scope": "contacts"})).await;
    assert_eq!(tally(&second, "chats"), [45, 0, 0, 45, 0, 0, 0]);
    assert_eq!(world.items("chats").await, before);
    assert_eq!(world.calls(GET), 90, "each once");
    let members = sync(&world, json!({"scope": "members"})).await;
    assert_eq!(tally(&members, "chats"), [0; 7]);
    assert_eq!(world.calls(LIST), 2);
}

async fn what_was_not_told_of_groups_is_repaired(on: On) {
    let world = World::start(on).await;
    crowd(&world, 3, 5);
    groups(&world, 3, 25).await;
    sync(&world, json!({})).await;
    let sim = &world.sim;
    mute(&world);
    sim.dismiss_group(&group(3)).await.unwrap();
    mute(&world);
    sim.renames_group(&group(4), "改名").await.unwrap();
    mute(&world);
    let left = ChatPerson::Outside(Crowd::customer(0));
    sim.leaves_group(&group(5), left).await.unwrap();
    mute(&world);
    let owner = Crowd::member(1);
    sim.create_group(&owner, &group(99), "新群").await.unwrap();
    world.clock.advance(Duration::from_secs(61));
    let run = sync(&world, json!({})).await;
    assert_eq!(tally(&run, "chats"), [25, 1, 2, 22, 0, 1, 0], "{run}");
    assert_eq!(kept_groups(&world).await, true_groups(&sim.corp()));
    let calls = world.calls(GET);
    let again = sync(&world, json!({})).await;
    assert_eq!(tally(&again, "chats"), [25, 0, 0, 25, 0, 0, 0]);
    assert_eq!(
        world.calls(GET),
        calls + 25,
        "what has ended is read no more"
    );
}

async fn a_lost_end_is_like_one_that_was_told(on: On) {
    let world = World::start(on).await;
    crowd(&world, 1, 5);
    groups(&world, 1, 2).await;
    sync(&world, json!({})).await;
    world.sim.dismiss_group(&group(0)).await.unwrap();
    world.pass(Duration::from_secs(60)).await;
    mute(&world);
    world.sim.dismiss_group(&group(1)).await.unwrap();
    world.clock.advance(Duration::from_secs(60));
    let run = sync(&world, json!({})).await;
    assert_eq!(tally(&run, "chats"), [0, 0, 0, 0, 0, 1, 0], "{run}");
    let chats = world.items("chats").await;
    let fields = |chat: &Value| {
        let fields = chat.as_object().unwrap().keys().cloned();
        fields.collect::<Vec<String>>()
    };
    assert_eq!(fields(&chats[0]), fields(&chats[1]));
    assert!(chats.iter().all(|chat| chat["dismissed_at"].is_string()));
    assert_eq!(chats[1]["name"], "客户群1");
}

async fn what_is_shown_again_has_not_ended(on: On) {
    let world = World::start(on).await;
    crowd(&world, 1, 5);
    groups(&world, 1, 1).await;
    for (ago, ended) in [(10, true), (3600, false)] {
        let ended_at = world.clock.now().minus(Duration::from_secs(ago));
        let chat = Chat {
            name: "客户群".into(),
            changed_at: Some(ended_at),
            dismissed_at: Some(ended_at),
            ..Chat::unread(group(0))
        };
        world.clock.advance(Duration::from_millis(1));
        world.put(&[Effect::PutChat(chat)]).await;
        let run = sync(&world, json!({"scope": "contacts"})).await;
        assert_eq!(tally(&run, "chats"), [1, 0, 1, 0, 0, 0, 0], "{run}");
        let kept = world.api("api/v1/chats/wrGroup0000").await;
        assert_eq!(kept["dismissed_at"].is_string(), ended, "{kept}");
        assert_eq!(kept["name"], "客户群0");
    }
}

async fn news_on_their_way_are_waited_for(on: On) {
    let world = World::start(on).await;
    crowd(&world, 2, 5);
    groups(&world, 2, 2).await;
    sync(&world, json!({})).await;
    let joins = ChatPerson::Outside(Crowd::customer(4));
    world.sim.joins_group(&group(0), joins).await.unwrap();
    world.settle().await;
    let before = world.items("chats").await;
    let run = sync(&world, json!({})).await;
    assert_eq!(tally(&run, "chats"), [2, 0, 0, 2, 0, 0, 0], "{run}");
    assert_eq!(
        world.items("chats").await,
        before,
        "WeCom does not show it yet"
    );
    world.pass(Duration::from_secs(60)).await;
    assert_eq!(kept_groups(&world).await, true_groups(&world.sim.corp()));
    let chats = world.items("chats").await;
    assert!(chats.iter().all(|chat| chat["news"].is_null()), "{chats:?}");
}

async fn an_owner_out_of_sight_leaves_the_group_as_it_is(on: On) {
    let world = World::start(on).await;
    crowd(&world, 2, 5);
    groups(&world, 2, 2).await;
    sync(&world, json!({})).await;
    let before = world.items("chats").await;
    let range = |range| {
        world
            .sim
            .corp()
            .member_mut(&Crowd::member(1))
            .unwrap()
            .follow_range = range
    };
    range(Range::Outside);
    let run = sync(&world, json!({})).await;
    assert_eq!(tally(&run, "chats"), [1, 0, 0, 1, 1, 0, 0], "{run}");
    assert_eq!(world.items("chats").await, before);
    range(Range::Inside);
    let run = sync(&world, json!({})).await;
    assert_eq!(tally(&run, "chats"), [2, 0, 0, 2, 0, 0, 0], "{run}");
}

async fn an_owner_who_cannot_be_asked_about_spoils_nothing(on: On) {
    let world = World::start(on).await;
    crowd(&world, 9, 5);
    groups(&world, 9, 18).await;
    world.sim.faults().next(LIST, Fault::ErrCode(40003));
    let run = sync(&world, json!({})).await;
    assert_eq!(tally(&run, "chats"), [18, 18, 0, 0, 0, 0, 0], "{run}");
    assert_eq!(world.calls(LIST), 3);
    // One group that cannot be read is told, and stays as it is.
    world.sim.faults().next(GET, Fault::ErrCode(40058));
    let run = sync(&world, json!({})).await;
    assert_eq!(tally(&run, "chats"), [18, 0, 0, 17, 0, 0, 1], "{run}");
    assert!(run["report"]["failures"].to_string().contains("40058"));
}

async fn a_list_that_changes_is_read_again(on: On) {
    let world = World::start(on).await;
    crowd(&world, 2, 5);
    groups(&world, 2, 30).await;
    world.sim.faults().next(LIST, Fault::ErrCode(60268));
    let run = sync(&world, json!({})).await;
    assert_eq!(tally(&run, "chats"), [30, 30, 0, 0, 0, 0, 0], "{run}");
    // Refused for ever, what is kept is read one by one.
    world.sim.faults().always(LIST, Fault::ErrCode(60268));
    mute(&world);
    world.sim.renames_group(&group(7), "改名").await.unwrap();
    world.clock.advance(Duration::from_secs(61));
    let run = sync(&world, json!({})).await;
    assert_eq!(tally(&run, "chats"), [30, 0, 1, 29, 0, 0, 0], "{run}");
    assert!(run["report"]["failures"].to_string().contains("客户群列表"));
    assert_eq!(kept_groups(&world).await, true_groups(&world.sim.corp()));
}

async fn without_the_right_to_read_groups_the_rest_is_synced(on: On) {
    let world = World::start(on).await;
    crowd(&world, 2, 5);
    groups(&world, 2, 3).await;
    for (api, code) in [(LIST, 48002), (LIST, 60011), (GET, 48002)] {
        world.sim.faults().always(api, Fault::ErrCode(code));
        let run = sync(&world, json!({})).await;
        assert_eq!(run["state"], "done", "{run}");
        assert_eq!(tally(&run, "contacts")[0], 5);
        assert_eq!(tally(&run, "chats")[1..], [0; 6], "{run}");
        let warnings = run["report"]["warnings"].to_string();
        for words in ["无法读取客户群", &code.to_string()] {
            assert!(warnings.contains(words), "{warnings}");
        }
        assert_eq!(run["report"]["failures"], json!([]));
        world.sim.faults().clear();
    }
    let run = sync(&world, json!({})).await;
    assert_eq!(tally(&run, "chats"), [3, 3, 0, 0, 0, 0, 0], "{run}");
    assert_eq!(run["report"]["warnings"], json!([]));
}

async fn a_dry_run_counts_groups(on: On) {
    let world = World::start(on).await;
    crowd(&world, 2, 5);
    groups(&world, 2, 3).await;
    let dry = sync(&world, json!({"dry_run": true})).await;
    assert_eq!(tally(&dry, "chats"), [3, 3, 0, 0, 0, 0, 0]);
    assert_eq!(world.items("chats").await, Vec::<Value>::new());
    sync(&world, json!({})).await;
    let before = world.items("chats").await;
    mute(&world);
    world.sim.dismiss_group(&group(1)).await.unwrap();
    world.clock.advance(Duration::from_secs(61));
    let dry = sync(&world, json!({"dry_run": true})).await;
    assert_eq!(tally(&dry, "chats"), [2, 0, 0, 2, 0, 1, 0]);
    assert_eq!(world.items("chats").await, before);
}

async fn a_light_pass_reads_no_groups(on: On) {
    let world = World::start(on).await;
    crowd(&world, 24, 5);
    groups(&world, 24, 3).await;
    for hour in 0..24 {
        world.clock.advance(Duration::from_millis(1));
        world.start_part(hour).await;
        world.settle().await;
    }
    let syncs = world.items("syncs").await;
    assert_eq!(syncs.len(), 24);
    assert!(syncs.iter().all(|run| run["state"] == "done"));
    assert_eq!((world.calls(LIST), world.calls(GET)), (0, 0));
}

async fn a_killed_sync_of_groups_goes_on(on: On) {
    let mut world = World::start(on).await;
    crowd(&world, 2, 5);
    groups(&world, 2, 70).await;
    let begun = begin(&world, json!({"scope": "contacts"})).await;
    let path = format!("api/v1/syncs/{}", begun["id"].as_str().unwrap());
    // The start, tags, followers, contacts and their sweep.
    while world.calls(LIST) == 0 {
        world.step().await;
    }
    let mut lives = 0;
    let run = loop {
        for api in [LIST, GET] {
            let slow = Fault::Slow(Duration::from_millis(300));
            world.sim.faults().always(api, slow);
        }
        let _ = tokio::time::timeout(Duration::from_millis(100), world.step()).await;
        world.sim.faults().clear();
        world.reopen().await;
        world.clock.advance(Duration::from_secs(46));
        world.step().await;
        lives += 1;
        let run = world.api(&path).await;
        if run["state"] != "running" {
            break run;
        }
        assert!(lives < 50, "{run}");
    };
    assert!(lives > 2, "it was killed while it ran");
    assert_eq!(run["state"], "done", "{run}");
    assert_eq!(tally(&run, "chats"), [70, 70, 0, 0, 0, 0, 0], "{run}");
    assert_eq!(kept_groups(&world).await, true_groups(&world.sim.corp()));
}
