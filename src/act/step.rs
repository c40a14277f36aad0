//! What a step of a sync is about: a page from WeCom or from the store, and what belongs to it.

mod contacts;
mod groups;
mod members;

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use serde::de::DeserializeOwned;

use crate::act::Corp;
use crate::act::error::ActError;
use crate::decide::found::{Found, Step};
use crate::decide::sync::phases::Kind;
use crate::model::ids::{CorpId, ExternalUserId, UserId};
use crate::model::switches::Switches;
use crate::model::sync::{Sighted, Sighting, SyncBatch, SyncPhase, SyncRun, SyncState};
use crate::model::tag::TagGroup;
use crate::model::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::record::{Key, Record, Table};
use crate::wecom::error::ApiError;
use crate::wecom::group::Read;

/// So many members or contacts are read by themselves in one step.
const READS: usize = 20;

/// The list has changed since the cursor was given (path/90313).
const STALE_CURSOR: i64 = 60268;

/// The department does not exist (path/90313).
const NO_DEPARTMENT: i64 = 60003;

/// So many kept records are looked at in one step.
const LOOKED_AT: usize = 500;

/// Whatever a step reads, it reads for this corp at this time.
pub(in crate::act) struct Page<'a> {
    pub(in crate::act) store: &'a Store,
    pub(in crate::act) corp: &'a Corp,
    pub(in crate::act) id: &'a CorpId,
    pub(in crate::act) now: Timestamp,
}

impl Page<'_> {
    /// Reads what the next step of this sync is about. Every record that may be written joins the basis.
    pub(in crate::act) async fn step(
        &self,
        run: &SyncRun,
        switches: &Switches,
        basis: &mut Vec<Record>,
    ) -> Result<Step, ActError> {
        let newest = switches.sync.as_ref() == Some(&run.id);
        if !newest || run.state == SyncState::Done {
            return Ok(Step::default());
        }
        let batch = match Kind::of(run.place.phase) {
            None => None,
            Some(kind) => match self.batch(kind, run, basis).await? {
                None => return Ok(step(Found::NoBatch, 0)),
                batch => batch,
            },
        };
        let mut step = self.found(run, batch.as_ref(), basis).await?;
        step.batch = batch;
        Ok(step)
    }

    async fn found(
        &self,
        run: &SyncRun,
        batch: Option<&SyncBatch>,
        basis: &mut Vec<Record>,
    ) -> Result<Step, ActError> {
        let (client, now) = (&self.corp.client, self.now);
        let cursor = run.place.cursor.as_str();
        Ok(match run.place.phase {
            SyncPhase::ListIds => match client.member_ids(cursor, now).await {
                Ok(page) => {
                    let found = self.ids(run, page.items, Vec::new(), page.next).await?;
                    step(found, 1)
                }
                Err(ApiError::Misconfigured { what, .. }) => step(Found::NoIds(words(&what)), 1),
                Err(problem) if problem.errcode() == Some(STALE_CURSOR) => step(Found::Stale, 1),
                Err(problem) => return Err(problem.into()),
            },
            SyncPhase::ListDepartments => {
                step(Found::Departments(client.departments(now).await?), 1)
            }
            SyncPhase::ListMembers => {
                let departments = batch.map_or(&[][..], |batch| &batch.ids);
                let (mut userids, mut failed) = (Vec::new(), Vec::new());
                for department in departments {
                    match client.members_of(department, now).await {
                        Ok(members) => userids.extend(members),
                        // It was dissolved meanwhile; its members are elsewhere.
                        Err(problem) if problem.errcode() == Some(NO_DEPARTMENT) => {}
                        Err(problem) if problem.concerns_one() => {
                            failed.push(words(&problem.to_string()));
                        }
                        Err(problem) => return Err(problem.into()),
                    }
                }
                let calls = departments.len() as u64;
                let found = self.ids(run, userids, failed, None).await?;
                step(found, calls)
            }
            SyncPhase::ReadMembers => {
                let userids = batch.map_or_else(Vec::new, userids);
                let keys: Vec<Key> = userids.iter().map(Key::member).collect();
                let kept = self.store.read(self.id, &keys).await?;
                let people = userids.into_iter().zip(kept).collect();
                self.members(people, None, basis).await?
            }
            SyncPhase::SweepMembers | SyncPhase::CheckLinks => {
                self.kept_members(run, basis).await?
            }
            SyncPhase::ReadTags => {
                let records = self.store.all(self.id, Table::TagGroups).await?;
                let kept = tag_groups(&records)?;
                basis.extend(records);
                let fresh = client.tags(now).await?;
                step(Found::Tags { kept, fresh }, 1)
            }
            SyncPhase::ListFollowers => step(Found::Followers(client.follow_users(now).await?), 1),
            SyncPhase::ReadContacts => {
                let members = batch.map_or_else(Vec::new, userids);
                self.customers(run, &members, basis).await?
            }
            SyncPhase::SweepContacts => self.kept_contacts(run, basis).await?,
            SyncPhase::ListGroups => {
                let owners = batch.map_or_else(Vec::new, userids);
                self.group_ids(run, &owners).await?
            }
            SyncPhase::ReadGroups => self.groups(batch, basis).await?,
            SyncPhase::SweepGroups => self.kept_groups(run, basis).await?,
            SyncPhase::CountOthers => match client.others(cursor, now).await {
                Ok(page) => {
                    let (count, next) = (page.items, page.next);
                    step(Found::Others { count, next }, 1)
                }
                Err(problem) if problem.concerns_one() => {
                    step(Found::NoOthers(words(&problem.to_string())), 1)
                }
                Err(ApiError::Misconfigured { what, .. }) => step(Found::NoOthers(words(&what)), 1),
                Err(problem) => return Err(problem.into()),
            },
            SyncPhase::End => Step::default(),
        })
    }

    /// The first batch that is left.
    async fn batch(
        &self,
        kind: Kind,
        run: &SyncRun,
        basis: &mut Vec<Record>,
    ) -> Result<Option<SyncBatch>, ActError> {
        let prefix = kind.prefix(&run.id);
        let mut first = self
            .store
            .list(self.id, Table::Batches, Some(&prefix), 1)
            .await?;
        first.retain(|record| record.key.key.starts_with(&prefix));
        Ok(take(basis, first)?)
    }

    /// Which of these the sync has seen listed before.
    async fn seen<I: Clone + Eq + Hash>(
        &self,
        run: &SyncRun,
        ids: &[I],
        sighted: fn(I) -> Sighted,
    ) -> Result<HashSet<I>, StoreError> {
        let keys = ids.iter().map(|id| Key::sighting(&sighted(id.clone())));
        let keys: Vec<Key> = keys.collect();
        let mut seen = HashSet::new();
        for (id, record) in ids.iter().zip(&self.store.read(self.id, &keys).await?) {
            if sighting(record, run)?.is_some() {
                seen.insert(id.clone());
            }
        }
        Ok(seen)
    }

    /// Walks over the kept records after those that were looked at, and finds those that have to be read by themselves:
    /// as many as one step reads.
    async fn walk<T: DeserializeOwned>(
        &self,
        table: Table,
        run: &SyncRun,
        who: impl Fn(&T) -> Sighted,
        mut misses: impl FnMut(&T, Option<&Sighting>) -> bool,
    ) -> Result<Walked<T>, StoreError> {
        let cursor = Some(run.place.cursor.as_str()).filter(|cursor| !cursor.is_empty());
        let records = self.store.list(self.id, table, cursor, LOOKED_AT).await?;
        let listed = records.len();
        let mut kept = Vec::with_capacity(listed);
        for record in records {
            if let Some(noun) = record.parse::<T>()? {
                kept.push((noun, record));
            }
        }
        let keys = kept.iter().map(|(noun, _)| Key::sighting(&who(noun)));
        let keys: Vec<Key> = keys.collect();
        let sightings = self.store.read(self.id, &keys).await?;
        let mut missed = Vec::new();
        let (mut looked_at, mut last) = (0, None);
        for ((noun, record), seen) in kept.into_iter().zip(&sightings) {
            let sighting = sighting(seen, run)?;
            looked_at += 1;
            last = Some(record.key.key.clone());
            if misses(&noun, sighting.as_ref()) {
                missed.push((noun, record, sighting));
            }
            if missed.len() == READS {
                break;
            }
        }
        let more = looked_at < sightings.len() || listed == LOOKED_AT;
        Ok(Walked {
            looked_at: looked_at as u64,
            missed,
            next: last.filter(|_| more),
        })
    }
}

