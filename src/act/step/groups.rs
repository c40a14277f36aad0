//! What the steps about customer groups read.

use crate::act::error::ActError;
use crate::act::step::{Page, step, told, words};
use crate::decide::found::{ChatFound, Found, Step};
use crate::decide::sync::misses_chat;
use crate::model::chat::Chat;
use crate::model::ids::{ChatId, UserId};
use crate::model::sync::{Sighted, Sighting, SyncBatch, SyncRun};
use crate::store::record::{Key, Record, Table};
use crate::wecom::chat::Chats;
use crate::wecom::error::ApiError;

impl Page<'_> {
    /// Lists a page of the groups of these owners, and which of them this sync has not listed before.
    pub(in crate::act::step) async fn group_ids(
        &self,
        run: &SyncRun,
        owners: &[UserId],
    ) -> Result<Step, ActError> {
        let cursor = run.place.cursor.as_str();
        let listed = self.corp.client.chat_ids(owners, cursor, self.now).await;
        let (mut ids, next) = match listed {
            Ok(Chats::Page { ids, next }) => (ids, next),
            Ok(Chats::Stale) => return Ok(step(Found::Stale, 1)),
            Ok(Chats::BadOwner(reason)) => return Ok(step(Found::BadMember(words(&reason)), 1)),
            Err(problem) => return no_groups(problem),
        };
        ids.sort();
        ids.dedup();
        let seen = self.seen(run, &ids, Sighted::Chat).await?;
        Ok(step(Found::Groups { ids, seen, next }, 1))
    }

    /// Reads a batch of listed groups.
    pub(in crate::act::step) async fn groups(
        &self,
        batch: Option<&SyncBatch>,
        basis: &mut Vec<Record>,
    ) -> Result<Step, ActError> {
        let ids = batch.map_or(&[][..], |batch| &batch.ids).iter();
        let ids: Vec<ChatId> = ids.filter_map(|id| ChatId::parse(id).ok()).collect();
        let keys: Vec<Key> = ids.iter().map(Key::chat).collect();
        let records = self.store.read(self.id, &keys).await?;
        let mut groups = Vec::with_capacity(ids.len());
        for (id, record) in ids.into_iter().zip(records) {
            groups.push((id, record.parse::<Chat>()?, record));
        }
        let looked_at = groups.len() as u64;
        self.chats(groups, looked_at, None, basis).await
    }

    /// Walks over the groups that are kept, and reads those that the sync has not seen.
    pub(in crate::act::step) async fn kept_groups(
        &self,
        run: &SyncRun,
        basis: &mut Vec<Record>,
    ) -> Result<Step, ActError> {
        let who = |chat: &Chat| Sighted::Chat(chat.chat_id.clone());
        let misses = |chat: &Chat, seen: Option<&Sighting>| misses_chat(run, chat, seen);
        let walked = self.walk(Table::Chats, run, who, misses).await?;
        let missed = walked.missed.into_iter();
        let missed = missed.map(|(chat, record, _)| (chat.chat_id.clone(), Some(chat), record));
        self.chats(missed.collect(), walked.looked_at, walked.next, basis)
            .await
    }

    async fn chats(
        &self,
        groups: Vec<(ChatId, Option<Chat>, Record)>,
        looked_at: u64,
        next: Option<String>,
        basis: &mut Vec<Record>,
    ) -> Result<Step, ActError> {
        let ids: Vec<ChatId> = groups.iter().map(|(id, _, _)| id.clone()).collect();
        let read = match ids.is_empty() {
            true => Vec::new(),
            false => match self.corp.client.chats(&ids, self.now).await {
                Ok(read) => read,
                Err(problem) => return no_groups(problem),
            },
        };
        let mut chats = Vec::with_capacity(groups.len());
        for ((_, kept, record), at_wecom) in groups.into_iter().zip(read) {
            basis.push(record);
            chats.push(ChatFound {
                kept,
                at_wecom: told(at_wecom),
            });
        }
        let found = Found::Chats {
            looked_at,
            chats,
            next,
        };
        Ok(step(found, ids.len() as u64))
    }
}

/// A corp without the right to read groups is synced all the same. What passes by itself is waited for.
fn no_groups(problem: ApiError) -> Result<Step, ActError> {
    if let ApiError::Misconfigured { what, .. } = &problem {
        return Ok(step(Found::NoGroups(words(what)), 1));
    }
    if problem.concerns_one() {
        return Ok(step(Found::NoGroups(words(&problem.to_string())), 1));
    }
    Err(problem.into())
}
