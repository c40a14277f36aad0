//! Who hears of what happens to items, on both stores: cards come once, follow their item, and act once.

use std::time::Duration;

use serde_json::Value;
use wecom_bridge::decide::request::{Advance, Command, Content, NewAnswer, Target};
use wecom_bridge::model::approval::Consent;
use wecom_bridge::model::form::Submissions;
use wecom_bridge::model::ids::{ExternalUserId, UserId};
use wecom_bridge::model::item::{Actor, Item, ItemState};
use wecom_bridge::model::thread::{Reminded, Thread};
use wecom_bridge::sim::message::Message;
use wecom_bridge::store::item::Queue;
use wecom_bridge::store::record::Key;

use crate::items::{comment, corp, draft, form, item, key, office, submission};
use crate::world::{On, World, stories, user};

stories!(
    members_are_told_at_once_and_then_bundled,
    however_often_it_is_looked_at_nothing_is_given_up,
    however_often_it_is_hastened_nothing_is_given_up,
    a_dead_worker_loses_nothing_and_repeats_nothing,
    old_cards_show_the_new_owner,
    a_burst_of_changes_uses_one_code,
    who_takes_a_record_over_handles_it,
    a_button_acts_once,
    without_the_right_a_button_does_nothing,
    the_faster_one_handles_it,
    an_answered_approval_greys_its_cards,
    who_cannot_be_reminded_is_told_by_a_member,
    who_has_seen_it_needs_no_reminder,
);

const MINUTE: Duration = Duration::from_secs(60);
const A_MOMENT: Duration = Duration::from_secs(1);

/// Everybody in a world where Wang has filled a form in, which Zhang owns and Li follows.
struct Scene {
    world: World,
    zhang: UserId,
    li: UserId,
    wang: ExternalUserId,
}

impl Scene {
    /// Nobody was told yet.
    async fn submitted(on: On) -> Self {
        let (world, zhang, wang) = office(on).await;
        let li = user("LiSi");
        let by = Actor::Member(zhang.clone());
        let scene = Self {
            world,
            zhang,
            li,
            wang,
        };
        scene.does(&by, form("f1", Submissions::Many)).await;
        let follow = Command::Follow(item("form:f1"), scene.li.clone(), true);
        scene.does(&by, follow).await;
        let share = Command::Share(scene.wang.clone(), vec![item("form:f1")]);
        scene.does(&by, share).await;
        let filled = submission("f1", &scene.wang, "r1", &[("what", "门")]);
        scene.does(&scene.customer(), filled).await;
        scene
    }

    /// Everybody was told.
    async fn told(on: On) -> Self {
        let scene = Self::submitted(on).await;
        scene.world.settle().await;
        scene
    }

    fn customer(&self) -> Actor {
        Actor::Contact(self.wang.clone())
    }

    async fn does(&self, by: &Actor, command: Command) {
        self.world.asked(by.clone(), command).await.unwrap();
    }

    async fn says(&self, by: &Actor, id: &str) {
        let said = comment("record:r1", &self.wang, id, "什么时候来？");
        self.does(by, said).await;
    }

    async fn advances(&self, by: &Actor, step: Option<&str>, handler: Option<&UserId>) {
        let advance = Advance {
            record: key("r1"),
            seen: None,
            step: step.map(Into::into),
            handler: handler.map(|handler| Some(handler.clone())),
            follow_up: None,
            internal: false,
        };
        self.does(by, Command::Advance(advance)).await;
    }

    /// The cards about items that a member has, oldest first.
    fn cards(&self, userid: &UserId) -> Vec<Message> {
        let mut cards = self.world.sim.window(userid);
        cards.reverse();
        cards.retain(|message| {
            let task_id = message.task_id();
            task_id.is_some_and(|id| id.as_str().starts_with("item-"))
        });
        cards
    }

