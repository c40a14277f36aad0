//! What commands refuse, and what is no news.

use std::time::Duration;

use wecom_bridge::decide::rejection::{Fault, Rejection, Wrong};
use wecom_bridge::decide::request::{Advance, Command, Content, Target, TaskChange};
use wecom_bridge::model::effect::{Effect, SentCard};
use wecom_bridge::model::form::{CustomerUse, Field, FieldKind, Submissions, Value};
use wecom_bridge::model::ids::UserId;
use wecom_bridge::model::item::{Actor, Circle, Item, ItemRef};
use wecom_bridge::model::project::{Handler, Stage, Task, TaskState};
use wecom_bridge::model::time::Timestamp;
use wecom_bridge::store::record::Table;

use super::{comment, corp, draft, form, item, key, member, office, submission};
use crate::world::{On, World, contact, stories, user};

stories!(
    what_has_changed_meanwhile_is_not_overwritten,
    what_stays_as_it_was_is_no_news,
    members_deal_with_what_they_see,
    what_an_item_names_is_there,
    members_whom_nobody_knows_do_nothing,
    who_has_left_keeps_nobody_from_going_on,
    a_form_is_kept_within_its_limits,
    requests_and_cards_are_forgotten,
);

fn project(stages: Vec<Stage>) -> Content {
    Content::Project { stages }
}

fn invalid(place: &str, wrong: Wrong) -> Result<Option<ItemRef>, Rejection> {
    Err(Rejection::Invalid(vec![Fault::new(place, wrong)]))
}

fn task(handler: Option<UserId>) -> Task {
    Task {
        key: "t1".into(),
        title: "装机".into(),
        state: TaskState::Todo,
        handler: handler.map(Handler::Member),
        start: None,
        due: None,
        internal: false,
    }
}

fn note(internal: bool) -> Command {
    Command::Advance(Advance {
        record: key("r1"),
        seen: None,
        step: None,
        handler: None,
        follow_up: Some("客户较急".into()),
        internal,
    })
}

impl World {
    async fn changed_at(&self, reference: &str) -> Timestamp {
        self.item(reference).await.unwrap().head().changed_at
    }
}

async fn what_has_changed_meanwhile_is_not_overwritten(on: On) {
    let (world, zhang, _) = office(on).await;
    let by = Actor::Member(zhang);
    let new = draft(Target::New(key("p1")), "一", project(Vec::new()));
    world.asked(by.clone(), new).await.unwrap();
    let seen = Some(world.changed_at("project:p1").await);
    let put = |title: &str, seen| {
        let tasks = vec![task(None)];
        let title = title.to_owned();
        let stage = Stage { title, tasks };
        let target = Target::Existing(key("p1"), seen);
        draft(target, &stage.title.clone(), project(vec![stage]))
    };
    // Who follows meanwhile keeps following, and is no change.
    let follow = Command::Follow(item("project:p1"), user("LiSi"), true);
    world.asked(by.clone(), follow).await.unwrap();
    // Both in the same moment, by the clock.
    world.asked(by.clone(), put("二", seen)).await.unwrap();
    let late = world.asked(member("LiSi"), put("三", seen)).await;
    assert_eq!(late, Err(Rejection::Changed));
    let change = |seen| {
        Command::SetTask(TaskChange {
            project: key("p1"),
            task: "t1".into(),
            seen,
            state: Some(TaskState::Done),
            handler: None,
        })
    };
    let late = world.asked(member("LiSi"), change(seen)).await;
    assert_eq!(late, Err(Rejection::Changed));
    let kept = world.item("project:p1").await.unwrap();
    assert_eq!(kept.head().title, "二");
    assert_eq!(kept.head().followers, [user("LiSi")]);
    let seen = Some(world.changed_at("project:p1").await);
    world.asked(member("LiSi"), change(seen)).await.unwrap();
}

