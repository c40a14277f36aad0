//! What the company and its systems do.

use wecom_bridge::decide::rejection::{Fault, Rejection, Wrong};
use wecom_bridge::decide::request::{Command, Content, Request, Target};
use wecom_bridge::model::effect::Shelf;
use wecom_bridge::model::form::Submissions;
use wecom_bridge::model::item::{Actor, ExternalRef, Item};
use wecom_bridge::model::project::{Handler, Stage, Task, TaskState};
use wecom_bridge::model::request::RequestId;
use wecom_bridge::store::record::Table;

use crate::items::{corp, draft, form, item, key, office, submission};
use crate::world::{On, stories, user};

stories!(
    the_same_request_is_carried_out_once,
    everything_of_a_member_is_handed_over,
    the_companys_own_name_leads_to_one_item,
);

async fn the_same_request_is_carried_out_once(on: On) {
    let (world, zhang, wang) = office(on).await;
    let by = Actor::Member(zhang);
    world
        .asked(by.clone(), form("f1", Submissions::Many))
        .await
        .unwrap();
    let share = Command::Share(wang.clone(), vec![item("form:f1")]);
    world.asked(by, share).await.unwrap();
    let me = Actor::Contact(wang.clone());
    let tap = |record: &str| {
        let command = submission("f1", &wang, record, &[("what", "门")]);
        let request = Request {
            id: Some(RequestId::parse("tapped-twice").unwrap()),
            digest: "the same".into(),
            by: me.clone(),
            command,
        };
        let (act, now) = (world.act().clone(), world.clock.now());
        async move { act.ask(&corp(), &request, now).await.unwrap().unwrap() }
    };
    let (one, two, three) = tokio::join!(tap("r1"), tap("r2"), tap("r3"));
    assert!(one == two && two == three, "{one} {two} {three}");
    let records = world
        .store()
        .list(&corp(), Table::Items, None, 9)
        .await
        .unwrap();
    assert_eq!(records.len(), 2, "a form and one record");
    let other = world
        .asked_as(
            Some("tapped-twice"),
            me,
            submission("f1", &wang, "r4", &[("what", "窗")]),
        )
        .await;
    assert_eq!(other, Err(Rejection::NameReused));
}

async fn everything_of_a_member_is_handed_over(on: On) {
    let (world, zhang, _) = office(on).await;
    let by = Actor::Member(zhang.clone());
    let task = |key: &str| Task {
        key: key.into(),
        title: key.into(),
        state: TaskState::Todo,
        handler: Some(Handler::Member(zhang.clone())),
        start: None,
        due: None,
        internal: false,
    };
    for n in 0..3 {
        let stages = vec![Stage {
            title: "部署".into(),
            tasks: vec![task("t1")],
        }];
        let target = Target::New(key(&format!("p{n}")));
        let put = draft(target, "项目", Content::Project { stages });
        world.asked(by.clone(), put).await.unwrap();
    }
    let foreign = Command::HandOver {
        from: user("LiSi"),
        to: zhang.clone(),
    };
    let refused = world.asked(by.clone(), foreign).await;
    assert!(
        matches!(refused, Err(Rejection::NotAllowed(_))),
        "{refused:?}"
    );
    let hand_over = Command::HandOver {
        from: zhang.clone(),
        to: user("LiSi"),
    };
    world.asked(by, hand_over).await.unwrap();
    world.settle().await;
    for n in 0..3 {
        let Some(Item::Project(project)) = world.item(&format!("project:p{n}")).await else {
            panic!("the project is kept");
        };
        let owners: Vec<_> = project
            .head
            .owners
            .iter()
            .map(|owner| &owner.userid)
            .collect();
        assert_eq!(owners, [&zhang, &user("LiSi")]);
        let handler = project.tasks().next().unwrap().handler.clone();
        assert_eq!(handler, Some(Handler::Member(user("LiSi"))));
    }
    let shelf = Shelf::Member(zhang);
    let left = world
        .store()
        .on_shelf(&corp(), &shelf, None, 9)
        .await
        .unwrap();
    assert!(left.is_empty(), "{left:?}");
}

async fn the_companys_own_name_leads_to_one_item(on: On) {
    let (world, zhang, _) = office(on).await;
    let reference = ExternalRef::parse("CRM-7").unwrap();
    for (id, title) in [("p1", "一"), ("p2", "二")] {
        let target = Target::ByRef(reference.clone(), key(id), None);
        let mut put = draft(target, title, Content::Project { stages: Vec::new() });
        if let Command::Put(draft) = &mut put {
            draft.owner = Some(zhang.clone());
        }
        let made = world.asked(Actor::System, put).await;
        assert_eq!(made, Ok(Some(item("project:p1"))), "{title}");
    }
    let kept = world.item("project:p1").await.unwrap();
    assert_eq!(kept.head().title, "二");
    assert!(world.item("project:p2").await.is_none());
    let nobody = draft(
        Target::New(key("p3")),
        " ",
        Content::Project { stages: Vec::new() },
    );
    let faults = vec![
        Fault::new("title", Wrong::Missing),
        Fault::new("owner", Wrong::Missing),
    ];
    let refused = world.asked(Actor::System, nobody).await;
    assert_eq!(refused, Err(Rejection::Invalid(faults)));
}
