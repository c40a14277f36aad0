//! Stories of the "与我协作" link: written, read back, taken away, ignored, filled in by hand, moved to another address.

use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::model::ids::UserId;
use wecom_bridge::sim::console::ProfileMode;
use wecom_bridge::sim::faults::{Fault, ProfileEdit};
use wecom_bridge::sim::person::Member;

use crate::world::{On, Setup, World, stories, user};

stories!(
    a_link_that_was_taken_away_is_written_again,
    a_link_that_wecom_ignores_is_not_hammered,
    a_member_who_edits_meanwhile_loses_nothing,
    a_write_that_cannot_be_read_back_is_looked_at_later,
    a_link_filled_in_by_hand_is_recognised,
    a_member_is_sent_the_link_once_a_day,
    links_are_listed_by_state,
    another_address_makes_old_links_lead_to_it,
);

const HOME: &str = "http://127.0.0.1:8080/home?tenantKey=team1";
const HOUR: Duration = Duration::from_secs(3600);

fn lisi() -> UserId {
    user("LiSi")
}

fn ours(url: &str) -> Value {
    json!({"type": 1, "name": "与我协作", "web": {"url": url, "title": "与我协作"}})
}

fn text(name: &str, value: &str) -> Value {
    json!({"type": 0, "name": name, "text": {"value": value}})
}

impl World {
    async fn refresh(&self) {
        let userid = lisi();
        self.clock.advance(Duration::from_millis(1));
        self.ask(&OwnEvent::RefreshMember { userid }).await;
        self.settle().await;
    }

    async fn send_link(&self) {
        let userid = lisi();
        self.clock.advance(Duration::from_millis(1));
        self.ask(&OwnEvent::SendLink { userid }).await;
        self.settle().await;
    }

    async fn link(&self) -> Value {
        self.api("api/v1/members/lisi").await["link"].clone()
    }

    /// The attributes in the profile, whoever wrote them.
    fn attributes(&self, userid: &UserId) -> Vec<Value> {
        let corp = self.sim.corp();
        let profile = &corp.member(userid).unwrap().external_profile;
        let attributes = profile.get("external_attr").and_then(Value::as_array);
        attributes.cloned().unwrap_or_default()
    }

    fn edit(&self, attributes: &[Value]) {
        let mut corp = self.sim.corp();
        let profile = &mut corp.member_mut(&lisi()).unwrap().external_profile;
        profile.insert("external_attr".into(), json!(attributes));
    }

    fn member_with(&self, userid: UserId, attributes: &[Value]) -> Member {
        let mut member = Member::new(userid, "李四");
        let attributes = json!(attributes);
        member
            .external_profile
            .insert("external_attr".into(), attributes);
        let mut corp = self.sim.corp();
        for name in ["微博", "电话", "地址"] {
            corp.console.attributes.insert(name.into());
        }
        member
    }
}

async fn a_link_that_was_taken_away_is_written_again(on: On) {
    let world = World::start(on).await;
    world.sim.create_member(Member::new(lisi(), "李四")).await;
    world.settle().await;
    for _ in 0..3 {
        world.refresh().await;
    }
    assert_eq!(world.link().await["state"], "confirmed");
    assert_eq!(world.calls("user/update"), 1, "nothing right is repeated");

    for (n, left) in [
        vec![],
        vec![text("微博", "lisi")],
        vec![ours("https://a.example/")],
    ]
    .iter()
    .enumerate()
    {
        world.edit(left);
        world.refresh().await;
        assert_eq!(world.link().await["state"], "confirmed");
        assert_eq!(world.calls("user/update"), n + 2);
        assert!(world.attributes(&lisi()).contains(&ours(HOME)));
        assert_eq!(world.link().await["attempt"], n + 2);
    }
}

