//! The inner XML of the callbacks that people's doings cause, as in the samples of path/90239, 90240, 90970 and 92130.

use crate::callback::write;
use crate::model::ids::{AgentId, ChatId, CorpId, ExternalUserId, TaskId, UserId};
use crate::model::time::Timestamp;

/// A callback before it is sealed.
#[derive(Debug, Clone)]
pub(crate) struct EventXml {
    /// `Event` or `Event/ChangeType` or `message/MsgType`, for logs and reports.
    pub(crate) name: String,
    text: String,
}

impl EventXml {
    /// `change_external_contact`; without `AgentID`, as the samples are.
    pub(crate) fn contact(
        corp: &CorpId,
        at: Timestamp,
        change_type: &str,
        userid: &UserId,
        id: &ExternalUserId,
    ) -> Self {
        Self::begin(corp, "sys", at, "event")
            .event("change_external_contact", Some(change_type))
            .text("UserID", userid.as_str())
            .text("ExternalUserID", id.as_str())
    }

    /// `change_external_chat`.
    pub(crate) fn chat(corp: &CorpId, at: Timestamp, change_type: &str, id: &ChatId) -> Self {
        Self::begin(corp, "sys", at, "event")
            .event("change_external_chat", Some(change_type))
            .text("ChatId", id.as_str())
    }

    /// `change_external_tag`.
    pub(crate) fn tag(
        corp: &CorpId,
        at: Timestamp,
        change_type: &str,
        id: &str,
        tag_type: &str,
    ) -> Self {
        Self::begin(corp, "sys", at, "event")
            .event("change_external_tag", Some(change_type))
            .text("Id", id)
            .text("TagType", tag_type)
    }

    /// `transfer_fail`, where the reason stands first.
    pub(crate) fn transfer_fail(
        corp: &CorpId,
        at: Timestamp,
        reason: &str,
        userid: &UserId,
        id: &ExternalUserId,
    ) -> Self {
        Self::begin(corp, "sys", at, "event")
            .event("change_external_contact", Some("transfer_fail"))
            .text("FailReason", reason)
            .text("UserID", userid.as_str())
            .text("ExternalUserID", id.as_str())
    }

    /// `change_contact` about a department.
    pub(crate) fn party(corp: &CorpId, at: Timestamp, change_type: &str, id: i64) -> Self {
        Self::begin(corp, "sys", at, "event")
            .event("change_contact", Some(change_type))
            .number("Id", id)
    }

    /// `change_contact` about a member.
    pub(crate) fn member(corp: &CorpId, at: Timestamp, change_type: &str, userid: &UserId) -> Self {
        Self::begin(corp, "sys", at, "event")
            .event("change_contact", Some(change_type))
            .text("UserID", userid.as_str())
    }

    /// An event of the app, from a member.
    pub(crate) fn app(
        corp: &CorpId,
        agent: AgentId,
        at: Timestamp,
        event: &str,
        userid: &UserId,
    ) -> Self {
        Self::begin(corp, userid.as_str(), at, "event")
            .event(event, None)
            .number("AgentID", agent_number(agent))
    }

    /// An event of the service account, from a follower.
    pub(crate) fn account(original_id: &str, at: Timestamp, event: &str, openid: &str) -> Self {
        Self::to(original_id, openid, at, "event").event(event, None)
    }

    /// A text message from a member.
    pub(crate) fn message(
        corp: &CorpId,
        agent: AgentId,
        at: Timestamp,
        userid: &UserId,
        content: &str,
        msgid: i64,
    ) -> Self {
        let mut xml = Self::begin(corp, userid.as_str(), at, "text");
        xml.name = "message/text".into();
        xml.text("Content", content)
            .number("MsgId", msgid)
            .number("AgentID", agent_number(agent))
    }

