//! The state of the corp. Everything is filed by id, so that a corp of thousands answers as fast as a small one.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use secrecy::SecretString;
use serde_json::Value;

use crate::model::ids::{AgentId, ChatId, CorpId, ExternalUserId, UserId};
use crate::sim::console::Console;
use crate::sim::faults::ProfileEdit;
use crate::sim::grants::Grants;
use crate::sim::group::{Group, TagGroup};
use crate::sim::ledger::Ledger;
use crate::sim::person::{Contact, Counts, Follow, Member, Stage};
use crate::sim::receiver::Receiver;
use crate::sim::sends::Sends;
use crate::sim::weixin::Account;

/// Everything that this small WeCom knows about its one corp. Changing it by hand pushes no callbacks; what people do
/// is in [`people`](crate::sim::people).
#[derive(Debug)]
pub struct Corp {
    /// The corp's id.
    pub id: CorpId,
    /// The one self-built app (自建应用).
    pub agent_id: AgentId,
    /// The administrator's settings.
    pub console: Console,
    /// Of the app.
    pub(crate) secret: SecretString,
    /// Of the contact-sync assistant (通讯录同步助手), when that is switched on.
    pub(crate) contact_sync_secret: Option<SecretString>,
    /// By filing key.
    members: BTreeMap<String, Member>,
    contacts: BTreeMap<ExternalUserId, Contact>,
    departments: BTreeMap<i64, Department>,
    /// The groups of customers.
    pub(crate) groups: BTreeMap<ChatId, Group>,
    /// The groups of customer tags by id.
    pub(crate) tags: BTreeMap<String, TagGroup>,
    /// The other direction of `Contact::follows`, by filing key.
    customers: BTreeMap<String, BTreeSet<ExternalUserId>>,
    /// The company's service account (服务号).
    pub account: Option<Account>,
    /// Codes and tokens that were given out.
    pub(crate) grants: Grants,
    /// What arrived.
    pub(crate) ledger: Ledger,
    pub(crate) sends: Sends,
    /// Where callbacks go.
    pub(crate) receivers: Vec<Receiver>,
}

/// A department (部门).
#[derive(Debug, Clone)]
pub struct Department {
    /// Its name.
    pub name: String,
    /// The department above; 0 for the root.
    pub parentid: i64,
    /// Filing keys of its members.
    members: BTreeSet<String>,
}

impl Department {
    /// The filing keys of its direct members.
    pub fn members(&self) -> &BTreeSet<String> {
        &self.members
    }
}

impl Corp {
    /// A corp with a root department and nobody in it.
    pub(crate) fn new(
        id: CorpId,
        agent_id: AgentId,
        secret: SecretString,
        contact_sync_secret: Option<SecretString>,
    ) -> Self {
        let mut corp = Self {
            id,
            agent_id,
            secret,
            contact_sync_secret,
            console: Console::default(),
            members: BTreeMap::new(),
            contacts: BTreeMap::new(),
            departments: BTreeMap::new(),
            groups: BTreeMap::new(),
            tags: BTreeMap::new(),
            customers: BTreeMap::new(),
            account: None,
            grants: Grants::default(),
            ledger: Ledger::default(),
            sends: Sends::default(),
            receivers: Vec::new(),
        };
        corp.add_department(1, "示例企业", 0);
        corp
    }

    /// Adds a department, or renames one.
    pub fn add_department(&mut self, id: i64, name: &str, parentid: i64) {
        let department = self.departments.entry(id).or_insert(Department {
            name: String::new(),
            parentid,
            members: BTreeSet::new(),
        });
        department.name = name.into();
        department.parentid = parentid;
    }

    /// All departments by number.
    pub fn departments(&self) -> &BTreeMap<i64, Department> {
        &self.departments
    }

    /// Adds a member, or replaces the one with the same id. Unknown departments are created below the root, as
    /// `user/create` does.
    pub fn add_member(&mut self, member: Member) {
        let key = member.userid.key();
        self.leave_departments(&key);
        for id in &member.department {
            if !self.departments.contains_key(id) {
                self.add_department(*id, &format!("部门{id}"), 1);
            }
            if let Some(department) = self.departments.get_mut(id) {
                department.members.insert(key.clone());
            }
        }
        self.members.insert(key, member);
    }

