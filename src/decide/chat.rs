//! A customer group changed (客户群, path/92130).
//!
//! These events get lost and overtake each other, and what WeCom shows follows some seconds after them (path/92122). So
//! the group keeps what it has heard of, and a reading counts once that has had time to show.

use std::time::Duration;

use crate::callback::event::chat::{ChangeExternalChat, ChatUpdate};
use crate::callback::event::own::OwnEvent;
use crate::decide::facts::{Facts, Need};
use crate::decide::input::Refusal;
use crate::model::chat::{Chat, ChatNews};
use crate::model::effect::Effect;
use crate::model::ids::ChatId;
use crate::model::time::Timestamp;

/// What WeCom shows follows an event by about two seconds (path/92122).
const SETTLES: Duration = Duration::from_secs(3);

/// A group where something happens all the time is read all the same, this long after the first news.
const BUSY: Duration = Duration::from_secs(15);

/// For so long after the first news, a reading that does not show it yet is made again.
const AWAITED: Duration = Duration::from_secs(30);

/// What an event about a group needs to know.
pub(in crate::decide) fn needs(change: &ChangeExternalChat) -> Vec<Need> {
    chat_id(change).map(Need::Chat).into_iter().collect()
}

/// What follows from an event about a group that happened at `at`.
pub(in crate::decide) fn changed(
    change: &ChangeExternalChat,
    at: Timestamp,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let Some(id) = chat_id(change) else {
        return Vec::new();
    };
    let kept = facts.chat.clone().unwrap_or_else(|| Chat::unread(id));
    match change {
        ChangeExternalChat::Update(update) => {
            let version = version_after(update);
            // The reading that showed this version showed this change.
            if version.is_some() && version == kept.member_version {
                return Vec::new();
            }
            heard(kept, version, now)
        }
        ChangeExternalChat::Dismiss { .. } => {
            let dismissed_at = kept.dismissed_at.map_or(at, |known| known.min(at));
            let dismissed_at = Some(dismissed_at);
            let kept = Chat {
                dismissed_at,
                ..kept
            };
            heard(kept, None, now)
        }
        // A change that is not known yet is a hint all the same.
        ChangeExternalChat::Create { .. } | ChangeExternalChat::Other { .. } => {
            heard(kept, None, now)
        }
    }
}

/// What a refresh needs to know.
pub(in crate::decide) fn refresh_needs(id: &ChatId) -> Vec<Need> {
    vec![Need::Chat(id.clone()), Need::ChatAtWecom(id.clone())]
}

/// How long it is before a reading of the group is worth its call; nothing when it is now.
pub fn settles_in(kept: Option<&Chat>, now: Timestamp) -> Option<Duration> {
    let news = kept?.news.as_ref()?;
    if now.since(news.since) >= BUSY {
        return None;
    }
    let wait = news.last.plus(SETTLES).since(now);
    (!wait.is_zero()).then_some(wait)
}

