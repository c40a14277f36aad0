//! Members come, go, and enter the app's range: `change_contact` (path/90970), `subscribe` and `unsubscribe` (path/90240).

use crate::model::ids::UserId;
use crate::sim::Sim;
use crate::sim::event_xml::EventXml;
use crate::sim::people::{Impossible, Pushed};
use crate::sim::person::{Member, Range};
use crate::sim::push::PushReport;
use crate::sim::receiver::ReceiverKind;

impl Sim {
    /// An administrator creates a member: `change_contact/create_user` to the contact-sync receiver and, inside the
    /// app's range, `subscribe` to the app.
    pub async fn create_member(&self, member: Member) -> Vec<PushReport> {
        let userid = member.userid.clone();
        let departments: Vec<String> = member.department.iter().map(i64::to_string).collect();
        let (event, visible) = {
            let mut corp = self.corp();
            let event = EventXml::member(&corp.id, self.now(), "create_user", &userid)
                .text("Department", &departments.join(","));
            let visible = member.visible();
            corp.add_member(member);
            (event, visible)
        };
        let mut reports = self.push(ReceiverKind::ContactSync, &event).await;
        if visible {
            reports.extend(
                self.push(ReceiverKind::App, &self.app_event("subscribe", &userid))
                    .await,
            );
        }
        reports
    }

    /// A member leaves: `change_contact/delete_user`, and `unsubscribe` to the app.
    pub async fn delete_member(&self, userid: &UserId) -> Pushed {
        let removed = self.corp().remove_member(userid);
        let member = removed.ok_or(Impossible::NoMember)?;
        let userid = &member.userid;
        let event = EventXml::member(&self.settings().corp, self.now(), "delete_user", userid);
        let mut reports = self.push(ReceiverKind::ContactSync, &event).await;
        if member.visible() {
            let event = self.app_event("unsubscribe", userid);
            reports.extend(self.push(ReceiverKind::App, &event).await);
        }
        Ok(reports)
    }

    /// A member's id becomes another: `change_contact/update_user` with `NewUserID`.
    pub async fn rename_member(&self, from: &UserId, to: &UserId) -> Pushed {
        let event = {
            let mut corp = self.corp();
            let member = corp.member(from).ok_or(Impossible::NoMember)?;
            let from = member.userid.clone();
            corp.rename_member(&from, to).ok_or(Impossible::NoMember)?;
            EventXml::member(&corp.id, self.now(), "update_user", &from)
                .text("NewUserID", to.as_str())
        };
        Ok(self.push(ReceiverKind::ContactSync, &event).await)
    }

    /// A member goes to other departments: `change_contact/update_user`.
    pub async fn move_member(&self, userid: &UserId, department: &[i64]) -> Pushed {
        let event = {
            let mut corp = self.corp();
            let member = corp.member(userid).ok_or(Impossible::NoMember)?.clone();
            let userid = member.userid.clone();
            corp.add_member(Member {
                department: department.to_vec(),
                ..member
            });
            let departments: Vec<String> = department.iter().map(i64::to_string).collect();
            EventXml::member(&corp.id, self.now(), "update_user", &userid)
                .text("Department", &departments.join(","))
        };
        Ok(self.push(ReceiverKind::ContactSync, &event).await)
    }

    /// A department is made, or goes below another: `change_contact/create_party` or `update_party`. With `range`, the
    /// app's visible range then has its members inside or outside, of which nobody is told.
    pub async fn change_party(
        &self,
        id: i64,
        parentid: i64,
        range: Option<Range>,
    ) -> Vec<PushReport> {
        let event = {
            let mut corp = self.corp();
            let known = corp.departments().contains_key(&id);
            let change_type = if known {
                "update_party"
            } else {
                "create_party"
            };
            corp.add_department(id, &format!("部门{id}"), parentid);
            let inside: Vec<UserId> = corp
                .members()
                .values()
                .filter(|m| m.department.contains(&id))
                .map(|m| m.userid.clone())
                .collect();
            for userid in inside {
                if let (Some(range), Some(member)) = (range, corp.member_mut(&userid)) {
                    member.app_range = range;
                }
            }
            EventXml::party(&corp.id, self.now(), change_type, id).number("ParentId", parentid)
        };
        self.push(ReceiverKind::ContactSync, &event).await
    }

    /// A member comes into the app's visible range, or leaves it: `subscribe` or `unsubscribe`.
    pub async fn change_app_range(&self, userid: &UserId, range: Range) -> Pushed {
        let userid = {
            let mut corp = self.corp();
            let member = corp.member_mut(userid).ok_or(Impossible::NoMember)?;
            member.app_range = range;
            member.userid.clone()
        };
        let event = match range {
            Range::Inside => "subscribe",
            Range::Outside => "unsubscribe",
        };
        Ok(self
            .push(ReceiverKind::App, &self.app_event(event, &userid))
            .await)
    }
}
