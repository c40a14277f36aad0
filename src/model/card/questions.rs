//! The blocks of a card that ask something and come back in a `template_card_event` (path/90236). JSON names are
//! WeCom's own.

use serde::{Deserialize, Serialize};

use crate::model::card::problem::{
    CardProblem, ID_BYTES, KEY_BYTES, count, key, present, required, unique,
};

/// The menu in the card's upper right corner (操作菜单). A card with one can be changed later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionMenu {
    /// What the menu is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// Its 1 to 3 entries; keys are unique.
    pub action_list: Vec<MenuAction>,
}

/// An entry of an [`ActionMenu`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MenuAction {
    /// What it says.
    pub text: String,
    /// Comes back as `EventKey`; at most 1024 bytes.
    pub key: String,
}

impl ActionMenu {
    pub(in crate::model::card) fn fit(&self) -> Result<(), CardProblem> {
        count("action_menu.action_list", self.action_list.len(), 3)?;
        for action in &self.action_list {
            present("action_menu.action_list.text", &action.text)?;
            key("action_menu.action_list.key", &action.key, KEY_BYTES)?;
        }
        let keys = self.action_list.iter().map(|action| action.key.as_str());
        unique("action_menu.action_list.key", keys)
    }
}

/// A drop-down list above the buttons (下拉式的选择器).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ButtonSelection {
    /// Comes back as `QuestionKey`; at most 1024 bytes.
    pub question_key: String,
    /// Stands beside the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// 1 to 10 options.
    pub option_list: Vec<Choice>,
    /// The option selected at first; the first one when left out or unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selected_id: Option<String>,
}

impl ButtonSelection {
    pub(in crate::model::card) fn fit(&mut self) -> Result<(), CardProblem> {
        key(
            "button_selection.question_key",
            &self.question_key,
            KEY_BYTES,
        )?;
        fit_choices("button_selection.option_list", &mut self.option_list)
    }
}

/// An option of a drop-down list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// Comes back as `OptionId`; at most 128 bytes, unique in its list.
    pub id: String,
    /// At most 16 characters.
    pub text: String,
}

fn fit_choices(list: &'static str, choices: &mut [Choice]) -> Result<(), CardProblem> {
    count(list, choices.len(), 10)?;
    for choice in &mut *choices {
        key("option_list.id", &choice.id, ID_BYTES)?;
        required("option_list.text", &mut choice.text, 16)?;
    }
    unique(
        "option_list.id",
        choices.iter().map(|choice| choice.id.as_str()),
    )
}

/// A button (按钮).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Button {
    /// At most 10 characters.
    pub text: String,
    /// WeCom's look 1 to 4; 1 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<u8>,
    /// What a press does.
    #[serde(flatten)]
    pub press: Press,
}

impl Button {
    /// A button that calls back with `key`.
    pub fn callback(text: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            style: None,
            press: Press::Callback(key.into()),
        }
    }

    fn fit(&mut self) -> Result<(), CardProblem> {
        required("button_list.text", &mut self.text, 10)?;
        if !matches!(self.style, None | Some(1..=4)) {
            return Err(CardProblem::OutOfRange("button_list.style"));
        }
        match &self.press {
            Press::Callback(text) => key("button_list.key", text, KEY_BYTES),
            Press::Url(url) => present("button_list.url", url),
        }
    }

    pub(in crate::model::card) fn fit_all(buttons: &mut [Self]) -> Result<(), CardProblem> {
        count("button_list", buttons.len(), 6)?;
        buttons.iter_mut().try_for_each(Self::fit)?;
        let keys = buttons.iter().filter_map(|button| match &button.press {
            Press::Callback(key) => Some(key.as_str()),
            Press::Url(_) => None,
        });
        unique("button_list.key", keys)
    }
}

/// What pressing a [`Button`] does: `type` 0 or 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "RawPress", try_from = "RawPress")]
pub enum Press {
    /// Calls back with this key, at most 1024 bytes.
    Callback(String),
    /// Opens this address.
    Url(String),
}