    /// What a member's newest card shows now: its rows, and the text on its dead buttons.
    fn shows(&self, userid: &UserId) -> (Vec<String>, Option<String>) {
        let cards = self.cards(userid);
        let (card, dead) = cards.last().unwrap().card_for(userid);
        let rows = card["horizontal_content_list"].as_array().unwrap().iter();
        let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let rows = rows.map(|row| format!("{} {}", text(row, "keyname"), text(row, "value")));
        (rows.collect(), dead.map(Into::into))
    }

    async fn presses(&self, userid: &UserId, button: &str) -> bool {
        let card = self.cards(userid).last().unwrap().clone();
        let (shown, _) = card.card_for(userid);
        let buttons = shown["button_list"].as_array().unwrap();
        let found = buttons.iter().find(|it| it["text"] == button);
        let key = found.unwrap()["key"].as_str().unwrap().to_owned();
        let task = card.task_id().unwrap();
        let pressed = self.world.sim.click_button(userid, &task, &key, &[]);
        pressed.await.is_ok()
    }

    async fn handler(&self) -> Option<UserId> {
        match self.world.item("record:r1").await {
            Some(Item::Record(record)) => record.handler,
            other => panic!("{other:?}"),
        }
    }

    async fn thread(&self) -> Thread {
        let keys = [Key::thread(&self.wang, &item("record:r1"))];
        let records = self.world.store().read(&corp(), &keys).await.unwrap();
        records[0].parse().unwrap().unwrap()
    }

    fn updates(&self) -> usize {
        self.world.calls("message/update_template_card")
    }

    async fn nothing_is_dead(&self) {
        for list in ["events", "outgoing"] {
            let states = self.world.states(list).await;
            assert!(!states.contains_key("dead"), "{list}: {states:?}");
        }
    }
}

fn title(card: &Message) -> (&str, &str) {
    let title = &card.content["main_title"];
    let text = |key: &str| title[key].as_str().unwrap_or_default();
    (text("title"), text("desc"))
}

async fn members_are_told_at_once_and_then_bundled(on: On) {
    let scene = Scene::told(on).await;
    for userid in [&scene.zhang, &scene.li] {
        let cards = scene.cards(userid);
        let titles: Vec<_> = cards.iter().map(title).collect();
        assert_eq!(titles, [("王女士提交了表单", "")], "{userid}");
        let card = &cards[0].content;
        assert_eq!(card["sub_title_text"], "报修");
        let page = "http://127.0.0.1:8080/items/record/r1?tenantKey=team1";
        assert_eq!(card["card_action"]["url"], page);
    }
    for n in 0..3 {
        scene.says(&scene.customer(), &format!("c{n}")).await;
        scene.world.settle().await;
    }
    assert_eq!(scene.cards(&scene.zhang).len(), 1, "not so soon");
    assert_eq!(scene.thread().await.for_members.comments, 3);
    scene.world.pass(5 * MINUTE + A_MOMENT).await;
    for userid in [&scene.zhang, &scene.li] {
        let cards = scene.cards(userid);
        let titles: Vec<_> = cards.iter().skip(1).map(title).collect();
        assert_eq!(titles, [("王女士发表了评论", "3条评论")], "{userid}");
    }
    let thread = scene.thread().await;
    assert!(thread.for_members.is_none(), "{thread:?}");
    // After a while the next one goes at once.
    scene.world.pass(6 * MINUTE).await;
    scene.says(&scene.customer(), "c9").await;
    scene.world.settle().await;
    assert_eq!(scene.cards(&scene.li).len(), 3);
    scene.nothing_is_dead().await;
}

async fn however_often_it_is_looked_at_nothing_is_given_up(on: On) {
    let scene = Scene::told(on).await;
    for n in 0..40 {
        scene.says(&scene.customer(), &format!("c{n:02}")).await;
        scene.world.settle().await;
        scene.world.clock.advance(Duration::from_secs(5));
    }
    scene.world.pass(5 * MINUTE + A_MOMENT).await;
    let cards = scene.cards(&scene.zhang);
    let titles: Vec<_> = cards.iter().skip(1).map(title).collect();
    assert_eq!(titles, [("王女士发表了评论", "40条评论")]);
    scene.nothing_is_dead().await;
}

