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
