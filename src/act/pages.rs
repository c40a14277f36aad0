//! Facts of which there may be many: read from the store a page at a time.

use crate::act::error::ActError;
use crate::decide::facts::{Facts, Need, Page, Passing};
use crate::model::contact::Ending;
use crate::model::ids::{CorpId, ExternalUserId, UserId};
use crate::model::relation::{Relation, RelationKind, Rename};
use crate::store::Store;
use crate::store::record::{Key, Record, Table};

/// How many records are looked at in one step.
pub(in crate::act) const PAGE: usize = 200;

/// Reads pages, and remembers which records a decision will stand on.
pub(in crate::act) struct Pages<'a> {
    store: &'a Store,
    id: &'a CorpId,
    /// What was read and may be written.
    pub(in crate::act) read: Vec<Record>,
}

impl<'a> Pages<'a> {
    pub(in crate::act) const fn new(store: &'a Store, id: &'a CorpId) -> Self {
        let read = Vec::new();
        Self { store, id, read }
    }

    /// Finds out what is needed, if it comes in pages.
    pub(in crate::act) async fn turn(
        &mut self,
        need: &Need,
        facts: &mut Facts<'_>,
    ) -> Result<(), ActError> {
        match need {
            Need::Former(userid) => self.former(userid, facts).await?,
            Need::Renaming(rename) => facts.renaming = self.renaming(rename).await?,
            Need::ContactPage(after) => {
                let after = after.as_ref().map(ExternalUserId::as_str);
                facts.contact_page = self.page(Table::Contacts, after).await?;
            }
            Need::MemberPage(after) => {
                let after = after.as_ref().map(UserId::key);
                facts.member_page = self.page(Table::Members, after.as_deref()).await?;
            }
            Need::TagGroups => {
                let records = self.store.all(self.id, Table::TagGroups).await?;
                for record in &records {
                    facts.tag_groups.extend(record.parse()?);
                }
                self.read.extend(records);
            }
            Need::Contact(_)
            | Need::ContactAtWecom(_)
            | Need::Greeting(..)
            | Need::Ending(..)
            | Need::TransferFailure(..)
            | Need::Relations(_)
            | Need::Member(_)
            | Need::MemberAtWecom(_)
            | Need::Link(_)
            | Need::Chat(_)
            | Need::ChatAtWecom(_)
            | Need::TagGroupsAtWecom
            | Need::Visit(..)
            | Need::Follower(_)
            | Need::Card(_)
            | Need::Switches
            | Need::Sync(_)
            | Need::Syncs
            | Need::Step(_)
            | Need::FollowerAtWeixin(_)
            | Need::FollowerOf(_)
            | Need::Carried(_)
            | Need::Item(_)
            | Need::ItemByRef(..)
            | Need::Shelved(_)
            | Need::ItemsOfMember(..)
            | Need::Grant(..)
            | Need::Thread(..)
            | Need::ThreadOfOwner(_)
            | Need::Seen(..)
            | Need::Members(_)
            | Need::PeopleOf(_)
            | Need::CardsAbout(_)
            | Need::Attachment(_) => {}
        }
        Ok(())
    }

    async fn former(&mut self, userid: &UserId, facts: &mut Facts<'_>) -> Result<(), ActError> {
        let keys = [Key::member(userid), Key::link(userid)];
        for record in self.store.read(self.id, &keys).await? {
            if record.key.table == Table::Members {
                facts.former_member = record.parse()?;
            } else {
                facts.former_link = record.parse()?;
            }
            self.read.push(record);
        }
        Ok(())
    }

    /// The records under the former id, each with the one that stands where it goes to.
    async fn renaming(&mut self, rename: &Rename) -> Result<Page<Passing>, ActError> {
        let Some(kind) = rename.kind else {
            return Ok(Page::default());
        };
        let page = self.list(table(kind), rename.after.as_deref()).await?;
        let mut found = Vec::new();
        for record in page.items {
            let Some(relation) = parse(kind, &record)? else {
                continue;
            };
            if *relation.pair().1 == rename.from {
                self.read.push(record);
                found.push(relation);
            }
        }
        let keys = |kind| {
            let key = |relation: &Relation| Key::relation(kind, relation.pair().0, &rename.to);
            found.iter().map(key).collect::<Vec<Key>>()
        };
        let known = self.store.read(self.id, &keys(kind)).await?;
        let endings = keys(RelationKind::Ending);
        let endings = self.store.read(self.id, &endings).await?;
        let mut items = Vec::with_capacity(found.len());
        for ((relation, known), ending) in found.into_iter().zip(known).zip(endings) {
            items.push(Passing {
                relation,
                at_new_id: parse(kind, &known)?,
                ended_at: ending.parse::<Ending>()?.map(|ending| ending.at),
            });
            self.read.push(known);
            if kind != RelationKind::Ending {
                self.read.push(ending);
            }
        }
        let next = page.next;
        Ok(Page { items, next })
    }

    /// Records that are looked at and not written.
    async fn page<T: serde::de::DeserializeOwned>(
        &self,
        table: Table,
        after: Option<&str>,
    ) -> Result<Page<T>, ActError> {
        let page = self.list(table, after).await?;
        let mut items = Vec::with_capacity(page.items.len());
        for record in &page.items {
            items.extend(record.parse::<T>()?);
        }
        let next = page.next;
        Ok(Page { items, next })
    }

    async fn list(&self, table: Table, after: Option<&str>) -> Result<Page<Record>, ActError> {
        let items = self.store.list(self.id, table, after, PAGE).await?;
        let next = items.last().filter(|_| items.len() == PAGE);
        let next = next.map(|record| record.key.key.clone());
        Ok(Page { items, next })
    }
}

const fn table(kind: RelationKind) -> Table {
    match kind {
        RelationKind::Greeting => Table::Greetings,
        RelationKind::Ending => Table::Endings,
        RelationKind::TransferFailure => Table::TransferFailures,
        RelationKind::Visit => Table::Visits,
    }
}

fn parse(kind: RelationKind, record: &Record) -> Result<Option<Relation>, ActError> {
    Ok(match kind {
        RelationKind::Greeting => record.parse()?.map(Relation::Greeting),
        RelationKind::Ending => record.parse()?.map(Relation::Ending),
        RelationKind::TransferFailure => record.parse()?.map(Relation::TransferFailure),
        RelationKind::Visit => record.parse()?.map(Relation::Visit),
    })
}