async fn however_often_it_is_hastened_nothing_is_given_up(on: On) {
    let scene = Scene::told(on).await;
    scene.says(&scene.customer(), "c1").await;
    scene.world.settle().await;
    for _ in 0..30 {
        scene.world.clock.advance(A_MOMENT);
        let now = scene.world.clock.now();
        let hastened = scene.world.store().hasten_all(&corp(), now).await;
        assert!(hastened.unwrap() > 0);
        scene.world.settle().await;
    }
    assert_eq!(scene.cards(&scene.zhang).len(), 1, "not so soon");
    scene.world.pass(5 * MINUTE).await;
    let cards = scene.cards(&scene.zhang);
    let titles: Vec<_> = cards.iter().skip(1).map(title).collect();
    assert_eq!(titles, [("王女士发表了评论", "")]);
    scene.nothing_is_dead().await;
}

async fn a_dead_worker_loses_nothing_and_repeats_nothing(on: On) {
    let mut scene = Scene::submitted(on).await;
    // It dies with the wish in its hands, before anything is owed.
    assert!(scene.world.vanish_with_deliveries().await > 0);
    assert_eq!(scene.cards(&scene.zhang).len(), 0);
    // It dies when the cards are owed and none is sent.
    scene.world.step_queue(Queue::Inbox).await;
    assert!(scene.thread().await.for_members.is_none());
    assert_eq!(scene.cards(&scene.zhang).len(), 0);
    scene.world.reopen().await;
    scene.world.pass(10 * MINUTE).await;
    for userid in [&scene.zhang, &scene.li] {
        assert_eq!(scene.cards(userid).len(), 1, "{userid}");
    }
    scene.nothing_is_dead().await;
}

async fn old_cards_show_the_new_owner(on: On) {
    let scene = Scene::told(on).await;
    let (rows, _) = scene.shows(&scene.li);
    assert_eq!(rows, ["类型 记录", "负责人 张三", "步骤 待处理"]);
    let hand_over = Command::HandOver {
        from: scene.zhang.clone(),
        to: scene.li.clone(),
    };
    scene
        .does(&Actor::Member(scene.zhang.clone()), hand_over)
        .await;
    scene.world.pass(MINUTE).await;
    for userid in [&scene.zhang, &scene.li] {
        let (rows, dead) = scene.shows(userid);
        assert_eq!(
            rows,
            ["类型 记录", "负责人 李四", "步骤 待处理"],
            "{userid}"
        );
        assert_eq!(dead, None, "{userid}");
    }
    assert_eq!(scene.updates(), 2, "one for each card");
    // The codes are used up; the next change shows on the next card.
    let by = Actor::Member(scene.li.clone());
    scene.advances(&by, Some("已完成"), None).await;
    scene.world.pass(MINUTE).await;
    assert_eq!(scene.updates(), 2);
    scene.nothing_is_dead().await;
}

async fn a_burst_of_changes_uses_one_code(on: On) {
    let scene = Scene::told(on).await;
    let by = Actor::Member(scene.zhang.clone());
    // What no card shows uses no code.
    let note = Advance {
        record: key("r1"),
        seen: None,
        step: None,
        handler: None,
        follow_up: Some("已看".into()),
        internal: true,
    };
    scene.does(&by, Command::Advance(note)).await;
    scene.world.pass(MINUTE).await;
    assert_eq!(scene.updates(), 0);

    scene.advances(&by, Some("已完成"), None).await;
    scene.world.settle().await;
    scene.world.clock.advance(Duration::from_secs(3));
    scene.advances(&by, None, Some(&scene.li)).await;
    scene.world.settle().await;
    assert_eq!(scene.updates(), 0, "it has not come to rest");
    scene.world.pass(MINUTE).await;
    assert_eq!(scene.updates(), 2, "one for each card");
    let (rows, _) = scene.shows(&scene.zhang);
    let expected = ["类型 记录", "负责人 张三", "处理人 李四", "步骤 已完成"];
    assert_eq!(rows, expected);
    scene.nothing_is_dead().await;
}

