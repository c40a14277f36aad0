//! Every text that the service sends, apart from the rules that send it.

pub(in crate::decide) mod items;
pub(in crate::decide) mod reminders;

use std::fmt::Write;

use sha2::{Digest, Sha256};
use url::Url;

use crate::callback::event::own::SidebarOpened;
use crate::model::card::actions::CardAction;
use crate::model::card::blocks::{HorizontalContent, MainTitle, QuoteArea};
use crate::model::card::interactions::ButtonInteraction;
use crate::model::card::notices::TextNotice;
use crate::model::card::questions::Button;
use crate::model::card::{Card, TemplateCard};
use crate::model::contact::{Contact, Greeting};
use crate::model::delivery::{Lane, Subject};
use crate::model::effect::Effect;
use crate::model::ids::{ExternalUserId, TaskId, UserId};
use crate::model::item::ItemRef;
use crate::model::outgoing::{Call, CardMessage, Outgoing};
use crate::model::sync::SyncPhase;
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

/// What the ids of cards that carry the link begin with.
const LINK_CARD: &str = "link";

/// What the buttons of a card show once one was pressed.
pub(in crate::decide) const CARD_DONE: &str = "已处理";

/// Why a link is not written by the service.
pub(in crate::decide) const LINK_BY_HAND: &str = "未配置通讯录同步 Secret，服务不能写入对外资料";

/// What to do about a link that is not written by the service.
pub(in crate::decide) const LINK_BY_HAND_REMEDY: &str = "请成员或管理员在对外资料中填写“与我协作”链接，可用“发送链接”把链接和步骤发给成员；或在配置中填写 contact_sync.secret";

/// Why a link is not in the profile although WeCom took it.
pub(in crate::decide) const LINK_IGNORED: &str = "企业微信没有保存“与我协作”链接";

/// What to do about a link that WeCom took and did not keep.
pub(in crate::decide) const LINK_IGNORED_REMEDY: &str = "请在管理后台 我的企业 → 通讯录管理 → 成员资料显示 的对外信息（或 客户联系 → 对外资料）中新建网页类型字段“与我协作”，然后重新同步";

/// Why a link was not written whose time had passed.
pub(in crate::decide) const LINK_TOO_LATE: &str = "写入已过期";

/// What to do about a link that was not written, by WeCom's code.
pub(in crate::decide) const fn link_remedy(errcode: Option<i64>) -> &'static str {
    match errcode {
        Some(48002 | 48008 | 60011) => {
            "请在管理后台 管理工具 → 通讯录同步 中开启“API 编辑通讯录”权限，然后重新同步"
        }
        Some(60020) => {
            "请在管理后台 管理工具 → 通讯录同步 和应用详情页的 企业可信IP 中加入本服务的出口 IP，然后重新同步"
        }
        Some(40001 | 40013 | 40091) => {
            "请从管理后台 管理工具 → 通讯录同步 重新复制 Secret 到 contact_sync.secret，重启服务后重新同步"
        }
        Some(40003 | 46004 | 60021 | 60111) => {
            "应用看不到该成员：请在管理后台 应用管理 → 本应用 → 可见范围 中加入该成员，然后重新同步"
        }
        Some(90100..=90106) => {
            "企业微信不接受该成员对外资料中的某一项：请先更正该成员的对外资料，然后重新同步"
        }
        _ => "一小时后的下一次变动或同步会自动重试；也可以现在重新同步",
    }
}

/// What a sync is doing.
pub(in crate::decide) const fn doing(phase: SyncPhase) -> &'static str {
    match phase {
        SyncPhase::ListIds | SyncPhase::ListDepartments | SyncPhase::ListMembers => "列出成员",
        SyncPhase::ReadMembers => "读取成员与链接",
        SyncPhase::SweepMembers => "核对未列出的成员",
        SyncPhase::CheckLinks => "核对链接",
        SyncPhase::ReadTags => "读取企业标签",
        SyncPhase::ListFollowers => "列出配置了客户联系的成员",
        SyncPhase::ReadContacts => "读取客户",
        SyncPhase::SweepContacts => "核对未列出的客户关系",
        SyncPhase::ListGroups => "列出客户群",
        SyncPhase::ReadGroups => "读取客户群",
        SyncPhase::SweepGroups => "核对未列出的客户群",
        SyncPhase::CountOthers => "统计尚未成为客户的联系人",
        SyncPhase::End => "已完成",
    }
}

/// What a sync that was given up shows instead.
pub(in crate::decide) const SYNC_FAILED: &str = "已中止";

/// A full sync found no customer at all.
pub(in crate::decide) const NO_CONTACTS: &str = "没有读到任何客户：请在管理后台 客户联系 → 权限配置 → 使用范围 中加入成员，并确认这些成员在本应用的 可见范围 内";

/// Nobody may have customers.
pub(in crate::decide) const NO_FOLLOWERS: &str = "没有成员可以使用客户联系：请在管理后台 客户联系 → 权限配置 → 使用范围 中加入成员，并确认这些成员在本应用的 可见范围 内";