/// Brings the group up to date with what WeCom says now.
pub(in crate::decide) fn refreshed(
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Refusal> {
    let kept = facts.chat.as_ref();
    if let Some(wait) = settles_in(kept, now) {
        return Err(Refusal::TooEarly(wait));
    }
    if let Some(wait) = awaited(kept, facts.chat_at_wecom.as_ref(), now) {
        return Err(Refusal::TooEarly(wait));
    }
    match (kept, &facts.chat_at_wecom) {
        (None, None) => Ok(Vec::new()),
        (Some(kept), None) if kept.changed_at.is_none() && kept.dismissed_at.is_none() => {
            Ok(vec![Effect::DropChat(kept.chat_id.clone())])
        }
        // Dismissed, or out of sight: it is kept as it was last.
        (Some(kept), None) => Ok(put_unless_same(
            Chat {
                news: None,
                ..kept.clone()
            },
            kept,
        )),
        (None, Some(fresh)) => Ok(vec![Effect::PutChat(fresh.clone())]),
        (Some(kept), Some(fresh)) => Ok(read(kept, fresh, kept.dismissed_at, now)),
    }
}

/// Brings a group up to date that a sync has read. `fresh` is absent when WeCom neither lists nor shows it: it has been
/// dismissed, and nobody has told.
pub(in crate::decide) fn synced(
    kept: Option<&Chat>,
    fresh: Option<&Chat>,
    now: Timestamp,
) -> Vec<Effect> {
    let Some(kept) = kept else {
        return fresh.cloned().map(Effect::PutChat).into_iter().collect();
    };
    // The reading that the news have asked for waits for its time.
    if settles_in(Some(kept), now).is_some() || awaited(Some(kept), fresh, now).is_some() {
        return vec![refresh(&kept.chat_id, now)];
    }
    let unread = kept.changed_at.is_none() && kept.dismissed_at.is_none();
    match fresh {
        None if unread => vec![Effect::DropChat(kept.chat_id.clone())],
        None => put_unless_same(
            Chat {
                dismissed_at: kept.dismissed_at.or(Some(now)),
                news: None,
                ..kept.clone()
            },
            kept,
        ),
        Some(fresh) => {
            // What is shown long after its end has not ended.
            let ended = kept.dismissed_at.filter(|at| now.since(*at) < AWAITED);
            read(kept, fresh, ended, now)
        }
    }
}

fn read(kept: &Chat, fresh: &Chat, dismissed_at: Option<Timestamp>, now: Timestamp) -> Vec<Effect> {
    let news = kept.news.as_ref();
    // News that are younger than what WeCom shows call for another reading.
    let unread = news.filter(|news| now.since(news.last) < SETTLES);
    let mut chat = Chat {
        dismissed_at,
        news: unread.map(|news| ChatNews {
            since: now,
            ..news.clone()
        }),
        changed_at: kept.changed_at,
        ..fresh.clone()
    };
    if !shows_the_same(&chat, kept) {
        chat.changed_at = Some(now);
    }
    let again = unread.map(|_| refresh(&chat.chat_id, now));
    let mut effects = put_unless_same(chat, kept);
    effects.extend(again);
    effects
}

/// Whether the reading is older than what an event told, and how long to wait for the next one: each wait is as long as
/// all before it.
fn awaited(kept: Option<&Chat>, fresh: Option<&Chat>, now: Timestamp) -> Option<Duration> {
    let kept = kept?;
    let news = kept.news.as_ref()?;
    let waited = now.since(news.since);
    if waited >= AWAITED {
        return None;
    }
    let unread = kept.changed_at.is_none();
    let behind = match (fresh, &news.member_version) {
        // A new group; one that is known and not shown any more is dismissed, or out of sight.
        (None, _) => unread && kept.dismissed_at.is_none(),
        (Some(_), None) => false,
        (Some(fresh), told) => {
            let old = unread || fresh.member_version == kept.member_version;
            fresh.member_version.is_some() && fresh.member_version != *told && old
        }
    };
    behind.then(|| waited.max(SETTLES))
}

/// Notes the news and asks for a reading, unless one is on its way: that one waits for the news to settle.
fn heard(kept: Chat, version: Option<String>, now: Timestamp) -> Vec<Effect> {
    let open = kept.news.as_ref();
    let open = open.filter(|news| now.since(news.since) < AWAITED);
    let asked = open.is_none().then(|| refresh(&kept.chat_id, now));
    let news = ChatNews {
        since: open.map_or(now, |news| news.since),
        last: now,
        member_version: version.or_else(|| open.and_then(|news| news.member_version.clone())),
    };
    let chat = Chat {
        news: Some(news),
        ..kept
    };
    [Effect::PutChat(chat)].into_iter().chain(asked).collect()
}

fn refresh(id: &ChatId, now: Timestamp) -> Effect {
    let event = OwnEvent::RefreshChat {
        chat_id: id.clone(),
    };
    Effect::Refresh(event.delivery(now).1)
}

/// The version of the list of members after this change. Other changes have none, whatever the event says.
fn version_after(update: &ChatUpdate) -> Option<String> {
    match update.update_detail.as_deref() {
        Some("add_member" | "del_member") => update.cur_mem_ver.clone(),
        _ => None,
    }
}

fn put_unless_same(chat: Chat, kept: &Chat) -> Vec<Effect> {
    if chat == *kept && shows_the_same(&chat, kept) {
        return Vec::new();
    }
    vec![Effect::PutChat(chat)]
}

/// Whether both say the same about the group itself, in the same spelling.
fn shows_the_same(chat: &Chat, kept: &Chat) -> bool {
    let alike = Chat {
        news: kept.news.clone(),
        ..chat.clone()
    };
    let spelled = |chat: &Chat| chat.owner.as_ref().map(|id| id.as_str().to_owned());
    alike == *kept && spelled(chat) == spelled(kept)
}

fn chat_id(change: &ChangeExternalChat) -> Option<ChatId> {
    let id = match change {
        ChangeExternalChat::Create { chat_id } | ChangeExternalChat::Dismiss { chat_id } => chat_id,
        ChangeExternalChat::Update(update) => &update.chat_id,
        ChangeExternalChat::Other { fields, .. } => {
            let field = fields.iter().find(|field| field.name == "ChatId")?;
            &field.text
        }
    };
    ChatId::parse(id).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);

    fn ago(time: Duration) -> Timestamp {
        NOW.minus(time)
    }

    #[test]
    fn a_sync_settles_what_was_told_of_a_group() {
        let chat = Chat {
            changed_at: Some(ago(AWAITED * 2)),
            ..Chat::unread(ChatId::parse("wr1").unwrap())
        };
        let ended = |time| Chat {
            dismissed_at: Some(ago(time)),
            ..chat.clone()
        };
        let told = Chat {
            news: Some(ChatNews {
                since: ago(AWAITED),
                last: ago(AWAITED),
                member_version: None,
            }),
            ..chat.clone()
        };
        let ends_now = Chat {
            dismissed_at: Some(NOW),
            ..chat.clone()
        };
        let goes_on = Chat {
            changed_at: Some(NOW),
            ..chat.clone()
        };
        let second = Duration::from_secs(1);
        for (kept, fresh, expected) in [
            (&told, None, Some(&ends_now)),
            (&told, Some(&chat), Some(&chat)),
            // What is shown this long after its end has not ended.
            (&ended(AWAITED - second), Some(&chat), None),
            (&ended(AWAITED), Some(&chat), Some(&goes_on)),
        ] {
            let effects = synced(Some(kept), fresh, NOW);
            let mut chats = Vec::new();
            for effect in &effects {
                let Effect::PutChat(chat) = effect else {
                    panic!("{effect:?}")
                };
                chats.push(chat);
            }
            assert_eq!(chats, Vec::from_iter(expected), "{kept:?}");
        }
    }
}
