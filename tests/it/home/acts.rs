//! What customers do on the pages.

use wecom_bridge::decide::request::{Command, Content, Target};
use wecom_bridge::model::form::Submissions;
use wecom_bridge::model::item::{Item, ItemState};
use wecom_bridge::store::record::{Key, Table};

use crate::guest::Guest;
use crate::home::shows::{advance, shared};
use crate::home::{HOME, WANG, ask, at, corp, form, item, put, put_at, share, wang, zhang};
use crate::world::{On, World, stories};

stories!(
    a_form_is_filled_in_once,
    what_is_wrong_stands_beside_it,
    a_form_may_be_filled_in_again,
    an_approval_is_answered,
    a_text_that_has_changed_is_not_agreed_to,
    a_comment_is_sent_once,
);

async fn records(world: &World) -> Vec<Item> {
    let corp = corp();
    let items = world.store().list(&corp, Table::Items, None, 99);
    let items = items.await.unwrap();
    let items = items.iter().map(|record| record.parse::<Item>().unwrap());
    let records = items
        .flatten()
        .filter(|item| matches!(item, Item::Record(_)));
    records.collect()
}

/// The value of the option that is shown as this.
fn option(html: &str, title: &str) -> String {
    let (before, _) = html.split_once(&format!("\">{title}</option>")).unwrap();
    let (_, value) = before.rsplit_once('"').unwrap();
    value.to_owned()
}

async fn a_form_is_filled_in_once(on: On) {
    let world = shared(on).await;
    let mut guest = Guest::at_home(&world, WANG).await;
    let path = at("form:f1");
    let page = guest.get(&path).await;
    let zhang = option(&page.html, "张三");
    let fields = [
        ("f-what", "灯不亮"),
        ("f-more", "两行\r\n第二行"),
        ("f-count", "2.5"),
        ("f-day", "2026-12-01"),
        ("f-one", "灯"),
        ("f-any", "门"),
        ("f-any", "灯"),
        ("f-who", &zhang),
        ("f-tel", "138 0013 8000"),
    ];
    let tap = || guest.send(&page, &path, "submit", &fields);
    let (one, two, three) = tokio::join!(tap(), tap(), tap());
    assert!(
        one.status == 303 && one.to == two.to && two.to == three.to,
        "{one:?} {two:?}"
    );
    assert_eq!(records(&world).await.len(), 1);
    let sent = guest.get(&one.to).await;
    for text in ["提交成功", "查看记录", "data-done=\"submit\""] {
        assert!(sent.html.contains(text), "{text}: {}", sent.html);
    }
    let (_, record) = one.to.split_once("sent=").unwrap();
    advance(&world, record, "已派人", false).await;
    advance(&world, record, "成本太高", true).await;
    let page = guest.get(&at(&format!("record:{record}"))).await;
    for text in [
        "灯不亮",
        "两行\n第二行",
        "2.5",
        "2026-12-01",
        "门",
        "138 0013 8000",
        "张三",
        "李四",
        "处理中",
        "aria-current=\"step\"",
        "已派人",
    ] {
        assert!(page.html.contains(text), "{text}: {}", page.html);
    }
    for text in ["成本太高", "内部成本", "LiSi", "ZhangSan"] {
        assert!(!page.html.contains(text), "{text}");
    }
    let again = guest.get(&path).await;
    assert!(
        again.html.contains("您已经提交过这份表单"),
        "{}",
        again.html
    );
    assert!(!again.html.contains("value=\"submit\""));
    assert!(guest.get(HOME).await.html.contains("已提交"));
    // From another window that was open before.
    let late = [("f-what", "另一个"), ("number", "another-number")];
    let hidden = super::hidden(&sent.html, "comment");
    let token = &hidden.iter().find(|(name, _)| name == "token").unwrap().1;
    let all = [late[0], late[1], ("do", "submit"), ("token", token)];
    let late = guest.post(&path, &all).await;
    assert_eq!(late.status, 303);
    assert_eq!(records(&world).await.len(), 1);
}

