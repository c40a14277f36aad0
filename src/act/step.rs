//! What a step of a sync is about: a page from WeCom or from the store, and what belongs to it.

use std::collections::{HashMap, HashSet};

use crate::act::Corp;
use crate::act::error::ActError;
use crate::decide::found::{ContactFound, CustomerFound, Found, MemberFound, Step};
use crate::decide::sync::{Kind, misses_contact, misses_member};
use crate::model::contact::{Contact, Ending, Greeting};
use crate::model::ids::{CorpId, ExternalUserId, UserId};
use crate::model::member::{Link, Member};
use crate::model::switches::Switches;
use crate::model::sync::{Sighted, Sighting, SyncBatch, SyncPhase, SyncRun, SyncState, TagNames};
use crate::model::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::record::{Key, Record, Table};
use crate::wecom::customers::Customers;
use crate::wecom::error::ApiError;
use crate::wecom::group::Read;

/// So many members or contacts are read by themselves in one step.
const READS: usize = 20;

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
                Ok(page) => step(self.ids(run, page.items, page.next).await?, 1),
                Err(ApiError::Misconfigured { what, .. }) => step(Found::NoIds(words(&what)), 1),
                Err(problem) => return Err(problem.into()),
            },
            SyncPhase::ListDepartments => {
                step(Found::Departments(client.departments(now).await?), 1)
            }
            SyncPhase::ListMembers => {
                let departments = batch.map_or(&[][..], |batch| &batch.ids);
                let mut userids = Vec::new();
                for department in departments {
                    match client.members_of(department, now).await {
                        Ok(members) => userids.extend(members),
                        // It was dissolved meanwhile; its members are elsewhere.
                        Err(problem) if problem.concerns_one() => {}
                        Err(problem) => return Err(problem.into()),
                    }
                }
                let calls = departments.len() as u64;
                step(self.ids(run, userids, None).await?, calls)
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
                let kept = self.store.read(self.id, &[Key::tag_names()]).await?;
                let fresh = client.tag_names(now).await?;
                let kept = take(basis, kept)?;
                step(Found::Tags { kept, fresh }, 1)
            }
            SyncPhase::ListFollowers => step(Found::Followers(client.follow_users(now).await?), 1),
            SyncPhase::ReadContacts => {
                let members = batch.map_or_else(Vec::new, userids);
                self.customers(run, &members, basis).await?
            }
            SyncPhase::SweepContacts => self.kept_contacts(run, basis).await?,
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

    /// Which of the listed members this sync has not listed before.
    async fn ids(
        &self,
        run: &SyncRun,
        mut userids: Vec<UserId>,
        next: Option<String>,
    ) -> Result<Found, ActError> {
        userids.sort();
        userids.dedup();
        let keys: Vec<Key> = userids.iter().map(of_member).collect();
        let sightings = self.store.read(self.id, &keys).await?;
        let mut seen = HashSet::new();
        for (userid, record) in userids.iter().zip(&sightings) {
            if sighting(record, run)?.is_some() {
                seen.insert(userid.clone());
            }
        }
        Ok(Found::Ids {
            userids,
            seen,
            next,
        })
    }

    /// Reads these members' links, and themselves from WeCom.
    async fn members(
        &self,
        people: Vec<(UserId, Record)>,
        next: Option<String>,
        basis: &mut Vec<Record>,
    ) -> Result<Step, ActError> {
        let keys: Vec<Key> = people.iter().map(|(userid, _)| Key::link(userid)).collect();
        let links = self.store.read(self.id, &keys).await?;
        let userids: Vec<UserId> = people.iter().map(|(userid, _)| userid.clone()).collect();
        let read = match userids.is_empty() {
            true => Vec::new(),
            false => self.corp.client.members(&userids, self.now).await?,
        };
        let calls = userids.len() as u64;
        let mut members = Vec::with_capacity(people.len());
        for (((userid, kept), link), at_wecom) in people.into_iter().zip(links).zip(read) {
            members.push(MemberFound {
                userid,
                kept: kept.parse::<Member>()?,
                link: link.parse::<Link>()?,
                at_wecom: told(at_wecom),
            });
            basis.extend([kept, link]);
        }
        Ok(step(Found::Members { members, next }, calls))
    }

    /// Walks over the members who are kept.
    async fn kept_members(&self, run: &SyncRun, basis: &mut Vec<Record>) -> Result<Step, ActError> {
        let kept = self.list(Table::Members, run).await?;
        let mut members = Vec::with_capacity(kept.len());
        for record in kept {
            if let Some(member) = record.parse::<Member>()? {
                members.push((member, record));
            }
        }
        let keys: Vec<Key> = members.iter().map(|(m, _)| of_member(&m.userid)).collect();
        let sightings = match run.place.phase {
            // Everybody's link is looked at, seen or not.
            SyncPhase::CheckLinks => Vec::new(),
            _ => self.store.read(self.id, &keys).await?,
        };
        let mut all = End::new(members.len());
        let mut people = Vec::new();
        for (n, (member, record)) in members.into_iter().enumerate() {
            let sighting = match sightings.get(n) {
                Some(record) => sighting(record, run)?,
                None => None,
            };
            all.at(&record);
            if misses_member(run, &member, sighting.as_ref()) {
                people.push((member.userid, record));
            }
            if people.len() == READS {
                all.cut_after(n);
                break;
            }
        }
        self.members(people, all.next(), basis).await
    }

    /// Reads a page of contacts, and what is kept of them.
    ///
    /// WeCom has to be asked first here: only its answer tells whom the page is about. What somebody else has written
    /// meanwhile may be newer than the page; the decision sees to that.
    async fn customers(
        &self,
        run: &SyncRun,
        members: &[UserId],
        basis: &mut Vec<Record>,
    ) -> Result<Step, ActError> {
        let cursor = run.place.cursor.as_str();
        let page = self
            .corp
            .client
            .customers(members, cursor, self.now)
            .await?;
        let (rows, unreadable, next) = match page {
            Customers::Stale => return Ok(step(Found::Stale, 1)),
            Customers::BadMember(reason) => {
                return Ok(step(Found::BadMember(words(&reason)), 1));
            }
            Customers::Page {
                rows,
                unreadable,
                next,
            } => (rows, unreadable, next),
        };
        let mut keys: Vec<Key> = vec![Key::tag_names()];
        for row in &rows {
            let id = &row.external_userid;
            keys.extend([Key::contact(id), of_contact(id)]);
            for follow in &row.follow_users {
                keys.push(Key::greeting(id, &follow.userid));
                keys.push(Key::ending(id, &follow.userid));
            }
        }
        keys.sort_by(|a, b| (a.table.name(), &a.key).cmp(&(b.table.name(), &b.key)));
        keys.dedup();
        let records = self.store.read(self.id, &keys).await?;
        let by_key: HashMap<&Key, &Record> = records.iter().map(|r| (&r.key, r)).collect();
        let names = parsed::<TagNames>(&by_key, &Key::tag_names())?.unwrap_or_default();
        let mut customers: Vec<CustomerFound> = Vec::new();
        let mut places: HashMap<ExternalUserId, usize> = HashMap::new();
        for row in rows {
            let id = row.external_userid.clone();
            let place = match places.get(&id) {
                Some(place) => *place,
                None => {
                    let seen: Option<Sighting> = parsed(&by_key, &of_contact(&id))?;
                    customers.push(CustomerFound {
                        rows: Vec::new(),
                        kept: parsed(&by_key, &Key::contact(&id))?,
                        sighting: seen.filter(|seen| seen.run == run.id),
                        greetings: Vec::new(),
                        endings: Vec::new(),
                    });
                    places.insert(id.clone(), customers.len() - 1);
                    customers.len() - 1
                }
            };
            let customer = &mut customers[place];
            for follow in &row.follow_users {
                let (greeting, ending) = (
                    Key::greeting(&id, &follow.userid),
                    Key::ending(&id, &follow.userid),
                );
                customer
                    .greetings
                    .extend(parsed::<Greeting>(&by_key, &greeting)?);
                customer.endings.extend(parsed::<Ending>(&by_key, &ending)?);
            }
            customer.rows.push(row);
        }
        basis.extend(records);
        let found = Found::Customers {
            customers,
            unreadable,
            next,
            names,
        };
        Ok(step(found, 1))
    }

    /// Walks over the contacts that are kept, and reads those again of whom the sync has not seen every relation.
    async fn kept_contacts(
        &self,
        run: &SyncRun,
        basis: &mut Vec<Record>,
    ) -> Result<Step, ActError> {
        let kept = self.list(Table::Contacts, run).await?;
        let mut contacts = Vec::with_capacity(kept.len());
        for record in kept {
            if let Some(contact) = record.parse::<Contact>()? {
                contacts.push((contact, record));
            }
        }
        let keys: Vec<Key> = contacts
            .iter()
            .map(|(c, _)| of_contact(&c.external_userid))
            .collect();
        let sightings = match keys.is_empty() {
            true => Vec::new(),
            false => self.store.read(self.id, &keys).await?,
        };
        let mut all = End::new(contacts.len());
        let (mut looked_at, mut without_member) = (0, 0);
        let mut missed = Vec::new();
        for (n, ((contact, record), seen)) in contacts.into_iter().zip(sightings).enumerate() {
            let sighting = sighting(&seen, run)?;
            all.at(&record);
            looked_at += 1;
            if misses_contact(run, &contact, sighting.as_ref()) {
                missed.push((contact, record, sighting));
            } else {
                without_member += u64::from(contact.follow_users.is_empty());
            }
            if missed.len() == READS {
                all.cut_after(n);
                break;
            }
        }
        let contacts = self.contacts(missed, basis).await?;
        let calls = contacts.len() as u64;
        let found = Found::Kept {
            looked_at,
            without_member,
            contacts,
            next: all.next(),
        };
        Ok(step(found, calls))
    }

    async fn contacts(
        &self,
        missed: Vec<(Contact, Record, Option<Sighting>)>,
        basis: &mut Vec<Record>,
    ) -> Result<Vec<ContactFound>, ActError> {
        let mut found = Vec::with_capacity(missed.len());
        let mut ids = Vec::with_capacity(missed.len());
        for (kept, record, sighting) in missed {
            let id = &kept.external_userid;
            let greetings = self
                .relations::<Greeting>(Table::Greetings, id, basis)
                .await?;
            let endings = self.relations::<Ending>(Table::Endings, id, basis).await?;
            ids.push(id.clone());
            basis.push(record);
            found.push(ContactFound {
                kept,
                sighting,
                greetings,
                endings,
                at_wecom: Ok(None),
            });
        }
        if ids.is_empty() {
            return Ok(found);
        }
        let read = self.corp.client.contacts(&ids, self.now).await?;
        for (found, at_wecom) in found.iter_mut().zip(read) {
            found.at_wecom = told(at_wecom);
        }
        Ok(found)
    }

    async fn relations<T: serde::de::DeserializeOwned>(
        &self,
        table: Table,
        id: &ExternalUserId,
        basis: &mut Vec<Record>,
    ) -> Result<Vec<T>, ActError> {
        let records = self.store.of_contact(self.id, table, id).await?;
        let mut found = Vec::with_capacity(records.len());
        for record in &records {
            found.extend(record.parse::<T>()?);
        }
        basis.extend(records);
        Ok(found)
    }

    /// Kept records after those that were looked at.
    async fn list(&self, table: Table, run: &SyncRun) -> Result<Vec<Record>, StoreError> {
        let cursor = Some(run.place.cursor.as_str()).filter(|cursor| !cursor.is_empty());
        self.store.list(self.id, table, cursor, LOOKED_AT).await
    }
}

