//! Groups of customers are made, change and end: `change_external_chat` (path/92130).

use crate::model::chat::ChatPerson;
use crate::model::ids::{ChatId, UserId};
use crate::sim::Sim;
use crate::sim::console::CustomerApi;
use crate::sim::corp::Corp;
use crate::sim::event_xml::EventXml;
use crate::sim::group::{Group, GroupState};
use crate::sim::people::{Impossible, Pushed};
use crate::sim::receiver::ReceiverKind;

impl Sim {
    /// A member makes a group: `create`.
    pub async fn create_group(&self, owner: &UserId, chat_id: &ChatId, name: &str) -> Pushed {
        let event = {
            let mut corp = self.corp();
            let owner = corp.member(owner).ok_or(Impossible::NoMember)?;
            let owner = owner.userid.clone();
            let group = Group::new(chat_id.clone(), name, owner, self.now());
            corp.groups.insert(chat_id.clone(), group);
            self.chat_event(&corp, "create", chat_id)
        };
        self.push_if(ReceiverKind::App, event).await
    }

    /// Somebody comes into a group: `update` with `add_member`.
    pub async fn joins_group(&self, chat_id: &ChatId, who: ChatPerson) -> Pushed {
        let now = self.now();
        self.change_people(chat_id, &who, "add_member", |state, who| {
            state.people.insert(who, now);
        })
        .await
    }

    /// Somebody leaves a group: `update` with `del_member`.
    pub async fn leaves_group(&self, chat_id: &ChatId, who: ChatPerson) -> Pushed {
        self.change_people(chat_id, &who, "del_member", |state, who| {
            state.people.remove(&who);
        })
        .await
    }

    /// A group gets another name: `update` with `change_name`, which tells no version.
    pub async fn renames_group(&self, chat_id: &ChatId, name: &str) -> Pushed {
        let event = {
            let mut corp = self.corp();
            self.change_group(&mut corp, chat_id, |state| state.name = name.into())?;
            let event = self.chat_event(&corp, "update", chat_id);
            event.map(|event| event.text("UpdateDetail", "change_name"))
        };
        self.push_if(ReceiverKind::App, event).await
    }

    /// A group ends: `dismiss`.
    pub async fn dismiss_group(&self, chat_id: &ChatId) -> Pushed {
        let event = {
            let mut corp = self.corp();
            self.change_group(&mut corp, chat_id, |state| state.dismissed = true)?;
            self.chat_event(&corp, "dismiss", chat_id)
        };
        self.push_if(ReceiverKind::App, event).await
    }

    async fn change_people(
        &self,
        chat_id: &ChatId,
        who: &ChatPerson,
        detail: &str,
        change: impl FnOnce(&mut GroupState, ChatPerson),
    ) -> Pushed {
        let event = {
            let mut corp = self.corp();
            let mut versions = (String::new(), String::new());
            self.change_group(&mut corp, chat_id, |state| {
                versions.0 = state.member_version();
                change(state, who.clone());
                state.version += 1;
                versions.1 = state.member_version();
            })?;
            let id = match who {
                ChatPerson::Member(userid) => userid.as_str(),
                ChatPerson::Outside(external_userid) => external_userid.as_str(),
            };
            let scene = if detail == "add_member" {
                "JoinScene"
            } else {
                "QuitScene"
            };
            let event = self.chat_event(&corp, "update", chat_id);
            event.map(|event| {
                event
                    .text("UpdateDetail", detail)
                    .number(scene, 0)
                    .number("MemChangeCnt", 1)
                    .texts("MemChangeList", "Item", &[id])
                    .text("LastMemVer", &versions.0)
                    .text("CurMemVer", &versions.1)
            })
        };
        self.push_if(ReceiverKind::App, event).await
    }

    fn change_group(
        &self,
        corp: &mut Corp,
        chat_id: &ChatId,
        change: impl FnOnce(&mut GroupState),
    ) -> Result<(), Impossible> {
        let lag = corp.console.group_lag;
        let group = corp.groups.get_mut(chat_id);
        let group = group.filter(|group| !group.state().dismissed);
        let group = group.ok_or(Impossible::NoGroup)?;
        group.change(self.now(), lag, change);
        Ok(())
    }

    /// None when the app does not hear of the owner's customers.
    fn chat_event(&self, corp: &Corp, change_type: &str, chat_id: &ChatId) -> Option<EventXml> {
        let owner = &corp.groups.get(chat_id)?.state().owner;
        let heard = corp.member(owner).is_some_and(|owner| owner.serves());
        let listed = corp.console.customer_api == CustomerApi::Listed;
        (heard && listed).then(|| EventXml::chat(&corp.id, self.now(), change_type, chat_id))
    }
}