async fn what_is_wrong_stands_beside_it(on: On) {
    let world = shared(on).await;
    let mut guest = Guest::at_home(&world, WANG).await;
    let path = at("form:f1");
    let page = guest.get(&path).await;
    let fields = [
        ("f-what", ""),
        ("f-more", "<b>留着</b>"),
        ("f-count", "100"),
        ("f-day", "2025-01-01"),
        ("f-one", "墙"),
        ("f-any", "门"),
        ("f-any", "窗"),
        ("f-any", "灯"),
        ("f-who", "LiSi"),
        ("f-tel", "打我"),
    ];
    let back = guest.send(&page, &path, "submit", &fields).await;
    assert_eq!(back.status, 422);
    for text in [
        "有 7 处需要修改",
        "请填写</p>",
        "不能大于 99",
        "日期不在允许的范围内",
        "请从选项中选择",
        "最多 2 个",
        "请填写电话号码",
        "&#60;b&#62;留着&#60;/b&#62;",
        "value=\"100\"",
        "value=\"打我\"",
        "aria-invalid=\"true\"",
    ] {
        assert!(back.html.contains(text), "{text}: {}", back.html);
    }
    assert_eq!(back.html.matches(" checked").count(), 3);
    assert!(records(&world).await.is_empty());
    // Put right on the page that came back.
    let right = guest
        .send(&back, &path, "submit", &[("f-what", "灯")])
        .await;
    assert_eq!(right.status, 303);
    assert_eq!(records(&world).await.len(), 1);
}

async fn a_form_may_be_filled_in_again(on: On) {
    let world = super::office(on).await;
    put(&world, "f1", "报修", "", form(Submissions::Many)).await;
    share(&world, &wang(), &["form:f1"]).await;
    let mut guest = Guest::at_home(&world, WANG).await;
    let path = at("form:f1");
    let page = guest.get(&path).await;
    let first = guest
        .send(&page, &path, "submit", &[("f-what", "门")])
        .await;
    let sent = guest.get(&first.to).await;
    assert!(sent.html.contains("再填一份"), "{}", sent.html);
    let fresh = guest.get(&path).await;
    let second = guest
        .send(&fresh, &path, "submit", &[("f-what", "门")])
        .await;
    assert!(
        second.status == 303 && second.to != first.to,
        "{}",
        second.to
    );
    assert_eq!(records(&world).await.len(), 2);
    // The first page again, from a window that stayed open: asked about, and nothing lost.
    let old = guest
        .send(&page, &path, "submit", &[("f-what", "窗")])
        .await;
    assert_eq!(old.status, 409);
    assert!(old.html.contains("value=\"窗\""), "{}", old.html);
    let third = guest.send(&old, &path, "submit", &[("f-what", "窗")]).await;
    assert_eq!(third.status, 303);
    assert_eq!(records(&world).await.len(), 3);
    let close = Command::SetState(item("form:f1"), ItemState::Closed);
    ask(&world, zhang(), close).await;
    let closed = guest.get(&path).await;
    let late = guest.send(&closed, &path, "comment", &[("text", "晚了")]);
    assert_eq!(late.await.status, 303, "a closed form may be talked about");
    let late = guest
        .send(&fresh, &path, "submit", &[("f-what", "灯")])
        .await;
    assert_eq!(late.status, 409);
    assert!(
        late.html.contains("value=\"灯\""),
        "what was typed is there: {}",
        late.html
    );
}

async fn an_approval_is_answered(on: On) {
    let world = shared(on).await;
    let mut guest = Guest::at_home(&world, WANG).await;
    let path = at("approval:a1");
    let page = guest.get(&path).await;
    let long = "长".repeat(501);
    let fields = [("remark", long.as_str()), ("verdict", "agreed")];
    let back = guest.send(&page, &path, "answer", &fields).await;
    assert_eq!(back.status, 422);
    assert!(back.html.contains(&long) && back.html.contains("最多 500 个字"));
    let fields = [("remark", "很好"), ("verdict", "agreed")];
    let tap = || guest.send(&page, &path, "answer", &fields);
    let (one, two) = tokio::join!(tap(), tap());
    assert_eq!((one.status, two.status), (303, 303));
    let answered = guest.get(&one.to).await;
    for text in ["您的答复已提交", "已同意", "很好"] {
        assert!(answered.html.contains(text), "{text}: {}", answered.html);
    }
    assert!(!answered.html.contains("value=\"answer\""));
    let changed = [("remark", ""), ("verdict", "declined")];
    let late = guest.send(&page, &path, "answer", &changed).await;
    assert_eq!(late.status, 409);
    let keys = [Key::item(&item("approval:a1"))];
    let kept = world.store().read(&corp(), &keys).await.unwrap();
    let Some(Item::Approval(approval)) = kept[0].parse().unwrap() else {
        panic!("the approval is kept");
    };
    assert_eq!(approval.answer.unwrap().remark, "很好");
}