/// Where a walk over kept records has come to.
struct End {
    listed: usize,
    cut: bool,
    last: Option<String>,
}

impl End {
    fn new(listed: usize) -> Self {
        Self {
            listed,
            cut: false,
            last: None,
        }
    }

    fn at(&mut self, record: &Record) {
        self.last = Some(record.key.key.clone());
    }

    fn cut_after(&mut self, n: usize) {
        self.cut = n + 1 < self.listed;
    }

    /// The key to go on after; `None` when nothing can follow.
    fn next(self) -> Option<String> {
        let more = self.cut || self.listed == LOOKED_AT;
        self.last.filter(|_| more)
    }
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

fn of_member(id: &UserId) -> Key {
    Key::sighting(&Sighted::Member(id.clone()))
}

/// What this sync has seen; what an earlier one saw does not count.
fn sighting(record: &Record, run: &SyncRun) -> Result<Option<Sighting>, StoreError> {
    let sighting = record.parse::<Sighting>()?;
    Ok(sighting.filter(|sighting| sighting.run == run.id))
}

fn parsed<T: serde::de::DeserializeOwned>(
    records: &HashMap<&Key, &Record>,
    key: &Key,
) -> Result<Option<T>, StoreError> {
    match records.get(key) {
        Some(record) => record.parse(),
        None => Ok(None),
    }
}

/// Parses the one record, and makes it part of the basis.
fn take<T: serde::de::DeserializeOwned>(
    basis: &mut Vec<Record>,
    records: Vec<Record>,
) -> Result<Option<T>, StoreError> {
    let found = records.first().map(Record::parse).transpose()?.flatten();
    basis.extend(records);
    Ok(found)
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
