//! A customer is forgotten, page by page: look for traces, remove them, note how far it is.
//!
//! How far it is stands in the store, so whoever looks next goes on where a process has ended; a page that is done twice
//! makes no difference. What another process has in work is waited for, and so is what is about others: a walk through
//! all items that has come to one of theirs has to go on behind it.

use crate::act::Act;
use crate::act::customer::Customer;
use crate::decide::forget::{self, Fate, Tie, Whose};
use crate::model::attachment::Attachment;
use crate::model::contact::Contact;
use crate::model::delivery::ItemId;
use crate::model::effect::Effect;
use crate::model::forgetting::{Forgetting, Place};
use crate::model::ids::{CorpId, OpenId};
use crate::model::item::{Actor, Item};
use crate::model::time::Timestamp;
use crate::store::erase::Erased;
use crate::store::error::StoreError;
use crate::store::item::{Queue, State};
use crate::store::record::{BEING_FORGOTTEN, Key, Record, Table};

/// How many records or items are looked at in one step.
const STEP: usize = 200;

/// So many items of theirs are removed in one round: each makes every look longer.
const ITEMS_MAX: usize = 200;

/// How often somebody else may begin the same at the same moment.
const TRIES: usize = 5;

/// What is looked through, in this order: calls and events first, so that nothing writes about them any more; items
/// before what stands beside them.
const PARTS: [Part; 29] = [
    Part::Ids,
    Part::Queue(Queue::Inbox),
    Part::Queue(Queue::Outbox),
    Part::Table(Table::Items, Whose::ItsContact),
    Part::Table(Table::Contacts, Whose::ItsKey),
    Part::Table(Table::Greetings, Whose::WhoItSpeaksOf),
    Part::Table(Table::Endings, Whose::WhoItSpeaksOf),
    Part::Table(Table::TransferFailures, Whose::WhoItSpeaksOf),
    Part::Table(Table::Chats, Whose::ItsKey),
    Part::Table(Table::TagGroups, Whose::ItsKey),
    Part::Table(Table::Members, Whose::ItsKey),
    Part::Table(Table::Links, Whose::ItsKey),
    Part::Table(Table::Visits, Whose::WhoItSpeaksOf),
    Part::Table(Table::Followers, Whose::WhoItSpeaksOf),
    Part::Table(Table::Cards, Whose::WhoItSpeaksOf),
    Part::Table(Table::Syncs, Whose::ItsKey),
    Part::Table(Table::Batches, Whose::ItsKey),
    Part::Table(Table::Sightings, Whose::WhoItSpeaksOf),
    Part::Table(Table::Switches, Whose::ItsKey),
    Part::Table(Table::Shelves, Whose::WhoItSpeaksOf),
    Part::Table(Table::Grants, Whose::WhoItSpeaksOf),
    Part::Table(Table::Holders, Whose::WhoItSpeaksOf),
    Part::Table(Table::Seen, Whose::WhoItSpeaksOf),
    Part::Table(Table::Comments, Whose::WhoItSpeaksOf),
    Part::Table(Table::Threads, Whose::WhoItSpeaksOf),
    Part::Table(Table::Attachments, Whose::WhoItSpeaksOf),
    Part::Table(Table::ItemCards, Whose::WhoItSpeaksOf),
    Part::Table(Table::Unionids, Whose::WhoItSpeaksOf),
    Part::Table(Table::Carried, Whose::WhoItSpeaksOf),
];

/// A part of the store.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// Their other ids, which the other parts are looked through for.
    Ids,
    Queue(Queue),
    Table(Table, Whose),
}

/// What a step has found.
#[derive(Debug, Default)]
pub struct Traces {
    /// Files whose bytes have to go before the step is [wiped](Act::wipe).
    pub files: Vec<String>,
    items: Vec<(Queue, ItemId)>,
    records: Vec<(Record, Option<String>)>,
    /// How many events that are about others name them, and are not settled yet.
    awaited: u64,
    /// Where the part goes on.
    next: Option<String>,
}

impl Traces {
    fn count(&self) -> u64 {
        (self.items.len() + self.records.len()) as u64 + self.awaited
    }
}