async fn a_link_that_wecom_ignores_is_not_hammered(on: On) {
    let world = World::start(on).await;
    world.sim.corp().console.attributes.clear();
    world.sim.create_member(Member::new(lisi(), "李四")).await;
    world.settle().await;
    for _ in 0..5 {
        world.refresh().await;
    }
    let link = world.link().await;
    assert_eq!(link["state"], "ignored");
    let remedy = link["remedy"].as_str().unwrap();
    assert!(remedy.contains("成员资料显示"), "{remedy}");
    assert_eq!(world.calls("user/update"), 1);

    world
        .sim
        .corp()
        .console
        .attributes
        .insert("与我协作".into());
    world.refresh().await;
    assert_eq!(world.calls("user/update"), 1, "not within the hour");
    world.pass(HOUR).await;
    world.refresh().await;
    let link = world.link().await;
    assert_eq!(
        (&link["state"], &link["attempt"]),
        (&json!("confirmed"), &json!(2))
    );
    assert_eq!(
        (&link["reason"], &link["remedy"]),
        (&json!(null), &json!(null))
    );
}

async fn a_member_who_edits_meanwhile_loses_nothing(on: On) {
    for mode in [ProfileMode::Merge, ProfileMode::Replace] {
        let world = World::start(on).await;
        world.sim.corp().console.profile_mode = mode;
        let member = world.member_with(lisi(), &[text("微博", "old")]);
        // The member saves a form that was opened before the write: without our attribute, with a newer text.
        let edited = vec![text("微博", "new"), text("电话", "1")];
        let fault = Fault::EditAfter(ProfileEdit {
            userid: lisi(),
            external_attr: edited.clone(),
        });
        world.sim.faults().next("user/update", fault);
        world.sim.create_member(member).await;
        world.settle().await;
        assert_eq!(world.link().await["state"], "confirmed", "{mode:?}");
        assert_eq!(world.calls("user/update"), 2, "the read-back noticed");
        let found = world.attributes(&lisi());
        assert_eq!(found, [&edited[..], &[ours(HOME)]].concat(), "{mode:?}");
    }
    // Between our read and our write, nothing tells of an edit. Where a write changes only what it names, what the member
    // added stays; where it is the whole list, it is lost: WeCom has no write that insists on what was read.
    let world = World::start(on).await;
    world.sim.corp().console.profile_mode = ProfileMode::Merge;
    let member = world.member_with(lisi(), &[text("微博", "1")]);
    let added = [text("微博", "1"), text("电话", "1")];
    let fault = Fault::EditBefore(ProfileEdit {
        userid: lisi(),
        external_attr: added.to_vec(),
    });
    world.sim.faults().next("user/update", fault);
    world.sim.create_member(member).await;
    world.settle().await;
    assert_eq!(world.link().await["state"], "confirmed");
    let found = world.attributes(&lisi());
    assert_eq!(found, [&added[..], &[ours(HOME)]].concat());
}

async fn a_write_that_cannot_be_read_back_is_looked_at_later(on: On) {
    for (write, expected) in [
        (Fault::Slow(Duration::ZERO), "confirmed"),
        (Fault::IgnoreAttribute, "ignored"),
    ] {
        let world = World::start(on).await;
        // The refresh and the write read the profile; after that it cannot be read for a while.
        let well = Fault::Slow(Duration::ZERO);
        world.sim.faults().times(2, "user/get", &well);
        world.sim.faults().always("user/get", Fault::ErrCode(-1));
        world.sim.faults().next("user/update", write);
        let member = Member::new(lisi(), "李四");
        world.sim.corp().add_member(member);
        world.refresh().await;
        assert_eq!(world.link().await["state"], "written", "{expected}");

        world.sim.faults().clear();
        world.pass(Duration::from_secs(120)).await;
        assert_eq!(world.link().await["state"], expected);
        assert_eq!(world.calls("user/update"), 1, "{expected}");
    }
}

async fn a_link_filled_in_by_hand_is_recognised(on: On) {
    let by_hand = Setup {
        contact_sync: false,
        ..Setup::default()
    };
    let world = World::with(on, by_hand).await;
    world.sim.create_member(Member::new(lisi(), "李四")).await;
    world.settle().await;
    let link = world.link().await;
    assert_eq!(
        (&link["state"], &link["url"]),
        (&json!("wanted"), &json!(HOME))
    );
    assert!(link["remedy"].as_str().unwrap().contains("contact_sync"));
    world.refresh().await;
    assert_eq!(world.link().await["at"], link["at"], "nothing new");

    world.edit(&[ours(HOME), text("微博", "lisi")]);
    world.refresh().await;
    assert_eq!(world.link().await["state"], "filled_by_hand");
    world.edit(&[text("微博", "lisi")]);
    world.refresh().await;
    assert_eq!(world.link().await["state"], "wanted");
    assert_eq!(world.calls("user/update"), 0);
}

