//! Template cards (模板卡片, path/90236): the five types with exactly the blocks that each may have.
//!
//! A [`Card`] is a draft: plain structs to fill in. [`TemplateCard::new`] cuts its texts to the documented lengths and
//! refuses what WeCom would refuse, so a `TemplateCard` can be sent as it stands. Its JSON uses WeCom's own names.

pub mod interactions;
pub mod notices;

pub mod actions;
pub mod blocks;
pub mod questions;

pub mod change;

pub mod problem;

use serde::{Deserialize, Serialize};

use crate::model::card::interactions::{ButtonInteraction, MultipleInteraction, VoteInteraction};
use crate::model::card::notices::{NewsNotice, TextNotice};
use crate::model::card::problem::{CardProblem, ID_BYTES};
use crate::model::ids::TaskId;

/// A card that fits WeCom's limits. Only [`TemplateCard::new`] makes one; stored ones are taken as they were stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TemplateCard(Box<Card>);

impl TemplateCard {
    /// Cuts texts to their limits and checks the rest.
    ///
    /// # Errors
    /// [`CardProblem`] for what WeCom checks: list lengths, keys and ids, required texts, a missing `task_id`.
    pub fn new(card: impl Into<Card>) -> Result<Self, CardProblem> {
        let mut card = card.into();
        match &mut card {
            Card::TextNotice(card) => card.fit()?,
            Card::NewsNotice(card) => card.fit()?,
            Card::ButtonInteraction(card) => card.fit()?,
            Card::VoteInteraction(card) => card.fit()?,
            Card::MultipleInteraction(card) => card.fit()?,
        }
        if let Some(task_id) = card.task_id() {
            fit_task_id(task_id)?;
        }
        Ok(Self(Box::new(card)))
    }

    /// What it says.
    pub fn card(&self) -> &Card {
        &self.0
    }

    /// Names the card in events and changes; unique per app.
    pub fn task_id(&self) -> Option<&TaskId> {
        self.0.task_id()
    }

    /// Whether sending it returns a `response_code`, so that it can be changed later.
    pub fn updatable(&self) -> bool {
        match &*self.0 {
            Card::TextNotice(card) => card.action_menu.is_some(),
            Card::NewsNotice(card) => card.action_menu.is_some(),
            Card::ButtonInteraction(_)
            | Card::VoteInteraction(_)
            | Card::MultipleInteraction(_) => true,
        }
    }
}

/// A card of any type, not checked yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "card_type", rename_all = "snake_case")]
pub enum Card {
    /// Text (文本通知型).
    TextNotice(TextNotice),
    /// Picture and text (图文展示型).
    NewsNotice(NewsNotice),
    /// Buttons (按钮交互型).
    ButtonInteraction(ButtonInteraction),
    /// One question with options to tick (投票选择型).
    VoteInteraction(VoteInteraction),
    /// Several drop-down lists (多项选择型).
    MultipleInteraction(MultipleInteraction),
}

impl Card {
    const fn task_id(&self) -> Option<&TaskId> {
        match self {
            Self::TextNotice(card) => card.task_id.as_ref(),
            Self::NewsNotice(card) => card.task_id.as_ref(),
            Self::ButtonInteraction(card) => Some(&card.task_id),
            Self::VoteInteraction(card) => Some(&card.task_id),
            Self::MultipleInteraction(card) => Some(&card.task_id),
        }
    }
}

macro_rules! into_card {
    ($($name:ident)*) => {$(
        impl From<$name> for Card {
            fn from(card: $name) -> Self {
                Self::$name(card)
            }
        }
    )*};
}

into_card!(TextNotice NewsNotice ButtonInteraction VoteInteraction MultipleInteraction);

/// Letters, digits and `_-@`, at most 128 bytes.
fn fit_task_id(task_id: &TaskId) -> Result<(), CardProblem> {
    let text = task_id.as_str();
    problem::key("task_id", text, ID_BYTES)?;
    let clean = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"_-@".contains(&b));
    if clean {
        Ok(())
    } else {
        Err(CardProblem::OutOfRange("task_id"))
    }
}