    /// Removes a member with all its relations.
    pub fn remove_member(&mut self, userid: &UserId) -> Option<Member> {
        let key = userid.key();
        for contact in self.customers.remove(&key).unwrap_or_default() {
            if let Some(contact) = self.contacts.get_mut(&contact) {
                contact.follows_mut().remove(&key);
            }
        }
        self.leave_departments(&key);
        self.members.remove(&key)
    }

    /// The groups of customers, dismissed ones too.
    pub const fn groups(&self) -> &BTreeMap<ChatId, Group> {
        &self.groups
    }

    /// Gives a member another id; its relations and groups stay.
    pub(crate) fn rename_member(&mut self, from: &UserId, to: &UserId) -> Option<()> {
        let (old, new) = (from.key(), to.key());
        let member = self.member(from)?.clone();
        self.leave_departments(&old);
        self.members.remove(&old);
        self.add_member(Member {
            userid: to.clone(),
            ..member
        });
        for group in self.groups.values_mut() {
            group.rename(from, to);
        }
        if old == new {
            return Some(());
        }
        for id in self.customers.remove(&old).unwrap_or_default() {
            let contact = self.contacts.get_mut(&id);
            let follow = contact.and_then(|contact| contact.follows_mut().remove(&old));
            if let Some(follow) = follow {
                self.follow(to, &id, follow);
            }
        }
        Some(())
    }

    fn leave_departments(&mut self, key: &str) {
        for id in self.members.get(key).map_or(&[][..], |m| &m.department) {
            if let Some(department) = self.departments.get_mut(id) {
                department.members.remove(key);
            }
        }
    }

    /// One member.
    pub fn member(&self, userid: &UserId) -> Option<&Member> {
        self.members.get(&userid.key())
    }

    /// One member, to change it by hand. Departments are changed by [`add_member`](Self::add_member).
    pub fn member_mut(&mut self, userid: &UserId) -> Option<&mut Member> {
        self.members.get_mut(&userid.key())
    }

    /// A member edits the external profile by hand. Nobody who is not there does.
    pub(crate) fn edit_profile(&mut self, edit: &ProfileEdit) {
        if let Some(member) = self.member_mut(&edit.userid) {
            let attributes = Value::Array(edit.external_attr.clone());
            member
                .external_profile
                .insert("external_attr".into(), attributes);
        }
    }

    /// All members by filing key (the userid in lower case).
    pub fn members(&self) -> &BTreeMap<String, Member> {
        &self.members
    }

    /// Adds an outside person whom nobody follows yet, or replaces one.
    pub fn add_contact(&mut self, contact: Contact) {
        for key in contact.follows().keys() {
            self.customers
                .entry(key.clone())
                .or_default()
                .insert(contact.external_userid.clone());
        }
        self.contacts
            .insert(contact.external_userid.clone(), contact);
    }

    /// One outside person.
    pub fn contact(&self, id: &ExternalUserId) -> Option<&Contact> {
        self.contacts.get(id)
    }

    /// One outside person, to change by hand.
    pub fn contact_mut(&mut self, id: &ExternalUserId) -> Option<&mut Contact> {
        self.contacts.get_mut(id)
    }

    /// All outside persons.
    pub fn contacts(&self) -> &BTreeMap<ExternalUserId, Contact> {
        &self.contacts
    }

    /// Makes a member follow a contact, without a callback; for setting up a corp. Nothing happens when one of the two
    /// is unknown.
    pub fn follow(&mut self, userid: &UserId, id: &ExternalUserId, follow: Follow) {
        let key = userid.key();
        let (true, Some(contact)) = (self.members.contains_key(&key), self.contacts.get_mut(id))
        else {
            return;
        };
        contact.follows_mut().insert(key.clone(), follow);
        self.customers.entry(key).or_default().insert(id.clone());
    }

