//! Contacts and members find each other, write, and part: `change_external_contact` (path/92130).

use crate::model::ids::{ExternalUserId, UserId};
use crate::sim::Sim;
use crate::sim::console::{CustomerApi, WelcomeBy};
use crate::sim::corp::Corp;
use crate::sim::event_xml::EventXml;
use crate::sim::grants::Welcome;
use crate::sim::ledger::{ChatMessage, Sent};
use crate::sim::people::{Impossible, Pushed};
use crate::sim::person::{Account, Follow, Stage};
use crate::sim::receiver::ReceiverKind;

/// `add_way` of a contact whom an administrator has assigned (path/92114).
const ASSIGNED: i64 = 202;

impl Sim {
    /// A contact adds a member and both have each other at once: `add_external_contact`, with a welcome code where
    /// WeCom gives one.
    pub async fn customer_adds(&self, userid: &UserId, id: &ExternalUserId) -> Pushed {
        self.add(userid, id, None, Stage::Both).await
    }

    /// The same by a contact way (联系我) or link with a channel.
    pub async fn customer_adds_by(
        &self,
        userid: &UserId,
        id: &ExternalUserId,
        state: &str,
    ) -> Pushed {
        self.add(userid, id, Some(state), Stage::Both).await
    }

    /// A contact adds a member who has not confirmed yet: `add_half_external_contact`.
    pub async fn customer_half_adds(&self, userid: &UserId, id: &ExternalUserId) -> Pushed {
        self.add(userid, id, None, Stage::Half).await
    }

    /// The member confirms a half-added contact: `add_external_contact` without a welcome code.
    pub async fn member_confirms(&self, userid: &UserId, id: &ExternalUserId) -> Pushed {
        self.change_follow(userid, id, "add_external_contact", |follow| {
            follow.stage = Stage::Both;
        })
        .await
    }

    /// The member changes what it calls the contact: `edit_external_contact`.
    pub async fn member_edits_remark(
        &self,
        userid: &UserId,
        id: &ExternalUserId,
        remark: &str,
    ) -> Pushed {
        self.change_follow(userid, id, "edit_external_contact", |follow| {
            follow.remark = remark.into();
        })
        .await
    }

    /// The member deletes the contact: `del_external_contact`.
    pub async fn member_deletes(&self, userid: &UserId, id: &ExternalUserId) -> Pushed {
        let event = {
            let mut corp = self.corp();
            corp.unfollow(userid, id).ok_or(Impossible::NoRelation)?;
            self.contact_event(&corp, "del_external_contact", userid, id)
        };
        self.push_if(ReceiverKind::App, event).await
    }

    /// A contact is handed over from one member to another (在职继承, 离职继承): `del_external_contact` by
    /// `DELETE_BY_TRANSFER` at the one, and `add_external_contact` without a welcome code at the other.
    pub async fn transfer(&self, from: &UserId, to: &UserId, id: &ExternalUserId) -> Pushed {
        let (gone, come) = {
            let mut corp = self.corp();
            corp.member(to).ok_or(Impossible::NoMember)?;
            let follow = corp.unfollow(from, id).ok_or(Impossible::NoRelation)?;
            let handed = Follow {
                add_way: ASSIGNED,
                state: None,
                created_at: self.now(),
                ..follow
            };
            let gone = self.contact_event(&corp, "del_external_contact", from, id);
            corp.follow(to, id, handed);
            let come = self.contact_event(&corp, "add_external_contact", to, id);
            (
                gone.map(|event| event.text("Source", "DELETE_BY_TRANSFER")),
                come,
            )
        };
        let mut reports = self.push_if(ReceiverKind::App, gone).await?;
        reports.extend(self.push_if(ReceiverKind::App, come).await?);
        Ok(reports)
    }

    /// A contact could not be handed over to this member: `transfer_fail`. Nothing changes.
    pub async fn transfer_fails(&self, to: &UserId, id: &ExternalUserId, reason: &str) -> Pushed {
        let event = {
            let corp = self.corp();
            corp.contact(id).ok_or(Impossible::NoContact)?;
            let member = corp.member(to).filter(|member| member.serves());
            let member = member.ok_or(Impossible::NoMember)?;
            EventXml::transfer_fail(&corp.id, self.now(), reason, &member.userid, id)
        };
        Ok(self.push(ReceiverKind::App, &event).await)
    }

