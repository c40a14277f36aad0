//! The customer groups (客户群) and customer tags (企业客户标签) of the corp.

use std::collections::BTreeMap;

use crate::model::chat::ChatPerson;
use crate::model::ids::{ChatId, UserId};
use crate::model::time::Timestamp;

/// A customer group. What the API shows of it follows changes by some seconds (path/92122).
#[derive(Debug, Clone)]
pub struct Group {
    /// Its id.
    pub chat_id: ChatId,
    /// Since when.
    pub created_at: Timestamp,
    /// What it is now.
    now: GroupState,
    /// What the API shows until the last change has settled; nothing of a group that is new.
    before: Option<GroupState>,
    changed_at: Timestamp,
}

/// What can change in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupState {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub owner: UserId,
    /// Its notice.
    pub notice: String,
    /// Who is in it, and since when.
    pub people: BTreeMap<ChatPerson, Timestamp>,
    /// How often people came and went; the version of the list.
    pub version: u64,
    /// Whether it still is.
    pub dismissed: bool,
}

impl GroupState {
    /// The version as it is told: opaque.
    pub fn member_version(&self) -> String {
        format!(
            "{:08x}",
            self.version.wrapping_mul(0x9E37_79B9) & 0xFFFF_FFFF
        )
    }
}

impl Group {
    /// A new group of its owner alone.
    pub(crate) fn new(chat_id: ChatId, name: &str, owner: UserId, now: Timestamp) -> Self {
        let people = BTreeMap::from([(ChatPerson::Member(owner.clone()), now)]);
        Self {
            chat_id,
            created_at: now,
            now: GroupState {
                name: name.into(),
                owner,
                notice: String::new(),
                people,
                version: 1,
                dismissed: false,
            },
            before: None,
            changed_at: now,
        }
    }

    /// What it is now.
    pub const fn state(&self) -> &GroupState {
        &self.now
    }

    /// What the API shows.
    pub(crate) fn shown(&self, now: Timestamp, lag: std::time::Duration) -> Option<&GroupState> {
        let settled = now.since(self.changed_at) >= lag;
        let state = if settled {
            Some(&self.now)
        } else {
            self.before.as_ref()
        };
        state.filter(|state| !state.dismissed)
    }

    /// A member's id is another now, also in what is still shown of before.
    pub(crate) fn rename(&mut self, from: &UserId, to: &UserId) {
        for state in self.before.iter_mut().chain([&mut self.now]) {
            if state.owner == *from {
                state.owner = to.clone();
            }
            if let Some(at) = state.people.remove(&ChatPerson::Member(from.clone())) {
                state.people.insert(ChatPerson::Member(to.clone()), at);
            }
        }
    }

    /// Changes it; what was shown until now is shown a while longer.
    pub(crate) fn change(
        &mut self,
        now: Timestamp,
        lag: std::time::Duration,
        change: impl FnOnce(&mut GroupState),
    ) {
        if now.since(self.changed_at) >= lag {
            self.before = Some(self.now.clone());
        }
        change(&mut self.now);
        self.changed_at = now;
    }
}

/// A group of customer tags.
#[derive(Debug, Clone)]
pub struct TagGroup {
    /// Its name.
    pub name: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Names by id.
    pub tags: BTreeMap<String, String>,
}
