//! Every text that the service sends, apart from the rules that send it.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use url::Url;

use crate::callback::event::own::SidebarOpened;
use crate::model::card::actions::CardAction;
use crate::model::card::blocks::{HorizontalContent, MainTitle};
use crate::model::card::interactions::ButtonInteraction;
use crate::model::card::notices::TextNotice;
use crate::model::card::questions::Button;
use crate::model::card::{Card, TemplateCard};
use crate::model::contact::{Contact, Greeting};
use crate::model::delivery::{Lane, Subject};
use crate::model::effect::Effect;
use crate::model::ids::{TaskId, UserId};
use crate::model::outgoing::{Call, CardMessage, Outgoing};
use crate::model::time::Timestamp;

/// The attribute in a member's external profile that carries the link.
pub const LINK_NAME: &str = "与我协作";

/// What a contact reads first.
pub(in crate::decide) const WELCOME_TEXT: &str =
    "您好，很高兴与您建立联系。与您相关的任务、审批和表单，都可以在“与我协作”中查看和处理。";

/// The link card of a welcome message.
pub(in crate::decide) const HOME_TITLE: &str = "与我协作";

/// Below the title of the link card.
pub(in crate::decide) const HOME_DESC: &str = "查看与您相关的任务、审批和表单";

/// What the buttons of a card show once one was pressed.
pub(in crate::decide) const CARD_DONE: &str = "已处理";

/// Why a link is not written by the service, and what to do.
pub(in crate::decide) const LINK_BY_HAND: &str = "未配置通讯录同步 Secret，请由成员或管理员在对外资料中手动填写“与我协作”链接；或在配置中填写 contact_sync.secret";

/// What to do when WeCom took a link and did not keep it.
pub(in crate::decide) const LINK_IGNORED: &str = "企业微信没有保存该链接：请在管理后台 我的企业 → 通讯录管理 → 成员资料显示 的对外信息中新建网页类型字段“与我协作”，然后重新同步";

/// A card for one member.
pub(in crate::decide) fn send(touser: &UserId, card: TemplateCard) -> Effect {
    Effect::Send(Outgoing {
        subject: Subject::new("card-to", &touser.key()),
        lane: Lane::Normal,
        deadline: None,
        call: Call::Card(CardMessage {
            touser: touser.clone(),
            card,
        }),
    })
}

/// A customer was added and no welcome message could be sent: the member is asked to say hello.
pub(in crate::decide) fn new_customer(
    contact: &Contact,
    greeting: &Greeting,
    home: &Url,
) -> TemplateCard {
    let seed = [
        contact.external_userid.as_str(),
        &greeting.userid.key(),
        &greeting.added_at.millis().to_string(),
    ];
    let done = Button::callback("已联系", "contacted");
    let title = MainTitle {
        title: format!("新客户：{}", called(Some(contact))),
        desc: Some("没有发出欢迎语，请打招呼并发送“与我协作”".into()),
    };
    let mut card = ButtonInteraction::new(title, task_id("customer", &seed), vec![done]);
    if let Some(corp_name) = &contact.corp_name {
        card.horizontal_content_list
            .push(HorizontalContent::new("企业", corp_name));
    }
    card.card_action = Some(CardAction::Url(home.to_string()));
    fits(card)
}

/// A member was created or may see the app now.
pub(in crate::decide) fn new_member(home: &Url) -> TemplateCard {
    let title = MainTitle {
        title: "你已加入“与我协作”".into(),
        desc: Some("客户可以在一个页面查看与他相关的一切".into()),
    };
    let mut card = TextNotice::new(title, CardAction::Url(home.to_string()));
    card.sub_title_text =
        Some("在客户聊天的工具栏中打开“与我协作”，即可发送项目、表单或记录。".into());
    fits(card)
}

/// The toolbar was opened for a contact.
pub(in crate::decide) fn toolbar_opened(
    opened: &SidebarOpened,
    at: Timestamp,
    contact: Option<&Contact>,
    home: &Url,
) -> TemplateCard {
    let title = MainTitle {
        title: format!("正在与{}协作", called(contact)),
        desc: Some("已在聊天工具栏中打开".into()),
    };
    let seed = [
        opened.external_userid.as_str(),
        &opened.userid.key(),
        &at.millis().to_string(),
    ];
    let mut card = TextNotice::new(title, CardAction::Url(home.to_string()));
    // Two contacts of one name would give the same card, and WeCom would take the second for a repetition.
    card.task_id = Some(task_id("toolbar", &seed));
    fits(card)
}

fn called(contact: Option<&Contact>) -> &str {
    contact
        .map(|contact| contact.name.trim())
        .filter(|name| !name.is_empty())
        .unwrap_or("客户")
}

fn fits(card: impl Into<Card>) -> TemplateCard {
    TemplateCard::new(card).expect("titles are never empty, lists and keys are those above")
}

/// The same for the same cause, so that a card that is sent twice is recognised by WeCom.
fn task_id(what: &str, seed: &[&str]) -> TaskId {
    let mut hash = Sha256::new();
    for part in seed {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut text = format!("{what}-");
    for byte in &hash.finalize()[..16] {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    TaskId::parse(&text).expect("letters, digits and a hyphen make an id")
}