async fn who_takes_a_record_over_handles_it(on: On) {
    let scene = Scene::told(on).await;
    assert!(scene.presses(&scene.li, "我来处理").await);
    scene.world.settle().await;
    assert_eq!(scene.handler().await, Some(scene.li.clone()));
    let (rows, dead) = scene.shows(&scene.li);
    let expected = ["类型 记录", "负责人 张三", "处理人 李四", "步骤 待处理"];
    assert_eq!(
        (rows, dead.as_deref()),
        (expected.map(String::from).to_vec(), Some("李四已接手"))
    );
    // The other one's card follows.
    scene.world.pass(MINUTE).await;
    let (rows, dead) = scene.shows(&scene.zhang);
    assert_eq!((rows, dead), (expected.map(String::from).to_vec(), None));
    assert_eq!(scene.updates(), 2);

    assert!(scene.presses(&scene.zhang, "标记完成").await);
    scene.world.pass(MINUTE).await;
    let Some(Item::Record(record)) = scene.world.item("record:r1").await else {
        panic!("the record is kept");
    };
    assert_eq!(record.step, "已完成");
    let (rows, dead) = scene.shows(&scene.zhang);
    assert_eq!(rows.last().unwrap(), "步骤 已完成");
    assert_eq!(dead.as_deref(), Some("张三已标记完成"));
    // The code from sending was left over when the button was pressed.
    let (rows, dead) = scene.shows(&scene.li);
    assert_eq!(rows.last().unwrap(), "步骤 已完成");
    assert_eq!(dead.as_deref(), Some("李四已接手"));
    scene.nothing_is_dead().await;
}

async fn a_button_acts_once(on: On) {
    let scene = Scene::told(on).await;
    // Twice before the service has looked at the first.
    assert!(scene.presses(&scene.li, "我来处理").await);
    assert!(scene.presses(&scene.li, "标记完成").await);
    scene.world.settle().await;
    assert_eq!(scene.handler().await, Some(scene.li.clone()));
    let Some(Item::Record(record)) = scene.world.item("record:r1").await else {
        panic!("the record is kept");
    };
    assert_eq!(record.step, "待处理", "the second press is none");
    assert_eq!(scene.updates(), 1);
    assert!(!scene.presses(&scene.li, "标记完成").await, "grey");
    scene.nothing_is_dead().await;
}

async fn without_the_right_a_button_does_nothing(on: On) {
    let scene = Scene::told(on).await;
    let by = Actor::Member(scene.zhang.clone());
    let leave = Command::Follow(item("record:r1"), scene.li.clone(), false);
    scene.does(&by, leave).await;
    assert!(scene.presses(&scene.li, "我来处理").await);
    scene.world.settle().await;
    assert_eq!(scene.handler().await, None);
    let (_, dead) = scene.shows(&scene.li);
    assert_eq!(dead.as_deref(), Some("无权处理"));

    let close = Command::SetState(item("record:r1"), ItemState::Closed);
    scene.does(&by, close).await;
    assert!(scene.presses(&scene.zhang, "标记完成").await);
    scene.world.settle().await;
    let (rows, dead) = scene.shows(&scene.zhang);
    assert_eq!(rows.last().unwrap(), "状态 已关闭");
    assert_eq!(dead.as_deref(), Some("已关闭"));
    scene.nothing_is_dead().await;
}

async fn the_faster_one_handles_it(on: On) {
    let scene = Scene::told(on).await;
    assert!(scene.presses(&scene.li, "我来处理").await);
    scene.world.settle().await;
    assert!(scene.presses(&scene.zhang, "我来处理").await);
    scene.world.settle().await;
    assert_eq!(scene.handler().await, Some(scene.li.clone()));
    let (rows, dead) = scene.shows(&scene.zhang);
    assert!(rows.contains(&"处理人 李四".into()), "{rows:?}");
    assert_eq!(dead.as_deref(), Some("已由李四处理"));
}