async fn what_stays_as_it_was_is_no_news(on: On) {
    let (world, zhang, wang) = office(on).await;
    let by = Actor::Member(zhang);
    let new = form("f1", Submissions::Many);
    world.asked(by.clone(), new).await.unwrap();
    let share = || Command::Share(wang.clone(), vec![item("form:f1")]);
    world.asked(by.clone(), share()).await.unwrap();
    let filled = submission("f1", &wang, "r1", &[("what", "门")]);
    let me = Actor::Contact(wang.clone());
    world.asked(me, filled).await.unwrap();
    world.settle().await;

    let (form_at, record_at) = (
        world.changed_at("form:f1").await,
        world.changed_at("record:r1").await,
    );
    world.clock.advance(Duration::from_secs(60));
    let Command::Put(mut same) = form("f1", Submissions::Many) else {
        panic!("a form is put");
    };
    same.target = Target::Existing(key("f1"), None);
    let made = world.asked(by.clone(), Command::Put(same)).await;
    assert_eq!(made, Ok(Some(item("form:f1"))));
    assert_eq!(world.changed_at("form:f1").await, form_at);
    world.asked(by.clone(), note(true)).await.unwrap();
    assert_eq!(world.changed_at("record:r1").await, record_at);
    let Some(Item::Record(record)) = world.item("record:r1").await else {
        panic!("the record is kept");
    };
    assert_eq!(record.follow_ups.len(), 1);
    world.asked(by, note(false)).await.unwrap();
    assert_eq!(world.changed_at("record:r1").await, world.clock.now());
}

async fn members_deal_with_what_they_see(on: On) {
    let (world, zhang, wang) = office(on).await;
    let Command::Put(mut secret) = draft(Target::New(key("p1")), "项目", project(Vec::new()))
    else {
        panic!("a project is put");
    };
    secret.circle = Circle::Followers;
    let li = member("LiSi");
    world.asked(li.clone(), Command::Put(secret)).await.unwrap();
    let give = Command::Share(wang.clone(), vec![item("project:p1")]);
    world.asked(Actor::System, give).await.unwrap();
    // The customer is theirs, the item is not.
    let by = Actor::Member(zhang);
    let said = comment("project:p1", &wang, "c1", "hi");
    let refused = world.asked(by.clone(), said).await;
    assert_eq!(refused, Err(Rejection::NotFound));
    let revoke = || Command::Revoke(wang.clone(), item("project:p1"));
    let refused = world.asked(by, revoke()).await;
    assert_eq!(refused, Err(Rejection::NotFound));
    // The item is theirs, the customer is not.
    world.asked(li, revoke()).await.unwrap();
}

async fn what_an_item_names_is_there(on: On) {
    let (world, zhang, wang) = office(on).await;
    let by = Actor::Member(zhang.clone());
    let Command::Put(mut secret) = draft(Target::New(key("p1")), "项目", project(Vec::new()))
    else {
        panic!("a project is put");
    };
    secret.circle = Circle::Followers;
    let secret = Command::Put(secret);
    world.asked(member("LiSi"), secret).await.unwrap();
    let approval = |id: &str, who: &str, about: Option<&str>| {
        let content = Content::Approval {
            contact: contact(who),
            about: about.map(item),
            attachments: Vec::new(),
        };
        draft(Target::New(key(id)), "同意报价", content)
    };
    let other = approval("a1", "wmCustomer2", None);
    world.asked(by.clone(), other).await.unwrap();
    // One that is not there, one that they do not see, one of another customer's.
    for about in ["project:p9", "project:p1", "approval:a1"] {
        let named = approval("a2", wang.as_str(), Some(about));
        let refused = world.asked(by.clone(), named).await;
        assert_eq!(refused, invalid("about", Wrong::Unknown), "{about}");
    }
    let new = form("f1", Submissions::Many);
    world.asked(by.clone(), new).await.unwrap();
    let record = |target, who: Option<&str>, project: Option<&str>| {
        let content = Content::Record {
            form: key("f1"),
            contact: who.map(contact),
            values: [("what".to_owned(), Value::One("门".into()))].into(),
            project: project.map(key),
        };
        draft(target, "报修", content)
    };
    let named = record(Target::New(key("r1")), None, Some("p1"));
    let refused = world.asked(by, named).await;
    assert_eq!(refused, invalid("project", Wrong::Unknown));
    // A customer who comes later is one of theirs as well.
    let li = member("LiSi");
    let named = record(Target::New(key("r1")), None, Some("p1"));
    world.asked(li.clone(), named).await.unwrap();
    let later = record(
        Target::Existing(key("r1"), None),
        Some(wang.as_str()),
        Some("p1"),
    );
    let refused = world.asked(li, later).await;
    assert!(
        matches!(refused, Err(Rejection::NotAllowed(_))),
        "{refused:?}"
    );
}

