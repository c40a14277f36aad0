//! Conversations with customers.

use wecom_bridge::decide::request::{Command, NewComment};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::grant::{Grant, GrantState};
use wecom_bridge::model::ids::ExternalUserId;
use wecom_bridge::model::item::{Actor, ItemRef};
use wecom_bridge::model::thread::Comment;

use crate::guest::Guest;
use crate::item_pages::{PROJECT, corp, office, reference};
use crate::world::{On, World, contact, stories};

stories!(
    customers_are_answered,
    everybody_of_many_is_answered,
    a_plan_is_talked_about_apart,
    long_conversations_are_read_to_their_beginning,
);

async fn customers_are_answered(on: On) {
    let (world, zhang, wang) = office(on).await;
    let mut guest = Guest::at_work(&world, "member:ZhangSan").await;
    let path = guest.make("project", &PROJECT).await;
    guest.get(&path).await.shows("尚未发送给任何客户");
    let item = reference(&path);
    let share = Command::Share(wang.clone(), vec![item.clone()]);
    world.do_as(Actor::Member(zhang), share).await;
    let said = Command::Comment(NewComment {
        item: item.clone(),
        contact: wang.clone(),
        id: "0".into(),
        text: "什么时候来？".into(),
    });
    guest.get(&path).await.shows("未查看");
    world.do_as(Actor::Contact(wang.clone()), said).await;
    let shown = guest.get(&path).await;
    shown.hides("未查看");
    for text in ["王女士", "可能已发送", "什么时候来？", "回复客户"] {
        shown.shows(text);
    }
    let shown_as = item.to_string();
    let at = format!("{path}/comment");
    let empty = [
        ("contact", wang.as_str()),
        ("as", &shown_as),
        ("text", "  "),
    ];
    let refused = guest.submit_on(&shown, &at, &empty).await;
    assert_eq!(refused.status, 422);
    let mut answer = empty;
    answer[2] = ("text", "明天");
    let sent = guest.submit_on(&refused, &at, &answer).await;
    assert_eq!(sent.path(), path);
    assert_eq!(
        guest.submit_on(&refused, &at, &answer).await.path(),
        path,
        "a double tap"
    );
    let store = world.store();
    let comments = store
        .comments(&corp(), &item, &wang, None, 9)
        .await
        .unwrap();
    let texts: Vec<_> = comments.into_iter().map(|comment| comment.text).collect();
    assert_eq!(texts, ["什么时候来？", "明天"]);

    // Another item cannot be talked about from here.
    let mut foreign = answer;
    foreign[1] = ("as", "project:other");
    assert_eq!(guest.submit(&path, &at, &foreign).await.status, 400);
    // Somebody who neither works on it nor has the customer only reads.
    let mut wu = Guest::at_work(&world, "member:WuNing").await;
    let page = wu.get(&path).await;
    page.hides("<textarea name=\"text\"");
    assert_eq!(wu.submit_on(&page, &at, &answer).await.status, 403);

    let revoke = [("contact", wang.as_str()), ("as", &shown_as)];
    let done = guest
        .submit(&path, &format!("{path}/revoke"), &revoke)
        .await;
    assert_eq!(done.path(), path);
    guest.get(&path).await.shows("尚未发送给任何客户");
}

/// An item as a customer has it.
fn granted(world: &World, contact: &ExternalUserId, item: &ItemRef) -> Effect {
    let now = world.clock.now();
    Effect::PutGrant(Grant {
        contact: contact.clone(),
        item: item.clone(),
        by: Actor::System,
        state: GrantState::Confirmed,
        given_at: now,
        changed_at: now,
    })
}

async fn everybody_of_many_is_answered(on: On) {
    let (world, ..) = office(on).await;
    let mut guest = Guest::at_work(&world, "member:ZhangSan").await;
    let path = guest.make("project", &PROJECT).await;
    let item = reference(&path);
    let many: Vec<ExternalUserId> = (10..61).map(|n| contact(&format!("wm{n}"))).collect();
    let all = many.iter().map(|contact| granted(&world, contact, &item));
    world.put(&all.collect::<Vec<_>>()).await;
    let first = guest.get(&path).await;
    first.shows("talk=wm59");
    first.hides("talk=wm60");
    first.hides("<textarea name=\"text\"");
    guest
        .get(&format!("{path}?who=wm59"))
        .await
        .shows("talk=wm60");

    let shown_as = item.to_string();
    let last = format!("{path}?talk=wm60&as={shown_as}");
    let shown = guest.get(&last).await;
    shown.shows("<textarea name=\"text\"");
    let answer = [("contact", "wm60"), ("as", &shown_as), ("text", "明天")];
    let sent = guest
        .submit_on(&shown, &format!("{path}/comment"), &answer)
        .await;
    assert_eq!(sent.path(), path);
    let to = sent.to.split('#').next().unwrap().to_owned();
    guest.get(&to).await.shows("<p class=\"text\">明天</p>");
    // Nobody comes into the list by being named.
    let stranger = guest.get(&format!("{path}?talk=wm99")).await;
    stranger.hides("value=\"wm99\"");
    stranger.hides("<textarea name=\"text\"");
}

async fn a_plan_is_talked_about_apart(on: On) {
    let (world, zhang, wang) = office(on).await;
    let mut guest = Guest::at_work(&world, "member:ZhangSan").await;
    let path = guest.make("project", &PROJECT).await;
    let project = reference(&path);
    let plan: ItemRef = format!("plan:{}", project.id).parse().unwrap();
    let share = Command::Share(wang.clone(), vec![project.clone(), plan.clone()]);
    world.do_as(Actor::Member(zhang), share).await;
    for shown in [project, plan] {
        let shown = shown.to_string();
        let page = guest.get(&format!("{path}?talk={wang}&as={shown}")).await;
        let empty = [("contact", wang.as_str()), ("as", &shown), ("text", " ")];
        let at = format!("{path}/comment");
        let refused = guest.submit_on(&page, &at, &empty).await;
        assert_eq!(refused.status, 422);
        let (_, form) = refused.html.split_once("/comment\"").unwrap();
        let (form, _) = form.split_once("</form>").unwrap();
        let hidden = format!("name=\"as\" value=\"{shown}\"");
        assert!(form.contains(&hidden), "{shown}: {form}");
    }
}

async fn long_conversations_are_read_to_their_beginning(on: On) {
    let (world, _, wang) = office(on).await;
    let mut guest = Guest::at_work(&world, "member:ZhangSan").await;
    let path = guest.make("project", &PROJECT).await;
    let item = reference(&path);
    let mut effects = vec![granted(&world, &wang, &item)];
    let now = world.clock.now();
    effects.extend((100..250_u16).map(|n| {
        Effect::PutComment(Comment {
            id: format!("c{n}"),
            item: item.clone(),
            contact: wang.clone(),
            by: Actor::Contact(wang.clone()),
            text: format!("第{n}句"),
            at: now,
        })
    }));
    world.put(&effects).await;
    let last = guest.get(&path).await;
    last.shows("第150句");
    last.shows("第249句");
    last.hides("第149句");
    let (before, _) = last.html.split_once("显示更早的评论").unwrap();
    let (_, earlier) = before.rsplit_once("href=\"").unwrap();
    let earlier = earlier.split('"').next().unwrap().replace("&#38;", "&");
    let first = guest.get(&earlier).await;
    first.shows("第100句");
    first.shows("第149句");
    first.hides("第150句");
    first.hides("显示更早的评论");
}
