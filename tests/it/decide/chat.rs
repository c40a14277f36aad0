//! Customer groups.

use std::time::Duration;

use wecom_bridge::callback::event::Event;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::facts::{Facts, Need};
use wecom_bridge::decide::input::{Input, Refusal};
use wecom_bridge::decide::needs;
use wecom_bridge::model::chat::{Chat, ChatNews};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::ids::ChatId;
use wecom_bridge::model::time::Timestamp;

use crate::decide::{AT, NOW, callback, corp, decided, own, told};

fn wr1() -> ChatId {
    ChatId::parse("wr1").unwrap()
}

/// A group that was read at this version.
fn chat(version: &str) -> Chat {
    Chat {
        name: "客户群".into(),
        member_version: Some(version.into()),
        changed_at: Some(AT),
        ..Chat::unread(wr1())
    }
}

/// The news that came so long ago: the first and the last of them.
fn news(since: u64, last: u64, version: Option<&str>) -> Option<ChatNews> {
    Some(ChatNews {
        since: NOW.minus(Duration::from_secs(since)),
        last: NOW.minus(Duration::from_secs(last)),
        member_version: version.map(Into::into),
    })
}

fn event(change_type: &str, more: &str) -> Event {
    callback(&format!(
        "<Event>change_external_chat</Event><ChangeType>{change_type}</ChangeType><ChatId>wr1</ChatId>{more}"
    ))
}

const JOINED: &str =
    "<UpdateDetail>add_member</UpdateDetail><LastMemVer>v1</LastMemVer><CurMemVer>v2</CurMemVer>";
const RENAMED: &str = "<UpdateDetail>change_name</UpdateDetail><CurMemVer>v1</CurMemVer>";

#[test]
fn news_of_a_group_ask_for_one_reading() {
    let corp = corp();
    let noted = "chat 客户群 with news";
    let with = |news| Chat { news, ..chat("v1") };
    let table: Vec<(&str, &str, Option<Chat>, Vec<&str>)> = vec![
        (
            "create",
            "",
            None,
            vec!["chat  with news", "refresh-chat:wr1"],
        ),
        (
            "update",
            JOINED,
            None,
            vec!["chat  with news", "refresh-chat:wr1"],
        ),
        (
            "update",
            JOINED,
            Some(chat("v1")),
            vec![noted, "refresh-chat:wr1"],
        ),
        ("update", JOINED, Some(chat("v2")), vec![]),
        // The version of the members says nothing about the name.
        (
            "update",
            RENAMED,
            Some(chat("v1")),
            vec![noted, "refresh-chat:wr1"],
        ),
        ("update", JOINED, Some(with(news(2, 1, None))), vec![noted]),
        (
            "update",
            JOINED,
            Some(with(news(40, 1, None))),
            vec![noted, "refresh-chat:wr1"],
        ),
        ("update", JOINED, Some(with(news(29, 1, None))), vec![noted]),
        (
            "update",
            JOINED,
            Some(with(news(30, 1, None))),
            vec![noted, "refresh-chat:wr1"],
        ),
        (
            "invented_tomorrow",
            "",
            Some(chat("v1")),
            vec![noted, "refresh-chat:wr1"],
        ),
        (
            "dismiss",
            "",
            Some(chat("v1")),
            vec!["chat 客户群 with news dismissed", "refresh-chat:wr1"],
        ),
    ];
    for (change_type, more, kept, expected) in table {
        let event = event(change_type, more);
        assert_eq!(needs(&Input::Event(&event, AT)), [Need::Chat(wr1())]);
        let mut facts = Facts::none(&corp);
        facts.chat = kept;
        let effects = decided(&event, &facts).unwrap();
        assert_eq!(told(&effects), expected, "{change_type} {more} {facts:?}");
    }
}

