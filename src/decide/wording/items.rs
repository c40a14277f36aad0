//! Texts of cards about items (事项).

use url::Url;

use crate::decide::facts::Facts;
use crate::decide::item::tell::press::{Act, Press};
use crate::decide::rejection::Rejection;
use crate::decide::wording::{called, fits, task_id};
use crate::model::approval::{Approval, ApprovalAnswer, Consent};
use crate::model::card::actions::{CardAction, Opens};
use crate::model::card::blocks::{HorizontalContent, MainTitle, QuoteArea};
use crate::model::card::change::ShownCard;
use crate::model::card::interactions::ButtonInteraction;
use crate::model::card::notices::TextNotice;
use crate::model::card::questions::{Button, Press as Pressing};
use crate::model::card::{Card, TemplateCard};
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::item::{Item, ItemKind, ItemRef, ItemState};
use crate::model::text::cut_chars;
use crate::model::thread::{News, Thread};
use crate::model::time::Timestamp;

/// What the ids of cards about items begin with.
const ITEM_CARD: &str = "item";

/// The longest name that greyed-out buttons show, in characters.
const NAME_MAX: usize = 8;

/// What a customer has done, for one member. While the item is open the card has buttons, so that it can change.
pub(in crate::decide) fn news(
    thread: &Thread,
    item: &Item,
    touser: &UserId,
    facts: &Facts<'_>,
    now: Timestamp,
) -> TemplateCard {
    let news = &thread.for_members;
    let answer = answer(item).filter(|_| news.answers > 0);
    let title = MainTitle {
        title: format!("{}{}", called(facts.contact.as_ref()), happened(news, item)),
        desc: counted(news),
    };
    let quote_area = answer
        .filter(|answer| !answer.remark.is_empty())
        .map(|answer| QuoteArea {
            action: None,
            title: Some("说明".into()),
            quote_text: Some(answer.remark.clone()),
        });
    let page = CardAction::Url(page_for_members(&thread.item, &facts.corp.home));
    let (item_text, at) = (thread.item.to_string(), now.millis().to_string());
    let seed = [&item_text, thread.contact.as_str(), &touser.key(), &at];
    let task_id = task_id(ITEM_CARD, &seed);
    let about = (thread.item.clone(), thread.contact.clone());
    match item.head().state {
        ItemState::Open => {
            let buttons = buttons(&about, item, touser, facts);
            let mut card = ButtonInteraction::new(title, task_id, buttons);
            card.sub_title_text = Some(item.head().title.clone());
            card.quote_area = quote_area;
            card.horizontal_content_list = rows(item, facts);
            card.card_action = Some(page);
            fits(card)
        }
        ItemState::Closed => {
            let mut card = TextNotice::new(title, page);
            card.task_id = Some(task_id);
            card.sub_title_text = Some(item.head().title.clone());
            card.quote_area = quote_area;
            card.horizontal_content_list = rows(item, facts);
            fits(card)
        }
    }
}

/// The most important thing that happened.
fn happened(news: &News, item: &Item) -> &'static str {
    match answer(item) {
        Some(answer) if news.answers > 0 => match answer.verdict {
            Consent::Agreed => "同意了",
            Consent::Declined => "没有同意",
        },
        _ if news.submissions > 0 => "提交了表单",
        _ => "发表了评论",
    }
}

/// All that happened, where one word does not say it.
fn counted(news: &News) -> Option<String> {
    let News {
        comments,
        submissions,
        answers,
        follow_ups: _,
    } = news;
    if comments + submissions + answers == 1 {
        return None;
    }
    let parts = [
        (answers, "次答复"),
        (submissions, "份提交"),
        (comments, "条评论"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| **count > 0);
    let parts: Vec<String> = parts
        .map(|(count, what)| format!("{count}{what}"))
        .collect();
    Some(parts.join("，"))
}

fn answer(item: &Item) -> Option<&ApprovalAnswer> {
    match item {
        Item::Approval(Approval { answer, .. }) => answer.as_ref(),
        Item::Project(_) | Item::Form(_) | Item::Record(_) => None,
    }
}

/// The card with everything about its item as it is now.
pub(in crate::decide) fn as_it_is(
    before: &ShownCard,
    about: &(ItemRef, ExternalUserId),
    item: &Item,
    touser: &UserId,
    facts: &Facts<'_>,
) -> ShownCard {
    let ended = before.replace_text.clone().or_else(|| ended(item));
    let Card::ButtonInteraction(card) = before.card.card() else {
        return before.clone();
    };
    let mut card = card.clone();
    card.horizontal_content_list = rows(item, facts);
    if ended.is_none() {
        card.button_list = buttons(about, item, touser, facts);
    }
    ShownCard {
        card: fits(card),
        replace_text: ended,
    }
}

/// Why nothing more can be done from a card.
fn ended(item: &Item) -> Option<String> {
    let text = match (answer(item), item.head().state) {
        (Some(answer), _) => result(answer.verdict),
        (None, ItemState::Closed) => "已关闭",
        (None, ItemState::Open) => return None,
    };
    Some(text.into())
}

const fn result(verdict: Consent) -> &'static str {
    match verdict {
        Consent::Agreed => "客户已同意",
        Consent::Declined => "客户未同意",
    }
}

