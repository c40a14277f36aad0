//! A corp of any size, the same for the same numbers: for measuring and for long walks.

use crate::model::ids::{ExternalUserId, UserId};
use crate::model::time::Timestamp;
use crate::sim::corp::Corp;
use crate::sim::person::{Contact, Follow, Member, Tag};

/// How many people there are.
#[derive(Debug, Clone, Copy)]
pub struct Crowd {
    /// Members, in departments of a hundred.
    pub members: usize,
    /// Customers. Every tenth has two members.
    pub customers: usize,
}

impl Crowd {
    /// Adds these people to a corp, without callbacks.
    pub fn join(self, corp: &mut Corp) {
        let since = Timestamp::from_secs(1_700_000_000);
        for n in 0..self.members {
            let mut member = Member::new(Self::member(n), &format!("成员{n}"));
            member.department = vec![2 + (n / 100) as i64];
            corp.add_member(member);
        }
        for n in 0..self.customers {
            let id = Self::customer(n);
            corp.add_contact(Contact::new(id.clone(), &format!("客户{n}")));
            let followers = if n % 10 == 0 { 2 } else { 1 };
            for f in 0..followers.min(self.members) {
                let mut follow = Follow::new(since);
                follow.tags = vec![Tag {
                    tag_id: format!("et{}", n % 7),
                    group_name: "级别".into(),
                    tag_name: format!("级别{}", n % 7),
                }];
                corp.follow(&Self::member((n + f * 17) % self.members), &id, follow);
            }
        }
    }

    /// Member number `n`.
    pub fn member(n: usize) -> UserId {
        UserId::parse(&format!("Member{n:05}")).expect("letters and digits make an id")
    }

    /// Customer number `n`.
    pub fn customer(n: usize) -> ExternalUserId {
        ExternalUserId::parse(&format!("wmCustomer{n:06}")).expect("letters and digits make an id")
    }
}