async fn a_member_is_sent_the_link_once_a_day(on: On) {
    let by_hand = Setup {
        contact_sync: false,
        ..Setup::default()
    };
    let world = World::with(on, by_hand).await;
    world.sim.create_member(Member::new(lisi(), "李四")).await;
    world.settle().await;
    let links = || {
        let cards = world.cards(&lisi());
        cards
            .iter()
            .filter(|title| title.contains("请填写"))
            .count()
    };
    world.send_link().await;
    world.send_link().await;
    assert_eq!(links(), 1);
    assert!(world.link().await["sent_at"].is_string());
    let sent = format!("{:?}", world.sim.sent());
    assert!(
        sent.contains(HOME) && sent.contains("复制页面地址"),
        "{sent}"
    );

    world.clock.advance(24 * HOUR);
    world.send_link().await;
    assert_eq!(links(), 2, "a day later");

    world.clock.advance(24 * HOUR);
    world
        .sim
        .faults()
        .next("message/send", Fault::ErrCode(40058));
    world.send_link().await;
    assert_eq!(links(), 2);
    assert!(world.link().await["sent_at"].is_null(), "it did not go out");
    world.send_link().await;
    assert_eq!(links(), 3);

    world.edit(&[ours(HOME)]);
    world.refresh().await;
    world.clock.advance(24 * HOUR);
    world.send_link().await;
    assert_eq!(links(), 3, "it stands there");
}

async fn links_are_listed_by_state(on: On) {
    let world = World::start(on).await;
    for n in 0..4 {
        let userid = user(&format!("member{n}"));
        world.sim.create_member(Member::new(userid, "成员")).await;
    }
    world.settle().await;
    world.sim.corp().console.attributes.clear();
    for n in 4..9 {
        let userid = user(&format!("member{n}"));
        world.sim.create_member(Member::new(userid, "成员")).await;
    }
    world.settle().await;
    assert_eq!(world.items("links").await.len(), 9);
    for (state, count) in [("confirmed", 4), ("ignored", 5), ("failed", 0)] {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("api/v1/links?state={state}&limit=2{after}");
            let page = world.api(&path).await;
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 2);
            for item in items {
                assert_eq!(
                    (&item["state"], &item["url"]),
                    (&json!(state), &json!(HOME))
                );
                found.push(item["userid"].clone());
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        found.dedup();
        assert_eq!(found.len(), count, "{state}");
    }
}

async fn another_address_makes_old_links_lead_to_it(on: On) {
    let mut world = World::start(on).await;
    world.sim.create_member(Member::new(lisi(), "李四")).await;
    world.settle().await;
    world
        .restart(
            "auto_sync = true",
            "auto_sync = true\nold_links_for = \"30d\"",
        )
        .await;
    let changes = async |world: &World| {
        let events = world.items("events").await;
        let kind = |kind: &str| events.iter().filter(|event| event["kind"] == kind).count();
        (kind("home_changed"), kind("start_sync"))
    };
    world.settle().await;
    assert_eq!(changes(&world).await, (0, 0), "the address is the same");

    let new = "http://127.0.0.1:8080/home?tenantKey=team2";
    world
        .restart("tenant_key = \"team1\"", "tenant_key = \"team2\"")
        .await;
    world.settle().await;
    assert_eq!(changes(&world).await, (1, 1));
    world.refresh().await;
    let link = world.link().await;
    assert_eq!(
        (&link["state"], &link["url"]),
        (&json!("confirmed"), &json!(new))
    );
    assert_eq!(world.attributes(&lisi()), [ours(new)]);

    // The second change of the address, to be remembered by the service and not by its links.
    world
        .restart("tenant_key = \"team2\"", "tenant_key = \"team3\"")
        .await;
    world.settle().await;
    assert_eq!(changes(&world).await, (2, 2));
    world.restart("team3", "team3").await;
    world.settle().await;
    assert_eq!(changes(&world).await, (2, 2), "that was done");

    let newest = "http://127.0.0.1:8080/home?tenantKey=team3";
    let visit = async |world: &World, code: &str| {
        let answer = world
            .get(&format!("home?tenantKey={code}"))
            .send()
            .await
            .unwrap();
        let location = answer.headers().get("Location");
        let location = location.map(|to| to.to_str().unwrap().to_owned());
        // Whoever is not known yet goes to the login first.
        let is_login = |to: &String| to.contains("/connect/oauth2/authorize");
        match location.as_ref().is_some_and(is_login) {
            true => (200, None),
            false => (answer.status().as_u16(), location),
        }
    };
    for (code, status, to) in [
        ("team3", 200, None),
        ("team2", 302, Some(newest)),
        ("team1", 302, Some(newest)),
        ("team4", 404, None),
        ("", 404, None),
    ] {
        let expected = (status, to.map(str::to_owned));
        assert_eq!(visit(&world, code).await, expected, "{code}");
    }
    world.clock.advance(24 * 30 * HOUR);
    for (code, status) in [("team3", 200), ("team2", 404), ("team1", 404)] {
        assert_eq!(visit(&world, code).await, (status, None), "{code}");
    }
}

