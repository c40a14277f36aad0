//! What the steps about members read.

use std::collections::HashSet;

use crate::act::error::ActError;
use crate::act::step::{End, Page, READS, of_member, sighting, step, told};
use crate::decide::found::{Found, MemberFound, Step};
use crate::decide::sync::misses_member;
use crate::model::ids::UserId;
use crate::model::member::{Link, Member};
use crate::model::sync::{SyncPhase, SyncRun};
use crate::store::record::{Key, Record, Table};

impl Page<'_> {
    /// Which of the listed members this sync has not listed before.
    pub(in crate::act::step) async fn ids(
        &self,
        run: &SyncRun,
        mut userids: Vec<UserId>,
        failed: Vec<String>,
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
            failed,
            next,
        })
    }

    /// Reads these members' links, and themselves from WeCom.
    pub(in crate::act::step) async fn members(
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
    pub(in crate::act::step) async fn kept_members(
        &self,
        run: &SyncRun,
        basis: &mut Vec<Record>,
    ) -> Result<Step, ActError> {
        let kept = self.list(Table::Members, run).await?;
        let mut members = Vec::with_capacity(kept.len());
        for record in kept {
            if let Some(member) = record.parse::<Member>()? {
                members.push((member, record));
            }
        }
        let keys: Vec<Key> = members.iter().map(|(m, _)| of_member(&m.userid)).collect();
        // Everybody's link is looked at, seen or not.
        let sightings = if run.place.phase == SyncPhase::CheckLinks {
            Vec::new()
        } else {
            self.store.read(self.id, &keys).await?
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
}
