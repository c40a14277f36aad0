//! A customer is forgotten on request, on both stores: nothing of theirs is found afterwards, and nothing of others is
//! lost.

use std::time::Duration;

use wecom_bridge::act::customer::{Customer, NotForgettable};
use wecom_bridge::callback::event::own::{OwnEvent, SidebarOpened};
use wecom_bridge::decide::request::{Advance, Command, Content, NewAnswer, NewComment, Target};
use wecom_bridge::model::approval::Consent;
use wecom_bridge::model::chat::ChatPerson;
use wecom_bridge::model::forgetting::Forgetting;
use wecom_bridge::model::ids::ChatId;
use wecom_bridge::model::item::Actor;
use wecom_bridge::model::time::Timestamp;
use wecom_bridge::sim::person::Member;
use wecom_bridge::store::item::Queue;
use wecom_bridge::store::record::{Key, Table};

use crate::files::people::{Browser, FORM, Office, corp, item, key, put, zhang_san};
use crate::world::{API_TOKEN, On, World, contact, stories, user};

stories!(
    nothing_of_theirs_is_found,
    it_goes_on_where_a_process_has_ended,
    what_is_in_work_is_waited_for,
    what_is_about_others_is_waited_for,
    words_are_nobody,
);

const WANG: &str = "wmCustomer1";

/// What nobody may find afterwards: ids, names, and what was said.
const TRACES: [&str; 7] = [
    WANG,
    "u-of-wang",
    "王女士",
    "邻居王姐",
    "门坏了三天",
    "我不同意这个价",
    "r1",
];

/// Everything that a store and its folder can hold of a customer.
async fn lived_in(on: On) -> Office {
    let office = Office::open(on).await;
    let (world, zhang, wang) = (&office.world, user("ZhangSan"), contact(WANG));
    if let Some(known) = world.sim.corp().contact_mut(&wang) {
        known.unionid = Some("u-of-wang".into());
    }
    world
        .sim
        .member_edits_remark(&zhang, &wang, "邻居王姐")
        .await
        .unwrap();
    let chat = ChatId::parse("wr1").unwrap();
    world
        .sim
        .create_group(&zhang, &chat, "业主群")
        .await
        .unwrap();
    world.pass(Duration::from_secs(60)).await;
    for who in [&wang, &contact("wmCustomer2")] {
        let who = ChatPerson::Outside(who.clone());
        world.sim.joins_group(&chat, who).await.unwrap();
    }
    world.pass(Duration::from_secs(60)).await;
    let chat_id = chat;
    world.ask(&OwnEvent::RefreshChat { chat_id }).await;
    world.pass(Duration::from_secs(60)).await;

    let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    world.clock.advance(now.since(world.clock.now()));
    let browser = Browser::of(world, &format!("contact:{WANG}")).await;
    let file = office.uploaded(&browser, FORM, b"her picture").await;
    office.uploaded(&browser, FORM, b"never submitted").await;
    office.submit(WANG, "r1", &[&file]).await.unwrap();
    let chen = Browser::of(world, "contact:wmCustomer2").await;
    let kept = office.uploaded(&chen, FORM, b"his picture").await;
    office.submit("wmCustomer2", "r2", &[&kept]).await.unwrap();
    // What says so names the record alone.
    let take = Command::Advance(Advance {
        record: key("r1"),
        seen: None,
        step: None,
        handler: Some(Some(zhang.clone())),
        follow_up: None,
        internal: false,
    });
    office.ask(zhang_san(), take).await.unwrap();
    world.settle().await;
    let says = |text: &str, id: &str| {
        Command::Comment(NewComment {
            item: item("record:r1"),
            contact: wang.clone(),
            id: id.into(),
            text: text.into(),
        })
    };
    let customer = Actor::Contact(wang.clone());
    office
        .ask(customer.clone(), says("门坏了三天", "c1"))
        .await
        .unwrap();
    office.ask(zhang_san(), says("明天来", "c2")).await.unwrap();
    let content = Content::Approval {
        contact: wang.clone(),
        about: None,
        attachments: Vec::new(),
    };
    office
        .ask(zhang_san(), put(Target::New(key("a1")), content))
        .await
        .unwrap();
    office.share(&wang, "approval:a1").await;
    world.settle().await;
    let answer = Command::Answer(NewAnswer {
        approval: key("a1"),
        contact: wang.clone(),
        seen: world.clock.now(),
        verdict: Consent::Declined,
        remark: "我不同意这个价".into(),
    });
    office.ask(customer, answer).await.unwrap();
    for who in [&wang, &contact("wmCustomer2")] {
        let opened = SidebarOpened {
            userid: zhang.clone(),
            external_userid: who.clone(),
            entry: "single_chat_tools".into(),
        };
        world.ask(&OwnEvent::SidebarOpened(opened)).await;
    }
    world.pass(Duration::from_secs(3600)).await;
    // Something waits, and something is owed.
    let external_userid = wang.clone();
    world
        .ask(&OwnEvent::RefreshContact { external_userid })
        .await;
    world
        .ask(&OwnEvent::TellMembers {
            item: item("record:r1"),
            external_userid: wang.clone(),
        })
        .await;
    office
}

