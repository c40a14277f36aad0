//! What the pages show.

use std::time::Duration;

use reqwest::Method;
use wecom_bridge::decide::request::{Advance, Command};
use wecom_bridge::model::form::Submissions;
use wecom_bridge::model::item::ItemState;

use crate::guest::Guest;
use crate::home::{
    CHEN, HOME, WANG, approval, ask, at, corp, form, item, key, project, put, reply, revoke, share,
    token_before, wang, zhang,
};
use crate::world::{CORP, On, World, stories, user};

stories!(
    empty_lists_say_so,
    everything_shared_is_listed_and_opened,
    what_changed_is_new_until_it_was_open,
    a_page_that_is_the_same_is_not_sent_again,
    members_look_as_their_customers,
);

/// A project with its plan, a form, and an approval, all shared with 王女士.
pub(super) async fn shared(on: On) -> World {
    let world = super::office(on).await;
    put(&world, "p1", "上线项目", "一起上线", project()).await;
    put(&world, "f1", "报修", "请填写", form(Submissions::One)).await;
    put(&world, "a1", "同意报价", "总价 100 元", approval()).await;
    let items = ["project:p1", "plan:p1", "form:f1", "approval:a1"];
    share(&world, &wang(), &items).await;
    world.settle().await;
    world
}

async fn empty_lists_say_so(on: On) {
    let world = super::office(on).await;
    let mut guest = Guest::at_home(&world, WANG).await;
    let page = guest.get(HOME).await;
    assert_eq!(page.status, 200);
    for text in [
        "您好，王女士",
        "还没有项目任务",
        "还没有审批",
        "还没有表单",
        "还没有记录",
        "lang=\"zh-CN\"",
    ] {
        assert!(page.html.contains(text), "{text}: {}", page.html);
    }
    // A company without a name in the settings is no id to its customers.
    assert!(!page.html.contains(CORP), "{}", page.html);
    let english = guest.get(&format!("{HOME}&lang=en")).await;
    assert!(
        english.html.contains("No projects yet."),
        "{}",
        english.html
    );
    assert!(english.html.contains("<html lang=\"en\">"));
    let remembered = guest.get(HOME).await;
    assert!(remembered.html.contains("Hello, 王女士"));
    let mut other = Guest::at_home(&world, CHEN).await;
    other.language = "en-US,en;q=0.9";
    assert!(other.get(HOME).await.html.contains("Hello, 陈先生"));
}

async fn everything_shared_is_listed_and_opened(on: On) {
    let world = shared(on).await;
    let mut guest = Guest::at_home(&world, WANG).await;
    let page = guest.get(HOME).await;
    for text in [
        "上线项目",
        "报修",
        "同意报价",
        "1 项等您处理",
        "33%",
        "待填写",
        "等待您确认",
    ] {
        assert!(page.html.contains(text), "{text}: {}", page.html);
    }
    let table: [(&str, &[&str], &[&str]); 4] = [
        (
            "project:p1",
            &[
                "一起上线",
                "签约",
                "部署",
                "寄合同",
                "盖章",
                "张三",
                "您",
                "33%",
                "已逾期",
            ],
            &["内部评审"],
        ),
        (
            "plan:p1",
            &["装服务器", "2026-08-01", "张三"],
            &["盖章", "内部评审"],
        ),
        (
            "form:f1",
            &[
                "问题",
                "一句话",
                "哪几个",
                "张三",
                "type=\"date\"",
                "type=\"tel\"",
            ],
            &["内部成本", "处理结果"],
        ),
        (
            "approval:a1",
            &[
                "总价 100 元",
                "同意",
                "不同意",
                "/home/project/p1?tenantKey=team1",
                "上线项目",
            ],
            &[],
        ),
    ];
    for (what, there, absent) in table {
        let page = guest.get(&at(what)).await;
        assert_eq!(page.status, 200, "{what}");
        for text in there {
            assert!(page.html.contains(text), "{what}: {text}: {}", page.html);
        }
        for text in absent {
            assert!(!page.html.contains(text), "{what}: {text}");
        }
        // Members have names for customers, and customers no ids.
        for id in ["ZhangSan", "zhangsan", "wmCustomer1"] {
            assert!(!page.html.contains(id), "{what}: {id}");
        }
        assert!(page.html.contains("还没有评论"), "{what}");
    }
    revoke(&world, &wang(), "plan:p1").await;
    assert_eq!(guest.get(&at("plan:p1")).await.status, 404);
    assert_eq!(guest.get(&at("project:p1")).await.status, 200);
    let close = Command::SetState(item("form:f1"), ItemState::Closed);
    ask(&world, zhang(), close).await;
    let closed = guest.get(&at("form:f1")).await;
    assert!(closed.html.contains("已停止收集"), "{}", closed.html);
    assert!(!closed.html.contains("value=\"submit\""));
}

fn unread(html: &str) -> usize {
    html.matches("<i class=\"new\">新</i>").count()
}