async fn members_whom_nobody_knows_do_nothing(on: On) {
    let (world, zhang, _) = office(on).await;
    let by = Actor::Member(zhang.clone());
    let put = |target, followers: &[&str], handler: &str| {
        let stage = Stage {
            title: "部署".into(),
            tasks: vec![task(Some(user(handler)))],
        };
        let Command::Put(mut put) = draft(target, "项目", project(vec![stage])) else {
            panic!("a project is put");
        };
        put.followers = Some(followers.iter().map(|name| user(name)).collect());
        Command::Put(put)
    };
    let typo = put(Target::New(key("p1")), &["LiSi", "LiSii"], "ZhangSan");
    let refused = world.asked(by.clone(), typo).await;
    assert_eq!(refused, invalid("followers[1]", Wrong::NotAMember));
    let typo = put(Target::New(key("p1")), &["LiSi"], "ZhangSann");
    let refused = world.asked(by.clone(), typo).await;
    let place = "stages[0].tasks[0].handler";
    assert_eq!(refused, invalid(place, Wrong::NotAMember));
    let right = put(Target::New(key("p1")), &["LiSi"], "ZhangSan");
    world.asked(by.clone(), right).await.unwrap();

    let follow = |on| Command::Follow(item("project:p1"), user("LiSii"), on);
    let refused = world.asked(Actor::System, follow(true)).await;
    assert_eq!(refused, invalid("follower", Wrong::NotAMember));
    world.asked(Actor::System, follow(false)).await.unwrap();
    let handled = Command::SetTask(TaskChange {
        project: key("p1"),
        task: "t1".into(),
        seen: None,
        state: None,
        handler: Some(Some(Handler::Member(user("LiSii")))),
    });
    let refused = world.asked(by, handled).await;
    assert_eq!(refused, invalid("handler", Wrong::NotAMember));
}

async fn who_has_left_keeps_nobody_from_going_on(on: On) {
    let (world, zhang, wang) = office(on).await;
    let li = || user("LiSi");
    let by = Actor::Member(zhang.clone());
    let stage = |state| Stage {
        title: "部署".into(),
        tasks: vec![Task {
            state,
            ..task(Some(li()))
        }],
    };
    let put = |target, state| {
        let Command::Put(mut put) = draft(target, "项目", project(vec![stage(state)])) else {
            panic!("a project is put");
        };
        put.owner = Some(li());
        put.followers = Some(vec![zhang.clone()]);
        Command::Put(put)
    };
    let new = put(Target::New(key("p1")), TaskState::Todo);
    world.asked(by.clone(), new).await.unwrap();
    let new = form("f1", Submissions::Many);
    world.asked(by.clone(), new).await.unwrap();
    let share = Command::Share(wang.clone(), vec![item("form:f1")]);
    world.asked(by.clone(), share).await.unwrap();
    let filled = submission("f1", &wang, "r1", &[("what", "门")]);
    world.asked(Actor::Contact(wang), filled).await.unwrap();
    let advance = |handler: UserId, step: &str| {
        Command::Advance(Advance {
            record: key("r1"),
            seen: None,
            step: Some(step.into()),
            handler: Some(Some(handler)),
            follow_up: None,
            internal: false,
        })
    };
    let first = advance(li(), "待处理");
    world.asked(by.clone(), first).await.unwrap();
    world.put(&[Effect::DropMember(li())]).await;

    let set = |handler: UserId| {
        Command::SetTask(TaskChange {
            project: key("p1"),
            task: "t1".into(),
            seen: None,
            state: Some(TaskState::Done),
            handler: Some(Some(Handler::Member(handler))),
        })
    };
    let refused = world.asked(by.clone(), set(user("LiSii"))).await;
    assert_eq!(refused, invalid("handler", Wrong::NotAMember));
    world.asked(by.clone(), set(li())).await.unwrap();
    let refused = world
        .asked(by.clone(), advance(user("LiSii"), "已完成"))
        .await;
    assert_eq!(refused, invalid("handler", Wrong::NotAMember));
    world
        .asked(by.clone(), advance(li(), "已完成"))
        .await
        .unwrap();
    let same = put(Target::Existing(key("p1"), None), TaskState::Doing);
    world.asked(by.clone(), same).await.unwrap();
    let same = Command::GiveTo(item("project:p1"), li());
    assert_eq!(world.asked(by, same).await, Ok(None));
}