async fn customer(world: &World, id: &str) -> Customer {
    world.act().customer(&corp(), id).await.unwrap()
}

impl World {
    /// Every record, event and call of the corp, as they are stored; on Redis, every key with what it holds.
    async fn everything(&self) -> String {
        let mut all = String::new();
        for table in Table::ALL {
            for record in self.store().all(&corp(), table).await.unwrap() {
                let json = record.json.unwrap_or_default();
                all.push_str(&format!("{} {} {json}\n", table.name(), record.key.key));
            }
        }
        for queue in [Queue::Inbox, Queue::Outbox] {
            let texts = self.store().texts(&corp(), queue, None, 10_000).await;
            for entry in texts.unwrap() {
                all.push_str(&format!("{} {:?}\n", entry.item, entry.progress));
            }
        }
        all.push_str(&self.keys_of_redis());
        all
    }
}

fn found(all: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric();
    let has = |text: &&&str| {
        let mut at = all.match_indices(**text);
        at.any(|(at, _)| {
            !all[..at].ends_with(is_part) && !all[at + text.len()..].starts_with(is_part)
        })
    };
    TRACES.iter().filter(has).map(ToString::to_string).collect()
}

async fn nothing_of_theirs_is_found(on: On) {
    let office = lived_in(on).await;
    let world = &office.world;
    assert_eq!(found(&world.everything().await), TRACES);
    assert_eq!(office.kept().await, 3);
    assert!(world.everything().await.contains("业主群"), "before");
    let (name, id) = (Forgetting::id_of(&contact(WANG)), corp());
    let now = world.clock.now();
    let wang = customer(world, WANG).await;
    let count = world.act().count_traces(&corp(), &wang, now).await.unwrap();
    assert_eq!(found(&world.everything().await), TRACES, "a dry run");

    let asked = world.act().forget(&corp(), &wang, &Actor::Admin, now).await;
    let again = world.act().forget(&id, &wang, &Actor::System, now);
    assert_eq!(asked.unwrap(), again.await.unwrap());
    assert_eq!(world.forget_customers().await, 1);

    let all = world.everything().await;
    let left: Vec<&str> = all.lines().filter(|line| !found(line).is_empty()).collect();
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(office.kept().await, 1);
    let tombstone = world.act().forgetting(&corp(), &name).await.unwrap();
    let tombstone = tombstone.unwrap();
    assert_eq!((&tombstone.by, &tombstone.place), (&Actor::Admin, &None));
    assert_eq!(tombstone.asked_at, now);
    assert!(
        count > 20 && tombstone.removed >= count,
        "{count} {tombstone:?}"
    );

    // Not even in the bytes of a copy, which has no freed pages.
    let folder = tempfile::TempDir::new().unwrap();
    let copy = folder.path().join("copy.redb");
    if let On::Embedded = on {
        world.store().backup(&copy).await.unwrap();
        let bytes = std::fs::read(&copy).unwrap();
        for trace in &TRACES[..6] {
            let mut windows = bytes.windows(trace.len());
            assert!(!windows.any(|window| window == trace.as_bytes()), "{trace}");
        }
    }

    // Others have what they had.
    for text in [
        "陈先生",
        "record:r2",
        "form:f1",
        "业主群",
        "wmCustomer2 zhangsan",
    ] {
        assert!(all.contains(text), "{text}");
    }
    world.settle().await;
    assert_eq!(found(&world.everything().await), [""; 0]);
    assert_eq!(world.forget_customers().await, 0);

    // Who is heard of again is a new one.
    world.clock.advance(Duration::from_secs(1));
    let external_userid = wang.id().clone();
    world
        .ask(&OwnEvent::RefreshContact { external_userid })
        .await;
    world.settle().await;
    let records = world
        .store()
        .read(&corp(), &[Key::contact(wang.id())])
        .await;
    assert!(records.unwrap()[0].json.is_some());
}