async fn a_text_that_has_changed_is_not_agreed_to(on: On) {
    let world = shared(on).await;
    let mut guest = Guest::at_home(&world, WANG).await;
    let path = at("approval:a1");
    let page = guest.get(&path).await;
    let reference = item("approval:a1");
    let kept = async || {
        let records = world.store().read(&corp(), &[Key::item(&reference)]).await;
        match records.unwrap()[0].parse().unwrap() {
            Some(Item::Approval(approval)) => approval,
            other => panic!("the approval is kept: {other:?}"),
        }
    };
    // In the same moment, by the clock.
    let content = Content::Approval {
        contact: wang(),
        about: kept().await.about,
        attachments: Vec::new(),
    };
    let target = Target::Existing(reference.id.clone(), None);
    put_at(&world, target, "报价 10,000", "", content).await;
    let fields = [("remark", "很好"), ("verdict", "agreed")];
    let told = guest.send(&page, &path, "answer", &fields).await;
    assert_eq!(told.status, 409);
    for text in ["报价 10,000", "请核对上面的新内容后再答复", "很好"] {
        assert!(told.html.contains(text), "{text}: {}", told.html);
    }
    assert_eq!(kept().await.answer, None);
    // Having seen it, they agree.
    let answered = guest.send(&told, &path, "answer", &fields).await;
    assert_eq!(answered.status, 303);
    assert!(kept().await.answer.is_some());
}

async fn a_comment_is_sent_once(on: On) {
    let world = shared(on).await;
    let mut guest = Guest::at_home(&world, WANG).await;
    let path = at("plan:p1");
    let page = guest.get(&path).await;
    let tap = || guest.send(&page, &path, "comment", &[("text", "什么时候？")]);
    let (one, two) = tokio::join!(tap(), tap());
    assert_eq!((one.status, two.status), (303, 303));
    assert!(one.to.ends_with("&said=commented#comments"), "{}", one.to);
    let said = guest.get(&one.to).await;
    assert_eq!(said.html.matches("什么时候？").count(), 1, "{}", said.html);
    assert!(said.html.contains("data-done=\"comment\""));
    // The same words once more, from the new page, are another comment.
    guest
        .send(&said, &path, "comment", &[("text", "什么时候？")])
        .await;
    let said = guest.get(&path).await;
    assert_eq!(said.html.matches("什么时候？").count(), 2);
    let long = "长".repeat(2001);
    for (text, says) in [("  ", "请填写"), (long.as_str(), "最多 2000 个字")] {
        let back = guest.send(&said, &path, "comment", &[("text", text)]).await;
        assert_eq!(back.status, 422);
        assert!(
            back.html.contains(says) && back.html.contains(text),
            "{says}"
        );
    }
    // The comments on the project are another conversation.
    assert!(
        guest
            .get(&at("project:p1"))
            .await
            .html
            .contains("还没有评论")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_outlives_a_sleeping_store() {
    let world = shared(On::Redis).await;
    let mut guest = Guest::at_home(&world, WANG).await;
    let (form, plan) = (at("form:f1"), at("plan:p1"));
    let (form_page, plan_page) = (guest.get(&form).await, guest.get(&plan).await);
    let written = [("f-what", "<i>灯</i>"), ("f-tel", "12345")];
    let (filled, said) = world
        .while_the_store_sleeps(async {
            let filled = guest.send(&form_page, &form, "submit", &written).await;
            let said = guest.send(&plan_page, &plan, "comment", &[("text", "在吗")]);
            (filled, said.await)
        })
        .await;
    for (page, texts) in [
        (&filled, &["&#60;i&#62;灯", "12345"][..]),
        (&said, &["在吗"]),
    ] {
        assert_eq!(page.status, 503, "{}", page.html);
        assert!(page.html.contains("再试一次"));
        for text in texts {
            assert!(page.html.contains(text), "{text}: {}", page.html);
        }
    }
    // Once more, as the page has it: what may have been done already is not done again.
    let again = |page: &super::Page, doing: &str| {
        let hidden = super::hidden(&page.html, doing);
        let hidden = hidden.into_iter();
        hidden
            .map(|(name, text)| (name, text.replace("&#60;", "<").replace("&#62;", ">")))
            .collect::<Vec<_>>()
    };
    for (page, doing, path) in [(&filled, "submit", &form), (&said, "comment", &plan)] {
        let fields = again(page, doing);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        for _ in 0..2 {
            assert_eq!(guest.post(path, &fields).await.status, 303, "{doing}");
        }
    }
    assert_eq!(records(&world).await.len(), 1);
    let page = guest.get(&plan).await;
    assert_eq!(page.html.matches("在吗").count(), 1);
}