#[derive(Serialize, Deserialize)]
struct RawPress {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl From<Press> for RawPress {
    fn from(press: Press) -> Self {
        let (kind, key, url) = match press {
            Press::Callback(key) => (0, Some(key), None),
            Press::Url(url) => (1, None, Some(url)),
        };
        Self { kind, key, url }
    }
}

impl TryFrom<RawPress> for Press {
    type Error = CardProblem;

    fn try_from(raw: RawPress) -> Result<Self, CardProblem> {
        match (raw.kind, raw.key, raw.url) {
            (0, Some(key), _) => Ok(Self::Callback(key)),
            (1, _, Some(url)) => Ok(Self::Url(url)),
            _ => Err(CardProblem::OutOfRange("button_list.type")),
        }
    }
}

/// A question with options to tick (选择题样式).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkbox {
    /// Comes back as `QuestionKey`; at most 1024 bytes.
    pub question_key: String,
    /// How many options may be ticked.
    pub mode: CheckboxMode,
    /// 1 to 20 options.
    pub option_list: Vec<Tick>,
}

impl Checkbox {
    pub(in crate::model::card) fn fit(&mut self) -> Result<(), CardProblem> {
        key("checkbox.question_key", &self.question_key, KEY_BYTES)?;
        count("checkbox.option_list", self.option_list.len(), 20)?;
        for option in &mut self.option_list {
            key("checkbox.option_list.id", &option.id, ID_BYTES)?;
            required("checkbox.option_list.text", &mut option.text, 17)?;
        }
        let ids = self.option_list.iter().map(|option| option.id.as_str());
        unique("checkbox.option_list.id", ids)
    }
}

/// How many options of a [`Checkbox`] may be ticked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum CheckboxMode {
    /// 0: one.
    Single,
    /// 1: any number.
    Multiple,
}

impl From<CheckboxMode> for u8 {
    fn from(mode: CheckboxMode) -> Self {
        match mode {
            CheckboxMode::Single => 0,
            CheckboxMode::Multiple => 1,
        }
    }
}

impl TryFrom<u8> for CheckboxMode {
    type Error = CardProblem;

    fn try_from(number: u8) -> Result<Self, CardProblem> {
        match number {
            0 => Ok(Self::Single),
            1 => Ok(Self::Multiple),
            _ => Err(CardProblem::OutOfRange("checkbox.mode")),
        }
    }
}

/// An option of a [`Checkbox`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    /// Comes back as `OptionId`; at most 128 bytes, unique in its list.
    pub id: String,
    /// At most 17 characters.
    pub text: String,
    /// Whether it is ticked at first.
    pub is_checked: bool,
}

/// A drop-down list of a multiple card (下拉式的选择器).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelectList {
    /// Comes back as `QuestionKey`; at most 1024 bytes, unique in the card.
    pub question_key: String,
    /// Stands above the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The option selected at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selected_id: Option<String>,
    /// 1 to 10 options.
    pub option_list: Vec<Choice>,
}

impl SelectList {
    pub(in crate::model::card) fn fit_all(lists: &mut [Self]) -> Result<(), CardProblem> {
        count("select_list", lists.len(), 3)?;
        for list in &mut *lists {
            key("select_list.question_key", &list.question_key, KEY_BYTES)?;
            list.title.take_if(|title| title.is_empty());
            fit_choices("select_list.option_list", &mut list.option_list)?;
        }
        let keys = lists.iter().map(|list| list.question_key.as_str());
        unique("select_list.question_key", keys)
    }
}

/// The button that sends the answers (提交按钮样式).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubmitButton {
    /// At most 10 characters.
    pub text: String,
    /// Comes back as `EventKey`; at most 1024 bytes.
    pub key: String,
}

impl SubmitButton {
    pub(in crate::model::card) fn fit(&mut self) -> Result<(), CardProblem> {
        required("submit_button.text", &mut self.text, 10)?;
        key("submit_button.key", &self.key, KEY_BYTES)
    }
}