    /// The contact deletes the member, who keeps it: `del_follow_user`.
    pub async fn customer_deletes(&self, userid: &UserId, id: &ExternalUserId) -> Pushed {
        self.change_follow(userid, id, "del_follow_user", |follow| {
            follow.stage = Stage::LeftByContact;
        })
        .await
    }

    /// The contact writes to the member. No callback; the welcome code is spent from now on (41051).
    ///
    /// # Errors
    /// [`Impossible::NoRelation`].
    pub fn customer_writes(
        &self,
        userid: &UserId,
        id: &ExternalUserId,
        content: &str,
    ) -> Result<(), Impossible> {
        let mut corp = self.corp();
        let follow = corp.follow_mut(userid, id).ok_or(Impossible::NoRelation)?;
        if follow.stage == Stage::Both {
            follow.stage = Stage::Chatting;
        }
        let message = Sent::Chat(ChatMessage {
            at: self.now(),
            userid: userid.clone(),
            external_userid: id.clone(),
            content: serde_json::json!({"from": "contact", "text": {"content": content}}),
        });
        corp.ledger.said(userid, id, message);
        Ok(())
    }

    async fn add(
        &self,
        userid: &UserId,
        id: &ExternalUserId,
        state: Option<&str>,
        stage: Stage,
    ) -> Pushed {
        let change_type = match stage {
            Stage::Half => "add_half_external_contact",
            Stage::Both | Stage::Chatting | Stage::LeftByContact => "add_external_contact",
        };
        let event = {
            let mut corp = self.corp();
            corp.member(userid).ok_or(Impossible::NoMember)?;
            let account = corp.contact(id).ok_or(Impossible::NoContact)?.account;
            let chatted = corp.chatting(userid, id);
            // What the member noted earlier stays.
            let earlier = corp.follow_of(userid, id).cloned();
            let mut follow = earlier.unwrap_or_else(|| Follow::new(self.now()));
            follow.created_at = self.now();
            follow.state = state.map(str::to_owned);
            follow.stage = if chatted { Stage::Chatting } else { stage };
            corp.follow(userid, id, follow);
            let mut event = self.contact_event(&corp, change_type, userid, id);
            if let Some(state) = state {
                event = event.map(|event| event.text("State", state));
            }
            // No code when the console greets, after a chat, and for members of other corps (path/92137).
            let greets = corp.console.welcome == WelcomeBy::App && !chatted;
            if greets && account == Account::WeChat && event.is_some() {
                let people = Welcome {
                    userid: userid.clone(),
                    external_userid: id.clone(),
                };
                let code = corp.grants.welcome(people, self.now());
                event = event.map(|event| event.text("WelcomeCode", &code));
            }
            event
        };
        self.push_if(ReceiverKind::App, event).await
    }

    async fn change_follow(
        &self,
        userid: &UserId,
        id: &ExternalUserId,
        change_type: &str,
        change: impl FnOnce(&mut Follow),
    ) -> Pushed {
        let event = {
            let mut corp = self.corp();
            change(corp.follow_mut(userid, id).ok_or(Impossible::NoRelation)?);
            self.contact_event(&corp, change_type, userid, id)
        };
        self.push_if(ReceiverKind::App, event).await
    }

    /// None when the app does not hear of this member's customers (path/92129).
    fn contact_event(
        &self,
        corp: &Corp,
        change_type: &str,
        userid: &UserId,
        id: &ExternalUserId,
    ) -> Option<EventXml> {
        let member = corp.member(userid).filter(|member| member.serves())?;
        let listed = corp.console.customer_api == CustomerApi::Listed;
        listed.then(|| EventXml::contact(&corp.id, self.now(), change_type, &member.userid, id))
    }

    pub(in crate::sim::people) async fn push_if(
        &self,
        to: ReceiverKind,
        event: Option<EventXml>,
    ) -> Pushed {
        match event {
            Some(event) => Ok(self.push(to, &event).await),
            None => Ok(Vec::new()),
        }
    }
}