/// The contact-sync secret does not list members.
pub(in crate::decide) const NO_IDS: &str = "通讯录同步 Secret 无法列出成员，已改用本应用可见的部门；请检查 管理工具 → 通讯录同步 的权限与企业可信IP";

/// Those who are not customers yet cannot be counted.
pub(in crate::decide) const NO_OTHERS: &str = "无法统计尚未成为客户的联系人";

/// Customer groups cannot be read.
pub(in crate::decide) const NO_GROUPS: &str = "无法读取客户群，本次同步未核对客户群；请在管理后台 客户联系 → 客户 → API → 可调用接口的应用 中加入本应用，并确认群主在本应用的 可见范围 内";

/// A row that is not what the documentation says.
pub(in crate::decide) const UNREADABLE_ROW: &str = "企业微信返回的部分客户数据无法识别";

/// 60268, again and again.
pub(in crate::decide) const CURSOR_REFUSED: &str = "客户列表在读取期间不断变化，剩余部分逐个核对";

/// The same of the list of groups.
pub(in crate::decide) const GROUP_CURSOR_REFUSED: &str =
    "客户群列表在读取期间不断变化，剩余部分逐个核对";

/// What an administrator can do about a refusal, by WeCom's code.
pub(in crate::decide) const fn remedy(errcode: i64) -> Option<&'static str> {
    match errcode {
        48002 => Some(
            "本应用不能调用客户联系接口：请在管理后台 客户联系 → 客户 → API → 可调用接口的应用 中加入本应用",
        ),
        60020 => Some("本服务的出口 IP 不受信任：请在应用详情页的 企业可信IP 中加入该 IP"),
        40001 => Some("Secret 不正确或已被重置：请从管理后台重新复制"),
        60011 => Some("成员不在权限范围内：请检查本应用的 可见范围"),
        _ => None,
    }
}

/// A card for one member that names no customer.
pub(in crate::decide) fn send(touser: &UserId, card: TemplateCard) -> Effect {
    to(CardMessage {
        touser: touser.clone(),
        card,
        about: None,
        contact: None,
    })
}

/// A card for one member that names this customer.
pub(in crate::decide) fn send_naming(
    touser: &UserId,
    card: TemplateCard,
    contact: &ExternalUserId,
) -> Effect {
    to(CardMessage {
        touser: touser.clone(),
        card,
        about: None,
        contact: Some(contact.clone()),
    })
}

/// A card for one member, about an item and what goes on with a customer about it.
pub(in crate::decide) fn send_about(
    touser: &UserId,
    card: TemplateCard,
    about: (ItemRef, ExternalUserId),
) -> Effect {
    to(CardMessage {
        touser: touser.clone(),
        card,
        about: Some(about),
        contact: None,
    })
}

fn to(message: CardMessage) -> Effect {
    Effect::Send(Outgoing {
        subject: Subject::new("card-to", &message.touser.key()),
        lane: Lane::Normal,
        deadline: None,
        cause: None,
        call: Call::Card(message),
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

/// The link, for a member who is to fill it in.
pub(in crate::decide) fn fill_in_link(userid: &UserId, at: Timestamp, home: &Url) -> TemplateCard {
    let title = MainTitle {
        title: "请填写“与我协作”链接".into(),
        desc: Some("客户在您的企业微信名片中点开它，即可与您协作".into()),
    };
    let mut card = TextNotice::new(title, CardAction::Url(home.to_string()));
    card.quote_area = Some(QuoteArea {
        action: None,
        title: Some("链接".into()),
        quote_text: Some(home.to_string()),
    });
    card.sub_title_text = Some(
        "1. 点开本卡片，复制页面地址。2. 打开自己的对外资料，在“与我协作”中粘贴该地址，标题写“与我协作”，保存。\
         3. 没有“与我协作”这一项时，请联系管理员。保存后由服务自动核对，无需回复。"
            .into(),
    );
    card.task_id = Some(task_id(
        LINK_CARD,
        &[&userid.key(), &at.millis().to_string()],
    ));
    fits(card)
}

/// Whether this is a card of [`fill_in_link`].
pub(in crate::decide) fn is_fill_in_link(card: &TemplateCard) -> bool {
    let id = card.task_id().map(TaskId::as_str);
    let rest = id.and_then(|id| id.strip_prefix(LINK_CARD));
    rest.is_some_and(|rest| rest.starts_with('-'))
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
    let text = format!("{what}-{}", message_id(seed));
    TaskId::parse(&text).expect("letters, digits and a hyphen make an id")
}

/// 32 hexadecimal digits, the same for the same cause.
pub(in crate::decide) fn message_id(seed: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in seed {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut text = String::new();
    for byte in &hash.finalize()[..16] {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_that_people_can_mend_names_the_place() {
        for (errcode, place) in [
            (48002, "可调用接口的应用"),
            (60020, "企业可信IP"),
            (40001, "重新复制"),
            (60011, "可见范围"),
        ] {
            assert!(remedy(errcode).unwrap().contains(place), "{errcode}");
        }
        assert_eq!(remedy(45009), None);
    }
}
