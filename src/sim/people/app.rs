//! Members use the app: its menu, its conversation and its cards (path/90239, 90240).

use serde_json::Value;

use crate::model::ids::{TaskId, UserId};
use crate::sim::Sim;
use crate::sim::event_xml::EventXml;
use crate::sim::grants::random_number;
use crate::sim::people::{Impossible, Pushed};
use crate::sim::receiver::ReceiverKind;

impl Sim {
    /// A member opens the app: `enter_agent`.
    pub async fn enter_agent(&self, userid: &UserId) -> Pushed {
        self.app_doing(userid, |event| event.text("EventKey", ""), "enter_agent")
            .await
    }

    /// A member follows a link of the app's menu: `view`.
    pub async fn view(&self, userid: &UserId, url: &str) -> Pushed {
        self.app_doing(userid, |event| event.text("EventKey", url), "view")
            .await
    }

    /// A member presses a button of the app's menu: `click`.
    pub async fn click_menu(&self, userid: &UserId, key: &str) -> Pushed {
        self.app_doing(userid, |event| event.text("EventKey", key), "click")
            .await
    }

    /// A member writes to the app.
    pub async fn member_writes(&self, userid: &UserId, content: &str) -> Pushed {
        let userid = self.seen_by_app(userid)?;
        let msgid = (random_number() >> 1).cast_signed();
        let (corp, agent_id) = (&self.settings().corp, self.settings().agent_id);
        let event = EventXml::message(corp, agent_id, self.now(), &userid, content, msgid);
        Ok(self.push(ReceiverKind::App, &event).await)
    }

    /// A member presses a button of a card, or submits it with the chosen options by question: `template_card_event`,
    /// or `template_card_menu_event` for the menu. Each click brings a new response code.
    pub async fn click_button(
        &self,
        userid: &UserId,
        task_id: &TaskId,
        key: &str,
        selected: &[(String, Vec<String>)],
    ) -> Pushed {
        let userid = self.seen_by_app(userid)?;
        let event = {
            let mut corp = self.corp();
            let message = corp.ledger.task(task_id);
            let message = message.filter(|message| message.reached(&userid));
            let message = message.ok_or(Impossible::NoCard)?;
            let event = message.click(&userid, key).ok_or(Impossible::NoButton)?;
            let (card, _) = message.card_for(&userid);
            let card_type = card
                .get("card_type")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let (card_type, number) = (card_type.to_owned(), message.number);
            let code = corp.grants.response(number, self.now());
            self.app_event(event, &userid)
                .card(key, task_id, &card_type, &code, selected)
        };
        Ok(self.push(ReceiverKind::App, &event).await)
    }

    /// An event of the app from this member.
    pub(crate) fn app_event(&self, event: &str, userid: &UserId) -> EventXml {
        let settings = self.settings();
        EventXml::app(&settings.corp, settings.agent_id, self.now(), event, userid)
    }

    async fn app_doing(
        &self,
        userid: &UserId,
        fill: impl FnOnce(EventXml) -> EventXml,
        event: &str,
    ) -> Pushed {
        let userid = self.seen_by_app(userid)?;
        let event = fill(self.app_event(event, &userid));
        Ok(self.push(ReceiverKind::App, &event).await)
    }
    /// The member's id in its own spelling, when the app's conversation is there for it.
    fn seen_by_app(&self, userid: &UserId) -> Result<UserId, Impossible> {
        let corp = self.corp();
        let member = corp.member(userid).filter(|member| member.visible());
        Ok(member.ok_or(Impossible::NoMember)?.userid.clone())
    }
}