#[test]
fn a_reading_counts_once_the_news_have_had_time_to_show() {
    let corp = corp();
    let refresh = own(&OwnEvent::RefreshChat { chat_id: wr1() });
    let with = |version: &str, news| Chat {
        news,
        ..chat(version)
    };
    let stub = |news| Chat {
        news,
        ..Chat::unread(wr1())
    };
    let early = |seconds| Err(Refusal::TooEarly(Duration::from_secs(seconds)));
    let told_now = || Ok(vec!["chat 客户群".to_owned()]);
    type Row = (Option<Chat>, Option<Chat>, Result<Vec<String>, Refusal>);
    let table: Vec<Row> = vec![
        (None, None, Ok(vec![])),
        (None, Some(chat("v1")), told_now()),
        (Some(chat("v1")), Some(chat("v1")), Ok(vec![])),
        (Some(chat("v1")), Some(chat("v2")), told_now()),
        // Too young, and only just old enough.
        (
            Some(with("v1", news(1, 1, None))),
            Some(chat("v2")),
            early(2),
        ),
        (
            Some(with("v1", news(3, 3, None))),
            Some(chat("v1")),
            told_now(),
        ),
        (
            Some(with("v1", news(9, 1, None))),
            Some(chat("v1")),
            early(2),
        ),
        // Busy: it is read, and read again.
        (
            Some(with("v1", news(15, 1, None))),
            Some(chat("v2")),
            Ok(vec![
                "chat 客户群 with news".into(),
                "refresh-chat:wr1".into(),
            ]),
        ),
        // The version that was told is not there yet; or another has overtaken it; or it never comes.
        (
            Some(with("v1", news(3, 3, Some("v2")))),
            Some(chat("v1")),
            early(3),
        ),
        (
            Some(with("v1", news(8, 8, Some("v2")))),
            Some(chat("v1")),
            early(8),
        ),
        (
            Some(with("v1", news(8, 8, Some("v2")))),
            Some(chat("v2")),
            told_now(),
        ),
        (
            Some(with("v1", news(8, 8, Some("v2")))),
            Some(chat("v3")),
            told_now(),
        ),
        (
            Some(with("v1", news(30, 30, Some("v2")))),
            Some(chat("v1")),
            told_now(),
        ),
        // A new group is not shown at once, or never.
        (Some(stub(news(4, 4, None))), None, early(4)),
        (
            Some(stub(news(4, 4, Some("v2")))),
            Some(chat("v1")),
            early(4),
        ),
        (
            Some(stub(news(4, 4, Some("v2")))),
            Some(chat("v2")),
            told_now(),
        ),
        (Some(stub(news(4, 4, None))), Some(chat("v1")), told_now()),
        (
            Some(stub(news(30, 30, None))),
            None,
            Ok(vec!["drop chat wr1".into()]),
        ),
        // Out of sight: kept as it was.
        (Some(with("v1", news(4, 4, None))), None, told_now()),
    ];
    for (kept, at_wecom, expected) in table {
        let mut facts = Facts::none(&corp);
        (facts.chat, facts.chat_at_wecom) = (kept, at_wecom);
        let effects = decided(&refresh, &facts).map(|effects| told(&effects));
        assert_eq!(effects, expected, "{facts:?}");
    }
}

#[test]
fn a_busy_group_that_was_read_is_left_to_settle_anew() {
    let corp = corp();
    let mut facts = Facts::none(&corp);
    facts.chat = Some(Chat {
        news: news(15, 1, Some("v2")),
        ..chat("v1")
    });
    facts.chat_at_wecom = Some(chat("v2"));
    let refresh = own(&OwnEvent::RefreshChat { chat_id: wr1() });
    let effects = decided(&refresh, &facts).unwrap();
    let Effect::PutChat(kept) = &effects[0] else {
        panic!("{effects:?}")
    };
    assert_eq!(kept.news, news(0, 1, Some("v2")));
}

#[test]
fn a_dismissed_group_stays_as_it_was_last() {
    let corp = corp();
    let refresh = own(&OwnEvent::RefreshChat { chat_id: wr1() });
    let dismissed = Chat {
        dismissed_at: Some(AT),
        news: news(3, 3, None),
        ..chat("v1")
    };
    for (at_wecom, version) in [(None, "v1"), (Some(chat("v2")), "v2")] {
        let mut facts = Facts::none(&corp);
        facts.chat = Some(dismissed.clone());
        facts.chat_at_wecom = at_wecom;
        let effects = decided(&refresh, &facts).unwrap();
        let [Effect::PutChat(kept)] = &effects[..] else {
            panic!("{effects:?}")
        };
        assert_eq!(kept.dismissed_at, Some(AT));
        assert_eq!(kept.name, "客户群");
        assert_eq!(kept.member_version.as_deref(), Some(version));
        assert_eq!(kept.news, None);
    }
    // Told again, by a copy that says it happened later: the first time stays.
    let event = event("dismiss", "");
    let mut facts = Facts::none(&corp);
    facts.chat = Some(Chat {
        dismissed_at: Some(Timestamp::from_secs(5)),
        ..chat("v1")
    });
    let effects = decided(&event, &facts).unwrap();
    let Effect::PutChat(kept) = &effects[0] else {
        panic!("{effects:?}")
    };
    assert_eq!(kept.dismissed_at, Some(Timestamp::from_secs(5)));
}
