//! What the steps about contacts read.

use std::collections::HashMap;

use crate::act::error::ActError;
use crate::act::step::{Page, of_contact, parsed, step, tag_groups, told, words};
use crate::decide::found::{ContactFound, CustomerFound, Found, Step};
use crate::decide::sync::misses_contact;
use crate::model::contact::{Contact, Ending, Greeting};
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::sync::{Sighted, Sighting, SyncRun};
use crate::model::tag::TagNames;
use crate::store::record::{Key, Record, Table};
use crate::wecom::customers::Customers;

impl Page<'_> {
    /// Reads a page of contacts, and what is kept of them.
    ///
    /// WeCom has to be asked first here: only its answer tells whom the page is about. What somebody else has written
    /// meanwhile may be newer than the page; the decision sees to that.
    pub(in crate::act::step) async fn customers(
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
        let mut keys: Vec<Key> = Vec::new();
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
        let groups = self.store.all(self.id, Table::TagGroups).await?;
        let names = TagNames::of(tag_groups(&groups)?);
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
    pub(in crate::act::step) async fn kept_contacts(
        &self,
        run: &SyncRun,
        basis: &mut Vec<Record>,
    ) -> Result<Step, ActError> {
        let mut without_member = 0;
        let who = |contact: &Contact| Sighted::Contact(contact.external_userid.clone());
        let misses = |contact: &Contact, seen: Option<&Sighting>| {
            let missed = misses_contact(run, contact, seen);
            without_member += u64::from(!missed && contact.follow_users.is_empty());
            missed
        };
        let walked = self.walk(Table::Contacts, run, who, misses).await?;
        let contacts = self.contacts(walked.missed, basis).await?;
        let calls = contacts.len() as u64;
        let found = Found::Kept {
            looked_at: walked.looked_at,
            without_member,
            contacts,
            next: walked.next,
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
        let records = self.store.of_contact(self.id, &[], &[table], id).await?;
        let mut found = Vec::with_capacity(records.len());
        for record in &records {
            found.extend(record.parse::<T>()?);
        }
        basis.extend(records);
        Ok(found)
    }
}
