//! The corp's customer tags changed (企业客户标签, path/92130).
//!
//! Contacts keep the names that their tags had when they were read. A tag that is renamed touches no contact: whoever
//! shows a contact looks the names up in the tags as they are kept, so one reading is enough for any number of contacts.

use crate::callback::event::own::OwnEvent;
use crate::decide::facts::{Facts, Need};
use crate::model::effect::Effect;
use crate::model::tag::{CorpTag, TagGroup};
use crate::model::time::Timestamp;

/// What follows from any change: all tags are read. A deleted group takes its tags along without events for them, and a
/// shuffle changes many.
pub(in crate::decide) fn changed(now: Timestamp) -> Vec<Effect> {
    vec![Effect::Refresh(OwnEvent::RefreshTags.delivery(now).1)]
}

/// What a refresh needs to know.
pub(in crate::decide) fn refresh_needs() -> Vec<Need> {
    vec![Need::TagGroups, Need::TagGroupsAtWecom]
}

/// Brings the tags up to date with what WeCom says now. What is gone stays, marked: contacts that were read before it
/// went still name it.
pub(in crate::decide) fn refreshed(facts: &Facts<'_>, now: Timestamp) -> Vec<Effect> {
    compared(&facts.tag_groups, &facts.tag_groups_at_wecom, now)
}

/// What differs between the tags as they are kept and as WeCom has them.
pub(in crate::decide) fn compared(
    known: &[TagGroup],
    fresh: &[TagGroup],
    now: Timestamp,
) -> Vec<Effect> {
    let there = fresh.iter().map(|fresh| {
        let kept = known.iter().find(|g| g.group_id == fresh.group_id);
        (kept, merged(kept, fresh, now))
    });
    let gone = known
        .iter()
        .filter(|kept| fresh.iter().all(|group| group.group_id != kept.group_id))
        .map(|kept| (Some(kept), deleted(kept, now)));
    there
        .chain(gone)
        .filter(|(kept, group)| kept.is_none_or(|kept| kept != group))
        .map(|(_, group)| {
            let changed_at = now;
            Effect::PutTagGroup(TagGroup {
                changed_at,
                ..group
            })
        })
        .collect()
}

/// The group as it is now, with the tags that it had.
fn merged(kept: Option<&TagGroup>, fresh: &TagGroup, now: Timestamp) -> TagGroup {
    let Some(kept) = kept else {
        return fresh.clone();
    };
    let is_gone = |tag: &&CorpTag| fresh.tags.iter().all(|there| there.tag_id != tag.tag_id);
    let gone = kept.tags.iter().filter(is_gone);
    let gone = gone.map(|tag| deleted_tag(tag, now));
    TagGroup {
        tags: fresh.tags.iter().cloned().chain(gone).collect(),
        changed_at: kept.changed_at,
        ..fresh.clone()
    }
}

fn deleted(kept: &TagGroup, now: Timestamp) -> TagGroup {
    TagGroup {
        tags: kept.tags.iter().map(|tag| deleted_tag(tag, now)).collect(),
        deleted_at: kept.deleted_at.or(Some(now)),
        ..kept.clone()
    }
}

fn deleted_tag(tag: &CorpTag, now: Timestamp) -> CorpTag {
    CorpTag {
        deleted_at: tag.deleted_at.or(Some(now)),
        ..tag.clone()
    }
}