async fn who_cannot_be_reminded_is_told_by_a_member(on: On) {
    let scene = Scene::told(on).await;
    let by = Actor::Member(scene.li.clone());
    let nudges = |userid: &UserId| {
        let cards = scene.world.cards(userid);
        let nudges = cards.into_iter();
        nudges
            .filter(|title| title == "王女士还不知道您的回复")
            .count()
    };
    scene.says(&by, "m1").await;
    scene.world.settle().await;
    assert_eq!((nudges(&scene.li), nudges(&scene.zhang)), (1, 0));
    let thread = scene.thread().await;
    assert_eq!(thread.reminder, Some(Reminded::NoChannel));
    assert!(thread.for_contact.is_none(), "{thread:?}");
    for n in 2..5 {
        scene.says(&by, &format!("m{n}")).await;
        scene.world.settle().await;
    }
    assert_eq!(nudges(&scene.li), 1, "not so soon");
    scene.world.pass(5 * MINUTE + A_MOMENT).await;
    assert_eq!(nudges(&scene.li), 2, "one for all of them");
    // A system has no window; the owner has one.
    scene.world.pass(6 * MINUTE).await;
    scene.says(&Actor::System, "m9").await;
    scene.world.settle().await;
    assert_eq!((nudges(&scene.li), nudges(&scene.zhang)), (2, 1));
    scene.nothing_is_dead().await;
}

async fn who_has_seen_it_needs_no_reminder(on: On) {
    let scene = Scene::told(on).await;
    let by = Actor::Member(scene.zhang.clone());
    scene.says(&by, "m1").await;
    scene.world.clock.advance(Duration::from_secs(1));
    let seen = Command::MarkSeen(scene.wang.clone(), item("record:r1"));
    scene.does(&scene.customer(), seen).await;
    scene.world.pass(6 * MINUTE).await;
    let thread = scene.thread().await;
    assert_eq!((thread.reminder, thread.contact_told_at), (None, None));
    assert!(thread.for_contact.is_none(), "{thread:?}");
    let nudge = "王女士还不知道您的回复".to_owned();
    assert!(!scene.world.cards(&scene.zhang).contains(&nudge));
}

async fn an_answered_approval_greys_its_cards(on: On) {
    let (world, zhang, wang) = office(on).await;
    let li = user("LiSi");
    let scene = Scene {
        world,
        zhang,
        li,
        wang,
    };
    let by = Actor::Member(scene.zhang.clone());
    let content = Content::Approval {
        contact: scene.wang.clone(),
        about: None,
        attachments: Vec::new(),
    };
    let put = draft(Target::New(key("a1")), "同意报价", content);
    scene.does(&by, put).await;
    let share = Command::Share(scene.wang.clone(), vec![item("approval:a1")]);
    scene.does(&by, share).await;
    let asks = comment("approval:a1", &scene.wang, "c1", "含税吗？");
    scene.does(&scene.customer(), asks).await;
    scene.world.settle().await;
    let (rows, dead) = scene.shows(&scene.zhang);
    assert_eq!((rows.last().unwrap().as_str(), dead), ("结果 待答复", None));

    let approval = scene.world.item("approval:a1").await.unwrap();
    let answer = NewAnswer {
        approval: key("a1"),
        contact: scene.wang.clone(),
        seen: approval.head().changed_at,
        verdict: Consent::Declined,
        remark: "太贵".into(),
    };
    scene.does(&scene.customer(), Command::Answer(answer)).await;
    scene.world.pass(MINUTE).await;
    let (rows, dead) = scene.shows(&scene.zhang);
    assert!(rows.contains(&"结果 客户未同意".into()), "{rows:?}");
    assert_eq!(dead.as_deref(), Some("客户未同意"));
    assert_eq!(scene.cards(&scene.zhang).len(), 1, "told a moment ago");
    scene.world.pass(5 * MINUTE + A_MOMENT).await;
    let cards = scene.cards(&scene.zhang);
    assert_eq!(title(&cards[1]), ("王女士没有同意", ""));
    assert_eq!(cards[1].content["card_type"], "text_notice");
    assert_eq!(cards[1].content["quote_area"]["quote_text"], "太贵");
    scene.nothing_is_dead().await;
}