/// What a card shows of its item. Whatever stands here uses up the card's code when it changes.
fn rows(item: &Item, facts: &Facts<'_>) -> Vec<HorizontalContent> {
    let head = item.head();
    let person = |keyname: &str, userid: &UserId| HorizontalContent {
        opens: Some(Opens::Member(userid.clone())),
        ..HorizontalContent::new(keyname, name(userid, facts))
    };
    let mut rows = vec![
        HorizontalContent::new("类型", kind(item.kind())),
        person("负责人", &head.owner),
    ];
    match item {
        Item::Record(record) => {
            let handler = record.handler.as_ref();
            rows.extend(handler.map(|handler| person("处理人", handler)));
            if !record.step.is_empty() {
                rows.push(HorizontalContent::new("步骤", &record.step));
            }
        }
        Item::Approval(approval) => {
            let verdict = approval.answer.as_ref().map(|answer| answer.verdict);
            rows.push(HorizontalContent::new(
                "结果",
                verdict.map_or("待答复", result),
            ));
        }
        Item::Project(_) | Item::Form(_) => {}
    }
    if head.state == ItemState::Closed {
        rows.push(HorizontalContent::new("状态", "已关闭"));
    }
    rows
}

/// What members call an item of this kind.
pub(in crate::decide) const fn kind(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Project => "项目",
        ItemKind::Plan => "计划",
        ItemKind::Form => "表单",
        ItemKind::Record => "记录",
        ItemKind::Approval => "审批",
    }
}

/// What a member can do from a card. The last one opens the page, so that there is always one.
fn buttons(
    about: &(ItemRef, ExternalUserId),
    item: &Item,
    touser: &UserId,
    facts: &Facts<'_>,
) -> Vec<Button> {
    let press = |text: &str, act| {
        let about = about.clone();
        Button::callback(text, Press { act, about }.to_string())
    };
    let mut buttons = Vec::new();
    if let Item::Record(record) = item {
        if record.handler.as_ref() != Some(touser) {
            buttons.push(press("我来处理", Act::Take(record.handler.clone())));
        }
        if record.steps.last().is_some_and(|last| *last != record.step) {
            buttons.push(press("标记完成", Act::Done));
        }
    }
    buttons.push(Button {
        text: "查看并回复".into(),
        style: Some(if buttons.is_empty() { 1 } else { 2 }),
        press: Pressing::Url(page_for_members(&about.0, &facts.corp.home)),
    });
    buttons
}

/// What a card shows once a button of it was pressed.
pub(in crate::decide) fn done(act: &Act, by: &UserId, facts: &Facts<'_>) -> String {
    let name = name(by, facts);
    let name = cut_chars(&name, NAME_MAX);
    match act {
        Act::Take(_) => format!("{name}已接手"),
        Act::Done => format!("{name}已标记完成"),
    }
}

/// What it shows when somebody else was faster.
pub(in crate::decide) fn taken(handler: &UserId, facts: &Facts<'_>) -> String {
    format!("已由{}处理", cut_chars(&name(handler, facts), NAME_MAX))
}

/// What it shows when the button could do nothing.
pub(in crate::decide) const fn not_done(rejection: &Rejection) -> &'static str {
    match rejection {
        Rejection::NotFound => "已不可见",
        Rejection::NotAllowed(_) => "无权处理",
        Rejection::NotAuthorised(_) => "功能未开通",
        Rejection::Closed => "已关闭",
        Rejection::AlreadySubmitted(_) | Rejection::AlreadyAnswered => "已处理",
        Rejection::Invalid(_) => "成员资料未同步",
        Rejection::NameReused | Rejection::Changed | Rejection::IdTaken => "请在页面中处理",
    }
}

/// A member's name, where it is known.
pub(in crate::decide) fn name(userid: &UserId, facts: &Facts<'_>) -> String {
    let mut known = facts.people.iter().chain(&facts.member);
    let found = known.find(|member| member.userid == *userid && !member.name.is_empty());
    found.map_or_else(|| userid.to_string(), |member| member.name.clone())
}

/// Where members see an item; of a plan, its project.
pub(in crate::decide) fn page_for_members(item: &ItemRef, home: &Url) -> String {
    let item = item.kept();
    page(&format!("/items/{}/{}", item.kind.name(), item.id), home)
}

/// Where a customer sees an item.
pub(in crate::decide) fn page_for_contact(item: &ItemRef, home: &Url) -> String {
    page(&format!("/home/{}/{}", item.kind.name(), item.id), home)
}

