//! The two types of card that tell something (path/90236).

use serde::{Deserialize, Serialize};

use crate::model::card::actions::CardAction;
use crate::model::card::blocks::{
    EmphasisContent, HorizontalContent, Jump, MainTitle, Picture, QuoteArea, Source,
    VerticalContent,
};
use crate::model::card::problem::{CardProblem, cut_optional};
use crate::model::card::questions::ActionMenu;
use crate::model::ids::TaskId;

/// `text_notice`. Title and `sub_title_text` may not both be empty; an `action_menu` needs a `task_id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the blocks of the same name")]
pub struct TextNotice {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_menu: Option<ActionMenu>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main_title: Option<MainTitle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_area: Option<QuoteArea>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emphasis_content: Option<EmphasisContent>,
    /// At most 160 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_title_text: Option<String>,
    /// At most 6.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub horizontal_content_list: Vec<HorizontalContent>,
    /// At most 3.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jump_list: Vec<Jump>,
    pub card_action: CardAction,
}

impl TextNotice {
    /// A card with a title and a destination.
    pub fn new(main_title: MainTitle, card_action: CardAction) -> Self {
        Self {
            source: None,
            action_menu: None,
            task_id: None,
            main_title: Some(main_title),
            quote_area: None,
            emphasis_content: None,
            sub_title_text: None,
            horizontal_content_list: Vec::new(),
            jump_list: Vec::new(),
            card_action,
        }
    }

    pub(in crate::model::card) fn fit(&mut self) -> Result<(), CardProblem> {
        self.source.iter_mut().for_each(Source::fit);
        fit_menu(self.action_menu.as_ref(), self.task_id.as_ref())?;
        if let Some(title) = &mut self.main_title {
            title.fit_untitled(36, 44);
        }
        self.quote_area.iter().try_for_each(QuoteArea::fit)?;
        self.emphasis_content
            .iter_mut()
            .for_each(EmphasisContent::fit);
        cut_optional(&mut self.sub_title_text, 160);
        HorizontalContent::fit_all(&mut self.horizontal_content_list)?;
        Jump::fit_all(&mut self.jump_list)?;
        self.card_action.fit("card_action.url")?;
        let untitled = self.main_title.as_ref().is_none_or(|t| t.title.is_empty());
        if untitled && self.sub_title_text.is_none() {
            return Err(CardProblem::Missing("main_title.title and sub_title_text"));
        }
        Ok(())
    }
}

/// `news_notice`. An `action_menu` needs a `task_id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the blocks of the same name")]
pub struct NewsNotice {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_menu: Option<ActionMenu>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
    pub main_title: MainTitle,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_area: Option<QuoteArea>,
    /// `card_image` or `image_text_area`.
    #[serde(flatten)]
    pub picture: Picture,
    /// At most 4.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vertical_content_list: Vec<VerticalContent>,
    /// At most 6.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub horizontal_content_list: Vec<HorizontalContent>,
    /// At most 3.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jump_list: Vec<Jump>,
    pub card_action: CardAction,
}

impl NewsNotice {
    /// A card with a title, a picture and a destination.
    pub fn new(main_title: MainTitle, picture: Picture, card_action: CardAction) -> Self {
        Self {
            source: None,
            action_menu: None,
            task_id: None,
            main_title,
            quote_area: None,
            picture,
            vertical_content_list: Vec::new(),
            horizontal_content_list: Vec::new(),
            jump_list: Vec::new(),
            card_action,
        }
    }

    pub(in crate::model::card) fn fit(&mut self) -> Result<(), CardProblem> {
        self.source.iter_mut().for_each(Source::fit);
        fit_menu(self.action_menu.as_ref(), self.task_id.as_ref())?;
        self.main_title.fit(36, 44)?;
        self.quote_area.iter().try_for_each(QuoteArea::fit)?;
        self.picture.fit()?;
        VerticalContent::fit_all(&mut self.vertical_content_list)?;
        HorizontalContent::fit_all(&mut self.horizontal_content_list)?;
        Jump::fit_all(&mut self.jump_list)?;
        self.card_action.fit("card_action.url")
    }
}

fn fit_menu(menu: Option<&ActionMenu>, task_id: Option<&TaskId>) -> Result<(), CardProblem> {
    let Some(menu) = menu else { return Ok(()) };
    if task_id.is_none() {
        return Err(CardProblem::Missing("task_id"));
    }
    menu.fit()
}