/// Attributes that have nothing to do with us, with fields that nobody knows.
fn foreign() -> impl Strategy<Value = Vec<Value>> {
    let more = prop_oneof![
        Just(json!(null)),
        any::<i64>().prop_map(|number| json!(number)),
        "[^\\p{C}]{0,9}".prop_map(|text| json!({ "deep": [text] })),
    ];
    let attribute = ("[\\p{Han}a-z]{1,8}", 0..3, "[^\\p{C}]{1,9}", more);
    let attribute = attribute.prop_map(|(name, kind, text, more)| {
        let mut attribute = match kind {
            0 => json!({"text": {"value": text, "more": more}}),
            1 => json!({"web": {"url": "https://a.example/?x=1&y=2", "title": text}}),
            _ => json!({"miniprogram": {"appid": "wx1", "pagepath": text, "title": text}}),
        };
        attribute["type"] = json!(kind);
        attribute["name"] = json!(name);
        attribute["extra"] = more;
        attribute
    });
    let unique = |attributes: Vec<Value>| {
        let mut names = Vec::new();
        let mut kept = attributes;
        kept.retain(|attribute| {
            let new = !names.contains(&attribute["name"]);
            names.push(attribute["name"].clone());
            new
        });
        kept
    };
    prop::collection::vec(attribute, 0..6).prop_map(unique)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_attributes_of_any_kind_are_never_touched() {
    let world = World::start(On::Embedded).await;
    let mut runner = TestRunner::deterministic();
    for n in 0..48 {
        let attributes = foreign().new_tree(&mut runner).unwrap().current();
        let place = (0..=attributes.len())
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let mut before = attributes.clone();
        // Before: without our attribute, with an old address in it, or with one of another kind.
        match n % 3 {
            0 => {}
            1 => before.insert(place, ours("https://old.example/home")),
            _ => before.insert(place, text("与我协作", "1")),
        }
        let userid = user(&format!("member{n}"));
        let mut member = world.member_with(userid.clone(), &before);
        member
            .external_profile
            .insert("external_corp_name".into(), json!("公司"));
        {
            let mut corp = world.sim.corp();
            corp.console.profile_mode = [ProfileMode::Merge, ProfileMode::Replace][n / 3 % 2];
            for attribute in &attributes {
                let name = attribute["name"].as_str().unwrap();
                corp.console.attributes.insert(name.into());
            }
        }
        world.sim.create_member(member).await;
        world.settle().await;
        let found = world.attributes(&userid);
        let (mine, others): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|attribute| attribute["name"] == "与我协作");
        assert_eq!(mine, [ours(HOME)], "{before:?}");
        assert_eq!(others, attributes, "{before:?}");
        let corp = world.sim.corp();
        let profile = &corp.member(&userid).unwrap().external_profile;
        assert_eq!(profile["external_corp_name"], "公司");
    }
}