async fn a_form_is_kept_within_its_limits(on: On) {
    let (world, zhang, _) = office(on).await;
    let by = Actor::Member(zhang);
    let field = |key: &str, kind, default: Option<&str>| Field {
        key: key.into(),
        label: format!("  {key} "),
        kind,
        required: false,
        hint: " ".repeat(300),
        default: default.map(|text| Value::One(text.into())),
        customer: CustomerUse::FillsIn,
    };
    let form = |fields: Vec<Field>, steps: &[&str]| {
        let content = Content::Form {
            fields,
            submissions: Submissions::Many,
            steps: steps.iter().map(|step| (*step).to_owned()).collect(),
        };
        draft(Target::New(key("f1")), "报修", content)
    };
    let choices = |max| FieldKind::Choices {
        options: vec!["门".into(), "窗".into()],
        max: Some(max),
    };
    let wrong = vec![
        field("a", FieldKind::Text { max: 0 }, None),
        field("b", choices(3), None),
        field("c", FieldKind::Text { max: 3 }, Some("太长太长")),
        field("d", choices(1), Some("灯")),
    ];
    let refused = world
        .asked(by.clone(), form(wrong, &["新建", " 新建 "]))
        .await;
    let faults = [
        ("fields[0].max", Wrong::Below(1)),
        ("fields[1].max", Wrong::Above(2)),
        ("fields[2].default", Wrong::TooLong(3)),
        ("fields[3].default", Wrong::NotAnOption),
        ("steps[1]", Wrong::Twice),
    ];
    let faults = faults.map(|(place, wrong)| Fault::new(place, wrong));
    assert_eq!(refused, Err(Rejection::Invalid(faults.to_vec())));

    let files = |count: usize| {
        let fields =
            (0..count).map(|n| field(&format!("f{n}"), FieldKind::Attachment { max: 9 }, None));
        fields.collect::<Vec<_>>()
    };
    let refused = world.asked(by.clone(), form(files(7), &["新建"])).await;
    assert_eq!(refused, invalid("fields[6].max", Wrong::TooMany(60)));
    world.asked(by, form(files(6), &[" 新建 "])).await.unwrap();
    let Some(Item::Form(kept)) = world.item("form:f1").await else {
        panic!("the form is kept");
    };
    assert_eq!(kept.steps, ["新建"]);
    assert_eq!(
        (kept.fields[0].label.as_str(), kept.fields[0].hint.as_str()),
        ("f0", "")
    );
}

async fn requests_and_cards_are_forgotten(on: On) {
    let (world, zhang, wang) = office(on).await;
    let by = Actor::Member(zhang);
    let new = form("f1", Submissions::Many);
    world
        .asked_as(Some("made-once"), by.clone(), new)
        .await
        .unwrap();
    let share = Command::Share(wang.clone(), vec![item("form:f1")]);
    world.asked(by, share).await.unwrap();
    let filled = submission("f1", &wang, "r1", &[("what", "门")]);
    let me = Actor::Contact(wang.clone());
    world.asked(me, filled).await.unwrap();
    world.settle().await;

    let (store, corp) = (world.store(), corp());
    let carried = async || {
        let carried = store.list(&corp, Table::Carried, None, 9).await.unwrap();
        carried.len()
    };
    let cards = async || {
        let cards = store.list(&corp, Table::Cards, None, 9).await.unwrap();
        let cards = cards
            .iter()
            .map(|card| card.parse::<SentCard>().unwrap().unwrap());
        let cards = cards.map(|card| (card.response_code.is_some(), card.shows.is_some()));
        cards.collect::<Vec<_>>()
    };
    let listed = async || {
        let record = item("record:r1");
        let listed = store.cards_about(&corp, &record, 9).await.unwrap();
        listed.len()
    };
    let before = cards().await;
    assert!(before.contains(&(true, true)), "{before:?}");
    assert_eq!((carried().await, listed().await), (1, 1));
    assert_eq!(world.forget_old().await, 0);

    let hour = Duration::from_secs(60 * 60);
    world.clock.advance(hour * 72);
    assert_eq!(world.forget_old().await, before.len());
    assert!(cards().await.iter().all(|card| *card == (false, false)));
    assert_eq!((carried().await, listed().await), (1, 0));
    assert_eq!(world.forget_old().await, 0);

    world.clock.advance(hour * 24 * 27);
    assert_eq!(world.forget_old().await, before.len() + 1);
    assert_eq!((carried().await, cards().await.len()), (0, 0));
}
