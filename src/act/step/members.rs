//! What the steps about members read.

use crate::act::error::ActError;
use crate::act::step::{Page, step, told};
use crate::decide::found::{Found, MemberFound, Step};
use crate::decide::sync::misses_member;
use crate::model::ids::UserId;
use crate::model::member::{Link, Member};
use crate::model::sync::{Sighted, Sighting, SyncPhase, SyncRun};
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
        let seen = self.seen(run, &userids, Sighted::Member).await?;
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
        // Everybody's link is looked at, seen or not.
        let all = run.place.phase == SyncPhase::CheckLinks;
        let who = |member: &Member| Sighted::Member(member.userid.clone());
        let misses = |member: &Member, seen: Option<&Sighting>| {
            misses_member(run, member, seen.filter(|_| !all))
        };
        let walked = self.walk(Table::Members, run, who, misses).await?;
        let people = walked.missed.into_iter();
        let people = people.map(|(member, record, _)| (member.userid, record));
        self.members(people.collect(), walked.next, basis).await
    }
}
