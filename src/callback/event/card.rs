//! `template_card_event` and `template_card_menu_event`: a member used a card (模板卡片事件, path/90240).

use serde::Serialize;

use crate::callback::event::EventError;
use crate::callback::node::Node;
use crate::model::ids::{AgentId, TaskId, UserId};
use crate::model::outgoing::OneTimeCode;

/// A press of a button, a vote, a choice, or an item of the card's menu.
#[derive(Debug, Clone, Serialize)]
pub struct TemplateCardEvent {
    /// Who.
    pub userid: UserId,
    /// The key of the button or menu item.
    pub event_key: String,
    /// Which card.
    pub task_id: TaskId,
    /// One of the five kinds of card.
    pub card_type: Option<String>,
    /// Changes the card, once, within 72 hours (path/94888).
    pub response_code: Option<OneTimeCode>,
    /// What was chosen.
    pub selected_items: Vec<SelectedItem>,
    /// The app that sent the card.
    pub agent_id: Option<AgentId>,
}

/// One question and its answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SelectedItem {
    /// The question's key.
    pub question_key: String,
    /// The chosen options.
    pub option_ids: Vec<String>,
}

pub(in crate::callback::event) fn read(root: &Node) -> Result<TemplateCardEvent, EventError> {
    Ok(TemplateCardEvent {
        userid: root.id("FromUserName", UserId::parse)?,
        event_key: root.required("EventKey")?.to_owned(),
        task_id: root.id("TaskId", TaskId::parse)?,
        card_type: root.filled("CardType"),
        response_code: root.filled("ResponseCode").map(OneTimeCode::new),
        selected_items: root
            .named("SelectedItems")
            .flat_map(|items| items.named("SelectedItem"))
            .map(selected_item)
            .collect(),
        agent_id: root.first("AgentID").parse().ok().map(AgentId),
    })
}

fn selected_item(item: &Node) -> SelectedItem {
    let options = item
        .named("OptionIds")
        .flat_map(|ids| ids.named("OptionId"));
    SelectedItem {
        question_key: item.first("QuestionKey").to_owned(),
        option_ids: options.map(|option| option.text.clone()).collect(),
    }
}
