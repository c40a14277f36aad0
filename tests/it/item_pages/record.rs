//! Records and approvals on the pages.

use std::collections::BTreeMap;

use wecom_bridge::model::form::Value;
use wecom_bridge::model::item::{Circle, Item};

use crate::guest::Guest;
use crate::item_pages::{FORM, PROJECT, office, reference};
use crate::world::{On, stories, user};

stories!(
    a_record_is_made_and_gone_on_with,
    an_approval_is_made_for_a_customer,
    records_of_a_form_for_few_are_for_few,
);

async fn a_record_is_made_and_gone_on_with(on: On) {
    let (world, zhang, wang) = office(on).await;
    let mut guest = Guest::at_work(&world, "member:ZhangSan").await;
    let form = guest.make("form", &FORM).await;
    let id = form.rsplit('/').next().unwrap().to_owned();
    let choose = guest
        .get(&format!("/items/new/record?form={id}&q=王"))
        .await;
    choose.shows("contact=wmCustomer1");
    let from = format!("/items/new/record?form={id}&contact={wang}");
    let values = [
        ("form", id.as_str()),
        ("contact", wang.as_str()),
        ("title", "报修"),
        ("v:f1", "门坏了太久了"),
        ("v:f2", "一层"),
        ("v:f2", "二层"),
        ("v:f3", "李四"),
    ];
    let refused = guest.submit(&from, "/items/new/record", &values).await;
    assert_eq!(refused.status, 422);
    refused.shows("最多 5 个字符。");
    let mut right = values;
    right[3] = ("v:f1", "门坏了");
    let made = guest.submit_on(&refused, "/items/new/record", &right).await;
    let path = made.path().to_owned();
    let Item::Record(record) = world.at(&path).await else {
        panic!("a record is kept");
    };
    let two = Value::Many(vec!["一层".into(), "二层".into()]);
    let expected = BTreeMap::from([
        ("f1".to_owned(), Value::One("门坏了".into())),
        ("f2".to_owned(), two),
        ("f3".to_owned(), Value::One("LiSi".into())),
    ]);
    assert_eq!(record.values, expected);
    assert_eq!((record.contact, record.head.owner), (Some(wang), zhang));

    let shown = guest.get(&path).await;
    for text in ["门坏了", "李四", "王女士", "待处理"] {
        shown.shows(text);
    }
    guest.get(&form).await.shows(&path);
    let go_on = [
        ("was_step", "待处理"),
        ("step", "已完成"),
        ("was_handler", ""),
        ("handler", "李四"),
        ("follow_up", "修好了"),
        ("internal", "1"),
    ];
    let at = format!("{path}/advance");
    assert_eq!(guest.submit_on(&shown, &at, &go_on).await.path(), path);
    // The same once more, as by a double tap, changes nothing; a stale page with its own step is told.
    assert_eq!(guest.submit_on(&shown, &at, &go_on).await.path(), path);
    let mut stale = go_on;
    stale[0] = ("was_step", "别的");
    stale[1] = ("step", "待处理");
    let refused = guest.submit(&path, &at, &stale).await;
    assert_eq!(refused.status, 409);
    refused.shows(">修好了</textarea>");
    let Item::Record(record) = world.at(&path).await else {
        panic!("a record is kept");
    };
    assert_eq!(
        (record.step.as_str(), record.follow_ups.len()),
        ("已完成", 1)
    );
    assert!(record.follow_ups[0].internal);
    assert_eq!(record.handler, Some(user("LiSi")));

    let edit = format!("{path}/edit");
    let changed = [("title", "报修 2"), ("v:f1", "窗"), ("v:f2", "二层")];
    assert_eq!(guest.submit(&edit, &edit, &changed).await.path(), path);
    let Item::Record(record) = world.at(&path).await else {
        panic!("a record is kept");
    };
    assert_eq!(record.values.len(), 2);
    assert_eq!(record.follow_ups.len(), 1, "what was done stays");
}

async fn an_approval_is_made_for_a_customer(on: On) {
    let (world, _, wang) = office(on).await;
    let mut guest = Guest::at_work(&world, "member:ZhangSan").await;
    let project = guest.make("project", &PROJECT).await;
    let about = reference(&project).to_string();
    let shown = guest.get(&project).await;
    shown.shows(&format!(
        "/items/new/approval?about={}",
        about.replace(':', "%3A")
    ));
    let from = format!("/items/new/approval?contact={wang}&about={about}");
    let fields = [
        ("contact", wang.as_str()),
        ("about", about.as_str()),
        ("title", "同意报价"),
        ("description", "共 10 万元"),
    ];
    let made = guest.submit(&from, "/items/new/approval", &fields).await;
    let path = made.path().to_owned();
    let Item::Approval(approval) = world.at(&path).await else {
        panic!("an approval is kept");
    };
    assert_eq!(approval.contact, wang);
    assert_eq!(approval.about, Some(reference(&project)));
    guest.get(&path).await.shows("等待客户答复");

    // Somebody who does not have the customer finds and asks nobody.
    let mut stranger = Guest::at_work(&world, "member:LiSi").await;
    let choose = stranger.get("/items/new/approval").await;
    choose.shows("没有找到您的客户");
    let hidden = stranger.get("/items/hand-over").await;
    let refused = stranger
        .submit_on(&hidden, "/items/new/approval", &fields)
        .await;
    assert_eq!(refused.status, 404);
    assert_eq!(world.items_kept().await, 2);
}

async fn records_of_a_form_for_few_are_for_few(on: On) {
    let (world, zhang, wang) = office(on).await;
    let mut zhangs = Guest::at_work(&world, "member:ZhangSan").await;
    let mut li = Guest::at_work(&world, "member:LiSi").await;
    let few: Vec<_> = FORM.into_iter().chain([("circle", "followers")]).collect();
    let form = li.make("form", &few).await;
    let add = [("follower", "张三 (ZhangSan)")];
    li.submit(&form, &format!("{form}/follower"), &add).await;
    let id = form.rsplit('/').next().unwrap();
    let from = format!("/items/new/record?form={id}&contact={wang}");
    let editor = zhangs.get(&from).await;
    editor.shows("<option value=\"followers\" selected>");
    let values = [
        ("form", id),
        ("contact", wang.as_str()),
        ("title", "报修"),
        ("circle", "followers"),
        ("v:f1", "门"),
    ];
    let made = zhangs
        .submit_on(&editor, "/items/new/record", &values)
        .await;
    let head = world.at(made.path()).await.head().clone();
    assert_eq!((head.owner, head.circle), (zhang, Circle::Followers));
    assert_eq!(head.followers, [user("LiSi")]);
}