impl Act {
    /// Begins to forget a customer, unless that is under way.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn forget(
        &self,
        id: &CorpId,
        customer: &Customer,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Forgetting, StoreError> {
        let asked = Forgetting::asked(customer.id().clone(), by.clone(), now);
        for _ in 0..TRIES {
            let basis = self
                .store
                .read(id, &[Key::being_forgotten(&asked.id)])
                .await?;
            if let Some(begun) = parsed(&basis)? {
                return Ok(begun);
            }
            let effects = [Effect::PutForgetting(Box::new(asked.clone()))];
            match self.store.carry_out(id, &basis, &effects, now).await {
                Err(StoreError::Stale) => {}
                Err(problem) => return Err(problem),
                Ok(()) => {
                    tracing::info!(corp = %id, forgetting = asked.id, "A customer is to be forgotten.");
                    return Ok(asked);
                }
            }
        }
        Err(StoreError::Stale)
    }

    /// How far the forgetting of this id is; what goes on before what is done.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn forgetting(
        &self,
        id: &CorpId,
        name: &str,
    ) -> Result<Option<Forgetting>, StoreError> {
        let keys = [Key::being_forgotten(name), Key::forgotten(name)];
        parsed(&self.store.read(id, &keys).await?)
    }

    /// Some that go on, those after this one; none after the last.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn unfinished_forgettings(
        &self,
        id: &CorpId,
        after: Option<&Forgetting>,
    ) -> Result<Vec<Forgetting>, StoreError> {
        let after = after.map(|after| Key::being_forgotten(&after.id).key);
        let after = after.as_deref().unwrap_or(BEING_FORGOTTEN);
        let page = self.store.list(id, Table::Forgettings, Some(after), STEP);
        let mut unfinished = Vec::new();
        for record in page.await? {
            unfinished.extend(record.parse::<Forgetting>()?);
        }
        Ok(unfinished)
    }

    /// Counts what would be removed, and changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn count_traces(
        &self,
        id: &CorpId,
        customer: &Customer,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut forgetting = Forgetting::asked(customer.id().clone(), Actor::System, now);
        while let Some(mut place) = forgetting.place.clone().filter(|place| place.round == 0) {
            let traces = self.traces(id, &mut place).await?;
            let (next, count) = (traces.next.clone(), traces.count());
            forgetting = forget::moved(&forgetting, place, next, count, PARTS.len(), now);
        }
        Ok(forgetting.removed)
    }

    /// Looks through the next part.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn traces(&self, id: &CorpId, place: &mut Place) -> Result<Traces, StoreError> {
        Ok(match PARTS.get(place.part) {
            None => Traces::default(),
            Some(Part::Ids) => {
                self.learn(id, place).await?;
                Traces::default()
            }
            Some(Part::Queue(queue)) => self.texts_about(id, *queue, place).await?,
            Some(Part::Table(table, whose)) => {
                self.records_about(id, *table, *whose, place).await?
            }
        })
    }

    /// Removes what a step has found, and notes how far it is. `None`: something has to be waited for, and the step has
    /// to be done again, after a moment.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; the step has to be done again.
    pub async fn wipe(
        &self,
        id: &CorpId,
        forgetting: &Forgetting,
        place: Place,
        traces: Traces,
        now: Timestamp,
    ) -> Result<Option<Forgetting>, StoreError> {
        let (mut erased, mut in_work) = (0, 0);
        for (queue, item) in &traces.items {
            match self.store.erase(*queue, item, now).await? {
                Erased::Gone => erased += 1,
                Erased::InWork => in_work += 1,
            }
        }
        let stays = in_work + traces.awaited > 0;
        if stays && erased == 0 {
            return Ok(None);
        }
        let basis = self
            .store
            .read(id, &[Key::being_forgotten(&forgetting.id)])
            .await?;
        if parsed::<Forgetting>(&basis)?.as_ref() != Some(forgetting) {
            return Err(StoreError::Stale);
        }
        let moved = match stays {
            true => Forgetting {
                removed: forgetting.removed + erased,
                ..forgetting.clone()
            },
            false => {
                let (count, next) = (traces.count(), traces.next);
                forget::moved(forgetting, place, next, count, PARTS.len(), now)
            }
        };
        let effects = [Effect::PutForgetting(Box::new(moved.clone()))];
        self.store
            .rewrite(id, basis, traces.records, &effects, now)
            .await?;
        Ok((!stays).then_some(moved))
    }

    /// Finds out their other ids.
    async fn learn(&self, id: &CorpId, place: &mut Place) -> Result<(), StoreError> {
        let records = self.store.read(id, &[Key::contact(&place.contact)]).await?;
        if let Some(contact) = parsed::<Contact>(&records)? {
            place.ids.extend(contact.unionid);
        }
        let keys = place.ids.iter().map(|id| Key::follower_by_unionid(id));
        let keys: Vec<Key> = keys.collect();
        for record in self.store.read(id, &keys).await? {
            let openid = record.parse::<OpenId>()?;
            place.ids.extend(openid.map(String::from));
        }
        place.ids.sort();
        place.ids.dedup();
        Ok(())
    }

    async fn texts_about(
        &self,
        id: &CorpId,
        queue: Queue,
        place: &Place,
    ) -> Result<Traces, StoreError> {
        let before = place.after.as_deref().map(|at| ItemId::new(id.clone(), at));
        let page = self.store.texts(id, queue, before.as_ref(), STEP).await?;
        let last = page.last().filter(|_| page.len() == STEP);
        let next = last.map(|entry| entry.id.place().to_owned());
        let mut traces = Traces {
            next,
            ..Traces::default()
        };
        for entry in page {
            let tie = match queue {
                Queue::Inbox => forget::event(&entry.item, place),
                Queue::Outbox if forget::call(&entry.item, place) => Tie::Theirs,
                Queue::Outbox => Tie::None,
            };
            if tie == Tie::InPassing && entry.progress.state == State::Dead {
                tracing::warn!(event = %entry.id, "An event about others that was given up is erased: it names a \
                    customer who is forgotten. What it was for has to be asked for anew.");
            }
            match tie {
                Tie::None => {}
                Tie::InPassing if is_open(entry.progress.state) => traces.awaited += 1,
                Tie::InPassing | Tie::Theirs => traces.items.push((queue, entry.id)),
            }
        }
        Ok(traces)
    }

    async fn records_about(
        &self,
        id: &CorpId,
        table: Table,
        whose: Whose,
        place: &mut Place,
    ) -> Result<Traces, StoreError> {
        let page = self
            .store
            .list(id, table, place.after.as_deref(), STEP)
            .await?;
        if table == Table::Items && place.after.is_none() {
            // Those of the round before have been looked for everywhere by now.
            place.items.clear();
        }
        let last = page.last().filter(|_| page.len() == STEP);
        let mut traces = Traces {
            next: last.map(|record| record.key.key.clone()),
            ..Traces::default()
        };
        for record in page {
            let json = record.json.as_deref().unwrap_or_default();
            let json = match forget::record(whose, &record.key.key, json, place) {
                Fate::Stays => continue,
                Fate::Becomes(json) => Some(json),
                Fate::Goes => None,
            };
            if json.is_none() && table == Table::Items {
                if place.items.len() == ITEMS_MAX {
                    // The rest is for the next round.
                    traces.next = None;
                    break;
                }
                let item = record.parse::<Item>()?;
                place
                    .items
                    .extend(item.map(|item| item.item_ref().to_string()));
            }
            if json.is_none() && table == Table::Attachments {
                let file = record.parse::<Attachment>()?;
                traces.files.extend(file.map(|file| file.id));
            }
            traces.records.push((record, json));
        }
        Ok(traces)
    }
}

const fn is_open(state: State) -> bool {
    match state {
        State::Waiting | State::Retrying => true,
        State::Done | State::Dead | State::Discarded => false,
    }
}

/// The first of these records that is there.
fn parsed<T: serde::de::DeserializeOwned>(records: &[Record]) -> Result<Option<T>, StoreError> {
    for record in records {
        if let Some(found) = record.parse()? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_looked_through() {
        for table in Table::ALL {
            let looked = |part: &&Part| matches!(part, Part::Table(other, _) if *other == table);
            let count = PARTS.iter().filter(looked).count();
            assert_eq!(count, usize::from(table != Table::Forgettings), "{table:?}");
        }
    }
}