    /// What a click on a card adds.
    pub(crate) fn card(
        self,
        key: &str,
        task_id: &TaskId,
        card_type: &str,
        response_code: &str,
        selected: &[(String, Vec<String>)],
    ) -> Self {
        let xml = self
            .text("EventKey", key)
            .text("TaskId", task_id.as_str())
            .text("CardType", card_type)
            .text("ResponseCode", response_code);
        if selected.is_empty() {
            return xml;
        }
        xml.within("SelectedItems", |mut xml| {
            for (question, options) in selected {
                xml = xml.within("SelectedItem", |xml| {
                    xml.text("QuestionKey", question)
                        .within("OptionIds", |xml| {
                            options
                                .iter()
                                .fold(xml, |xml, option| xml.text("OptionId", option))
                        })
                });
            }
            xml
        })
    }

    /// Adds an element with a text.
    pub(crate) fn text(mut self, name: &str, value: &str) -> Self {
        write::element(&mut self.text, name, value);
        self
    }

    /// Adds a list of texts.
    pub(crate) fn texts(self, list: &str, name: &str, values: &[&str]) -> Self {
        self.within(list, |xml| {
            values.iter().fold(xml, |xml, value| xml.text(name, value))
        })
    }

    /// Adds an element with a number.
    pub(crate) fn number(mut self, name: &str, value: i64) -> Self {
        write::number(&mut self.text, name, value);
        self
    }

    /// The whole text.
    pub(crate) fn finish(&self) -> String {
        format!("<xml>{}</xml>", self.text)
    }

    fn begin(corp: &CorpId, from: &str, at: Timestamp, msgtype: &str) -> Self {
        Self::to(corp.as_str(), from, at, msgtype)
    }

    fn to(to: &str, from: &str, at: Timestamp, msgtype: &str) -> Self {
        let (name, text) = (msgtype.to_owned(), String::new());
        Self { name, text }
            .text("ToUserName", to)
            .text("FromUserName", from)
            .number("CreateTime", at.secs())
            .text("MsgType", msgtype)
    }

    fn event(mut self, event: &str, change_type: Option<&str>) -> Self {
        self.name = event.to_owned();
        self = self.text("Event", event);
        if let Some(change_type) = change_type {
            self.name = format!("{event}/{change_type}");
            self = self.text("ChangeType", change_type);
        }
        self
    }

    fn within(mut self, name: &str, fill: impl FnOnce(Self) -> Self) -> Self {
        write::open(&mut self.text, name);
        self = fill(self);
        write::close(&mut self.text, name);
        self
    }
}

fn agent_number(agent: AgentId) -> i64 {
    i64::try_from(agent.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_is_written_like_the_sample() {
        let (corp, user) = (
            CorpId::parse("ww1").unwrap(),
            UserId::parse("ZhangSan").unwrap(),
        );
        let selected = [("q".to_owned(), vec!["1".to_owned(), "2".to_owned()])];
        let task_id = TaskId::parse("t").unwrap();
        let xml = EventXml::app(
            &corp,
            AgentId(7),
            Timestamp::from_secs(5),
            "template_card_event",
            &user,
        )
        .card("done", &task_id, "vote_interaction", "RC", &selected);
        assert_eq!(xml.name, "template_card_event");
        assert_eq!(
            xml.finish(),
            "<xml><ToUserName><![CDATA[ww1]]></ToUserName><FromUserName><![CDATA[ZhangSan]]></FromUserName>\
             <CreateTime>5</CreateTime><MsgType><![CDATA[event]]></MsgType>\
             <Event><![CDATA[template_card_event]]></Event><AgentID>7</AgentID>\
             <EventKey><![CDATA[done]]></EventKey><TaskId><![CDATA[t]]></TaskId>\
             <CardType><![CDATA[vote_interaction]]></CardType><ResponseCode><![CDATA[RC]]></ResponseCode>\
             <SelectedItems><SelectedItem><QuestionKey><![CDATA[q]]></QuestionKey>\
             <OptionIds><OptionId><![CDATA[1]]></OptionId><OptionId><![CDATA[2]]></OptionId></OptionIds>\
             </SelectedItem></SelectedItems></xml>"
        );
    }
}
