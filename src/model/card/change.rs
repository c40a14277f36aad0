//! What becomes of a card that was sent (更新模板卡片, path/94888).

use serde::{Deserialize, Serialize};

use crate::model::card::TemplateCard;

/// A change of a card that was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardChange {
    /// Its buttons are greyed out and show this text.
    ReplaceName(String),
    /// Another card takes its place.
    TemplateCard(ShownCard),
}

/// A card as it stands in a member's window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownCard {
    /// What it says.
    pub card: TemplateCard,
    /// The text on its buttons, when they are greyed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace_text: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outgoing::Call;

    #[test]
    fn calls_that_were_stored_before_cards_could_be_replaced_are_read() {
        let stored = r#"{"call":"update_card","userid":"Zhang","task_id":"t1","response_code":"R","replace_name":"已处理"}"#;
        let call: Call = serde_json::from_str(stored).unwrap();
        let Call::UpdateCard(update) = &call else {
            panic!("{call:?}")
        };
        assert_eq!(update.change, CardChange::ReplaceName("已处理".into()));
        assert_eq!(serde_json::to_string(&call).unwrap(), stored);
        let stored = r#"{"call":"card","touser":"Zhang","card":{"card_type":"text_notice","main_title":{"title":"t"},"card_action":{"type":1,"url":"https://a.example/"}}}"#;
        let call: Call = serde_json::from_str(stored).unwrap();
        assert_eq!(serde_json::to_string(&call).unwrap(), stored);
    }
}
