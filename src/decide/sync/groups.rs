//! The steps about customer groups. WeCom's list tells that a group is there and nothing of what is in it, so each is read.

use crate::decide::chat;
use crate::decide::facts::Facts;
use crate::decide::found::{ChatFound, Found};
use crate::decide::sync::Walk;
use crate::decide::sync::phases::Kind;
use crate::decide::sync::tally::count;
use crate::decide::wording;
use crate::model::chat::{Chat, ChatView};
use crate::model::effect::Effect;
use crate::model::ids::ChatId;
use crate::model::sync::{Counted, Sighted, SyncPhase};

/// So many groups are read in one step.
const GROUPS: usize = 20;

/// A step of a phase that is about groups; `false` when it is about something else.
pub(in crate::decide::sync) fn stepped(walk: &mut Walk, facts: &Facts<'_>) -> bool {
    let phase = walk.run.place.phase;
    let batch = facts.step.batch.as_ref();
    match (phase, &facts.step.found) {
        (_, Found::Groups { ids, seen, next }) => {
            let new: Vec<&ChatId> = ids.iter().filter(|id| !seen.contains(*id)).collect();
            let found = walk.run.report.chats.found;
            let found = walk.listed((Kind::Groups, GROUPS), &new, Sighted::Chat, found);
            walk.run.report.chats.found = found;
            walk.go_on(next.as_ref(), batch);
        }
        (SyncPhase::ListGroups, Found::Stale) => {
            if !walk.restarts() {
                walk.failed(wording::GROUP_CURSOR_REFUSED);
                walk.go_on(None, batch);
            }
        }
        (SyncPhase::ListGroups, Found::BadMember(reason)) => match batch {
            Some(batch) if batch.ids.len() > 1 => walk.halve(batch),
            batch => {
                walk.run.report.chats.failed += 1;
                walk.failed(reason);
                walk.go_on(None, batch);
            }
        },
        (_, Found::NoGroups(reason)) => {
            let warning = format!("{}（{reason}）", wording::NO_GROUPS);
            walk.warned(warning);
            walk.go_to(SyncPhase::CountOthers);
        }
        (
            _,
            Found::Chats {
                looked_at,
                chats,
                next,
            },
        ) => {
            walk.run.progress.0 += looked_at;
            if phase == SyncPhase::ReadGroups {
                walk.run.progress.1 = walk.run.report.chats.found;
            }
            for chat in chats {
                read(walk, chat);
            }
            walk.go_on(next.as_ref(), batch);
        }
        _ => return false,
    }
    true
}

/// Brings one group up to date, by the rules of a refresh.
fn read(walk: &mut Walk, found: &ChatFound) {
    let listed = walk.run.place.phase == SyncPhase::ReadGroups;
    let kept = found.kept.as_ref();
    let tally = &mut walk.run.report.chats;
    let fresh = match &found.at_wecom {
        Ok(Some(ChatView::Shown(fresh))) => Some(&**fresh),
        // One that is listed and not there has come or gone this moment: the next sync sees which.
        Ok(None) if !listed && kept.is_some() => None,
        Ok(Some(ChatView::OutOfRange) | None) => {
            tally.skipped += 1;
            return;
        }
        Err(reason) => {
            tally.failed += 1;
            return walk.failed(reason);
        }
    };
    let effects = chat::synced(kept, fresh, walk.now);
    match (fresh, changed(kept, &effects)) {
        (None, true) => tally.removed += 1,
        // News are on their way.
        (None, false) => tally.skipped += 1,
        (Some(_), changed) => {
            let counted = match kept {
                None => Counted::Added,
                Some(_) if changed => Counted::Updated,
                Some(_) => Counted::Unchanged,
            };
            count(tally, counted);
            // What was listed is counted as found by that.
            tally.found -= u64::from(listed);
        }
    }
    walk.change(effects);
}

