//! The three types of card that ask something (path/90236).

use serde::{Deserialize, Serialize};

use crate::model::card::actions::CardAction;
use crate::model::card::blocks::{HorizontalContent, MainTitle, QuoteArea, Source};
use crate::model::card::problem::{CardProblem, cut_optional};
use crate::model::card::questions::{
    ActionMenu, Button, ButtonSelection, Checkbox, SelectList, SubmitButton,
};
use crate::model::ids::TaskId;

/// `button_interaction`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the blocks of the same name")]
pub struct ButtonInteraction {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_menu: Option<ActionMenu>,
    pub main_title: MainTitle,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_area: Option<QuoteArea>,
    /// At most 160 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_title_text: Option<String>,
    /// At most 6.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub horizontal_content_list: Vec<HorizontalContent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_action: Option<CardAction>,
    pub task_id: TaskId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub button_selection: Option<ButtonSelection>,
    /// 1 to 6; keys are unique.
    pub button_list: Vec<Button>,
}

impl ButtonInteraction {
    /// A card with a title and buttons.
    pub fn new(main_title: MainTitle, task_id: TaskId, button_list: Vec<Button>) -> Self {
        Self {
            source: None,
            action_menu: None,
            main_title,
            quote_area: None,
            sub_title_text: None,
            horizontal_content_list: Vec::new(),
            card_action: None,
            task_id,
            button_selection: None,
            button_list,
        }
    }

    pub(in crate::model::card) fn fit(&mut self) -> Result<(), CardProblem> {
        self.source.iter_mut().for_each(Source::fit);
        self.action_menu.iter().try_for_each(ActionMenu::fit)?;
        self.main_title.fit(36, 44)?;
        self.quote_area.iter().try_for_each(QuoteArea::fit)?;
        cut_optional(&mut self.sub_title_text, 160);
        HorizontalContent::fit_all(&mut self.horizontal_content_list)?;
        CardAction::fit_optional(self.card_action.as_ref(), "card_action.url")?;
        self.button_selection
            .iter_mut()
            .try_for_each(ButtonSelection::fit)?;
        Button::fit_all(&mut self.button_list)
    }
}

/// `vote_interaction`. Its title has at most 16 characters, the line below at most 160.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the blocks of the same name")]
pub struct VoteInteraction {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    pub main_title: MainTitle,
    pub task_id: TaskId,
    pub checkbox: Checkbox,
    pub submit_button: SubmitButton,
}

impl VoteInteraction {
    pub(in crate::model::card) fn fit(&mut self) -> Result<(), CardProblem> {
        self.source.iter_mut().for_each(Source::fit_plain);
        self.main_title.fit(16, 160)?;
        self.checkbox.fit()?;
        self.submit_button.fit()
    }
}

/// `multiple_interaction`. The line below its title has at most 160 characters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the blocks of the same name")]
pub struct MultipleInteraction {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    pub main_title: MainTitle,
    pub task_id: TaskId,
    /// 1 to 3; question keys are unique.
    pub select_list: Vec<SelectList>,
    pub submit_button: SubmitButton,
}

impl MultipleInteraction {
    pub(in crate::model::card) fn fit(&mut self) -> Result<(), CardProblem> {
        self.source.iter_mut().for_each(Source::fit_plain);
        self.main_title.fit(36, 160)?;
        SelectList::fit_all(&mut self.select_list)?;
        self.submit_button.fit()
    }
}
