//! Texts by which customers learn of answers: reminders, and cards that ask members to tell them.

use crate::decide::facts::Facts;
use crate::decide::wording::items::{kind, page, page_for_members};
use crate::decide::wording::{called, fits, task_id};
use crate::model::card::TemplateCard;
use crate::model::card::actions::{CardAction, Opens};
use crate::model::card::blocks::{HorizontalContent, MainTitle};
use crate::model::card::notices::TextNotice;
use crate::model::ids::UserId;
use crate::model::item::Item;
use crate::model::thread::{News, Thread};
use crate::model::time::Timestamp;

/// Why a member is asked to tell a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::decide) enum Nudge {
    /// There is no service account.
    NoAccount,
    /// The customer does not follow it.
    NotFollowing,
    /// The reminder did not go out.
    Failed,
}

/// A customer could not be reminded: the member is asked to send the item from the toolbar.
pub(in crate::decide) fn nudge(
    thread: &Thread,
    item: &Item,
    why: Nudge,
    touser: &UserId,
    facts: &Facts<'_>,
    now: Timestamp,
) -> TemplateCard {
    let why = match why {
        Nudge::NoAccount => "未配置服务号，请从工具栏发送",
        Nudge::NotFollowing => "客户未关注服务号，请从工具栏发送",
        Nudge::Failed => "服务号提醒未能发出，请从工具栏发送",
    };
    let title = MainTitle {
        title: format!("{}还不知道您的回复", called(facts.contact.as_ref())),
        desc: Some(why.into()),
    };
    let toolbar = page("/sidebar", &facts.corp.home);
    let mut card = TextNotice::new(title, CardAction::Url(toolbar));
    card.sub_title_text = Some(item.head().title.clone());
    card.horizontal_content_list = vec![HorizontalContent {
        opens: Some(Opens::Url(page_for_members(&thread.item, &facts.corp.home))),
        ..HorizontalContent::new(kind(thread.item.kind), "查看")
    }];
    let (item_text, at) = (thread.item.to_string(), now.millis().to_string());
    let seed = [&item_text, thread.contact.as_str(), &touser.key(), &at];
    card.task_id = Some(task_id("nudge", &seed));
    fits(card)
}

/// What a reminder says about what the company has done.
pub(in crate::decide) fn replied(news: &News) -> String {
    match (news.comments, news.follow_ups) {
        (0, _) => "有新的处理进展".into(),
        (1, _) => "您有新的回复".into(),
        (comments, _) => format!("您有{comments}条新的回复"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_counts_what_was_said() {
        for (comments, follow_ups, expected) in [
            (0, 2, "有新的处理进展"),
            (1, 0, "您有新的回复"),
            (1, 3, "您有新的回复"),
            (2, 0, "您有2条新的回复"),
        ] {
            let news = News {
                comments,
                follow_ups,
                ..News::default()
            };
            assert_eq!(replied(&news), expected, "{news:?}");
        }
    }
}