    /// Ends a relation, without a callback.
    pub fn unfollow(&mut self, userid: &UserId, id: &ExternalUserId) -> Option<Follow> {
        let key = userid.key();
        if let Some(customers) = self.customers.get_mut(&key) {
            customers.remove(id);
        }
        self.contacts.get_mut(id)?.follows_mut().remove(&key)
    }

    /// One relation.
    pub fn follow_of(&self, userid: &UserId, id: &ExternalUserId) -> Option<&Follow> {
        self.contacts.get(id)?.follows().get(&userid.key())
    }

    /// One relation, to change it by hand.
    pub fn follow_mut(&mut self, userid: &UserId, id: &ExternalUserId) -> Option<&mut Follow> {
        self.contacts
            .get_mut(id)?
            .follows_mut()
            .get_mut(&userid.key())
    }

    /// The customers of a member (by filing key) that the API shows, from the one after `after` on.
    pub(crate) fn customers_of<'a>(
        &'a self,
        key: &str,
        after: Option<&ExternalUserId>,
    ) -> impl Iterator<Item = (&'a Contact, &'a Follow)> + use<'a> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let member = self.members.get_key_value(key).filter(|(_, m)| m.serves());
        let ids = member.and_then(|(key, _)| Some((key, self.customers.get(key)?)));
        ids.map(|(key, ids)| (key, ids.range((start, Bound::Unbounded))))
            .into_iter()
            .flat_map(|(key, ids)| ids.map(move |id| (key, id)))
            .filter_map(|(key, id)| {
                let contact = self.contacts.get(id)?;
                let follow = contact.follows().get(key)?;
                let shown = contact.counts == Counts::Customer && follow.shown();
                shown.then_some((contact, follow))
            })
    }

    /// Whether the app may see that this contact is a customer.
    pub(crate) fn is_customer(&self, contact: &Contact) -> bool {
        contact.counts == Counts::Customer
            && contact.follows().iter().any(|(key, follow)| {
                follow.shown() && self.members.get(key).is_some_and(Member::serves)
            })
    }

    /// Whether the two have written to each other.
    pub(crate) fn chatting(&self, userid: &UserId, id: &ExternalUserId) -> bool {
        self.follow_of(userid, id)
            .is_some_and(|follow| follow.stage == Stage::Chatting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Timestamp;

    fn ids() -> (UserId, ExternalUserId) {
        (
            UserId::parse("ZhangSan").unwrap(),
            ExternalUserId::parse("wmAnna").unwrap(),
        )
    }

    fn corp() -> Corp {
        let (zhang, anna) = ids();
        let mut corp = Corp::new(CorpId::parse("ww1").unwrap(), AgentId(1), "s".into(), None);
        corp.add_member(Member::new(zhang.clone(), "张三"));
        corp.add_contact(Contact::new(anna.clone(), "安娜"));
        corp.follow(&zhang, &anna, Follow::new(Timestamp::from_secs(1)));
        corp
    }

    #[test]
    fn both_directions_of_a_relation_agree() {
        let (zhang, anna) = ids();
        let mut corp = corp();
        assert_eq!(corp.customers_of("zhangsan", None).count(), 1);
        assert_eq!(corp.customers_of("zhangsan", Some(&anna)).count(), 0);
        assert!(corp.is_customer(corp.contact(&anna).unwrap()));

        corp.follow_mut(&zhang, &anna).unwrap().stage = Stage::Half;
        assert_eq!(corp.customers_of("zhangsan", None).count(), 0);

        corp.remove_member(&zhang);
        assert!(corp.contact(&anna).unwrap().follows().is_empty());
        assert!(corp.departments()[&1].members().is_empty());
    }

    #[test]
    fn a_member_who_moves_leaves_the_old_department() {
        let (zhang, _) = ids();
        let mut corp = corp();
        let mut member = corp.member(&zhang).unwrap().clone();
        member.department = vec![7];
        corp.add_member(member);
        assert!(corp.departments()[&1].members().is_empty());
        assert!(corp.departments()[&7].members().contains("zhangsan"));
    }
}
