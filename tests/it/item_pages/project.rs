//! Projects on the pages: made, changed, and not overwritten.

use wecom_bridge::model::item::{Actor, Circle, Item, ItemState};
use wecom_bridge::model::project::{Handler, TaskState};

use crate::guest::Guest;
use crate::item_pages::{PROJECT, office};
use crate::world::{On, stories, user};

stories!(
    a_project_is_made_and_changed,
    what_others_changed_is_not_overwritten,
);

async fn a_project_is_made_and_changed(on: On) {
    let (world, zhang, _) = office(on).await;
    let mut guest = Guest::at_work(&world, "member:ZhangSan").await;
    let path = guest.make("project", &PROJECT).await;
    let Item::Project(project) = world.at(&path).await else {
        panic!("a project is kept");
    };
    assert_eq!(project.head.owner, zhang);
    assert_eq!(project.head.created_by, Actor::Member(zhang));
    assert_eq!(project.head.description, "第一期\n第二期");
    let tasks: Vec<_> = project.tasks().collect();
    assert_eq!(tasks[0].handler, Some(Handler::Member(user("LiSi"))));
    assert_eq!(tasks[0].due, Some("2026-11-30".parse().unwrap()));
    assert_eq!(tasks[1].handler, Some(Handler::Customer));
    assert!(tasks[1].internal && tasks[0].key != tasks[1].key);

    let shown = guest.get(&path).await;
    for text in [
        "门禁系统",
        "装机",
        "李四",
        "2026-11-23 – 2026-11-30",
        "0% (0/2)",
    ] {
        shown.shows(text);
    }
    let task = [
        ("task", tasks[0].key.as_str()),
        ("state", "done"),
        ("was_state", "todo"),
        ("handler", "张三 (ZhangSan)"),
        ("was_handler", "李四 (LiSi)"),
    ];
    let at = format!("{path}/task");
    let saved = guest.submit_on(&shown, &at, &task).await;
    assert_eq!(saved.path(), path);
    guest.get(&path).await.shows("50% (1/2)");
    // Somebody who still sees the page of before changes the same to something else, and is told.
    let mut stale = task;
    stale[1] = ("state", "dropped");
    let refused = guest.submit(&path, &at, &stale).await;
    assert_eq!(refused.status, 409);
    refused.shows("其他人刚刚修改过");
    // A member whom nobody knows is refused at the task.
    let mut unknown = task;
    unknown[2] = ("was_state", "done");
    unknown[3] = ("handler", "王五");
    unknown[4] = ("was_handler", "张三 (ZhangSan)");
    let refused = guest.submit(&path, &at, &unknown).await;
    assert_eq!(refused.status, 422);
    refused.shows("没有找到此成员");
    let Item::Project(project) = world.at(&path).await else {
        panic!("a project is kept");
    };
    let task = project.tasks().next().unwrap();
    assert_eq!(task.state, TaskState::Done);
    assert_eq!(task.handler, Some(Handler::Member(user("ZhangSan"))));

    // Whole again, with its faults at their places and nothing lost.
    let edit = format!("{path}/edit");
    let mut wrong = PROJECT;
    wrong[0] = ("title", " ");
    wrong[9] = ("stages[0].tasks[0].start", "2026-12-24");
    let refused = guest.submit(&edit, &edit, &wrong).await;
    assert_eq!(refused.status, 422);
    for text in [
        "请填写。",
        "日期不在允许的范围内。",
        "value=\"2026-12-24\"",
        "value=\"装机\"",
    ] {
        refused.shows(text);
    }
    let mut right = PROJECT;
    right[0] = ("title", "门禁系统二期");
    right[2] = ("circle", "followers");
    let saved = guest.submit_on(&refused, &edit, &right).await;
    assert_eq!(saved.path(), path);
    let head = world.at(&path).await.head().clone();
    assert_eq!(
        (head.title.as_str(), head.circle),
        ("门禁系统二期", Circle::Followers)
    );

    for (change, fields) in [
        ("state", vec![("to", "closed")]),
        ("follow", vec![("on", "1")]),
        ("follower", vec![("follower", "李四")]),
        ("give", vec![("to", "lisi")]),
    ] {
        let done = guest
            .submit(&path, &format!("{path}/{change}"), &fields)
            .await;
        assert_eq!(done.path(), path, "{change}");
    }
    let head = world.at(&path).await.head().clone();
    assert_eq!((head.state, head.owner), (ItemState::Closed, user("LiSi")));
    assert_eq!(head.followers, [user("ZhangSan"), user("LiSi")]);
    guest.get(&path).await.shows("历任负责人");
}

async fn what_others_changed_is_not_overwritten(on: On) {
    let (world, ..) = office(on).await;
    let mut zhang = Guest::at_work(&world, "member:ZhangSan").await;
    let path = zhang.make("project", &PROJECT).await;
    zhang
        .submit(&path, &format!("{path}/follower"), &[("follower", "李四")])
        .await;
    let mut li = Guest::at_work(&world, "member:LiSi").await;
    let edit = format!("{path}/edit");
    let (one, other) = (zhang.get(&edit).await, li.get(&edit).await);
    world.clock.advance(std::time::Duration::from_secs(60));
    let mut first = PROJECT;
    first[0] = ("title", "李四的标题");
    assert_eq!(li.submit_on(&other, &edit, &first).await.path(), path);
    let mut second = PROJECT;
    second[0] = ("title", "张三的标题");
    let told = zhang.submit_on(&one, &edit, &second).await;
    assert_eq!(told.status, 409);
    for text in [
        "其他人刚刚修改过",
        "李四",
        "标题: 李四的标题",
        "value=\"张三的标题\"",
    ] {
        told.shows(text);
    }
    assert_eq!(world.at(&path).await.head().title, "李四的标题");
    // What was opened before stays so while somebody works on it.
    let mut third = second.to_vec();
    third.push(("do", "stage"));
    let worked_on = zhang.submit_on(&one, &edit, &third).await;
    assert_eq!(worked_on.value("changed_at"), one.value("changed_at"));
    // Knowing that, it is saved.
    assert_eq!(zhang.submit_on(&told, &edit, &second).await.path(), path);
    assert_eq!(world.at(&path).await.head().title, "张三的标题");
    assert_eq!(world.at(&path).await.head().followers, [user("LiSi")]);
}