async fn it_goes_on_where_a_process_has_ended(on: On) {
    let mut office = lived_in(on).await;
    let wang = customer(&office.world, WANG).await;
    let now = office.world.clock.now();
    let act = office.world.act().clone();
    let mut forgetting = act
        .forget(&corp(), &wang, &Actor::System, now)
        .await
        .unwrap();
    for _ in 0..5 {
        let mut place = forgetting.place.clone().unwrap();
        let traces = act.traces(&corp(), &mut place).await.unwrap();
        let wiped = act.wipe(&corp(), &forgetting, place, traces, now).await;
        forgetting = wiped.unwrap().unwrap();
    }
    assert!(forgetting.removed > 0 && forgetting.done_at.is_none());
    drop(act);
    office.world.reopen().await;
    assert_eq!(office.world.forget_customers().await, 1);
    assert_eq!(found(&office.world.everything().await), [""; 0]);
}

async fn what_is_in_work_is_waited_for(on: On) {
    let office = lived_in(on).await;
    let (world, now) = (&office.world, office.world.clock.now());
    let (id, wang) = (corp(), customer(world, WANG).await);
    let asked = world.act().forget(&id, &wang, &Actor::System, now);
    asked.await.unwrap();
    let leases = wecom_bridge::store::item::Leases {
        urgent: Duration::from_secs(60),
        normal: Duration::from_secs(60),
    };
    let all = wecom_bridge::store::item::Lanes::All;
    let claims = world.store().claim_deliveries(&id, all, 9, leases, now);
    let claims = claims.await.unwrap();
    assert!(!claims.is_empty());
    assert_eq!(world.forget_customers().await, 0);
    for claim in claims {
        let done = wecom_bridge::store::item::Settle::Done;
        let settled = world.store().commit(&claim.ticket, done, &[], &[], now);
        settled.await.unwrap();
    }
    assert_eq!(world.forget_customers().await, 1);
    assert_eq!(found(&world.everything().await), [""; 0]);
}

async fn what_is_about_others_is_waited_for(on: On) {
    let office = lived_in(on).await;
    let (world, now) = (&office.world, office.world.clock.now());
    let walk = OwnEvent::RefreshContactsOf {
        userid: user("ZhangSan"),
        after: Some(contact(WANG)),
    };
    world.ask(&walk).await;
    // Somebody else comes later, and waits for nothing.
    let name = Forgetting::id_of(&contact(WANG));
    let later = (0..).map(|n| contact(&format!("wmNobody{n}")));
    let mut later = later.filter(|id| Forgetting::id_of(id) > name);
    for id in [contact(WANG), later.next().unwrap()] {
        let customer = customer(world, id.as_str()).await;
        let asked = world
            .act()
            .forget(&corp(), &customer, &Actor::System, now)
            .await;
        asked.unwrap();
    }
    assert_eq!(world.forget_customers().await, 1);
    assert_eq!(world.forget_customers().await, 0);
    let all = world.everything().await;
    assert!(all.contains("refresh_contacts_of"), "it is there");
    let reads = |all: &str| all.matches("refresh-contact:wmCustomer2").count();
    world.settle().await;
    let later = world.everything().await;
    assert!(reads(&later) > reads(&all), "the walk went on");
    assert_eq!(world.forget_customers().await, 1);
    assert_eq!(found(&world.everything().await), [""; 0]);
}

async fn words_are_nobody(on: On) {
    let office = Office::open(on).await;
    let world = &office.world;
    let wong = user("wong");
    world
        .sim
        .corp()
        .add_member(Member::new(wong.clone(), "王五"));
    world.ask(&OwnEvent::RefreshMember { userid: wong }).await;
    world.settle().await;
    let before = world.everything().await;
    for word in ["contact", "userid", "ZhangSan", "wong", "WONG", "wm"] {
        let found = world.act().customer(&corp(), word).await;
        assert!(matches!(found, Err(NotForgettable::NoCustomer)), "{word}");
        let path = format!("api/v1/contacts/{word}");
        let asked = world.http.delete(world.base.join(&path).unwrap());
        let answer = asked.bearer_auth(API_TOKEN).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{word}");
        let asked = world.get(&format!("{path}/traces")).bearer_auth(API_TOKEN);
        assert_eq!(asked.send().await.unwrap().status(), 404, "{word}");
    }
    assert_eq!(world.forget_customers().await, 0);
    assert_eq!(world.everything().await, before);
}