/// What a walk over kept records has found.
struct Walked<T> {
    looked_at: u64,
    missed: Vec<(T, Record, Option<Sighting>)>,
    /// The key to go on after; `None` when nothing can follow.
    next: Option<String>,
}

fn step(found: Found, calls: u64) -> Step {
    Step {
        batch: None,
        found,
        calls,
    }
}

fn userids(batch: &SyncBatch) -> Vec<UserId> {
    let ids = batch.ids.iter();
    ids.filter_map(|id| UserId::parse(id).ok()).collect()
}

fn of_contact(id: &ExternalUserId) -> Key {
    Key::sighting(&Sighted::Contact(id.clone()))
}

/// What this sync has seen; what an earlier one saw does not count.
fn sighting(record: &Record, run: &SyncRun) -> Result<Option<Sighting>, StoreError> {
    let sighting = record.parse::<Sighting>()?;
    Ok(sighting.filter(|sighting| sighting.run == run.id))
}

fn parsed<T: DeserializeOwned>(
    records: &HashMap<&Key, &Record>,
    key: &Key,
) -> Result<Option<T>, StoreError> {
    match records.get(key) {
        Some(record) => record.parse(),
        None => Ok(None),
    }
}

/// Parses the one record, and makes it part of the basis.
fn take<T: DeserializeOwned>(
    basis: &mut Vec<Record>,
    records: Vec<Record>,
) -> Result<Option<T>, StoreError> {
    let found = records.first().map(Record::parse).transpose()?.flatten();
    basis.extend(records);
    Ok(found)
}

fn tag_groups(records: &[Record]) -> Result<Vec<TagGroup>, StoreError> {
    let groups = records.iter().map(Record::parse::<TagGroup>);
    groups.filter_map(Result::transpose).collect()
}

fn told<T>(read: Read<T>) -> Result<Option<T>, String> {
    read.map_err(|problem| words(&problem.to_string()))
}

/// Without WeCom's hint, which is another one for every call, so that equal reasons are equal.
fn words(problem: &str) -> String {
    problem
        .split(", hint")
        .next()
        .unwrap_or_default()
        .to_owned()
}