/// A page of this installation, for the corp whose home page this is.
pub(in crate::decide) fn page(path: &str, home: &Url) -> String {
    let mut page = home.clone();
    page.set_path(path);
    page.into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::decide::facts::{Authorised, AutoSync, CorpFacts, LinkWriting, SidebarCard};
    use crate::model::member::Member;

    const AT: Timestamp = Timestamp::from_secs(1_790_000_000);

    fn corp() -> CorpFacts {
        CorpFacts {
            home: Url::parse("https://bridge.example/home?tenantKey=team1").unwrap(),
            auto_sync: AutoSync::On,
            sidebar_card: SidebarCard::On,
            links: LinkWriting::ByService,
            authorised: Authorised::ALL,
            bundle: Duration::from_secs(300),
            reminders: None,
        }
    }

    fn item(mut fields: Value, more: &Value) -> Item {
        for (name, value) in more.as_object().unwrap() {
            fields[name] = value.clone();
        }
        serde_json::from_value(fields).unwrap()
    }

    fn approval(more: &Value) -> Item {
        let approval = json!({
            "kind": "approval", "id": "a1", "title": "报价", "state": "open", "contact": "wm1",
            "owner": "Zhang", "owners": [], "created_at": AT, "created_by": "system",
            "changed_at": AT, "changed_by": "system",
        });
        item(approval, more)
    }

    fn answered(verdict: &str, remark: &str) -> Item {
        approval(&json!({"answer": {"verdict": verdict, "remark": remark, "at": AT}}))
    }

    fn record(more: &Value) -> Item {
        let record = json!({
            "kind": "record", "id": "r1", "title": "报修", "state": "open", "contact": "wm1",
            "owner": "Zhang", "owners": [], "created_at": AT, "created_by": "system",
            "changed_at": AT, "changed_by": "system", "form": "f1", "fields": [], "values": {},
            "step": "待处理", "steps": ["待处理", "已完成"], "handler": "Li",
        });
        item(record, more)
    }

    fn member(userid: &str, name: &str) -> Member {
        Member {
            userid: UserId::parse(userid).unwrap(),
            name: name.into(),
            department: Vec::new(),
            status: 1,
            position: None,
            visible: true,
            changed_at: AT,
        }
    }

    #[test]
    fn a_card_says_why_nothing_more_can_be_done() {
        let closed = json!({"state": "closed"});
        for (item, expected) in [
            (answered("agreed", ""), Some("客户已同意")),
            (answered("declined", ""), Some("客户未同意")),
            (approval(&closed), Some("已关闭")),
            (record(&closed), Some("已关闭")),
            (record(&json!({})), None),
        ] {
            assert_eq!(ended(&item).as_deref(), expected, "{item:?}");
        }
        for (rejection, expected) in [
            (Rejection::NotFound, "已不可见"),
            (Rejection::Closed, "已关闭"),
            (Rejection::Changed, "请在页面中处理"),
        ] {
            assert_eq!(not_done(&rejection), expected);
        }
    }

    #[test]
    fn a_card_shows_how_its_item_stands() {
        let corp = corp();
        let mut facts = Facts::none(&corp);
        facts.people = vec![member("Li", "李四"), member("Zhang", "张三")];
        for (item, expected) in [
            (
                record(&json!({})),
                "类型 记录, 负责人 张三 →, 处理人 李四 →, 步骤 待处理",
            ),
            (
                record(&json!({"step": "", "handler": null, "state": "closed"})),
                "类型 记录, 负责人 张三 →, 状态 已关闭",
            ),
            (
                approval(&json!({})),
                "类型 审批, 负责人 张三 →, 结果 待答复",
            ),
            (
                answered("declined", ""),
                "类型 审批, 负责人 张三 →, 结果 客户未同意",
            ),
        ] {
            let rows = rows(&item, &facts).into_iter().map(|row| {
                let opens = if row.opens.is_some() { " →" } else { "" };
                format!("{} {}{opens}", row.keyname, row.value.unwrap())
            });
            assert_eq!(Vec::from_iter(rows).join(", "), expected);
        }
    }

    #[test]
    fn members_are_called_by_their_names_where_those_are_known() {
        let corp = corp();
        let mut facts = Facts::none(&corp);
        facts.people = vec![
            member("Li", "李四"),
            member("Wang", ""),
            member("Zhang", "张三"),
        ];
        facts.member = Some(member("Zhao", "一二三四五六七八九十"));
        let id = |userid| UserId::parse(userid).unwrap();
        for (userid, expected) in [("zhang", "张三"), ("Wang", "Wang"), ("Sun", "Sun")] {
            assert_eq!(name(&id(userid), &facts), expected);
        }
        let (done, taken) = (
            done(&Act::Done, &id("Zhao"), &facts),
            taken(&id("Zhao"), &facts),
        );
        assert_eq!(done, "一二三四五六七八已标记完成");
        assert_eq!(taken, "已由一二三四五六七八处理");
    }
}