/// Whether the group itself is another afterwards; that no news are awaited any more is no change of it.
fn changed(kept: Option<&Chat>, effects: &[Effect]) -> bool {
    let is_other = |chat: &Chat| {
        kept.is_none_or(|kept| {
            (chat.changed_at, chat.dismissed_at) != (kept.changed_at, kept.dismissed_at)
        })
    };
    effects.iter().any(|effect| {
        matches!(effect, Effect::DropChat(_))
            || matches!(effect, Effect::PutChat(chat) if is_other(chat))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::chat::ChatNews;
    use crate::model::sync::{
        AskedBy, SyncMode, SyncPlace, SyncReport, SyncRequest, SyncRun, SyncScope, SyncState, Tally,
    };
    use crate::model::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);

    fn ago(secs: u64) -> Option<Timestamp> {
        Some(NOW.minus(Duration::from_secs(secs)))
    }

    /// A group that was read at this version an hour ago.
    fn chat(version: &str) -> Chat {
        Chat {
            member_version: Some(version.into()),
            changed_at: ago(3600),
            ..Chat::unread(ChatId::parse("wr1").unwrap())
        }
    }

    fn walk(phase: SyncPhase) -> Walk {
        let run = SyncRun {
            id: "1".into(),
            request: SyncRequest {
                scope: SyncScope::All,
                mode: SyncMode::Repair,
                by: AskedBy::Schedule,
                part: None,
            },
            state: SyncState::Running,
            started_at: NOW,
            moved_at: NOW,
            ended_at: None,
            doing: String::new(),
            progress: (0, 0),
            report: SyncReport::default(),
            place: SyncPlace {
                phase,
                ..SyncPlace::default()
            },
            first: false,
            then: None,
        };
        Walk {
            run,
            effects: Vec::new(),
            now: NOW,
        }
    }

    fn told(effects: &[Effect]) -> Vec<String> {
        let mut words = Vec::new();
        for effect in effects {
            words.push(if let Effect::PutChat(chat) = effect {
                let version = chat.member_version.as_deref().unwrap_or("unread");
                let ended = chat.dismissed_at.map_or("", |_| " ended");
                let news = chat.news.as_ref().map_or("", |_| " with news");
                format!("{version}{ended}{news}")
            } else if matches!(effect, Effect::DropChat(_)) {
                "dropped".into()
            } else if matches!(effect, Effect::Refresh(_)) {
                "to be read".into()
            } else {
                format!("{effect:?}")
            });
        }
        words
    }

    #[test]
    fn a_group_is_brought_up_to_date_and_counted() {
        let shown = |version: &str| Ok(Some(ChatView::Shown(Box::new(chat(version)))));
        let ended = |secs| Chat {
            dismissed_at: ago(secs),
            ..chat("v1")
        };
        let heard = |secs| Chat {
            news: Some(ChatNews {
                since: NOW.minus(Duration::from_secs(secs)),
                last: NOW.minus(Duration::from_secs(secs)),
                member_version: Some("v2".into()),
            }),
            ..chat("v1")
        };
        let unread = Chat::unread(ChatId::parse("wr1").unwrap());
        let (listed, swept) = (SyncPhase::ReadGroups, SyncPhase::SweepGroups);
        type AtWecom = Result<Option<ChatView>, String>;
        type Row = (
            SyncPhase,
            Option<Chat>,
            AtWecom,
            Vec<&'static str>,
            &'static str,
        );
        let table: Vec<Row> = vec![
            (listed, None, shown("v1"), vec!["v1"], "added"),
            (
                listed,
                Some(unread.clone()),
                shown("v1"),
                vec!["v1"],
                "updated",
            ),
            (listed, Some(chat("v1")), shown("v2"), vec!["v2"], "updated"),
            (listed, Some(chat("v1")), shown("v1"), vec![], "unchanged"),
            (swept, Some(chat("v1")), shown("v2"), vec!["v2"], "updated"),
            (
                swept,
                Some(chat("v1")),
                Ok(None),
                vec!["v1 ended"],
                "removed",
            ),
            (swept, Some(unread), Ok(None), vec!["dropped"], "removed"),
            // The list and the group do not agree.
            (listed, Some(chat("v1")), Ok(None), vec![], "skipped"),
            (listed, None, Ok(None), vec![], "skipped"),
            // Out of sight, or not to be read.
            (
                swept,
                Some(chat("v1")),
                Ok(Some(ChatView::OutOfRange)),
                vec![],
                "skipped",
            ),
            (swept, Some(chat("v1")), Err("why".into()), vec![], "failed"),
            // News: too young, not shown yet, shown, awaited for too long.
            (
                listed,
                Some(heard(1)),
                shown("v2"),
                vec!["to be read"],
                "unchanged",
            ),
            (
                listed,
                Some(heard(9)),
                shown("v1"),
                vec!["to be read"],
                "unchanged",
            ),
            (listed, Some(heard(9)), shown("v2"), vec!["v2"], "updated"),
            (
                listed,
                Some(heard(40)),
                shown("v1"),
                vec!["v1"],
                "unchanged",
            ),
            (
                swept,
                Some(heard(1)),
                Ok(None),
                vec!["to be read"],
                "skipped",
            ),
            // It ended this moment, or never.
            (listed, Some(ended(9)), shown("v1"), vec![], "unchanged"),
            (listed, Some(ended(900)), shown("v1"), vec!["v1"], "updated"),
        ];
        for (phase, kept, at_wecom, expected, counted) in table {
            let mut walk = walk(phase);
            // As its listing has counted it.
            walk.run.report.chats.found = u64::from(phase == listed);
            let found = ChatFound { kept, at_wecom };
            read(&mut walk, &found);
            assert_eq!(told(&walk.effects), expected, "{phase:?} {found:?}");
            let seen = phase == listed || !matches!(counted, "removed" | "skipped" | "failed");
            let mut tally = Tally {
                found: u64::from(seen),
                ..Tally::default()
            };
            *match counted {
                "added" => &mut tally.added,
                "updated" => &mut tally.updated,
                "unchanged" => &mut tally.unchanged,
                "skipped" => &mut tally.skipped,
                "removed" => &mut tally.removed,
                _ => &mut tally.failed,
            } = 1;
            assert_eq!(walk.run.report.chats, tally, "{phase:?} {found:?}");
        }
    }
}