async fn what_changed_is_new_until_it_was_open(on: On) {
    let world = shared(on).await;
    let mut guest = Guest::at_home(&world, WANG).await;
    assert_eq!(unread(&guest.get(HOME).await.html), 4);
    for what in ["project:p1", "plan:p1", "form:f1", "approval:a1"] {
        guest.get(&at(what)).await;
    }
    assert_eq!(unread(&guest.get(HOME).await.html), 0);
    world.clock.advance(Duration::from_secs(60));
    reply(&world, &wang(), "form:f1", "c1", "请尽快填写").await;
    let page = guest.get(HOME).await;
    assert_eq!(unread(&page.html), 1);
    let page = guest.get(&at("form:f1")).await;
    assert!(page.html.contains("请尽快填写") && page.html.contains("张三"));
    assert_eq!(unread(&guest.get(HOME).await.html), 0);
    // What the customer says themselves is no news to them.
    world.clock.advance(Duration::from_secs(60));
    let said = guest
        .send(&page, &at("form:f1"), "comment", &[("text", "好的")])
        .await;
    assert_eq!(said.status, 303, "{}", said.html);
    let page = guest.get(HOME).await;
    assert_eq!(unread(&page.html), 0);
    let (corp, form, wang) = (corp(), item("form:f1"), wang());
    let kept = world.store().comments(&corp, &form, &wang, None, 9);
    assert_eq!(kept.await.unwrap().len(), 2);
}

async fn a_page_that_is_the_same_is_not_sent_again(on: On) {
    let world = shared(on).await;
    let mut guest = Guest::at_home(&world, WANG).await;
    for path in [HOME.to_owned(), at("project:p1"), at("form:f1")] {
        guest.get(&path).await;
        let first = guest.get(&path).await;
        let ask = |tag: &str| {
            let request = guest.request(Method::GET, &path);
            request.header("if-none-match", tag.to_owned())
        };
        let same = ask(&first.tag).send().await.unwrap();
        assert_eq!(same.status(), 304, "{path}");
        assert_eq!(same.headers()["etag"], first.tag.as_str());
        assert!(same.bytes().await.unwrap().is_empty());
        world.clock.advance(Duration::from_secs(60));
        let advance = Command::SetState(item("project:p1"), ItemState::Closed);
        ask_again(&world, advance).await;
        reply(
            &world,
            &wang(),
            "form:f1",
            &format!("c{}", world.clock.now().secs()),
            "新",
        )
        .await;
        let other = ask(&first.tag).send().await.unwrap();
        assert_eq!(other.status(), 200, "{path}");
        let advance = Command::SetState(item("project:p1"), ItemState::Open);
        ask_again(&world, advance).await;
    }
}

async fn ask_again(world: &World, command: Command) {
    world.clock.advance(Duration::from_secs(60));
    ask(world, zhang(), command).await;
}

async fn members_look_as_their_customers(on: On) {
    let world = shared(on).await;
    let mut zhang = Guest::at_home(&world, "member:ZhangSan").await;
    let choice = zhang.get(HOME).await;
    assert!(choice.html.contains("王女士") && choice.html.contains("陈先生"));
    assert!(!choice.html.contains("wmCustomer"), "{}", choice.html);
    let token = token_before(&choice.html, "王女士");
    let preview = format!("{HOME}&t={token}");
    let page = zhang.get(&preview).await;
    assert!(
        page.html.contains("预览") && page.html.contains("同意报价"),
        "{}",
        page.html
    );
    // It is the same each time, and leads on as the same.
    assert!(!page.tag.is_empty());
    assert_eq!(zhang.get(&preview).await.tag, page.tag);
    assert!(!page.html.contains("wmCustomer"), "{}", page.html);
    let onward = format!("/home/approval/a1?tenantKey=team1&#38;t={token}\"");
    assert!(page.html.contains(&onward), "{}", page.html);
    let bent = match token.strip_prefix('A') {
        Some(rest) => format!("B{rest}"),
        None => format!("A{}", &token[1..]),
    };
    for word in [&bent, "wmCustomer1", ""] {
        let page = zhang.get(&format!("{HOME}&t={word}")).await;
        assert_eq!(page.status, 200, "{word}");
        assert!(page.html.contains("陈先生"), "to be chosen: {word}");
    }
    let detail = format!("{}&t={token}", at("approval:a1"));
    let page = zhang.get(&detail).await;
    assert!(page.html.contains("总价 100 元"));
    assert!(!page.html.contains("<form"), "nothing can be sent");
    let refused = zhang
        .post(&detail, &[("do", "answer"), ("verdict", "agreed")])
        .await;
    assert_eq!(refused.status, 403);
    // The customer has not had it open.
    let mut wang = Guest::at_home(&world, WANG).await;
    assert_eq!(unread(&wang.get(HOME).await.html), 4);
    let mut li = Guest::at_home(&world, "member:LiSi").await;
    assert!(li.get(HOME).await.html.contains("没有可以选择的客户"));
    // Who has left the company keeps the cookie and sees nothing.
    world.sim.delete_member(&user("ZhangSan")).await.unwrap();
    world.settle().await;
    let left = zhang.get(&preview).await;
    assert_eq!(left.status, 403);
    assert!(!left.html.contains("同意报价"), "{}", left.html);
    for path in [preview, detail] {
        let page = li.get(&path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(
            !page.html.contains("王女士") && !page.html.contains("报价"),
            "{path}"
        );
    }
}

pub(super) async fn advance(world: &World, record: &str, text: &str, internal: bool) {
    let advance = Advance {
        record: key(record),
        seen: None,
        step: Some("处理中".into()),
        handler: Some(Some(user("LiSi"))),
        follow_up: Some(text.into()),
        internal,
    };
    ask(world, zhang(), Command::Advance(advance)).await;
}
